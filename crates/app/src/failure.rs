//! What went wrong, in a form that both doors can show: a closed list of codes, the cause in words,
//! and what to do next.

mod hints;

use std::io;

use dipper_s3::{Class, EndpointError};
use dipper_sandbox::SandboxError;
use dipper_state::{StateError, VaultError};
use dipper_transfer::TransferError;
use dipper_types::{IdError, NameError};
use serde::{Deserialize, Serialize};

/// Stable names, shared by the window's texts, the command line's exit codes and the logs. Add one
/// only together with what consumes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// What would decrypt or encrypt it is not on this computer.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Retry {
    Never,
    Now,
    After,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct S3Context {
    pub op: String,
    pub http_status: Option<u16>,
    pub s3_code: Option<String>,
    pub request_id: Option<String>,
    pub bucket: Option<String>,
    pub key: Option<String>,
    /// Nothing listens on the endpoint's port.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// What the server showed that is not trusted here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Certificate {
    pub host: String,
    /// SHA-256, as it is pinned.
    pub fingerprint: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct Failure {
    pub code: Code,
    pub message: String,
    pub hint: Option<String>,
    pub retry: Retry,
    pub retry_after_ms: Option<u32>,
    pub s3: Option<Box<S3Context>>,
}

impl Failure {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            retry: Retry::Never,
            retry_after_ms: None,
            s3: None,
        }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidInput, message)
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As it is kept in the journal.
    pub(crate) fn to_journal(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn from_journal(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::new(Code::Internal, text))
    }
}

fn code_of(class: Class) -> Code {
    match class {
        Class::Unauthenticated => Code::Unauthenticated,
        Class::ExpiredToken => Code::ExpiredToken,
        Class::AccessDenied => Code::AccessDenied,
        Class::AclDisabled => Code::AclDisabled,
        Class::BucketNotFound => Code::BucketNotFound,
        Class::ObjectNotFound | Class::ConfigNotFound => Code::ObjectNotFound,
        Class::VersionNotFound => Code::VersionNotFound,
        Class::UploadNotFound => Code::UploadNotFound,
        Class::AlreadyExists => Code::AlreadyExists,
        Class::PreconditionFailed | Class::NotModified => Code::PreconditionFailed,
        Class::Conflict | Class::NotEmpty => Code::Conflict,
        Class::InvalidInput | Class::InvalidRange => Code::InvalidInput,
        Class::Unsupported => Code::Unsupported,
        Class::ObjectArchived => Code::ObjectArchived,
        Class::Throttled => Code::Throttled,
        Class::Server | Class::Network | Class::NotS3 => Code::Network,
        Class::Timeout => Code::Timeout,
        Class::Tls => Code::Tls,
        Class::ClockSkew => Code::ClockSkew,
        Class::WrongRegion => Code::WrongRegion,
        Class::ChecksumMismatch => Code::ChecksumMismatch,
        _ => Code::Internal,
    }
}

impl From<&dipper_s3::Error> for Failure {
    fn from(error: &dipper_s3::Error) -> Self {
        let c = &error.context;
        let needs_key = hints::needs_customer_key(error);
        let retry = match error.class {
            Class::Throttled => Retry::After,
            class if class.is_transient() => Retry::Now,
            _ => Retry::Never,
        };
        Self {
            code: if needs_key { Code::KeyMissing } else { code_of(error.class) },
            message: error.to_string(),
            hint: if needs_key { Some(hints::CUSTOMER_KEY.into()) } else { hints::of(error) },
            retry,
            retry_after_ms: (retry == Retry::After).then_some(2000),
            s3: Some(Box::new(S3Context {
                op: c.op.to_owned(),
                http_status: c.http_status,
                s3_code: c.s3_code.clone(),
                request_id: c.request_id.clone(),
                bucket: c.bucket.clone(),
                key: c.key.clone(),
                refused: c.refused,
                certificate: c.certificate.as_ref().map(|c| Certificate {
                    host: c.host.clone(),
                    fingerprint: c.fingerprint.clone(),
                    reason: c.reason.clone(),
                }),
            })),
        }
    }
}

impl From<dipper_s3::Error> for Failure {
    fn from(error: dipper_s3::Error) -> Self {
        Self::from(&error)
    }
}

fn io_code(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull,
        _ => Code::LocalIo,
    }
}

