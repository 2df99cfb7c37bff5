//! The last ranges of a download: one that hangs far behind the others is asked for a second time, and
//! the first answer counts.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::error::TransferError;

/// Faster than this, nothing is worth a second request.
const LEAST: Duration = Duration::from_secs(1);
const TIMES_SLOWER: u32 = 3;
/// So few say nothing about what is usual.
const ENOUGH: u32 = 3;
const LOOK: Duration = Duration::from_millis(200);

/// How long the ranges of one object take.
#[derive(Debug)]
pub(crate) struct Pace {
    not_begun: AtomicUsize,
    done: Mutex<(u32, Duration)>,
}

impl Pace {
    pub fn new(ranges: usize) -> Self {
        Self { not_begun: AtomicUsize::new(ranges), done: Mutex::default() }
    }

    pub fn begin(&self) -> Instant {
        self.not_begun.fetch_sub(1, Ordering::Relaxed);
        Instant::now()
    }

    pub fn end(&self, began: Instant) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done = (done.0 + 1, done.1 + began.elapsed());
    }

    /// Only at the end: before, a slow one keeps nobody waiting.
    fn is_late(&self, began: Instant) -> bool {
        let (count, sum) = *self.done.lock().unwrap_or_else(PoisonError::into_inner);
        self.not_begun.load(Ordering::Relaxed) == 0
            && count >= ENOUGH
            && began.elapsed() > (sum / count * TIMES_SLOWER).max(LEAST)
    }
}

/// Runs the fetch, and a second one beside it when it is late.
pub(crate) async fn run<T, F>(pace: &Pace, fetch: impl Fn() -> F) -> Result<T, TransferError>
where
    F: Future<Output = Result<T, TransferError>>,
{
    let began = Instant::now();
    let first = fetch();
    tokio::pin!(first);
    loop {
        tokio::select! {
            got = &mut first => return got,
            () = tokio::time::sleep(LOOK) => {}
        }
        if pace.is_late(began) {
            break;
        }
    }
    tracing::debug!("a range is late: asked for once more");
    let second = fetch();
    tokio::pin!(second);
    tokio::select! {
        got = &mut first => match got {
            Ok(got) => Ok(got),
            Err(_) => second.await,
        },
        got = &mut second => match got {
            Ok(got) => Ok(got),
            Err(_) => first.await,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_late_one_is_overtaken() {
        let pace = Pace::new(4);
        for _ in 0..3 {
            pace.end(pace.begin());
        }
        let asked = AtomicUsize::new(0);
        let slow_then_quick = || {
            let number = asked.fetch_add(1, Ordering::Relaxed);
            async move {
                let wait = if number == 0 { 60 } else { 0 };
                tokio::time::sleep(Duration::from_secs(wait)).await;
                Ok(number)
            }
        };
        pace.begin();
        assert_eq!(run(&pace, slow_then_quick).await.unwrap(), 1);
        // While others wait for their turn, nothing is asked for twice.
        let busy = Pace::new(9);
        for _ in 0..3 {
            busy.end(busy.begin());
        }
        assert!(!busy.is_late(Instant::now().checked_sub(Duration::from_secs(60)).unwrap()));
    }
}
