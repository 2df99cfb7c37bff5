//! Listing whole buckets for the index, in the background of a window.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::{App, Code, Failure, Result};

const TELL_EVERY: Duration = Duration::from_millis(200);

/// What a listing for the index tells.
#[derive(Debug, Clone)]
pub enum IndexingEvent {
    /// So many names by now.
    Listed(u64),
    /// The last word: how many there are, or why it ended before.
    Ended(Result<u64>),
}

/// Those that run, by their id.
#[derive(Default)]
pub(crate) struct Indexings {
    next: AtomicU32,
    running: Mutex<HashMap<u32, CancellationToken>>,
}

impl App {
    /// Lists everything below a prefix for the index. It runs to its end, or until it is stopped; what was
    /// listed until then is kept.
    pub fn start_indexing(
        self: &Arc<Self>,
        profile: String,
        bucket: String,
        prefix: String,
        tell: impl Fn(IndexingEvent) + Send + Sync + 'static,
    ) -> u32 {
        let id = self.indexings.next.fetch_add(1, Ordering::Relaxed) + 1;
        let stop = CancellationToken::new();
        self.running_indexings().insert(id, stop.clone());
        let app = Arc::clone(self);
        tokio::spawn(async move {
            let mut told: Option<Instant> = None;
            let listed = |count| {
                if told.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
                    told = Some(Instant::now());
                    tell(IndexingEvent::Listed(count));
                }
            };
            let ended = tokio::select! {
                ended = app.refresh_index(&profile, &bucket, &prefix, listed) => ended,
                () = stop.cancelled() => Err(Failure::new(Code::Cancelled, "stopped")),
            };
            app.running_indexings().remove(&id);
            tell(IndexingEvent::Ended(ended));
        });
        id
    }

    pub fn stop_indexing(&self, id: u32) {
        if let Some(stop) = self.running_indexings().get(&id) {
            stop.cancel();
        }
    }

    fn running_indexings(&self) -> std::sync::MutexGuard<'_, HashMap<u32, CancellationToken>> {
        self.indexings.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
