//! Server-side encryption as a client sees it: which kind an object says it has, and that an object
//! with a customer's key is for who has the key. Bytes are kept as they are.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderValue};
use s3s::crypto::{Checksum as _, Md5, Sha256};
use s3s::dto::ServerSideEncryptionConfiguration;
use s3s::{S3Error, S3Result, s3_error};

use super::documents::{kept, name};
use crate::model::{BucketInfo, Sse};

/// The key that S3 takes where none is named.
const DEFAULT_KEY: &str = "arn:aws:kms:us-east-1:000000000000:alias/aws/s3";

/// What a request says about encryption.
#[derive(Default, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub method: Option<&'a str>,
    pub kms_key: Option<&'a str>,
    pub bucket_key: Option<bool>,
    pub customer: Customer<'a>,
}

/// The three headers of a customer's key.
#[derive(Default, Clone, Copy)]
pub(super) struct Customer<'a> {
    pub algorithm: Option<&'a str>,
    pub key: Option<&'a str>,
    pub md5: Option<&'a str>,
}

/// The customer's key in an input with the usual fields.
macro_rules! customer_of {
    ($input:expr) => {
        $crate::ops::sse::Customer {
            algorithm: $input.sse_customer_algorithm.as_deref(),
            key: $input.sse_customer_key.as_deref(),
            md5: $input.sse_customer_key_md5.as_deref(),
        }
    };
}
pub(super) use customer_of;

/// The encryption in an input with the usual fields.
macro_rules! asked_sse {
    ($input:expr) => {
        $crate::ops::sse::Asked {
            method: $input.server_side_encryption.as_ref().map(|s| s.as_str()),
            kms_key: $input.ssekms_key_id.as_deref(),
            bucket_key: $input.bucket_key_enabled,
            customer: $crate::ops::sse::customer_of!($input),
        }
    };
}
pub(super) use asked_sse;

impl Customer<'_> {
    /// The key itself, if one is given and it is one.
    fn key(&self) -> S3Result<Option<Vec<u8>>> {
        let (algorithm, key, md5) = match (self.algorithm, self.key, self.md5) {
            (None, None, None) => return Ok(None),
            (Some(algorithm), Some(key), Some(md5)) => (algorithm, key, md5),
            _ => {
                return Err(s3_error!(
                    InvalidArgument,
                    "Requests specifying Server Side Encryption with Customer provided keys must \
                     provide an appropriate secret key, its MD5 and the algorithm."
                ));
            }
        };
        if algorithm != "AES256" {
            return Err(s3_error!(
                InvalidEncryptionAlgorithmError,
                "The encryption request you specified is not valid. The valid value is AES256."
            ));
        }
        let key = BASE64.decode(key).ok().filter(|key| key.len() == 32).ok_or_else(|| {
            s3_error!(InvalidArgument, "The secret key was invalid for the specified algorithm.")
        })?;
        if BASE64.encode(Md5::checksum(&key)) != md5 {
            return Err(s3_error!(
                InvalidArgument,
                "The calculated MD5 hash of the key did not match the hash that was provided."
            ));
        }
        Ok(Some(key))
    }

    pub(super) const fn is_given(&self) -> bool {
        self.algorithm.is_some() || self.key.is_some() || self.md5.is_some()
    }

    /// Whether who asks has the key of this object, if it has one.
    pub(super) fn opens(&self, sse: Option<&Sse>) -> S3Result<()> {
        match (sse, self.key()?) {
            (Some(Sse::Customer { salt, hash }), Some(key)) if hashed(salt, &key) == *hash => {
                Ok(())
            }
            (Some(Sse::Customer { .. }), Some(_)) => Err(s3_error!(
                AccessDenied,
                "Access Denied: this is not the key that the object was stored with"
            )),
            (Some(Sse::Customer { .. }), None) => Err(s3_error!(
                InvalidRequest,
                "The object was stored using a form of Server Side Encryption. The correct \
                 parameters must be provided to retrieve the object."
            )),
            (_, Some(_)) => Err(s3_error!(
                InvalidRequest,
                "The encryption parameters are not applicable to this object."
            )),
            (_, None) => Ok(()),
        }
    }

    /// Whether a part comes with the key that its upload began with.
    pub(super) fn continues(&self, sse: Option<&Sse>) -> S3Result<()> {
        let wrong = || {
            s3_error!(
                InvalidRequest,
                "The multipart upload initiate requested encryption. Subsequent part requests must \
                 include the appropriate encryption parameters."
            )
        };
        match (sse, self.key()?) {
            (Some(Sse::Customer { salt, hash }), Some(key)) if hashed(salt, &key) == *hash => {
                Ok(())
            }
            (Some(Sse::Customer { .. }), _) | (_, Some(_)) => Err(wrong()),
            (_, None) => Ok(()),
        }
    }
}

