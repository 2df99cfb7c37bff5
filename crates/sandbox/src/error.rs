use std::net::SocketAddr;
use std::path::PathBuf;

/// What another library said. Its type is nobody's business.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a sandbox can't be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// Connect to that one ([`crate::running`]) instead.
    #[error("another process runs the sandbox in {}", .folder.display())]
    InUse {
        folder: PathBuf,
        /// Where it listens, if it said so yet.
        endpoint: Option<String>,
    },
    #[error("the sandbox's folder {} can't be used", .folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A file that the sandbox wrote can't be read any more.
    #[error("{} is damaged", .file.display())]
    Damaged {
        file: PathBuf,
        #[source]
        source: Cause,
    },
    #[error("the sandbox's database failed")]
    Database {
        #[source]
        source: Cause,
    },
    /// The folder was written by a newer Dipper.
    #[error("the sandbox's folder {} was made by a newer version", .folder.display())]
    TooNew { folder: PathBuf },
    #[error("can't listen on {address}")]
    Bind {
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    /// The sandbox's keys are for this machine only.
    #[error("the sandbox listens on loopback addresses only, not on {address}")]
    NotLoopback { address: SocketAddr },
    #[error("'{name}' can't be a bucket's name")]
    BucketName {
        name: String,
        #[source]
        source: dipper_types::NameError,
    },
    #[error("the system gives no random numbers")]
    Random {
        #[source]
        source: Cause,
    },
}
