//! Encryption on this machine. What goes up is encrypted into a file of ours first, so that a later run
//! sends the very same bytes; what comes down is decrypted once it is whole and proven, and gets its
//! name after that.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dipper_crypt::{DecryptKeys, Decryptor, EncryptKey, Error, Format, Recipe};
use dipper_s3::{ObjectHead, ObjectHeaders};
use dipper_state::{TransferRow, TransferState};
use dipper_types::TransferId;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::attrs::Attrs;
use crate::engine::{Engine, JobContext};
use crate::error::TransferError;
use crate::origin::{expect, look, same};
use crate::source::fingerprint;

/// What s3cmd marks its encrypted objects with. Only that it is there counts.
const GPG: &str = "s3tools-gpgenc";
/// What names the format of others.
const MARK: &str = "dipper-encryption";
const BLOCK: usize = 1 << 20;
/// A passphrase may take hundreds of megabytes for a moment, and a core for a second.
static TURNS: Semaphore = Semaphore::const_new(2);

/// In which format, and with which keys, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// `openpgp`, `age` or `rclone`
    pub format: String,
    pub keys: Vec<String>,
}

/// What a ciphertext was made of.
pub(crate) struct Plain {
    pub meta: Metadata,
    pub md5: [u8; 16],
}

/// A ciphertext that waits to be sent.
pub(crate) struct Spool {
    pub path: PathBuf,
    pub plain: Arc<Plain>,
}

/// Says of an object how it is encrypted, and nothing of what is in it.
pub(crate) fn mark(headers: &mut ObjectHeaders, asked: Option<&String>, seal: &Seal) {
    headers.content_type =
        Some(asked.map_or("application/octet-stream", String::as_str).to_owned());
    headers.metadata.push(match seal.format.as_str() {
        "openpgp" => (GPG.to_owned(), "gpg".to_owned()),
        other => (MARK.to_owned(), other.to_owned()),
    });
}

/// How an object says that it is encrypted.
pub fn format_of(head: &ObjectHead) -> Option<Format> {
    let named = |name: &str| {
        head.headers.metadata.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
    };
    if named(GPG).is_some() {
        return Some(Format::OpenPgp);
    }
    named(MARK).and_then(|(_, format)| format.parse().ok())
}

/// The file's ciphertext: an earlier run's if the file is still what it was, or a new one.
pub(crate) async fn spool(
    context: &Arc<JobContext>,
    transfer: &TransferRow,
    seal: &Seal,
) -> Result<Spool, TransferError> {
    let engine = &context.engine;
    let source = transfer.local.clone().unwrap_or_default();
    let key = engine.connections.encrypt_key(seal).await?;
    let folder = engine.home.join("spool");
    let (id, cancel) = (transfer.id.get(), context.cancel.clone());
    let _turn = TURNS.acquire().await.map_err(|_| TransferError::Cancelled)?;
    let made = tokio::task::spawn_blocking(move || encrypted(&key, &source, &folder, id, &cancel));
    made.await.map_err(|_| TransferError::Panicked)?
}

