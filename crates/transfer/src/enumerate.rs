//! What a job has to do: found in a stream, journaled in batches, while the first of it is being done.

use std::collections::HashSet;
use std::sync::Arc;

use dipper_s3::ListRequest;
use dipper_state::{Journal, NewTransfer};
use dipper_types::{BucketName, JobId};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::bounds::Bounds;
use crate::engine::JobContext;
use crate::error::TransferError;
use crate::filter::Filter;
use crate::source::{Found, Skip, Walking};
use crate::spec::{Spec, UploadSource};

/// The plan of a running job, as far as it is not made yet.
pub(crate) struct Planning {
    task: Option<JoinHandle<Result<(), TransferError>>>,
    more: Arc<Notify>,
    ended: Result<(), TransferError>,
}

impl Planning {
    pub fn start(context: &Arc<JobContext>) -> Self {
        let more = Arc::new(Notify::new());
        let (shared, tell) = (Arc::clone(context), Arc::clone(&more));
        let task = match &context.spec {
            _ if context.row.planned => None,
            Spec::Upload { sources, .. } => {
                Some(tokio::spawn(files(shared, sources.clone(), tell)))
            }
            _ if !context.below.is_empty() => Some(tokio::spawn(objects(shared, tell))),
            _ => None,
        };
        Self { task, more, ended: Ok(()) }
    }

    /// Nothing more is found.
    pub fn over() -> Self {
        Self { task: None, more: Arc::new(Notify::new()), ended: Ok(()) }
    }

    pub fn goes_on(&self) -> bool {
        self.task.is_some()
    }

    /// Waits until more is in the journal, or the plan is made.
    pub async fn more(&mut self) {
        let Some(task) = &mut self.task else { return };
        tokio::select! {
            () = self.more.notified() => {}
            made = task => {
                self.task = None;
                self.ended = made.map_err(|_| TransferError::Panicked).and_then(|made| made);
            }
        }
    }

    /// How it ended. What was found before an error has been done all the same.
    pub fn ended(mut self) -> Result<(), TransferError> {
        std::mem::replace(&mut self.ended, Ok(()))
    }
}

