//! OpenPGP messages under a passphrase, as `gpg -c` and s3cmd write and read them (RFC 9580).

mod aes;
mod framing;
mod read;
mod session;
mod write;

pub(crate) use read::decrypt;
pub(crate) use session::DEFAULT_COUNT;
pub(crate) use write::{Material, ciphertext_len, encrypt};

/// Packet types.
mod tag {
    pub const PUBLIC_KEY_SESSION: u8 = 1;
    pub const SIGNATURE: u8 = 2;
    pub const SYMMETRIC_SESSION: u8 = 3;
    pub const ONE_PASS: u8 = 4;
    pub const COMPRESSED: u8 = 8;
    pub const UNPROTECTED: u8 = 9;
    pub const MARKER: u8 = 10;
    pub const LITERAL: u8 = 11;
    pub const PROTECTED: u8 = 18;
    pub const GNUPG_AEAD: u8 = 20;
    pub const PADDING: u8 = 21;
}

/// Whether these first bytes of a file can be an OpenPGP message that is encrypted.
pub(crate) fn sniff(mut start: &[u8]) -> bool {
    let Ok(Some(header)) = framing::header(&mut start) else { return false };
    let version = start.first().copied().unwrap_or(0);
    match header.tag {
        tag::PUBLIC_KEY_SESSION => matches!(version, 2 | 3 | 6),
        // Cipher and the kind of derivation stand where a version has them.
        tag::SYMMETRIC_SESSION => match version {
            4 => matches!(start.get(1..3), Some([1..=13, 0 | 1 | 3 | 4])),
            5 | 6 => true,
            _ => false,
        },
        tag::MARKER => start.starts_with(b"PGP"),
        tag::PROTECTED => matches!(version, 1 | 2),
        tag::GNUPG_AEAD => version == 1,
        _ => false,
    }
}
