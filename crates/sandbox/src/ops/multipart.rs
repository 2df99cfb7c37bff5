use std::collections::BTreeMap;
use std::sync::Arc;

use s3s::dto::{self, *};
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::acl::wish;
use super::answers::{at, etag, no_such_upload};
use super::conditions::{ReadIf, WriteIf};
use super::copy::copy_source_key;
use super::lock::asked_lock;
use super::plan::Plan;
use super::put::{MAX_PUT, Said, headers_of, sums_of};
use super::sse::{self, asked_sse, customer_of, etag_for};
use super::versions::version_of;
use crate::checksum::Claims;
use crate::model::{self, Algorithm, Object, Sum, UploadInfo};
use crate::store::{Bucket as Stored, StoreError, Upload};

const MAX_PARTS: i32 = 10_000;

impl Server {
    fn upload(&self, bucket: &Stored, key: &str, id: &str) -> S3Result<Arc<Upload>> {
        bucket.upload(key, id).ok_or_else(no_such_upload)
    }

    pub(super) async fn begin_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let caller = self.caller(&req);
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let said = Said {
            wish: wish!(input),
            headers: headers_of!(input),
            metadata: input.metadata.clone(),
            storage_class: input.storage_class.as_ref().map(StorageClass::as_str),
            tagging: input.tagging.as_deref(),
        };
        let state = bucket.state();
        let mut detail = self.detail(&caller, &state.info, said)?;
        detail.sse = asked_sse!(input).sse(&state.info)?;
        asked_lock!(input).apply(&state.info, self.now(), &mut detail)?;
        let headers = sse::headers(detail.sse.as_ref(), customer_of!(input));
        let (algorithm, composite) =
            kind(input.checksum_algorithm.as_ref(), input.checksum_type.as_ref())?;
        let id = crate::account::letters(b"0123456789abcdefghijklmnopqrstuvwxyz", 48)
            .map_err(S3Error::internal_error)?;
        let chosen = input.checksum_algorithm.is_some();
        let info = UploadInfo {
            initiated: self.now(),
            initiator: caller.id,
            detail,
            algorithm,
            composite,
            chosen,
        };
        self.store.create_upload(&bucket, &input.key, id.clone(), info).await?;
        let mut response = S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            checksum_algorithm: chosen.then(|| algorithm.dto()),
            checksum_type: chosen.then(|| checksum_type(composite)),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        });
        response.headers = headers;
        Ok(response)
    }

    pub(super) async fn take_part(
        &self,
        req: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let S3Request { mut input, headers, trailing_headers, .. } = req;
        let bucket = self.bucket(&input.bucket)?;
        let upload = self.upload(&bucket, &input.key, &input.upload_id)?;
        check_number(input.part_number)?;
        customer_of!(input).continues(upload.info.detail.sse.as_ref())?;
        let algorithm = input.checksum_algorithm.as_ref();
        let claims =
            Claims::new(sums_of!(input), input.content_md5.as_deref(), algorithm, &headers)?;
        let (body, length) = (input.body.take(), input.content_length);
        let wanted = upload.info.algorithm;
        let trailers = trailing_headers.as_ref();
        let (fresh, size, hashed) = self.take(body, length, claims, wanted, trailers).await?;
        if upload.info.chosen && hashed.sum.algorithm != wanted {
            return Err(s3_error!(
                InvalidRequest,
                "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum \
                 Type: {}",
                wanted.name().to_ascii_lowercase(),
                hashed.sum.algorithm.name().to_ascii_lowercase()
            ));
        }
        let sums = hashed.sum.dto();
        let tag = etag_for(upload.info.detail.sse.as_ref(), hashed.etag)?;
        let part = model::Part {
            etag: tag.clone(),
            size,
            modified: self.now(),
            sum: Some(hashed.wanted),
            body: fresh.body.clone(),
        };
        self.store.put_part(&upload, input.part_number, part, fresh).await?;
        let mut response = S3Response::new(UploadPartOutput {
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            e_tag: Some(etag(&tag)),
            ..UploadPartOutput::default()
        });
        response.headers = sse::headers(upload.info.detail.sse.as_ref(), customer_of!(input));
        Ok(response)
    }

    pub(super) async fn copy_part(
        &self,
        req: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let caller = self.caller(&req);
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let upload = self.upload(&bucket, &input.key, &input.upload_id)?;
        check_number(input.part_number)?;
        let from = self.source(&caller, &input.copy_source)?;
        let source = &from.object;
        let conditions = ReadIf {
            matches: input.copy_source_if_match.as_ref(),
            none_match: input.copy_source_if_none_match.as_ref(),
            modified_since: input.copy_source_if_modified_since.as_ref(),
            unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
        };
        conditions.check_source(source)?;
        self.opens(source, copy_source_key!(input))?;
        customer_of!(input).continues(upload.info.detail.sse.as_ref())?;
        let (start, end) = copy_range(input.copy_source_range.as_deref(), source.size)?;
        let algorithm = Some(upload.info.algorithm);
        let (fresh, hashed) = self.copy_bytes(source, (start, end), algorithm).await?;
        let (tag, sum) = hashed.ok_or_else(|| s3_error!(InternalError))?;
        let sums = sum.dto();
        let tag = etag_for(upload.info.detail.sse.as_ref(), tag)?;
        let modified = self.now();
        let part = model::Part {
            etag: tag.clone(),
            size: end - start,
            modified,
            sum: Some(sum),
            body: fresh.body.clone(),
        };
        self.store.put_part(&upload, input.part_number, part, fresh).await?;
        let result = CopyPartResult {
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            e_tag: Some(etag(&tag)),
            last_modified: Some(at(modified)),
        };
        let mut response = S3Response::new(UploadPartCopyOutput {
            copy_part_result: Some(result),
            copy_source_version_id: version_of(&from.bucket, source),
            ..UploadPartCopyOutput::default()
        });
        response.headers = sse::headers(upload.info.detail.sse.as_ref(), customer_of!(input));
        Ok(response)
    }

    pub(super) async fn complete_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let asked = input.multipart_upload.clone().and_then(|m| m.parts).unwrap_or_default();
        let conditions = WriteIf::new(input.if_match.clone(), input.if_none_match.clone())?;
        let location = format!("/{}/{}", input.bucket, input.key);
        let Some(upload) = bucket.upload(&input.key, &input.upload_id) else {
            // An answer that was lost is given again.
            let object = bucket
                .object(&input.key)
                .filter(|o| o.detail.upload.as_deref() == Some(input.upload_id.as_str()))
                .ok_or_else(no_such_upload)?;
            let version = version_of(&bucket, &object);
            return Ok(completed(input.bucket, input.key, location, &object, version));
        };
        let plan = Plan {
            asked,
            given: sums_of!(input),
            size: input.mpu_object_size.and_then(|n| u64::try_from(n).ok()),
            now: self.now(),
        };
        let of = Arc::clone(&upload);
        let make = move |parts: &BTreeMap<i32, Arc<model::Part>>, there: Option<&Object>| {
            conditions.check(there)?;
            plan.object(&of, parts)
        };
        let object: Result<Arc<Object>, S3Error> =
            self.store.complete(&bucket, &upload, make).await;
        let object = object?;
        let version = version_of(&bucket, &object);
        Ok(completed(input.bucket, input.key, location, &object, version))
    }

    pub(super) async fn abort_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let upload = self.upload(&bucket, &req.input.key, &req.input.upload_id)?;
        self.store.abort(&bucket, &upload).await.map_err(|e: StoreError| S3Error::from(e))?;
        let output = AbortMultipartUploadOutput::default();
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    pub(super) fn parts(
        &self,
        req: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let upload = self.upload(&bucket, &input.key, &input.upload_id)?;
        let marker = input.part_number_marker.unwrap_or(0);
        let max = input.max_parts.unwrap_or(1000).clamp(0, 1000);
        let mut parts = upload.parts().into_iter().filter(|(number, _)| *number > marker);
        let page: Vec<_> = parts.by_ref().take(usize::try_from(max).unwrap_or(0)).collect();
        let more = parts.next().is_some() && max > 0;
        let next = page.last().map(|(number, _)| *number);
        let info = &upload.info;
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            checksum_algorithm: info.chosen.then(|| info.algorithm.dto()),
            checksum_type: info.chosen.then(|| checksum_type(info.composite)),
            initiator: Some(Initiator {
                display_name: self.accounts.display_name(&info.initiator),
                id: Some(info.initiator.clone()),
            }),
            owner: Some(self.owner(&info.detail.owner)),
            storage_class: Some(StorageClass::from(
                info.detail.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned()),
            )),
            max_parts: Some(max),
            part_number_marker: Some(marker),
            next_part_number_marker: next,
            is_truncated: Some(more),
            parts: Some(
                page.iter().map(|(number, part)| listed(*number, part, info.chosen)).collect(),
            ),
            ..ListPartsOutput::default()
        }))
    }
}

