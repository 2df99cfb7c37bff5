//! Where an upload's bytes come from: a file here, or an object elsewhere.

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use dipper_s3::{Class, CopySource, GetRequest, HeadRequest, ObjectHead, S3};
use dipper_state::Fingerprint;
use dipper_types::{BucketName, ObjectKey};
use md5::{Digest, Md5};
use tokio_util::sync::CancellationToken;

use crate::error::TransferError;
use crate::fs;
use crate::hash::Crc;
use crate::pool::Pool;
use crate::retry::{self, Policy};
use crate::source::fingerprint;

#[derive(Clone)]
pub(crate) enum Origin {
    File(PathBuf),
    Object(Box<Remote>),
}

/// An object as a source. Its bytes come through this machine unless the service copies them itself.
#[derive(Clone)]
pub(crate) struct Remote {
    pub s3: S3,
    pub bucket: BucketName,
    pub key: ObjectKey,
    pub version_id: Option<String>,
    pub server_side: bool,
}

/// A source held open: what it was when it was opened is what is sent.
pub(crate) enum Open {
    File(Arc<File>, PathBuf),
    Object(Remote, Box<ObjectHead>),
}

impl Origin {
    pub fn changed(&self) -> TransferError {
        match self {
            Self::File(path) => TransferError::SourceChanged { path: path.clone() },
            Self::Object(remote) => remote.changed(),
        }
    }

    pub async fn open(
        &self,
        policy: &Policy,
        cancel: &CancellationToken,
    ) -> Result<(Open, Fingerprint), TransferError> {
        match self {
            Self::File(path) => open(path).await,
            Self::Object(remote) => {
                let head = remote.head(policy, cancel).await?;
                let fingerprint = of_head(&head);
                Ok((Open::Object(Remote::clone(remote), Box::new(head)), fingerprint))
            }
        }
    }
}

impl Remote {
    fn changed(&self) -> TransferError {
        TransferError::SourceChanged { path: format!("s3://{}/{}", self.bucket, self.key).into() }
    }

    pub async fn head(
        &self,
        policy: &Policy,
        cancel: &CancellationToken,
    ) -> Result<ObjectHead, TransferError> {
        let request = HeadRequest { version_id: self.version_id.clone(), ..HeadRequest::default() };
        let head = retry::run(policy.clone(), cancel.clone(), |_| async {
            Ok(self.s3.head_object_of(&self.bucket, &self.key, &request).await?)
        })
        .await?;
        if head.archived {
            return Err(TransferError::Archived);
        }
        Ok(head)
    }

    pub fn source(&self, head: &ObjectHead) -> CopySource {
        CopySource {
            bucket: self.bucket.clone(),
            key: self.key.clone(),
            version_id: self.version_id.clone(),
            if_match: head.etag.clone(),
        }
    }
}

impl Open {
    /// What the file is besides its bytes.
    pub fn metadata(&self) -> Option<Metadata> {
        match self {
            Self::File(file, _) => file.metadata().ok(),
            Self::Object(..) => None,
        }
    }

    /// Of all its bytes; `None` for an object, whose bytes are not here.
    pub async fn md5(&self, size: u64) -> Result<Option<[u8; 16]>, TransferError> {
        let Self::File(file, path) = self else { return Ok(None) };
        let (file, path) = (Arc::clone(file), path.clone());
        let hashed = tokio::task::spawn_blocking(move || {
            let mut hash = Md5::new();
            fs::each_block(&file, 0, size, |block| hash.update(block))
                .map_err(TransferError::local("read", &path))?;
            Ok(Some(hash.finalize().into()))
        });
        hashed.await.map_err(|_| TransferError::Panicked)?
    }

    /// Exactly these bytes; what ends earlier has changed.
    pub async fn read(
        &self,
        first: u64,
        len: u64,
        policy: &Policy,
        cancel: &CancellationToken,
        pool: &Arc<Pool>,
    ) -> Result<Bytes, TransferError> {
        match self {
            Self::File(file, path) => {
                let (file, path, pool) = (Arc::clone(file), path.clone(), Arc::clone(pool));
                tokio::task::spawn_blocking(move || read_piece(&file, &path, first, len, &pool))
                    .await
                    .map_err(|_| TransferError::Panicked)?
            }
            Self::Object(_, _) if len == 0 => Ok(Bytes::new()),
            Self::Object(remote, head) => {
                let request = GetRequest {
                    range: Some((first, len)),
                    if_match: head.etag.clone(),
                    version_id: remote.version_id.clone(),
                    ..GetRequest::default()
                };
                retry::run(policy.clone(), cancel.clone(), |_| async {
                    let got = remote.s3.get_object(&remote.bucket, &remote.key, &request).await;
                    let got = match got {
                        Err(error) if error.class == Class::PreconditionFailed => {
                            return Err(remote.changed());
                        }
                        got => got?,
                    };
                    let limit = usize::try_from(len).unwrap_or(usize::MAX);
                    let bytes = got.collect(limit).await?;
                    if bytes.len() as u64 != len {
                        return Err(TransferError::Mismatch {
                            what: "the bytes of a range",
                            expected: len.to_string(),
                            got: bytes.len().to_string(),
                        });
                    }
                    Ok(Bytes::from(bytes))
                })
                .await
            }
        }
    }

