//! Uploads whose ids never came: the answer to their creation was lost, or the process ended before it
//! was written down. Nobody else will abort them.

use dipper_types::UploadId;

use crate::error::TransferError;
use crate::upload::Upload;

/// A server that takes our requests has a clock no further off (S3 itself allows as much).
const SKEW_MS: i64 = 15 * 60 * 1000;
/// First pauses (a quarter of a second) between two looks at an upload without parts.
const PATIENCE: u32 = 20;

impl Upload<'_> {
    /// Aborts the upload of this key that was begun since the job was, has no part, and is not the one
    /// to keep. Where there are several, somebody else is at work, too, and all are left.
    pub async fn sweep(&self, keep: Option<&UploadId>) {
        if let Err(error) = self.try_sweep(keep).await {
            tracing::warn!(key = %self.key, %error, "open uploads could not be looked through");
        }
    }

    async fn try_sweep(&self, keep: Option<&UploadId>) -> Result<(), TransferError> {
        let s3 = &self.context.s3;
        let since = self.context.row.created_at.millis().saturating_sub(SKEW_MS);
        let open = s3.list_uploads(&self.bucket, self.key.as_str()).await?;
        let mut ours = open.into_iter().filter(|upload| {
            upload.key == self.key.as_str()
                && keep.is_none_or(|keep| keep.as_str() != upload.upload_id)
                && upload.started.is_some_and(|at| at.millis() >= since)
        });
        let (Some(one), None) = (ours.next(), ours.next()) else { return Ok(()) };
        let id = UploadId::new(one.upload_id);
        // Whoever has just begun it will have sent something a moment later; a dead process will not.
        for pause in [0, PATIENCE] {
            tokio::time::sleep(self.context.engine.limits.first_pause * pause).await;
            if !s3.list_parts(&self.bucket, &self.key, &id).await?.is_empty() {
                return Ok(());
            }
        }
        Ok(s3.abort_upload(&self.bucket, &self.key, &id).await?)
    }
}
