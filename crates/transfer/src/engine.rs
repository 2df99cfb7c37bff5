//! Runs jobs: takes what the journal has queued, a bounded number of files and bytes at a time.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dipper_s3::{Pace, S3};
use dipper_state::{Db, Digests, Instance, JobRow, JobState, Journal, Outcome};
use dipper_types::{Clock, JobId, TransferId};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::enumerate::Planning;
use crate::error::TransferError;
use crate::lanes::{Endpoints, Lanes};
use crate::pool::Pool;
use crate::progress::{Active, Counts, JobProgress, JobSnapshot};
use crate::publish::Publisher;
use crate::retry::Policy;
use crate::sink::{Connections, Sink};
use crate::spec::{Below, Order, Spec};
use crate::throttle::{Limited, Throttle};
use crate::turns::Turns;
use crate::waiting::Gate;
use crate::{bucket, delete, upload, waiting};

/// How much may happen at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub jobs: usize,
    /// Under way; how many requests they may send is found out for each endpoint.
    pub files: usize,
    /// Of one file, under way.
    pub parts: usize,
    /// Bytes held in memory by all parts under way.
    pub bytes_in_flight: u64,
    pub attempts: u32,
    /// How long an endpoint that has answered before is waited for, when it says that it has too much
    /// to do, or can't be reached any more.
    pub patience: Duration,
    /// Objects up to this size are copied in one request (S3's own limit is 5 GiB).
    pub single_copy: u64,
    /// The first pause before trying again; tests shorten it.
    pub first_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            jobs: 4,
            files: 256,
            parts: 12,
            bytes_in_flight: 256 << 20,
            attempts: 8,
            patience: Duration::from_secs(15 * 60),
            single_copy: 5 << 30,
            first_pause: Duration::from_millis(250),
        }
    }
}

/// The budget is counted in these.
const BUDGET_UNIT: u64 = 64 * 1024;
const FETCH: u32 = 256;
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// As many files may have been under way in a process that ended, with those whose end was not yet
/// written.
pub(crate) const DOUBTFUL: u32 = 2048;

pub struct Engine {
    pub(crate) journal: Journal,
    pub(crate) digests: Digests,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) limits: Limits,
    pub(crate) connections: Arc<dyn Connections>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) home: PathBuf,
    /// The database's random name, part of temporary files' names.
    pub(crate) database: String,
    pub(crate) instance: Instance,
    pub(crate) turns: Arc<Turns>,
    endpoints: Endpoints,
    pub(crate) publisher: Publisher,
    pub(crate) pool: Arc<Pool>,
    /// Of all jobs together.
    speed: Arc<Throttle>,
    pub(crate) file_slots: Arc<Semaphore>,
    budget: Arc<Semaphore>,
    budget_units: u32,
    running: Mutex<HashMap<JobId, Running>>,
    stopping: CancellationToken,
    idle: Notify,
}

#[derive(Clone)]
pub(crate) struct Running {
    progress: Arc<JobProgress>,
    pub cancel: CancellationToken,
    pub stop: Arc<Mutex<Stop>>,
    pub speed: Arc<Throttle>,
}

/// Why a running job was told to end.
#[derive(Debug, Clone, Default)]
pub(crate) enum Stop {
    #[default]
    Cancel,
    /// It goes on later; with the error that made it stop, if it was one.
    Pause(Option<String>),
    /// One file's error is the error of all.
    Fail,
}

/// What a transfer needs of its job.
pub(crate) struct JobContext {
    pub engine: Arc<Engine>,
    pub row: JobRow,
    pub spec: Spec,
    pub below: Arc<[Below]>,
    pub s3: S3,
    pub progress: Arc<JobProgress>,
    pub cancel: CancellationToken,
    pub gate: Arc<Gate>,
    pub lanes: Arc<Lanes>,
    pub pace: Arc<dyn Pace>,
    pub running: Running,
    /// Up to this one, files may be on the server already: somebody was sending them when the job
    /// stopped.
    pub doubtful: TransferId,
}

