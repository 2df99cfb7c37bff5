//! A file that goes up in one request: looked at, read, hashed and looked at again in one go.

use std::fs::{File, Metadata};
use std::path::Path;

use bytes::Bytes;
use dipper_s3::Payload;
use md5::{Digest, Md5};

use crate::error::TransferError;
use crate::fs;
use crate::hash::Crc;
use crate::origin::{look, same};
use crate::source::fingerprint;

/// Bytes with what proves them.
pub(crate) struct Small {
    pub bytes: Payload,
    pub md5: [u8; 16],
    /// Base64 of the CRC-64/NVME.
    pub crc64: String,
}

impl Small {
    pub async fn of(bytes: Bytes) -> Result<Self, TransferError> {
        let hashed = tokio::task::spawn_blocking(move || Self::hash(bytes)).await;
        hashed.map_err(|_| TransferError::Panicked)
    }

    fn hash(bytes: Bytes) -> Self {
        let md5 = Md5::digest(&bytes).into();
        let crc64 = Crc::Crc64nvme.base64(Crc::Crc64nvme.digest(&bytes));
        Self { bytes: Payload::Held(bytes), md5, crc64 }
    }
}

/// `None`: the file is larger than that by now.
pub(crate) async fn load(
    path: &Path,
    most: u64,
) -> Result<Option<(Small, Metadata)>, TransferError> {
    let path = path.to_owned();
    let loaded = tokio::task::spawn_blocking(move || {
        let read = || TransferError::local("read", &path);
        look(&path)?;
        let file = File::open(&path).map_err(read())?;
        let meta = file.metadata().map_err(read())?;
        let before = fingerprint(&meta);
        if before.size > most {
            return Ok(None);
        }
        let mut bytes = vec![0; usize::try_from(before.size).unwrap_or(0)];
        match fs::read_at(&file, &mut bytes, 0) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(TransferError::SourceChanged { path });
            }
            done => done.map_err(read())?,
        }
        same(&file, &path, before)?;
        Ok(Some((Small::hash(bytes.into()), meta)))
    });
    loaded.await.map_err(|_| TransferError::Panicked)?
}
