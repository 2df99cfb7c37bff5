//! rclone's crypt: a header with a nonce, and chunks of NaCl's secretbox; names apart.
//! <https://rclone.org/crypt/#file-formats>

mod eme;
mod encode;
mod names;
mod obfuscate;
mod obscure;

use std::fmt;

use crypto_secretbox::{AeadInPlace, KeyInit, XSalsa20Poly1305};
use dipper_types::Secret;
use zeroize::Zeroizing;

pub use names::{NameEncoding, NameMode, Names, NamesOptions};
pub use obscure::{obscure, reveal};

use crate::chunks::{Chunks, Shape, TAG};
use crate::error::unsupported;
use crate::{Error, Result};

pub(crate) const MAGIC: &[u8; 8] = b"RCLONE\0\0";
pub(crate) const NONCE: usize = 24;
pub(crate) const HEADER: usize = MAGIC.len() + NONCE;
pub(crate) const SHAPE: Shape = Shape { tag_first: true, empty_chunk: false };

/// What stands in for an empty second password.
const SALT: [u8; 16] = [
    0xa8, 0x0d, 0xf4, 0x3a, 0x8f, 0xbd, 0x03, 0x08, 0xa7, 0xca, 0xb8, 0x3e, 0x58, 0x1f, 0x86, 0xb1,
];

/// The keys of one crypt remote. Making them takes 16 MiB and some ten milliseconds, once.
#[derive(Clone)]
pub struct RcloneKeys {
    /// 32 bytes for contents, 32 for names, 16 to tweak names.
    bytes: Zeroizing<[u8; 80]>,
}

impl RcloneKeys {
    /// From the two passwords in plain text; see [`reveal`] for those of a configuration file.
    pub fn derive(password: &Secret<String>, password2: Option<&Secret<String>>) -> Result<Self> {
        if password.expose().is_empty() {
            return Err(Error::InvalidKey("an empty password protects nothing"));
        }
        let salt = password2.map(|text| text.expose().as_bytes()).filter(|text| !text.is_empty());
        let mut bytes = Zeroizing::new([0; 80]);
        // The length that the parameters ask for is that of a password hash, and not used here.
        let made = scrypt::Params::new(14, 8, 1, 32).ok().and_then(|params| {
            let salt = salt.unwrap_or(&SALT);
            scrypt::scrypt(password.expose().as_bytes(), salt, &params, bytes.as_mut()).ok()
        });
        made.ok_or(Error::InvalidKey("scrypt refuses this password"))?;
        Ok(Self { bytes })
    }

    pub(crate) fn content(&self) -> &[u8] {
        &self.bytes[..32]
    }

    fn names(&self) -> &[u8] {
        &self.bytes[32..64]
    }

    fn tweak(&self) -> &[u8] {
        &self.bytes[64..]
    }
}

impl fmt::Debug for RcloneKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RcloneKeys(…)")
    }
}

pub(crate) struct Payload {
    cipher: XSalsa20Poly1305,
    nonce: [u8; NONCE],
}

impl Payload {
    /// `key` has 32 bytes.
    pub fn new(key: &[u8], nonce: [u8; NONCE]) -> Self {
        Self { cipher: XSalsa20Poly1305::new(key.into()), nonce }
    }

    /// The file's nonce, a number of 24 bytes with the lowest first, raised by the chunk's.
    fn nonce(&self, index: u64) -> [u8; NONCE] {
        let mut nonce = self.nonce;
        let (low, high) = nonce.split_at_mut(8);
        let mut first = [0; 8];
        first.copy_from_slice(low);
        let (sum, mut carry) = u64::from_le_bytes(first).overflowing_add(index);
        low.copy_from_slice(&sum.to_le_bytes());
        for byte in high {
            let (sum, over) = byte.overflowing_add(u8::from(carry));
            (*byte, carry) = (sum, over);
        }
        nonce
    }
}

impl Chunks for Payload {
    fn shape(&self) -> Shape {
        SHAPE
    }

    fn seal(&self, index: u64, _last: bool, data: &mut [u8]) -> Result<[u8; TAG]> {
        let tag = self.cipher.encrypt_in_place_detached(&self.nonce(index).into(), &[], data);
        Ok(tag.map_err(|_| unsupported("a chunk of this length"))?.into())
    }

    fn open(&self, index: u64, _last: bool, data: &mut [u8], tag: &[u8; TAG]) -> bool {
        let nonce = self.nonce(index).into();
        self.cipher.decrypt_in_place_detached(&nonce, &[], data, tag.into()).is_ok()
    }
}

/// The nonce in a file's first bytes.
pub(crate) fn nonce_of(header: &[u8]) -> Result<[u8; NONCE]> {
    let nonce = header.strip_prefix(MAGIC).and_then(|rest| rest.get(..NONCE)?.try_into().ok());
    nonce.ok_or(Error::NotEncrypted)
}

/// Bytes of an encrypted file.
pub fn ciphertext_len(plain: u64) -> u64 {
    HEADER as u64 + SHAPE.sealed_len(plain)
}

/// Bytes of the file within an encrypted one; `None` for a length that no encrypted file has.
pub fn plaintext_len(cipher: u64) -> Option<u64> {
    cipher.checked_sub(HEADER as u64).and_then(|sealed| SHAPE.opened_len(sealed))
}