fn hashed(salt: &str, key: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(salt.as_bytes());
    hash.update(key);
    hex::encode(hash.finalize())
}

impl Asked<'_> {
    pub(super) const fn is_given(&self) -> bool {
        self.method.is_some() || self.customer.is_given()
    }

    /// How a new object of the bucket is encrypted.
    pub(super) fn sse(&self, info: &BucketInfo) -> S3Result<Option<Sse>> {
        let kms = |key: Option<&str>, dual, bucket_key: Option<bool>| Sse::Kms {
            key: key.unwrap_or(DEFAULT_KEY).to_owned(),
            dual,
            bucket_key: bucket_key.unwrap_or(false),
        };
        if let Some(key) = self.customer.key()? {
            if self.method.is_some() || self.kms_key.is_some() {
                return Err(s3_error!(
                    InvalidArgument,
                    "Server Side Encryption with Customer provided key is incompatible with the \
                     encryption method specified"
                ));
            }
            let salt = random_hex()?;
            let hash = hashed(&salt, &key);
            return Ok(Some(Sse::Customer { salt, hash }));
        }
        match (self.method, self.kms_key) {
            (Some("AES256"), None) => Ok(Some(Sse::S3)),
            (Some("aws:kms"), key) => Ok(Some(kms(key, false, self.bucket_key))),
            (Some("aws:kms:dsse"), key) => Ok(Some(kms(key, true, self.bucket_key))),
            (None | Some("AES256"), Some(_)) => Err(s3_error!(
                InvalidArgument,
                "Server Side Encryption with AWS KMS managed key requires HTTP header \
                 x-amz-server-side-encryption : aws:kms"
            )),
            (Some(_), _) => {
                Err(s3_error!(InvalidArgument, "The encryption method specified is not supported"))
            }
            (None, None) => Ok(default(info).map(|rule| match rule.method.as_str() {
                "aws:kms" => kms(rule.key.as_deref(), false, rule.bucket_key),
                "aws:kms:dsse" => kms(rule.key.as_deref(), true, rule.bucket_key),
                _ => Sse::S3,
            })),
        }
    }
}

struct DefaultRule {
    method: String,
    key: Option<String>,
    bucket_key: Option<bool>,
}

fn default(info: &BucketInfo) -> Option<DefaultRule> {
    let document: ServerSideEncryptionConfiguration = kept(info, name::ENCRYPTION)?;
    let rule = document.rules.into_iter().next()?;
    let by_default = rule.apply_server_side_encryption_by_default?;
    Some(DefaultRule {
        method: by_default.sse_algorithm.as_str().to_owned(),
        key: by_default.kms_master_key_id,
        bucket_key: rule.bucket_key_enabled,
    })
}

pub(super) fn random_hex() -> S3Result<String> {
    crate::account::letters(b"0123456789abcdef", 32).map_err(S3Error::internal_error)
}

/// The ETag of a body: its MD5, unless a key of KMS or of the customer is in it.
pub(super) fn etag_for(sse: Option<&Sse>, md5: Box<str>) -> S3Result<Box<str>> {
    match sse {
        None | Some(Sse::S3) => Ok(md5),
        Some(Sse::Kms { .. } | Sse::Customer { .. }) => Ok(random_hex()?.into()),
    }
}

/// What an answer says about an object's encryption.
pub(super) fn headers(sse: Option<&Sse>, customer: Customer<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut say = |name: &str, value: &str| {
        let mut whole = String::from("x-amz-server-side-encryption");
        // Writing to a String does not fail.
        let _written = write!(whole, "{name}");
        if let (Ok(name), Ok(value)) =
            (http::HeaderName::try_from(whole), HeaderValue::from_str(value))
        {
            headers.insert(name, value);
        }
    };
    match sse {
        None => {}
        Some(Sse::S3) => say("", "AES256"),
        Some(Sse::Kms { key, dual, bucket_key }) => {
            say("", if *dual { "aws:kms:dsse" } else { "aws:kms" });
            say("-aws-kms-key-id", key);
            if *bucket_key {
                say("-bucket-key-enabled", "true");
            }
        }
        Some(Sse::Customer { .. }) => {
            say("-customer-algorithm", "AES256");
            say("-customer-key-md5", customer.md5.unwrap_or_default());
        }
    }
    headers
}
