//! What the requests mean. One file a noun; the trait at the end only hands on.

mod acl;
mod answers;
mod attributes;
mod buckets;
mod conditions;
mod copy;
mod delete;
pub(crate) mod documents;
mod get;
mod lifecycle;
mod lists;
mod lock;
mod multipart;
mod plan;
mod put;
mod restore;
mod s3;
mod settings;
mod sse;
mod tags;
mod versions;
mod xml;

use std::sync::Arc;

pub(crate) use answers::http_date;
pub(crate) use xml::Written;

use dipper_types::Timestamp;
use s3s::{S3Result, s3_error};

use crate::account::Accounts;
use crate::clock::Moved;
use crate::store::{Bucket, Store};

/// The sandbox as `s3s` sees it.
#[derive(Clone)]
pub(crate) struct Server {
    pub store: Arc<Store>,
    pub accounts: Arc<Accounts>,
    pub clock: Arc<Moved>,
    pub aws_defaults: bool,
}

impl Server {
    pub(crate) fn bucket(&self, name: &str) -> S3Result<Arc<Bucket>> {
        self.store
            .bucket(name)
            .ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }

    /// Whole seconds, as S3's times are.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.clock.now().secs())
    }
}
