//! Keys for encryption, and what is encrypted with them. A key's text comes in and never goes out.

use dipper_app as app;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::mirror;

#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum KeyKind {
    Customer,
    Passphrase,
    Age,
    Recipients,
    Rclone,
}

mirror!(both KeyKind, app::KeyKind, { Customer, Passphrase, Age, Recipients, Rclone });

/// A bucket, or a folder in it.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PlaceRef {
    pub profile: String,
    pub bucket: String,
    pub prefix: String,
}

impl From<app::Place> for PlaceRef {
    fn from(p: app::Place) -> Self {
        Self { profile: p.profile, bucket: p.bucket, prefix: p.prefix }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    pub name: String,
    pub kind: KeyKind,
    pub created_at: String,
    /// Public keys: what others encrypt with, a line each.
    pub recipients: Option<String>,
    pub places: Vec<PlaceRef>,
}

impl From<app::KeyInfo> for Key {
    fn from(k: app::KeyInfo) -> Self {
        Self {
            name: k.name,
            kind: k.kind.into(),
            created_at: k.created_at.rfc3339(),
            recipients: k.recipients,
            places: k.places.into_iter().map(Into::into).collect(),
        }
    }
}

#[derive(Clone, Deserialize, Type)]
pub struct NewKey {
    pub name: String,
    pub kind: KeyKind,
    /// Null: it is made here, where that can be.
    pub secret: Option<String>,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct KeyName {
    pub name: String,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct KeyUses {
    pub places: Vec<PlaceRef>,
    /// Buckets whose upload options name it.
    pub uploads: Vec<PlaceRef>,
    /// Titles of jobs that have not ended.
    pub jobs: Vec<String>,
}

impl From<app::KeyUses> for KeyUses {
    fn from(u: app::KeyUses) -> Self {
        let bucket = |(profile, bucket)| PlaceRef { profile, bucket, prefix: String::new() };
        Self {
            places: u.places.into_iter().map(Into::into).collect(),
            uploads: u.uploads.into_iter().map(bucket).collect(),
            jobs: u.jobs,
        }
    }
}

/// By the server.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(tag = "with", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ServerWay {
    S3,
    Kms { key: Option<String>, bucket_key: Option<bool> },
    Dsse { key: Option<String> },
    Customer { key: String },
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

impl From<app::ServerSide> for ServerWay {
    fn from(with: app::ServerSide) -> Self {
        match with {
            app::ServerSide::S3 => Self::S3,
            app::ServerSide::Kms { key, bucket_key } => Self::Kms { key, bucket_key },
            app::ServerSide::Dsse { key } => Self::Dsse { key },
            app::ServerSide::Customer { key } => Self::Customer { key },
        }
    }
}

impl From<ServerWay> for app::ServerSide {
    fn from(way: ServerWay) -> Self {
        match way {
            ServerWay::S3 => Self::S3,
            ServerWay::Kms { key, bucket_key } => Self::Kms { key: filled(key), bucket_key },
            ServerWay::Dsse { key } => Self::Dsse { key: filled(key) },
            ServerWay::Customer { key } => Self::Customer { key },
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(tag = "by", rename_all = "camelCase")]
pub enum Protection {
    Server {
        way: ServerWay,
    },
    /// Here, before it leaves: `openpgp`, `age` or `rclone`, with these keys of the vault.
    Here {
        format: String,
        keys: Vec<String>,
    },
}

impl From<app::Protection> for Protection {
    fn from(protection: app::Protection) -> Self {
        match protection {
            app::Protection::Server { with } => Self::Server { way: with.into() },
            app::Protection::Client { seal } => Self::Here { format: seal.format, keys: seal.keys },
        }
    }
}

impl From<Protection> for app::Protection {
    fn from(protection: Protection) -> Self {
        match protection {
            Protection::Server { way } => Self::Server { with: way.into() },
            Protection::Here { format, keys } => Self::Client { seal: app::Seal { format, keys } },
        }
    }
}

/// How an upload is encrypted.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(tag = "how", rename_all = "camelCase")]
pub enum UploadProtection {
    /// As the place says where it comes to lie.
    Place,
    /// As the bucket has it.
    None,
    With {
        protection: Protection,
    },
}

impl From<app::UploadProtection> for UploadProtection {
    fn from(how: app::UploadProtection) -> Self {
        match how {
            app::UploadProtection::Place => Self::Place,
            app::UploadProtection::None => Self::None,
            app::UploadProtection::With { protection } => {
                Self::With { protection: protection.into() }
            }
        }
    }
}

impl From<UploadProtection> for app::UploadProtection {
    fn from(how: UploadProtection) -> Self {
        match how {
            UploadProtection::Place => Self::Place,
            UploadProtection::None => Self::None,
            UploadProtection::With { protection } => Self::With { protection: protection.into() },
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProtectedPlace {
    pub profile: String,
    pub bucket: String,
    pub prefix: String,
    pub protection: Protection,
}

impl From<app::Place> for ProtectedPlace {
    fn from(p: app::Place) -> Self {
        Self {
            profile: p.profile,
            bucket: p.bucket,
            prefix: p.prefix,
            protection: p.protection.into(),
        }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct PlaceSet {
    pub profile: String,
    pub bucket: String,
    pub prefix: String,
    /// Null: it has no rule of its own any more.
    pub protection: Option<Protection>,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct BucketDefault {
    /// Null: the bucket has none of its own, the service's counts.
    pub way: Option<ServerWay>,
    /// What the bucket refuses, in the server's words.
    pub blocked: Vec<String>,
}

impl From<app::BucketDefault> for BucketDefault {
    fn from(d: app::BucketDefault) -> Self {
        Self { way: d.with.map(Into::into), blocked: d.blocked }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct BucketDefaultSet {
    pub profile: String,
    pub bucket: String,
    /// Null takes the bucket's own away.
    pub way: Option<ServerWay>,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct EncryptionRequest {
    pub token: u32,
    pub way: ServerWay,
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Lock {
    Kms,
    Dsse,
    Customer,
    OpenPgp,
    Age,
    Rclone,
}

mirror!(Lock, app::Lock, { Kms, Dsse, Customer, OpenPgp, Age, Rclone });

/// How an object is encrypted, and by what it can be read.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Encryption {
    pub server: Option<ServerLock>,
    /// Before it was uploaded.
    pub here: Option<SealedBy>,
    pub etag_is_md5: bool,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ServerLock {
    /// In S3's words: `AES256`, `aws:kms`, `aws:kms:dsse`, `SSE-C AES256`.
    pub method: String,
    /// The key of KMS, or the name that the customer's key has in the vault.
    pub key: Option<String>,
    pub bucket_key: bool,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct SealedBy {
    /// `openpgp`, `age` or `rclone`
    pub format: String,
    /// Keys of the vault that may open it.
    pub keys: Vec<String>,
}

impl Encryption {
    pub fn of(head: &app::ObjectHead, sealed: Option<app::SealedBy>) -> Self {
        let server = head.encryption.clone().map(|method| ServerLock {
            method,
            key: head.customer_key.clone().or_else(|| head.kms_key.clone()),
            bucket_key: head.bucket_key,
        });
        Self {
            server,
            here: sealed.map(|s| SealedBy { format: s.format, keys: s.keys }),
            etag_is_md5: head.etag_md5().is_some(),
        }
    }
}
