//! Encryption at the server: what a write asks for, and the keys of SSE-C, which go with each request
//! for an object (S3 User Guide, "Protecting data with server-side encryption").

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use aws_sdk_s3::types::ServerSideEncryption;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use dipper_types::{BucketName, ObjectKey};
use futures::future::BoxFuture;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::client::S3;
use crate::error::{Class, Error};

/// How the server is asked to encrypt what it stores. Without, the bucket's default counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "with", rename_all = "kebab-case")]
pub enum ServerSide {
    /// SSE-S3
    S3,
    /// SSE-KMS, by key id, ARN or alias; without one by the account's own key for S3.
    Kms {
        key: Option<String>,
        /// One call to KMS for many objects. `None`: as the bucket has it.
        bucket_key: Option<bool>,
    },
    /// DSSE-KMS: encrypted twice.
    Dsse { key: Option<String> },
    /// SSE-C: by a key that the server gets with each request and keeps not. Here is its name.
    Customer { key: String },
}

impl ServerSide {
    /// As the server would tell it of an object.
    pub fn of_object(method: &str, kms_key: Option<&str>, bucket_key: bool) -> Option<Self> {
        let key = kms_key.map(str::to_owned);
        match method {
            "AES256" => Some(Self::S3),
            "aws:kms" => Some(Self::Kms { key, bucket_key: bucket_key.then_some(true) }),
            "aws:kms:dsse" => Some(Self::Dsse { key }),
            _ => None,
        }
    }

    /// The name that S3 has for it.
    pub fn method(&self) -> &'static str {
        match self {
            Self::S3 => "AES256",
            Self::Kms { .. } => "aws:kms",
            Self::Dsse { .. } => "aws:kms:dsse",
            Self::Customer { .. } => "SSE-C AES256",
        }
    }
}

/// A key of SSE-C: 256 bits under a name.
#[derive(Clone)]
pub struct CustomerKey {
    pub name: String,
    bytes: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CustomerKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl CustomerKey {
    pub fn new(name: impl Into<String>, bytes: Zeroizing<[u8; 32]>) -> Self {
        Self { name: name.into(), bytes }
    }

    pub(crate) fn base64(&self) -> String {
        BASE64.encode(self.bytes.as_slice())
    }

    pub(crate) fn md5(&self) -> String {
        BASE64.encode(Md5::digest(self.bytes.as_slice()))
    }
}

/// Where keys of SSE-C are found.
pub trait CustomerKeys: Send + Sync {
    /// # Errors
    /// Why there is no such key, as a sentence.
    fn named<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<CustomerKey, String>>;

    /// By which keys an object may have been written, and by none, the likeliest first.
    fn likely(&self, bucket: &str, key: &str) -> Vec<Option<String>>;
}

/// Keys that a connection may use.
#[derive(Clone, Default)]
pub struct KeyRing(Option<Arc<dyn CustomerKeys>>);

impl KeyRing {
    pub fn new(keys: Arc<dyn CustomerKeys>) -> Self {
        Self(Some(keys))
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "KeyRing" } else { "no keys" })
    }
}

/// By which key, if any, objects were last read or written here. Bounded: what falls out is found anew.
#[derive(Debug, Default)]
pub(crate) struct Opened(HashMap<(String, String), Option<String>>);

const OPENED_MOST: usize = 4096;

/// What the headers of a write say.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub method: Option<ServerSideEncryption>,
    pub kms_key: Option<String>,
    pub bucket_key: Option<bool>,
    pub customer: Option<CustomerKey>,
}

/// The key of SSE-C on a request that makes or reads an object. The SDK's builders share no trait.
macro_rules! with_customer_key {
    ($call:expr, $key:expr) => {{
        let key: Option<&$crate::encryption::CustomerKey> = $key;
        $call
            .set_sse_customer_algorithm(key.map(|_| "AES256".to_owned()))
            .set_sse_customer_key(key.map($crate::encryption::CustomerKey::base64))
            .set_sse_customer_key_md5(key.map($crate::encryption::CustomerKey::md5))
    }};
}
pub(crate) use with_customer_key;

/// The same of what is copied.
macro_rules! with_source_key {
    ($call:expr, $key:expr) => {{
        let key: Option<&$crate::encryption::CustomerKey> = $key;
        $call
            .set_copy_source_sse_customer_algorithm(key.map(|_| "AES256".to_owned()))
            .set_copy_source_sse_customer_key(key.map($crate::encryption::CustomerKey::base64))
            .set_copy_source_sse_customer_key_md5(key.map($crate::encryption::CustomerKey::md5))
    }};
}
pub(crate) use with_source_key;

impl S3 {
    /// What is asked for, with the key where it takes one.
    ///
    /// # Errors
    /// `InvalidInput` where the key is not there, or would cross the net in clear.
    pub(crate) async fn written(
        &self,
        op: &'static str,
        bucket: &BucketName,
        key: &ObjectKey,
        asked: Option<&ServerSide>,
    ) -> Result<Written, Error> {
        let mut written = Written::default();
        match asked {
            None => {}
            Some(ServerSide::S3) => written.method = Some(ServerSideEncryption::Aes256),
            Some(ServerSide::Kms { key, bucket_key }) => {
                written.method = Some(ServerSideEncryption::AwsKms);
                written.kms_key.clone_from(key);
                written.bucket_key = *bucket_key;
            }
            Some(ServerSide::Dsse { key }) => {
                written.method = Some(ServerSideEncryption::AwsKmsDsse);
                written.kms_key.clone_from(key);
            }
            Some(ServerSide::Customer { key: name }) => {
                written.customer = Some(self.customer_key(op, bucket, key, name).await?);
            }
        }
        Ok(written)
    }

