//! Jobs whose transfers are found by somebody else: added batch by batch, and begun when all are known.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use dipper_s3::ObjectHeaders;
use dipper_state::{JobKind, JobRow, JobState, NewTransfer};
use dipper_types::{BucketName, JobId, ObjectKey, Prefix, ProfileId};

use crate::engine::Engine;
use crate::error::TransferError;
use crate::spec::{Copy, OnExisting, Order, Preserve, Sending, Spec};

/// What is to happen to each of them.
#[derive(Debug, Clone)]
pub enum Stage {
    /// Each from its [`Planned::local`].
    Upload {
        headers: ObjectHeaders,
        on_existing: OnExisting,
        keep: Preserve,
        sending: Box<Sending>,
    },
    /// Into this folder, by the part of the key after the job's prefix. What is there is replaced.
    Download {
        folder: OsString,
        keep: Preserve,
    },
    Copy(Copy),
    Delete,
}

/// One object that is to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub key: ObjectKey,
    /// Of an upload: its file. Of a copy: a file with the same bytes, whose attributes it gets.
    pub local: Option<PathBuf>,
    /// Of a copy: the key it comes from, and the ETag that it must still have, if any is known.
    pub source: Option<(ObjectKey, Option<String>)>,
    pub size: u64,
}

/// Whether an upload's files are named one by one, and not looked for.
pub(crate) fn is_staged(job: &JobRow) -> bool {
    let spec = serde_json::from_str(&job.spec);
    matches!(spec, Ok(Spec::Upload { sources, .. }) if sources.is_empty())
}

/// Whether a job that was cut off is gone on with by itself. Not a delete: its keys may have been
/// written again since. Nor a plan that nobody but the process that ended could finish; what looks for
/// its objects itself does so again, and does not plan twice what it has.
pub(crate) fn goes_on(job: &JobRow) -> bool {
    let looks = |order: Order| match order.spec {
        Spec::Upload { sources, .. } => !sources.is_empty(),
        _ => !order.below.is_empty(),
    };
    match (job.kind, job.planned) {
        (JobKind::Delete, _) => false,
        (_, true) => true,
        (_, false) => serde_json::from_str(&job.spec).is_ok_and(looks),
    }
}

impl Engine {
    /// Writes an empty job into the journal. Until it is begun it can be added to; a process that ends
    /// before that leaves it cancelled.
    pub async fn stage(
        &self,
        (profile, bucket, prefix): (ProfileId, &BucketName, &Prefix),
        title: String,
        stage: Stage,
    ) -> Result<JobId, TransferError> {
        let (kind, spec) = match stage {
            Stage::Upload { headers, on_existing, keep, sending } => {
                let sources = Vec::new();
                let spec = Spec::Upload { sources, headers, on_existing, keep, sending };
                (JobKind::Upload, spec)
            }
            Stage::Download { folder, keep } => {
                let spec = Spec::Download {
                    folder,
                    on_existing: OnExisting::Overwrite,
                    portable_names: false,
                    keep,
                    as_stored: false,
                };
                (JobKind::Download, spec)
            }
            Stage::Copy(copy) => (JobKind::Copy, Spec::Copy(copy)),
            Stage::Delete => (JobKind::Delete, Spec::Delete),
        };
        self.create(kind, (profile, bucket, prefix), title, spec).await
    }

    pub async fn stage_more(&self, job: JobId, more: Vec<Planned>) -> Result<(), TransferError> {
        let new = |planned: Planned| {
            let (source, etag) = planned.source.map(|(key, etag)| (key.into(), etag)).unzip();
            NewTransfer {
                key: planned.key.into(),
                local: planned.local,
                source,
                etag: etag.flatten(),
                size: Some(planned.size),
                ..NewTransfer::default()
            }
        };
        let more = more.into_iter().map(new).collect();
        Ok(self.journal.add_transfers(job, more).await?)
    }

    /// Begins a job that was staged.
    pub async fn stage_done(self: &Arc<Self>, job: JobId) -> Result<(), TransferError> {
        self.journal.set_planned(job).await?;
        self.start(job)
    }

    /// Nothing of a job that was staged will happen.
    pub async fn stage_undone(&self, job: JobId) -> Result<(), TransferError> {
        self.journal.cancel_queued(job).await?;
        self.journal.set_planned(job).await?;
        let now = Some(self.clock.now());
        self.journal.set_state(job, JobState::Cancelled, now, None).await?;
        self.sink.job_changed(job);
        Ok(())
    }
}
