//! One policy: what is transient is tried again, later each time; the rest is told at once.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use dipper_s3::Class;

use crate::error::TransferError;
use crate::lanes::{Lanes, worth};

#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub attempts: u32,
    pub first: Duration,
    pub longest: Duration,
    /// An endpoint that has answered before is waited for so long, when it says it has too much to
    /// do, or can't be reached any more.
    pub patience: Duration,
    /// Each attempt takes one of these.
    pub lanes: Arc<Lanes>,
    /// What a success moves, in bytes.
    pub bytes: u64,
}

impl Policy {
    /// Full jitter would let two clients meet again; half keeps them apart and bounded below.
    pub fn moving(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    /// Whether waiting is all that is needed, however often it was tried.
    fn waits_out(&self, error: &TransferError) -> bool {
        let TransferError::S3(error) = error else { return false };
        match error.class {
            Class::Throttled => true,
            Class::Network | Class::Timeout => self.lanes.has_answered(),
            _ => false,
        }
    }

    fn pause(&self, attempt: u32, jitter: u32) -> Duration {
        let step = self.first.saturating_mul(1_u32 << attempt.min(16)).min(self.longest);
        step / 2 + step / 2 * (jitter % 1000) / 1000
    }
}

/// Runs a step until it succeeds, fails for good, or is cancelled.
pub(crate) async fn run<T, F, Fut>(
    policy: Policy,
    cancel: CancellationToken,
    mut step: F,
) -> Result<T, TransferError>
where
    F: FnMut(u32) -> Fut,
    Fut: Future<Output = Result<T, TransferError>>,
{
    let mut attempt = 0;
    let mut trouble: Option<Instant> = None;
    loop {
        let mut lane = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(TransferError::Cancelled),
            lane = policy.lanes.enter() => lane,
        };
        let done = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(TransferError::Cancelled),
            done = step(attempt) => done,
        };
        let error = match done {
            Ok(value) => {
                policy.lanes.answered();
                lane.moved(worth(policy.bytes));
                return Ok(value);
            }
            Err(error) => error,
        };
        if matches!(&error, TransferError::S3(error) if error.class == Class::Throttled) {
            policy.lanes.refused();
        }
        drop(lane);
        attempt += 1;
        let since = *trouble.get_or_insert_with(Instant::now);
        let patient = policy.waits_out(&error) && since.elapsed() < policy.patience;
        if !error.is_transient() || (attempt >= policy.attempts && !patient) {
            return Err(error);
        }
        tracing::debug!(attempt, %error, "trying again");
        let jitter = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.subsec_micros());
        tokio::select! {
            () = cancel.cancelled() => return Err(TransferError::Cancelled),
            () = tokio::time::sleep(policy.pause(attempt - 1, jitter)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_bounded() {
        let policy = Policy {
            attempts: 9,
            first: Duration::from_millis(200),
            longest: Duration::from_secs(10),
            patience: Duration::ZERO,
            lanes: Lanes::new(),
            bytes: 0,
        };
        for jitter in [0, 500, 999] {
            for attempt in 0..40 {
                let pause = policy.pause(attempt, jitter);
                assert!(pause >= Duration::from_millis(100) && pause <= Duration::from_secs(10));
            }
        }
        assert!(policy.pause(4, 0) > policy.pause(1, 999));
    }
}
