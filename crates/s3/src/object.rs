use std::sync::Arc;

use aws_sdk_s3::types::{ChecksumMode, Delete, ObjectCannedAcl, ObjectIdentifier, StorageClass};
use aws_smithy_types::date_time::Format;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use dipper_types::{BucketName, ObjectKey, PartNumber};
use md5::{Digest, Md5};

use crate::body::{Download, Payload, Sent};
use crate::checksum::{checksum_in, with_checksum};
use crate::client::{Retries, S3};
use crate::encryption::with_customer_key;
use crate::error::{Class, Error};
use crate::provider::Integrity;
use crate::types::{
    Checksum, ChecksumAlgorithm, DeleteFailure, ObjectHead, ObjectHeaders, ObjectId, Retention,
    Visibility, bare_etag, timestamp,
};

/// What a single PutObject carries. The checksum that the provider understands must be there.
#[derive(Debug, Clone, Default)]
pub struct PutRequest {
    pub headers: ObjectHeaders,
    /// Base64 of the big-endian CRC-64/NVME of the bytes.
    pub crc64nvme: Option<String>,
    /// MD5 of the bytes.
    pub md5: Option<[u8; 16]>,
    pub guard: Guard,
}

/// What must be so for a write to happen; else it fails with `PreconditionFailed`. Servers that know
/// no conditional writes ignore it (S3 API, "Conditional writes").
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guard {
    /// Nothing lies under the key.
    pub if_absent: bool,
    /// The object under the key still has this ETag.
    pub if_match: Option<String>,
}

impl Guard {
    pub fn absent() -> Self {
        Self { if_absent: true, if_match: None }
    }

    pub(crate) fn none_match(&self) -> Option<String> {
        self.if_absent.then(|| "*".to_owned())
    }

    pub(crate) fn match_tag(&self) -> Option<String> {
        self.if_match.as_ref().map(|tag| format!("\"{tag}\""))
    }
}

/// What PutObject answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub etag: String,
    pub crc64nvme: Option<String>,
    pub encryption: Option<String>,
    /// The checksum that was asked for, which the server compared and keeps.
    pub proven: Option<ChecksumAlgorithm>,
}

#[derive(Debug, Clone, Default)]
pub struct GetRequest {
    /// First byte and length.
    pub range: Option<(u64, u64)>,
    /// Only if the object still has this ETag.
    pub if_match: Option<String>,
    pub version_id: Option<String>,
    /// As it was uploaded; not together with a range.
    pub part: Option<PartNumber>,
    /// The answer's head tells the checksums, too (of a whole object).
    pub checksums: bool,
}

/// Which state of an object HeadObject asks for.
#[derive(Debug, Clone, Default)]
pub struct HeadRequest {
    pub version_id: Option<String>,
    /// Its part of that number: size and checksum are the part's, and the number of parts is told.
    pub part: Option<PartNumber>,
}

/// What a delete without a version id left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deleted {
    /// A delete marker was written, or removed.
    pub delete_marker: bool,
    /// Of the marker, or of the version that is gone.
    pub version_id: Option<String>,
}

/// The headers of an object, set in the same words on each call that makes one. The SDK's builders
/// share no trait.
macro_rules! with_headers {
    ($call:expr, $headers:expr, $written:expr) => {{
        let headers: &ObjectHeaders = $headers;
        let written: &$crate::encryption::Written = $written;
        $crate::encryption::with_customer_key!($call, written.customer.as_ref())
            .set_server_side_encryption(written.method.clone())
            .set_ssekms_key_id(written.kms_key.clone())
            .set_bucket_key_enabled(written.bucket_key)
            .set_acl($crate::object::acl_header(headers.visibility))
            .set_content_type(headers.content_type.clone())
            .set_cache_control(headers.cache_control.clone())
            .set_content_disposition(headers.content_disposition.clone())
            .set_content_encoding(headers.content_encoding.clone())
            .set_content_language(headers.content_language.clone())
            .set_expires(headers.expires.as_deref().and_then($crate::object::http_date))
            .set_website_redirect_location(headers.website_redirect.clone())
            .set_metadata($crate::object::metadata_map(headers))
    }};
}
pub(crate) use with_headers;

