use std::path::PathBuf;

use dipper_s3::Class;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    #[error(transparent)]
    S3(#[from] dipper_s3::Error),
    /// A local file or folder could not be read or written.
    #[error("{op} {path}: {source}", path = path.display())]
    Local { op: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{} changed while it was being uploaded", path.display())]
    SourceChanged { path: PathBuf },
    #[error("the object changed while it was being downloaded")]
    ObjectChanged,
    #[error("{what}: expected {expected}, got {got}")]
    Mismatch { what: &'static str, expected: String, got: String },
    #[error("this key can't be a file here")]
    UnsafeName {
        #[source]
        source: dipper_paths::Refusal,
    },
    #[error("{} leads out of the chosen folder", path.display())]
    Outside { path: PathBuf },
    #[error("{} exists already", path.display())]
    Exists { path: PathBuf },
    /// On this file system the two names are one.
    #[error("{} exists already in another spelling", path.display())]
    OtherSpelling { path: PathBuf },
    #[error(transparent)]
    Name(#[from] dipper_types::NameError),
    #[error("this object is archived; restore it first")]
    Archived,
    #[error("the connection '{profile}' is not there any more")]
    NoConnection { profile: String },
    /// The keys of a connection could not be had (keychain, vault).
    #[error("the keys of this connection can't be read")]
    NoKeys {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A key to encrypt or decrypt with could not be had.
    #[error("the key can't be had")]
    NoKey {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error(transparent)]
    State(#[from] dipper_state::StateError),
    #[error("the job's description can't be read")]
    BadSpec {
        #[from]
        source: serde_json::Error,
    },
    #[error(transparent)]
    Filter(#[from] crate::filter::FilterError),
    #[error("{count} unfinished uploads of this key are there")]
    SeveralUploads { count: usize },
    /// It could not be encrypted, or not be decrypted.
    #[error("{}: {source}", path.display())]
    Crypt { path: PathBuf, source: dipper_crypt::Error },
    #[error("an object can't be copied onto itself")]
    OntoItself,
    #[error("cancelled")]
    Cancelled,
    #[error("Dipper ended before this was done")]
    Interrupted,
    #[error("a task of the engine ended early")]
    Panicked,
}

impl TransferError {
    /// Whether the session has ended, so that everything else of the job would fail, too.
    pub(crate) fn needs_sign_in(&self) -> bool {
        matches!(self, Self::S3(error) if error.class == Class::ExpiredToken)
    }

    /// No room for a file or for the journal, or none left of what this account may use.
    pub fn is_full_disk(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Local { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded),
            Self::State(journal) => journal.is_full_disk(),
            _ => false,
        }
    }

    pub(crate) fn local(
        op: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Local { op, path, source }
    }

    /// Whether the same step may succeed if it is simply done again.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            // A sum that is wrong was spoiled on the way: what is sent again may arrive.
            Self::S3(error) => error.class.is_transient() || error.class == Class::ChecksumMismatch,
            Self::Mismatch { .. } => true,
            _ => false,
        }
    }
}
