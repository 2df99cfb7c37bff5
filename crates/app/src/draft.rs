//! A job whose objects are found one after the other: they are kept in the journal as they come, and
//! nothing happens before all are known. A listing that fails leaves nothing half done.

use std::sync::Arc;

use dipper_transfer::{Engine, Item, ListedAction};
use dipper_types::{BucketName, JobId, Prefix, ProfileId};

use crate::{App, Result};

const BATCH: usize = 500;

/// Counted, and frozen once it is begun.
pub struct Draft {
    engine: Arc<Engine>,
    job: JobId,
    waiting: Vec<Item>,
    objects: u64,
}

impl App {
    /// An empty job. It is begun by [`Draft::begin`]; a process that ends before that leaves it
    /// cancelled.
    pub async fn draft(
        &self,
        profile: &str,
        bucket: &BucketName,
        prefix: &Prefix,
        title: String,
        action: ListedAction,
    ) -> Result<Draft> {
        let place = (ProfileId::new(profile), bucket, prefix);
        let job = self.engine.open_listed(place, title, action, Vec::new()).await?;
        let engine = Arc::clone(&self.engine);
        Ok(Draft { engine, job, waiting: Vec::new(), objects: 0 })
    }
}

impl Draft {
    pub async fn add(&mut self, item: Item) -> Result<()> {
        self.objects += 1;
        self.waiting.push(item);
        if self.waiting.len() >= BATCH {
            let batch = std::mem::take(&mut self.waiting);
            self.engine.more_listed(self.job, batch).await?;
        }
        Ok(())
    }

    pub fn objects(&self) -> u64 {
        self.objects
    }

    pub async fn begin(self) -> Result<JobId> {
        self.engine.more_listed(self.job, self.waiting).await?;
        self.engine.stage_done(self.job).await?;
        Ok(self.job)
    }

    /// Nothing of it will happen.
    pub async fn give_up(self) -> Result<()> {
        Ok(self.engine.stage_undone(self.job).await?)
    }
}
