//! Multipart uploads that lie about in buckets and cost money.

use std::time::Duration;

use dipper_s3::UploadEntry;
use dipper_types::{BucketName, ObjectKey, UploadId};

use crate::{App, Failure, Result};

/// An upload, and how aborting it went.
#[derive(Debug, Clone)]
pub struct Aborted {
    pub upload: UploadEntry,
    /// `Conflict`: a job of this machine is still at it.
    pub error: Option<Failure>,
}

impl App {
    /// Unfinished uploads below a prefix.
    pub async fn uploads(
        &self,
        profile: &str,
        bucket: &BucketName,
        prefix: &str,
    ) -> Result<Vec<UploadEntry>> {
        let answer = self.s3(profile).await?.list_uploads(bucket, prefix).await;
        self.noted(profile, bucket, "ListMultipartUploads", answer).await
    }

    /// Those below a prefix that began longer ago than this. One without a time is not aborted.
    pub async fn stale_uploads(
        &self,
        profile: &str,
        bucket: &BucketName,
        prefix: &str,
        older_than: Duration,
    ) -> Result<Vec<UploadEntry>> {
        let before =
            self.clock.now().millis() - i64::try_from(older_than.as_millis()).unwrap_or(i64::MAX);
        let mut found = self.uploads(profile, bucket, prefix).await?;
        found.retain(|upload| upload.started.is_some_and(|at| at.millis() < before));
        Ok(found)
    }

    /// Aborts uploads, but none that an unfinished job of this machine will go on with.
    pub async fn abort_uploads(
        &self,
        profile: &str,
        bucket: &BucketName,
        uploads: Vec<UploadEntry>,
    ) -> Result<Vec<Aborted>> {
        let s3 = self.s3(profile).await?;
        let own = self.engine.journal().open_uploads()?;
        let mut ended = Vec::with_capacity(uploads.len());
        for upload in uploads {
            let error = if own.contains(&upload.upload_id) {
                let what = "a job of this computer is still uploading it";
                Some(
                    Failure::new(crate::Code::Conflict, what)
                        .with_hint("Cancel that job: it aborts its upload itself."),
                )
            } else {
                let key = ObjectKey::new(upload.key.clone())?;
                let id = UploadId::new(upload.upload_id.clone());
                s3.abort_upload(bucket, &key, &id).await.err().map(Failure::from)
            };
            ended.push(Aborted { upload, error });
        }
        Ok(ended)
    }
}
