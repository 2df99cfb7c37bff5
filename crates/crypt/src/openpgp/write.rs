//! A message as `gpg -c` reads it: the session key under the passphrase, then one protected packet
//! (SEIPD version 1) with a literal packet and the check in it. No compression, no name, no time.
//!
//! Written here, not by the `pgp` crate: an upload that goes on after an update of Dipper must
//! find the same bytes, down to where the parts of a packet end.

use aes::Aes256;
use aes::cipher::KeyIvInit;
use cfb_mode::BufEncryptor;
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::types::StringToKey;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use super::session::derive;
use super::tag;
use crate::error::{random, unsupported};
use crate::stream::{Sink, Source};
use crate::{Error, Result};

/// Bytes in each part of a packet whose length is not known when it begins.
const PART: usize = 64 * 1024;
/// The length octet of such a part.
const PART_OCTET: u8 = 0xe0 | PART.trailing_zeros() as u8;
const BLOCK: usize = 16;
/// A block of random bytes, its last two again.
const PREFIX: usize = BLOCK + 2;
/// Header and SHA-1 of the check packet.
const CHECK: usize = 22;
/// Format, name's length, time.
const LITERAL_HEAD: [u8; 6] = [b'b', 0, 0, 0, 0, 0];
const SALT: usize = 8;

pub(crate) const SESSION_PACKET: usize = 2 + 4 + SALT + 1 + 33;

/// Everything that is random about a message.
pub(crate) struct Material {
    pub key: Zeroizing<[u8; 32]>,
    pub prefix: [u8; BLOCK],
    /// The whole packet with the session key under the passphrase.
    pub session: [u8; SESSION_PACKET],
}

impl Material {
    /// `count` is the coded number of bytes to hash (RFC 9580, 3.7.1.3).
    pub fn draw(passphrase: &str, count: u8) -> Result<Self> {
        let (mut key, mut prefix) = (Zeroizing::new([0; 32]), [0; BLOCK]);
        let mut salt = [0; SALT];
        random(key.as_mut())?;
        random(&mut prefix)?;
        random(&mut salt)?;
        let session = session_packet(passphrase, count, salt, &key)?;
        Ok(Self { key, prefix, session })
    }
}

fn session_packet(
    passphrase: &str,
    count: u8,
    salt: [u8; SALT],
    key: &[u8; 32],
) -> Result<[u8; SESSION_PACKET]> {
    let hash_alg = HashAlgorithm::Sha256;
    let alg = u8::from(SymmetricKeyAlgorithm::AES256);
    let s2k = StringToKey::IteratedAndSalted { hash_alg, salt, count };
    let derived = derive(&s2k, passphrase.as_bytes(), 32)?;
    let mut sealed = Zeroizing::new([&[alg], key.as_slice()].concat());
    cfb(&derived)?.encrypt(&mut sealed);
    let head =
        [0xc0 | tag::SYMMETRIC_SESSION, SESSION_PACKET as u8 - 2, 4, alg, 3, hash_alg.into()];
    let bytes = [&head, salt.as_slice(), &[count], &sealed].concat();
    bytes.try_into().map_err(|_| Error::InvalidKey("the session key has a wrong length"))
}

/// CFB from a block of zeros, as OpenPGP has it everywhere. Each block needs the one before it, so that
/// the crate's way for many blocks has nothing to win here, and is slower.
fn cfb(key: &[u8]) -> Result<BufEncryptor<Aes256>> {
    BufEncryptor::new_from_slices(key, &[0; BLOCK]).map_err(|_| unsupported("a key of this length"))
}