impl JobContext {
    pub fn policy(&self) -> Policy {
        let limits = &self.engine.limits;
        Policy {
            attempts: limits.attempts,
            first: limits.first_pause,
            longest: LONGEST_PAUSE,
            patience: limits.patience,
            lanes: Arc::clone(&self.lanes),
            bytes: 0,
        }
    }

    /// Waits until so many bytes may be held in memory, or the job ends.
    pub async fn reserve(&self, bytes: u64) -> Result<OwnedSemaphorePermit, TransferError> {
        tokio::select! {
            budget = self.engine.reserve(bytes) => budget,
            () = self.cancel.cancelled() => Err(TransferError::Cancelled),
        }
    }

    /// Whether this file may be there already, sent before the job stopped without its end written.
    pub fn is_doubtful(&self, transfer: TransferId) -> bool {
        transfer <= self.doubtful
    }

    /// The job stops here and can be gone on with; what is under way stays in the journal.
    pub fn pause(&self, error: &TransferError) {
        let text = self.engine.sink.describe(error);
        *self.running.stop.lock().unwrap_or_else(PoisonError::into_inner) = Stop::Pause(Some(text));
        self.running.cancel.cancel();
    }

    /// The job fails as a whole; what was not begun counts as cancelled.
    pub fn fail(&self) {
        *self.running.stop.lock().unwrap_or_else(PoisonError::into_inner) = Stop::Fail;
        self.running.cancel.cancel();
    }
}

impl Engine {
    pub fn new(
        db: &Db,
        connections: Arc<dyn Connections>,
        sink: Arc<dyn Sink>,
        clock: Arc<dyn Clock>,
        limits: Limits,
    ) -> Result<Arc<Self>, TransferError> {
        let units = u32::try_from(limits.bytes_in_flight / BUDGET_UNIT).unwrap_or(u32::MAX).max(1);
        crate::fs::more_open_files();
        let engine = Arc::new(Self {
            journal: Journal::new(db),
            digests: Digests::new(db),
            sink,
            limits,
            connections,
            clock,
            home: db.folder().to_owned(),
            database: db.name()?,
            instance: Instance::claim(db.folder())?,
            turns: Turns::new(limits.jobs),
            endpoints: Endpoints::default(),
            pool: Pool::new(usize::try_from(limits.bytes_in_flight / 4).unwrap_or(usize::MAX)),
            publisher: Publisher::start().map_err(TransferError::local("start", db.folder()))?,
            speed: Arc::new(Throttle::new(None)),
            file_slots: Arc::new(Semaphore::new(limits.files.max(1))),
            budget: Arc::new(Semaphore::new(units as usize)),
            budget_units: units,
            running: Mutex::default(),
            stopping: CancellationToken::new(),
            idle: Notify::new(),
        });
        engine.listen();
        Ok(engine)
    }

    pub fn digests(&self) -> &Digests {
        &self.digests
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Takes up the jobs that an ended process left, or only one. Jobs of a living process stay its
    /// own. Deletes are not gone on with by themselves: since then, their keys may have been written
    /// again. They wait to be retried.
    pub async fn resume(
        self: &Arc<Self>,
        only: Option<JobId>,
    ) -> Result<Vec<JobId>, TransferError> {
        self.sweep_spool();
        let mut taken = Vec::new();
        for job in self.journal.jobs()?.into_iter().rev() {
            if only.is_some_and(|only| only != job.id) {
                continue;
            }
            // What a cancelled job could not abort then (no network, say) is aborted now.
            if job.state == JobState::Cancelled {
                self.abort_later(&job).await;
            }
            let ours = job.owner == self.instance.id();
            if job.state.is_finished() || ours || Instance::is_alive(&self.home, &job.owner) {
                continue;
            }
            if !self.journal.adopt(job.id, &job.owner, self.instance.id()).await? {
                continue;
            }
            // It goes on when it is told to.
            if job.state == JobState::Paused && only.is_none() {
                continue;
            }
            if !crate::stage::goes_on(&job) {
                self.interrupted(job.id).await?;
                continue;
            }
            self.begin(job.id, DOUBTFUL)?;
            taken.push(job.id);
        }
        Ok(taken)
    }

    /// It can't go on by itself; it waits to be retried.
    async fn interrupted(&self, job: JobId) -> Result<(), TransferError> {
        self.journal.cancel_queued(job).await?;
        let error = self.sink.describe(&TransferError::Interrupted);
        let now = Some(self.clock.now());
        Ok(self.journal.set_state(job, JobState::Cancelled, now, Some(error)).await?)
    }

    /// Every running job as it stands.
    pub fn snapshots(&self) -> Vec<JobSnapshot> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.iter().map(|(id, job)| job.progress.snapshot(*id)).collect()
    }

