//! Transfers, as both doors see them.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dipper_s3::ServerSide;
use dipper_state::{
    JobKind, JobRow, JobState, Priority, TransferFilter, TransferRow, TransferState,
};
use dipper_transfer::{
    Below, Change, Item, JobSnapshot, ListedAction, ListedJob, OnExisting, Preserve, Protection,
    Sink, Stored, TransferError, UploadJob, UploadSource,
};
use dipper_types::{
    BucketName, Clock, JobId, Prefix, ProfileId, SystemClock, Timestamp, TransferId,
};
use tokio::sync::broadcast::error::RecvError;

use crate::events::Events;
use crate::listing::Listings;
use crate::staging::Handle;
use crate::{App, Code, Failure, Result, UploadOptions};

/// Objects that a job is over: known by name, or to be listed while it runs.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    pub items: Vec<Item>,
    pub below: Vec<Below>,
}

impl<I: Into<Item>> From<Vec<I>> for Chosen {
    fn from(items: Vec<I>) -> Self {
        Self { items: items.into_iter().map(Into::into).collect(), below: Vec::new() }
    }
}

impl Chosen {
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.below.is_empty()
    }

    /// What a job over them is called.
    pub fn title(&self) -> String {
        match (self.items.as_slice(), self.below.as_slice()) {
            ([one], []) => one.key.name().to_owned(),
            ([], [one]) if !one.prefix.is_empty() => one.prefix.clone(),
            ([], [_]) => "/".to_owned(),
            (items, []) => format!("{} items", items.len()),
            (items, below) => format!("{} items", items.len() + below.len()),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub state: JobState,
    pub profile: String,
    pub profile_name: String,
    pub bucket: String,
    pub prefix: String,
    pub title: String,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub files_total: u64,
    pub files_done: u64,
    pub files_failed: u64,
    pub files_skipped: u64,
    pub bytes_total: u64,
    pub bytes_done: u64,
    /// Bytes a second.
    pub rate: u64,
    pub seconds_left: Option<u64>,
    pub planning: bool,
    pub error: Option<Failure>,
    pub priority: Priority,
    pub position: i64,
    /// Bytes a second.
    pub speed_limit: Option<u64>,
    /// Another running Dipper has it.
    pub elsewhere: bool,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransferTotals {
    pub running: u64,
    pub queued: u64,
    pub bytes_total: u64,
    pub bytes_done: u64,
    pub rate: u64,
    pub seconds_left: Option<u64>,
}

/// What changed since the last one; the first has every job.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobUpdate {
    pub jobs: Vec<Job>,
    pub removed: Vec<JobId>,
    pub totals: TransferTotals,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemState {
    Queued,
    Running,
    Verifying,
    Completed,
    Failed,
    Skipped,
    Cancelled,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TransferItem {
    pub id: i64,
    pub key: String,
    /// The version that is meant; of a copy, its source's.
    pub version: Option<String>,
    /// Of a copy: the key it comes from.
    pub source: Option<String>,
    pub local: Option<PathBuf>,
    pub state: ItemState,
    pub size: Option<u64>,
    pub bytes_done: u64,
    pub rate: u64,
    pub seconds_left: Option<u64>,
    /// `crc64nvme`, `md5`, `etag`, `size` …: by what it was verified.
    pub verified: Option<String>,
    pub error: Option<Failure>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct TransferItems {
    pub total: u64,
    pub items: Vec<TransferItem>,
}

/// At most ten updates a second for the whole app.
const UPDATE_EVERY: Duration = Duration::from_millis(100);

/// Jobs of other processes tell nobody here when they change.
const OTHERS_EVERY: Duration = Duration::from_secs(2);

pub(crate) struct EngineSink {
    pub events: Arc<Events>,
    pub listings: Arc<Listings>,
}

impl Sink for EngineSink {
    fn job_changed(&self, job: JobId) {
        let _ = self.events.jobs.send(job);
    }

    fn stored(&self, object: Stored) {
        let now = SystemClock.now();
        self.listings.stored(
            object.profile.as_str(),
            &object.bucket,
            &object.key,
            object.size,
            now,
        );
    }

    fn describe(&self, error: &TransferError) -> String {
        Failure::from(error).to_journal()
    }
}

fn seconds_left(total: u64, done: u64, rate: u64) -> Option<u64> {
    (rate > 0 && total > done).then(|| (total - done).div_ceil(rate))
}

pub(crate) fn skip_reason(reason: &str) -> Failure {
    let (code, message) = match reason {
        "symlink" => (Code::Unsupported, "a symbolic link: links are not followed"),
        "special" => (Code::Unsupported, "a socket, pipe or device: only files can be uploaded"),
        "not_unicode" => (Code::InvalidInput, "its name is not Unicode, so it can't be a key"),
        "key_too_long" => (Code::InvalidInput, "its key would have more than 1024 bytes"),
        "exists" => (Code::Unsupported, "there is one of this name already"),
        "not_newer" => (Code::Unsupported, "what is there is as new, or newer"),
        "same_size" => (Code::Unsupported, "what is there has the same size"),
        "same" => (Code::Unsupported, "what is there has the same bytes"),
        "unchanged" => (Code::Unsupported, "nothing to change: it is so already"),
        other => return Failure::from_journal(other),
    };
    Failure::new(code, message)
}

impl App {
    /// Takes up jobs that an ended process left behind.
    pub async fn resume_jobs(&self) -> Result<Vec<JobId>> {
        Ok(self.engine.resume(None).await?)
    }

    /// Takes up one job, if its process is gone.
    pub async fn resume_job(&self, id: JobId) -> Result<()> {
        self.engine.resume(Some(id)).await?;
        Ok(())
    }

    /// Says so, where another process has the job: what was asked of it is that one's to do.
    pub fn expect_own(&self, id: JobId) -> Result<()> {
        let Some(process) = self.engine.owned_elsewhere(id)? else { return Ok(()) };
        let who = match process {
            Some(number) => format!("job {id} runs in another process (number {number})"),
            None => format!("job {id} runs in another process"),
        };
        let hint = "`dipper jobs ls` shows how far it is, and `dipper jobs pause` asks it to stop.";
        Err(Failure::new(Code::Conflict, who).with_hint(hint))
    }

    pub async fn start_upload(
        &self,
        handle: Handle,
        profile: &str,
        bucket: &str,
        prefix: &str,
        options: UploadOptions,
        on_existing: OnExisting,
    ) -> Result<JobId> {
        let paths = self.staged_paths(handle)?;
        let id = self.upload(paths, profile, bucket, prefix, options, on_existing).await?;
        self.unstage(handle);
        Ok(id)
    }

    /// Each path under its own name below the prefix; folders with what is in them.
    pub async fn upload(
        &self,
        paths: Vec<PathBuf>,
        profile: &str,
        bucket: &str,
        prefix: &str,
        options: impl Into<UploadOptions>,
        on_existing: OnExisting,
    ) -> Result<JobId> {
        let (headers, sending) = options.into().split();
        let prefix = Prefix::new(prefix)?;
        let mut sources = Vec::with_capacity(paths.len());
        let mut first = None;
        for path in paths {
            let name = path
                .file_name()
                .and_then(|n| n.to_str())
                .ok_or_else(|| {
                    Failure::invalid(format!(
                        "the name of {} is not Unicode, so it can't be a key",
                        path.display()
                    ))
                    .with_hint("Rename it, then upload it again.")
                })?
                .to_owned();
            let slash = if path.is_dir() && !path.is_symlink() { "/" } else { "" };
            first.get_or_insert(name.clone());
            sources.push(UploadSource {
                key: format!("{prefix}{name}{slash}"),
                path: path.into_os_string(),
            });
        }
        let title = match (sources.len(), first) {
            (1, Some(name)) => name,
            (many, _) => format!("{many} items"),
        };
        // A large file's MD5 would be a second look at all of it.
        let keep = Preserve { attributes: true, ..Preserve::default() };
        self.upload_sources(UploadJob {
            profile: ProfileId::new(profile),
            bucket: BucketName::new(bucket)?,
            prefix,
            title,
            sources,
            headers,
            on_existing,
            keep,
            sending,
        })
        .await
    }

    /// A frozen selection into a folder on this machine.
    pub async fn start_download(
        &self,
        token: u32,
        folder: Handle,
        on_existing: OnExisting,
        as_stored: bool,
    ) -> Result<JobId> {
        let folder = self.staged_paths(folder)?.into_iter().next();
        let folder = folder.ok_or_else(|| Failure::invalid("no folder was chosen"))?;
        let set = self.take_frozen(token)?;
        let action = ListedAction::Download {
            folder: folder.into_os_string(),
            on_existing,
            portable_names: false,
            as_stored,
        };
        self.listed(&set.profile, set.bucket, set.prefix, set.title, set.objects, action).await
    }

    pub async fn start_delete(self: &Arc<Self>, token: u32) -> Result<JobId> {
        let set = self.take_frozen(token)?;
        let (profile, bucket) = (set.profile.clone(), set.bucket.to_string());
        let action = ListedAction::Delete;
        let id = self
            .listed(&set.profile, set.bucket, set.prefix, set.title, set.objects, action)
            .await?;
        let this = Arc::clone(self);
        tokio::spawn(async move {
            // Folders whose last object went can only be told by listing again.
            if this.wait_job(id).await.is_ok() {
                this.refresh_listings(&profile, &bucket).await;
            }
        });
        Ok(id)
    }

    /// Encrypts a frozen selection anew at the server, each object by a copy onto itself.
    pub async fn start_encryption(&self, token: u32, with: ServerSide) -> Result<JobId> {
        self.check_protection(&Protection::Server { with: with.clone() })?;
        let set = self.take_frozen(token)?;
        let action = ListedAction::Change(Change::Encryption { with });
        self.listed(&set.profile, set.bucket, set.prefix, set.title, set.objects, action).await
    }

    /// A job over objects of a bucket.
    pub async fn listed(
        &self,
        profile: &str,
        bucket: BucketName,
        prefix: Prefix,
        title: String,
        chosen: impl Into<Chosen>,
        action: ListedAction,
    ) -> Result<JobId> {
        let (profile, Chosen { items: objects, below }) = (ProfileId::new(profile), chosen.into());
        let job = ListedJob { profile, bucket, prefix, title, objects, below, action };
        Ok(self.engine.submit_listed(job).await?)
    }

    pub async fn cancel_job(&self, id: JobId) -> Result<()> {
        Ok(self.engine.cancel(id).await?)
    }

    pub async fn retry_job(&self, id: JobId) -> Result<()> {
        Ok(self.engine.retry(id).await?)
    }

    /// Forgets finished jobs.
    pub async fn clear_jobs(&self) -> Result<()> {
        for id in self.engine.clear_finished().await? {
            let _ = self.events.jobs.send(id);
        }
        Ok(())
    }

    /// Waits until a job has ended or is paused, and gives it as it then is.
    pub async fn wait_job(&self, id: JobId) -> Result<Job> {
        let mut changes = self.events.jobs.subscribe();
        loop {
            let job = self.job(id)?;
            if job.state.is_finished() || job.state == JobState::Paused {
                return Ok(job);
            }
            let _ = tokio::time::timeout(Duration::from_secs(1), async {
                while !matches!(changes.recv().await, Ok(changed) if changed == id) {}
            })
            .await;
        }
    }

    pub fn job(&self, id: JobId) -> Result<Job> {
        let row = self.engine.journal().job(id)?;
        let row = row.ok_or_else(|| Failure::invalid(format!("there is no job {id}")))?;
        let live = self.engine.snapshots().into_iter().find(|s| s.job == id);
        Ok(self.job_of(row, live.as_ref(), &self.names()))
    }

    /// All jobs, the newest first.
    pub fn jobs(&self) -> Result<Vec<Job>> {
        let live: HashMap<JobId, JobSnapshot> =
            self.engine.snapshots().into_iter().map(|s| (s.job, s)).collect();
        let names = self.names();
        let rows = self.engine.journal().jobs()?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let live = live.get(&row.id);
                self.job_of(row, live, &names)
            })
            .collect())
    }

    /// Asked ten times a second: from memory and one small table, never from a server.
    fn names(&self) -> HashMap<String, String> {
        self.profile_names().unwrap_or_default()
    }

    fn job_of(
        &self,
        row: JobRow,
        live: Option<&JobSnapshot>,
        names: &HashMap<String, String>,
    ) -> Job {
        let rate = if live.is_some() { self.rates.job(row.id) } else { 0 };
        let elsewhere = live.is_none() && self.engine.is_anothers(&row);
        let mut job = Job {
            id: row.id,
            kind: row.kind,
            state: row.state,
            profile_name: names
                .get(row.profile.as_str())
                .cloned()
                .unwrap_or_else(|| row.profile.to_string()),
            profile: row.profile.to_string(),
            bucket: row.bucket,
            prefix: row.prefix,
            title: row.title,
            created_at: row.created_at,
            finished_at: row.finished_at,
            files_total: row.files_total,
            files_done: row.files_done,
            files_failed: row.files_failed,
            files_skipped: row.files_skipped,
            bytes_total: row.bytes_total,
            bytes_done: row.bytes_done,
            rate,
            seconds_left: None,
            planning: !row.planned && !row.state.is_finished(),
            error: row.error.as_deref().map(Failure::from_journal),
            priority: row.priority,
            position: row.position,
            speed_limit: row.speed_limit,
            elsewhere,
        };
        if let Some(live) = live {
            job.files_total = live.files_total;
            job.files_done = live.files_done;
            job.files_failed = live.files_failed;
            job.files_skipped = live.files_skipped;
            job.bytes_total = live.bytes_total;
            job.bytes_done = live.bytes_done;
            job.planning = !live.planned;
            job.seconds_left = seconds_left(job.bytes_total, job.bytes_done, rate);
        }
        job
    }

    /// A window of a job's transfers.
    pub fn transfers(
        &self,
        id: JobId,
        filter: TransferFilter,
        start: u64,
        len: u32,
    ) -> Result<TransferItems> {
        let (total, rows) = self.engine.journal().transfers(id, filter, start, len.min(1000))?;
        Ok(TransferItems { total, items: self.items(id, rows) })
    }

    /// A job's transfers in order, those behind one of them (0: from the start).
    pub fn transfers_after(
        &self,
        id: JobId,
        filter: TransferFilter,
        after: i64,
        len: u32,
    ) -> Result<Vec<TransferItem>> {
        let after = TransferId::new(after);
        Ok(self.items(id, self.engine.journal().transfers_after(id, filter, after, len)?))
    }

    fn items(&self, id: JobId, rows: Vec<TransferRow>) -> Vec<TransferItem> {
        let live = self.engine.snapshots().into_iter().find(|s| s.job == id);
        let copies = self.job(id).is_ok_and(|job| job.kind == JobKind::Copy);
        rows.into_iter()
            .map(|row| {
                let active = live.as_ref().and_then(|l| l.active.iter().find(|a| a.id == row.id));
                let state = match (row.state, active) {
                    (TransferState::Queued, Some(a)) if a.verifying => ItemState::Verifying,
                    (TransferState::Queued, Some(_)) => ItemState::Running,
                    (TransferState::Queued, None) => ItemState::Queued,
                    (TransferState::Completed, _) => ItemState::Completed,
                    (TransferState::Failed, _) => ItemState::Failed,
                    (TransferState::Skipped, _) => ItemState::Skipped,
                    (TransferState::Cancelled, _) => ItemState::Cancelled,
                };
                let size = active.map(|a| a.size).or(row.size);
                let done = match (state, active) {
                    (ItemState::Completed, _) => size.unwrap_or(0),
                    (_, Some(active)) => active.bytes,
                    _ => 0,
                };
                let rate = active.map_or(0, |a| self.rates.transfer(a.id));
                TransferItem {
                    id: row.id.get(),
                    key: row.key,
                    version: row.version,
                    source: row.source.filter(|_| copies),
                    local: row.local,
                    size,
                    bytes_done: done,
                    rate,
                    seconds_left: size.and_then(|size| seconds_left(size, done, rate)),
                    verified: row.verified,
                    error: row.error.as_deref().map(|text| match state {
                        ItemState::Skipped => skip_reason(text),
                        _ => Failure::from_journal(text),
                    }),
                    state,
                }
            })
            .collect()
    }

    /// Tells of jobs until `tell` says false: everything at first, then what changed, at most ten
    /// times a second; a change of state at once.
    pub async fn watch_jobs(&self, mut tell: impl FnMut(JobUpdate) -> bool) -> Result<()> {
        let mut changes = self.events.jobs.subscribe();
        let mut shown: HashMap<JobId, Job> = HashMap::new();
        let mut first = true;
        loop {
            let jobs = self.jobs()?;
            let update = difference(&mut shown, jobs);
            let moving = update.totals.running > 0;
            if (first || !update.jobs.is_empty() || !update.removed.is_empty()) && !tell(update) {
                return Ok(());
            }
            first = false;
            tokio::time::sleep(UPDATE_EVERY).await;
            if !moving {
                // Nothing moves: sleep until something does, and look now and then what others do.
                match tokio::time::timeout(OTHERS_EVERY, changes.recv()).await {
                    Err(_) | Ok(Ok(_) | Err(RecvError::Lagged(_))) => {}
                    Ok(Err(RecvError::Closed)) => return Ok(()),
                }
            }
            while changes.try_recv().is_ok() {}
        }
    }
}

fn difference(shown: &mut HashMap<JobId, Job>, jobs: Vec<Job>) -> JobUpdate {
    let mut totals = TransferTotals::default();
    for job in &jobs {
        match job.state {
            JobState::Running => {
                totals.running += 1;
                totals.bytes_total += job.bytes_total;
                totals.bytes_done += job.bytes_done;
                totals.rate += job.rate;
            }
            JobState::Queued | JobState::Waiting => totals.queued += 1,
            _ => {}
        }
    }
    totals.seconds_left = seconds_left(totals.bytes_total, totals.bytes_done, totals.rate);
    let now: HashSet<JobId> = jobs.iter().map(|j| j.id).collect();
    let removed: Vec<JobId> = shown.keys().copied().filter(|id| !now.contains(id)).collect();
    for id in &removed {
        shown.remove(id);
    }
    let changed: Vec<Job> =
        jobs.into_iter().filter(|job| shown.get(&job.id) != Some(job)).collect();
    for job in &changed {
        shown.insert(job.id, job.clone());
    }
    JobUpdate { jobs: changed, removed, totals }
}
