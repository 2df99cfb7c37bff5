use dipper_types::{ObjectKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::encryption::ServerSide;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketEntry {
    pub name: String,
    pub created_at: Option<Timestamp>,
    pub region: Option<String>,
}

/// Who may read an object at once after its upload: a canned ACL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// No ACL header is sent: the bucket's rules decide.
    #[default]
    Private,
    /// `public-read`
    Public,
}

/// The headers an object keeps: system headers, user metadata, storage class, visibility.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectHeaders {
    pub visibility: Visibility,
    pub storage_class: Option<String>,
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    /// As it was given: an HTTP date.
    pub expires: Option<String>,
    /// Where a website sends whoever asks for the object.
    pub website_redirect: Option<String>,
    /// Of a new object: its tags, URL-encoded as a query. Never read back with the headers.
    pub tags: Option<String>,
    /// Of a new object. What one has is told beside its headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<ServerSide>,
    /// Names without `x-amz-meta-`.
    pub metadata: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChecksumAlgorithm {
    Crc32,
    Crc32c,
    Crc64nvme,
    Sha1,
    Sha256,
}

impl ChecksumAlgorithm {
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }
}

/// A checksum as the server gives it, in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    pub algorithm: ChecksumAlgorithm,
    pub value: String,
    /// Over the whole object; otherwise a checksum of part checksums, which bytes alone can't prove.
    pub full_object: bool,
}

/// What HeadObject (or a GET's headers) says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObjectHead {
    pub size: u64,
    /// Without quotes.
    pub etag: Option<String>,
    pub modified: Option<Timestamp>,
    pub version_id: Option<String>,
    pub encryption: Option<String>,
    pub headers: ObjectHeaders,
    pub checksums: Vec<Checksum>,
    pub archived: bool,
    /// `x-amz-restore`: whether a copy of an archived object is there, and until when.
    pub restore: Option<String>,
    /// The KMS key, where one encrypts it.
    pub kms_key: Option<String>,
    pub bucket_key: bool,
    /// The name of the key of SSE-C that it was read with.
    pub customer_key: Option<String>,
    /// How many parts it was uploaded in, where the server tells.
    pub parts: Option<u32>,
    pub tags: Option<u32>,
    pub retention: Option<Retention>,
    pub legal_hold: bool,
    /// `COMPLETED`, `PENDING`, `FAILED`, `REPLICA`
    pub replication: Option<String>,
}

/// An object version that nobody may delete before a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// `GOVERNANCE` or `COMPLIANCE`
    pub mode: String,
    pub until: Option<Timestamp>,
}

impl ObjectHead {
    /// How another object would be asked for to be encrypted like this one.
    pub fn server_side(&self) -> Option<ServerSide> {
        match &self.customer_key {
            Some(key) => Some(ServerSide::Customer { key: key.clone() }),
            None => {
                let method = self.encryption.as_deref()?;
                ServerSide::of_object(method, self.kms_key.as_deref(), self.bucket_key)
            }
        }
    }

    /// The ETag as MD5 of the bytes, where it can be one: not multipart, not encrypted by KMS.
    pub fn etag_md5(&self) -> Option<&str> {
        let plain = matches!(self.encryption.as_deref(), None | Some("AES256"));
        self.etag
            .as_deref()
            .filter(|tag| plain && tag.len() == 32 && tag.bytes().all(|b| b.is_ascii_hexdigit()))
    }
}

/// An object, or one version of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectId {
    pub key: ObjectKey,
    pub version_id: Option<String>,
}

impl From<ObjectKey> for ObjectId {
    fn from(key: ObjectKey) -> Self {
        Self { key, version_id: None }
    }
}

/// One key that a multi-delete could not delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteFailure {
    pub key: ObjectKey,
    pub version_id: Option<String>,
    pub s3_code: String,
    pub message: String,
}

pub(crate) fn timestamp(at: &aws_sdk_s3::primitives::DateTime) -> Option<Timestamp> {
    at.to_millis().ok().map(Timestamp::from_millis)
}

pub(crate) fn bare_etag(etag: &str) -> String {
    etag.trim_start_matches("W/").trim_matches('"').to_owned()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
