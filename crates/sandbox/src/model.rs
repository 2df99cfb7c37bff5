//! What is stored: buckets, objects, uploads. The folder keeps them as JSON documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use dipper_access::{Acl, Ownership, Policy, PublicAccessBlock};
use dipper_types::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::Body;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BucketInfo {
    pub owner: String,
    pub created: Timestamp,
    /// Where its creator wanted it; none: us-east-1.
    pub region: Option<String>,
    pub acl: Acl,
    pub ownership: Option<Ownership>,
    pub block: Option<PublicAccessBlock>,
    /// The policy's text as it was put.
    pub policy: Option<String>,
}

impl BucketInfo {
    pub(crate) fn new(owner: &str, created: Timestamp, aws_defaults: bool) -> Self {
        Self {
            owner: owner.to_owned(),
            created,
            region: None,
            acl: Acl::private(owner),
            ownership: Some(if aws_defaults {
                Ownership::BucketOwnerEnforced
            } else {
                Ownership::ObjectWriter
            }),
            block: aws_defaults.then_some(PublicAccessBlock::ALL),
            policy: None,
        }
    }

    pub(crate) fn ownership(&self) -> Ownership {
        self.ownership.unwrap_or_default()
    }

    pub(crate) fn block(&self) -> PublicAccessBlock {
        self.block.unwrap_or_default()
    }

    pub(crate) fn region(&self) -> &str {
        self.region.as_deref().unwrap_or("us-east-1")
    }
}

/// A bucket's settings with the policy read.
#[derive(Debug)]
pub(crate) struct BucketState {
    pub info: BucketInfo,
    pub policy: Option<Policy>,
}

impl BucketState {
    pub(crate) fn new(info: BucketInfo) -> Self {
        let policy = info.policy.as_deref().and_then(|text| Policy::parse(text).ok());
        Self { info, policy }
    }
}

/// An object. A million of them are in memory, so what is usually alike is shared.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Object {
    /// Without quotes.
    pub etag: Box<str>,
    pub size: u64,
    pub modified: Timestamp,
    pub body: Body,
    pub detail: Arc<Detail>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Detail {
    pub owner: String,
    pub acl: Acl,
    #[serde(default)]
    pub headers: Headers,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<Sum>,
    /// The parts of a multipart upload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartOf>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<(String, String)>,
    /// The upload that made it: a completion that is asked for again is answered again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<String>,
}

/// The headers that come back as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Headers {
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub expires: Option<Timestamp>,
    pub website_redirect: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

/// A checksum as S3 tells it: base64, for a composite with `-N` at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub algorithm: Algorithm,
    pub composite: bool,
    pub value: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PartOf {
    pub number: i32,
    pub size: u64,
    pub sum: Option<Sum>,
}

/// A multipart upload that goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UploadInfo {
    pub initiated: Timestamp,
    pub initiator: String,
    /// What the object will have.
    pub detail: Detail,
    pub algorithm: Algorithm,
    pub composite: bool,
    /// Whether the client chose the algorithm.
    pub chosen: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    pub etag: Box<str>,
    pub size: u64,
    pub modified: Timestamp,
    pub sum: Option<Sum>,
    pub body: Body,
}
