//! A part of an encrypted file, without the rest of it.

use std::fmt;
use std::io::{Read, Write};
use std::ops::Range;

use crate::chunks::{CHUNK, Chunks, Opener, SEALED};
use crate::stream::{Sink, Source};
use crate::{Error, Result};

/// Opens any part of one file in age's or rclone's format. Made by [`Decryptor::open_range`].
///
/// Every chunk is authenticated, with its place in the file. That the file ends where it does is only
/// known, with age, to who reads the last chunk; with rclone, to nobody.
///
/// [`Decryptor::open_range`]: crate::Decryptor::open_range
pub struct RangeReader {
    ciphers: Vec<Box<dyn Chunks>>,
    header: u64,
    cipher_len: u64,
    plain_len: u64,
}

impl fmt::Debug for RangeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RangeReader").field("plain_len", &self.plain_len).finish_non_exhaustive()
    }
}

impl RangeReader {
    /// `header` bytes stand before the chunks of a file of `cipher_len` bytes.
    pub(crate) fn new(ciphers: Vec<Box<dyn Chunks>>, header: u64, cipher_len: u64) -> Result<Self> {
        let shape = ciphers.first().ok_or(Error::NoKeyFits)?.shape();
        let sealed = cipher_len.checked_sub(header).ok_or(Error::WrongOrDamaged)?;
        let plain_len = shape.opened_len(sealed).ok_or(Error::WrongOrDamaged)?;
        Ok(Self { ciphers, header, cipher_len, plain_len })
    }

    /// Bytes of the whole file once decrypted.
    pub fn plain_len(&self) -> u64 {
        self.plain_len
    }

    /// The bytes of the encrypted file that [`RangeReader::decrypt`] needs for `len` bytes from
    /// `offset`. Empty for what lies behind the end.
    pub fn cipher_range(&self, offset: u64, len: u64) -> Range<u64> {
        let end = offset.saturating_add(len).min(self.plain_len);
        if offset >= end {
            return self.cipher_len..self.cipher_len;
        }
        let place = |chunk: u64| self.header + chunk * SEALED as u64;
        let chunk = CHUNK as u64;
        place(offset / chunk)..place((end - 1) / chunk + 1).min(self.cipher_len)
    }

    /// Decrypts `len` bytes from `offset`, cut at the file's end; gives how many that are. `cipher`
    /// must give exactly the bytes of [`RangeReader::cipher_range`].
    pub fn decrypt(
        &self,
        offset: u64,
        len: u64,
        cipher: &mut dyn Read,
        out: &mut dyn Write,
    ) -> Result<u64> {
        let mut range = self.cipher_range(offset, len);
        let end = offset.saturating_add(len).min(self.plain_len);
        let (mut source, mut sink) = (Source::new(cipher), Sink::new(out));
        let mut opener = Opener::new(&self.ciphers)?;
        let mut buffer = vec![0; SEALED];
        let mut index = offset / CHUNK as u64;
        while range.start < range.end {
            let want = (range.end - range.start).min(SEALED as u64) as usize;
            if source.fill(&mut buffer[..want])? < want {
                return Err(Error::WrongOrDamaged);
            }
            range.start += want as u64;
            let last = range.start == self.cipher_len;
            let data = opener.open(index, last, &mut buffer[..want])?;
            let first = index * CHUNK as u64;
            let from = offset.saturating_sub(first).min(data.len() as u64) as usize;
            let to = (end - first).min(data.len() as u64) as usize;
            sink.put(&data[from..to])?;
            index += 1;
        }
        Ok(sink.written)
    }
}
