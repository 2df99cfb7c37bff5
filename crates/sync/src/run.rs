//! A plan is carried out: one job after the other, and nothing is deleted unless all of it went well.

use std::sync::Arc;

use dipper_state::{JobState, TransferFilter, TransferState};
use dipper_transfer::{Engine, OnExisting, Planned, Preserve, Stage};
use dipper_types::{JobId, ObjectKey};

use crate::error::SyncError;
use crate::fs::Removed;
use crate::guard::Held;
use crate::item::Note;
use crate::plan::{Plan, Target};
use crate::stages::{Phase, Spot};

/// A job that was begun. Whoever gets it waits until it has ended, then asks for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    pub job: JobId,
    pub phase: Phase,
    /// Which of the sources it is for; 0 where that makes no difference.
    pub source: usize,
    /// What fails in it is done in another way by the next job.
    pub has_second_try: bool,
}

pub struct Run {
    engine: Arc<Engine>,
    plan: Plan,
    current: Option<Begun>,
    failed: bool,
}

const WINDOW: u32 = 500;

impl Run {
    pub fn new(engine: &Arc<Engine>, plan: Plan) -> Self {
        Self { engine: Arc::clone(engine), plan, current: None, failed: false }
    }

    /// The next job, begun; `None` after the last. The one before must have ended.
    ///
    /// # Errors
    /// Where the journal can't be written.
    pub async fn next(&mut self) -> Result<Option<Begun>, SyncError> {
        if let Some(before) = self.current.take() {
            self.look_back(before).await?;
        }
        let begun = match self.plan.stages.begin(Some(Phase::Delete)).await? {
            Some(begun) => Some(begun),
            None => {
                self.hold_back().await?;
                self.plan.stages.begin(None).await?
            }
        };
        self.current = begun.map(|(phase, source, job)| Begun {
            job,
            phase,
            source,
            has_second_try: phase == Phase::Copy,
        });
        Ok(self.current)
    }

    /// Deletes files here that the source does not have, if nothing stands against it. To be called
    /// after the last job.
    ///
    /// # Errors
    /// Where the list of them can't be read.
    pub async fn remove_files(
        self,
        tell: impl FnMut(Removed) + Send + 'static,
    ) -> Result<Vec<Note>, SyncError> {
        let Self { plan, .. } = self;
        if plan.held.is_none() && plan.request.deletion.removed && !plan.doomed.is_empty() {
            let doomed = plan.doomed;
            let removed = tokio::task::spawn_blocking(move || doomed.remove(tell)).await;
            removed.map_err(|_| SyncError::Panicked)??;
        }
        Ok(plan.ledger.take())
    }

    /// Nothing that is not begun will be.
    ///
    /// # Errors
    /// Where the journal can't be written.
    pub async fn give_up(mut self) -> Result<(), SyncError> {
        self.plan.stages.give_up().await
    }

    async fn look_back(&mut self, before: Begun) -> Result<(), SyncError> {
        let Some(row) = self.engine.journal().job(before.job)? else { return Ok(()) };
        if before.has_second_try && row.state == JobState::Failed {
            return self.upload_instead(before.job).await;
        }
        self.failed |= row.state != JobState::Completed || row.files_failed > 0;
        Ok(())
    }

    /// What the service could not copy goes up from here.
    async fn upload_instead(&mut self, copies: JobId) -> Result<(), SyncError> {
        let Target::Objects { store, prefix } = self.plan.request.target.clone() else {
            return Ok(());
        };
        let mut start = 0;
        loop {
            let journal = self.engine.journal();
            let (_, rows) = journal.transfers(copies, TransferFilter::All, start, WINDOW)?;
            if rows.is_empty() {
                return Ok(());
            }
            start += rows.len() as u64;
            for row in rows.into_iter().filter(|row| row.state != TransferState::Completed) {
                let planned = Planned {
                    key: ObjectKey::new(row.key)?,
                    local: row.local,
                    source: None,
                    size: row.size.unwrap_or(0),
                };
                let spot = Spot {
                    profile: store.profile.clone(),
                    bucket: store.bucket.clone(),
                    prefix: prefix.clone(),
                };
                let keep = Preserve { remember: true, ..self.plan.request.preserve };
                let headers = self.plan.request.headers.clone();
                let (on_existing, sending) =
                    (OnExisting::Overwrite, Box::new(self.plan.request.sending.clone()));
                let stage = Stage::Upload { headers, on_existing, keep, sending };
                self.plan.stages.add((Phase::Move, 0), planned, || (spot, stage)).await?;
            }
        }
    }

    async fn hold_back(&mut self) -> Result<(), SyncError> {
        let plan = &mut self.plan;
        let wanted = plan.request.deletion.removed && plan.found.extra > 0;
        if plan.held.is_none() && self.failed && wanted {
            plan.held = Some(Held::Failed);
            plan.ledger.note(Note::Held(Held::Failed));
        }
        if plan.held.is_some() {
            plan.stages.give_up().await?;
        }
        Ok(())
    }
}
