//! What files are encrypted with, and what opens them.

use std::fmt;

use dipper_types::Secret;

use crate::age::{AgeIdentity, AgeRecipients};
use crate::rclone::RcloneKeys;
use crate::{Error, Format, Result};

/// What new files are encrypted with; its kind says which format they get.
#[derive(Clone, Debug)]
pub enum EncryptKey {
    /// A passphrase, as `gpg -c` has it. Each file takes a tenth of a second to begin.
    OpenPgp(Secret<String>),
    /// A passphrase for age. Each file takes about a second and 256 MiB to begin, on either side:
    /// recipients are for many files.
    AgePassphrase(Secret<String>),
    AgeRecipients(AgeRecipients),
    Rclone(RcloneKeys),
}

impl EncryptKey {
    pub fn format(&self) -> Format {
        match self {
            Self::OpenPgp(_) => Format::OpenPgp,
            Self::AgePassphrase(_) | Self::AgeRecipients(_) => Format::Age,
            Self::Rclone(_) => Format::Rclone,
        }
    }
}

/// A passphrase that can be one: not empty, and of one line, since gpg reads one.
pub(crate) fn usable(passphrase: &Secret<String>) -> Result<&str> {
    let text = passphrase.expose();
    if text.is_empty() {
        return Err(Error::InvalidKey("an empty passphrase protects nothing"));
    }
    if text.contains(['\n', '\r', '\0']) {
        return Err(Error::InvalidKey("a passphrase is one line"));
    }
    Ok(text)
}

/// Everything that may open a file. Each is tried where it can fit.
#[derive(Default)]
pub struct DecryptKeys {
    pub(crate) passphrases: Vec<Secret<String>>,
    pub(crate) identities: Vec<AgeIdentity>,
    pub(crate) rclone: Vec<RcloneKeys>,
}

impl DecryptKeys {
    pub fn new() -> Self {
        Self::default()
    }

    /// For OpenPGP and age.
    pub fn with_passphrase(mut self, passphrase: Secret<String>) -> Self {
        self.passphrases.push(passphrase);
        self
    }

    /// For age, as [`AgeIdentity::parse`] gives them.
    pub fn with_identities(mut self, identities: Vec<AgeIdentity>) -> Self {
        self.identities.extend(identities);
        self
    }

    pub fn with_rclone(mut self, keys: RcloneKeys) -> Self {
        self.rclone.push(keys);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.passphrases.is_empty() && self.identities.is_empty() && self.rclone.is_empty()
    }

    pub(crate) fn passphrases(&self) -> impl Iterator<Item = &str> {
        self.passphrases.iter().map(|text| text.expose().as_str())
    }
}

impl fmt::Debug for DecryptKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptKeys")
            .field("passphrases", &self.passphrases.len())
            .field("identities", &self.identities.len())
            .field("rclone", &self.rclone.len())
            .finish()
    }
}
