//! Checksums that combine: each part is read once, and the whole follows from the parts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc_fast::CrcAlgorithm;
use dipper_s3::{Checksum, ChecksumAlgorithm};
use dipper_state::PartRow;

/// A CRC whose parts can be put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crc {
    Crc64nvme,
    Crc32c,
    Crc32,
}

impl Crc {
    pub fn of(algorithm: ChecksumAlgorithm) -> Option<Self> {
        match algorithm {
            ChecksumAlgorithm::Crc64nvme => Some(Self::Crc64nvme),
            ChecksumAlgorithm::Crc32c => Some(Self::Crc32c),
            ChecksumAlgorithm::Crc32 => Some(Self::Crc32),
            ChecksumAlgorithm::Sha1 | ChecksumAlgorithm::Sha256 => None,
        }
    }

    fn algorithm(self) -> CrcAlgorithm {
        match self {
            Self::Crc64nvme => CrcAlgorithm::Crc64Nvme,
            Self::Crc32c => CrcAlgorithm::Crc32Iscsi,
            Self::Crc32 => CrcAlgorithm::Crc32IsoHdlc,
        }
    }

    /// As a report names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc64nvme => "crc64nvme",
            Self::Crc32c => "crc32c",
            Self::Crc32 => "crc32",
        }
    }

    /// For bytes that come one after the other: to combine costs as much as to read 100 kB.
    pub fn start(self) -> crc_fast::Digest {
        crc_fast::Digest::new(self.algorithm())
    }

    pub fn digest(self, bytes: &[u8]) -> u64 {
        crc_fast::checksum(self.algorithm(), bytes)
    }

    pub fn combine(self, first: u64, second: u64, second_len: u64) -> u64 {
        crc_fast::checksum_combine(self.algorithm(), first, second, second_len)
    }

    /// The whole object's, in base64, from its parts' in order. `None` where one has none.
    pub fn of_parts(self, parts: &[PartRow]) -> Option<String> {
        let mut all = self.digest(b"");
        for (at, part) in parts.iter().enumerate() {
            let value = self.read(part.checksum.as_deref()?)?;
            all = if at == 0 { value } else { self.combine(all, value, part.size) };
        }
        Some(self.base64(all))
    }

    /// Base64 of the big-endian value, as S3 writes it.
    pub fn base64(self, value: u64) -> String {
        match self {
            Self::Crc64nvme => BASE64.encode(value.to_be_bytes()),
            Self::Crc32c | Self::Crc32 => BASE64.encode(&value.to_be_bytes()[4..]),
        }
    }

    pub fn read(self, text: &str) -> Option<u64> {
        let bytes = BASE64.decode(text).ok()?;
        match (self, bytes.as_slice()) {
            (Self::Crc64nvme, eight) => eight.try_into().ok().map(u64::from_be_bytes),
            (_, four) => four.try_into().ok().map(u32::from_be_bytes).map(u64::from),
        }
    }
}

/// Any of S3's checksums, over bytes as they come.
pub(crate) enum Hash {
    Crc(Crc, crc_fast::Digest),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
}

impl Hash {
    pub fn new(algorithm: ChecksumAlgorithm) -> Self {
        use sha2::Digest;
        match (algorithm, Crc::of(algorithm)) {
            (_, Some(crc)) => Self::Crc(crc, crc.start()),
            (ChecksumAlgorithm::Sha1, _) => Self::Sha1(sha1::Sha1::new()),
            _ => Self::Sha256(sha2::Sha256::new()),
        }
    }

    pub fn update(&mut self, block: &[u8]) {
        use sha2::Digest;
        match self {
            Self::Crc(_, hash) => hash.update(block),
            Self::Sha1(hash) => hash.update(block),
            Self::Sha256(hash) => hash.update(block),
        }
    }

    pub fn finish(self) -> Vec<u8> {
        use sha2::Digest;
        match self {
            Self::Crc(Crc::Crc64nvme, hash) => hash.finalize().to_be_bytes().to_vec(),
            Self::Crc(_, hash) => hash.finalize().to_be_bytes()[4..].to_vec(),
            Self::Sha1(hash) => hash.finalize().to_vec(),
            Self::Sha256(hash) => hash.finalize().to_vec(),
        }
    }
}

/// CRC-64/NVME in base64, as `x-amz-checksum-crc64nvme` has it.
pub fn crc64nvme(bytes: &[u8]) -> String {
    Crc::Crc64nvme.base64(Crc::Crc64nvme.digest(bytes))
}

/// The checksum of a whole object that its pieces can prove, if the server gave one.
pub(crate) fn provable(checksums: &[Checksum]) -> Option<(Crc, &Checksum)> {
    checksums
        .iter()
        .filter(|c| c.full_object)
        .find_map(|c| Crc::of(c.algorithm).map(|crc| (crc, c)))
}

/// The ETag that S3 gives a multipart object: the MD5 of the parts' MD5s, and their count.
pub(crate) fn multipart_etag<'a>(part_etags: impl Iterator<Item = &'a str>) -> Option<String> {
    use md5::{Digest, Md5};
    let (mut all, mut parts) = (Md5::new(), 0);
    for etag in part_etags {
        let bytes = hex::decode(etag).ok().filter(|b| b.len() == 16)?;
        all.update(&bytes);
        parts += 1;
    }
    (parts > 0).then(|| format!("{}-{parts}", hex::encode(all.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_whole() {
        let data: Vec<u8> = (0..10_000_u32).flat_map(u32::to_le_bytes).collect();
        for crc in [Crc::Crc64nvme, Crc::Crc32c, Crc::Crc32] {
            let whole = crc.digest(&data);
            for cut in [0, 1, 777, data.len()] {
                let (a, b) = data.split_at(cut);
                assert_eq!(crc.combine(crc.digest(a), crc.digest(b), b.len() as u64), whole);
            }
            assert_eq!(crc.read(&crc.base64(whole)), Some(whole));
        }
    }

    #[test]
    fn known_answers() {
        // "123456789": the catalogue of parametrised CRC algorithms' check values.
        assert_eq!(Crc::Crc64nvme.digest(b"123456789"), 0xae8b_1486_0a79_9888);
        assert_eq!(Crc::Crc32c.digest(b"123456789"), 0xe306_9283);
        assert_eq!(Crc::Crc32.digest(b"123456789"), 0xcbf4_3926);
        assert_eq!(Crc::Crc32.base64(0xcbf4_3926), "y/Q5Jg==");
    }

    #[test]
    fn block_by_block_is_the_same() {
        use ChecksumAlgorithm::{Crc32, Crc32c, Crc64nvme, Sha1, Sha256};
        for (algorithm, want) in [
            (Crc64nvme, "ae8b14860a799888"),
            (Crc32c, "e3069283"),
            (Crc32, "cbf43926"),
            (Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        ] {
            let mut hash = Hash::new(algorithm);
            for block in [&b"1234"[..], b"", b"56789"] {
                hash.update(block);
            }
            assert_eq!(hex::encode(hash.finish()), want, "{algorithm:?}");
        }
    }

    #[test]
    fn multipart_etags() {
        let part = "d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(
            multipart_etag([part].into_iter()).as_deref(),
            Some("59adb24ef3cdbe0297f05b395827453f-1")
        );
        assert_eq!(multipart_etag(["opaque"].into_iter()), None);
        assert_eq!(multipart_etag(std::iter::empty()), None);
    }
}
