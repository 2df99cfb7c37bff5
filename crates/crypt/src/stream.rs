//! The caller's reader and writer, counted, and with their own failures told apart from ours.

use std::io::{self, Read, Write};

use crate::{Error, Result};

pub(crate) struct Source<'a> {
    inner: &'a mut dyn Read,
    pub read: u64,
    /// The reader's error, kept while another layer hands a copy up.
    failed: Option<io::Error>,
}

impl<'a> Source<'a> {
    pub fn new(inner: &'a mut dyn Read) -> Self {
        Self { inner, read: 0, failed: None }
    }

    /// Reads until `buffer` is full or the end is there; gives how much that is.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        fill(self, buffer).map_err(|e| self.failure().unwrap_or(Error::Source(e)))
    }

    /// The reader's own failure, if it had one.
    pub fn failure(&mut self) -> Option<Error> {
        self.failed.take().map(Error::Source)
    }
}

/// Reads until `buffer` is full or the end is there.
pub(crate) fn fill(from: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.inner.read(buffer) {
                Ok(n) => {
                    self.read += n as u64;
                    return Ok(n);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    let kind = e.kind();
                    self.failed = Some(e);
                    return Err(kind.into());
                }
            }
        }
    }
}

pub(crate) struct Sink<'a> {
    inner: &'a mut dyn Write,
    pub written: u64,
}

impl<'a> Sink<'a> {
    pub fn new(inner: &'a mut dyn Write) -> Self {
        Self { inner, written: 0 }
    }

    pub fn put(&mut self, data: &[u8]) -> Result<()> {
        self.inner.write_all(data).map_err(Error::Sink)?;
        self.written += data.len() as u64;
        Ok(())
    }
}
