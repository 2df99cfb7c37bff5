//! The age format, version 1: a header that wraps the file's key for each recipient, a nonce, and
//! chunks. <https://c2sp.org/age>. The `age` crate makes and reads the header; the chunks are ours, so
//! that they can be made again from a recipe, and read from the middle.

mod keys;

use std::cell::RefCell;
use std::collections::HashSet;

use age::secrecy::{ExposeSecret, SecretString};
use age::{DecryptError, EncryptError};
use age_core::format::{FileKey, Stanza};
use chacha20poly1305::{AeadInPlace, ChaCha20Poly1305, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

pub use keys::{AgeIdentity, AgeRecipients};

use crate::chunks::{Chunks, Shape, TAG};
use crate::error::unsupported;
use crate::stream::Source;
use crate::{Error, Result};

pub(crate) const MAGIC: &[u8] = b"age-encryption.org/";
const VERSION: &[u8] = b"age-encryption.org/v1\n";
pub(crate) const SHAPE: Shape = Shape { tag_first: false, empty_chunk: true };
pub(crate) const NONCE: usize = 16;
/// A header with hundreds of recipients fits; what is longer is hostile.
pub(crate) const MAX_HEADER: usize = 64 * 1024 - NONCE;
/// age's own choice: a quarter of a gibibyte, about a second.
pub(crate) const DEFAULT_WORK: u8 = 18;
/// One gibibyte, and some seconds. What asks for more is refused.
pub(crate) const MAX_WORK: u8 = 20;

pub(crate) type PayloadKey = Zeroizing<[u8; 32]>;

/// The header with the nonce behind it, and the key of the chunks.
pub(crate) struct Head {
    pub bytes: Vec<u8>,
    pub key: PayloadKey,
}

/// Draws a file key and wraps it.
pub(crate) fn head(recipients: &AgeRecipients) -> Result<Head> {
    let wrappers: Vec<_> =
        recipients.each().map(|r| Capture { inner: r, key: RefCell::default() }).collect();
    wrap(&wrappers)
}

/// As [`head`], for who knows the passphrase. `work` is scrypt's log2(N).
pub(crate) fn head_for_passphrase(passphrase: &str, work: u8) -> Result<Head> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(work.clamp(1, MAX_WORK));
    wrap(&[Capture { inner: &recipient, key: RefCell::default() }])
}

fn wrap(wrappers: &[Capture<'_>]) -> Result<Head> {
    let none = Error::InvalidKey("at least one age recipient is needed");
    let encryptor = age::Encryptor::with_recipients(wrappers.iter().map(|w| w as _));
    let encryptor = encryptor.map_err(|_| none)?;
    let mut bytes = Vec::new();
    // Writes header and nonce; the stream that follows is not used.
    drop(encryptor.wrap_output(&mut bytes).map_err(|_| unsupported("this age recipient"))?);
    let file_key = wrappers.first().and_then(|w| w.key.take());
    let file_key = file_key.ok_or(Error::InvalidKey("at least one age recipient is needed"))?;
    if bytes.len() > MAX_HEADER + NONCE {
        return Err(unsupported("so many age recipients"));
    }
    let key = payload_key(&file_key, &bytes[bytes.len() - NONCE..]);
    Ok(Head { bytes, key })
}

/// Hands the file key on, and keeps it for us.
struct Capture<'a> {
    inner: &'a dyn age::Recipient,
    key: RefCell<Option<Zeroizing<[u8; 16]>>>,
}

impl age::Recipient for Capture<'_> {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> std::result::Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        self.key.replace(Some(Zeroizing::new(*file_key.expose_secret())));
        self.inner.wrap_file_key(file_key)
    }
}

/// The same on the way back.
struct Unwrap<'a> {
    inner: &'a dyn age::Identity,
    key: RefCell<Option<Zeroizing<[u8; 16]>>>,
}

impl age::Identity for Unwrap<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<std::result::Result<FileKey, DecryptError>> {
        let found = self.inner.unwrap_stanza(stanza);
        if let Some(Ok(file_key)) = &found {
            self.key.replace(Some(Zeroizing::new(*file_key.expose_secret())));
        }
        found
    }
}

