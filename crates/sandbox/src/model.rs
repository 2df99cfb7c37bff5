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
    /// None: never switched on.
    #[serde(default)]
    pub versioning: Option<Versioning>,
    /// Made with object lock: its versions can be kept from deletion.
    #[serde(default)]
    pub lock: bool,
    /// Configuration documents by name, as XML.
    #[serde(default)]
    pub documents: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Versioning {
    Enabled,
    Suspended,
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
            versioning: None,
            lock: false,
            documents: BTreeMap::new(),
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
    /// None: the version that S3 calls `null`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Box<str>>,
    /// Later versions have higher numbers; what was put before versioning has none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seq: u64,
    /// A delete marker: there is nothing but its name and time.
    #[serde(default, skip_serializing_if = "is_false")]
    pub marker: bool,
}

/// How S3 names the version of an object that was put without versioning.
pub(crate) const NULL: &str = "null";

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_false(b: &bool) -> bool {
    !*b
}

impl Object {
    pub(crate) fn new(etag: Box<str>, size: u64, modified: Timestamp, detail: Detail) -> Self {
        let (body, detail) = (Body::default(), Arc::new(detail));
        Self { etag, size, modified, body, detail, version: None, seq: 0, marker: false }
    }

    pub(crate) fn marker(owner: &str, modified: Timestamp) -> Self {
        let detail = Detail::new(owner, Acl::private(owner));
        Self { marker: true, ..Self::new("".into(), 0, modified, detail) }
    }

    /// As requests and answers name it.
    pub(crate) fn version_id(&self) -> &str {
        self.version.as_deref().unwrap_or(NULL)
    }
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sse: Option<Sse>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_hold: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Restore>,
}

impl Detail {
    pub(crate) fn new(owner: &str, acl: Acl) -> Self {
        Self {
            owner: owner.to_owned(),
            acl,
            headers: Headers::default(),
            metadata: BTreeMap::new(),
            storage_class: None,
            sum: None,
            parts: Vec::new(),
            tags: Vec::new(),
            upload: None,
            sse: None,
            retention: None,
            legal_hold: None,
            restore: None,
        }
    }
}

/// How an object says that it is encrypted. Its bytes are not: this is one machine's own disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sse {
    S3,
    Kms {
        key: String,
        /// `aws:kms:dsse`.
        dual: bool,
        bucket_key: bool,
    },
    /// Only who has the key reads it; a salted hash tells.
    Customer {
        salt: String,
        hash: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retention {
    /// Else governance, which some may bypass.
    pub compliance: bool,
    pub until: Timestamp,
}

/// A copy of an archived object, asked for or there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Restore {
    pub ready: Timestamp,
    pub days: i32,
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
