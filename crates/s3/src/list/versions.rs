//! ListObjectVersions: every version and delete marker, the newest of a key first.

use dipper_types::{BucketName, Timestamp};
use quick_xml::events::BytesStart;

use super::{decode, malformed, wrong};
use crate::client::S3;
use crate::error::{Class, Error};
use crate::raw::Request;
use crate::types::bare_etag;
use crate::xml::{Visit, walk};

#[derive(Debug, Clone, Default)]
pub struct VersionRequest {
    pub prefix: String,
    /// With `/`, what lies deeper is answered as common prefixes.
    pub by_folder: bool,
    /// [`VersionsPage::next`] of the page before: key and version id.
    pub after: Option<(String, Option<String>)>,
    pub max_keys: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionEntry {
    pub key: String,
    /// `null` for what was written without versioning.
    pub version_id: String,
    pub is_latest: bool,
    pub is_delete_marker: bool,
    pub size: u64,
    pub modified: Option<Timestamp>,
    pub etag: Option<String>,
    pub storage_class: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct VersionsPage {
    pub versions: Vec<VersionEntry>,
    pub common_prefixes: Vec<String>,
    pub next: Option<(String, Option<String>)>,
}

#[derive(Default)]
struct Reading {
    root: String,
    page: VersionsPage,
    encoded: bool,
    entry: Option<VersionEntry>,
    truncated: Option<bool>,
    next_key: Option<String>,
    next_version: Option<String>,
    wrong: Option<&'static str>,
}

impl Visit for Reading {
    fn open(&mut self, depth: usize, name: &str, _: &BytesStart<'_>) {
        match (depth, name) {
            (1, name) => name.clone_into(&mut self.root),
            (2, "Version" | "DeleteMarker") => {
                self.entry = Some(VersionEntry {
                    key: String::new(),
                    version_id: "null".into(),
                    is_latest: false,
                    is_delete_marker: name == "DeleteMarker",
                    size: 0,
                    modified: None,
                    etag: None,
                    storage_class: None,
                });
            }
            _ => {}
        }
    }

    fn close(&mut self, depth: usize, name: &str, text: &str) {
        match (depth, name, &mut self.entry) {
            (3, "Key", Some(entry)) => text.clone_into(&mut entry.key),
            (3, "VersionId", Some(entry)) if !text.is_empty() => {
                text.clone_into(&mut entry.version_id);
            }
            (3, "IsLatest", Some(entry)) => entry.is_latest = text == "true",
            (3, "LastModified", Some(entry)) => entry.modified = Timestamp::parse_rfc3339(text),
            (3, "ETag", Some(entry)) if !text.is_empty() => entry.etag = Some(bare_etag(text)),
            (3, "Size", Some(entry)) if !entry.is_delete_marker => match text.parse() {
                Ok(size) => entry.size = size,
                Err(_) => self.wrong = Some("a version whose size is no number"),
            },
            (3, "StorageClass", Some(entry)) if !text.is_empty() => {
                entry.storage_class = Some(text.to_owned());
            }
            (2, "Version" | "DeleteMarker", entry) => {
                if let Some(entry) = entry.take() {
                    if entry.key.is_empty() {
                        self.wrong = Some("a version without a key");
                    }
                    self.page.versions.push(entry);
                }
            }
            (3, "Prefix", None) => self.page.common_prefixes.push(text.to_owned()),
            (2, "EncodingType", _) => self.encoded = text == "url",
            (2, "IsTruncated", _) => self.truncated = Some(text == "true"),
            (2, "NextKeyMarker", _) => self.next_key = Some(text.to_owned()),
            (2, "NextVersionIdMarker", _) if !text.is_empty() => {
                self.next_version = Some(text.to_owned());
            }
            _ => {}
        }
    }
}

impl S3 {
    /// One page of versions and delete markers.
    pub async fn list_versions_page(
        &self,
        bucket: &BucketName,
        asked: &VersionRequest,
    ) -> Result<VersionsPage, Error> {
        let after = asked.after.as_ref();
        let request = Request::new("ListObjectVersions", "GET", bucket.as_str())
            .flag("versions")
            .query("delimiter", asked.by_folder.then_some("/"))
            .query("encoding-type", self.connection().provider.list_url_encode.then_some("url"))
            .query("key-marker", after.map(|a| a.0.as_str()))
            .query("max-keys", asked.max_keys.map(|n| n.to_string()))
            .query("prefix", Some(asked.prefix.as_str()))
            .query("version-id-marker", after.and_then(|a| a.1.as_deref()));
        let text =
            self.raw_text(&request).await.map_err(|e| e.missing_is(Class::BucketNotFound))?;
        let mut read = Reading::default();
        walk(&text, &mut read).map_err(|e| malformed(&request, &e))?;
        // Some servers spell the root as the call.
        if !matches!(read.root.as_str(), "ListVersionsResult" | "ListObjectVersionsResult") {
            return Err(wrong(&request, "the answer is no listing of versions"));
        }
        if let Some(what) = read.wrong {
            return Err(wrong(&request, what));
        }
        let mut page = read.page;
        for key in page.versions.iter_mut().map(|v| &mut v.key).chain(&mut page.common_prefixes) {
            *key = decode(key, read.encoded);
        }
        let names = page.versions.iter().map(|v| &v.key);
        if names.chain(&page.common_prefixes).any(|k| !k.starts_with(&asked.prefix)) {
            return Err(wrong(&request, "a version outside the prefix that was asked for"));
        }
        match read.truncated {
            None => return Err(wrong(&request, "half a listing")),
            Some(false) => {}
            Some(true) => {
                // With a delimiter some servers (Google) leave the marker out: the last name is one.
                let last =
                    page.versions.last().map(|v| (v.key.clone(), Some(v.version_id.clone())));
                let folder = page.common_prefixes.last().map(|p| (p.clone(), None));
                // Ceph says the marker plain where the names are encoded: the last name, as it is.
                let plain =
                    |key: &str| [&last, &folder].into_iter().flatten().any(|(name, _)| name == key);
                let next = match read.next_key.filter(|k| !k.is_empty()) {
                    Some(key) if plain(&key) => Some((key, read.next_version)),
                    Some(key) => Some((decode(&key, read.encoded), read.next_version)),
                    None => later(last, folder),
                };
                let next =
                    next.ok_or_else(|| wrong(&request, "a truncated listing without a way on"))?;
                // Keys only go up; within a key the version marker must move.
                if after.is_some_and(|a| next.0 < a.0 || next == *a) {
                    return Err(wrong(&request, "the same marker came twice"));
                }
                page.next = Some(next);
            }
        }
        Ok(page)
    }

    /// Every version and delete marker of one key, the newest first.
    pub async fn object_versions(
        &self,
        bucket: &BucketName,
        key: &str,
    ) -> Result<Vec<VersionEntry>, Error> {
        let mut found = Vec::new();
        let mut request = VersionRequest { prefix: key.to_owned(), ..VersionRequest::default() };
        loop {
            let page = self.list_versions_page(bucket, &request).await?;
            // Longer names with the same beginning come after.
            let beyond = page.versions.iter().any(|v| v.key != key);
            found.extend(page.versions.into_iter().filter(|v| v.key == key));
            match page.next {
                Some(next) if !beyond => request.after = Some(next),
                _ => return Ok(found),
            }
        }
    }
}

type Marker = Option<(String, Option<String>)>;

fn later(one: Marker, other: Marker) -> Marker {
    match (one, other) {
        (Some(a), Some(b)) => Some(if a.0 >= b.0 { a } else { b }),
        (a, b) => a.or(b),
    }
}