impl Drop for Planning {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// What a plan that was cut off has already.
fn known(context: &JobContext) -> Result<HashSet<String>, TransferError> {
    match context.progress.counts().files_total {
        0 => Ok(HashSet::new()),
        _ => Ok(context.engine.journal.keys(context.row.id)?),
    }
}

async fn planned(context: &JobContext) -> Result<(), TransferError> {
    if !context.cancel.is_cancelled() {
        let (journal, id): (&Journal, JobId) = (&context.engine.journal, context.row.id);
        journal.set_planned(id).await?;
        context.progress.update(|counts| counts.planned = true);
    }
    Ok(())
}

/// Lists what is below the job's prefixes, a page at a time.
async fn objects(context: Arc<JobContext>, more: Arc<Notify>) -> Result<(), TransferError> {
    let mut known = known(&context)?;
    let (s3, bucket) = match &context.spec {
        Spec::Copy(plan) => {
            (context.engine.connections.s3(&plan.profile).await?, plan.bucket.clone())
        }
        _ => (context.s3.clone(), BucketName::new(context.row.bucket.clone())?),
    };
    for below in context.below.iter() {
        let request = ListRequest { prefix: below.prefix.clone(), ..ListRequest::default() };
        let (filter, seen_from, bounds) = match &below.sieve {
            Some(sieve) => {
                let mut filter = sieve.rules.filter()?;
                // What only says something of folders here.
                filter.forget_folders();
                (filter, sieve.cut, sieve.bounds)
            }
            None => (Filter::default(), 0, Bounds::default()),
        };
        let now = context.engine.clock.now();
        let mut listing = s3.list(&bucket, request);
        while let Some(page) = listing.next().await? {
            if context.cancel.is_cancelled() {
                return Ok(());
            }
            let mut bytes = 0;
            let mut found = Vec::with_capacity(page.objects.len());
            for object in page.objects {
                if !known.is_empty() && known.remove(&object.key) {
                    continue;
                }
                if filter.excludes(object.key.get(seen_from..).unwrap_or_default())?
                    || !bounds.hold(object.size, object.modified, now)
                {
                    continue;
                }
                bytes += object.size;
                let (key, source) = match &below.to {
                    None => (object.key, None),
                    Some((cut, to)) => {
                        let rest = object.key.get(*cut..).unwrap_or(&object.key);
                        (format!("{to}{rest}"), Some(object.key))
                    }
                };
                let size = Some(object.size);
                found.push(NewTransfer { key, source, size, ..NewTransfer::default() });
            }
            add(&context, found, 0, bytes, &more).await?;
        }
    }
    planned(&context).await
}

async fn add(
    context: &JobContext,
    found: Vec<NewTransfer>,
    skipped: u64,
    bytes: u64,
    more: &Notify,
) -> Result<(), TransferError> {
    if found.is_empty() {
        return Ok(());
    }
    let total = found.len() as u64;
    context.engine.journal.add_transfers(context.row.id, found).await?;
    context.progress.update(|counts| {
        counts.files_total += total;
        counts.files_skipped += skipped;
        counts.bytes_total += bytes;
    });
    context.engine.sink.job_changed(context.row.id);
    more.notify_one();
    Ok(())
}

const PLAN_BATCH: usize = 500;

/// Walks the sources on a thread of its own and journals what it finds in batches.
async fn files(
    context: Arc<JobContext>,
    sources: Vec<UploadSource>,
    more: Arc<Notify>,
) -> Result<(), TransferError> {
    let (tell, mut told) = tokio::sync::mpsc::channel::<Vec<Found>>(4);
    let cancel = context.cancel.clone();
    let empty_folders = context.spec.keep().empty_folders;
    let now = context.engine.clock.now();
    let walking = context.spec.sending().map(|sending| Walking::new(sending, now));
    let walking = walking.transpose()?.unwrap_or_default();
    // A plan that was cut off goes on behind what it has.
    let mut known = known(&context)?;
    let walker = tokio::task::spawn_blocking(move || {
        let mut batch = Vec::new();
        let walked = walking.walk(&sources, &mut |found| {
            batch.push(found);
            if batch.len() >= PLAN_BATCH {
                return tell.blocking_send(std::mem::take(&mut batch)).is_ok()
                    && !cancel.is_cancelled();
            }
            true
        });
        let _ = tell.blocking_send(batch);
        walked
    });
    while let Some(batch) = told.recv().await {
        let mut found = Vec::with_capacity(batch.len());
        let (mut bytes, mut skipped) = (0, 0);
        for item in batch {
            let unwanted = |key: &str| !empty_folders || key.is_empty();
            if matches!(&item, Found::EmptyFolder { key, .. } if unwanted(key)) {
                continue;
            }
            if !known.is_empty() && known.remove(item.key()) {
                continue;
            }
            found.push(match item {
                Found::File { path, key, size } => {
                    bytes += size;
                    NewTransfer {
                        key,
                        local: Some(path),
                        size: Some(size),
                        ..NewTransfer::default()
                    }
                }
                Found::EmptyFolder { path, key } => {
                    NewTransfer { key, local: Some(path), size: Some(0), ..NewTransfer::default() }
                }
                Found::Skipped { path, key, why: Skip::Unreadable(kind) } => {
                    // Left in the queue: reading it again says why it can't be read, in its own row.
                    tracing::info!(path = %path.display(), ?kind, "can't be read");
                    NewTransfer { key, local: Some(path), ..NewTransfer::default() }
                }
                Found::Skipped { path, key, why } => {
                    skipped += 1;
                    let reason = match why {
                        Skip::Symlink => "symlink",
                        Skip::Special => "special",
                        Skip::NotUnicode => "not_unicode",
                        _ => "key_too_long",
                    };
                    NewTransfer {
                        key,
                        local: Some(path),
                        skipped: Some(reason.into()),
                        ..NewTransfer::default()
                    }
                }
            });
        }
        add(&context, found, skipped, bytes, &more).await?;
    }
    walker.await.map_err(|_| TransferError::Panicked)??;
    planned(&context).await
}
