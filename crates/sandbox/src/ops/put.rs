use std::collections::BTreeMap;

use dipper_access::{Acl, CannedAcl, Ownership};
use futures::StreamExt as _;
use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result, StdError, TrailingHeaders, s3_error};

use super::Server;
use super::acl::{On, Wish, let_pass, wish};
use super::answers::etag;
use super::conditions::WriteIf;
use super::lifecycle::expiration_header;
use super::lock::asked_lock;
use super::sse::{self, asked_sse, customer_of, etag_for};
use super::versions::version_of;
use crate::checksum::{Claims, Hashed, Hasher};
use crate::judge::Caller;
use crate::model::{Algorithm, BucketInfo, Detail, Headers, Object};
use crate::store::Fresh;

/// The most that one PUT takes.
pub(crate) const MAX_PUT: u64 = 5 << 30;

/// The content headers in an input with the usual fields.
macro_rules! headers_of {
    ($input:expr) => {
        $crate::model::Headers {
            content_type: $input.content_type.clone(),
            cache_control: $input.cache_control.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_encoding: $input.content_encoding.clone(),
            content_language: $input.content_language.clone(),
            expires: $input.expires.as_ref().map($crate::ops::answers::moment),
            website_redirect: $input.website_redirect_location.clone(),
        }
    };
}
pub(super) use headers_of;

/// The checksums in an input with the usual fields.
macro_rules! sums_of {
    ($input:expr) => {
        s3s::dto::Checksum {
            checksum_crc32: $input.checksum_crc32.clone(),
            checksum_crc32c: $input.checksum_crc32c.clone(),
            checksum_crc64nvme: $input.checksum_crc64nvme.clone(),
            checksum_sha1: $input.checksum_sha1.clone(),
            checksum_sha256: $input.checksum_sha256.clone(),
            checksum_type: None,
        }
    };
}
pub(super) use sums_of;

/// What a request says about the object it makes.
pub(super) struct Said<'a> {
    pub wish: Wish<'a>,
    pub headers: Headers,
    pub metadata: Option<Metadata>,
    pub storage_class: Option<&'a str>,
    pub tagging: Option<&'a str>,
}

pub(super) const STORAGE_CLASSES: [&str; 9] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
    "EXPRESS_ONEZONE",
];

impl Server {
    /// The object's detail, with its owner and ACL as the bucket's settings have them.
    pub(super) fn detail(
        &self,
        caller: &Caller,
        info: &BucketInfo,
        said: Said<'_>,
    ) -> S3Result<Detail> {
        let given_away = said.wish.canned()? == Some(CannedAcl::BucketOwnerFullControl);
        let owner = match info.ownership() {
            Ownership::BucketOwnerEnforced => &info.owner,
            Ownership::BucketOwnerPreferred if given_away => &info.owner,
            _ => &caller.id,
        };
        let on = On::Object { owner, bucket_owner: &info.owner };
        let acl = match said.wish.acl(self, on)? {
            Some(acl) => {
                let_pass(info, &acl)?;
                acl
            }
            None => Acl::private(owner.clone()),
        };
        let mut headers = said.headers;
        headers.content_encoding = headers.content_encoding.and_then(without_aws_chunked);
        Ok(Detail {
            headers,
            metadata: metadata(said.metadata)?,
            storage_class: storage_class(said.storage_class)?,
            tags: said.tagging.map_or(Ok(Vec::new()), super::tags::from_header)?,
            ..Detail::new(owner, acl)
        })
    }

    /// Takes a body in: hashed, compared with what was claimed, and stored.
    pub(super) async fn take(
        &self,
        body: Option<StreamingBlob>,
        length: Option<i64>,
        claims: Claims,
        otherwise: Algorithm,
        trailers: Option<&TrailingHeaders>,
    ) -> S3Result<(Fresh, u64, Hashed)> {
        let expected = length.and_then(|n| u64::try_from(n).ok());
        if expected.is_some_and(|n| n > MAX_PUT) {
            return Err(too_large());
        }
        let mut hasher = Hasher::new(claims, otherwise);
        let mut writer = self.store.writer();
        if let Some(mut body) = body {
            while let Some(chunk) = body.next().await {
                let chunk = chunk.map_err(broken)?;
                hasher.update(&chunk);
                writer.write(chunk).await?;
                if writer.len() > MAX_PUT {
                    return Err(too_large());
                }
            }
        }
        let len = writer.len();
        if expected.is_some_and(|n| n != len) {
            return Err(incomplete());
        }
        let hashed = hasher.finish(trailers)?;
        Ok((writer.finish().await?, len, hashed))
    }

