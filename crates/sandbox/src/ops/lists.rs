use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::answers::{at, url_encoded};
use super::xml::Xml;
use crate::store::{Bucket, Entry, Upload, Wanted, list};

/// What a full page of usual keys takes.
const PAGE_BYTES: usize = 256 * 1024;

fn prefixes(xml: &mut Xml, names: Names, common: &[String]) {
    for prefix in common {
        xml.open("CommonPrefixes").text("Prefix", &names.of(prefix)).close("CommonPrefixes");
    }
}

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

impl Server {
    /// Writes the page's lines, and gives the number of its entries, its common prefixes, whether
    /// there is more, and its last name.
    fn page(
        &self,
        bucket: &Bucket,
        wanted: &Wanted<'_>,
        (names, owners): (Names, bool),
        xml: &mut Xml,
    ) -> (usize, Vec<String>, bool, Option<String>) {
        let listed = list(&bucket.index().objects, wanted);
        let last = listed.entries.last().map(|e| e.name().to_owned());
        let (count, mut common) = (listed.entries.len(), Vec::new());
        for entry in listed.entries {
            match entry {
                Entry::Prefix(prefix) => common.push(prefix),
                Entry::Key(key, object) => {
                    xml.open("Contents");
                    if names.encoded {
                        xml.text("Key", &url_encoded(&key));
                    } else {
                        xml.text("Key", &key);
                    }
                    xml.time("LastModified", object.modified).etag(&object.etag);
                    if let Some(sum) = &object.detail.sum {
                        xml.sum(sum);
                    }
                    xml.number("Size", object.size);
                    let class = object.detail.storage_class.as_deref().unwrap_or("STANDARD");
                    if owners {
                        self.owner_element(xml, &object.detail.owner);
                    }
                    xml.text("StorageClass", class).close("Contents");
                }
            }
        }
        (count, common, listed.truncated, last)
    }

    pub(super) fn list_v1(
        &self,
        req: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = req.input;
        let names = Names::new(input.encoding_type.as_ref())?;
        let max = page_size(input.max_keys)?;
        let delimiter = input.delimiter.as_deref().filter(|d| !d.is_empty());
        let marker = input.marker.as_deref().unwrap_or_default();
        let wanted = Wanted {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter,
            after: Some(marker).filter(|m| !m.is_empty()),
            max: usize::try_from(max).unwrap_or(0),
        };
        let bucket = self.bucket(&input.bucket)?;
        let mut xml = Xml::with_capacity("ListBucketResult", PAGE_BYTES);
        xml.text("Name", &input.bucket).text("Prefix", &names.of(wanted.prefix));
        xml.text("Marker", &names.of(marker));
        self.listed(&mut xml, names, max, delimiter);
        let (_, common, truncated, last) = self.page(&bucket, &wanted, (names, true), &mut xml);
        xml.text("IsTruncated", if truncated { "true" } else { "false" });
        // Without a delimiter the last key is the marker, and S3 says none.
        if let Some(last) = last.filter(|_| truncated && delimiter.is_some()) {
            xml.text("NextMarker", &names.of(&last));
        }
        prefixes(&mut xml, names, &common);
        Ok(xml.answer(ListObjectsOutput::default()))
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
        let bucket = self.bucket(&input.bucket)?;
        let mut xml = Xml::with_capacity("ListBucketResult", PAGE_BYTES);
        xml.text("Name", &input.bucket).text("Prefix", &names.of(wanted.prefix));
        if let Some(after) = &input.start_after {
            xml.text("StartAfter", &names.of(after));
        }
        if let Some(token) = &input.continuation_token {
            xml.text("ContinuationToken", token);
        }
        self.listed(&mut xml, names, max, delimiter);
        let (count, common, truncated, last) =
            self.page(&bucket, &wanted, (names, owners), &mut xml);
        xml.number("KeyCount", count as u64);
        xml.text("IsTruncated", if truncated { "true" } else { "false" });
        if let Some(last) = last.filter(|_| truncated) {
            xml.text("NextContinuationToken", &URL_SAFE_NO_PAD.encode(last));
        }
        prefixes(&mut xml, names, &common);
        Ok(xml.answer(ListObjectsV2Output::default()))
    }

    fn listed(&self, xml: &mut Xml, names: Names, max: i32, delimiter: Option<&str>) {
        xml.number("MaxKeys", u64::try_from(max).unwrap_or(0));
        if let Some(delimiter) = delimiter {
            xml.text("Delimiter", &names.of(delimiter));
        }
        if names.encoded {
            xml.text("EncodingType", "url");
        }
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
