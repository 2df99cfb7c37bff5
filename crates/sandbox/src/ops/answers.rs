//! Between our types and those of the answers.

use dipper_types::Timestamp;
use s3s::dto::{self, ETag, Owner};
use s3s::{S3Error, S3ErrorCode, s3_error};
use time::OffsetDateTime;

use super::Server;
use crate::store::StoreError;

impl From<StoreError> for S3Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSuchBucket => {
                s3_error!(NoSuchBucket, "The specified bucket does not exist")
            }
            StoreError::NoSuchUpload => no_such_upload(),
            StoreError::NoSuchKey => no_such_key(),
            StoreError::NoSuchVersion => super::versions::no_such_version(),
            StoreError::DeleteMarker => s3_error!(
                MethodNotAllowed,
                "The specified method is not allowed against this resource."
            ),
            StoreError::BucketExists { .. } => {
                s3_error!(BucketAlreadyExists, "The requested bucket name is not available.")
            }
            StoreError::BucketNotEmpty => {
                s3_error!(BucketNotEmpty, "The bucket you tried to delete is not empty")
            }
            StoreError::Closed => s3_error!(ServiceUnavailable, "The sandbox is stopping."),
            error => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
                S3Error::with_source(S3ErrorCode::InternalError, Box::new(error))
            }
        }
    }
}

pub(super) fn no_such_key() -> S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}

pub(super) fn no_such_upload() -> S3Error {
    s3_error!(
        NoSuchUpload,
        "The specified multipart upload does not exist. The upload ID may be invalid, or the \
         upload may have been aborted or completed."
    )
}

pub(super) fn etag(value: &str) -> ETag {
    ETag::Strong(value.to_owned())
}

pub(super) fn at(time: Timestamp) -> dto::Timestamp {
    let at = OffsetDateTime::from_unix_timestamp(time.secs());
    dto::Timestamp::from(at.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

/// As the headers have it.
pub(crate) fn http_date(time: Timestamp) -> Option<http::HeaderValue> {
    let mut date = Vec::new();
    at(time).format(dto::TimestampFormat::HttpDate, &mut date).ok()?;
    http::HeaderValue::from_bytes(&date).ok()
}

pub(super) fn moment(time: &dto::Timestamp) -> Timestamp {
    Timestamp::from_secs(OffsetDateTime::from(time.clone()).unix_timestamp())
}

/// A size as S3's XML and headers have it.
pub(super) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// `encoding-type=url`: all but the unreserved characters and the slash.
pub(super) fn url_encoded(text: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
    utf8_percent_encode(text, KEPT).to_string()
}

impl Server {
    pub(super) fn owner_element(&self, xml: &mut super::xml::Xml, id: &str) {
        xml.open("Owner").text("ID", id);
        if let Some(name) = self.accounts.display_name(id) {
            xml.text("DisplayName", &name);
        }
        xml.close("Owner");
    }

    pub(super) fn owner(&self, id: &str) -> Owner {
        Owner { display_name: self.accounts.display_name(id), id: Some(id.to_owned()) }
    }
}
