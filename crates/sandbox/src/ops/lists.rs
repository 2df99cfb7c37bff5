use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::answers::{at, etag, size, url_encoded};
use crate::model::{self, Sum};
use crate::store::{Entry, Upload, Wanted, list};

/// How names stand in an answer.
#[derive(Clone, Copy)]
pub(super) struct Names {
    encoded: bool,
}

impl Names {
    pub(super) fn new(encoding: Option<&EncodingType>) -> S3Result<Self> {
        match encoding.map(EncodingType::as_str) {
            None => Ok(Self { encoded: false }),
            Some("url") => Ok(Self { encoded: true }),
            Some(_) => {
                Err(s3_error!(InvalidArgument, "Invalid Encoding Method specified in Request"))
            }
        }
    }

    pub(super) const fn encoded(self) -> bool {
        self.encoded
    }

    pub(super) fn of(self, name: &str) -> String {
        if self.encoded { url_encoded(name) } else { name.to_owned() }
    }

    fn maybe(self, name: Option<&String>) -> Option<String> {
        name.map(|name| self.of(name))
    }
}

pub(super) fn page_size(asked: Option<i32>) -> S3Result<i32> {
    match asked {
        None => Ok(1000),
        Some(n) if n >= 0 => Ok(n.min(1000)),
        Some(_) => Err(s3_error!(
            InvalidArgument,
            "Argument maxKeys must be an integer between 0 and 2147483647"
        )),
    }
}

struct Page {
    contents: Vec<Object>,
    common: Vec<CommonPrefix>,
    truncated: bool,
    /// The last name on the page.
    last: Option<String>,
}

impl Server {
    fn page(
        &self,
        bucket: &str,
        wanted: &Wanted<'_>,
        names: Names,
        owners: bool,
    ) -> S3Result<Page> {
        let bucket = self.bucket(bucket)?;
        let listed = list(&bucket.index().objects, wanted);
        let mut page = Page {
            contents: Vec::with_capacity(listed.entries.len()),
            common: Vec::new(),
            truncated: listed.truncated,
            last: listed.entries.last().map(|e| e.name().to_owned()),
        };
        for entry in listed.entries {
            match entry {
                Entry::Key(key, object) => {
                    page.contents.push(self.line(names.of(&key), &object, owners));
                }
                Entry::Prefix(prefix) => {
                    page.common.push(CommonPrefix { prefix: Some(names.of(&prefix)) });
                }
            }
        }
        Ok(page)
    }

    fn line(&self, key: String, object: &Arc<model::Object>, owner: bool) -> Object {
        let sum: Option<&Sum> = object.detail.sum.as_ref();
        let class = object.detail.storage_class.clone();
        Object {
            checksum_algorithm: sum.map(|s| vec![s.algorithm.dto()]),
            checksum_type: sum.and_then(|s| s.dto().checksum_type),
            e_tag: Some(etag(&object.etag)),
            key: Some(key),
            last_modified: Some(at(object.modified)),
            owner: owner.then(|| self.owner(&object.detail.owner)),
            restore_status: None,
            size: Some(size(object.size)),
            storage_class: Some(class.map_or_else(
                || ObjectStorageClass::from_static(ObjectStorageClass::STANDARD),
                ObjectStorageClass::from,
            )),
        }
    }

    pub(super) fn list_v1(
        &self,
        req: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = req.input;
        let names = Names::new(input.encoding_type.as_ref())?;
        let max = page_size(input.max_keys)?;
        let delimiter = input.delimiter.as_deref().filter(|d| !d.is_empty());
        let wanted = Wanted {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter,
            after: input.marker.as_deref().filter(|m| !m.is_empty()),
            max: usize::try_from(max).unwrap_or(0),
        };
        let page = self.page(&input.bucket, &wanted, names, true)?;
        // Without a delimiter the last key is the marker, and S3 says none.
        let next_marker =
            page.last.filter(|_| page.truncated && delimiter.is_some()).map(|l| names.of(&l));
        Ok(S3Response::new(ListObjectsOutput {
            name: Some(input.bucket),
            prefix: Some(names.of(input.prefix.as_deref().unwrap_or_default())),
            marker: Some(names.of(input.marker.as_deref().unwrap_or_default())),
            max_keys: Some(max),
            is_truncated: Some(page.truncated),
            contents: Some(page.contents),
            common_prefixes: Some(page.common),
            delimiter: delimiter.map(|d| names.of(d)),
            next_marker,
            encoding_type: input.encoding_type,
            request_charged: None,
        }))
    }

