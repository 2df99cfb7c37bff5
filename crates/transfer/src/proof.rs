//! Whether the bytes that came are the object's: by the strongest means that the server offers.

use std::fs::File;
use std::path::Path;

use base64::Engine as _;
use dipper_s3::{Checksum, ChecksumAlgorithm, ObjectHead};
use dipper_state::PartRow;
use md5::{Digest, Md5};
use sha2::Sha256;

use crate::error::TransferError;
use crate::fs;
use crate::hash::{Crc, multipart_etag, provable};
use crate::plan;

const MIB: u64 = 1 << 20;

/// Everything that can prove the bytes.
pub(crate) struct Proof {
    pub head: ObjectHead,
    pub parts: Vec<PartRow>,
    pub piece: u64,
    pub crc: Crc,
}

impl Proof {
    /// By the strongest means the server offers; says which.
    pub fn check(&self, file: &File, path: &Path) -> Result<&'static str, TransferError> {
        let got: u64 = self.parts.iter().map(|p| p.size).sum();
        if got != self.head.size {
            return Err(TransferError::Mismatch {
                what: "the bytes that came",
                expected: self.head.size.to_string(),
                got: got.to_string(),
            });
        }
        if let Some((crc, theirs)) = provable(&self.head.checksums) {
            let ours = self.crc_of_all(crc);
            return match ours == theirs.value {
                true => Ok(crc.name()),
                false => Err(TransferError::Mismatch {
                    what: "the checksum of the object",
                    expected: theirs.value.clone(),
                    got: ours,
                }),
            };
        }
        let read = TransferError::local("read", path);
        if let Some(theirs) = sha256(&self.head) {
            let mut hash = Sha256::new();
            fs::each_block(file, 0, self.head.size, |block| hash.update(block)).map_err(read)?;
            return equal("sha256", theirs, hash.finalize());
        }
        if let Some(theirs) = self.head.etag_md5() {
            let ours = hex::encode(md5_of(file, 0, self.head.size).map_err(read)?);
            return match ours.eq_ignore_ascii_case(theirs) {
                true => Ok("md5"),
                false => Err(TransferError::Mismatch {
                    what: "the MD5 of the object",
                    expected: theirs.to_owned(),
                    got: ours,
                }),
            };
        }
        // The part size of somebody's upload is not known: a guess that fits proves, none disproves.
        for part in self.likely_part_sizes() {
            let ours =
                self.multipart_md5(file, part).map_err(TransferError::local("read", path))?;
            if ours.is_some() && ours == self.head.etag {
                return Ok("etag");
            }
        }
        Ok("size")
    }

    fn crc_of_all(&self, crc: Crc) -> String {
        debug_assert_eq!(crc, self.crc);
        let mut all = crc.digest(b"");
        for (at, part) in self.parts.iter().enumerate() {
            let value = part.checksum.as_deref().and_then(|c| crc.read(c)).unwrap_or(0);
            all = if at == 0 { value } else { crc.combine(all, value, part.size) };
        }
        crc.base64(all)
    }

    fn likely_part_sizes(&self) -> Vec<u64> {
        let Some(parts) = self
            .head
            .etag
            .as_deref()
            .and_then(|tag| tag.split_once('-'))
            .and_then(|(_, n)| n.parse::<u64>().ok())
        else {
            return Vec::new();
        };
        let mut sizes: Vec<u64> =
            [self.piece, 5 * MIB, 8 * MIB, 10 * MIB, 15 * MIB, 16 * MIB, 50 * MIB, 64 * MIB]
                .into_iter()
                .filter(|size| plan::count(self.head.size, *size) == parts)
                .collect();
        sizes.dedup();
        sizes
    }

    fn multipart_md5(&self, file: &File, part: u64) -> std::io::Result<Option<String>> {
        let mut etags = Vec::new();
        for number in 1..=plan::count(self.head.size, part) {
            let (first, len) = plan::span(self.head.size, part, number);
            etags.push(hex::encode(md5_of(file, first, len)?));
        }
        Ok(multipart_etag(etags.iter().map(String::as_str)))
    }
}

/// As [`Proof::check`], for bytes in memory.
pub(crate) fn prove(head: &ObjectHead, bytes: &[u8]) -> Result<&'static str, TransferError> {
    let mismatch = |what, expected: &str, got: String| {
        Err(TransferError::Mismatch { what, expected: expected.to_owned(), got })
    };
    if let Some((crc, theirs)) = provable(&head.checksums) {
        let ours = crc.base64(crc.digest(bytes));
        return match ours == theirs.value {
            true => Ok(crc.name()),
            false => mismatch("the checksum of the object", &theirs.value, ours),
        };
    }
    if let Some(theirs) = sha256(head) {
        return equal("sha256", theirs, Sha256::digest(bytes));
    }
    if let Some(theirs) = head.etag_md5() {
        let ours = hex::encode(Md5::digest(bytes));
        return match ours.eq_ignore_ascii_case(theirs) {
            true => Ok("md5"),
            false => mismatch("the MD5 of the object", theirs, ours),
        };
    }
    // Uploaded in one part: the MD5 of its MD5.
    let one = hex::encode(Md5::digest(bytes));
    let etag = multipart_etag(std::iter::once(one.as_str()));
    Ok(if etag.is_some() && etag == head.etag { "etag" } else { "size" })
}

/// Of the whole object: one of its parts' sums is a sum of sums.
fn sha256(head: &ObjectHead) -> Option<&str> {
    let whole = |sum: &&Checksum| sum.full_object && sum.algorithm == ChecksumAlgorithm::Sha256;
    head.checksums.iter().find(whole).map(|sum| sum.value.as_str())
}

fn equal(
    name: &'static str,
    theirs: &str,
    ours: impl AsRef<[u8]>,
) -> Result<&'static str, TransferError> {
    let got = base64::engine::general_purpose::STANDARD.encode(ours);
    if got == theirs {
        return Ok(name);
    }
    let what = "the checksum of the object";
    Err(TransferError::Mismatch { what, expected: theirs.to_owned(), got })
}

fn md5_of(file: &File, first: u64, len: u64) -> std::io::Result<[u8; 16]> {
    let mut hash = Md5::new();
    fs::each_block(file, first, len, |block| hash.update(block))?;
    Ok(hash.finalize().into())
}