    /// Bytes a second of all jobs together; felt at once. `None`: as fast as it goes.
    pub fn set_speed_limit(&self, limit: Option<u64>) {
        self.speed.set(limit);
    }

    /// How many requests may be under way at each endpoint, as it stands now.
    pub fn concurrency(&self) -> Vec<(String, usize)> {
        self.endpoints.limits()
    }

    /// Returns when nothing runs.
    pub async fn wait_idle(&self) {
        loop {
            let idle = self.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if self.running.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
                return;
            }
            idle.await;
        }
    }

    /// Lets go of everything without ending it: the journal knows how to go on.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.wait_idle().await;
    }

    pub(crate) fn running(&self, id: JobId) -> Option<Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Waits until so many bytes may be held in memory.
    async fn reserve(&self, bytes: u64) -> Result<OwnedSemaphorePermit, TransferError> {
        let units = u32::try_from(bytes.div_ceil(BUDGET_UNIT))
            .unwrap_or(u32::MAX)
            .clamp(1, self.budget_units);
        Arc::clone(&self.budget)
            .acquire_many_owned(units)
            .await
            .map_err(|_| TransferError::Cancelled)
    }

    pub(crate) fn start(self: &Arc<Self>, id: JobId) -> Result<(), TransferError> {
        self.begin(id, 0)
    }

    /// `doubtful`: so many of its next files may have been sent before it stopped.
    pub(crate) fn begin(self: &Arc<Self>, id: JobId, doubtful: u32) -> Result<(), TransferError> {
        let Some(row) = self.journal.job(id)? else { return Ok(()) };
        let progress = Arc::new(JobProgress::new(Counts {
            files_total: row.files_total,
            files_done: row.files_done,
            files_failed: row.files_failed,
            files_skipped: row.files_skipped,
            bytes_total: row.bytes_total,
            bytes_done: row.bytes_done,
            planned: row.planned,
        }));
        let running = Running {
            progress,
            cancel: CancellationToken::new(),
            stop: Arc::default(),
            speed: Arc::new(Throttle::new(row.speed_limit)),
        };
        {
            let mut all = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            if all.contains_key(&id) {
                return Ok(());
            }
            all.insert(id, running.clone());
        }
        let engine = Arc::clone(self);
        tokio::spawn(async move {
            let ended = engine.run(row, running, doubtful).await;
            if let Err(error) = &ended {
                tracing::warn!(job = %id, %error, "job ended with an error");
            }
            engine.close(id, ended).await;
        });
        self.sink.job_changed(id);
        Ok(())
    }

    /// The job's last word in the journal, then it leaves the running ones.
    async fn close(
        self: &Arc<Self>,
        id: JobId,
        ended: Result<(JobState, Option<String>), TransferError>,
    ) {
        let told = match ended {
            // Stopping the process ends no job.
            _ if self.stopping.is_cancelled() => Ok(()),
            Ok((state, error)) => {
                let at = state.is_finished().then(|| self.clock.now());
                self.journal.set_state(id, state, at, error).await
            }
            Err(error) => {
                let text = Some(self.sink.describe(&error));
                match error.is_full_disk() {
                    true => self.journal.set_state(id, JobState::Paused, None, text).await,
                    false => {
                        let now = Some(self.clock.now());
                        self.journal.set_state(id, JobState::Failed, now, text).await
                    }
                }
            }
        };
        if let Err(error) = told {
            tracing::error!(job = %id, %error, "the end of a job could not be written");
        }
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.sink.job_changed(id);
        self.idle.notify_waiters();
    }

    async fn run(
        self: &Arc<Self>,
        row: JobRow,
        running: Running,
        doubtful: u32,
    ) -> Result<(JobState, Option<String>), TransferError> {
        let (id, cancel) = (row.id, running.cancel.clone());
        let turn = tokio::select! {
            turn = self.turns.wait(id, row.priority, row.position) => turn,
            () = cancel.cancelled() => return self.ended(&row, &running).await,
            () = self.stopping.cancelled() => return Ok((JobState::Queued, None)),
        };
        self.journal.set_state(id, JobState::Running, None, None).await?;
        self.sink.job_changed(id);
        let Order { spec, below } = serde_json::from_str(&row.spec)?;
        let s3 = spec.connected(self.connections.s3(&row.profile).await?);
        let stop = self.stopping.child_token();
        let both = CancellationToken::new();
        let _link = link([cancel.clone(), stop], &both);
        let first = match doubtful {
            0 => Vec::new(),
            some => self.journal.queued(id, TransferId::new(0), some)?,
        };
        let doubtful = first.last().map_or(TransferId::new(0), |last| last.id);
        let context = Arc::new(JobContext {
            engine: Arc::clone(self),
            spec,
            below: below.into(),
            lanes: self.endpoints.of(&s3.connection().endpoint),
            pace: Arc::new(Limited::new(&self.speed, &running.speed)),
            s3,
            progress: Arc::clone(&running.progress),
            cancel: both.clone(),
            gate: Arc::new(Gate::new(turn)),
            running: running.clone(),
            doubtful,
            row,
        });
        match context.spec {
            Spec::Delete => delete::run(&context, Planning::start(&context)).await?,
            Spec::RemoveBucket => bucket::remove(&context).await?,
            _ => self.run_files(&context).await?,
        }
        if self.stopping.is_cancelled() {
            return Ok((JobState::Queued, None));
        }
        if cancel.is_cancelled() {
            return self.ended(&context.row, &running).await;
        }
        // A transfer that neither ended nor was cancelled has lost its task.
        if !self.journal.queued(id, TransferId::new(0), 1)?.is_empty() {
            return Err(TransferError::Panicked);
        }
        let counts = context.progress.counts();
        Ok((if counts.files_failed > 0 { JobState::Failed } else { JobState::Completed }, None))
    }

    /// As it was told: paused, with everything kept, or cancelled.
    async fn ended(
        &self,
        row: &JobRow,
        running: &Running,
    ) -> Result<(JobState, Option<String>), TransferError> {
        let stop = running.stop.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Stop::Pause(error) = &stop {
            return Ok((JobState::Paused, error.clone()));
        }
        self.journal.cancel_queued(row.id).await?;
        self.abort_later(row).await;
        self.remove_left_files(row.id).await;
        let state = if let Stop::Fail = stop { JobState::Failed } else { JobState::Cancelled };
        Ok((state, None))
    }

    /// Uploads and downloads: the plan goes on while the first files move.
    async fn run_files(&self, context: &Arc<JobContext>) -> Result<(), TransferError> {
        let mut planning = Planning::start(context);
        let mut after = TransferId::new(0);
        let mut moving: JoinSet<()> = JoinSet::new();
        loop {
            let queued = self.journal.queued(context.row.id, after, FETCH)?;
            if queued.is_empty() {
                if !planning.goes_on() {
                    break;
                }
                tokio::select! {
                    () = planning.more() => {}
                    () = context.cancel.cancelled() => break,
                }
                continue;
            }
            for transfer in queued {
                after = transfer.id;
                while moving.try_join_next().is_some() {}
                // Nothing more begins while the job waits for somebody to sign in.
                tokio::select! {
                    () = context.gate.open() => {}
                    () = context.cancel.cancelled() => break,
                }
                let slot = tokio::select! {
                    slot = Arc::clone(&self.file_slots).acquire_owned() => slot,
                    () = context.cancel.cancelled() => break,
                };
                let Ok(slot) = slot else { break };
                let context = Arc::clone(context);
                moving.spawn(async move {
                    waiting::one(&context, transfer, slot).await;
                });
            }
            if context.cancel.is_cancelled() {
                break;
            }
        }
        while moving.join_next().await.is_some() {}
        planning.ended()
    }

    /// As [`Self::abort_left_uploads`], where the journal may keep what can't be aborted now.
    pub(crate) async fn abort_later(&self, job: &JobRow) {
        if let Err(error) = self.abort_left_uploads(job).await {
            tracing::warn!(job = %job.id, %error, "an upload stays open for now");
        }
    }

    /// Uploads that a job began and will not finish. What can't be aborted now stays in the journal;
    /// the first reason is told.
    pub(crate) async fn abort_left_uploads(&self, job: &JobRow) -> Result<(), TransferError> {
        let left = self.journal.left_uploads(job.id)?;
        if left.is_empty() {
            return Ok(());
        }
        let s3 = self.connections.s3(&job.profile).await?;
        let mut first = Ok(());
        for transfer in left {
            if let Err(error) = upload::abort(&self.journal, &s3, &job.bucket, &transfer).await {
                tracing::warn!(key = transfer.key, %error, "an open upload could not be aborted");
                first = first.and(Err(error));
            }
        }
        first
    }

    /// Temporary files of downloads that will not go on.
    pub(crate) async fn remove_left_files(&self, job: JobId) {
        let left = match self.journal.left_downloads(job) {
            Ok(left) if !left.is_empty() => left,
            _ => return,
        };
        let database = self.database.clone();
        let removed = tokio::task::spawn_blocking(move || {
            for (id, local) in left {
                let partial = crate::fs::partial(&local, &database, id.get());
                let _ = std::fs::remove_file(crate::fs::opened(&partial));
                let _ = std::fs::remove_file(partial);
            }
        });
        if removed.await.is_err() {
            tracing::warn!(%job, "temporary files could not be removed");
        }
    }
}

