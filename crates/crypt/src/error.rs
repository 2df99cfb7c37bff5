use std::borrow::Cow;
use std::io;

pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong, by what the caller can do about it. No variant carries a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither can be told from the other: both show as data that fail their check.
    #[error("wrong passphrase or damaged file")]
    WrongOrDamaged,
    #[error("not encrypted, or in a format that Dipper does not know")]
    NotEncrypted,
    #[error("not supported: {0}")]
    Unsupported(Cow<'static, str>),
    /// The file is sound as far as can be seen, and made for other keys.
    #[error("none of the keys opens this file")]
    NoKeyFits,
    /// What a person typed or chose is no key; says what was expected, never what it was.
    #[error("no usable key: {0}")]
    InvalidKey(&'static str),
    /// A name that these keys and settings did not make.
    #[error("the name was not encrypted with this key")]
    ForeignName,
    /// A name that can't be encrypted, as the result would exceed what the format allows.
    #[error("the name is too long to be encrypted")]
    NameTooLong,
    /// The caller's reader failed.
    #[error("reading failed: {0}")]
    Source(#[source] io::Error),
    /// The caller's writer failed.
    #[error("writing failed: {0}")]
    Sink(#[source] io::Error),
    #[error("the system gives no random numbers")]
    NoRandomness,
}

pub(crate) fn unsupported(what: impl Into<Cow<'static, str>>) -> Error {
    Error::Unsupported(what.into())
}

/// Fills `buffer` from the system's generator.
pub(crate) fn random(buffer: &mut [u8]) -> Result<()> {
    getrandom::fill(buffer).map_err(|_| Error::NoRandomness)
}
