//! What a person asks of jobs: pause, go on, cancel, again, in another order, at another speed. A job of
//! another process is asked for through the journal; its owner looks there while it lives.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use dipper_state::{
    Instance, JobRow, JobState, NewJob, Priority, TransferFilter, TransferRow, Wish,
};
use dipper_types::{JobId, Timestamp, TransferId};

use crate::engine::{DOUBTFUL, Engine, Stop};
use crate::error::TransferError;
use crate::stage::is_staged;

/// Clearing the list waits so long for a server.
const TIDYING: Duration = Duration::from_secs(10);
/// How often an engine looks what others ask of its jobs.
const LOOK: Duration = Duration::from_millis(500);

impl Engine {
    /// Stops a job: what is under way ends, what is queued is not begun, open uploads are aborted.
    pub async fn cancel(self: &Arc<Self>, id: JobId) -> Result<(), TransferError> {
        if let Some(running) = self.running(id) {
            // Said in the journal first: a process that ends now must not begin it again.
            self.journal.set_state(id, JobState::Cancelled, Some(self.clock.now()), None).await?;
            *running.stop.lock().unwrap_or_else(PoisonError::into_inner) = Stop::Cancel;
            running.cancel.cancel();
            return Ok(());
        }
        let Some(job) = self.journal.job(id)? else { return Ok(()) };
        if self.is_anothers(&job) {
            return self.ask(id, Wish::Cancel).await;
        }
        if !job.state.is_finished() {
            self.journal.cancel_queued(id).await?;
            self.journal.set_state(id, JobState::Cancelled, Some(self.clock.now()), None).await?;
            self.abort_later(&job).await;
            self.remove_left_files(id).await;
            self.sink.job_changed(id);
        }
        Ok(())
    }

    /// Puts what failed or was cancelled back into the queue and runs it.
    pub async fn retry(self: &Arc<Self>, id: JobId) -> Result<(), TransferError> {
        if self.running(id).is_some() {
            return Ok(());
        }
        let Some(job) = self.journal.job(id)? else { return Ok(()) };
        // It runs in another process: nothing of it has ended.
        if self.is_anothers(&job) || !self.take(&job).await? {
            return Ok(());
        }
        self.journal.requeue(id).await?;
        // A request whose answer never came may have done its work.
        self.begin(id, DOUBTFUL)
    }

    /// Forgets finished jobs, and what the failed ones had left to go on with.
    pub async fn clear_finished(&self) -> Result<Vec<JobId>, TransferError> {
        for job in self.journal.jobs()? {
            if job.state.is_finished() {
                // What can't be aborted in time keeps its job in the list.
                let _ = tokio::time::timeout(TIDYING, self.abort_later(&job)).await;
                self.remove_left_files(job.id).await;
            }
        }
        Ok(self.journal.clear_finished().await?)
    }

    /// Forgets jobs that were completed before then, without a failure. Gives which.
    pub async fn forget_completed(&self, before: Timestamp) -> Result<Vec<JobId>, TransferError> {
        Ok(self.journal.forget_completed(before).await?)
    }

    /// Stops a job so that it can go on: its uploads stay open, its files half-way.
    pub async fn pause(self: &Arc<Self>, id: JobId) -> Result<(), TransferError> {
        if let Some(running) = self.running(id) {
            // Said in the journal first: a process that ends now must not begin it again.
            self.journal.set_state(id, JobState::Paused, None, None).await?;
            *running.stop.lock().unwrap_or_else(PoisonError::into_inner) = Stop::Pause(None);
            running.cancel.cancel();
            return Ok(());
        }
        let Some(job) = self.journal.job(id)? else { return Ok(()) };
        if self.is_anothers(&job) {
            return self.ask(id, Wish::Pause).await;
        }
        if !job.state.is_finished() && self.take(&job).await? {
            self.journal.set_state(id, JobState::Paused, None, None).await?;
            self.sink.job_changed(id);
        }
        Ok(())
    }

    /// A paused job goes on where it was.
    pub async fn unpause(self: &Arc<Self>, id: JobId) -> Result<(), TransferError> {
        let Some(job) = self.journal.job(id)? else { return Ok(()) };
        if self.is_anothers(&job) {
            return self.ask(id, Wish::Resume).await;
        }
        if job.state != JobState::Paused {
            return Ok(());
        }
        // Its last transfers may still be on their way to their end.
        while self.running(id).is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if self.take(&job).await? {
            self.journal.set_state(id, JobState::Queued, None, None).await?;
            self.begin(id, DOUBTFUL)?;
        }
        Ok(())
    }

