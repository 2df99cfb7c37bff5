use std::sync::Arc;

use futures::StreamExt as _;
use s3s::dto::*;
use s3s::{S3ErrorCode, S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::acl::wish;
use super::answers::{at, etag};
use super::conditions::{ReadIf, WriteIf};
use super::lock::asked_lock;
use super::put::{MAX_PUT, Said, headers_of};
use super::restore::readable;
use super::sse::{self, Customer, asked_sse, customer_of, etag_for};
use super::versions::{find, version_of};
use crate::checksum::{Claims, Hasher};
use crate::judge::Caller;
use crate::model::{Algorithm, Object, Sse, Sum};
use crate::store::{Bucket as Stored, Fresh, Slices, StoreError};

/// What is copied.
pub(super) struct Source {
    pub bucket: Arc<Stored>,
    pub key: String,
    /// By its version.
    pub named: bool,
    pub object: Arc<Object>,
}

/// The source's customer key in an input with the usual fields.
macro_rules! copy_source_key {
    ($input:expr) => {
        $crate::ops::sse::Customer {
            algorithm: $input.copy_source_sse_customer_algorithm.as_deref(),
            key: $input.copy_source_sse_customer_key.as_deref(),
            md5: $input.copy_source_sse_customer_key_md5.as_deref(),
        }
    };
}
pub(super) use copy_source_key;

impl Server {
    /// Whether a source's bytes can be had: with its key, and not from an archive.
    pub(super) fn opens(&self, source: &Object, key: Customer<'_>) -> S3Result<()> {
        key.opens(source.detail.sse.as_ref())?;
        readable(&source.detail, self.now())
    }

    /// The source of a copy, if the caller may read it.
    pub(super) fn source(&self, caller: &Caller, source: &CopySource) -> S3Result<Source> {
        let CopySource::Bucket { bucket, key, version_id } = source else {
            return Err(s3_error!(NotImplemented, "The sandbox has no access points."));
        };
        let bucket = self.bucket(bucket)?;
        let version = version_id.as_deref();
        let action = if version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
        self.judge(caller, action, &bucket, Some(key), version)?;
        let object = find(&bucket, key, version).map_err(|error| match error.code() {
            // A marker is nothing to copy.
            S3ErrorCode::MethodNotAllowed => s3_error!(
                InvalidRequest,
                "The source of a copy request may not specifically refer to a delete marker by \
                 version id."
            ),
            _ => error,
        })?;
        Ok(Source { bucket, key: key.to_string(), named: version.is_some(), object })
    }

    /// A copy of a range of an object's bytes, hashed if `algorithm` says so. Where the whole is
    /// copied and the bytes can be shared, they are.
    pub(super) async fn copy_bytes(
        &self,
        object: &Object,
        (start, end): (u64, u64),
        algorithm: Option<Algorithm>,
    ) -> S3Result<(Fresh, Option<(Box<str>, Sum)>)> {
        let whole = (start, end) == (0, object.size);
        if whole && algorithm.is_none() && object.body.rows().next().is_none() {
            return Ok((Fresh::shared(object.body.clone()), None));
        }
        let slices = self.store.slices(&object.body, start, end).await?;
        let slices = slices.ok_or_else(|| {
            s3_error!(ConditionalRequestConflict, "The source was replaced while it was copied.")
        })?;
        let claims = Claims::new(Checksum::default(), None, None, &http::HeaderMap::new())?;
        let mut hasher = algorithm.map(|algorithm| Hasher::new(claims, algorithm));
        let mut writer = self.store.writer();
        let mut bytes = Slices::new(slices);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(|source| StoreError::from(std::io::Error::other(source)))?;
            if let Some(hasher) = &mut hasher {
                hasher.update(&chunk);
            }
            writer.write(chunk).await?;
        }
        let fresh = writer.finish().await?;
        let hashed = hasher.map(|h| h.finish(None)).transpose()?;
        Ok((fresh, hashed.map(|h| (h.etag, h.sum))))
    }

    pub(super) async fn copied_object(
        &self,
        req: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let caller = self.caller(&req);
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let from = self.source(&caller, &input.copy_source)?;
        let source = &from.object;
        let conditions = ReadIf {
            matches: input.copy_source_if_match.as_ref(),
            none_match: input.copy_source_if_none_match.as_ref(),
            modified_since: input.copy_source_if_modified_since.as_ref(),
            unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
        };
        conditions.check_source(source)?;
        let target = WriteIf::of_headers(&req.headers)?;
        target.check(bucket.object(&input.key).as_deref())?;
        self.opens(source, copy_source_key!(input))?;
        if source.size > MAX_PUT {
            return Err(s3_error!(
                InvalidRequest,
                "The specified copy source is larger than the maximum allowable size for a copy \
                 source: 5368709120"
            ));
        }
        let replace = is(input.metadata_directive.as_ref().map(MetadataDirective::as_str))?;
        let replace_tags = is(input.tagging_directive.as_ref().map(TaggingDirective::as_str))?;
        let onto_itself = Arc::ptr_eq(&from.bucket, &bucket) && from.key == input.key;
        if onto_itself
            && !from.named
            && !replace
            && input.storage_class.is_none()
            && input.website_redirect_location.is_none()
            && !asked_sse!(input).is_given()
        {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself \
                 without changing the object's metadata, storage class, website redirect location \
                 or encryption attributes."
            ));
        }
        let old = &source.detail;
        let said = Said {
            wish: wish!(input),
            headers: if replace { headers_of!(input) } else { old.headers.clone() },
            metadata: if replace {
                input.metadata.clone()
            } else {
                Some(old.metadata.clone().into_iter().collect())
            },
            storage_class: input.storage_class.as_ref().map(StorageClass::as_str),
            tagging: input.tagging.as_deref().filter(|_| replace_tags),
        };
        let info = &bucket.state().info;
        let mut detail = self.detail(&caller, info, said)?;
        detail.sse = asked_sse!(input).sse(info)?;
        asked_lock!(input).apply(info, self.now(), &mut detail)?;
        if !replace_tags {
            detail.tags = old.tags.clone();
        }
        let wanted = input
            .checksum_algorithm
            .as_ref()
            .and_then(|name| Algorithm::parse(name.as_str()))
            .or(old.sum.as_ref().filter(|s| s.composite).map(|s| s.algorithm));
        // A copy is one object in one piece: its ETag is the MD5 of the whole.
        let secret = matches!(old.sse, Some(Sse::Kms { .. } | Sse::Customer { .. }));
        let again = wanted
            .filter(|a| old.sum.as_ref().is_none_or(|s| s.algorithm != *a || s.composite))
            .or((!old.parts.is_empty() || secret)
                .then(|| old.sum.as_ref().map_or(Algorithm::Crc64Nvme, |s| s.algorithm)));
        let (fresh, hashed) = self.copy_bytes(source, (0, source.size), again).await?;
        let (tag, sum) = match hashed {
            Some((tag, sum)) => (tag, Some(sum)),
            None => (source.etag.clone(), old.sum.clone()),
        };
        let tag = etag_for(detail.sse.as_ref(), tag)?;
        let sums = sum.as_ref().map(Sum::dto).unwrap_or_default();
        detail.sum = sum;
        let object = Object::new(tag.clone(), source.size, self.now(), detail);
        let modified = object.modified;
        let check = move |there: Option<&Object>| target.check(there);
        let object = self.store.put(&bucket, &input.key, object, fresh, check).await?;
        let result = CopyObjectResult {
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            checksum_type: sums.checksum_type,
            e_tag: Some(etag(&tag)),
            last_modified: Some(at(modified)),
        };
        let mut response = S3Response::new(CopyObjectOutput {
            copy_object_result: Some(result),
            copy_source_version_id: version_of(&from.bucket, source),
            version_id: version_of(&bucket, &object),
            ..CopyObjectOutput::default()
        });
        response.headers = sse::headers(object.detail.sse.as_ref(), customer_of!(input));
        Ok(response)
    }
}

/// Whether a directive says REPLACE.
fn is(directive: Option<&str>) -> S3Result<bool> {
    match directive {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(_) => Err(s3_error!(InvalidArgument, "Unknown metadata directive.")),
    }
}