fn listed(number: i32, part: &model::Part, with_sum: bool) -> dto::Part {
    let sums = part.sum.as_ref().filter(|_| with_sum).map(Sum::dto).unwrap_or_default();
    dto::Part {
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        e_tag: Some(etag(&part.etag)),
        last_modified: Some(at(part.modified)),
        part_number: Some(number),
        size: Some(super::answers::size(part.size)),
    }
}

fn completed(
    bucket: String,
    key: String,
    location: String,
    object: &Object,
    version_id: Option<String>,
) -> S3Response<CompleteMultipartUploadOutput> {
    let sums = object.detail.sum.as_ref().map(Sum::dto).unwrap_or_default();
    let mut response = S3Response::new(CompleteMultipartUploadOutput {
        bucket: Some(bucket),
        key: Some(key),
        location: Some(location),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        e_tag: Some(etag(&object.etag)),
        version_id,
        ..CompleteMultipartUploadOutput::default()
    });
    response.headers = sse::headers(object.detail.sse.as_ref(), sse::Customer::default());
    response
}

fn check_number(number: i32) -> S3Result<()> {
    if (1..=MAX_PARTS).contains(&number) {
        return Ok(());
    }
    Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive"))
}

fn checksum_type(composite: bool) -> ChecksumType {
    ChecksumType::from_static(if composite {
        ChecksumType::COMPOSITE
    } else {
        ChecksumType::FULL_OBJECT
    })
}

