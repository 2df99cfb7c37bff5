//! A job comes into the journal, and is started.

use std::sync::Arc;

use dipper_state::{JobKind, NewJob, NewTransfer};
use dipper_types::{BucketName, JobId, Prefix, ProfileId};

use crate::engine::Engine;
use crate::error::TransferError;
use crate::spec::{Below, Item, ListedAction, ListedJob, Order, Preserve, Spec, UploadJob};

impl Engine {
    pub(crate) async fn create(
        &self,
        kind: JobKind,
        (profile, bucket, prefix): (ProfileId, &BucketName, &Prefix),
        title: String,
        order: impl Into<Order>,
    ) -> Result<JobId, TransferError> {
        let mut order = order.into();
        if let Some(places) = order.spec.places() {
            *places = self.connections.protected(&profile, bucket.as_str());
        }
        let job = NewJob {
            kind,
            owner: self.instance.id().to_owned(),
            profile,
            bucket: bucket.to_string(),
            prefix: prefix.to_string(),
            title,
            spec: serde_json::to_string(&order)?,
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
        let place = (job.profile, &job.bucket, &job.prefix);
        let id = self.open_listed(place, job.title, job.action, job.below.clone()).await?;
        self.more_listed(id, job.objects).await?;
        if job.below.is_empty() {
            self.journal.set_planned(id).await?;
        }
        self.start(id)?;
        Ok(id)
    }

    /// Writes an empty job over objects into the journal. It is added to and begun as one that was
    /// staged: [`Engine::more_listed`], [`Engine::stage_done`], [`Engine::stage_undone`].
    pub async fn open_listed(
        &self,
        place: (ProfileId, &BucketName, &Prefix),
        title: String,
        action: ListedAction,
        below: Vec<Below>,
    ) -> Result<JobId, TransferError> {
        let (kind, spec) = match action {
            ListedAction::Download { folder, on_existing, portable_names, as_stored } => {
                let keep = Preserve::default();
                let spec = Spec::Download { folder, on_existing, portable_names, keep, as_stored };
                (JobKind::Download, spec)
            }
            ListedAction::DownloadTo { file, on_existing, as_stored } => {
                (JobKind::Download, Spec::DownloadTo { file, on_existing, as_stored })
            }
            ListedAction::Delete => (JobKind::Delete, Spec::Delete),
            ListedAction::Copy(plan) => (JobKind::Copy, Spec::Copy(plan)),
            ListedAction::Change(change) => (JobKind::Change, Spec::Change(change)),
        };
        self.create(kind, place, title, Order { spec, below }).await
    }

    /// More objects for a job that was opened.
    pub async fn more_listed(&self, job: JobId, more: Vec<Item>) -> Result<(), TransferError> {
        let new = |item: Item| NewTransfer {
            key: item.key.into(),
            source: item.source.map(Into::into),
            version: item.version_id,
            size: Some(item.size),
            ..NewTransfer::default()
        };
        if more.is_empty() {
            return Ok(());
        }
        let more = more.into_iter().map(new).collect();
        Ok(self.journal.add_transfers(job, more).await?)
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
