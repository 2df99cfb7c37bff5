//! Checksums that were asked for by name, in the place of the one that a provider is sent anyway
//! (S3 API, "Checking object integrity").

use aws_sdk_s3::types::{ChecksumAlgorithm as SdkAlgorithm, ChecksumType};
use aws_smithy_checksums::ChecksumAlgorithm as Hasher;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use crate::body::Payload;
use crate::client::S3;
use crate::error::{Class, Error};
use crate::provider::Integrity;
use crate::types::ChecksumAlgorithm;

/// What uploads are to carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChecksumWish {
    /// `Content-MD5`: it is compared, and not kept.
    Md5,
    Crc32,
    Crc32c,
    Crc64nvme,
    Sha1,
    Sha256,
}

impl ChecksumWish {
    /// What is kept with the object.
    pub fn algorithm(self) -> Option<ChecksumAlgorithm> {
        Some(match self {
            Self::Md5 => return None,
            Self::Crc32 => ChecksumAlgorithm::Crc32,
            Self::Crc32c => ChecksumAlgorithm::Crc32c,
            Self::Crc64nvme => ChecksumAlgorithm::Crc64nvme,
            Self::Sha1 => ChecksumAlgorithm::Sha1,
            Self::Sha256 => ChecksumAlgorithm::Sha256,
        })
    }
}

/// The setters of requests have the same names but no common trait.
macro_rules! with_checksum {
    ($call:expr, $sum:expr) => {{
        use $crate::types::ChecksumAlgorithm as A;
        let sum: Option<&(A, String)> = $sum;
        let of = |wanted: A| sum.filter(|(is, _)| *is == wanted).map(|(_, value)| value.clone());
        $call
            .set_checksum_crc32(of(A::Crc32))
            .set_checksum_crc32_c(of(A::Crc32c))
            .set_checksum_sha1(of(A::Sha1))
            .set_checksum_sha256(of(A::Sha256))
    }};
}
pub(crate) use with_checksum;

/// The getters of answers, likewise.
macro_rules! checksum_in {
    ($answer:expr, $algorithm:expr) => {{
        use $crate::types::ChecksumAlgorithm as A;
        match $algorithm {
            A::Crc32 => $answer.checksum_crc32(),
            A::Crc32c => $answer.checksum_crc32_c(),
            A::Crc64nvme => $answer.checksum_crc64_nvme(),
            A::Sha1 => $answer.checksum_sha1(),
            A::Sha256 => $answer.checksum_sha256(),
        }
    }};
}
pub(crate) use checksum_in;

pub(crate) fn sdk(algorithm: ChecksumAlgorithm) -> SdkAlgorithm {
    match algorithm {
        ChecksumAlgorithm::Crc32 => SdkAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32c => SdkAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64nvme => SdkAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1 => SdkAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256 => SdkAlgorithm::Sha256,
    }
}

/// Of an object in parts: hashes can't be put together, CRCs can.
pub(crate) fn kind(algorithm: ChecksumAlgorithm) -> ChecksumType {
    match algorithm {
        ChecksumAlgorithm::Sha1 | ChecksumAlgorithm::Sha256 => ChecksumType::Composite,
        _ => ChecksumType::FullObject,
    }
}

/// In base64, as S3 writes it.
async fn sum(algorithm: ChecksumAlgorithm, payload: Payload) -> std::io::Result<String> {
    let hashed = tokio::task::spawn_blocking(move || {
        let mut hasher = match algorithm {
            ChecksumAlgorithm::Crc32 => Hasher::Crc32,
            ChecksumAlgorithm::Crc32c => Hasher::Crc32c,
            ChecksumAlgorithm::Crc64nvme => Hasher::Crc64Nvme,
            ChecksumAlgorithm::Sha1 => Hasher::Sha1,
            ChecksumAlgorithm::Sha256 => Hasher::Sha256,
        }
        .into_impl();
        match payload {
            Payload::Held(bytes) => hasher.update(&bytes),
            Payload::Read { read, size } => {
                let mut at = 0;
                while at < size {
                    let len = usize::try_from((size - at).min(1 << 20)).unwrap_or(1 << 20);
                    hasher.update(&read(at, len)?);
                    at += len as u64;
                }
            }
        }
        Ok::<_, std::io::Error>(BASE64.encode(hasher.finalize()))
    });
    hashed.await.map_err(std::io::Error::other)?
}

impl S3 {
    /// The same connection, whose uploads carry this checksum.
    pub fn with_checksum(&self, wish: ChecksumWish) -> Self {
        let mut own = self.clone();
        own.checksum = Some(wish);
        own
    }

    /// What was asked for, to be kept with objects.
    pub(crate) fn wanted_checksum(&self) -> Option<ChecksumAlgorithm> {
        self.checksum.and_then(ChecksumWish::algorithm)
    }

    /// Refused before anything is sent: a service that is known to keep no checksums.
    pub(crate) fn may_keep_checksums(
        &self,
        op: &'static str,
        at: (&str, &str),
    ) -> Result<(), Error> {
        let provider = &self.connection().provider;
        match self.wanted_checksum() {
            Some(wanted) if provider.integrity == Integrity::ContentMd5 => {
                let what = format!(
                    "{} is not known to keep checksums, so that {} is not sent; it compares MD5s",
                    provider.name,
                    wanted.name()
                );
                Err(Error::of_answer(Class::Unsupported, op, at.0, at.1, &what))
            }
            _ => Ok(()),
        }
    }

    /// What a request carries of its own. CRC-64/NVME has a way of its own, through all layers.
    pub(crate) async fn checksum_of(
        &self,
        op: &'static str,
        at: (&str, &str),
        payload: &Payload,
    ) -> Result<Option<(ChecksumAlgorithm, String)>, Error> {
        let wanted = self.wanted_checksum().filter(|a| *a != ChecksumAlgorithm::Crc64nvme);
        let Some(wanted) = wanted else { return Ok(None) };
        match sum(wanted, payload.clone()).await {
            Ok(sum) => Ok(Some((wanted, sum))),
            Err(error) => {
                let what = format!("the bytes could not be read: {error}");
                Err(Error::of_answer(Class::InvalidInput, op, at.0, at.1, &what))
            }
        }
    }

    /// What an answer says of it: kept and the same, or nothing.
    pub(crate) fn is_kept(
        &self,
        op: &'static str,
        at: (&str, &str),
        ours: Option<&(ChecksumAlgorithm, String)>,
        theirs: Option<&str>,
    ) -> Result<bool, Error> {
        match (ours, theirs) {
            (Some((_, ours)), Some(theirs)) if ours != theirs => {
                let what = "the server stored other bytes than were sent";
                Err(Error::of_answer(Class::ChecksumMismatch, op, at.0, at.1, what))
            }
            (_, theirs) => Ok(theirs.is_some()),
        }
    }

    /// What was stored without what was asked for.
    pub(crate) fn not_kept(&self, op: &'static str, at: (&str, &str)) -> Error {
        let name = self.wanted_checksum().map_or("the checksum", ChecksumAlgorithm::name);
        let what = format!("this server does not keep {name}, which was asked for");
        Error::of_answer(Class::Unsupported, op, at.0, at.1, &what)
    }
}
