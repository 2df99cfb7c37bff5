//! Speed limits: so many bytes a second, for all together and for one job, changeable while bytes move.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dipper_s3::Pace;

/// What was not used in so long is not caught up with.
const SLACK: Duration = Duration::from_millis(100);
/// A slice takes about this long at most, so that a limit is smooth and a change is felt at once.
const SLICE_TIME: u64 = 20;
const SLICE_MIN: u64 = 1024;

/// A limit that many connections share. They take turns on one clock: each slice moves it on by its
/// own time, and whoever comes waits until it is reached.
#[derive(Debug)]
pub(crate) struct Throttle {
    inner: Mutex<Clock>,
}

#[derive(Debug)]
struct Clock {
    /// Bytes a second.
    limit: Option<u64>,
    free_at: Instant,
}

impl Throttle {
    pub fn new(limit: Option<u64>) -> Self {
        Self { inner: Mutex::new(Clock { limit, free_at: Instant::now() }) }
    }

    pub fn set(&self, limit: Option<u64>) {
        let mut clock = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if clock.limit != limit {
            // What waits was reckoned at the old speed.
            *clock = Clock { limit, free_at: Instant::now() };
        }
    }

    pub fn limit(&self) -> Option<u64> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).limit
    }

    /// So many bytes pass now; how long to wait before the next.
    fn take(&self, bytes: u64, now: Instant) -> Duration {
        let mut clock = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(limit) = clock.limit else { return Duration::ZERO };
        let time = Duration::from_nanos(
            u64::try_from(u128::from(bytes) * 1_000_000_000 / u128::from(limit.max(1)))
                .unwrap_or(u64::MAX),
        );
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        clock.free_at = clock.free_at.max(earliest) + time;
        clock.free_at.saturating_duration_since(now)
    }
}

/// All the limits that one transfer is under.
#[derive(Debug, Clone)]
pub(crate) struct Limited {
    throttles: [Arc<Throttle>; 2],
}

impl Limited {
    pub fn new(all: &Arc<Throttle>, job: &Arc<Throttle>) -> Self {
        Self { throttles: [Arc::clone(all), Arc::clone(job)] }
    }

    fn tightest(&self) -> Option<u64> {
        self.throttles.iter().filter_map(|throttle| throttle.limit()).min()
    }
}

impl Pace for Limited {
    fn slice(&self) -> usize {
        match self.tightest() {
            Some(limit) => {
                usize::try_from((limit / SLICE_TIME).max(SLICE_MIN)).unwrap_or(usize::MAX)
            }
            None => usize::MAX,
        }
    }

    fn passed(&self, bytes: u64) -> Duration {
        let now = Instant::now();
        self.throttles.iter().map(|throttle| throttle.take(bytes, now)).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_what_the_limit_says() {
        let throttle = Throttle::new(Some(1_000_000));
        let start = Instant::now();
        let (mut now, mut bytes) = (start, 0);
        while now < start + Duration::from_secs(10) {
            bytes += 10_000;
            now += throttle.take(10_000, now);
        }
        assert!((9_900_000..=10_200_000).contains(&bytes), "{bytes}");
    }

    #[test]
    fn many_share_one_limit_and_a_change_is_felt() {
        let throttle = Throttle::new(Some(1000));
        let now = Instant::now();
        let waits: Vec<Duration> = (0..10).map(|_| throttle.take(100, now)).collect();
        assert!(waits.windows(2).all(|w| w[0] < w[1]));
        assert!(waits[9] >= Duration::from_millis(900));
        throttle.set(Some(1_000_000));
        assert!(throttle.take(100, now) < Duration::from_millis(2));
        throttle.set(None);
        assert_eq!(throttle.take(1 << 40, now), Duration::ZERO);
    }
}
