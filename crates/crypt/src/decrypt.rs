//! Any of the formats, opened by any of the keys.

use std::io::{BufReader, Read, Write};

use crate::age::{self, AgeIdentity};
use crate::chunks::{self, Chunks};
use crate::stream::{Sink, Source};
use crate::{DecryptKeys, Done, Error, Format, RangeReader, Result, openpgp, rclone, sniff};

/// Enough of a file's beginning for [`sniff`].
pub const SNIFF_LEN: usize = 64;
/// Enough of a file's beginning for [`Decryptor::open_range`].
pub const HEAD_LEN: usize = age::MAX_HEADER + age::NONCE;

/// Opens files with the keys it was given.
///
/// **What was written to `out` is not authenticated before `decrypt` gives `Ok`.** OpenPGP checks the
/// whole file at its end. age and rclone check each 64 KiB before they are written, and their place;
/// that the file was not cut off shows at the end with age, and never with rclone if the cut is at the
/// edge of a chunk. So: write to a temporary name, compare lengths, and rename after `Ok`.
#[derive(Debug)]
pub struct Decryptor<'a> {
    format: Option<Format>,
    keys: &'a DecryptKeys,
    max_work: u8,
}

impl<'a> Decryptor<'a> {
    /// `None` finds the format by a file's first bytes.
    pub fn new(format: impl Into<Option<Format>>, keys: &'a DecryptKeys) -> Self {
        Self { format: format.into(), keys, max_work: age::MAX_WORK }
    }

    /// The most work that an age file's passphrase may take, as log2 of scrypt's N: each step doubles
    /// time and memory, and 20 is one gibibyte.
    pub fn max_age_work(mut self, work: u8) -> Self {
        self.max_work = work;
        self
    }

    /// Reads `cipher` to its end and writes what it holds. Read the rule above on when that counts.
    pub fn decrypt(&self, cipher: &mut dyn Read, out: &mut dyn Write) -> Result<Done> {
        let mut outer = Source::new(cipher);
        let mut start = vec![0; SNIFF_LEN];
        let len = outer.fill(&mut start)?;
        start.truncate(len);
        let format = self.format_of(&start)?;
        // age's header is read byte by byte; larger reads go past the buffer.
        let mut whole = BufReader::new(start.as_slice().chain(&mut outer));
        let (mut source, mut sink) = (Source::new(&mut whole), Sink::new(out));
        let done = self.open(format, &mut source, &mut sink);
        let read = source.read;
        match (done, outer.failure()) {
            (_, Some(failure)) => Err(failure),
            (done, None) => done.map(|()| Done { format, plain: sink.written, cipher: read }),
        }
    }

    fn format_of(&self, start: &[u8]) -> Result<Format> {
        let seen = sniff(start);
        match self.format {
            // OpenPGP has no mark of its own: who says that it is one, is believed.
            Some(Format::OpenPgp) if seen.is_none() => Ok(Format::OpenPgp),
            Some(wanted) if seen != Some(wanted) => Err(Error::NotEncrypted),
            _ => seen.ok_or(Error::NotEncrypted),
        }
    }

    fn open(&self, format: Format, source: &mut Source<'_>, sink: &mut Sink<'_>) -> Result<()> {
        match format {
            Format::OpenPgp => {
                let passphrases: Vec<&str> = self.keys.passphrases().collect();
                openpgp::decrypt(source, sink, &passphrases)
            }
            Format::Age => {
                let head = age::read_head(source)?;
                chunks::open(&[self.age(&head)?], source, sink)
            }
            Format::Rclone => {
                let mut header = [0; rclone::HEADER];
                let len = source.fill(&mut header)?;
                chunks::open(&self.rclone(&header[..len])?, source, sink)
            }
        }
    }

    /// A reader for parts of an age or rclone file of `cipher_len` bytes. `head` is its beginning, of
    /// [`HEAD_LEN`] bytes or the whole file if that is shorter. `Unsupported` for OpenPGP.
    pub fn open_range(&self, head: &[u8], cipher_len: u64) -> Result<RangeReader> {
        match self.format_of(head)? {
            Format::OpenPgp => {
                Err(crate::error::unsupported("reading an OpenPGP file from its middle"))
            }
            Format::Age => {
                let mut bytes = head;
                let head = age::read_head(&mut Source::new(&mut bytes))?;
                RangeReader::new(vec![self.age(&head)?], head.len() as u64, cipher_len)
            }
            Format::Rclone => {
                RangeReader::new(self.rclone(head)?, rclone::HEADER as u64, cipher_len)
            }
        }
    }

    fn age(&self, head: &[u8]) -> Result<Box<dyn Chunks>> {
        let mut identities = self.keys.identities.iter() as std::slice::Iter<'_, AgeIdentity>;
        let key = age::unwrap(head, &mut self.keys.passphrases(), &mut identities, self.max_work)?;
        Ok(Box::new(age::Payload::new(&key)))
    }

    /// One for each key: the first chunk tells which is right.
    fn rclone(&self, header: &[u8]) -> Result<Vec<Box<dyn Chunks>>> {
        if header.len() < rclone::HEADER {
            return Err(Error::WrongOrDamaged);
        }
        let nonce = rclone::nonce_of(header)?;
        if self.keys.rclone.is_empty() {
            return Err(Error::NoKeyFits);
        }
        let payload = |keys: &rclone::RcloneKeys| -> Box<dyn Chunks> {
            Box::new(rclone::Payload::new(keys.content(), nonce))
        };
        Ok(self.keys.rclone.iter().map(payload).collect())
    }
}
