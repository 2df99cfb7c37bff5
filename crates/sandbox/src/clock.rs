//! A clock that can be moved on.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use dipper_types::{Clock, Timestamp};

/// What time it is in the sandbox: the given clock's, and what a test added.
pub(crate) struct Moved {
    base: Arc<dyn Clock>,
    millis: AtomicI64,
}

impl Moved {
    pub(crate) fn new(base: Arc<dyn Clock>) -> Self {
        Self { base, millis: AtomicI64::new(0) }
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.millis.fetch_add(by, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Timestamp {
        let moved = self.millis.load(Ordering::SeqCst);
        Timestamp::from_millis(self.base.now().millis().saturating_add(moved))
    }
}
