use aws_sdk_s3::types::{
    ChecksumAlgorithm as SdkAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart,
    StorageClass,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use dipper_types::{BucketName, ObjectKey, PartNumber, UploadId};
use md5::{Digest, Md5};

use crate::body::{Payload, Sent, counted};
use crate::checksum::{self, checksum_in, with_checksum};
use crate::client::{Retries, S3};
use crate::encryption::{ServerSide, with_customer_key};
use crate::error::{Class, Error};
use crate::object::{Guard, with_headers};
use crate::types::{ChecksumAlgorithm, ObjectHeaders, bare_etag};

/// A part that the server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRef {
    pub number: PartNumber,
    pub etag: String,
    /// Base64 CRC-64/NVME, where the provider stores it.
    pub crc64nvme: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedUpload {
    pub etag: Option<String>,
}

impl S3 {
    /// CreateMultipartUpload.
    pub async fn create_upload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        headers: &ObjectHeaders,
    ) -> Result<UploadId, Error> {
        let op = "CreateMultipartUpload";
        let at = (bucket.as_str(), key.as_str());
        self.may_keep_checksums(op, at)?;
        let wanted = self.wanted_checksum();
        let written = &self.written(op, bucket, key, headers.encryption.as_ref()).await?;
        let begin = |crc: bool| {
            let sum = wanted.or(crc.then_some(ChecksumAlgorithm::Crc64nvme));
            self.run(
                op,
                Some(bucket.as_str()),
                Some(key.as_str()),
                Retries::Caller,
                move |client| {
                    let call = with_headers!(client.create_multipart_upload(), headers, written)
                        .bucket(bucket.as_str())
                        .key(key.as_str())
                        .set_storage_class(headers.storage_class.as_deref().map(StorageClass::from))
                        .set_tagging(headers.tags.clone())
                        .set_checksum_algorithm(sum.map(checksum::sdk))
                        .set_checksum_type(sum.map(checksum::kind));
                    async move { call.send().await }
                },
            )
        };
        let asks = self.asks_for_crc();
        let answer = match begin(asks || self.by_crc()).await {
            Err(error)
                if asks && matches!(error.class, Class::Unsupported | Class::InvalidInput) =>
            {
                // Not for the checksum, perhaps: then this says so again.
                let plain = begin(false).await;
                if plain.is_ok() {
                    self.learn_crc(false);
                }
                plain
            }
            answer => answer,
        };
        let answer = answer.map_err(|e| e.missing_is(Class::BucketNotFound))?;
        if self.asks_for_crc() {
            self.learn_crc(answer.checksum_algorithm() == Some(&SdkAlgorithm::Crc64Nvme));
        }
        let id = answer.upload_id().filter(|id| !id.is_empty()).map(UploadId::new);
        if let (Some(id), Some(wanted)) = (&id, wanted)
            && answer.checksum_algorithm() != Some(&checksum::sdk(wanted))
        {
            self.abort_upload(bucket, key, id).await?;
            return Err(self.not_kept(op, at));
        }
        id.ok_or_else(|| {
            Error::of_answer(
                Class::NotS3,
                op,
                bucket.as_str(),
                key.as_str(),
                "no upload id in the answer",
            )
        })
    }

    /// UploadPart, once. The bytes carry the checksum that the provider understands, and the key of
    /// SSE-C that the upload was begun with.
    #[expect(clippy::too_many_arguments, reason = "a part is named by all of these")]
    pub async fn upload_part(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload: &UploadId,
        number: PartNumber,
        bytes: Bytes,
        crc64nvme: Option<&str>,
        sent: Option<&Sent>,
        encryption: Option<&ServerSide>,
    ) -> Result<PartRef, Error> {
        let op = "UploadPart";
        let at = (bucket.as_str(), key.as_str());
        let own = self.checksum_of(op, at, &Payload::Held(bytes.clone())).await?;
        let customer = self.part_key(op, bucket, key, encryption).await?;
        let crc = crc64nvme.filter(|_| self.by_crc()).map(str::to_owned);
        let md5: Option<[u8; 16]> = crc.is_none().then(|| Md5::digest(&bytes).into());
        let answer = self
            .run(op, Some(bucket.as_str()), Some(key.as_str()), Retries::Caller, |client| {
                let call = with_checksum!(client.upload_part(), own.as_ref());
                let call = with_customer_key!(call, customer.as_ref())
                    .bucket(bucket.as_str())
                    .key(key.as_str())
                    .upload_id(upload.as_str())
                    .part_number(number.get())
                    .content_length(i64::try_from(bytes.len()).unwrap_or(i64::MAX))
                    .set_checksum_crc64_nvme(crc.clone())
                    .set_content_md5(md5.map(|d| BASE64.encode(d)))
                    .body(counted(bytes.clone(), sent));
                async move { call.send().await }
            })
            .await
            .map_err(Error::missing_is_the_upload)?;
        let wrong = |class, what| Error::of_answer(class, op, bucket.as_str(), key.as_str(), what);
        let etag = answer
            .e_tag()
            .map(bare_etag)
            .ok_or_else(|| wrong(Class::NotS3, "stored, but no ETag in the answer"))?;
        if let Some((algorithm, _)) = &own {
            self.is_kept(op, at, own.as_ref(), checksum_in!(answer, *algorithm))?;
        }
        if let (Some(ours), Some(theirs)) = (&crc, answer.checksum_crc64_nvme())
            && ours != theirs
        {
            return Err(wrong(
                Class::ChecksumMismatch,
                "the server stored other bytes than were sent",
            ));
        }
        if let Some(md5) = md5
            && etag.len() == 32
            && answer.server_side_encryption().is_none()
            && answer.sse_customer_algorithm().is_none()
            && !etag.eq_ignore_ascii_case(&crate::types::hex(&md5))
        {
            return Err(wrong(
                Class::ChecksumMismatch,
                "the server stored other bytes than were sent",
            ));
        }
        Ok(PartRef { number, etag, crc64nvme: crc })
    }

    /// [`Self::complete_upload_if`] without a condition.
    pub async fn complete_upload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[PartRef],
        full_crc64nvme: Option<&str>,
        size: u64,
    ) -> Result<FinishedUpload, Error> {
        let always = Guard::default();
        self.complete_upload_if(bucket, key, upload, parts, full_crc64nvme, size, &always).await
    }

    /// CompleteMultipartUpload, once. With `full_crc64nvme` the server compares the whole object.
    #[expect(clippy::too_many_arguments, reason = "an upload is ended by all of these")]
    pub async fn complete_upload_if(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload: &UploadId,
        parts: &[PartRef],
        full_crc64nvme: Option<&str>,
        size: u64,
        guard: &Guard,
    ) -> Result<FinishedUpload, Error> {
        let full = full_crc64nvme.filter(|_| self.by_crc()).map(str::to_owned);
        // Each part's is named again at the end; the server has them all.
        let other = self.wanted_checksum().filter(|a| *a != ChecksumAlgorithm::Crc64nvme);
        let kept = match other {
            Some(_) => self.list_parts(bucket, key, upload).await?,
            None => Vec::new(),
        };
        let parts: Vec<CompletedPart> = parts
            .iter()
            .map(|part| {
                let sum = kept.iter().find(|kept| kept.number == part.number);
                let sum = sum.and_then(|kept| kept.checksum.as_ref());
                with_checksum!(CompletedPart::builder(), sum)
                    .part_number(part.number.get())
                    .e_tag(format!("\"{}\"", part.etag))
                    .set_checksum_crc64_nvme(part.crc64nvme.clone())
                    .build()
            })
            .collect();
        let answer = self
            .run(
                "CompleteMultipartUpload",
                Some(bucket.as_str()),
                Some(key.as_str()),
                Retries::Caller,
                |client| {
                    let call = client
                        .complete_multipart_upload()
                        .bucket(bucket.as_str())
                        .key(key.as_str())
                        .upload_id(upload.as_str())
                        .set_if_none_match(guard.none_match())
                        .set_if_match(guard.match_tag())
                        .set_checksum_type(full.is_some().then_some(ChecksumType::FullObject))
                        .set_checksum_crc64_nvme(full.clone())
                        .set_mpu_object_size(
                            full.is_some().then(|| i64::try_from(size).unwrap_or(i64::MAX)),
                        )
                        .multipart_upload(
                            CompletedMultipartUpload::builder()
                                .set_parts(Some(parts.clone()))
                                .build(),
                        );
                    async move { call.send().await }
                },
            )
            .await
            .map_err(Error::missing_is_the_upload)?;
        // Ceph 16 says it with an empty one.
        let etag = answer.e_tag().map(bare_etag).filter(|tag| !tag.is_empty());
        Ok(FinishedUpload { etag })
    }

    /// AbortMultipartUpload. An upload that is gone already counts as aborted.
    pub async fn abort_upload(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload: &UploadId,
    ) -> Result<(), Error> {
        let done = self
            .run(
                "AbortMultipartUpload",
                Some(bucket.as_str()),
                Some(key.as_str()),
                Retries::Sdk,
                |client| {
                    let call = client
                        .abort_multipart_upload()
                        .bucket(bucket.as_str())
                        .key(key.as_str())
                        .upload_id(upload.as_str());
                    async move { call.send().await }
                },
            )
            .await
            .map_err(Error::missing_is_the_upload);
        match done {
            Err(error) if error.class == Class::UploadNotFound => Ok(()),
            other => other.map(drop),
        }
    }
}
