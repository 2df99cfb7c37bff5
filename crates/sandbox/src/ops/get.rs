use http::{HeaderMap, HeaderValue, StatusCode};
use s3s::dto::*;
use s3s::{Body as HttpBody, S3Error, S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::answers::{at, etag, size};
use super::conditions::ReadIf;
use super::lifecycle::expiration_header;
use super::lock;
use super::restore::{self, readable};
use super::sse::{self, Customer, customer_of};
use super::versions::{find, version_of};
use crate::faults::{NoConditions, NoRange, OtherRange};
use crate::model::{Detail, Object};
use crate::store::Slices;

/// The bytes that are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    start: u64,
    end: u64,
    /// Less than the whole was asked for: 206.
    partial: bool,
}

fn unsatisfiable(object: &Object) -> S3Error {
    let mut error = s3_error!(InvalidRange, "The requested range is not satisfiable");
    let mut headers = HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    if let Ok(range) = HeaderValue::try_from(format!("bytes */{}", object.size)) {
        headers.insert(http::header::CONTENT_RANGE, range);
    }
    error.set_headers(headers);
    error
}

fn span(object: &Object, range: Option<Range>, part: Option<i32>) -> S3Result<Span> {
    let whole = Span { start: 0, end: object.size, partial: false };
    match (range, part) {
        (Some(_), Some(_)) => {
            Err(s3_error!(InvalidRequest, "Cannot specify both Range header and partNumber"))
        }
        (None, None) => Ok(whole),
        (Some(range), None) => {
            let range = range.check(object.size).ok().filter(|r| !r.is_empty());
            let range = range.ok_or_else(|| unsatisfiable(object))?;
            Ok(Span { start: range.start, end: range.end, partial: true })
        }
        // An object that was put in one piece has one part.
        (None, Some(1)) if object.detail.parts.is_empty() => {
            Ok(Span { partial: object.size > 0, ..whole })
        }
        (None, Some(number)) => {
            let mut start = 0;
            for part in &object.detail.parts {
                let end = start + part.size;
                if part.number == number {
                    return Ok(Span { start, end, partial: true });
                }
                start = end;
            }
            let mut error = s3_error!(InvalidPart, "The requested partnumber is not satisfiable");
            error.set_status_code(StatusCode::RANGE_NOT_SATISFIABLE);
            Err(error)
        }
    }
}

/// The head of an answer about an object.
fn head(object: &Object, span: Span, part: Option<i32>, sums: bool) -> HeadObjectOutput {
    let detail = &object.detail;
    let headers = &detail.headers;
    let parts = !detail.parts.is_empty();
    // A checksum says nothing about a range, unless the range is a part.
    let sum = match part {
        Some(number) if parts => {
            detail.parts.iter().find(|p| p.number == number).and_then(|p| p.sum.clone())
        }
        _ if span.partial && part.is_none() => None,
        _ => detail.sum.clone(),
    };
    let sums = sum.filter(|_| sums).map(|s| s.dto()).unwrap_or_default();
    let range = format!("bytes {}-{}/{}", span.start, span.end.saturating_sub(1), object.size);
    let metadata: Metadata = detail.metadata.clone().into_iter().collect();
    HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: headers.cache_control.clone(),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        content_disposition: headers.content_disposition.clone(),
        content_encoding: headers.content_encoding.clone(),
        content_language: headers.content_language.clone(),
        content_length: Some(size(span.end - span.start)),
        content_range: span.partial.then_some(range),
        content_type: headers
            .content_type
            .clone()
            .or_else(|| Some("binary/octet-stream".to_owned())),
        e_tag: Some(etag(&object.etag)),
        expires: headers.expires.map(at),
        last_modified: Some(at(object.modified)),
        metadata: Some(metadata).filter(|m| !m.is_empty()),
        parts_count: part
            .filter(|_| parts)
            .map(|_| i32::try_from(detail.parts.len()).unwrap_or(i32::MAX)),
        storage_class: detail.storage_class.clone().map(StorageClass::from),
        website_redirect_location: headers.website_redirect.clone(),
        ..HeadObjectOutput::default()
    }
}

fn with_sums(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|m| m.as_str().eq_ignore_ascii_case(ChecksumMode::ENABLED))
}

