//! Whether bytes are an object's: by the strongest means that its server offers.

use std::fs::File;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dipper_s3::{Checksum, ChecksumAlgorithm, ObjectHead};
use dipper_state::PartRow;
use md5::{Digest, Md5};

use crate::error::TransferError;
use crate::fs;
use crate::hash::{Hash, multipart_etag, provable};
use crate::plan;

const MIB: u64 = 1 << 20;

/// Bytes that can be read again, block by block.
pub(crate) trait Blocks {
    fn each(&self, first: u64, len: u64, each: &mut dyn FnMut(&[u8])) -> io::Result<()>;
}

impl Blocks for File {
    fn each(&self, first: u64, len: u64, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        fs::each_block(self, first, len, each)
    }
}

impl Blocks for [u8] {
    fn each(&self, first: u64, len: u64, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let place = |at: u64| usize::try_from(at).ok();
        let block = place(first).zip(place(first.saturating_add(len)));
        let block = block.and_then(|(first, end)| self.get(first..end));
        each(block.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// What is known of the bytes and of the object beside its head.
#[derive(Default)]
pub(crate) struct Known<'a> {
    /// In the algorithm of the checksum that [`provable`] chooses, if it was computed already.
    pub crc: Option<String>,
    /// The sizes of the parts that the object was uploaded in.
    pub parts: Option<&'a [u64]>,
    /// A part size that it may have been uploaded in.
    pub piece: u64,
    /// The ETag that an object of such parts has, if their MD5s were computed already.
    pub etag: Option<String>,
}

pub(crate) enum Verdict {
    /// They are the object's, by this.
    Proven(&'static str),
    Wrong {
        what: &'static str,
        expected: String,
        got: String,
    },
    /// Nothing that the server offers says more than the size.
    Unknown,
}

impl Verdict {
    /// As a finished transfer says it.
    fn told(self) -> Result<&'static str, TransferError> {
        match self {
            Self::Proven(by) => Ok(by),
            Self::Wrong { what, expected, got } => {
                Err(TransferError::Mismatch { what, expected, got })
            }
            Self::Unknown => Ok("size"),
        }
    }
}

/// Compares bytes of the object's size with what its head says.
pub(crate) fn judge<B: Blocks + ?Sized>(
    bytes: &B,
    head: &ObjectHead,
    known: Known<'_>,
) -> io::Result<Verdict> {
    let sum = |by, theirs: &str, got: String| match got == theirs {
        true => Verdict::Proven(by),
        false => {
            Verdict::Wrong { what: "the checksum of the object", expected: theirs.to_owned(), got }
        }
    };
    let whole = |algorithm| hash(bytes, algorithm, 0, head.size).map(|hash| BASE64.encode(hash));
    if let Some((crc, theirs)) = provable(&head.checksums) {
        let ours = match known.crc {
            Some(ours) => ours,
            None => whole(theirs.algorithm)?,
        };
        return Ok(sum(crc.name(), &theirs.value, ours));
    }
    if let Some(theirs) = of_whole(head) {
        return Ok(sum(name(theirs.algorithm), &theirs.value, whole(theirs.algorithm)?));
    }
    if let Some((theirs, parts)) = of_parts(head) {
        let one = [head.size];
        let sizes = if parts == 1 { Some(&one[..]) } else { known.parts };
        if let Some(sizes) = sizes.filter(|sizes| fits(sizes, parts, head.size)) {
            let ours = sum_of_sums(bytes, theirs.algorithm, sizes)?;
            return Ok(sum(name_of_parts(theirs.algorithm), &theirs.value, ours));
        }
    }
    if let Some(theirs) = head.etag_md5() {
        let ours = hex::encode(md5_of(bytes, 0, head.size)?);
        return Ok(match ours.eq_ignore_ascii_case(theirs) {
            true => Verdict::Proven("md5"),
            false => Verdict::Wrong {
                what: "the MD5 of the object",
                expected: theirs.to_owned(),
                got: ours,
            },
        });
    }
    // The part size of somebody's upload is not known: a guess that fits proves, none disproves.
    if known.etag.is_some() && known.etag == head.etag {
        return Ok(Verdict::Proven("etag"));
    }
    for part in likely_part_sizes(head, known.piece) {
        let ours = multipart_md5(bytes, head.size, part)?;
        if ours.is_some() && ours == head.etag {
            return Ok(Verdict::Proven("etag"));
        }
    }
    Ok(Verdict::Unknown)
}

/// How many parts' sizes must be known to prove the object, where only those prove it.
pub(crate) fn parts_to_learn(head: &ObjectHead) -> Option<u64> {
    if provable(&head.checksums).is_some() || of_whole(head).is_some() {
        return None;
    }
    of_parts(head).map(|(_, parts)| parts).filter(|parts| *parts > 1)
}

/// Whether so many parts of these sizes make an object of this one.
pub(crate) fn fits(sizes: &[u64], parts: u64, size: u64) -> bool {
    sizes.len() as u64 == parts
        && sizes.iter().try_fold(0_u64, |all, part| all.checked_add(*part)) == Some(size)
}

/// The size of the parts that the ETag was made of, most likely, where only that can prove the object.
pub(crate) fn likely_part(head: &ObjectHead, piece: u64) -> Option<u64> {
    let better = provable(&head.checksums).is_some()
        || of_whole(head).is_some()
        || of_parts(head).is_some()
        || head.etag_md5().is_some();
    if better {
        return None;
    }
    likely_part_sizes(head, piece).into_iter().find(|size| *size < head.size)
}

/// A hash of the whole object.
fn of_whole(head: &ObjectHead) -> Option<&Checksum> {
    use ChecksumAlgorithm::{Sha1, Sha256};
    let of = |wanted| head.checksums.iter().find(|sum| sum.full_object && sum.algorithm == wanted);
    of(Sha256).or_else(|| of(Sha1))
}

/// `…-N`: the hash of the hashes of N parts (S3 API, "composite checksums").
fn of_parts(head: &ObjectHead) -> Option<(&Checksum, u64)> {
    let sums = head.checksums.iter().filter(|sum| !sum.full_object);
    sums.filter_map(|sum| {
        let parts = sum.value.rsplit_once('-')?.1.parse().ok()?;
        (1..=10_000).contains(&parts).then_some((sum, parts))
    })
    .next()
}

pub(crate) fn name(algorithm: ChecksumAlgorithm) -> &'static str {
    match algorithm {
        ChecksumAlgorithm::Crc32 => "crc32",
        ChecksumAlgorithm::Crc32c => "crc32c",
        ChecksumAlgorithm::Crc64nvme => "crc64nvme",
        ChecksumAlgorithm::Sha1 => "sha1",
        ChecksumAlgorithm::Sha256 => "sha256",
    }
}

fn name_of_parts(algorithm: ChecksumAlgorithm) -> &'static str {
    match algorithm {
        ChecksumAlgorithm::Crc32 => "crc32-parts",
        ChecksumAlgorithm::Crc32c => "crc32c-parts",
        ChecksumAlgorithm::Crc64nvme => "crc64nvme-parts",
        ChecksumAlgorithm::Sha1 => "sha1-parts",
        ChecksumAlgorithm::Sha256 => "sha256-parts",
    }
}