pub(crate) fn http_date(text: &str) -> Option<aws_sdk_s3::primitives::DateTime> {
    aws_sdk_s3::primitives::DateTime::from_str(text, Format::HttpDate).ok()
}

/// The getters of HeadObject's and GetObject's answers have the same names but no common trait.
macro_rules! head_of {
    ($answer:expr) => {{
        let a = $answer;
        let full = a.checksum_type().is_none_or(|t| t.as_str() == "FULL_OBJECT");
        let mut checksums = Vec::new();
        for (algorithm, value) in [
            (ChecksumAlgorithm::Crc64nvme, a.checksum_crc64_nvme()),
            (ChecksumAlgorithm::Crc32c, a.checksum_crc32_c()),
            (ChecksumAlgorithm::Crc32, a.checksum_crc32()),
            (ChecksumAlgorithm::Sha256, a.checksum_sha256()),
            (ChecksumAlgorithm::Sha1, a.checksum_sha1()),
        ] {
            if let Some(value) = value {
                let full_object = full && !value.contains('-');
                checksums.push(Checksum { algorithm, value: value.to_owned(), full_object });
            }
        }
        let mut metadata: Vec<(String, String)> = a
            .metadata()
            .map(|m| m.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
            .unwrap_or_default();
        metadata.sort();
        let class = a.storage_class().map(|c| c.as_str().to_owned());
        ObjectHead {
            size: 0,
            etag: a.e_tag().map(bare_etag),
            modified: a.last_modified().and_then(timestamp),
            version_id: a.version_id().map(str::to_owned),
            encryption: a
                .server_side_encryption()
                .map(|e| e.as_str().to_owned())
                .or_else(|| a.sse_customer_algorithm().map(|c| format!("SSE-C {c}"))),
            archived: matches!(class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE"))
                && !a.restore().is_some_and(|r| r.contains("ongoing-request=\"false\"")),
            headers: ObjectHeaders {
                visibility: Visibility::Private,
                storage_class: class,
                content_type: a.content_type().map(str::to_owned),
                cache_control: a.cache_control().map(str::to_owned),
                content_disposition: a.content_disposition().map(str::to_owned),
                content_encoding: a.content_encoding().map(str::to_owned),
                content_language: a.content_language().map(str::to_owned),
                expires: a.expires_string().map(str::to_owned),
                website_redirect: a.website_redirect_location().map(str::to_owned),
                tags: None,
                encryption: None,
                metadata,
            },
            checksums,
            restore: a.restore().map(str::to_owned),
            kms_key: a.ssekms_key_id().map(str::to_owned),
            bucket_key: a.bucket_key_enabled().unwrap_or(false),
            customer_key: None,
            parts: a.parts_count().and_then(|n| u32::try_from(n).ok()),
            tags: a.tag_count().and_then(|n| u32::try_from(n).ok()),
            retention: a.object_lock_mode().map(|mode| Retention {
                mode: mode.as_str().to_owned(),
                until: a.object_lock_retain_until_date().and_then(timestamp),
            }),
            legal_hold: a.object_lock_legal_hold_status().is_some_and(|s| s.as_str() == "ON"),
            replication: a.replication_status().map(|s| s.as_str().to_owned()),
        }
    }};
}

/// `bytes 0-9/100` → (0, 10, 100).
fn content_range(text: &str) -> Option<(u64, u64, u64)> {
    let (span, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = span.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    Some((first, last.checked_sub(first)? + 1, total.parse().ok()?))
}

pub(crate) fn acl_header(visibility: Visibility) -> Option<ObjectCannedAcl> {
    match visibility {
        Visibility::Private => None,
        Visibility::Public => Some(ObjectCannedAcl::PublicRead),
    }
}

pub(crate) fn metadata_map(
    headers: &ObjectHeaders,
) -> Option<std::collections::HashMap<String, String>> {
    (!headers.metadata.is_empty()).then(|| headers.metadata.iter().cloned().collect())
}

impl S3 {
    /// HeadObject with checksums.
    pub async fn head_object(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<ObjectHead, Error> {
        self.head_object_of(bucket, key, &HeadRequest::default()).await
    }

    /// HeadObject of a version or a part.
    pub async fn head_object_of(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        request: &HeadRequest,
    ) -> Result<ObjectHead, Error> {
        let op = "HeadObject";
        let (answer, by) = self
            .opening(op, bucket, key, |customer| async move {
                self.run(op, Some(bucket.as_str()), Some(key.as_str()), Retries::Sdk, |client| {
                    let call = with_customer_key!(client.head_object(), customer.as_ref())
                        .bucket(bucket.as_str())
                        .key(key.as_str())
                        .set_version_id(request.version_id.clone())
                        .set_part_number(request.part.map(PartNumber::get))
                        .checksum_mode(ChecksumMode::Enabled);
                    async move { call.send().await }
                })
                .await
            })
            .await
            .map_err(|e| e.missing_is_the_version(request.version_id.as_deref()))?;
        let mut head = head_of!(&answer);
        head.customer_key = by;
        head.size = u64::try_from(answer.content_length().unwrap_or(-1)).map_err(|_| {
            Error::of_answer(
                Class::NotS3,
                op,
                bucket.as_str(),
                key.as_str(),
                "no size in the answer",
            )
        })?;
        if head.etag.is_none() {
            let what = "an object without an ETag; is this an S3 server?";
            return Err(Error::of_answer(Class::NotS3, op, bucket.as_str(), key.as_str(), what));
        }
        Ok(head)
    }

    /// GetObject, once. The body is the caller's to count, compare (with what HEAD says) and retry.
    pub async fn get_object(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        request: &GetRequest,
    ) -> Result<Download, Error> {
        let op = "GetObject";
        let wrong =
            |what: &str| Error::of_answer(Class::NotS3, op, bucket.as_str(), key.as_str(), what);
        let range =
            &request.range.map(|(first, len)| format!("bytes={first}-{}", first + len.max(1) - 1));
        let (answer, by) = self
            .opening(op, bucket, key, |customer| async move {
                self.run(op, Some(bucket.as_str()), Some(key.as_str()), Retries::Caller, |client| {
                    let call = with_customer_key!(client.get_object(), customer.as_ref())
                        .bucket(bucket.as_str())
                        .key(key.as_str())
                        .set_range(range.clone())
                        .set_version_id(request.version_id.clone())
                        .set_part_number(request.part.map(PartNumber::get))
                        .set_if_match(request.if_match.as_ref().map(|tag| format!("\"{tag}\"")))
                        .set_checksum_mode(request.checksums.then_some(ChecksumMode::Enabled));
                    async move { call.send().await }
                })
                .await
            })
            .await
            .map_err(|e| e.missing_is_the_version(request.version_id.as_deref()))?;
        let mut head = head_of!(&answer);
        head.customer_key = by;
        if head.etag.is_none() {
            return Err(wrong("an object without an ETag; is this an S3 server?"));
        }
        let len = u64::try_from(answer.content_length().unwrap_or(-1))
            .map_err(|_| wrong("no length in the answer"))?;
        let offset = match (request.range, answer.content_range()) {
            (None, Some(got)) if request.part.is_some() => {
                let (offset, span, total) = content_range(got)
                    .ok_or_else(|| wrong("a Content-Range that can't be read"))?;
                if span != len {
                    return Err(wrong("a part of another length than it says"));
                }
                head.size = total;
                offset
            }
            (None, _) => {
                head.size = len;
                0
            }
            (Some((first, want)), Some(got)) => {
                let (offset, span, total) = content_range(got)
                    .ok_or_else(|| wrong("a Content-Range that can't be read"))?;
                if offset != first || span != len || span > want {
                    return Err(wrong("another range than the one asked for"));
                }
                head.size = total;
                offset
            }
            (Some(_), None) => {
                return Err(wrong("the server ignored the Range that was asked for"));
            }
        };
        let at = (bucket.to_string(), key.to_string());
        Ok(Download { head, offset, len, body: answer.body, at })
    }

    /// PutObject, once. What comes back is what the server says it stored; comparing is the caller's.
    pub async fn put_object(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        bytes: Bytes,
        request: &PutRequest,
        sent: Option<&Sent>,
    ) -> Result<Stored, Error> {
        self.put_payload(bucket, key, Payload::Held(bytes), request, sent).await
    }

    /// PutObject, once, of bytes that need not be in memory.
    pub async fn put_payload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        payload: Payload,
        request: &PutRequest,
        sent: Option<&Sent>,
    ) -> Result<Stored, Error> {
        let op = "PutObject";
        let at = (bucket.as_str(), key.as_str());
        self.may_keep_checksums(op, at)?;
        let own = self.checksum_of(op, at, &payload).await?;
        let headers = &request.headers;
        let md5 = match (self.by_crc(), &payload) {
            (false, Payload::Held(bytes)) => {
                Some(request.md5.unwrap_or_else(|| Md5::digest(bytes).into()))
            }
            _ => request.md5,
        };
        let written = &self.written(op, bucket, key, headers.encryption.as_ref()).await?;
        let answer = self
            .run(op, Some(bucket.as_str()), Some(key.as_str()), Retries::Caller, |client| {
                let call = with_checksum!(client.put_object(), own.as_ref());
                let call = with_headers!(call, headers, written)
                    .bucket(bucket.as_str())
                    .key(key.as_str())
                    .content_length(i64::try_from(payload.len()).unwrap_or(i64::MAX))
                    .set_storage_class(headers.storage_class.as_deref().map(StorageClass::from))
                    .set_tagging(headers.tags.clone())
                    .set_checksum_crc64_nvme(request.crc64nvme.clone())
                    .set_content_md5(md5.map(|d| BASE64.encode(d)))
                    .set_if_none_match(request.guard.none_match())
                    .set_if_match(request.guard.match_tag())
                    .body(payload.body(sent));
                async move { call.send().await }
            })
            .await
            .map_err(|e| e.missing_is(Class::BucketNotFound))?;
        let etag = answer.e_tag().map(bare_etag).ok_or_else(|| {
            let what = "stored, but no ETag in the answer";
            Error::of_answer(Class::NotS3, op, bucket.as_str(), key.as_str(), what)
        })?;
        self.note_written(bucket, key, written.customer.as_ref());
        let proven = match self.wanted_checksum() {
            None => None,
            Some(wanted) => {
                let told = checksum_in!(answer, wanted);
                // Some servers tell it only when they are asked.
                if !self.is_kept(op, at, own.as_ref(), told)?
                    && !self.has_checksum(bucket, key, wanted).await?
                {
                    return Err(self.not_kept(op, at));
                }
                Some(wanted)
            }
        };
        Ok(Stored {
            proven,
            etag,
            crc64nvme: answer.checksum_crc64_nvme().map(str::to_owned),
            encryption: answer
                .server_side_encryption()
                .map(|e| e.as_str().to_owned())
                .or_else(|| answer.sse_customer_algorithm().map(|c| format!("SSE-C {c}"))),
        })
    }

    async fn has_checksum(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        wanted: ChecksumAlgorithm,
    ) -> Result<bool, Error> {
        let head = self.head_object(bucket, key).await?;
        Ok(head.checksums.iter().any(|sum| sum.algorithm == wanted))
    }

    /// DeleteObject. Deleting what is not there succeeds, as S3 has it.
    pub async fn delete_object(&self, bucket: &BucketName, key: &ObjectKey) -> Result<(), Error> {
        self.delete_version(bucket, &ObjectId::from(key.clone()), false).await.map(drop)
    }

    /// DeleteObject of one version, for ever; without a version id as [`Self::delete_object`].
    pub async fn delete_version(
        &self,
        bucket: &BucketName,
        object: &ObjectId,
        bypass_governance: bool,
    ) -> Result<Deleted, Error> {
        let key = object.key.as_str();
        self.run("DeleteObject", Some(bucket.as_str()), Some(key), Retries::Sdk, |client| {
            let call = client
                .delete_object()
                .bucket(bucket.as_str())
                .key(key)
                .set_version_id(object.version_id.clone())
                .set_bypass_governance_retention(bypass_governance.then_some(true));
            async move { call.send().await }
        })
        .await
        .map(|answer| Deleted {
            delete_marker: answer.delete_marker().unwrap_or(false),
            version_id: answer.version_id().map(str::to_owned),
        })
        .map_err(|e| e.missing_is(Class::BucketNotFound))
    }

    /// DeleteObjects, up to 1,000 keys or versions. What the server could not delete comes back by
    /// name.
    pub async fn delete_objects(
        &self,
        bucket: &BucketName,
        objects: &[impl Into<ObjectId> + Clone],
    ) -> Result<Vec<DeleteFailure>, Error> {
        let op = "DeleteObjects";
        let invalid = |what: &str| {
            Error::answer(op, Class::InvalidInput, what).at(Some(bucket.as_str()), None)
        };
        let mut delete = Delete::builder().quiet(true);
        for object in objects {
            let object: ObjectId = object.clone().into();
            let id = ObjectIdentifier::builder()
                .key(object.key.as_str())
                .set_version_id(object.version_id.clone())
                .build();
            delete = delete.objects(id.map_err(|_| invalid("a key is missing"))?);
        }
        let delete = Arc::new(delete.build().map_err(|_| invalid("no keys"))?);
        let by_md5 = self.connection().provider.integrity != Integrity::Crc64nvme;
        let answer = self
            .run(op, Some(bucket.as_str()), None, Retries::Sdk, |client| {
                let call =
                    client.delete_objects().bucket(bucket.as_str()).delete(Delete::clone(&delete));
                async move {
                    if by_md5 {
                        call.customize().mutate_request(md5_instead_of_crc).send().await
                    } else {
                        call.send().await
                    }
                }
            })
            .await
            .map_err(|e| e.missing_is(Class::BucketNotFound))?;
        answer
            .errors()
            .iter()
            .map(|failed| {
                let key = ObjectKey::new(failed.key().unwrap_or_default()).map_err(|_| {
                    Error::answer(op, Class::NotS3, "a failed key without its name")
                        .at(Some(bucket.as_str()), None)
                })?;
                Ok(DeleteFailure {
                    key,
                    version_id: failed.version_id().filter(|v| !v.is_empty()).map(str::to_owned),
                    s3_code: failed.code().unwrap_or_default().to_owned(),
                    message: failed.message().unwrap_or_default().to_owned(),
                })
            })
            .collect()
    }
}

/// Servers from before 2020 want `Content-MD5` on a multi-delete and refuse the SDK's checksum.
fn md5_instead_of_crc(request: &mut aws_smithy_runtime_api::client::orchestrator::HttpRequest) {
    let Some(digest) = request.body().bytes().map(|body| BASE64.encode(Md5::digest(body))) else {
        return;
    };
    let headers = request.headers_mut();
    for name in ["x-amz-checksum-crc32", "x-amz-sdk-checksum-algorithm", "x-amz-trailer"] {
        headers.remove(name);
    }
    headers.insert("content-md5", digest);
}

#[cfg(test)]
mod tests {
    use super::content_range;

    #[test]
    fn content_ranges() {
        assert_eq!(content_range("bytes 0-9/100"), Some((0, 10, 100)));
        assert_eq!(content_range("bytes 5-5/6"), Some((5, 1, 6)));
        for bad in ["", "bytes */100", "bytes 9-0/100", "bytes 0-9/*", "items 0-9/100"] {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }
}
