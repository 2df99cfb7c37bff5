//! Server-side copies: the bytes never leave the service.

use aws_sdk_s3::types::{MetadataDirective, StorageClass, TaggingDirective};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use dipper_types::{BucketName, ObjectKey, PartNumber, UploadId};

use crate::client::{Retries, S3};
use crate::connection::KEY;
use crate::encryption::{ServerSide, with_customer_key, with_source_key};
use crate::error::{Class, Error};
use crate::multipart::PartRef;
use crate::object::with_headers;
use crate::types::{ObjectHeaders, bare_etag};

/// Which object, and in which state, is copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    pub bucket: BucketName,
    pub key: ObjectKey,
    pub version_id: Option<String>,
    /// Only while it still has this ETag.
    pub if_match: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct CopyRequest {
    /// New headers in the place of the old; `None` keeps all of them but the storage class and the ACL,
    /// which S3 never copies.
    pub headers: Option<ObjectHeaders>,
    /// Of the copy; the class of the source is not inherited.
    pub storage_class: Option<String>,
    /// URL-encoded tags in the place of the old; `None` keeps them.
    pub tags: Option<String>,
    /// Of the copy; that of the source is not inherited.
    pub encryption: Option<ServerSide>,
    /// Only where the key is free (servers that know conditional writes).
    pub if_absent: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub etag: Option<String>,
    pub version_id: Option<String>,
}

impl CopySource {
    /// As the header wants it: bucket, key and version, URL-encoded.
    fn header(&self) -> String {
        let key = percent_encoding::utf8_percent_encode(self.key.as_str(), KEY);
        let version = self.version_id.as_ref().map(|version| {
            let version = percent_encoding::utf8_percent_encode(version, KEY);
            format!("?versionId={version}")
        });
        format!("{}/{key}{}", self.bucket, version.unwrap_or_default())
    }

    fn if_match(&self) -> Option<String> {
        self.if_match.as_ref().map(|tag| format!("\"{tag}\""))
    }
}

impl S3 {
    /// CopyObject, once: up to 5 GiB (`max-single-copy` of the provider). May be silent for minutes.
    ///
    /// # Errors
    /// What is missing is told of the source where the server names it.
    pub async fn copy_object(
        &self,
        source: &CopySource,
        bucket: &BucketName,
        key: &ObjectKey,
        request: &CopyRequest,
    ) -> Result<Copied, Error> {
        let headers = &request.headers.clone().unwrap_or_default();
        let replace = request.headers.is_some();
        let op = "CopyObject";
        let written = &self.written(op, bucket, key, request.encryption.as_ref()).await?;
        let (answer, _) = self
            .opening(op, &source.bucket, &source.key, |from| async move {
                self.run(op, Some(bucket.as_str()), Some(key.as_str()), Retries::Caller, |client| {
                    let call = with_headers!(client.copy_object(), headers, written);
                    let call = with_source_key!(call, from.as_ref())
                        .bucket(bucket.as_str())
                        .key(key.as_str())
                        .copy_source(source.header())
                        .set_copy_source_if_match(source.if_match())
                        .set_metadata_directive(replace.then_some(MetadataDirective::Replace))
                        .set_storage_class(request.storage_class.as_deref().map(StorageClass::from))
                        .set_tagging_directive(
                            request.tags.is_some().then_some(TaggingDirective::Replace),
                        )
                        .set_tagging(request.tags.clone())
                        .set_if_none_match(request.if_absent.then(|| "*".to_owned()));
                    let older = self.older_condition(source);
                    async move { call.customize().mutate_request(older).send().await }
                })
                .await
            })
            .await
            .map_err(|e| e.missing_is(Class::BucketNotFound))?;
        self.note_written(bucket, key, written.customer.as_ref());
        Ok(Copied {
            etag: answer.copy_object_result().and_then(|r| r.e_tag()).map(bare_etag),
            version_id: answer.version_id().map(str::to_owned),
        })
    }

    /// UploadPartCopy, once: this range of the source becomes a part.
    #[expect(clippy::too_many_arguments, reason = "a part is named by all of these")]
    pub async fn copy_part(
        &self,
        source: &CopySource,
        bucket: &BucketName,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        (first, len): (u64, u64),
        encryption: Option<&ServerSide>,
    ) -> Result<PartRef, Error> {
        let op = "UploadPartCopy";
        let range = &format!("bytes={first}-{}", first + len.max(1) - 1);
        let customer = &self.part_key(op, bucket, key, encryption).await?;
        let (answer, _) = self
            .opening(op, &source.bucket, &source.key, |from| async move {
                self.run(op, Some(bucket.as_str()), Some(key.as_str()), Retries::Caller, |client| {
                    let call = with_customer_key!(client.upload_part_copy(), customer.as_ref());
                    let call = with_source_key!(call, from.as_ref())
                        .bucket(bucket.as_str())
                        .key(key.as_str())
                        .upload_id(upload.as_str())
                        .part_number(number.get())
                        .copy_source(source.header())
                        .copy_source_range(range)
                        .set_copy_source_if_match(source.if_match());
                    let older = self.older_condition(source);
                    let call =
                        call.customize().mutate_request(without_a_body).mutate_request(older);
                    async move { call.send().await }
                })
                .await
            })
            .await?;
        let part = answer.copy_part_result();
        let etag = part.and_then(|p| p.e_tag()).map(bare_etag).filter(|tag| !tag.is_empty());
        let etag = etag.ok_or_else(|| {
            let what = "copied, but no ETag in the answer";
            Error::of_answer(Class::NotS3, op, bucket.as_str(), key.as_str(), what)
        })?;
        let crc64nvme = part.and_then(|p| p.checksum_crc64_nvme()).map(str::to_owned);
        Ok(PartRef { number, etag, crc64nvme })
    }
}

type Mutation = Box<dyn Fn(&mut HttpRequest) + Send + Sync>;

impl S3 {
    /// The source's condition under the name that Ceph reads.
    fn older_condition(&self, source: &CopySource) -> Mutation {
        let wanted = self.connection().provider.older_copy_conditions;
        let tag = source.if_match().filter(|_| wanted);
        Box::new(move |request| {
            if let Some(tag) = &tag {
                request.headers_mut().insert("x-amz-copy-if-match", tag.clone());
            }
        })
    }
}

/// Ceph wants to be told that a part that is copied has no body.
fn without_a_body(request: &mut HttpRequest) {
    request.headers_mut().insert("content-length", "0");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_encoded() {
        let source = CopySource {
            bucket: BucketName::new("bucket").unwrap(),
            key: ObjectKey::new("a b/ü+?").unwrap(),
            version_id: Some("v/1+".into()),
            if_match: Some("abc".into()),
        };
        assert_eq!(
            source.header(),
            "bucket/a%20b/%C3%BC%2B%3F?versionId=v%2F1%2B".replace("%2F", "/")
        );
        assert_eq!(source.if_match().as_deref(), Some("\"abc\""));
    }
}