    /// As [`Self::read`], with the CRC-64/NVME of the bytes in base64.
    pub async fn read_hashed(
        &self,
        first: u64,
        len: u64,
        policy: &Policy,
        cancel: &CancellationToken,
        pool: &Arc<Pool>,
    ) -> Result<(Bytes, String), TransferError> {
        let hash = |bytes: Bytes| {
            let crc = Crc::Crc64nvme.base64(Crc::Crc64nvme.digest(&bytes));
            (bytes, crc)
        };
        let read = match self {
            Self::File(file, path) => {
                let (file, path, pool) = (Arc::clone(file), path.clone(), Arc::clone(pool));
                tokio::task::spawn_blocking(move || {
                    read_piece(&file, &path, first, len, &pool).map(hash)
                })
            }
            Self::Object(..) => {
                let bytes = self.read(first, len, policy, cancel, pool).await?;
                tokio::task::spawn_blocking(move || Ok(hash(bytes)))
            }
        };
        read.await.map_err(|_| TransferError::Panicked)?
    }

    /// Still what it was.
    pub async fn unchanged(
        &self,
        before: Fingerprint,
        policy: &Policy,
        cancel: &CancellationToken,
    ) -> Result<(), TransferError> {
        match self {
            Self::File(file, path) => {
                let (file, path) = (Arc::clone(file), path.clone());
                tokio::task::spawn_blocking(move || same(&file, &path, before))
                    .await
                    .map_err(|_| TransferError::Panicked)?
            }
            // A version never changes, and each range was asked for with If-Match.
            Self::Object(remote, _) if remote.version_id.is_some() => Ok(()),
            Self::Object(remote, _) => {
                let now = of_head(&remote.head(policy, cancel).await?);
                if now == before { Ok(()) } else { Err(remote.changed()) }
            }
        }
    }

    /// What the source says of itself must be what was read.
    pub fn expect(&self, md5: Option<[u8; 16]>, crc64: Option<&str>) -> Result<(), TransferError> {
        let Self::Object(_, head) = self else { return Ok(()) };
        if let (Some(ours), Some(theirs)) = (md5, head.etag_md5()) {
            expect("the ETag of the source", &hex::encode(ours), theirs)?;
        }
        let theirs = crate::hash::provable(&head.checksums)
            .filter(|(crc, _)| *crc == crate::hash::Crc::Crc64nvme);
        if let (Some(ours), Some((_, theirs))) = (crc64, theirs) {
            expect("the checksum of the source", &theirs.value, ours)?;
        }
        Ok(())
    }
}

pub(crate) fn expect(what: &'static str, expected: &str, got: &str) -> Result<(), TransferError> {
    if expected.eq_ignore_ascii_case(got) {
        return Ok(());
    }
    Err(TransferError::Mismatch { what, expected: expected.to_owned(), got: got.to_owned() })
}

/// An object's fingerprint: its ETag stands where a file has its inode.
fn of_head(head: &ObjectHead) -> Fingerprint {
    // FNV-1a: the same in every build, since it is kept in the journal.
    let tag = head.etag.as_deref().unwrap_or_default().bytes();
    let inode = tag.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mtime_ns = head.modified.map_or(0, |at| at.millis().saturating_mul(1_000_000));
    Fingerprint { size: head.size, mtime_ns, inode }
}

async fn open(path: &Path) -> Result<(Open, Fingerprint), TransferError> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || {
        look(&path)?;
        let file = File::open(&path).map_err(TransferError::local("read", &path))?;
        let meta = file.metadata().map_err(TransferError::local("read", &path))?;
        Ok((Open::File(Arc::new(file), path), fingerprint(&meta)))
    })
    .await
    .map_err(|_| TransferError::Panicked)?
}

/// Opening a FIFO would wait for its writer: whether it is a file is asked first.
pub(crate) fn look(path: &Path) -> Result<(), TransferError> {
    let meta = std::fs::symlink_metadata(path).map_err(TransferError::local("read", path))?;
    if meta.is_file() {
        return Ok(());
    }
    // A folder comes here if it can't be read; that is what is told.
    if meta.is_dir() {
        std::fs::read_dir(path).map_err(TransferError::local("read", path))?;
    }
    let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a file");
    Err(TransferError::Local { op: "read", path: path.to_owned(), source })
}

/// The open file and the name must both still be what they were.
pub(crate) fn same(file: &File, path: &Path, before: Fingerprint) -> Result<(), TransferError> {
    let open = file.metadata().map_err(TransferError::local("read", path))?;
    let changed = || TransferError::SourceChanged { path: path.to_owned() };
    let named = std::fs::symlink_metadata(path).map_err(|_| changed())?;
    match fingerprint(&open) == before && fingerprint(&named) == before {
        true => Ok(()),
        false => Err(changed()),
    }
}

fn read_piece(
    file: &File,
    path: &Path,
    first: u64,
    len: u64,
    pool: &Arc<Pool>,
) -> Result<Bytes, TransferError> {
    let mut buffer = pool.take(usize::try_from(len).unwrap_or(usize::MAX));
    match fs::read_at(file, buffer.as_mut(), first) {
        Ok(()) => Ok(buffer.freeze()),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(TransferError::SourceChanged { path: path.to_owned() })
        }
        Err(source) => Err(TransferError::Local { op: "read", path: path.to_owned(), source }),
    }
}
