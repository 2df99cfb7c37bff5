//! One policy: what is transient is tried again, later each time; the rest is told at once.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::error::TransferError;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    pub attempts: u32,
    pub first: Duration,
    pub longest: Duration,
}

impl Policy {
    /// Full jitter would let two clients meet again; half keeps them apart and bounded below.
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
    loop {
        let done = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(TransferError::Cancelled),
            done = step(attempt) => done,
        };
        let error = match done {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        attempt += 1;
        if !error.is_transient() || attempt >= policy.attempts {
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
