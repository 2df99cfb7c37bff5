//! One transfer of a job, from its first try to its last word; and the wait for somebody to sign in,
//! where the session ends in between.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dipper_s3::{Class, S3};
use dipper_state::{JobState, Outcome, TransferRow};
use tokio::sync::{Notify, OwnedSemaphorePermit};

use crate::engine::{JobContext, count, finish};
use crate::error::TransferError;
use crate::spec::Spec;
use crate::turns::Turn;
use crate::{change, copy, download, file_up};

pub(crate) async fn one(
    context: &Arc<JobContext>,
    transfer: TransferRow,
    slot: OwnedSemaphorePermit,
) {
    let (id, job) = (transfer.id, context.row.id);
    let planned = transfer.size.unwrap_or(0);
    let mut slot = Some(slot);
    let mut current = Arc::clone(context);
    let ended = loop {
        let since = context.engine.connections.sign_ins();
        let active = context.progress.begin(id, transfer.key.clone(), planned);
        active.hold(slot.take());
        let ended = match &context.spec {
            Spec::Upload { headers, on_existing, .. } => {
                file_up::file(&current, &transfer, headers, *on_existing, &active).await
            }
            Spec::Download { .. } | Spec::DownloadTo { .. } => {
                download::object(&current, &transfer, &active).await
            }
            Spec::Copy(plan) => copy::object(&current, &transfer, plan, &active).await,
            Spec::Change(change) => change::object(&current, &transfer, change, &active).await,
            Spec::Delete | Spec::RemoveBucket => Err(TransferError::Cancelled),
        };
        match ended {
            // The journal knows every part that is there: it goes on with those.
            Err(error) if error.needs_sign_in() => {
                context.progress.end(id, |_| {});
                // Other jobs' files need not wait with this one.
                active.hold(None);
                match context.signed_in_again(since).await {
                    Some(s3) => {
                        current = Arc::new(context.with(s3));
                        let slots = Arc::clone(&context.engine.file_slots);
                        slot = slots.acquire_owned().await.ok();
                    }
                    None if context.cancel.is_cancelled() => break Err(TransferError::Cancelled),
                    None => {
                        context.progress.begin(id, transfer.key.clone(), planned);
                        break Err(error);
                    }
                }
            }
            ended => break ended,
        }
    };
    // Everything else of the job would meet the same full disk: it stops until there is room again.
    if let Err(error) = &ended
        && error.is_full_disk()
    {
        context.pause(error);
        context.progress.end(id, |_| {});
        return;
    }
    // Where there is no bucket, there is none for the other files either: one says it.
    let homeless = matches!(&ended, Err(TransferError::S3(error))
        if error.class == Class::BucketNotFound
            || error.context.s3_code.as_deref() == Some("InvalidBucketName"));
    if homeless && context.cancel.is_cancelled() {
        context.progress.end(id, |_| {});
        return;
    }
    // A transfer that was cut off stays queued: a stop goes on with it, a cancel ends it for all.
    if matches!(ended, Err(TransferError::Cancelled)) {
        context.progress.end(id, |_| {});
        return;
    }
    let outcome = match ended {
        Ok(done) => done,
        Err(error) => {
            tracing::info!(key = transfer.key, %error, "transfer failed");
            Outcome::Failed { error: context.engine.sink.describe(&error) }
        }
    };
    let written = finish(context, vec![(id, outcome.clone())]).await;
    context.progress.end(id, |counts| {
        if written {
            count(counts, &outcome, planned);
        }
    });
    context.engine.sink.job_changed(job);
    if homeless {
        context.fail();
    }
}

/// Closed while a job waits for somebody to sign in. Then it gives up its turn, too: other jobs need
/// not wait with it.
pub(crate) struct Gate {
    waiting: AtomicUsize,
    opened: Notify,
    turn: Mutex<Option<Turn>>,
}

impl Gate {
    pub fn new(turn: Turn) -> Self {
        Self { waiting: AtomicUsize::new(0), opened: Notify::new(), turn: Mutex::new(Some(turn)) }
    }

    fn hold(&self, turn: Option<Turn>) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
    }

    pub async fn open(&self) {
        loop {
            let opened = self.opened.notified();
            tokio::pin!(opened);
            opened.as_mut().enable();
            if self.waiting.load(Ordering::SeqCst) == 0 {
                return;
            }
            opened.await;
        }
    }
}

impl JobContext {
    fn with(&self, s3: S3) -> Self {
        Self {
            engine: Arc::clone(&self.engine),
            row: self.row.clone(),
            spec: self.spec.clone(),
            below: Arc::clone(&self.below),
            s3: self.spec.connected(s3),
            progress: Arc::clone(&self.progress),
            cancel: self.cancel.clone(),
            gate: Arc::clone(&self.gate),
            lanes: Arc::clone(&self.lanes),
            pace: Arc::clone(&self.pace),
            running: self.running.clone(),
            doubtful: self.doubtful,
        }
    }

    /// The session has ended: the job waits, and goes on with a client of the new one. `None`: nobody
    /// will sign in, or the job was cancelled meanwhile.
    pub async fn signed_in_again(&self, since: u64) -> Option<S3> {
        let (engine, id) = (&self.engine, self.row.id);
        let renewed = engine.connections.renewed(&self.row.profile, since);
        tokio::pin!(renewed);
        // Whoever can't wait is not shown to.
        if let Some(at_once) = futures::FutureExt::now_or_never(renewed.as_mut()) {
            return at_once;
        }
        if self.gate.waiting.fetch_add(1, Ordering::SeqCst) == 0 {
            self.gate.hold(None);
        }
        self.tell(JobState::Waiting).await;
        let s3 = tokio::select! {
            s3 = renewed => s3,
            () = self.cancel.cancelled() => None,
        };
        if self.gate.waiting.load(Ordering::SeqCst) == 1 && !self.cancel.is_cancelled() {
            let turn = engine.turns.wait(id, self.row.priority, self.row.position);
            tokio::select! {
                turn = turn => self.gate.hold(Some(turn)),
                () = self.cancel.cancelled() => {}
            }
        }
        self.gate.waiting.fetch_sub(1, Ordering::SeqCst);
        self.gate.opened.notify_waiters();
        if !self.cancel.is_cancelled() {
            self.tell(JobState::Running).await;
        }
        engine.sink.job_changed(id);
        s3
    }

    async fn tell(&self, state: JobState) {
        if let Err(error) = self.engine.journal.set_state(self.row.id, state, None, None).await {
            tracing::error!(job = %self.row.id, %error, "a job's state could not be written");
        }
        self.engine.sink.job_changed(self.row.id);
    }
}
