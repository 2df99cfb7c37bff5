//! What this machine remembers: profiles, settings, jobs and their journal in SQLite, and the vault.
//!
//! Three files in the data folder: `dipper.db` (everything but secrets), `vault.db` (credentials,
//! sealed), and `index.db` (what was listed; it may be lost). One thread a process writes `dipper.db`; what
//! arrives together commits together.

mod capabilities;
mod db;
mod digests;
mod index;
mod instance;
mod journal;
mod key_file;
mod keychain;
mod keys;
mod links;
mod os_path;
mod profiles;
mod schema;
mod settings;
mod vault;

pub use capabilities::{Capabilities, CapabilityRow};
pub use db::{Db, prepare_folder};
pub use digests::{Digest, Digests, FileState, SameObject, object_place};
pub use index::{
    Entry as IndexEntry, Found, Index, IndexedBucket, Page as IndexPage, Pages as IndexPages,
    Search,
};
pub use instance::Instance;
pub use journal::{
    Fingerprint, Intent, JobKind, JobRow, JobState, Journal, NewJob, NewTransfer, Outcome, PartRow,
    Priority, TransferFilter, TransferRow, TransferState, Wish,
};
pub use key_file::{KeyFile, KeyFileOr};
pub use keychain::{KeyStore, KeychainError, OsKeychain};
pub use keys::{KeyRow, Keys, PlaceRow};
pub use links::{LinkRow, Links};
pub use profiles::{ProfileRow, Profiles};
pub use settings::SettingsTable;
pub use vault::{Vault, VaultError, VaultState};

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    #[error("the folder {path} can't be used")]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("the database could not do this")]
    Sqlite {
        #[from]
        source: rusqlite::Error,
    },
    #[error("this database is of version {found}; this Dipper knows versions up to {known}")]
    NewerSchema { found: u32, known: u32 },
    #[error("the database's writer has stopped")]
    WriterGone,
    #[error("a row in {table} can't be read")]
    BadRow { table: &'static str, source: serde_json::Error },
}

impl StateError {
    /// No room on the disk that holds the data folder.
    pub fn is_full_disk(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Folder { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded),
            Self::Sqlite { source } => source.sqlite_error().is_some_and(db::is_full),
            _ => false,
        }
    }
}
