//! Hashes a body on its way in, compares with what the client says, and puts parts together.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use http::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::{Checksum, ChecksumAlgorithm, ChecksumType};
use s3s::{S3Result, TrailingHeaders, s3_error};

use crate::model::{Algorithm, PartOf, Sum};

impl Algorithm {
    pub(crate) const ALL: [Self; 5] =
        [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name))
    }

    const fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    const fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 => None,
        }
    }

    /// The type S3 takes where the client names none.
    pub(crate) const fn composite_by_default(self) -> bool {
        !matches!(self, Self::Crc64Nvme)
    }

    pub(crate) const fn can_be_composite(self) -> bool {
        !matches!(self, Self::Crc64Nvme)
    }

    pub(crate) const fn can_be_whole(self) -> bool {
        self.crc().is_some()
    }

    pub(crate) fn dto(self) -> ChecksumAlgorithm {
        ChecksumAlgorithm::from_static(self.name())
    }

    fn of(self, sums: &Checksum) -> Option<&String> {
        match self {
            Self::Crc32 => sums.checksum_crc32.as_ref(),
            Self::Crc32c => sums.checksum_crc32c.as_ref(),
            Self::Crc64Nvme => sums.checksum_crc64nvme.as_ref(),
            Self::Sha1 => sums.checksum_sha1.as_ref(),
            Self::Sha256 => sums.checksum_sha256.as_ref(),
        }
    }

    fn slot(self, sums: &mut Checksum) -> &mut Option<String> {
        match self {
            Self::Crc32 => &mut sums.checksum_crc32,
            Self::Crc32c => &mut sums.checksum_crc32c,
            Self::Crc64Nvme => &mut sums.checksum_crc64nvme,
            Self::Sha1 => &mut sums.checksum_sha1,
            Self::Sha256 => &mut sums.checksum_sha256,
        }
    }
}

impl Sum {
    /// In the shape of an answer.
    pub(crate) fn dto(&self) -> Checksum {
        let mut sums = Checksum::default();
        *self.algorithm.slot(&mut sums) = Some(self.value.clone());
        let kind = if self.composite { ChecksumType::COMPOSITE } else { ChecksumType::FULL_OBJECT };
        sums.checksum_type = Some(ChecksumType::from_static(kind));
        sums
    }

    /// Whether a client that gave these sums means this one.
    pub(crate) fn agrees(&self, given: &Checksum) -> bool {
        self.algorithm.of(given).is_none_or(|value| *value == self.value)
    }
}

/// What the client says about a body before and after it.
pub(crate) struct Claims {
    given: Checksum,
    md5: Option<Vec<u8>>,
    algorithm: Option<Algorithm>,
    trailer: Option<Algorithm>,
}

impl Claims {
    pub(crate) fn new(
        given: Checksum,
        content_md5: Option<&str>,
        algorithm: Option<&ChecksumAlgorithm>,
        headers: &HeaderMap,
    ) -> S3Result<Self> {
        let md5 = content_md5
            .map(|text| {
                BASE64.decode(text).ok().filter(|d| d.len() == 16).ok_or_else(|| {
                    s3_error!(InvalidDigest, "The Content-MD5 you specified is not valid.")
                })
            })
            .transpose()?;
        let count = Algorithm::ALL.iter().filter(|a| a.of(&given).is_some()).count();
        if count > 1 {
            return Err(s3_error!(InvalidRequest, "Expecting a single x-amz-checksum- header"));
        }
        let trailer =
            headers.get("x-amz-trailer").and_then(|v| v.to_str().ok()).and_then(|names| {
                let named = |a: &Algorithm| names.split(',').any(|n| n.trim() == a.header());
                Algorithm::ALL.into_iter().find(named)
            });
        let algorithm = match algorithm {
            Some(name) => Some(Algorithm::parse(name.as_str()).ok_or_else(|| {
                s3_error!(InvalidRequest, "Checksum algorithm provided is unsupported.")
            })?),
            None => None,
        };
        Ok(Self { given, md5, algorithm, trailer })
    }

