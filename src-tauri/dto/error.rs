use dipper_app as app;
use serde::Serialize;
use specta::Type;

use super::mirror;

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    Unauthenticated,
    ExpiredToken,
    AccessDenied,
    AclDisabled,
    BucketNotFound,
    ObjectNotFound,
    VersionNotFound,
    UploadNotFound,
    AlreadyExists,
    PreconditionFailed,
    Conflict,
    InvalidInput,
    Unsupported,
    ObjectArchived,
    Throttled,
    Network,
    Timeout,
    Tls,
    ClockSkew,
    WrongRegion,
    KeychainUnavailable,
    KeyMissing,
    LocalIo,
    DiskFull,
    SourceChanged,
    ChecksumMismatch,
    DecryptFailed,
    Database,
    Cancelled,
    Internal,
}

mirror!(Code, app::Code, {
    Unauthenticated, ExpiredToken, AccessDenied, AclDisabled, BucketNotFound, ObjectNotFound,
    VersionNotFound, UploadNotFound, AlreadyExists, PreconditionFailed, Conflict, InvalidInput,
    Unsupported, ObjectArchived, Throttled, Network, Timeout, Tls, ClockSkew, WrongRegion,
    KeychainUnavailable, KeyMissing, LocalIo, DiskFull, SourceChanged, ChecksumMismatch,
    DecryptFailed, Database, Cancelled, Internal,
});

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Retry {
    Never,
    Now,
    After,
}

mirror!(Retry, app::Retry, { Never, Now, After });

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct S3Context {
    pub op: String,
    pub http_status: Option<u16>,
    pub s3_code: Option<String>,
    pub request_id: Option<String>,
    pub bucket: Option<String>,
    pub key: Option<String>,
    /// What the server showed that is not trusted here, to be pinned if the user knows it.
    pub certificate: Option<Certificate>,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    pub host: String,
    /// SHA-256, as it is pinned.
    pub fingerprint: String,
    pub reason: String,
}

/// What every command rejects with.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct IpcError {
    pub code: Code,
    pub message: String,
    pub hint: Option<String>,
    pub retry: Retry,
    pub retry_after_ms: Option<u32>,
    pub s3: Option<Box<S3Context>>,
}

impl From<app::Failure> for IpcError {
    fn from(failure: app::Failure) -> Self {
        Self {
            code: failure.code.into(),
            message: failure.message,
            hint: failure.hint,
            retry: failure.retry.into(),
            retry_after_ms: failure.retry_after_ms,
            s3: failure.s3.map(|s3| {
                Box::new(S3Context {
                    op: s3.op,
                    http_status: s3.http_status,
                    s3_code: s3.s3_code,
                    request_id: s3.request_id,
                    bucket: s3.bucket,
                    key: s3.key,
                    certificate: s3.certificate.map(|c| Certificate {
                        host: c.host,
                        fingerprint: c.fingerprint,
                        reason: c.reason,
                    }),
                })
            }),
        }
    }
}