    pub(super) async fn write_object(
        &self,
        req: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let caller = self.caller(&req);
        let S3Request { mut input, headers, trailing_headers, .. } = req;
        let bucket = self.bucket(&input.bucket)?;
        let said = Said {
            wish: wish!(input),
            headers: headers_of!(input),
            metadata: input.metadata.clone(),
            storage_class: input.storage_class.as_ref().map(StorageClass::as_str),
            tagging: input.tagging.as_deref(),
        };
        let state = bucket.state();
        let info = &state.info;
        let mut detail = self.detail(&caller, info, said)?;
        detail.sse = asked_sse!(input).sse(info)?;
        let lock = asked_lock!(input);
        lock.apply(info, self.now(), &mut detail)?;
        let conditions = WriteIf::new(input.if_match.clone(), input.if_none_match.clone())?;
        conditions.check(bucket.object(&input.key).as_deref())?;
        let algorithm = input.checksum_algorithm.as_ref();
        let claims =
            Claims::new(sums_of!(input), input.content_md5.as_deref(), algorithm, &headers)?;
        if lock.is_given() && !claims.any() {
            return Err(s3_error!(
                InvalidRequest,
                "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests \
                 with Object Lock parameters"
            ));
        }
        let (body, length) = (input.body.take(), input.content_length);
        let trailers = trailing_headers.as_ref();
        let (fresh, len, hashed) =
            self.take(body, length, claims, Algorithm::Crc64Nvme, trailers).await?;

        let sums = hashed.sum.dto();
        detail.sum = Some(hashed.sum);
        let tag = etag_for(detail.sse.as_ref(), hashed.etag)?;
        let object = Object::new(tag, len, self.now(), detail);
        let check = move |there: Option<&Object>| conditions.check(there);
        let object = self.store.put(&bucket, &input.key, object, fresh, check).await?;
        let mut response = S3Response::new(PutObjectOutput {
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            checksum_type: sums.checksum_type,
            e_tag: Some(etag(&object.etag)),
            version_id: version_of(&bucket, &object),
            ..PutObjectOutput::default()
        });
        response.headers = sse::headers(object.detail.sse.as_ref(), customer_of!(input));
        response.headers.extend(expiration_header(info, &input.key, &object));
        Ok(response)
    }
}

fn metadata(metadata: Option<Metadata>) -> S3Result<BTreeMap<String, String>> {
    let metadata: BTreeMap<_, _> = metadata.unwrap_or_default().into_iter().collect();
    let bytes: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > 2048 {
        return Err(s3_error!(
            MetadataTooLarge,
            "Your metadata headers exceed the maximum allowed metadata size"
        ));
    }
    Ok(metadata)
}

fn storage_class(name: Option<&str>) -> S3Result<Option<String>> {
    match name {
        None | Some("STANDARD") => Ok(None),
        Some(name) if STORAGE_CLASSES.contains(&name) => Ok(Some(name.to_owned())),
        Some(_) => {
            Err(s3_error!(InvalidStorageClass, "The storage class you specified is not valid"))
        }
    }
}

/// `aws-chunked` is about the transfer, not the object.
fn without_aws_chunked(encoding: String) -> Option<String> {
    let kept: Vec<&str> = encoding
        .split(',')
        .map(str::trim)
        .filter(|e| !e.is_empty() && !e.eq_ignore_ascii_case("aws-chunked"))
        .collect();
    Some(kept.join(",")).filter(|e| !e.is_empty())
}

fn too_large() -> S3Error {
    s3_error!(EntityTooLarge, "Your proposed upload exceeds the maximum allowed object size.")
}

fn incomplete() -> S3Error {
    s3_error!(
        IncompleteBody,
        "You did not provide the number of bytes specified by the Content-Length HTTP header"
    )
}

/// The body's stream ended badly. s3s keeps its stream errors to itself, so their names are all
/// there is to tell them by.
fn broken(error: StdError) -> S3Error {
    let name = error.to_string();
    if name.contains("Sha256Mismatch") {
        return S3Error::with_message(
            s3s::S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into()),
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
        .with_status(http::StatusCode::BAD_REQUEST);
    }
    if name.contains("SignatureMismatch") {
        return s3_error!(SignatureDoesNotMatch, "A chunk's signature does not match.");
    }
    let mut incomplete = incomplete();
    incomplete.set_source(error);
    incomplete
}

/// Codes that s3s does not know need their status said.
pub(super) trait WithStatus {
    fn with_status(self, status: http::StatusCode) -> Self;
}

impl WithStatus for S3Error {
    fn with_status(mut self, status: http::StatusCode) -> Self {
        self.set_status_code(status);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_encodings() {
        for (given, kept) in [
            ("aws-chunked", None),
            ("gzip,aws-chunked", Some("gzip")),
            ("aws-chunked, gzip, br", Some("gzip,br")),
            ("", None),
        ] {
            assert_eq!(without_aws_chunked(given.to_owned()).as_deref(), kept, "{given}");
        }
    }
}