/// The checksum an upload will have: what the client chose, or what S3 takes by itself.
fn kind(
    algorithm: Option<&ChecksumAlgorithm>,
    kind: Option<&ChecksumType>,
) -> S3Result<(Algorithm, bool)> {
    let Some(name) = algorithm else {
        return Ok((Algorithm::Crc64Nvme, false));
    };
    let algorithm = Algorithm::parse(name.as_str())
        .ok_or_else(|| s3_error!(InvalidRequest, "Checksum algorithm provided is unsupported."))?;
    let composite = match kind.map(ChecksumType::as_str) {
        None => algorithm.composite_by_default(),
        Some(ChecksumType::COMPOSITE) if algorithm.can_be_composite() => true,
        Some(ChecksumType::FULL_OBJECT) if algorithm.can_be_whole() => false,
        Some(other) => {
            return Err(s3_error!(
                InvalidRequest,
                "The {other} checksum type cannot be used with the {} checksum algorithm.",
                name.as_str().to_ascii_lowercase()
            ));
        }
    };
    Ok((algorithm, composite))
}

fn copy_range(range: Option<&str>, size: u64) -> S3Result<(u64, u64)> {
    let Some(range) = range else {
        return if size > MAX_PUT {
            Err(s3_error!(InvalidRequest, "The specified copy source is larger than 5368709120"))
        } else {
            Ok((0, size))
        };
    };
    let bounds = range
        .strip_prefix("bytes=")
        .and_then(|r| r.split_once('-'))
        .and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    let bounds: (u64, u64) = bounds.filter(|(first, last)| first <= last).ok_or_else(|| {
        s3_error!(
            InvalidArgument,
            "The x-amz-copy-source-range value must be of the form bytes=first-last"
        )
    })?;
    if bounds.1 >= size {
        return Err(s3_error!(
            InvalidArgument,
            "Range specified is not valid for source object of size: {size}"
        ));
    }
    Ok((bounds.0, bounds.1 + 1))
}