impl Server {
    pub(super) async fn read_object(
        &self,
        req: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let mut input = req.input;
        if req.extensions.get::<NoRange>().is_some() {
            input.range = None;
        }
        if req.extensions.get::<NoConditions>().is_some() {
            input.if_match = None;
        }
        let bucket = self.bucket(&input.bucket)?;
        // A small body that is replaced while we look for it is looked for again.
        for _ in 0..100 {
            let object = find(&bucket, &input.key, input.version_id.as_deref())?;
            let conditions = ReadIf {
                matches: input.if_match.as_ref(),
                none_match: input.if_none_match.as_ref(),
                modified_since: input.if_modified_since.as_ref(),
                unmodified_since: input.if_unmodified_since.as_ref(),
            };
            customer_of!(input).opens(object.detail.sse.as_ref())?;
            conditions.check(&object)?;
            readable(&object.detail, self.now())?;
            let span = span(&object, input.range, input.part_number)?;
            let (from, to) = match req.extensions.get::<OtherRange>() {
                Some(OtherRange(at)) => {
                    let at = (*at).min(object.size - (span.end - span.start));
                    (at, at + (span.end - span.start))
                }
                None => (span.start, span.end),
            };
            let Some(slices) = self.store.slices(&object.body, from, to).await? else {
                continue;
            };
            let body = Slices::new(slices).into_body();
            let sums = with_sums(input.checksum_mode.as_ref());
            let mut head = head(&object, span, input.part_number, sums);
            head.version_id = version_of(&bucket, &object);
            let tags = object.detail.tags.len();
            let mut output = answer(head, body);
            output.tag_count = i32::try_from(tags).ok().filter(|n| *n > 0);
            let mut response = S3Response::new(output);
            response.headers = self.about(&object.detail, customer_of!(input));
            let info = &bucket.state().info;
            response.headers.extend(expiration_header(info, &input.key, &object));
            return Ok(response);
        }
        Err(s3_error!(InternalError, "The object's body can't be found."))
    }

    pub(super) fn object_head(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let object = find(&bucket, &input.key, input.version_id.as_deref())?;
        let conditions = ReadIf {
            matches: input.if_match.as_ref(),
            none_match: input.if_none_match.as_ref(),
            modified_since: input.if_modified_since.as_ref(),
            unmodified_since: input.if_unmodified_since.as_ref(),
        };
        customer_of!(input).opens(object.detail.sse.as_ref())?;
        conditions.check(&object)?;
        let span = span(&object, input.range, input.part_number)?;
        let sums = with_sums(input.checksum_mode.as_ref());
        let mut output = head(&object, span, input.part_number, sums);
        output.version_id = version_of(&bucket, &object);
        let status = if span.partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        let mut response = S3Response::with_status(output, status);
        response.headers = self.about(&object.detail, customer_of!(input));
        let info = &bucket.state().info;
        response.headers.extend(expiration_header(info, &input.key, &object));
        Ok(response)
    }

    /// What an answer says beside the object: encryption, lock, restoration.
    fn about(&self, detail: &Detail, customer: Customer<'_>) -> HeaderMap {
        let mut headers = sse::headers(detail.sse.as_ref(), customer);
        headers.extend(lock::headers(detail));
        headers.extend(restore::headers(detail, self.now()));
        headers
    }
}

fn answer(head: HeadObjectOutput, body: HttpBody) -> GetObjectOutput {
    GetObjectOutput {
        body: Some(StreamingBlob::from(body)),
        accept_ranges: head.accept_ranges,
        cache_control: head.cache_control,
        checksum_crc32: head.checksum_crc32,
        checksum_crc32c: head.checksum_crc32c,
        checksum_crc64nvme: head.checksum_crc64nvme,
        checksum_sha1: head.checksum_sha1,
        checksum_sha256: head.checksum_sha256,
        checksum_type: head.checksum_type,
        content_disposition: head.content_disposition,
        content_encoding: head.content_encoding,
        content_language: head.content_language,
        content_length: head.content_length,
        content_range: head.content_range,
        content_type: head.content_type,
        e_tag: head.e_tag,
        expires: head.expires,
        last_modified: head.last_modified,
        metadata: head.metadata,
        parts_count: head.parts_count,
        storage_class: head.storage_class,
        version_id: head.version_id,
        website_redirect_location: head.website_redirect_location,
        ..GetObjectOutput::default()
    }
}
