//! Files encrypted before they leave: bytes in, bytes out. No S3, no files, no network.
//!
//! Three formats that other programs read and write: OpenPGP under a passphrase (`gpg -c`, s3cmd), age,
//! and rclone's crypt. A [`Recipe`] holds everything random about one file, so that an interrupted
//! upload goes on with the very same bytes. A [`Decryptor`] opens what any of those programs wrote.
//!
//! Everything blocks, reads until the end, and holds some hundred kibibytes whatever the file's size.
//! Only a passphrase takes more: up to one gibibyte for a moment, as its file asks for.

mod age;
mod chunks;
mod decrypt;
mod error;
mod keys;
mod openpgp;
mod range;
mod rclone;
mod recipe;
mod stream;

use std::fmt;
use std::str::FromStr;

pub use age::{AgeIdentity, AgeRecipients};
pub use decrypt::{Decryptor, HEAD_LEN, SNIFF_LEN};
pub use error::{Error, Result};
pub use keys::{DecryptKeys, EncryptKey};
pub use range::RangeReader;
pub use rclone::{
    NameEncoding, NameMode, Names, NamesOptions, RcloneKeys,
    ciphertext_len as rclone_ciphertext_len, obscure, plaintext_len as rclone_plaintext_len,
    reveal,
};
pub use recipe::{Recipe, Work};

/// How a file is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    OpenPgp,
    Age,
    Rclone,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::OpenPgp, Self::Age, Self::Rclone];

    /// The name for metadata and JSON. It never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenPgp => "openpgp",
            Self::Age => "age",
            Self::Rclone => "rclone",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == name);
        found.ok_or_else(|| Error::Unsupported(format!("the encryption format '{name}'").into()))
    }
}

/// A file that was encrypted or decrypted to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    pub format: Format,
    /// Bytes in the clear.
    pub plain: u64,
    /// Bytes encrypted.
    pub cipher: u64,
}

/// The format of a file by its first [`SNIFF_LEN`] bytes. age and rclone have a mark; OpenPGP has none,
/// and is told by a packet header that makes sense, which one in some thousand other files has too.
pub fn sniff(start: &[u8]) -> Option<Format> {
    if start.starts_with(age::MAGIC) {
        Some(Format::Age)
    } else if start.starts_with(rclone::MAGIC) {
        Some(Format::Rclone)
    } else {
        openpgp::sniff(start).then_some(Format::OpenPgp)
    }
}
