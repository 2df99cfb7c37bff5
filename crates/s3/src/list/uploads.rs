//! Multipart uploads under way, and the parts of one.

use aws_sdk_s3::types::{ChecksumAlgorithm as SdkAlgorithm, EncodingType};
use dipper_types::{BucketName, ObjectKey, PartNumber, Timestamp, UploadId};

use super::decode;
use crate::checksum::checksum_in;
use crate::client::{Retries, S3};
use crate::error::{Class, Error};
use crate::types::{ChecksumAlgorithm, bare_etag, timestamp};

/// A multipart upload that nobody finished or aborted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadEntry {
    pub key: String,
    pub upload_id: String,
    pub started: Option<Timestamp>,
    pub storage_class: Option<String>,
    /// Who began it, as the server names them.
    pub initiator: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPart {
    pub number: PartNumber,
    pub etag: String,
    pub size: u64,
    pub modified: Option<Timestamp>,
    /// Of an upload whose object will have a CRC-64/NVME.
    pub by_crc: bool,
    /// Its own, where the upload has some other one.
    pub checksum: Option<(ChecksumAlgorithm, String)>,
}

impl S3 {
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
            let said = answer.encoding_type() == Some(&EncodingType::Url);
            let encoded = self.connection().provider.uploads_encoded.unwrap_or(said);
            found.extend(answer.uploads().iter().filter_map(|upload| {
                Some(UploadEntry {
                    key: decode(upload.key()?, encoded),
                    upload_id: upload.upload_id()?.to_owned(),
                    started: upload.initiated().and_then(timestamp),
                    storage_class: upload.storage_class().map(|c| c.as_str().to_owned()),
                    initiator: upload
                        .initiator()
                        .and_then(|who| who.display_name().or(who.id()))
                        .map(str::to_owned),
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

    /// ListParts, all pages.
    pub async fn list_parts(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        upload: &UploadId,
    ) -> Result<Vec<ListedPart>, Error> {
        let op = "ListParts";
        let mut found: Vec<ListedPart> = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let answer = self
                .run(op, Some(bucket.as_str()), Some(key.as_str()), Retries::Sdk, |client| {
                    let call = client
                        .list_parts()
                        .bucket(bucket.as_str())
                        .key(key.as_str())
                        .upload_id(upload.as_str())
                        .set_part_number_marker(marker.clone());
                    async move { call.send().await }
                })
                .await
                .map_err(Error::missing_is_the_upload)?;
            let by_crc = answer.checksum_algorithm() == Some(&SdkAlgorithm::Crc64Nvme);
            if self.asks_for_crc() {
                self.learn_crc(by_crc);
            }
            let wanted = self.wanted_checksum();
            for part in answer.parts() {
                let sum = wanted.and_then(|wanted| Some((wanted, checksum_in!(part, wanted)?)));
                let Ok(number) = PartNumber::new(part.part_number().unwrap_or(0)) else { continue };
                found.push(ListedPart {
                    number,
                    etag: part.e_tag().map(bare_etag).unwrap_or_default(),
                    size: part.size().and_then(|s| u64::try_from(s).ok()).unwrap_or(0),
                    modified: part.last_modified().and_then(timestamp),
                    by_crc,
                    checksum: sum.map(|(wanted, value)| (wanted, value.to_owned())),
                });
            }
            let next = answer.next_part_number_marker().map(str::to_owned);
            if !answer.is_truncated().unwrap_or(false) {
                return Ok(found);
            }
            if next.is_none() || next == marker {
                return Err(Error::of_answer(
                    Class::NotS3,
                    op,
                    bucket.as_str(),
                    key.as_str(),
                    "the same marker came twice",
                ));
            }
            marker = next;
        }
    }
}
