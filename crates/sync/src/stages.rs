//! What a plan wants done, kept in the journal while it is made: a job for each kind of work and each
//! place, begun only when the plan is whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use dipper_transfer::{Engine, Planned, Stage};
use dipper_types::{BucketName, JobId, Prefix, ProfileId};

use crate::error::SyncError;

/// In the order in which they are begun: what is copied is read before it is replaced, and nothing is
/// deleted before all else is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Copy,
    Move,
    Delete,
}

#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub profile: ProfileId,
    pub bucket: BucketName,
    pub prefix: Prefix,
}

struct Staged {
    job: JobId,
    waiting: Vec<Planned>,
}

const BATCH: usize = 500;

pub(crate) struct Stages {
    engine: Arc<Engine>,
    title: String,
    /// Which of a phase: one for each source.
    jobs: BTreeMap<(Phase, usize), Staged>,
}

impl Stages {
    pub fn new(engine: &Arc<Engine>, title: String) -> Self {
        Self { engine: Arc::clone(engine), title, jobs: BTreeMap::new() }
    }

    pub async fn add(
        &mut self,
        which: (Phase, usize),
        planned: Planned,
        make: impl FnOnce() -> (Spot, Stage),
    ) -> Result<(), SyncError> {
        if !self.jobs.contains_key(&which) {
            let (Spot { profile, bucket, prefix }, stage) = make();
            let place = (profile, &bucket, &prefix);
            let job = self.engine.stage(place, self.title.clone(), stage).await?;
            self.jobs.insert(which, Staged { job, waiting: Vec::new() });
        }
        if let Some(staged) = self.jobs.get_mut(&which) {
            staged.waiting.push(planned);
            if staged.waiting.len() >= BATCH {
                let batch = std::mem::take(&mut staged.waiting);
                self.engine.stage_more(staged.job, batch).await?;
            }
        }
        Ok(())
    }

    /// The next job, begun. `None` when there is none left before `before`.
    pub async fn begin(
        &mut self,
        before: Option<Phase>,
    ) -> Result<Option<(Phase, usize, JobId)>, SyncError> {
        let first = self.jobs.keys().next().copied();
        let Some(which) = first.filter(|(phase, _)| before.is_none_or(|before| *phase < before))
        else {
            return Ok(None);
        };
        let Some(staged) = self.jobs.remove(&which) else { return Ok(None) };
        self.engine.stage_more(staged.job, staged.waiting).await?;
        self.engine.stage_done(staged.job).await?;
        Ok(Some((which.0, which.1, staged.job)))
    }

    /// Nothing of what is left will happen.
    pub async fn give_up(&mut self) -> Result<(), SyncError> {
        for (_, staged) in std::mem::take(&mut self.jobs) {
            self.engine.stage_undone(staged.job).await?;
        }
        Ok(())
    }
}