    /// [`Self::written`], of which only the key is wanted: parts say no more.
    pub(crate) async fn part_key(
        &self,
        op: &'static str,
        bucket: &BucketName,
        key: &ObjectKey,
        asked: Option<&ServerSide>,
    ) -> Result<Option<CustomerKey>, Error> {
        Ok(self.written(op, bucket, key, asked).await?.customer)
    }

    async fn customer_key(
        &self,
        op: &'static str,
        bucket: &BucketName,
        key: &ObjectKey,
        name: &str,
    ) -> Result<CustomerKey, Error> {
        let refused = |what: &str| {
            Error::of_answer(Class::InvalidInput, op, bucket.as_str(), key.as_str(), what)
        };
        if self.connection().is_insecure() {
            return Err(refused(
                "SSE-C sends its key with each request, and this connection is not encrypted: use https",
            ));
        }
        let ring = &self.connection().options.customer_keys.0;
        let ring = ring.as_ref().ok_or_else(|| refused("this connection has no keys for SSE-C"))?;
        ring.named(name).await.map_err(|why| refused(&why))
    }

    /// Runs a call that reads an object: without a key, or with those that it may have been written by.
    /// Which one it was is told, and remembered. A server says only that a key is wrong or missing.
    pub(crate) async fn opening<T, Fut>(
        &self,
        op: &'static str,
        bucket: &BucketName,
        key: &ObjectKey,
        call: impl Fn(Option<CustomerKey>) -> Fut,
    ) -> Result<(T, Option<String>), Error>
    where
        Fut: Future<Output = Result<T, Error>>,
    {
        let mut order = self.likely_keys(bucket, key);
        if order.is_empty() {
            return Ok((call(None).await?, None));
        }
        let place = (bucket.to_string(), key.to_string());
        let known =
            self.opened().lock().unwrap_or_else(PoisonError::into_inner).0.get(&place).cloned();
        if let Some(known) = known {
            order.retain(|name| *name != known);
            order.insert(0, known);
        }
        let (mut refused, mut missing) = (None, None);
        for name in order {
            let done = match &name {
                None => call(None).await,
                Some(named) => match self.customer_key(op, bucket, key, named).await {
                    Ok(found) => call(Some(found)).await,
                    Err(error) => {
                        missing = missing.or(Some(error));
                        continue;
                    }
                },
            };
            match done {
                Ok(done) => {
                    self.note_opened(place, name.clone());
                    return Ok((done, name));
                }
                // What the server says first is what is told.
                Err(error) if error.is_about_a_key() => refused = refused.or(Some(error)),
                Err(error) => return Err(refused.unwrap_or(error)),
            }
        }
        // A key that could not be had is more likely what was needed than what the server says of it.
        Err(missing.or(refused).unwrap_or_else(|| {
            Error::of_answer(Class::Internal, op, bucket.as_str(), key.as_str(), "no key was tried")
        }))
    }

    /// What lies under a key now was written by this one.
    pub(crate) fn note_written(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        by: Option<&CustomerKey>,
    ) {
        if !self.likely_keys(bucket, key).is_empty() {
            let place = (bucket.to_string(), key.to_string());
            self.note_opened(place, by.map(|key| key.name.clone()));
        }
    }

    /// What to try, one after the other; nothing where no key is known.
    fn likely_keys(&self, bucket: &BucketName, key: &ObjectKey) -> Vec<Option<String>> {
        let ring = self.connection().options.customer_keys.0.as_ref();
        ring.map(|ring| ring.likely(bucket.as_str(), key.as_str()))
            .filter(|order| order.iter().any(Option::is_some))
            .unwrap_or_default()
    }

    fn note_opened(&self, place: (String, String), name: Option<String>) {
        let mut opened = self.opened().lock().unwrap_or_else(PoisonError::into_inner);
        if opened.0.len() >= OPENED_MOST {
            opened.0.clear();
        }
        opened.0.insert(place, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_only_its_name() {
        let key = CustomerKey::new("mine", Zeroizing::new([7; 32]));
        assert_eq!(format!("{key:?}"), "CustomerKey { name: \"mine\", .. }");
        assert_eq!(key.md5(), "y4HAEFCYWuvAXWFTtA1Qpg==");
    }

    #[test]
    fn what_a_job_keeps_of_it() {
        for (asked, text) in [
            (ServerSide::S3, r#"{"with":"s3"}"#),
            (ServerSide::Customer { key: "mine".into() }, r#"{"with":"customer","key":"mine"}"#),
            (ServerSide::Dsse { key: None }, r#"{"with":"dsse","key":null}"#),
        ] {
            assert_eq!(serde_json::to_string(&asked).unwrap(), text);
            assert_eq!(serde_json::from_str::<ServerSide>(text).unwrap(), asked);
        }
    }
}