    /// Whether the client said anything by which its body can be known.
    pub(crate) fn any(&self) -> bool {
        self.md5.is_some() || self.main().is_some()
    }

    /// The algorithm of the checksum that will be stored.
    fn main(&self) -> Option<Algorithm> {
        let given = Algorithm::ALL.into_iter().find(|a| a.of(&self.given).is_some());
        given.or(self.trailer).or(self.algorithm)
    }
}

/// The hashes of one body.
pub(crate) struct Hasher {
    md5: Md5,
    sums: ChecksumHasher,
    /// The client's algorithm, or the other one.
    algorithm: Algorithm,
    wanted: Algorithm,
    claims: Claims,
}

/// What a body's hashes came to.
pub(crate) struct Hashed {
    /// Hex, without quotes.
    pub etag: Box<str>,
    /// In the algorithm that the client chose, or else in the one that was wanted.
    pub sum: Sum,
    /// In the algorithm that was wanted.
    pub wanted: Sum,
}

fn hashing(sums: &mut ChecksumHasher, algorithm: Algorithm) {
    match algorithm {
        Algorithm::Crc32 => sums.crc32 = Some(Crc32::new()),
        Algorithm::Crc32c => sums.crc32c = Some(Crc32c::new()),
        Algorithm::Crc64Nvme => sums.crc64nvme = Some(Crc64Nvme::new()),
        Algorithm::Sha1 => sums.sha1 = Some(Sha1::new()),
        Algorithm::Sha256 => sums.sha256 = Some(Sha256::new()),
    }
}

impl Hasher {
    /// `wanted` is computed in any case for a part, and else where the client chose nothing.
    pub(crate) fn new(claims: Claims, wanted: Algorithm) -> Self {
        let algorithm = claims.main().unwrap_or(wanted);
        let mut sums = ChecksumHasher::default();
        hashing(&mut sums, algorithm);
        hashing(&mut sums, wanted);
        Self { md5: Md5::new(), sums, algorithm, wanted, claims }
    }

    pub(crate) fn update(&mut self, chunk: &Bytes) {
        self.md5.update(chunk);
        self.sums.update(chunk);
    }

    /// Compares with what the client said, in the headers and after the body.
    pub(crate) fn finish(self, trailers: Option<&TrailingHeaders>) -> S3Result<Hashed> {
        let md5 = self.md5.finalize();
        if self.claims.md5.as_ref().is_some_and(|claimed| claimed[..] != md5[..]) {
            return Err(s3_error!(
                BadDigest,
                "The Content-MD5 you specified did not match what we received."
            ));
        }
        let sums = self.sums.finalize();
        let sum = |algorithm: Algorithm| {
            let value = algorithm.of(&sums).cloned().unwrap_or_default();
            Sum { algorithm, composite: false, value }
        };
        let value = sum(self.algorithm).value;
        let name = self.algorithm.header();
        let trailing = trailers.and_then(|t| {
            t.read(|headers| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned))
                .flatten()
        });
        if self.claims.trailer.is_some() && trailing.is_none() {
            return Err(s3_error!(InvalidRequest, "The trailer that was announced is missing."));
        }
        for claimed in self.algorithm.of(&self.claims.given).into_iter().chain(&trailing) {
            if BASE64.decode(claimed).is_err() {
                return Err(s3_error!(InvalidRequest, "Value for {name} header is invalid."));
            }
            if *claimed != value {
                return Err(s3_error!(
                    BadDigest,
                    "The {} you specified did not match the calculated checksum.",
                    self.algorithm.name()
                ));
            }
        }
        let etag = hex::encode(md5).into();
        Ok(Hashed { etag, sum: sum(self.algorithm), wanted: sum(self.wanted) })
    }
}

/// The ETag of a body that is in memory.
pub(crate) fn etag(body: &[u8]) -> Box<str> {
    hex::encode(Md5::checksum(body)).into()
}

