//! A job comes into the journal, and is started.

use std::sync::Arc;

use dipper_state::{JobKind, NewJob, NewTransfer};
use dipper_types::{BucketName, JobId, Prefix, ProfileId};

use crate::engine::Engine;
use crate::error::TransferError;
use crate::spec::{ListedAction, ListedJob, Order, Preserve, Spec, UploadJob};

impl Engine {
    pub(crate) async fn create(
        &self,
        kind: JobKind,
        (profile, bucket, prefix): (ProfileId, &BucketName, &Prefix),
        title: String,
        order: impl Into<Order>,
    ) -> Result<JobId, TransferError> {
        let job = NewJob {
            kind,
            owner: self.instance.id().to_owned(),
            profile,
            bucket: bucket.to_string(),
            prefix: prefix.to_string(),
            title,
            spec: serde_json::to_string(&order.into())?,
            created_at: self.clock.now(),
        };
        Ok(self.journal.create_job(job).await?)
    }

    /// Writes an upload into the journal and starts it; its files are looked for while it runs.
    pub async fn submit_upload(self: &Arc<Self>, job: UploadJob) -> Result<JobId, TransferError> {
        let spec = Spec::Upload {
            sources: job.sources,
            headers: job.headers,
            on_existing: job.on_existing,
            keep: job.keep,
            sending: Box::new(job.sending),
        };
        let place = (job.profile, &job.bucket, &job.prefix);
        let id = self.create(JobKind::Upload, place, job.title, spec).await?;
        self.start(id)?;
        Ok(id)
    }

    /// Writes a job over objects into the journal and starts it. What is only known by a prefix is
    /// listed while it runs.
    pub async fn submit_listed(self: &Arc<Self>, job: ListedJob) -> Result<JobId, TransferError> {
        let (kind, spec) = match job.action {
            ListedAction::Download { folder, on_existing, portable_names } => {
                let keep = Preserve::default();
                (JobKind::Download, Spec::Download { folder, on_existing, portable_names, keep })
            }
            ListedAction::DownloadTo { file, on_existing } => {
                (JobKind::Download, Spec::DownloadTo { file, on_existing })
            }
            ListedAction::Delete => (JobKind::Delete, Spec::Delete),
            ListedAction::Copy(plan) => (JobKind::Copy, Spec::Copy(plan)),
            ListedAction::Change(change) => (JobKind::Change, Spec::Change(change)),
        };
        let place = (job.profile, &job.bucket, &job.prefix);
        let id =
            self.create(kind, place, job.title, Order { spec, below: job.below.clone() }).await?;
        let transfers: Vec<NewTransfer> = job
            .objects
            .into_iter()
            .map(|item| NewTransfer {
                key: item.key.into(),
                source: item.source.map(Into::into),
                version: item.version_id,
                size: Some(item.size),
                ..NewTransfer::default()
            })
            .collect();
        if !transfers.is_empty() {
            self.journal.add_transfers(id, transfers).await?;
        }
        if job.below.is_empty() {
            self.journal.set_planned(id).await?;
        }
        self.start(id)?;
        Ok(id)
    }

    /// Deletes a bucket with every version, marker and upload in it, as they are found.
    pub async fn submit_remove_bucket(
        self: &Arc<Self>,
        profile: ProfileId,
        bucket: &BucketName,
    ) -> Result<JobId, TransferError> {
        let place = (profile, bucket, &Prefix::root());
        let id =
            self.create(JobKind::Delete, place, bucket.to_string(), Spec::RemoveBucket).await?;
        self.start(id)?;
        Ok(id)
    }
}
