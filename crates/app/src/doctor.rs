//! The endpoint doctor: tries what a server can do, in a scratch prefix of a bucket that the user
//! names, cleans up behind itself, remembers what it saw, and offers each mend as one change.

mod visit;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dipper_s3::Addressing;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::{App, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Good,
    /// The server has it not; Dipper does without.
    Missing,
    /// It stands in the way.
    Bad,
}

/// One change of the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", content = "to", rename_all = "camelCase")]
pub enum Fix {
    Region(String),
    Addressing(Addressing),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub check: &'static str,
    pub outcome: Outcome,
    pub detail: String,
    pub fix: Option<Fix>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Doctor {
    pub findings: Vec<Finding>,
    /// What could not be cleaned up, by key.
    pub left: Vec<String>,
}

/// What a check-up in the background tells, finding by finding.
#[derive(Debug, Clone)]
pub enum CheckupEvent {
    Found(Finding),
    /// The last word: what could not be cleaned up, or why nothing could be tried.
    Ended(Result<Vec<String>>),
}

/// Check-ups that run in the background, by their id.
#[derive(Debug, Default)]
pub(crate) struct Checkups {
    last: AtomicU32,
    running: Mutex<HashMap<u32, CancellationToken>>,
}

impl Checkups {
    fn running(&self) -> MutexGuard<'_, HashMap<u32, CancellationToken>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Examines a connection by a bucket of its own, and tells each finding at once. Writes below
    /// `.dipper-doctor-…/` only.
    pub async fn doctor(
        &self,
        profile: &str,
        bucket: &str,
        tell: &mut (dyn FnMut(&Finding) + Send + Sync),
    ) -> Result<Doctor> {
        self.examine(profile, bucket, &CancellationToken::new(), tell).await
    }

    /// The same in the background. Stopped, it still cleans up.
    pub fn start_checkup(
        self: &Arc<Self>,
        profile: String,
        bucket: String,
        mut tell: impl FnMut(CheckupEvent) + Send + Sync + 'static,
    ) -> u32 {
        let id = self.checkups.last.fetch_add(1, Ordering::Relaxed) + 1;
        let stop = CancellationToken::new();
        self.checkups.running().insert(id, stop.clone());
        let app = Arc::clone(self);
        tokio::spawn(async move {
            let mut found = |finding: &Finding| tell(CheckupEvent::Found(finding.clone()));
            let ended = app.examine(&profile, &bucket, &stop, &mut found).await;
            app.checkups.running().remove(&id);
            tell(CheckupEvent::Ended(ended.map(|doctor| doctor.left)));
        });
        id
    }

    pub fn stop_checkup(&self, id: u32) {
        if let Some(stop) = self.checkups.running().get(&id) {
            stop.cancel();
        }
    }
}
