//! From a passphrase to the key of a message.

use pgp::composed::{PlainSessionKey, RawSessionKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::packet::{PacketHeader, SymKeyEncryptedSessionKey};
use pgp::types::{StringToKey, Tag};
use sha1::Sha1;
use sha1::digest::{Digest, DynDigest};
use zeroize::Zeroizing;

use crate::error::unsupported;
use crate::{Error, Result};

/// GnuPG's own choice, the most that can be written: 65,011,712 bytes are hashed.
pub(crate) const DEFAULT_COUNT: u8 = 255;
/// No such packet that anybody writes is longer.
pub(super) const MAX_PACKET: usize = 1024;
/// log2 of KiB for Argon2: one gibibyte.
const MAX_MEMORY: u8 = 20;
/// Hashed at once.
const STRETCH: usize = 64 * 1024;

/// A packet that holds the message's key under a passphrase. `body` is without its header. `None` for a
/// version that is not known, which a reader is to pass over.
pub(super) fn parse(body: &[u8]) -> Result<Option<SymKeyEncryptedSessionKey>> {
    let length = u32::try_from(body.len()).map_err(|_| Error::WrongOrDamaged)?;
    let header = PacketHeader::new_fixed(Tag::SymKeyEncryptedSessionKey, length);
    let packet = SymKeyEncryptedSessionKey::try_from_reader(header, body);
    let packet = packet.map_err(|_| Error::WrongOrDamaged)?;
    Ok(packet.is_supported().then_some(packet))
}

/// The message's key, if `passphrase` can be the right one. Version 4 has no check of its own, so that
/// a wrong passphrase may give a wrong key.
pub(super) fn unlock(
    packet: &SymKeyEncryptedSessionKey,
    passphrase: &str,
) -> Result<Option<PlainSessionKey>> {
    let (Some(alg), Some(s2k)) = (packet.sym_algorithm(), packet.s2k()) else { return Ok(None) };
    let size = alg.key_size();
    if size == 0 {
        return Err(unsupported(format!("the cipher {alg:?}")));
    }
    let key = derive(s2k, passphrase.as_bytes(), size)?;
    if packet.encrypted_key().is_none_or(|sealed| sealed.is_empty()) {
        return Ok(Some(PlainSessionKey::V3_4 { sym_alg: alg, key: RawSessionKey::from(key) }));
    }
    Ok(packet.decrypt(key.as_slice()).ok())
}

pub(super) fn derive(
    s2k: &StringToKey,
    passphrase: &[u8],
    size: usize,
) -> Result<Zeroizing<Vec<u8>>> {
    match s2k {
        StringToKey::IteratedAndSalted { hash_alg, salt, count } => {
            iterated(*hash_alg, salt, *count, passphrase, size)
        }
        StringToKey::Argon2 { m_enc, .. } if *m_enc > MAX_MEMORY => {
            Err(unsupported(format!("a passphrase that takes Argon2 2^{m_enc} KiB of memory")))
        }
        StringToKey::Simple { .. } | StringToKey::Salted { .. } | StringToKey::Argon2 { .. } => {
            let key = s2k.derive_key(passphrase, size);
            let key = key.map_err(|_| unsupported("the way this passphrase becomes a key"))?;
            Ok(Zeroizing::new(key.as_ref().to_vec()))
        }
        _ => Err(unsupported("the way this passphrase becomes a key")),
    }
}

/// Salt and passphrase again and again, until `count` says that it is enough (RFC 9580, 3.7.1.3). Long
/// stretches at once: a hash is several times slower when it is fed with some ten bytes.
fn iterated(
    hash: HashAlgorithm,
    salt: &[u8; 8],
    count: u8,
    passphrase: &[u8],
    size: usize,
) -> Result<Zeroizing<Vec<u8>>> {
    let known = hash.digest_size().filter(|size| *size > 0);
    let digest = known.ok_or_else(|| unsupported(format!("the hash {hash:?}")))?;
    let unit = Zeroizing::new([salt, passphrase].concat());
    let total = ((16 + usize::from(count & 15)) << (usize::from(count >> 4) + 6)).max(unit.len());
    let stretch = Zeroizing::new(unit.repeat(STRETCH.min(total).div_ceil(unit.len())));
    let mut key = Zeroizing::new(Vec::with_capacity(size.next_multiple_of(digest)));
    for round in 0..size.div_ceil(digest) {
        let mut hasher: Box<dyn DynDigest> = match hash {
            // The crate's own looks for collisions, which takes several times as long and is no
            // question here. This is what GnuPG uses where nobody chose.
            HashAlgorithm::Sha1 => Box::new(Sha1::new()),
            _ => hash.new_hasher().map_err(|_| unsupported(format!("the hash {hash:?}")))?,
        };
        hasher.update(&vec![0; round]);
        let mut left = total;
        while left > 0 {
            let now = left.min(stretch.len());
            hasher.update(&stretch[..now]);
            left -= now;
        }
        key.extend_from_slice(&Zeroizing::new(hasher.finalize()));
    }
    key.truncate(size);
    Ok(key)
}

/// Whether the key is one for this cipher, as what follows takes for granted.
pub(super) fn fits(key: &RawSessionKey, alg: SymmetricKeyAlgorithm) -> bool {
    alg.key_size() > 0 && key.as_ref().len() == alg.key_size()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same as the slow way of the crate, also where the count ends within salt or passphrase.
    #[test]
    fn stretches_give_the_same_key() {
        for (count, passphrase) in [(0, "x"), (0, "a passphrase"), (96, "ü"), (17, "")] {
            for hash_alg in [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512] {
                for size in [16, 24, 32] {
                    let s2k = StringToKey::IteratedAndSalted { hash_alg, salt: [7; 8], count };
                    let slow = s2k.derive_key(passphrase.as_bytes(), size).unwrap();
                    let fast = derive(&s2k, passphrase.as_bytes(), size).unwrap();
                    assert_eq!(slow.as_ref(), fast.as_slice(), "{count} {hash_alg:?} {size}");
                }
            }
        }
    }

    /// A passphrase of more bytes than are to be hashed is hashed whole.
    #[test]
    fn a_long_passphrase_is_used_whole() {
        let s2k = StringToKey::IteratedAndSalted {
            hash_alg: HashAlgorithm::Sha256,
            salt: [1; 8],
            count: 0,
        };
        let long = "p".repeat(70_000);
        let slow = s2k.derive_key(long.as_bytes(), 32).unwrap();
        assert_eq!(slow.as_ref(), derive(&s2k, long.as_bytes(), 32).unwrap().as_slice());
    }
}
