use crate::guard::Held;
use crate::merge::MergeError;
use dipper_transfer::FilterError;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// A side could not be listed, so nothing was done.
    #[error(transparent)]
    S3(#[from] dipper_s3::Error),
    #[error(transparent)]
    Transfer(#[from] dipper_transfer::TransferError),
    #[error(transparent)]
    State(#[from] dipper_state::StateError),
    #[error(transparent)]
    Filter(#[from] FilterError),
    #[error(transparent)]
    Name(#[from] dipper_types::NameError),
    #[error(transparent)]
    Held(Held),
    /// A listing that goes back can't be joined.
    #[error("the {side} lists '{key}' after '{before}'")]
    Unordered { side: &'static str, key: String, before: String },
    /// The list of what is to be deleted here could not be kept.
    #[error("the plan could not be kept")]
    Spill {
        #[source]
        source: std::io::Error,
    },
    #[error("a task ended early")]
    Panicked,
}

impl From<MergeError<SyncError>> for SyncError {
    fn from(error: MergeError<SyncError>) -> Self {
        match error {
            MergeError::Stream(error) => error,
            MergeError::Unordered { side, key, before } => Self::Unordered { side, key, before },
        }
    }
}