fn hash<B: Blocks + ?Sized>(
    bytes: &B,
    algorithm: ChecksumAlgorithm,
    first: u64,
    len: u64,
) -> io::Result<Vec<u8>> {
    let mut hash = Hash::new(algorithm);
    bytes.each(first, len, &mut |block| hash.update(block))?;
    Ok(hash.finish())
}

fn sum_of_sums<B: Blocks + ?Sized>(
    bytes: &B,
    algorithm: ChecksumAlgorithm,
    sizes: &[u64],
) -> io::Result<String> {
    let (mut all, mut first) = (Hash::new(algorithm), 0);
    for len in sizes {
        all.update(&hash(bytes, algorithm, first, *len)?);
        first += len;
    }
    Ok(format!("{}-{}", BASE64.encode(all.finish()), sizes.len()))
}

fn md5_of<B: Blocks + ?Sized>(bytes: &B, first: u64, len: u64) -> io::Result<[u8; 16]> {
    let mut hash = Md5::new();
    bytes.each(first, len, &mut |block| hash.update(block))?;
    Ok(hash.finalize().into())
}

fn likely_part_sizes(head: &ObjectHead, piece: u64) -> Vec<u64> {
    let parts = head.etag.as_deref().and_then(|tag| tag.split_once('-'));
    let Some(parts) = parts.and_then(|(_, n)| n.parse::<u64>().ok()) else { return Vec::new() };
    // Uploaded in one part: whatever its size was meant to be.
    let whole = head.size.max(1);
    let mut sizes: Vec<u64> =
        [whole, piece, 5 * MIB, 8 * MIB, 10 * MIB, 15 * MIB, 16 * MIB, 50 * MIB, 64 * MIB]
            .into_iter()
            .filter(|size| *size > 0 && plan::count(head.size, *size).max(1) == parts)
            .collect();
    sizes.dedup();
    sizes
}

fn multipart_md5<B: Blocks + ?Sized>(
    bytes: &B,
    size: u64,
    part: u64,
) -> io::Result<Option<String>> {
    let mut etags = Vec::new();
    for number in 1..=plan::count(size, part).max(1) {
        let (first, len) = plan::span(size, part, number);
        etags.push(hex::encode(md5_of(bytes, first, len)?));
    }
    Ok(multipart_etag(etags.iter().map(String::as_str)))
}