fn payload_key(file_key: &[u8; 16], nonce: &[u8]) -> PayloadKey {
    let mut key = PayloadKey::default();
    // 32 bytes are always within what HKDF can give.
    let made = Hkdf::<Sha256>::new(Some(nonce), file_key).expand(b"payload", key.as_mut());
    debug_assert!(made.is_ok());
    key
}

/// Reads header and nonce, and not one byte more.
pub(crate) fn read_head(source: &mut Source<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut line = 0;
    loop {
        let mut byte = [0];
        if source.fill(&mut byte)? == 0 || bytes.len() >= MAX_HEADER {
            return Err(Error::WrongOrDamaged);
        }
        bytes.push(byte[0]);
        if byte[0] != b'\n' {
            continue;
        }
        // The line with the header's check is its last.
        if bytes[line..].starts_with(b"---") {
            break;
        }
        line = bytes.len();
        if line == VERSION.len() && bytes != VERSION {
            return Err(unsupported("this version of age's format"));
        }
    }
    let header = bytes.len();
    bytes.resize(header + NONCE, 0);
    match source.fill(&mut bytes[header..])? {
        NONCE => Ok(bytes),
        _ => Err(Error::WrongOrDamaged),
    }
}

/// The chunks' key from header and nonce, with the first passphrase or identity that fits.
pub(crate) fn unwrap(
    head: &[u8],
    passphrases: &mut dyn Iterator<Item = &str>,
    identities: &mut dyn Iterator<Item = &AgeIdentity>,
    max_work: u8,
) -> Result<PayloadKey> {
    let decryptor = || age::Decryptor::new_buffered(head).map_err(failure);
    let scrypt = decryptor()?.is_scrypt();
    let mut last = Error::NoKeyFits;
    let mut attempt = |identity: &dyn age::Identity| -> Result<Option<PayloadKey>> {
        let unwrap = Unwrap { inner: identity, key: RefCell::default() };
        // Checks the header's MAC too.
        match decryptor()?.decrypt(std::iter::once(&unwrap as _)) {
            Ok(_) => {
                let key = unwrap.key.take();
                Ok(key.map(|key| payload_key(&key, &head[head.len() - NONCE..])))
            }
            Err(e) => match failure(e) {
                Error::NoKeyFits => Ok(None),
                // Another passphrase may be the one.
                wrong @ Error::WrongOrDamaged => {
                    last = wrong;
                    Ok(None)
                }
                other => Err(other),
            },
        }
    };
    if scrypt {
        for passphrase in passphrases {
            let passphrase = SecretString::from(passphrase.to_owned());
            let mut identity = age::scrypt::Identity::new(passphrase);
            identity.set_max_work_factor(max_work);
            if let Some(key) = attempt(&identity)? {
                return Ok(key);
            }
        }
    } else {
        for identity in identities {
            if let Some(key) = attempt(identity.as_age())? {
                return Ok(key);
            }
        }
    }
    Err(last)
}

fn failure(e: DecryptError) -> Error {
    match e {
        DecryptError::NoMatchingKeys => Error::NoKeyFits,
        DecryptError::UnknownFormat => unsupported("this version of age's format"),
        DecryptError::ExcessiveWork { required, .. } => {
            unsupported(format!("a passphrase that takes scrypt 2^{required} rounds"))
        }
        _ => Error::WrongOrDamaged,
    }
}

pub(crate) struct Payload(ChaCha20Poly1305);

impl Payload {
    pub fn new(key: &PayloadKey) -> Self {
        Self(ChaCha20Poly1305::new(key.as_ref().into()))
    }
}

/// An 11-byte counter and a byte that marks the last chunk.
fn nonce(index: u64, last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&index.to_be_bytes());
    nonce[11] = u8::from(last);
    nonce
}

impl Chunks for Payload {
    fn shape(&self) -> Shape {
        SHAPE
    }

    fn seal(&self, index: u64, last: bool, data: &mut [u8]) -> Result<[u8; TAG]> {
        let tag = self.0.encrypt_in_place_detached(&nonce(index, last).into(), &[], data);
        Ok(tag.map_err(|_| unsupported("a chunk of this length"))?.into())
    }

    fn open(&self, index: u64, last: bool, data: &mut [u8], tag: &[u8; TAG]) -> bool {
        let nonce = nonce(index, last).into();
        self.0.decrypt_in_place_detached(&nonce, &[], data, tag.into()).is_ok()
    }
}
