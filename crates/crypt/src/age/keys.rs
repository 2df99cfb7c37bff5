//! age's recipients and identities, and those of SSH.

use std::fmt;

use age::secrecy::{ExposeSecret, SecretString};
use age::ssh::ParseRecipientKeyError;
use dipper_types::Secret;
use zeroize::Zeroizing;

use crate::error::unsupported;
use crate::{Error, Result};

/// Whom files are encrypted to. Public keys only.
#[derive(Clone)]
pub struct AgeRecipients(Vec<Recipient>);

#[derive(Clone)]
enum Recipient {
    X25519(age::x25519::Recipient),
    Ssh(Box<age::ssh::Recipient>),
}

impl AgeRecipients {
    /// One a line: `age1…`, `ssh-ed25519 …` or `ssh-rsa …`. Empty lines and those that begin with `#`
    /// are left out.
    pub fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let recipients = lines.map(Recipient::parse).collect::<Result<Vec<_>>>()?;
        match recipients.is_empty() {
            true => Err(Error::InvalidKey("at least one age recipient is needed")),
            false => Ok(Self(recipients)),
        }
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &dyn age::Recipient> {
        self.0.iter().map(|recipient| match recipient {
            Recipient::X25519(key) => key as &dyn age::Recipient,
            Recipient::Ssh(key) => key.as_ref(),
        })
    }
}

impl Recipient {
    fn parse(line: &str) -> Result<Self> {
        if line.starts_with("ssh-") {
            return match line.parse() {
                Ok(key) => Ok(Self::Ssh(Box::new(key))),
                Err(ParseRecipientKeyError::RsaModulusTooSmall) => {
                    Err(Error::InvalidKey("an RSA key must have at least 2,048 bits"))
                }
                Err(ParseRecipientKeyError::Unsupported(_) | ParseRecipientKeyError::Ignore) => {
                    Err(unsupported("SSH keys other than Ed25519 and RSA"))
                }
                Err(_) => Err(Error::InvalidKey("this is no SSH public key")),
            };
        }
        let key = line.parse().map(Self::X25519);
        key.map_err(|_| match line.starts_with("age1") && line.matches('1').count() > 1 {
            true => Error::InvalidKey("age keys of plugins are not supported"),
            false => Error::InvalidKey("an age recipient begins with age1 or ssh-"),
        })
    }
}

/// One recipient a line, as [`AgeRecipients::parse`] reads them.
impl fmt::Display for AgeRecipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, recipient) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            match recipient {
                Recipient::X25519(key) => write!(f, "{key}")?,
                Recipient::Ssh(key) => write!(f, "{key}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for AgeRecipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgeRecipients({})", self.0.len())
    }
}

/// A private key that opens files made for its recipient.
pub struct AgeIdentity(Identity);

enum Identity {
    X25519(age::x25519::Identity),
    Ssh(Box<age::ssh::Identity>),
}

impl AgeIdentity {
    /// All identities in a text: `AGE-SECRET-KEY-1…` lines with comments, or an SSH private key
    /// (OpenSSH's form, or PEM for RSA), for which `passphrase` is used if it is locked.
    pub fn parse(text: &Secret<String>, passphrase: Option<&Secret<String>>) -> Result<Vec<Self>> {
        let text = text.expose();
        if text.trim_start().starts_with("-----BEGIN") {
            return Ok(vec![Self(Identity::Ssh(Box::new(ssh(text.trim_start(), passphrase)?)))]);
        }
        let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
        let no_key = Error::InvalidKey("an age identity begins with AGE-SECRET-KEY-1");
        let identities: std::result::Result<Vec<_>, _> =
            lines.map(|line| line.parse().map(|key| Self(Identity::X25519(key)))).collect();
        identities.ok().filter(|found| !found.is_empty()).ok_or(no_key)
    }

    /// A new key pair: the identity's text, and its recipient.
    pub fn generate() -> (Secret<String>, String) {
        let identity = age::x25519::Identity::generate();
        let text = identity.to_string().expose_secret().to_owned();
        (Secret::new(text), identity.to_public().to_string())
    }

    /// The text of the recipient that this identity opens, where it can be told.
    pub fn recipient(&self) -> Option<String> {
        match &self.0 {
            Identity::X25519(key) => Some(key.to_public().to_string()),
            Identity::Ssh(key) => {
                let key = age::ssh::Recipient::try_from(key.as_ref().clone());
                key.ok().map(|key| key.to_string())
            }
        }
    }

    pub(super) fn as_age(&self) -> &dyn age::Identity {
        match &self.0 {
            Identity::X25519(key) => key,
            Identity::Ssh(key) => key.as_ref(),
        }
    }
}

impl fmt::Debug for AgeIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgeIdentity(…)")
    }
}

fn ssh(text: &str, passphrase: Option<&Secret<String>>) -> Result<age::ssh::Identity> {
    // The parser wants the line ends of Unix.
    let text = Zeroizing::new(text.replace("\r\n", "\n"));
    let identity = age::ssh::Identity::from_buffer(text.as_bytes(), None)
        .map_err(|_| Error::InvalidKey("this is no SSH private key of kind Ed25519 or RSA"))?;
    match identity {
        age::ssh::Identity::Encrypted(locked) => {
            let passphrase = passphrase.filter(|text| !text.expose().is_empty());
            let passphrase =
                passphrase.ok_or(Error::InvalidKey("this SSH key is locked by a passphrase"))?;
            let opened = locked.decrypt(SecretString::from(passphrase.expose().clone()));
            opened
                .map(Into::into)
                .map_err(|_| Error::InvalidKey("wrong passphrase for the SSH key"))
        }
        age::ssh::Identity::Unsupported(_) => {
            Err(unsupported("SSH keys other than Ed25519 and RSA, and old ways to lock them"))
        }
        sound => Ok(sound),
    }
}
