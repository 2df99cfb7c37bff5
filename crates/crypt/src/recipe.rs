//! One file's encryption with everything random already drawn, so that it can be done again.

use std::fmt;
use std::io::{Read, Write};

use zeroize::Zeroizing;

use crate::age::{self, PayloadKey};
use crate::error::{random, unsupported};
use crate::keys::usable;
use crate::openpgp::{self, Material};
use crate::stream::{Sink, Source};
use crate::{Done, EncryptKey, Error, Format, Result, chunks, rclone};

const VERSION: u8 = 1;

/// How hard a passphrase is made to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// age: log2 of scrypt's N, 1 to 20.
    pub age: u8,
    /// OpenPGP: the coded count of bytes to hash (RFC 9580, section 3.7.1.3).
    pub open_pgp: u8,
}

/// What age and GnuPG choose.
impl Default for Work {
    fn default() -> Self {
        Self { age: age::DEFAULT_WORK, open_pgp: openpgp::DEFAULT_COUNT }
    }
}

/// Encrypts one file, as often as is needed, into the same bytes.
///
/// It holds the file's own key, not the passphrase or private key that opens it: who has the recipe
/// can read this one file. It is for one content: **two different contents encrypted by one recipe
/// give both of them away**, so a file that changed gets a new one.
pub struct Recipe(Inner);

enum Inner {
    OpenPgp(Box<Material>),
    Age { key: PayloadKey, head: Vec<u8> },
    Rclone { key: Zeroizing<[u8; 32]>, nonce: [u8; rclone::NONCE] },
}

impl Recipe {
    /// Draws keys and nonces for one file. With a passphrase this takes as long as guessing it once:
    /// see [`EncryptKey`].
    pub fn new(key: &EncryptKey) -> Result<Self> {
        Self::with_work(key, Work::default())
    }

    /// With another work than the usual: less is for tests.
    pub fn with_work(key: &EncryptKey, work: Work) -> Result<Self> {
        let from_head = |head: age::Head| Inner::Age { key: head.key, head: head.bytes };
        Ok(Self(match key {
            EncryptKey::OpenPgp(passphrase) => {
                let passphrase = usable(passphrase)?;
                Inner::OpenPgp(Box::new(Material::draw(passphrase, work.open_pgp)?))
            }
            EncryptKey::AgePassphrase(passphrase) => {
                from_head(age::head_for_passphrase(usable(passphrase)?, work.age)?)
            }
            EncryptKey::AgeRecipients(recipients) => from_head(age::head(recipients)?),
            EncryptKey::Rclone(keys) => {
                let (mut key, mut nonce) = (Zeroizing::new([0; 32]), [0; rclone::NONCE]);
                key.copy_from_slice(keys.content());
                random(&mut nonce)?;
                Inner::Rclone { key, nonce }
            }
        }))
    }

    pub fn format(&self) -> Format {
        match self.0 {
            Inner::OpenPgp(_) => Format::OpenPgp,
            Inner::Age { .. } => Format::Age,
            Inner::Rclone { .. } => Format::Rclone,
        }
    }

    /// Reads `plain` to its end and writes the encrypted file. `Source` and `Sink` are the caller's own
    /// failures.
    pub fn encrypt(&self, plain: &mut dyn Read, out: &mut dyn Write) -> Result<Done> {
        let (mut source, mut sink) = (Source::new(plain), Sink::new(out));
        match &self.0 {
            Inner::OpenPgp(material) => openpgp::encrypt(material, &mut source, &mut sink)?,
            Inner::Age { key, head } => {
                sink.put(head)?;
                chunks::seal(&age::Payload::new(key), &mut source, &mut sink)?;
            }
            Inner::Rclone { key, nonce } => {
                sink.put(rclone::MAGIC)?;
                sink.put(nonce)?;
                let payload = rclone::Payload::new(key.as_slice(), *nonce);
                chunks::seal(&payload, &mut source, &mut sink)?;
            }
        }
        Ok(Done { format: self.format(), plain: source.read, cipher: sink.written })
    }

    /// Bytes that [`Recipe::encrypt`] writes for a file of so many.
    pub fn ciphertext_len(&self, plain: u64) -> u64 {
        match &self.0 {
            Inner::OpenPgp(_) => openpgp::ciphertext_len(plain),
            Inner::Age { head, .. } => {
                age::SHAPE.sealed_len(plain).saturating_add(head.len() as u64)
            }
            Inner::Rclone { .. } => rclone::ciphertext_len(plain),
        }
    }

    /// **Secret**: the caller seals it before it is stored. The first byte is the version.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let (kind, parts): (u8, [&[u8]; 3]) = match &self.0 {
            Inner::OpenPgp(m) => (1, [m.key.as_slice(), &m.prefix, &m.session]),
            Inner::Age { key, head } => (2, [key.as_slice(), head, &[]]),
            Inner::Rclone { key, nonce } => (3, [key.as_slice(), nonce, &[]]),
        };
        let len = 2 + parts.iter().map(|part| part.len()).sum::<usize>();
        let mut bytes = Zeroizing::new(Vec::with_capacity(len));
        bytes.extend_from_slice(&[VERSION, kind]);
        for part in parts {
            bytes.extend_from_slice(part);
        }
        bytes
    }

    /// `Unsupported` for what a later version of Dipper wrote, `WrongOrDamaged` for what none did.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut rest = bytes;
        let [version, kind] = take(&mut rest)?;
        if version != VERSION {
            return Err(unsupported(format!("an encryption recipe of version {version}")));
        }
        let key = Zeroizing::new(take(&mut rest)?);
        let inner = match kind {
            1 => Inner::OpenPgp(Box::new(Material {
                key,
                prefix: take(&mut rest)?,
                session: take(&mut rest)?,
            })),
            2 => {
                let head = std::mem::take(&mut rest).to_vec();
                if !head.starts_with(age::MAGIC) || head.len() > age::MAX_HEADER + age::NONCE {
                    return Err(Error::WrongOrDamaged);
                }
                Inner::Age { key, head }
            }
            3 => Inner::Rclone { key, nonce: take(&mut rest)? },
            other => return Err(unsupported(format!("an encryption recipe of kind {other}"))),
        };
        match rest.is_empty() {
            true => Ok(Self(inner)),
            false => Err(Error::WrongOrDamaged),
        }
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk().ok_or(Error::WrongOrDamaged)?;
    *bytes = rest;
    Ok(*first)
}

impl fmt::Debug for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipe({}, …)", self.format())
    }
}
