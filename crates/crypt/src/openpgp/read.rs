//! Messages of any GnuPG, and of others, under a passphrase. The packets are taken apart here, so that
//! no length in a header decides about memory. AES in CFB, the usual, is deciphered beside this; what else
//! there is, by the `pgp` crate.

use std::io::{self, BufRead, BufReader, Read};

use pgp::composed::PlainSessionKey;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::packet::{
    Decompressor, GnupgAeadDataConfig, StreamDecryptor, SymEncryptedProtectedDataConfig,
    SymKeyEncryptedSessionKey,
};
use pgp::types::Seipdv1ReadMode;

use super::aes::Checked;
use super::framing::{Body, byte, header};
use super::session::{self, MAX_PACKET, fits};
use super::tag;
use crate::error::unsupported;
use crate::stream::{Sink, Source, fill};
use crate::{Error, Result};

/// Each costs the hashing of 65 MB.
const MAX_SESSIONS: usize = 8;
/// Other recipients of the message.
const MAX_OTHERS: usize = 1000;
const MAX_OTHER: usize = 16 * 1024;
/// Packets within packets; GnuPG makes two.
const MAX_DEPTH: usize = 4;
/// More than the longest prefix, with a byte to see what follows it.
const START: usize = 19;

const NO_CHECK: &str =
    "an OpenPGP file without integrity protection, which anybody could have changed";
const PUBLIC: &str = "an OpenPGP file for somebody's public key; only passphrases are";

pub(crate) fn decrypt(
    source: &mut Source<'_>,
    sink: &mut Sink<'_>,
    passphrases: &[&str],
) -> Result<()> {
    let mut input = BufReader::with_capacity(64 * 1024, &mut *source);
    let done = message(&mut input, sink, passphrases);
    drop(input);
    // A layer above may have seen the reader's failure as a broken file.
    match (done, source.failure()) {
        (_, Some(failure)) => Err(failure),
        (done, None) => done,
    }
}

/// What a broken stream means, once the caller's own failures are set apart.
fn damaged(_: io::Error) -> Error {
    Error::WrongOrDamaged
}

fn message(input: &mut dyn BufRead, sink: &mut Sink<'_>, passphrases: &[&str]) -> Result<()> {
    let (mut sessions, mut others) = (Vec::new(), 0);
    loop {
        let Some(packet) = header(input).map_err(damaged)? else {
            return Err(Error::WrongOrDamaged);
        };
        let mut body = Body::new(input, packet.length);
        match packet.tag {
            tag::SYMMETRIC_SESSION if sessions.len() < MAX_SESSIONS => {
                let bytes = body.read_small(MAX_PACKET).map_err(damaged)?;
                sessions.extend(session::parse(&bytes)?);
            }
            tag::PUBLIC_KEY_SESSION if others < MAX_OTHERS => {
                others += 1;
                body.skip_small(MAX_OTHER).map_err(damaged)?;
            }
            tag::MARKER => body.skip_small(MAX_PACKET).map_err(damaged)?,
            tag::PADDING => body.skip().map_err(damaged)?,
            tag::PROTECTED | tag::GNUPG_AEAD => {
                if sessions.is_empty() {
                    return Err(if others > 0 {
                        unsupported(PUBLIC)
                    } else {
                        Error::WrongOrDamaged
                    });
                }
                let keys = keys(&sessions, passphrases)?;
                protected(packet.tag, body, &keys, sink)?;
                break;
            }
            tag::UNPROTECTED => return Err(unsupported(NO_CHECK)),
            tag::SYMMETRIC_SESSION | tag::PUBLIC_KEY_SESSION => {
                return Err(unsupported("an OpenPGP file for so many keys"));
            }
            _ => return Err(Error::WrongOrDamaged),
        }
    }
    // The message is all there is.
    match input.fill_buf().map_err(damaged)?.is_empty() {
        true => Ok(()),
        false => Err(Error::WrongOrDamaged),
    }
}

fn keys(
    sessions: &[SymKeyEncryptedSessionKey],
    passphrases: &[&str],
) -> Result<Vec<PlainSessionKey>> {
    if passphrases.is_empty() {
        return Err(Error::NoKeyFits);
    }
    let mut keys = Vec::new();
    let mut refused = None;
    for session in sessions {
        for passphrase in passphrases {
            match session::unlock(session, passphrase) {
                Ok(key) => keys.extend(key),
                Err(why) => refused = Some(why),
            }
        }
    }
    match refused {
        Some(why) if keys.is_empty() => Err(why),
        _ if keys.is_empty() => Err(Error::WrongOrDamaged),
        _ => Ok(keys),
    }
}

fn protected(
    kind: u8,
    mut body: Body<'_>,
    keys: &[PlainSessionKey],
    sink: &mut Sink<'_>,
) -> Result<()> {
    let mut stream = if kind == tag::GNUPG_AEAD {
        gnupg_aead(body, keys)?
    } else {
        match body.fill_buf().map_err(damaged)?.first() {
            Some(1) => version_1(body, keys)?,
            Some(2) => version_2(body, keys)?,
            _ => return Err(unsupported("this version of OpenPGP's protected data")),
        }
    };
    let found = content(&mut stream, sink, 0)?;
    // Up to here nothing is known to be genuine: the end of the stream is what checks the whole.
    match stream.fill_buf().map_err(damaged)?.is_empty() && found {
        true => Ok(()),
        false => Err(Error::WrongOrDamaged),
    }
}

/// The packets within, whose end is only reached if they are genuine.
type Stream<'a> = Box<dyn BufRead + 'a>;

