//! Protected data of version 1 under AES, which is nearly every file there is. The `pgp` crate deciphers
//! block after block; CFB can be undone many blocks at once, which is three times as fast.

use std::io::{self, BufRead, Read};

use aes::cipher::inout::InOutBuf;
use aes::cipher::{AsyncStreamCipher, BlockDecryptMut, KeyIvInit};
use aes::{Aes128, Aes192, Aes256};
use cfb_mode::Decryptor;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use crate::stream::fill;

const BLOCK: usize = 16;
/// A block of random bytes, its last two again.
const PREFIX: usize = BLOCK + 2;
/// Header and SHA-1 of the check packet.
const CHECK: usize = 22;
const BUFFER: usize = 64 * 1024;

#[derive(Clone)]
enum Cfb {
    Aes128(Decryptor<Aes128>),
    Aes192(Decryptor<Aes192>),
    Aes256(Decryptor<Aes256>),
}

impl Cfb {
    fn new(alg: SymmetricKeyAlgorithm, key: &[u8]) -> Option<Self> {
        let iv = [0; BLOCK];
        match alg {
            SymmetricKeyAlgorithm::AES128 => {
                Decryptor::new_from_slices(key, &iv).ok().map(Self::Aes128)
            }
            SymmetricKeyAlgorithm::AES192 => {
                Decryptor::new_from_slices(key, &iv).ok().map(Self::Aes192)
            }
            SymmetricKeyAlgorithm::AES256 => {
                Decryptor::new_from_slices(key, &iv).ok().map(Self::Aes256)
            }
            _ => None,
        }
    }

    /// Whole blocks; bytes behind them stay as they are.
    fn blocks(&mut self, data: &mut [u8]) {
        let (blocks, _) = InOutBuf::from(data).into_chunks();
        match self {
            Self::Aes128(cfb) => cfb.decrypt_blocks_inout_mut(blocks),
            Self::Aes192(cfb) => cfb.decrypt_blocks_inout_mut(blocks),
            Self::Aes256(cfb) => cfb.decrypt_blocks_inout_mut(blocks),
        }
    }

    /// The end, which need not be a whole block.
    fn end(self, data: &mut [u8]) {
        match self {
            Self::Aes128(cfb) => cfb.decrypt(data),
            Self::Aes192(cfb) => cfb.decrypt(data),
            Self::Aes256(cfb) => cfb.decrypt(data),
        }
    }
}

/// Gives the packets within; the end is only reached if the check fits.
pub(super) struct Checked<R> {
    input: R,
    cfb: Cfb,
    hash: Sha1,
    buffer: Zeroizing<Vec<u8>>,
    /// Of `buffer`: what is still to be given lies from here …
    start: usize,
    /// … to here. Then follows what may be the check,
    ready: usize,
    /// up to here, and less than a block that is not deciphered yet,
    plain: usize,
    /// up to here.
    filled: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Prefix,
    Data,
    Checked,
    Broken,
}

impl<R: Read> Checked<R> {
    /// `None` for a cipher that is not AES, or a key of another length.
    pub fn new(alg: SymmetricKeyAlgorithm, key: &[u8], input: R) -> Option<Self> {
        Some(Self {
            input,
            cfb: Cfb::new(alg, key)?,
            hash: Sha1::new(),
            buffer: Zeroizing::new(vec![0; BUFFER]),
            start: 0,
            ready: 0,
            plain: 0,
            filled: 0,
            state: State::Prefix,
        })
    }

    fn refill(&mut self) -> io::Result<()> {
        let before = std::mem::replace(&mut self.state, State::Broken);
        self.buffer.copy_within(self.ready..self.filled, 0);
        self.plain -= self.ready;
        self.filled -= self.ready;
        (self.start, self.ready) = (0, 0);
        let read = fill(&mut self.input, &mut self.buffer[self.filled..])?;
        self.filled += read;
        let end = self.filled < self.buffer.len();
        let cipher = &mut self.buffer[self.plain..self.filled];
        if end {
            self.cfb.clone().end(cipher);
            self.plain = self.filled;
        } else {
            self.cfb.blocks(cipher);
            self.plain += cipher.len() / BLOCK * BLOCK;
        }
        self.ready = self.plain.checked_sub(CHECK).ok_or(io::ErrorKind::InvalidData)?;
        self.hash.update(&self.buffer[..self.ready]);
        if before == State::Prefix {
            self.start = PREFIX;
        }
        if self.start > self.ready {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.state = State::Data;
        if end {
            let check = &self.buffer[self.ready..self.plain];
            self.hash.update(&check[..2]);
            let sum = self.hash.finalize_reset();
            if check[..2] != [0xd3, 0x14] || check[2..] != sum[..] {
                self.state = State::Broken;
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.state = State::Checked;
        }
        Ok(())
    }
}

impl<R: Read> BufRead for Checked<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.start == self.ready && self.state != State::Checked {
            if self.state == State::Broken {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.refill()?;
        }
        Ok(&self.buffer[self.start..self.ready])
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let count = from.len().min(buffer.len());
        buffer[..count].copy_from_slice(&from[..count]);
        self.consume(count);
        Ok(count)
    }
}
