//! ListObjectsV2 a page at a time. Keys travel URL-encoded, since XML can't say every character.

use aws_sdk_s3::types::EncodingType;
use dipper_types::{BucketName, Timestamp};
use percent_encoding::percent_decode_str;

use crate::client::{Retries, S3};
use crate::error::{Class, Error};
use crate::types::{bare_etag, timestamp};

#[derive(Debug, Clone, Default)]
pub struct ListRequest {
    pub prefix: String,
    /// With `/`, what lies deeper is answered as common prefixes.
    pub by_folder: bool,
    pub start_after: Option<String>,
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
    pub storage_class: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct ListPage {
    pub objects: Vec<ListedObject>,
    pub common_prefixes: Vec<String>,
    /// Where the next page starts; `None` on the last.
    pub next: Option<String>,
}

/// A multipart upload that nobody finished or aborted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadEntry {
    pub key: String,
    pub upload_id: String,
    pub started: Option<Timestamp>,
}

fn decode(text: &str, encoded: bool) -> String {
    if encoded {
        // `+` stands for a space in what form encoders write; a real plus comes as %2B.
        percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
    } else {
        text.to_owned()
    }
}

impl S3 {
    pub async fn list_page(
        &self,
        bucket: &BucketName,
        request: &ListRequest,
    ) -> Result<ListPage, Error> {
        let op = "ListObjectsV2";
        let answer = self
            .run(op, Some(bucket.as_str()), None, Retries::Sdk, |client| {
                let call = client
                    .list_objects_v2()
                    .bucket(bucket.as_str())
                    .prefix(&request.prefix)
                    .encoding_type(EncodingType::Url)
                    .set_delimiter(request.by_folder.then(|| "/".to_owned()))
                    .set_start_after(request.start_after.clone())
                    .set_continuation_token(request.token.clone())
                    .set_max_keys(request.max_keys.map(i32::from));
                async move { call.send().await }
            })
            .await
            .map_err(|e| e.missing_is(Class::BucketNotFound))?;
        let wrong =
            |what| Err(Error::answer(op, Class::NotS3, what).at(Some(bucket.as_str()), None));
        let encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let mut page = ListPage::default();
        for object in answer.contents() {
            let Some(key) = object.key() else { return wrong("an entry without a key") };
            let Ok(size) = u64::try_from(object.size().unwrap_or(0)) else {
                return wrong("an entry with a negative size");
            };
            page.objects.push(ListedObject {
                key: decode(key, encoded),
                size,
                modified: object.last_modified().and_then(timestamp),
                etag: object.e_tag().map(bare_etag),
                storage_class: object.storage_class().map(|c| c.as_str().to_owned()),
            });
        }
        page.common_prefixes = answer
            .common_prefixes()
            .iter()
            .filter_map(|p| p.prefix())
            .map(|p| decode(p, encoded))
            .collect();
        if page
            .objects
            .iter()
            .map(|o| &o.key)
            .chain(&page.common_prefixes)
            .any(|k| !k.starts_with(&request.prefix))
        {
            return wrong("an entry outside the prefix that was asked for");
        }
        // The SDK takes a document that breaks off for one that ends.
        let Some(truncated) = answer.is_truncated() else { return wrong("half a listing") };
        let came = page.objects.len() + page.common_prefixes.len();
        if answer.key_count().is_some_and(|said| usize::try_from(said).unwrap_or(0) > came) {
            return wrong("fewer entries than the listing says it has");
        }
        if truncated {
            match answer.next_continuation_token() {
                Some(next) if Some(next) == request.token.as_deref() => {
                    return wrong("the same continuation token came twice");
                }
                Some(next) => page.next = Some(next.to_owned()),
                None => return wrong("a truncated listing without a continuation token"),
            }
        }
        Ok(page)
    }

    /// ListMultipartUploads under a prefix, all pages.
    pub async fn list_uploads(
        &self,
        bucket: &BucketName,
        prefix: &str,
    ) -> Result<Vec<UploadEntry>, Error> {
        let op = "ListMultipartUploads";
        let mut found = Vec::new();
        let mut marker: Option<(String, String)> = None;
        loop {
            let answer = self
                .run(op, Some(bucket.as_str()), None, Retries::Sdk, |client| {
                    let call = client
                        .list_multipart_uploads()
                        .bucket(bucket.as_str())
                        .prefix(prefix)
                        .encoding_type(EncodingType::Url)
                        .set_key_marker(marker.as_ref().map(|m| m.0.clone()))
                        .set_upload_id_marker(marker.as_ref().map(|m| m.1.clone()));
                    async move { call.send().await }
                })
                .await
                .map_err(|e| e.missing_is(Class::BucketNotFound))?;
            let encoded = answer.encoding_type() == Some(&EncodingType::Url)
                || self.connection().provider.uploads_encoded;
            found.extend(answer.uploads().iter().filter_map(|upload| {
                Some(UploadEntry {
                    key: decode(upload.key()?, encoded),
                    upload_id: upload.upload_id()?.to_owned(),
                    started: upload.initiated().and_then(timestamp),
                })
            }));
            let next = answer.is_truncated().unwrap_or(false).then(|| {
                (
                    decode(answer.next_key_marker().unwrap_or_default(), encoded),
                    answer.next_upload_id_marker().unwrap_or_default().to_owned(),
                )
            });
            match next {
                None => return Ok(found),
                Some(next) if marker.as_ref() == Some(&next) => {
                    return Err(Error::answer(op, Class::NotS3, "the same marker came twice")
                        .at(Some(bucket.as_str()), None));
                }
                Some(next) => marker = Some(next),
            }
        }
    }
}