/// `md5-N` of a multipart upload.
pub(crate) fn joined_etag<'a>(etags: impl Iterator<Item = &'a str>) -> Box<str> {
    let (mut md5, mut count) = (Md5::new(), 0);
    for etag in etags {
        md5.update(&hex::decode(etag).unwrap_or_default());
        count += 1;
    }
    format!("{}-{count}", hex::encode(md5.finalize())).into()
}

/// The checksum of a multipart upload from those of its parts; `None` if a part lacks its own.
pub(crate) fn joined_sum(algorithm: Algorithm, composite: bool, parts: &[PartOf]) -> Option<Sum> {
    let raw = parts
        .iter()
        .map(|p| {
            let sum = p.sum.as_ref().filter(|s| s.algorithm == algorithm)?;
            Some((BASE64.decode(&sum.value).ok()?, p.size))
        })
        .collect::<Option<Vec<_>>>()?;
    let value = if composite {
        let all: Vec<u8> = raw.iter().flat_map(|(sum, _)| sum.iter().copied()).collect();
        let mut hasher = Hasher::new(
            Claims { given: Checksum::default(), md5: None, algorithm: None, trailer: None },
            algorithm,
        );
        hasher.update(&Bytes::from(all));
        let sums = hasher.sums.finalize();
        format!("{}-{}", algorithm.of(&sums)?, parts.len())
    } else {
        let crc = algorithm.crc()?;
        let number = |sum: &[u8]| sum.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
        let (first, rest) = raw.split_first()?;
        let whole = rest.iter().fold(number(&first.0), |whole, (sum, size)| {
            crc_fast::checksum_combine(crc, whole, number(sum), *size)
        });
        let bytes = whole.to_be_bytes();
        BASE64.encode(&bytes[bytes.len() - first.0.len()..])
    };
    Some(Sum { algorithm, composite, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(algorithm: Algorithm, data: &'static [u8]) -> Hashed {
        let claims = Claims::new(Checksum::default(), None, None, &HeaderMap::new()).unwrap();
        let mut hasher = Hasher::new(claims, algorithm);
        hasher.update(&Bytes::from_static(data));
        hasher.finish(None).unwrap()
    }

    #[test]
    fn known_values() {
        // The catalogue's check values, over "123456789".
        for (algorithm, hex) in [
            (Algorithm::Crc32, "cbf43926"),
            (Algorithm::Crc32c, "e3069283"),
            (Algorithm::Crc64Nvme, "ae8b14860a799888"),
            (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        ] {
            let sum = hashed(algorithm, b"123456789").sum.value;
            assert_eq!(hex::encode(BASE64.decode(sum).unwrap()), hex, "{}", algorithm.name());
        }
        assert_eq!(&*hashed(Algorithm::Crc32, b"").etag, "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn parts_join_to_the_sum_of_the_whole() {
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let part = |number, data: &'static [u8]| PartOf {
                number,
                size: data.len() as u64,
                sum: Some(hashed(algorithm, data).sum),
            };
            let parts = [part(1, b"hello "), part(2, b"wide "), part(3, b"world")];
            let whole = hashed(algorithm, b"hello wide world").sum;
            assert_eq!(joined_sum(algorithm, false, &parts), Some(whole));
        }
    }

    #[test]
    fn a_wrong_digest_is_refused() {
        let given = Checksum { checksum_crc32: Some("AAAAAA==".into()), ..Checksum::default() };
        let claims = Claims::new(given, None, None, &HeaderMap::new()).unwrap();
        let mut hasher = Hasher::new(claims, Algorithm::Crc64Nvme);
        hasher.update(&Bytes::from_static(b"x"));
        assert_eq!(hasher.finish(None).err().unwrap().code().as_str(), "BadDigest");
        let short = Claims::new(Checksum::default(), Some("AAAA"), None, &HeaderMap::new());
        assert_eq!(short.err().unwrap().code().as_str(), "InvalidDigest");
    }
}
