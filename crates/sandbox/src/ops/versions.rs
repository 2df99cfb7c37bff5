//! Versions: switching them on, finding one, listing them.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode};
use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::answers::{http_date, no_such_key};
use super::lists::{Names, page_size};
use super::put::WithStatus as _;
use super::xml::Xml;
use crate::model::{self, BucketInfo, Versioning};
use crate::store::{Bucket as Stored, Index, seq_of};

pub(super) fn no_such_version() -> S3Error {
    s3_error!(NoSuchVersion, "The specified version does not exist.")
}

fn marker_headers(marker: &model::Object, named: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert("x-amz-delete-marker", HeaderValue::from_static("true"));
    if let Ok(id) = HeaderValue::from_str(marker.version_id()) {
        headers.insert("x-amz-version-id", id);
    }
    if named {
        headers.insert(http::header::ALLOW, HeaderValue::from_static("DELETE"));
        headers.extend(http_date(marker.modified).map(|d| (http::header::LAST_MODIFIED, d)));
    }
    headers
}

/// A marker that was asked for by its id can only be deleted.
pub(super) fn is_marker(marker: &model::Object) -> S3Error {
    let mut error =
        s3_error!(MethodNotAllowed, "The specified method is not allowed against this resource.");
    error.set_headers(marker_headers(marker, true));
    error.with_status(StatusCode::METHOD_NOT_ALLOWED)
}

/// The object or the version that is asked for.
pub(super) fn find(
    bucket: &Stored,
    key: &str,
    version: Option<&str>,
) -> S3Result<Arc<model::Object>> {
    if version == Some("") {
        return Err(s3_error!(InvalidArgument, "Version id cannot be the empty string"));
    }
    match (bucket.find(key, version), version) {
        (Some(found), None) if found.marker => {
            let mut error = no_such_key();
            error.set_headers(marker_headers(&found, false));
            Err(error)
        }
        (Some(found), Some(_)) if found.marker => Err(is_marker(&found)),
        (Some(found), _) => Ok(found),
        (None, None) => Err(no_such_key()),
        (None, Some(_)) => Err(no_such_version()),
    }
}

/// A version's id in an answer: buckets that never had versions name none.
pub(super) fn version_of(bucket: &Stored, object: &model::Object) -> Option<String> {
    let versioned = bucket.state().info.versioning.is_some();
    versioned.then(|| object.version_id().to_owned())
}

impl Server {
    pub(super) fn versioning(
        &self,
        req: S3Request<GetBucketVersioningInput>,
    ) -> S3Result<S3Response<GetBucketVersioningOutput>> {
        let state = self.bucket(&req.input.bucket)?.state();
        let status = state.info.versioning.map(|v| {
            BucketVersioningStatus::from_static(match v {
                Versioning::Enabled => BucketVersioningStatus::ENABLED,
                Versioning::Suspended => BucketVersioningStatus::SUSPENDED,
            })
        });
        Ok(S3Response::new(GetBucketVersioningOutput { status, ..Default::default() }))
    }