impl From<&TransferError> for Failure {
    fn from(error: &TransferError) -> Self {
        let message = with_causes(error);
        match error {
            TransferError::S3(error) => error.into(),
            TransferError::Local { source, .. } => {
                let failure = Self::new(io_code(source), message);
                match source.kind() {
                    io::ErrorKind::StorageFull => failure.with_hint("Make room on the disk, then retry."),
                    io::ErrorKind::PermissionDenied => {
                        failure.with_hint("Check the permissions of the file and its folder.")
                    }
                    io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => failure.with_hint(
                        "Here a file and a folder want the same name. Download them into different folders.",
                    ),
                    io::ErrorKind::NotFound => failure.with_hint("The file has been moved or deleted."),
                    _ => failure,
                }
            }
            TransferError::SourceChanged { .. } | TransferError::ObjectChanged => {
                Self::new(Code::SourceChanged, message).with_hint("Retry when nobody writes to it.")
            }
            TransferError::Mismatch { .. } => Self::new(Code::ChecksumMismatch, message)
                .with_hint("The data was not accepted. Retry; if it happens again, something on the way changes it."),
            TransferError::UnsafeName { .. } => Self::new(Code::InvalidInput, message)
                .with_hint("Copy the object to a shorter name, then download that."),
            TransferError::Outside { .. } => Self::new(Code::InvalidInput, message)
                .with_hint("A link in the chosen folder leads elsewhere. Remove it, or choose another folder."),
            TransferError::Filter(error) => Self::invalid(with_causes(error)),
            TransferError::SeveralUploads { .. } => Self::new(Code::Conflict, message)
                .with_hint("Say which with --upload-id; `dipper multipart s3://BUCKET/KEY` lists them."),
            TransferError::OntoItself => Self::new(Code::InvalidInput, message)
                .with_hint("Choose another bucket, folder or name."),
            TransferError::Name(_) => Self::new(Code::InvalidInput, message),
            TransferError::Exists { .. } => Self::new(Code::AlreadyExists, message)
                .with_hint("Choose another name, or allow it to be replaced."),
            TransferError::OtherSpelling { .. } => Self::new(Code::InvalidInput, message)
                .with_hint("This disk takes both names for one. Download one of them to another folder."),
            TransferError::Archived => {
                Self::new(Code::ObjectArchived, message).with_hint("Restore the object first.")
            }
            TransferError::NoConnection { .. } => Self::new(Code::InvalidInput, message)
                .with_hint("Make the connection again, then retry."),
            TransferError::NoKeys { .. } => Self::new(Code::KeychainUnavailable, message)
                .with_hint("Unlock the keychain, or enter the keys again, then retry."),
            TransferError::NoKey { source } => match source.downcast_ref::<Self>() {
                Some(failure) => failure.clone(),
                None => Self::new(Code::KeyMissing, message),
            },
            TransferError::Crypt { source, .. } => of_crypt(source, message),
            TransferError::State(state) => state.into(),
            TransferError::Cancelled => Self::new(Code::Cancelled, message),
            TransferError::Interrupted => Self::new(Code::Conflict, message)
                .with_hint("Retry it if it should still be done."),
            _ => Self::new(Code::Internal, message),
        }
    }
}

fn of_crypt(error: &dipper_crypt::Error, message: String) -> Failure {
    use dipper_crypt::Error;
    match error {
        Error::WrongOrDamaged | Error::NoKeyFits | Error::NotEncrypted => {
            Failure::new(Code::DecryptFailed, message).with_hint(
                "Add the key that it was encrypted with (`dipper key add`), or fetch it as it is stored (`dipper get --as-stored`).",
            )
        }
        Error::Unsupported(_) => Failure::new(Code::Unsupported, message),
        _ => Failure::new(Code::InvalidInput, message),
    }
}

impl From<TransferError> for Failure {
    fn from(error: TransferError) -> Self {
        Self::from(&error)
    }
}

/// The error and its causes in one line, without saying anything twice.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let more = next.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = next.source();
    }
    text
}

impl From<&StateError> for Failure {
    fn from(error: &StateError) -> Self {
        let message = with_causes(error);
        match error {
            full if full.is_full_disk() => Self::new(Code::DiskFull, message).with_hint(
                "Make room on the disk that holds Dipper's own data, then resume the job.",
            ),
            StateError::Folder { source, .. } => Self::new(io_code(source), message),
            StateError::NewerSchema { .. } => Self::new(Code::Database, message)
                .with_hint("This data folder was used by a newer Dipper. Update this one."),
            _ => Self::new(Code::Database, message),
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::from(&error)
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let message = with_causes(&error);
        match &error {
            VaultError::Keychain(_) => Self::new(Code::KeychainUnavailable, message).with_hint(
                "Keep the connection for this run only, or set a vault passphrase in the settings or with `dipper vault passphrase`.",
            ),
            VaultError::KeyMissing => Self::new(Code::KeychainUnavailable, message).with_hint(
                "Unlock the vault with its passphrase, or reset it and enter the keys again.",
            ),
            VaultError::WrongPassphrase | VaultError::NoPassphrase | VaultError::Damaged { .. } => {
                Self::new(Code::DecryptFailed, message)
            }
            VaultError::State(state) => state.into(),
            _ => Self::new(Code::Internal, message),
        }
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        let message = with_causes(&error);
        let code = match &error {
            SandboxError::InUse { .. } => Code::Conflict,
            _ => Code::LocalIo,
        };
        Self::new(code, format!("the sandbox can't start: {message}"))
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        let hint = "Bucket names have 3 to 63 small letters, digits, hyphens and dots; keys at most 1,024 bytes.";
        Self::invalid(error.to_string()).with_hint(hint)
    }
}

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Self {
        let hint = match &error {
            EndpointError::Gap { .. } => {
                "Replace it, braces and all: the provider's console shows the address."
            }
            EndpointError::Extra { .. } => {
                "Only scheme, host and port belong there; name the bucket elsewhere."
            }
            _ => "It looks like https://s3.example.com or http://127.0.0.1:9000.",
        };
        Self::invalid(error.to_string()).with_hint(hint)
    }
}

impl From<IdError> for Failure {
    fn from(error: IdError) -> Self {
        Self::invalid(error.to_string())
    }
}