/// Cancels `target` when any of the sources is; ends with the guard.
fn link<const N: usize>(sources: [CancellationToken; N], target: &CancellationToken) -> impl Drop {
    let guard = CancellationToken::new();
    for source in sources {
        let (target, over) = (target.clone(), guard.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = source.cancelled() => target.cancel(),
                () = over.cancelled() => {}
            }
        });
    }
    guard.drop_guard()
}

/// False where it could not be written. Without room for the journal the job stops: what is not
/// written is done again.
pub(crate) async fn finish(context: &JobContext, ended: Vec<(TransferId, Outcome)>) -> bool {
    let Err(error) = context.engine.journal.finish(context.row.id, ended).await else {
        return true;
    };
    tracing::error!(job = %context.row.id, %error, "the end of a transfer could not be written");
    let error = TransferError::from(error);
    if error.is_full_disk() {
        context.pause(&error);
    }
    false
}

pub(crate) fn count(counts: &mut Counts, outcome: &Outcome, planned: u64) {
    match outcome {
        Outcome::Done { size, .. } => {
            counts.files_done += 1;
            counts.bytes_done += size;
            counts.bytes_total = counts.bytes_total.saturating_sub(planned).saturating_add(*size);
        }
        Outcome::Failed { .. } => counts.files_failed += 1,
        Outcome::Skipped { .. } => counts.files_skipped += 1,
        Outcome::Cancelled => {}
    }
}

pub(crate) fn set_size(context: &JobContext, active: &Active, planned: u64, size: u64) {
    active.size.store(size, std::sync::atomic::Ordering::Relaxed);
    if planned != size {
        // The total follows at the end, with the count; here it only must not be too small.
        context.progress.update(|counts| counts.bytes_total = counts.bytes_total.max(size));
    }
}