    /// These of a finished job's failed or skipped files are tried once more.
    pub async fn retry_some(
        self: &Arc<Self>,
        id: JobId,
        which: Vec<TransferId>,
    ) -> Result<u64, TransferError> {
        let Some(job) = self.journal.job(id)? else { return Ok(0) };
        if self.running(id).is_some() || self.is_anothers(&job) || !self.take(&job).await? {
            return Ok(0);
        }
        let back = self.journal.requeue_some(id, which).await?;
        if back > 0 {
            self.begin(id, DOUBTFUL)?;
        }
        Ok(back)
    }

    /// The same again as a new job: an upload looks for its files anew, the rest has the same objects.
    pub async fn repeat(self: &Arc<Self>, id: JobId) -> Result<Option<JobId>, TransferError> {
        let Some(job) = self.journal.job(id)? else { return Ok(None) };
        let upload = job.kind == dipper_state::JobKind::Upload && !is_staged(&job);
        let new = NewJob {
            kind: job.kind,
            owner: self.instance.id().to_owned(),
            profile: job.profile,
            bucket: job.bucket,
            prefix: job.prefix,
            title: job.title,
            spec: job.spec,
            created_at: self.clock.now(),
        };
        let new = self.journal.create_job(new).await?;
        if job.planned && !upload {
            self.journal.copy_transfers(id, new).await?;
        }
        self.start(new)?;
        Ok(Some(new))
    }

    pub async fn set_priority(&self, id: JobId, priority: Priority) -> Result<(), TransferError> {
        self.journal.set_priority(id, priority).await?;
        self.reordered(&[id]).await
    }

    /// Before another job, or behind all.
    pub async fn move_job(&self, id: JobId, before: Option<JobId>) -> Result<(), TransferError> {
        self.journal.move_job(id, before).await?;
        let waiting: Vec<JobId> = self.journal.jobs()?.iter().map(|job| job.id).collect();
        self.reordered(&waiting).await
    }

    /// Bytes a second; felt at once.
    pub async fn set_job_speed_limit(
        &self,
        id: JobId,
        limit: Option<u64>,
    ) -> Result<(), TransferError> {
        self.journal.set_speed_limit(id, limit).await?;
        self.reordered(&[id]).await
    }

    /// What the journal now says of these jobs is taken up, here or by their owner.
    async fn reordered(&self, ids: &[JobId]) -> Result<(), TransferError> {
        for id in ids {
            let Some(job) = self.journal.job(*id)? else { continue };
            if let Some(running) = self.running(*id) {
                running.speed.set(job.speed_limit);
                self.turns.reorder(*id, job.priority, job.position);
            } else if self.is_anothers(&job) {
                self.journal.wish(*id, Wish::Order).await?;
            }
            self.sink.job_changed(*id);
        }
        Ok(())
    }

    /// A job's transfers in order, after the given one.
    pub fn report(
        &self,
        id: JobId,
        after: TransferId,
        len: u32,
    ) -> Result<Vec<TransferRow>, TransferError> {
        Ok(self.journal.transfers_after(id, TransferFilter::All, after, len)?)
    }

    /// Whether a living process other than this one has the job, and has not ended it.
    pub fn is_anothers(&self, job: &JobRow) -> bool {
        !job.state.is_finished()
            && job.owner != self.instance.id()
            && Instance::is_alive(&self.home, &job.owner)
    }

    /// Whether a living process other than this one had the job last; with its number, where it is told.
    pub fn owned_elsewhere(&self, id: JobId) -> Result<Option<Option<u32>>, TransferError> {
        let Some(job) = self.journal.job(id)? else { return Ok(None) };
        let other = job.owner != self.instance.id() && Instance::is_alive(&self.home, &job.owner);
        Ok(other.then(|| Instance::process(&self.home, &job.owner)))
    }

    /// Makes the job this process's. False where somebody else was quicker.
    async fn take(&self, job: &JobRow) -> Result<bool, TransferError> {
        Ok(self.journal.adopt(job.id, &job.owner, self.instance.id()).await?)
    }

    async fn ask(&self, id: JobId, wish: Wish) -> Result<(), TransferError> {
        Ok(self.journal.wish(id, wish).await?)
    }

    /// Looks what others ask of this engine's jobs, as long as it lives.
    pub(crate) fn listen(self: &Arc<Self>) {
        let engine = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(engine) = Weak::upgrade(&engine) else { return };
                if let Err(error) = engine.grant().await {
                    tracing::warn!(%error, "what others ask of the jobs can't be read");
                }
            }
        });
    }

    async fn grant(self: &Arc<Self>) -> Result<(), TransferError> {
        for (id, wish) in self.journal.take_wishes(self.instance.id()).await? {
            tracing::info!(job = %id, ?wish, "asked for by another process");
            match wish {
                Wish::Pause => self.pause(id).await?,
                Wish::Resume => self.unpause(id).await?,
                Wish::Cancel => self.cancel(id).await?,
                Wish::Order => self.reordered(&[id]).await?,
            }
        }
        Ok(())
    }
}
