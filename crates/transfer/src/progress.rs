//! Live counts of running jobs. The journal holds what is durable; this holds what moves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dipper_types::{JobId, TransferId};
use tokio::sync::OwnedSemaphorePermit;

/// One transfer under way.
#[derive(Debug)]
pub(crate) struct Active {
    pub key: String,
    pub size: AtomicU64,
    /// Bytes of finished parts, and of parts under way. A part that is sent again is taken back here
    /// but never from what was shown.
    moved: AtomicU64,
    shown: AtomicU64,
    pub verifying: std::sync::atomic::AtomicBool,
    /// Its place among the files under way; given up early by what only waits for the disk.
    pub slot: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Active {
    fn new(key: String, size: u64) -> Self {
        Self {
            key,
            size: AtomicU64::new(size),
            moved: AtomicU64::new(0),
            shown: AtomicU64::new(0),
            verifying: false.into(),
            slot: Mutex::default(),
        }
    }

    pub fn hold(&self, slot: Option<OwnedSemaphorePermit>) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = slot;
    }

    pub fn add(&self, bytes: u64) {
        let now = self.moved.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.shown.fetch_max(now.min(self.size.load(Ordering::Relaxed)), Ordering::Relaxed);
    }

    pub fn take_back(&self, bytes: u64) {
        self.moved.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn bytes(&self) -> u64 {
        self.shown.load(Ordering::Relaxed)
    }
}

/// Counts one attempt at a part, and takes it back unless it succeeded.
pub(crate) struct Attempt {
    active: Arc<Active>,
    counted: Arc<AtomicU64>,
    kept: bool,
}

impl Attempt {
    pub fn new(active: &Arc<Active>) -> Self {
        Self { active: Arc::clone(active), counted: Arc::default(), kept: false }
    }

    pub fn add(&self, bytes: u64) {
        self.counted.fetch_add(bytes, Ordering::Relaxed);
        self.active.add(bytes);
    }

    pub fn counter(&self, pace: &Arc<dyn dipper_s3::Pace>) -> dipper_s3::Sent {
        let (active, counted) = (Arc::clone(&self.active), Arc::clone(&self.counted));
        let told = move |bytes| {
            counted.fetch_add(bytes, Ordering::Relaxed);
            active.add(bytes);
        };
        dipper_s3::Sent { told: Arc::new(told), pace: Some(Arc::clone(pace)) }
    }

    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.kept {
            self.active.take_back(self.counted.load(Ordering::Relaxed));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub files_total: u64,
    pub files_done: u64,
    pub files_failed: u64,
    pub files_skipped: u64,
    pub bytes_total: u64,
    pub bytes_done: u64,
    pub planned: bool,
}

#[derive(Debug)]
pub(crate) struct JobProgress {
    inner: Mutex<(Counts, BTreeMap<TransferId, Arc<Active>>)>,
}

impl JobProgress {
    pub fn new(counts: Counts) -> Self {
        Self { inner: Mutex::new((counts, BTreeMap::new())) }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, (Counts, BTreeMap<TransferId, Arc<Active>>)> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn update(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.locked().0);
    }

    pub fn counts(&self) -> Counts {
        self.locked().0
    }

    pub fn begin(&self, id: TransferId, key: String, size: u64) -> Arc<Active> {
        let active = Arc::new(Active::new(key, size));
        self.locked().1.insert(id, Arc::clone(&active));
        active
    }

    /// The transfer leaves the moving ones and enters the counts in one step, so that no sum jumps.
    pub fn end(&self, id: TransferId, change: impl FnOnce(&mut Counts)) {
        let mut inner = self.locked();
        inner.1.remove(&id);
        change(&mut inner.0);
    }

    pub fn snapshot(&self, job: JobId) -> JobSnapshot {
        let inner = self.locked();
        let counts = inner.0;
        let active: Vec<ActiveSnapshot> = inner
            .1
            .iter()
            .map(|(id, active)| ActiveSnapshot {
                id: *id,
                key: active.key.clone(),
                size: active.size.load(Ordering::Relaxed),
                bytes: active.bytes(),
                verifying: active.verifying.load(Ordering::Relaxed),
            })
            .collect();
        let moving: u64 = active.iter().map(|a| a.bytes).sum();
        JobSnapshot {
            job,
            planned: counts.planned,
            files_total: counts.files_total,
            files_done: counts.files_done,
            files_failed: counts.files_failed,
            files_skipped: counts.files_skipped,
            bytes_total: counts.bytes_total,
            bytes_done: (counts.bytes_done + moving).min(counts.bytes_total),
            active,
        }
    }
}

/// A running job as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSnapshot {
    pub job: JobId,
    pub planned: bool,
    pub files_total: u64,
    pub files_done: u64,
    pub files_failed: u64,
    pub files_skipped: u64,
    pub bytes_total: u64,
    pub bytes_done: u64,
    pub active: Vec<ActiveSnapshot>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveSnapshot {
    pub id: TransferId,
    pub key: String,
    pub size: u64,
    pub bytes: u64,
    pub verifying: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_attempt_is_not_shown_twice() {
        let progress = JobProgress::new(Counts { bytes_total: 100, ..Counts::default() });
        let active = progress.begin(TransferId::new(1), "k".into(), 100);
        let shown = || progress.snapshot(JobId::new(1)).bytes_done;
        let attempt = Attempt::new(&active);
        attempt.add(60);
        drop(attempt);
        assert_eq!(shown(), 60, "never goes back");
        let attempt = Attempt::new(&active);
        attempt.add(50);
        assert_eq!(shown(), 60, "not counted again");
        attempt.add(50);
        attempt.keep();
        assert_eq!(shown(), 100);
        progress.end(TransferId::new(1), |c| c.bytes_done += 100);
        assert_eq!(shown(), 100);
    }
}