/// A download in a file, with what is known of it.
pub(crate) struct Proof {
    pub head: ObjectHead,
    pub parts: Vec<PartRow>,
    pub piece: u64,
    /// The sizes of the parts that the object was uploaded in, where only those prove it.
    pub uploaded: Option<Vec<u64>>,
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
        let known = Known {
            crc: provable(&self.head.checksums).and_then(|(crc, _)| crc.of_parts(&self.parts)),
            parts: self.uploaded.as_deref(),
            piece: self.piece,
            etag: multipart_etag(self.parts.iter().map(|part| part.etag.as_str())),
        };
        judge(file, &self.head, known).map_err(TransferError::local("read", path))?.told()
    }
}

/// As [`Proof::check`], for bytes in memory.
pub(crate) fn prove(head: &ObjectHead, bytes: &[u8]) -> Result<&'static str, TransferError> {
    let wrong = |got: usize| TransferError::Mismatch {
        what: "the bytes that came",
        expected: head.size.to_string(),
        got: got.to_string(),
    };
    judge(bytes, head, Known::default()).map_err(|_| wrong(bytes.len()))?.told()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Crc;
    use ChecksumAlgorithm::{Crc32, Crc32c, Sha1, Sha256};

    fn head(size: u64, algorithm: ChecksumAlgorithm, value: &str) -> ObjectHead {
        let full_object = !value.contains('-');
        let sum = Checksum { algorithm, value: value.to_owned(), full_object };
        ObjectHead { size, checksums: vec![sum], ..ObjectHead::default() }
    }

    /// By hash functions of other crates' own interfaces, over "hello " and "world".
    fn composite(algorithm: ChecksumAlgorithm) -> String {
        let one = |bytes: &[u8]| -> Vec<u8> {
            match algorithm {
                Sha1 => sha1::Sha1::digest(bytes).to_vec(),
                Sha256 => sha2::Sha256::digest(bytes).to_vec(),
                Crc32 => Crc::Crc32.digest(bytes).to_be_bytes()[4..].to_vec(),
                _ => Crc::Crc32c.digest(bytes).to_be_bytes()[4..].to_vec(),
            }
        };
        let both = [one(b"hello "), one(b"world")].concat();
        format!("{}-2", BASE64.encode(one(&both)))
    }

    fn told(head: &ObjectHead, bytes: &[u8], parts: Option<&[u64]>) -> String {
        let known = Known { parts, ..Known::default() };
        match judge(bytes, head, known).unwrap() {
            Verdict::Proven(by) => by.to_owned(),
            Verdict::Wrong { .. } => "wrong".into(),
            Verdict::Unknown => "unknown".into(),
        }
    }

    #[test]
    fn hashes_of_the_whole() {
        let sha1 = head(9, Sha1, "98O8HYCOBHMq32eZZczDTKeuNEE=");
        assert_eq!(told(&sha1, b"123456789", None), "sha1");
        assert_eq!(told(&sha1, b"123456780", None), "wrong");
        let value = BASE64.encode(sha2::Sha256::digest(b"123456789"));
        assert_eq!(told(&head(9, Sha256, &value), b"123456789", None), "sha256");
    }

    #[test]
    fn hashes_of_parts() {
        for (algorithm, by) in [
            (Crc32, "crc32-parts"),
            (Crc32c, "crc32c-parts"),
            (Sha1, "sha1-parts"),
            (Sha256, "sha256-parts"),
        ] {
            let head = head(11, algorithm, &composite(algorithm));
            assert_eq!(parts_to_learn(&head), Some(2));
            assert_eq!(told(&head, b"hello world", Some(&[6, 5])), by);
            assert_eq!(told(&head, b"hello w0rld", Some(&[6, 5])), "wrong");
            // What can't be the parts of this object proves nothing and disproves nothing.
            for parts in [None, Some(&[6, 6][..]), Some(&[11]), Some(&[6, 4, 1])] {
                assert_eq!(told(&head, b"hello world", parts), "unknown");
            }
        }
    }

    #[test]
    fn one_part_needs_no_sizes() {
        let inner = sha2::Sha256::digest(b"text");
        let value = format!("{}-1", BASE64.encode(sha2::Sha256::digest(inner)));
        let head = head(4, Sha256, &value);
        assert_eq!(parts_to_learn(&head), None);
        assert_eq!(told(&head, b"text", None), "sha256-parts");
        assert_eq!(told(&head, b"tex!", None), "wrong");
        let mut etag = ObjectHead { size: 4, ..ObjectHead::default() };
        etag.etag = multipart_etag([hex::encode(Md5::digest(b"text")).as_str()].into_iter());
        assert_eq!(told(&etag, b"text", None), "etag");
        assert_eq!(told(&etag, b"tex!", None), "unknown");
    }
}
