//! What a file's bytes are, for whoever compares it with an object.

use std::fs::{File, Metadata};
use std::path::Path;

use md5::{Digest as _, Md5};

use crate::error::TransferError;
use crate::fs;
use crate::hash::Crc;
use crate::origin::{look, same};
use crate::source::fingerprint;

/// A file that was read once, whole.
#[derive(Debug, Clone)]
pub struct FileDigest {
    pub meta: Metadata,
    pub md5: [u8; 16],
    /// Base64 of the CRC-64/NVME.
    pub crc64nvme: String,
}

/// Reads a file to its end. Blocks.
///
/// # Errors
/// `SourceChanged`, if it was written to meanwhile.
pub fn digest(path: &Path) -> Result<FileDigest, TransferError> {
    let read = || TransferError::local("read", path);
    look(path)?;
    let file = File::open(path).map_err(read())?;
    let meta = file.metadata().map_err(read())?;
    let before = fingerprint(&meta);
    let mut md5 = Md5::new();
    let crc = Crc::Crc64nvme;
    let mut all = crc.start();
    let hashed = fs::each_block(&file, 0, before.size, |block| {
        md5.update(block);
        all.update(block);
    });
    match hashed {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return Err(TransferError::SourceChanged { path: path.to_owned() });
        }
        hashed => hashed.map_err(read())?,
    }
    same(&file, path, before)?;
    Ok(FileDigest { meta, md5: md5.finalize().into(), crc64nvme: crc.base64(all.finalize()) })
}

#[cfg(test)]
mod tests {
    #[test]
    fn of_known_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "123456789").unwrap();
        let digest = super::digest(&path).unwrap();
        assert_eq!(hex::encode(digest.md5), "25f9e794323b453885f5181f1b624d0b");
        assert_eq!(digest.crc64nvme, crate::crc64nvme(b"123456789"));
        assert_eq!(digest.meta.len(), 9);
        assert!(super::digest(folder.path()).is_err());
    }
}