pub(crate) fn encrypt(
    material: &Material,
    source: &mut Source<'_>,
    sink: &mut Sink<'_>,
) -> Result<()> {
    sink.put(&material.session)?;
    let mut outer = Packet::new(tag::PROTECTED, sink);
    outer.put(&[1])?;
    let mut cipher = Cipher {
        cfb: cfb(material.key.as_slice())?,
        hash: Sha1::new(),
        scratch: Vec::with_capacity(PART),
        outer,
    };
    cipher.put(&material.prefix)?;
    cipher.put(&material.prefix[BLOCK - 2..])?;
    let mut literal = Packet::new(tag::LITERAL, &mut cipher);
    literal.put(&LITERAL_HEAD)?;
    let mut buffer = Zeroizing::new(vec![0; PART]);
    loop {
        let len = source.fill(&mut buffer)?;
        literal.put(&buffer[..len])?;
        if len < buffer.len() {
            break;
        }
    }
    literal.end()?;
    cipher.put(&[0xd3, 0x14])?;
    let check = cipher.hash.clone().finalize();
    cipher.put(&check)?;
    cipher.outer.end()
}

pub(crate) fn ciphertext_len(plain: u64) -> u64 {
    let literal = packet_len(plain.saturating_add(LITERAL_HEAD.len() as u64));
    let protected = packet_len(literal.saturating_add((1 + PREFIX + CHECK) as u64));
    protected.saturating_add(SESSION_PACKET as u64)
}

/// Bytes of a packet, as [`Packet`] writes it, with a body of so many.
fn packet_len(body: u64) -> u64 {
    let parts = body.saturating_sub(1) / PART as u64;
    let last = match body - parts * PART as u64 {
        0..192 => 1,
        192..8384 => 2,
        _ => 5,
    };
    body.saturating_add(1 + parts + last)
}

trait Put {
    fn put(&mut self, data: &[u8]) -> Result<()>;
}

impl Put for Sink<'_> {
    fn put(&mut self, data: &[u8]) -> Result<()> {
        Sink::put(self, data)
    }
}

/// A packet that is written in parts, since its length only shows at its end.
struct Packet<'a, P: Put> {
    out: &'a mut P,
    /// Its header, until that is written.
    tag: Option<u8>,
    waiting: Zeroizing<Vec<u8>>,
}

impl<'a, P: Put> Packet<'a, P> {
    fn new(tag: u8, out: &'a mut P) -> Self {
        Self { out, tag: Some(0xc0 | tag), waiting: Zeroizing::new(Vec::with_capacity(PART)) }
    }

    /// The last part, which may be the only one, has its length in full.
    fn end(mut self) -> Result<()> {
        let len = self.waiting.len();
        let octets = match len {
            0..192 => vec![len as u8],
            192..8384 => vec![((len - 192) >> 8) as u8 + 192, (len - 192) as u8],
            _ => [&[0xff], (len as u32).to_be_bytes().as_slice()].concat(),
        };
        self.part(&octets)
    }

    fn part(&mut self, octets: &[u8]) -> Result<()> {
        if let Some(tag) = self.tag.take() {
            self.out.put(&[tag])?;
        }
        self.out.put(octets)?;
        self.out.put(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }
}

impl<P: Put> Put for Packet<'_, P> {
    fn put(&mut self, mut data: &[u8]) -> Result<()> {
        while !data.is_empty() {
            // A full part waits for what follows it: if nothing does, it is the last.
            if self.waiting.len() == PART {
                self.part(&[PART_OCTET])?;
            }
            let (now, rest) = data.split_at(data.len().min(PART - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            data = rest;
        }
        Ok(())
    }
}

struct Cipher<'a, 'b> {
    cfb: BufEncryptor<Aes256>,
    hash: Sha1,
    scratch: Vec<u8>,
    outer: Packet<'a, Sink<'b>>,
}

impl Put for Cipher<'_, '_> {
    fn put(&mut self, data: &[u8]) -> Result<()> {
        self.hash.update(data);
        self.scratch.clear();
        self.scratch.extend_from_slice(data);
        self.cfb.encrypt(&mut self.scratch);
        self.outer.put(&self.scratch)
    }
}