    pub(super) async fn set_versioning(
        &self,
        req: S3Request<PutBucketVersioningInput>,
    ) -> S3Result<S3Response<PutBucketVersioningOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let asked = req.input.versioning_configuration;
        if asked.mfa_delete.is_some_and(|m| m.as_str() == "Enabled") {
            return Err(s3_error!(NotImplemented, "The sandbox has no MFA devices."));
        }
        let versioning = match asked.status.as_ref().map(BucketVersioningStatus::as_str) {
            Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
            Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
            _ => {
                return Err(s3_error!(
                    IllegalVersioningConfigurationException,
                    "The Versioning element must be specified"
                ));
            }
        };
        let change = move |info: &mut BucketInfo| {
            if info.lock && versioning == Versioning::Suspended {
                return Err(s3_error!(
                    InvalidBucketState,
                    "An Object Lock configuration is present on this bucket, so the versioning \
                     state cannot be changed."
                ));
            }
            info.versioning = Some(versioning);
            Ok(())
        };
        self.store.change_bucket(&bucket, change).await?;
        Ok(S3Response::new(PutBucketVersioningOutput {}))
    }

    /// Versions and markers in one order, as S3 writes them; s3s would write first the one, then
    /// the other. So the answer's text is written here.
    pub(super) fn list_versions(
        &self,
        req: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let input = req.input;
        let names = Names::new(input.encoding_type.as_ref())?;
        let max = page_size(input.max_keys)?;
        let key_marker = input.key_marker.as_deref().filter(|m| !m.is_empty());
        let id_marker = input.version_id_marker.as_deref().filter(|m| !m.is_empty());
        if id_marker.is_some() && key_marker.is_none() {
            return Err(s3_error!(
                InvalidArgument,
                "A version-id marker cannot be specified without a key marker."
            ));
        }
        let bucket = self.bucket(&input.bucket)?;
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let delimiter = input.delimiter.as_deref().filter(|d| !d.is_empty());
        let wanted = Wanted { prefix, delimiter, key_marker, id_marker, max: max as usize };
        let page = page(&bucket.index(), &wanted);

        let mut xml = Xml::new("ListVersionsResult");
        xml.text("Name", &input.bucket).text("Prefix", &names.of(prefix));
        xml.text("KeyMarker", &names.of(key_marker.unwrap_or_default()));
        xml.text("VersionIdMarker", id_marker.unwrap_or_default());
        if let (true, Some((key, id))) = (page.truncated, &page.last) {
            xml.text("NextKeyMarker", &names.of(key));
            if let Some(id) = id {
                xml.text("NextVersionIdMarker", id);
            }
        }
        xml.text("MaxKeys", &max.to_string());
        if let Some(delimiter) = delimiter {
            xml.text("Delimiter", &names.of(delimiter));
        }
        if names.encoded() {
            xml.text("EncodingType", "url");
        }
        xml.text("IsTruncated", if page.truncated { "true" } else { "false" });
        for (key, latest, version) in &page.versions {
            let element = if version.marker { "DeleteMarker" } else { "Version" };
            xml.open(element).text("Key", &names.of(key)).text("VersionId", version.version_id());
            xml.text("IsLatest", if *latest { "true" } else { "false" });
            xml.time("LastModified", version.modified);
            if !version.marker {
                self.version_line(&mut xml, version);
            }
            self.owner_element(&mut xml, &version.detail.owner);
            xml.close(element);
        }
        for prefix in &page.prefixes {
            xml.open("CommonPrefixes").text("Prefix", &names.of(prefix)).close("CommonPrefixes");
        }
        Ok(xml.answer(ListObjectVersionsOutput::default()))
    }

    fn version_line(&self, xml: &mut Xml, version: &model::Object) {
        xml.etag(&version.etag);
        if let Some(sum) = &version.detail.sum {
            xml.sum(sum);
        }
        xml.number("Size", version.size);
        xml.text("StorageClass", version.detail.storage_class.as_deref().unwrap_or("STANDARD"));
    }
}

struct Wanted<'a> {
    prefix: &'a str,
    delimiter: Option<&'a str>,
    key_marker: Option<&'a str>,
    id_marker: Option<&'a str>,
    max: usize,
}

#[derive(Default)]
struct Page {
    versions: Vec<(Box<str>, bool, Arc<model::Object>)>,
    prefixes: BTreeSet<String>,
    truncated: bool,
    last: Option<(String, Option<String>)>,
}

fn page(index: &Index, wanted: &Wanted<'_>) -> Page {
    let mut page = Page::default();
    if wanted.max == 0 {
        return page;
    }
    let from = wanted.key_marker.filter(|m| *m >= wanted.prefix).unwrap_or(wanted.prefix);
    let mut from = from.to_owned();
    while let Some(key) = index.first_key_from(&from) {
        let Some(rest) = key.strip_prefix(wanted.prefix) else { break };
        let folder = wanted
            .delimiter
            .and_then(|d| rest.find(d).map(|i| wanted.prefix.len() + i + d.len()))
            .map(|end| key[..end].to_owned());
        if let Some(folder) = folder {
            let behind = wanted.key_marker.is_some_and(|m| m.starts_with(&folder));
            if !behind {
                if page.full(wanted.max) {
                    return page;
                }
                page.last = Some((folder.clone(), None));
                page.prefixes.insert(folder.clone());
            }
            match crate::store::past(&folder) {
                Some(next) => from = next,
                None => break,
            }
            continue;
        }
        let at_marker = wanted.key_marker == Some(key);
        let mut behind = at_marker;
        if let Some(id) = wanted.id_marker.filter(|_| at_marker) {
            // A version that is gone has still its place; a `null` that is gone has none.
            let known = index.versions(key).any(|v| v.version_id() == id);
            behind = known || seq_of(id).is_some();
        }
        for (i, version) in index.versions(key).enumerate() {
            if behind && let Some(id) = wanted.id_marker.filter(|_| at_marker) {
                if version.version_id() == id {
                    behind = false;
                    continue;
                }
                behind = seq_of(id).is_none_or(|seq| version.seq > seq);
            }
            if behind {
                continue;
            }
            if page.full(wanted.max) {
                return page;
            }
            page.last = Some((key.to_owned(), Some(version.version_id().to_owned())));
            page.versions.push((key.into(), i == 0, Arc::clone(version)));
        }
        from = format!("{key}\0");
    }
    page
}

impl Page {
    /// No room for one more, which there is.
    fn full(&mut self, max: usize) -> bool {
        self.truncated = self.versions.len() + self.prefixes.len() >= max;
        self.truncated
    }
}
