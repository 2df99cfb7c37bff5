//! Packet headers, and bodies that come in parts (RFC 9580, section 4.2).

use std::io::{self, BufRead, Read};

pub(super) struct Header {
    pub tag: u8,
    pub length: Length,
}

#[derive(Clone, Copy)]
pub(super) enum Length {
    Fixed(u64),
    /// So many bytes, and another length behind them.
    Part(u64),
    /// Up to the end of what surrounds the packet.
    Open,
}

/// `None` at the end.
pub(super) fn header(input: &mut dyn BufRead) -> io::Result<Option<Header>> {
    if input.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let first = byte(input)?;
    if first & 0x80 == 0 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    if first & 0x40 != 0 {
        return Ok(Some(Header { tag: first & 0x3f, length: new_length(input)? }));
    }
    let octets = match first & 3 {
        0 => 1,
        1 => 2,
        2 => 4,
        _ => return Ok(Some(Header { tag: first >> 2 & 0xf, length: Length::Open })),
    };
    Ok(Some(Header { tag: first >> 2 & 0xf, length: Length::Fixed(number(input, octets)?) }))
}

fn new_length(input: &mut dyn BufRead) -> io::Result<Length> {
    let first = u64::from(byte(input)?);
    Ok(match first {
        0..192 => Length::Fixed(first),
        192..224 => Length::Fixed(((first - 192) << 8) + u64::from(byte(input)?) + 192),
        224..255 => Length::Part(1 << (first & 0x1f)),
        _ => Length::Fixed(number(input, 4)?),
    })
}

fn number(input: &mut dyn BufRead, octets: usize) -> io::Result<u64> {
    (0..octets).try_fold(0, |sum, _| Ok(sum << 8 | u64::from(byte(input)?)))
}

pub(super) fn byte(input: &mut dyn BufRead) -> io::Result<u8> {
    let mut one = [0];
    input.read_exact(&mut one)?;
    Ok(one[0])
}

/// A packet's body, whatever the parts it comes in.
pub(super) struct Body<'a> {
    input: &'a mut dyn BufRead,
    length: Length,
}

impl<'a> Body<'a> {
    pub fn new(input: &'a mut dyn BufRead, length: Length) -> Self {
        Self { input, length }
    }

    /// Skips what is left.
    pub fn skip(&mut self) -> io::Result<()> {
        loop {
            let len = self.fill_buf()?.len();
            if len == 0 {
                return Ok(());
            }
            self.consume(len);
        }
    }

    /// Skips what is left, if that is at most `most` bytes.
    pub fn skip_small(&mut self, most: usize) -> io::Result<()> {
        self.read_small(most).map(drop)
    }

    /// What is left, if that is at most `most` bytes.
    pub fn read_small(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.take(most as u64 + 1).read_to_end(&mut bytes)?;
        match bytes.len() > most {
            true => Err(io::ErrorKind::InvalidData.into()),
            false => Ok(bytes),
        }
    }
}

impl BufRead for Body<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while let Length::Part(0) = self.length {
            self.length = new_length(self.input)?;
        }
        let left = match self.length {
            Length::Fixed(0) => return Ok(&[]),
            Length::Fixed(left) | Length::Part(left) => left,
            Length::Open => return self.input.fill_buf(),
        };
        let buffer = self.input.fill_buf()?;
        if buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(&buffer[..buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX))])
    }

    fn consume(&mut self, count: usize) {
        match &mut self.length {
            Length::Fixed(left) | Length::Part(left) => *left -= count as u64,
            Length::Open => {}
        }
        self.input.consume(count);
    }
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let count = from.len().min(buffer.len());
        buffer[..count].copy_from_slice(&from[..count]);
        self.consume(count);
        Ok(count)
    }
}
