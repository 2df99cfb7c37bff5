use dipper_crypt::{DecryptKeys, EncryptKey, Format};
use dipper_s3::S3;
use dipper_types::{JobId, ProfileId};
use futures::future::BoxFuture;

use crate::error::TransferError;
use crate::protect::Protected;
use crate::sealed::Seal;

/// An object that is now on the server, or no longer.
#[derive(Debug, Clone)]
pub struct Stored {
    pub profile: ProfileId,
    pub bucket: String,
    pub key: String,
    /// `None`: it was deleted.
    pub size: Option<u64>,
}

/// Where the engine reports. Called from many threads; must not block.
pub trait Sink: Send + Sync {
    /// The job's state or counts changed in a way that should be seen at once.
    fn job_changed(&self, job: JobId);
    fn stored(&self, object: Stored);
    /// The error as it is kept in the journal: the caller's own form, read back by the caller.
    fn describe(&self, error: &TransferError) -> String;
}

/// Gives clients for profiles, with credentials looked up when they are needed.
pub trait Connections: Send + Sync {
    fn s3<'a>(&'a self, profile: &'a ProfileId) -> BoxFuture<'a, Result<S3, TransferError>>;

    /// How what comes into some places of a bucket is encrypted if nothing else is said.
    fn protected(&self, profile: &ProfileId, bucket: &str) -> Vec<Protected> {
        let _ = (profile, bucket);
        Vec::new()
    }

    /// What a file is encrypted with.
    fn encrypt_key<'a>(
        &'a self,
        seal: &'a Seal,
    ) -> BoxFuture<'a, Result<EncryptKey, TransferError>> {
        let source = format!("there is no key '{}'", seal.keys.join(", ")).into();
        Box::pin(std::future::ready(Err(TransferError::NoKey { source })))
    }

    /// Everything that is at hand to decrypt a file of this format with.
    fn decrypt_keys(&self, format: Format) -> BoxFuture<'_, Result<DecryptKeys, TransferError>> {
        let source = format!("there is no key for {format}").into();
        Box::pin(std::future::ready(Err(TransferError::NoKey { source })))
    }

    /// Counts how often somebody has signed in.
    fn sign_ins(&self) -> u64 {
        0
    }

    /// Waits until somebody has signed in since that count, after a session has ended in the middle
    /// of a job. `None`: there is nobody to wait for.
    fn renewed<'a>(&'a self, profile: &'a ProfileId, since: u64) -> BoxFuture<'a, Option<S3>> {
        let _ = (profile, since);
        Box::pin(std::future::ready(None))
    }
}
