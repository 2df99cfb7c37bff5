//! Payloads in chunks of 64 KiB with a tag of 16 bytes each, which age and rclone crypt share; they
//! differ in the cipher, in where the tag stands, and in whether the last chunk says that it is.

use crate::stream::{Sink, Source};
use crate::{Error, Result};

pub(crate) const CHUNK: usize = 64 * 1024;
pub(crate) const TAG: usize = 16;
pub(crate) const SEALED: usize = CHUNK + TAG;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Else the tag stands behind the data.
    pub tag_first: bool,
    /// An empty file has one empty chunk; else it has none.
    pub empty_chunk: bool,
}

pub(crate) trait Chunks: Send + Sync {
    fn shape(&self) -> Shape;
    fn seal(&self, index: u64, last: bool, data: &mut [u8]) -> Result<[u8; TAG]>;
    /// Leaves `data` as it was when the tag does not fit.
    fn open(&self, index: u64, last: bool, data: &mut [u8], tag: &[u8; TAG]) -> bool;
}

impl Shape {
    /// Bytes of the sealed payload, without the file's header.
    pub fn sealed_len(self, plain: u64) -> u64 {
        let chunks = plain.div_ceil(CHUNK as u64).max(u64::from(self.empty_chunk));
        plain.saturating_add(chunks * TAG as u64)
    }

    /// The reverse; `None` for a length that no payload has.
    pub fn opened_len(self, sealed: u64) -> Option<u64> {
        let (full, rest) = (sealed / SEALED as u64, sealed % SEALED as u64);
        let whole = full * CHUNK as u64;
        match rest {
            0 if full == 0 && self.empty_chunk => None,
            0 => Some(whole),
            16 if full == 0 && self.empty_chunk => Some(0),
            1..=16 => None,
            _ => Some(whole + rest - TAG as u64),
        }
    }
}

/// Seals everything that `source` gives.
pub(crate) fn seal(
    cipher: &dyn Chunks,
    source: &mut Source<'_>,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let shape = cipher.shape();
    // The data stand in the middle, so that the tag fits on either side of them.
    let mut now = vec![0; TAG + CHUNK + TAG];
    let mut next = now.clone();
    let mut len = source.fill(&mut now[TAG..TAG + CHUNK])?;
    let mut index = 0;
    loop {
        let after = match len {
            CHUNK => source.fill(&mut next[TAG..TAG + CHUNK])?,
            _ => 0,
        };
        let last = after == 0;
        if len > 0 || (index == 0 && shape.empty_chunk) {
            let tag = cipher.seal(index, last, &mut now[TAG..TAG + len])?;
            let start = if shape.tag_first { 0 } else { TAG };
            let place = if shape.tag_first { 0 } else { TAG + len };
            now[place..place + TAG].copy_from_slice(&tag);
            sink.put(&now[start..start + len + TAG])?;
        }
        if last {
            return Ok(());
        }
        std::mem::swap(&mut now, &mut next);
        len = after;
        index += 1;
    }
}

/// Opens everything that `source` gives. The first chunk decides which of the ciphers is the one.
pub(crate) fn open(
    ciphers: &[Box<dyn Chunks>],
    source: &mut Source<'_>,
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mut opener = Opener::new(ciphers)?;
    let (mut now, mut next) = (vec![0; SEALED], vec![0; SEALED]);
    let mut len = source.fill(&mut now)?;
    if len == 0 {
        return if opener.shape.empty_chunk { Err(Error::WrongOrDamaged) } else { Ok(()) };
    }
    let mut index = 0;
    loop {
        let after = match len {
            SEALED => source.fill(&mut next)?,
            _ => 0,
        };
        let last = after == 0;
        sink.put(opener.open(index, last, &mut now[..len])?)?;
        if last {
            return Ok(());
        }
        std::mem::swap(&mut now, &mut next);
        len = after;
        index += 1;
    }
}

/// Opens chunks by number, with the cipher that fits.
pub(crate) struct Opener<'a> {
    ciphers: &'a [Box<dyn Chunks>],
    fits: Option<usize>,
    shape: Shape,
}

impl<'a> Opener<'a> {
    pub fn new(ciphers: &'a [Box<dyn Chunks>]) -> Result<Self> {
        let shape = ciphers.first().ok_or(Error::NoKeyFits)?.shape();
        Ok(Self { ciphers, fits: None, shape })
    }

    /// `sealed` is one chunk with its tag; gives the data within it.
    pub fn open<'b>(&mut self, index: u64, last: bool, sealed: &'b mut [u8]) -> Result<&'b [u8]> {
        let empty = sealed.len() <= TAG;
        let may_be_empty = self.shape.empty_chunk && index == 0 && last;
        if sealed.len() < TAG || (empty && !may_be_empty) {
            return Err(Error::WrongOrDamaged);
        }
        let (data, tag) = if self.shape.tag_first {
            let (tag, data) = sealed.split_at_mut(TAG);
            (data, tag)
        } else {
            sealed.split_at_mut(sealed.len() - TAG)
        };
        let mut whole = [0; TAG];
        whole.copy_from_slice(tag);
        let fits = match self.fits {
            Some(one) => self.ciphers[one].open(index, last, data, &whole).then_some(one),
            None => self.ciphers.iter().position(|c| c.open(index, last, data, &whole)),
        };
        self.fits = Some(fits.ok_or(Error::WrongOrDamaged)?);
        Ok(data)
    }
}
