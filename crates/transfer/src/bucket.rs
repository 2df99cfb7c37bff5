//! A bucket goes with everything in it: versions, markers and open uploads first.

use std::sync::Arc;

use dipper_s3::{Class, VersionRequest};
use dipper_state::NewTransfer;
use dipper_types::{BucketName, ObjectKey, UploadId};

use crate::delete;
use crate::engine::JobContext;
use crate::enumerate::Planning;
use crate::error::TransferError;
use crate::retry;

/// Lists and deletes a page at a time, so that a bucket of any size takes the same memory. What can't
/// be deleted stays, with its reason, and the bucket with it.
pub(crate) async fn remove(context: &Arc<JobContext>) -> Result<(), TransferError> {
    let bucket = BucketName::new(context.row.bucket.clone())?;
    // Begun anew after a retry: what was found then and is still there is found again.
    delete::run(context, Planning::over()).await?;
    match versions(context, &bucket).await {
        // A server without versions.
        Err(TransferError::S3(error)) if error.class == Class::Unsupported => {
            objects(context, &bucket).await?;
        }
        listed => listed?,
    }
    if context.cancel.is_cancelled() || context.progress.counts().files_failed > 0 {
        return Ok(());
    }
    uploads(context, &bucket).await?;
    retry::run(context.policy(), context.cancel.clone(), |_| async {
        Ok(context.s3.delete_bucket(&bucket).await?)
    })
    .await?;
    context.engine.journal.set_planned(context.row.id).await?;
    context.progress.update(|counts| counts.planned = true);
    Ok(())
}

async fn found(context: &Arc<JobContext>, found: Vec<NewTransfer>) -> Result<(), TransferError> {
    let (files, bytes) = (found.len() as u64, found.iter().filter_map(|f| f.size).sum::<u64>());
    context.engine.journal.add_transfers(context.row.id, found).await?;
    context.progress.update(|counts| {
        counts.files_total += files;
        counts.bytes_total += bytes;
    });
    delete::run(context, Planning::over()).await
}

async fn versions(context: &Arc<JobContext>, bucket: &BucketName) -> Result<(), TransferError> {
    let mut request = VersionRequest::default();
    loop {
        let page = retry::run(context.policy(), context.cancel.clone(), |_| async {
            Ok(context.s3.list_versions_page(bucket, &request).await?)
        })
        .await?;
        let these = page
            .versions
            .into_iter()
            .map(|version| NewTransfer {
                key: version.key,
                version: Some(version.version_id),
                size: Some(version.size),
                ..NewTransfer::default()
            })
            .collect();
        found(context, these).await?;
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn objects(context: &Arc<JobContext>, bucket: &BucketName) -> Result<(), TransferError> {
    let mut listing = context.s3.list(bucket, Default::default());
    while let Some(page) = listing.next().await? {
        if context.cancel.is_cancelled() {
            return Err(TransferError::Cancelled);
        }
        let these = page
            .objects
            .into_iter()
            .map(|object| NewTransfer {
                key: object.key,
                size: Some(object.size),
                ..NewTransfer::default()
            })
            .collect();
        found(context, these).await?;
    }
    Ok(())
}

async fn uploads(context: &Arc<JobContext>, bucket: &BucketName) -> Result<(), TransferError> {
    let open = match context.s3.list_uploads(bucket, "").await {
        Err(error) if error.class == Class::Unsupported => return Ok(()),
        open => open?,
    };
    for upload in open {
        let (key, id) = (ObjectKey::new(upload.key)?, UploadId::new(upload.upload_id));
        retry::run(context.policy(), context.cancel.clone(), |_| async {
            Ok(context.s3.abort_upload(bucket, &key, &id).await?)
        })
        .await?;
    }
    Ok(())
}