fn encrypted(
    key: &EncryptKey,
    source: &Path,
    folder: &Path,
    transfer: i64,
    cancel: &CancellationToken,
) -> Result<Spool, TransferError> {
    look(source)?;
    let file = File::open(source).map_err(TransferError::local("read", source))?;
    let meta = file.metadata().map_err(TransferError::local("read", source))?;
    let before = fingerprint(&meta);
    std::fs::create_dir_all(folder).map_err(TransferError::local("make", folder))?;
    // Another state of the file has another name: two ciphertexts are never mixed.
    let name = format!("{transfer}-{}-{}-{}", before.size, before.mtime_ns, before.inode);
    let path = folder.join(&name);
    let mut plain = Counted { from: &file, md5: Md5::new(), cancel };
    if path.is_file() {
        io::copy(&mut plain, &mut io::sink()).map_err(|e| plain.failed("read", source, e))?;
    } else {
        let new = folder.join(format!("{name}.new"));
        let _ = std::fs::remove_file(&new);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let made = options.open(&new).map_err(TransferError::local("make", &new)).and_then(|out| {
            let mut out = BufWriter::with_capacity(BLOCK, out);
            let recipe = Recipe::new(key).map_err(|e| sealed(source, e))?;
            recipe.encrypt(&mut plain, &mut out).map_err(|error| match error {
                Error::Source(error) => plain.failed("read", source, error),
                Error::Sink(error) => TransferError::local("write", &new)(error),
                other => sealed(source, other),
            })?;
            let out = out.into_inner().map_err(|e| e.into_error());
            out.and_then(|out| out.sync_all()).map_err(TransferError::local("write", &new))?;
            std::fs::rename(&new, &path).map_err(TransferError::local("name", &path))
        });
        if let Err(error) = made {
            let _ = std::fs::remove_file(&new);
            return Err(error);
        }
    }
    let md5 = plain.md5.finalize().into();
    if let Err(error) = same(&file, source, before) {
        let _ = std::fs::remove_file(&path);
        return Err(error);
    }
    Ok(Spool { path, plain: Arc::new(Plain { meta, md5 }) })
}

/// A file as it is read: its MD5, and an end when nobody waits for it any more.
struct Counted<'a> {
    from: &'a File,
    md5: Md5,
    cancel: &'a CancellationToken,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        let n = self.from.read(buffer)?;
        self.md5.update(&buffer[..n]);
        Ok(n)
    }
}

impl Counted<'_> {
    fn failed(&self, op: &'static str, path: &Path, error: io::Error) -> TransferError {
        match self.cancel.is_cancelled() {
            true => TransferError::Cancelled,
            false => TransferError::local(op, path)(error),
        }
    }
}

fn sealed(path: &Path, source: Error) -> TransferError {
    TransferError::Crypt { path: path.to_owned(), source }
}

/// What is written, and its MD5.
struct Hashed<W> {
    to: W,
    md5: Md5,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.to.write(bytes)?;
        self.md5.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Decrypts all of `cipher` into `out`, and compares with the MD5 that the object keeps of its plaintext.
/// Gives the length. Nothing of `out` counts before this is `Ok`.
pub(crate) fn open(
    (format, keys): (Format, &DecryptKeys),
    head: &ObjectHead,
    cipher: &mut dyn Read,
    out: impl Write,
    path: &Path,
) -> Result<u64, TransferError> {
    let mut out = Hashed { to: BufWriter::with_capacity(BLOCK, out), md5: Md5::new() };
    let mut cipher = BufReader::with_capacity(BLOCK, cipher);
    let done =
        Decryptor::new(format, keys).decrypt(&mut cipher, &mut out).map_err(|e| match e {
            Error::Source(error) => TransferError::local("read", path)(error),
            Error::Sink(error) => TransferError::local("write", path)(error),
            other => sealed(path, other),
        })?;
    out.flush().map_err(TransferError::local("write", path))?;
    let kept = Attrs::of_head(head).and_then(|attrs| attrs.md5);
    if let Some(kept) = kept {
        let came: [u8; 16] = out.md5.finalize().into();
        expect("the MD5 of what was decrypted", &hex::encode(kept), &hex::encode(came))?;
    }
    Ok(done.plain)
}

impl Engine {
    /// Ciphertexts whose transfers are not open any more.
    pub(crate) fn sweep_spool(&self) {
        let Ok(folder) = std::fs::read_dir(self.home.join("spool")) else { return };
        for entry in folder.flatten() {
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.split('-').next()?.parse().ok());
            let row = id.and_then(|id| self.journal.transfer(TransferId::new(id)).ok().flatten());
            let state = row.map(|row| row.state);
            if state != Some(TransferState::Queued) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}