/// CFB with a hash at its end. Its first bytes repeat themselves, which shows most wrong keys.
fn version_1<'a>(mut body: Body<'a>, keys: &[PlainSessionKey]) -> Result<Stream<'a>> {
    byte(&mut body).map_err(damaged)?;
    let mut start = vec![0; START];
    if fill(&mut body, &mut start).map_err(damaged)? < START {
        return Err(Error::WrongOrDamaged);
    }
    let plausible = keys.iter().find_map(|key| match key {
        PlainSessionKey::V3_4 { sym_alg, key } if fits(key, *sym_alg) => {
            begins_well(*sym_alg, key.as_ref(), &start).then_some((*sym_alg, key))
        }
        _ => None,
    });
    let (alg, key) = plausible.ok_or(Error::WrongOrDamaged)?;
    let (input, key) = (io::Cursor::new(start).chain(body), key.as_ref());
    if is_aes(alg).is_ok() {
        let stream = Checked::new(alg, key, input).ok_or(Error::WrongOrDamaged)?;
        return Ok(Box::new(stream));
    }
    boxed(StreamDecryptor::v1(alg, Seipdv1ReadMode::Streaming, key, input))
}

fn boxed<'a, R: BufRead + 'a>(
    stream: pgp::errors::Result<StreamDecryptor<R>>,
) -> Result<Stream<'a>> {
    match stream {
        Ok(stream) => Ok(Box::new(stream)),
        Err(_) => Err(unsupported("this cipher in an OpenPGP file")),
    }
}

/// Whether the repeated bytes repeat, and a packet follows them.
fn begins_well(alg: SymmetricKeyAlgorithm, key: &[u8], start: &[u8]) -> bool {
    let block = alg.block_size();
    let Some(mut start) = start.get(..block + 3).map(<[u8]>::to_vec) else { return false };
    alg.decrypt_with_iv_regular(key, &vec![0; block], &mut start).is_ok()
        && start[block - 2..block] == start[block..block + 2]
        && start[block + 2] & 0x80 != 0
}

fn version_2<'a>(mut body: Body<'a>, keys: &[PlainSessionKey]) -> Result<Stream<'a>> {
    let config = SymEncryptedProtectedDataConfig::try_from_reader(&mut body);
    let Ok(SymEncryptedProtectedDataConfig::V2 { sym_alg, aead, chunk_size, salt }) = config else {
        return Err(Error::WrongOrDamaged);
    };
    let key = keys.iter().find_map(|key| match key {
        PlainSessionKey::V6 { key } if fits(key, sym_alg) => Some(key),
        _ => None,
    });
    let key = key.ok_or(Error::WrongOrDamaged)?;
    is_aes(sym_alg)?;
    boxed(StreamDecryptor::v2(sym_alg, aead, chunk_size, &salt, key.as_ref(), body))
}

/// What GnuPG 2.3 and later write for keys that ask for it, or with `--force-ocb`.
fn gnupg_aead<'a>(mut body: Body<'a>, keys: &[PlainSessionKey]) -> Result<Stream<'a>> {
    let config = GnupgAeadDataConfig::try_from_reader(&mut body);
    let config = config.map_err(|_| Error::WrongOrDamaged)?;
    let alg = config.sym_alg;
    is_aes(alg)?;
    let key = keys.iter().find_map(|key| match key {
        PlainSessionKey::V3_4 { sym_alg, key } if *sym_alg == alg && fits(key, alg) => Some(key),
        PlainSessionKey::V5 { key } if fits(key, alg) => Some(key),
        _ => None,
    });
    let key = key.ok_or(Error::WrongOrDamaged)?;
    let (aead, chunk_size) = (config.aead, config.chunk_size);
    boxed(StreamDecryptor::gnupg_aead(alg, aead, chunk_size, key.as_ref(), &config.iv, body))
}

fn is_aes(alg: SymmetricKeyAlgorithm) -> Result<()> {
    use SymmetricKeyAlgorithm::{AES128, AES192, AES256};
    match alg {
        AES128 | AES192 | AES256 => Ok(()),
        other => Err(unsupported(format!("the cipher {other:?} in an authenticated mode"))),
    }
}

/// Takes the packets within apart, and hands the literal one to the caller; whether there was one.
fn content(input: &mut dyn BufRead, sink: &mut Sink<'_>, depth: usize) -> Result<bool> {
    let mut found = false;
    while let Some(packet) = header(input).map_err(damaged)? {
        let mut body = Body::new(input, packet.length);
        match packet.tag {
            tag::LITERAL if !found => {
                found = true;
                literal(&mut body, sink)?;
            }
            tag::COMPRESSED if !found && depth < MAX_DEPTH => {
                let mut inner =
                    Decompressor::from_reader(&mut body as &mut dyn BufRead).map_err(damaged)?;
                found = content(&mut inner, sink, depth + 1)?;
                drop(inner);
                body.skip().map_err(damaged)?;
            }
            // A signature says who made the file, and is not asked here.
            tag::SIGNATURE | tag::ONE_PASS | tag::MARKER | tag::PADDING => {
                body.skip().map_err(damaged)?;
            }
            _ => return Err(Error::WrongOrDamaged),
        }
    }
    Ok(found)
}

fn literal(body: &mut Body<'_>, sink: &mut Sink<'_>) -> Result<()> {
    let _mode = byte(body).map_err(damaged)?;
    let name = byte(body).map_err(damaged)?;
    for _ in 0..usize::from(name) + 4 {
        byte(body).map_err(damaged)?;
    }
    loop {
        let data = body.fill_buf().map_err(damaged)?;
        if data.is_empty() {
            return Ok(());
        }
        let len = data.len();
        sink.put(data)?;
        body.consume(len);
    }
}
