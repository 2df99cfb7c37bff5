//! Archived objects: nothing to read until they are restored, and archived again after their days.

use dipper_types::Timestamp;
use http::{HeaderMap, HeaderValue, StatusCode};
use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::answers::http_date;
use crate::model::{Detail, Restore};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// The midnight after this.
pub(super) fn midnight_after(at: i64) -> Timestamp {
    Timestamp::from_secs((at.div_euclid(DAY) + 1) * DAY)
}

impl Restore {
    pub(super) fn expires(self) -> Timestamp {
        midnight_after(self.ready.secs() + i64::from(self.days) * DAY)
    }

    fn is_there(self, now: Timestamp) -> bool {
        self.ready <= now && now < self.expires()
    }
}

fn is_archived(detail: &Detail) -> bool {
    matches!(detail.storage_class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE"))
}

/// Whether there is something to read.
pub(super) fn readable(detail: &Detail, now: Timestamp) -> S3Result<()> {
    if is_archived(detail) && !detail.restore.is_some_and(|r| r.is_there(now)) {
        return Err(s3_error!(
            InvalidObjectState,
            "The operation is not valid for the object's storage class"
        ));
    }
    Ok(())
}

/// What GET and HEAD say about a restoration.
pub(super) fn headers(detail: &Detail, now: Timestamp) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let value = match detail.restore.filter(|_| is_archived(detail)) {
        Some(restore) if now < restore.ready => Some("ongoing-request=\"true\"".to_owned()),
        Some(restore) if restore.is_there(now) => http_date(restore.expires())
            .and_then(|d| d.to_str().ok().map(str::to_owned))
            .map(|date| format!("ongoing-request=\"false\", expiry-date=\"{date}\"")),
        _ => None,
    };
    if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
        headers.insert("x-amz-restore", value);
    }
    headers
}

/// How long a tier takes, as S3 promises it.
fn delay(class: &str, tier: &str) -> S3Result<i64> {
    match (class, tier) {
        ("GLACIER", "Expedited") => Ok(HOUR / 12),
        ("GLACIER", "Standard") => Ok(5 * HOUR),
        ("GLACIER", "Bulk") | ("DEEP_ARCHIVE", "Standard") => Ok(12 * HOUR),
        ("DEEP_ARCHIVE", "Bulk") => Ok(48 * HOUR),
        ("DEEP_ARCHIVE", "Expedited") => Err(s3_error!(
            InvalidArgument,
            "Retrieval option is not supported by this storage class"
        )),
        _ => Err(s3_error!(MalformedXML, "There is no such retrieval tier")),
    }
}

impl Server {
    pub(super) async fn restore(
        &self,
        req: S3Request<RestoreObjectInput>,
    ) -> S3Result<S3Response<RestoreObjectOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let asked = input.restore_request.unwrap_or_default();
        if asked.select_parameters.is_some() || asked.output_location.is_some() {
            return Err(s3_error!(NotImplemented, "The sandbox does not select from archives."));
        }
        let in_job = asked.glacier_job_parameters.map(|p| p.tier);
        let tier = in_job.or(asked.tier).map_or("Standard".to_owned(), |t| t.as_str().to_owned());
        let days = asked.days.filter(|d| *d > 0).ok_or_else(|| {
            s3_error!(MalformedXML, "Days of a restoration are a positive number")
        })?;
        let now = self.now();
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let change = move |detail: &mut Detail| {
            let class = detail.storage_class.clone().unwrap_or_default();
            if !is_archived(detail) {
                return Err(s3_error!(
                    InvalidObjectState,
                    "Restore is not allowed for the object's current storage class"
                ));
            }
            let wait = delay(&class, &tier)?;
            let known = detail.restore.filter(|r| now < r.expires());
            if known.is_some_and(|r| now < r.ready) {
                return Err(s3_error!(
                    RestoreAlreadyInProgress,
                    "Object restore is already in progress"
                ));
            }
            // What is there stays there, for as long as is asked now.
            let wait = if known.is_some() { 0 } else { wait };
            let ready = Timestamp::from_secs(now.secs() + wait);
            detail.restore = Some(Restore { ready, days });
            let status = if known.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
            tell.try_send(status).map_err(S3Error::internal_error)
        };
        let version = input.version_id.as_deref();
        self.store.change_object(&bucket, &input.key, version, change).await?;
        let status = told.recv().map_err(S3Error::internal_error)?;
        let mut response = S3Response::new(RestoreObjectOutput::default());
        // s3s has one status for this operation.
        response.extensions.insert(status);
        Ok(response)
    }
}