    pub(super) fn list_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let names = Names::new(input.encoding_type.as_ref())?;
        let max = page_size(input.max_keys)?;
        let delimiter = input.delimiter.as_deref().filter(|d| !d.is_empty());
        let token = input.continuation_token.as_deref().map(from_token).transpose()?;
        let start_after = input.start_after.as_deref().filter(|s| !s.is_empty());
        let wanted = Wanted {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter,
            after: token.as_deref().or(start_after),
            max: usize::try_from(max).unwrap_or(0),
        };
        let owners = input.fetch_owner.unwrap_or(false);
        let page = self.page(&input.bucket, &wanted, names, owners)?;
        let count = page.contents.len() + page.common.len();
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(names.of(input.prefix.as_deref().unwrap_or_default())),
            max_keys: Some(max),
            key_count: i32::try_from(count).ok(),
            continuation_token: input.continuation_token,
            is_truncated: Some(page.truncated),
            next_continuation_token: page
                .last
                .filter(|_| page.truncated)
                .map(|last| URL_SAFE_NO_PAD.encode(last)),
            contents: Some(page.contents),
            common_prefixes: Some(page.common),
            delimiter: delimiter.map(|d| names.of(d)),
            encoding_type: input.encoding_type,
            start_after: names.maybe(input.start_after.as_ref()),
            request_charged: None,
        }))
    }

    pub(super) fn list_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = req.input;
        let names = Names::new(input.encoding_type.as_ref())?;
        let max = page_size(input.max_uploads)?;
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let delimiter = input.delimiter.as_deref().filter(|d| !d.is_empty());
        let key_marker = input.key_marker.as_deref().unwrap_or_default();
        let id_marker = input.upload_id_marker.as_deref().unwrap_or_default();
        let mut uploads = Vec::new();
        let mut common: Vec<String> = Vec::new();
        let mut truncated = false;
        let mut last: (String, String) = Default::default();
        for upload in self.bucket(&input.bucket)?.uploads() {
            let Some(rest) = upload.key.strip_prefix(prefix) else { continue };
            let folder = delimiter
                .and_then(|d| rest.find(d).map(|i| prefix.len() + i + d.len()))
                .map(|end| upload.key[..end].to_owned());
            let behind = match &folder {
                Some(folder) => !key_marker.is_empty() && folder.as_str() <= key_marker,
                None => {
                    upload.key.as_str() < key_marker
                        || (upload.key == key_marker && upload.id.as_str() <= id_marker)
                        || (upload.key == key_marker && id_marker.is_empty())
                }
            };
            if behind || folder.as_ref().is_some_and(|f| common.last() == Some(f)) {
                continue;
            }
            if uploads.len() + common.len() == usize::try_from(max).unwrap_or(0) {
                truncated = max > 0;
                break;
            }
            match folder {
                Some(folder) => {
                    last = (folder.clone(), String::new());
                    common.push(folder);
                }
                None => {
                    last = (upload.key.clone(), upload.id.clone());
                    uploads.push(self.upload_line(&upload, names));
                }
            }
        }
        let (next_key, next_id) = last;
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            common_prefixes: Some(
                common.iter().map(|p| CommonPrefix { prefix: Some(names.of(p)) }).collect(),
            ),
            delimiter: delimiter.map(|d| names.of(d)),
            encoding_type: input.encoding_type,
            is_truncated: Some(truncated),
            key_marker: Some(names.of(key_marker)),
            max_uploads: Some(max),
            next_key_marker: truncated.then(|| names.of(&next_key)),
            next_upload_id_marker: truncated.then_some(next_id),
            prefix: Some(names.of(prefix)),
            upload_id_marker: input.upload_id_marker,
            uploads: Some(uploads),
            request_charged: None,
        }))
    }

    fn upload_line(&self, upload: &Upload, names: Names) -> MultipartUpload {
        let info = &upload.info;
        MultipartUpload {
            checksum_algorithm: info.chosen.then(|| info.algorithm.dto()),
            checksum_type: None,
            initiated: Some(at(info.initiated)),
            initiator: Some(Initiator {
                display_name: self.accounts.display_name(&info.initiator),
                id: Some(info.initiator.clone()),
            }),
            key: Some(names.of(&upload.key)),
            owner: Some(self.owner(&info.detail.owner)),
            storage_class: Some(StorageClass::from(
                info.detail.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned()),
            )),
            upload_id: Some(upload.id.clone()),
        }
    }
}

fn from_token(token: &str) -> S3Result<String> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}
