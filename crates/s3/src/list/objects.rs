//! ListObjectsV2 a page at a time, and ListObjects (version 1) where a server knows no other.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use dipper_types::{BucketName, Timestamp};
use quick_xml::events::BytesStart;

use super::{decode, malformed, wrong};
use crate::client::S3;
use crate::error::{Class, Error};
use crate::raw::Request;
use crate::types::bare_etag;
use crate::xml::{Visit, walk};

#[derive(Debug, Clone, Default)]
pub struct ListRequest {
    pub prefix: String,
    /// With `/`, what lies deeper is answered as common prefixes.
    pub by_folder: bool,
    pub start_after: Option<String>,
    /// [`ListPage::next`] of the page before.
    pub token: Option<String>,
    /// 1 to 1,000; the server's default where absent.
    pub max_keys: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    pub key: String,
    pub size: u64,
    pub modified: Option<Timestamp>,
    pub etag: Option<String>,
    /// Shared by all of a page that have the same.
    pub storage_class: Option<Arc<str>>,
}

#[derive(Debug, Clone, Default)]
pub struct ListPage {
    /// In the order of their keys' UTF-8 bytes.
    pub objects: Vec<ListedObject>,
    /// In the same order.
    pub common_prefixes: Vec<String>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<String>,
}

impl ListPage {
    /// The last name, of an object or a common prefix.
    pub(super) fn last(&self) -> Option<&str> {
        let object = self.objects.last().map(|o| o.key.as_str());
        object.max(self.common_prefixes.last().map(String::as_str))
    }

    pub(super) fn first(&self) -> Option<&str> {
        let object = self.objects.first().map(|o| o.key.as_str());
        let folder = self.common_prefixes.first().map(String::as_str);
        match (object, folder) {
            (Some(object), Some(folder)) => Some(object.min(folder)),
            (object, folder) => object.or(folder),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.objects.len() + self.common_prefixes.len()
    }
}

#[derive(Default)]
struct Reading {
    root: String,
    page: ListPage,
    encoded: bool,
    object: Option<ListedObject>,
    class: Option<Arc<str>>,
    truncated: Option<bool>,
    token: Option<String>,
    next_marker: Option<String>,
    count: Option<usize>,
    /// Version 1 says where it began.
    marker: bool,
    wrong: Option<&'static str>,
}

impl Visit for Reading {
    fn open(&mut self, depth: usize, name: &str, _: &BytesStart<'_>) {
        match (depth, name) {
            (1, name) => name.clone_into(&mut self.root),
            (2, "Contents") => {
                self.object = Some(ListedObject {
                    key: String::new(),
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
        match (depth, name, &mut self.object) {
            (3, "Key", Some(object)) => text.clone_into(&mut object.key),
            (3, "Size", Some(object)) => match text.parse() {
                Ok(size) => object.size = size,
                Err(_) => self.wrong = Some("an entry whose size is no number"),
            },
            (3, "LastModified", Some(object)) => object.modified = Timestamp::parse_rfc3339(text),
            (3, "ETag", Some(object)) => object.etag = Some(bare_etag(text)),
            (3, "StorageClass", Some(object)) if !text.is_empty() => {
                if self.class.as_deref() != Some(text) {
                    self.class = Some(Arc::from(text));
                }
                object.storage_class.clone_from(&self.class);
            }
            (2, "Contents", object) => {
                if let Some(object) = object.take() {
                    if object.key.is_empty() {
                        self.wrong = Some("an entry without a key");
                    }
                    self.page.objects.push(object);
                }
            }
            (3, "Prefix", None) => self.page.common_prefixes.push(text.to_owned()),
            (2, "EncodingType", _) => self.encoded = text == "url",
            (2, "IsTruncated", _) => self.truncated = Some(text == "true"),
            (2, "NextContinuationToken", _) => self.token = Some(text.to_owned()),
            (2, "NextMarker", _) => self.next_marker = Some(text.to_owned()),
            (2, "KeyCount", _) => self.count = text.parse().ok(),
            (2, "Marker", _) => self.marker = true,
            _ => {}
        }
    }
}

impl Reading {
    fn decode(&mut self) {
        if !self.encoded {
            return;
        }
        for key in self.page.objects.iter_mut().map(|o| &mut o.key) {
            if key.bytes().any(|b| matches!(b, b'%' | b'+')) {
                *key = decode(key, true);
            }
        }
        for prefix in &mut self.page.common_prefixes {
            *prefix = decode(prefix, true);
        }
        self.next_marker = self.next_marker.as_deref().map(|m| decode(m, true));
    }
}

/// Tokens say to which version of the call they belong.
const V1: &str = "1 ";
const V2: &str = "2 ";

impl S3 {
    /// One page. [`S3::list`] goes through all of them.
    ///
    /// # Errors
    /// Also `NotS3` for an answer that can't be: cut off, out of order, outside the prefix, truncated
    /// without a way on.
    pub async fn list_page(
        &self,
        bucket: &BucketName,
        request: &ListRequest,
    ) -> Result<ListPage, Error> {
        let token = request.token.as_deref();
        let old = self.lists_v1().load(Ordering::Relaxed)
            || self.connection().provider.list_version == 1
            || token.is_some_and(|t| t.starts_with(V1));
        if old {
            return self.list_v1(bucket, request).await;
        }
        match self.list_v2(bucket, request).await {
            // A server that doesn't know the newer call says so in one of these ways.
            Err(error)
                if token.is_none()
                    && matches!(error.class, Class::Unsupported | Class::InvalidInput) =>
            {
                let answer = self.list_v1(bucket, request).await;
                match answer {
                    Ok(page) => {
                        self.lists_v1().store(true, Ordering::Relaxed);
                        Ok(page)
                    }
                    // Not the call's version then, and the first answer says more.
                    Err(_) => Err(error),
                }
            }
            answer => answer,
        }
    }

    async fn list_v2(&self, bucket: &BucketName, asked: &ListRequest) -> Result<ListPage, Error> {
        let token = asked.token.as_deref().map(|t| t.strip_prefix(V2).unwrap_or(t));
        let request = Request::new("ListObjectsV2", "GET", bucket.as_str())
            .query("continuation-token", token)
            .query("delimiter", asked.by_folder.then_some("/"))
            .query("encoding-type", self.connection().provider.list_url_encode.then_some("url"))
            .query("list-type", Some("2"))
            .query("max-keys", asked.max_keys.map(|n| n.to_string()))
            .query("prefix", Some(asked.prefix.as_str()))
            .query("start-after", asked.start_after.as_deref().filter(|_| token.is_none()));
        let (mut page, read) = self.list_read(bucket, asked, &request).await?;
        // It took the call for the older one: it knows no token and no start-after.
        if read.marker && read.token.is_none() && read.count.is_none() {
            self.lists_v1().store(true, Ordering::Relaxed);
            if asked.start_after.is_some() {
                return self.list_v1(bucket, asked).await;
            }
            return next_marker(page, &read, &request);
        }
        if read.truncated == Some(true) {
            match read.token {
                Some(next) if Some(next.as_str()) == token => {
                    return Err(wrong(&request, "the same continuation token came twice"));
                }
                Some(next) if !next.is_empty() => page.next = Some(format!("{V2}{next}")),
                _ => {
                    let what = "a truncated listing without a continuation token";
                    return Err(wrong(&request, what));
                }
            }
        }
        Ok(page)
    }

    async fn list_v1(&self, bucket: &BucketName, asked: &ListRequest) -> Result<ListPage, Error> {
        let marker = asked.token.as_deref().map(|t| t.strip_prefix(V1).unwrap_or(t));
        let marker = marker.or(asked.start_after.as_deref());
        let request = Request::new("ListObjects", "GET", bucket.as_str())
            .query("delimiter", asked.by_folder.then_some("/"))
            .query("encoding-type", self.connection().provider.list_url_encode.then_some("url"))
            .query("marker", marker)
            .query("max-keys", asked.max_keys.map(|n| n.to_string()))
            .query("prefix", Some(asked.prefix.as_str()));
        let (page, read) = self.list_read(bucket, asked, &request).await?;
        let page = next_marker(page, &read, &request)?;
        if marker.is_some() && page.next.as_deref().and_then(|n| n.strip_prefix(V1)) == marker {
            return Err(wrong(&request, "the same marker came twice"));
        }
        Ok(page)
    }

    async fn list_read(
        &self,
        bucket: &BucketName,
        asked: &ListRequest,
        request: &Request<'_>,
    ) -> Result<(ListPage, Reading), Error> {
        let text = self.raw_text(request).await.map_err(|e| e.missing_is(Class::BucketNotFound))?;
        let mut read = Reading::default();
        walk(&text, &mut read).map_err(|e| malformed(request, &e))?;
        if read.root != "ListBucketResult" {
            return Err(wrong(request, "the answer is no listing"));
        }
        if let Some(what) = read.wrong {
            return Err(wrong(request, what));
        }
        read.decode();
        let page = std::mem::take(&mut read.page);
        if read.truncated.is_none() {
            return Err(wrong(request, "half a listing"));
        }
        if read.count.is_some_and(|said| said > page.len()) {
            return Err(wrong(request, "fewer entries than the listing says it has"));
        }
        check(&page, asked, bucket).map_err(|what| wrong(request, what))?;
        Ok((page, read))
    }
}

/// Version 1 goes on after the last name, which it tells only where there is a delimiter.
fn next_marker(
    mut page: ListPage,
    read: &Reading,
    request: &Request<'_>,
) -> Result<ListPage, Error> {
    if read.truncated == Some(true) {
        // The last name is the marker, whether it is told or not; Ceph and moto tell it unencoded
        // among encoded names.
        let last = page.last().or(read.next_marker.as_deref().filter(|m| !m.is_empty()));
        let last = last.ok_or_else(|| wrong(request, "a truncated listing without entries"))?;
        page.next = Some(format!("{V1}{last}"));
    }
    Ok(page)
}

/// What a listing can't say, whoever writes it.
fn check(page: &ListPage, asked: &ListRequest, bucket: &BucketName) -> Result<(), &'static str> {
    let (keys, prefixes) = (page.objects.iter().map(|o| &o.key), &page.common_prefixes);
    if keys.chain(prefixes).any(|name| !name.starts_with(&asked.prefix)) {
        return Err("an entry outside the prefix that was asked for");
    }
    // Directory buckets list in no order (S3 User Guide, "Directory buckets").
    if bucket.as_str().ends_with("--x-s3") {
        return Ok(());
    }
    if !page.objects.is_sorted_by(|a, b| a.key < b.key)
        || !page.common_prefixes.is_sorted_by(|a, b| a < b)
    {
        return Err("a listing whose keys are out of order");
    }
    let object_before = page.objects.first().is_some_and(|first| {
        asked.token.is_none() && asked.start_after.as_ref().is_some_and(|after| first.key <= *after)
    });
    if object_before {
        return Err("a listing that begins before the key that was asked for");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reading {
        let mut read = Reading::default();
        walk(text, &mut read).unwrap();
        read.decode();
        read
    }

    #[test]
    fn a_page_is_read() {
        let read = read(
            "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>b</Name><Prefix>p/</Prefix><KeyCount>3</KeyCount><IsTruncated>true</IsTruncated>\
             <EncodingType>url</EncodingType><NextContinuationToken>t&amp;1</NextContinuationToken>\
             <Contents><Key>p/a+b%2Bc%C3%BC</Key><LastModified>2026-11-23T05:39:01.000Z</LastModified>\
             <ETag>&quot;0123&quot;</ETag><Size>5</Size><Owner><ID>x</ID><DisplayName>y</DisplayName></Owner>\
             <StorageClass>STANDARD</StorageClass></Contents>\
             <Contents><Key>p/z</Key><Size>0</Size><StorageClass>STANDARD</StorageClass></Contents>\
             <CommonPrefixes><Prefix>p/q%2F</Prefix></CommonPrefixes></ListBucketResult>",
        );
        assert_eq!(read.root, "ListBucketResult");
        assert_eq!((read.truncated, read.count), (Some(true), Some(3)));
        assert_eq!(read.token.as_deref(), Some("t&1"));
        assert_eq!(read.page.common_prefixes, ["p/q/"]);
        let first = &read.page.objects[0];
        assert_eq!((first.key.as_str(), first.size), ("p/a b+cü", 5));
        assert_eq!(first.etag.as_deref(), Some("0123"));
        assert_eq!(first.modified.map(|at| at.rfc3339()).as_deref(), Some("2026-11-23T05:39:01Z"));
        assert_eq!(read.page.objects[1].storage_class.as_deref(), Some("STANDARD"));
    }

    #[test]
    fn impossible_pages_are_seen() {
        let bucket = BucketName::new("bucket").unwrap();
        let page = |keys: &[&str]| ListPage {
            objects: keys
                .iter()
                .map(|key| ListedObject {
                    key: (*key).to_owned(),
                    size: 0,
                    modified: None,
                    etag: None,
                    storage_class: None,
                })
                .collect(),
            ..ListPage::default()
        };
        let asked = ListRequest {
            prefix: "p/".into(),
            start_after: Some("p/b".into()),
            ..ListRequest::default()
        };
        assert_eq!(check(&page(&["p/c", "p/d"]), &asked, &bucket), Ok(()));
        for bad in [&["q"][..], &["p/d", "p/c"], &["p/c", "p/c"], &["p/a"], &["p/b"]] {
            assert!(check(&page(bad), &asked, &bucket).is_err(), "{bad:?}");
        }
        let directory = BucketName::new("bucket--use1-az4--x-s3").unwrap();
        assert_eq!(check(&page(&["p/d", "p/c"]), &asked, &directory), Ok(()));
    }
}
