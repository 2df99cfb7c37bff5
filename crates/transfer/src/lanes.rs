//! How many requests may be under way at one endpoint: found out by trying, and given up by half when
//! the endpoint says it is too much.
//!
//! One controller serves files and parts alike. It compares windows of time: where more lanes moved
//! more, it opens more; where they moved less, it closes some. `SlowDown` halves them at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

const START: usize = 64;
const MOST: usize = 256;
const WINDOW: Duration = Duration::from_millis(250);
/// After a refusal, so long nothing grows, and a second refusal counts as the same one.
const CALM: Duration = Duration::from_secs(1);
/// A request has a cost beside its bytes: small files count for something, too.
const REQUEST: u64 = 32 * 1024;
/// Less than that is noise.
const BETTER: f64 = 1.05;
const WORSE: f64 = 0.85;
/// Windows that changed nothing before it is tried again.
const PATIENCE: u32 = 8;

#[derive(Debug)]
pub(crate) struct Lanes {
    inner: Mutex<Inner>,
    freed: Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Up,
    Down,
    /// To where it was before the last step up.
    Back,
    Stay,
}

#[derive(Debug)]
struct Inner {
    limit: usize,
    busy: usize,
    /// Somebody had to wait in this window: only then do its numbers say anything about the limit.
    full: bool,
    moved: u64,
    since: Instant,
    /// Of the last window that counted, in bytes a second.
    before: Option<f64>,
    last: Step,
    /// Nothing has told against more so far: it doubles.
    starting: bool,
    still: u32,
    refused: Option<Instant>,
    answered: bool,
}

/// A request under way. Tells what it moved when it is dropped.
pub(crate) struct Lane {
    lanes: Arc<Lanes>,
    moved: u64,
}

impl Lane {
    pub fn moved(&mut self, bytes: u64) {
        self.moved += bytes;
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.lanes.leave(self.moved, Instant::now());
    }
}

impl Lanes {
    pub fn new() -> Arc<Self> {
        Self::starting_at(START)
    }

    fn starting_at(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::new(Inner {
                limit,
                busy: 0,
                full: false,
                moved: 0,
                since: Instant::now(),
                before: None,
                last: Step::Up,
                starting: true,
                still: 0,
                refused: None,
                answered: false,
            }),
            freed: Notify::new(),
        })
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn enter(self: &Arc<Self>) -> Lane {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            {
                let mut inner = self.locked();
                if inner.busy < inner.limit {
                    inner.busy += 1;
                    return Lane { lanes: Arc::clone(self), moved: 0 };
                }
                inner.full = true;
            }
            freed.await;
        }
    }

    fn leave(&self, moved: u64, now: Instant) {
        let mut inner = self.locked();
        inner.busy -= 1;
        inner.moved += moved;
        if now.saturating_duration_since(inner.since) >= WINDOW {
            inner.decide(now);
        }
        let free = inner.limit.saturating_sub(inner.busy);
        drop(inner);
        for _ in 0..free.min(2) {
            self.freed.notify_one();
        }
    }

    /// The endpoint answered: it is there, and worth waiting for when it is gone.
    pub fn answered(&self) {
        self.locked().answered = true;
    }

    pub fn has_answered(&self) -> bool {
        self.locked().answered
    }

    /// `SlowDown` or its like.
    pub fn refused(&self) {
        let (mut inner, now) = (self.locked(), Instant::now());
        inner.answered = true;
        if inner.refused.is_some_and(|at| now.saturating_duration_since(at) < CALM) {
            return;
        }
        inner.refused = Some(now);
        inner.limit = (inner.limit / 2).max(1);
        inner.begin(now);
        inner.before = None;
        inner.last = Step::Stay;
        inner.starting = false;
    }

    pub fn limit(&self) -> usize {
        self.locked().limit
    }
}

impl Inner {
    fn begin(&mut self, now: Instant) {
        (self.moved, self.since, self.full) = (0, now, false);
    }

    fn decide(&mut self, now: Instant) {
        let seconds = now.saturating_duration_since(self.since).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let rate = self.moved as f64 / seconds;
        let calm = self.refused.is_none_or(|at| now.saturating_duration_since(at) >= CALM);
        if self.full && calm {
            let step = match (self.before, self.last) {
                (None, _) => Step::Up,
                (Some(before), last) if rate > before * BETTER && last != Step::Stay => last,
                (Some(before), Step::Up) if rate < before * WORSE => Step::Down,
                (Some(before), Step::Down) if rate < before * WORSE => Step::Up,
                // Growth that brought nothing is taken back.
                (Some(_), Step::Up) => Step::Back,
                (Some(_), _) if self.still >= PATIENCE => Step::Up,
                (Some(_), _) => Step::Stay,
            };
            self.go(step);
            self.before = Some(rate);
        }
        self.begin(now);
    }

    fn go(&mut self, step: Step) {
        self.still = if step == Step::Stay { self.still + 1 } else { 0 };
        let limit = match step {
            Step::Up if self.starting => self.limit * 2,
            Step::Up => self.limit + (self.limit / 4).max(2),
            Step::Down => self.limit - (self.limit / 6).max(1).min(self.limit - 1),
            Step::Back if self.starting => self.limit.div_ceil(2),
            Step::Back => self.limit - (self.limit / 5).max(1).min(self.limit - 1),
            Step::Stay => self.limit,
        };
        self.limit = limit.clamp(1, MOST);
        self.starting &= step == Step::Up;
        self.last = if step == Step::Back { Step::Stay } else { step };
    }
}

/// What a request of so many bytes is worth.
pub(crate) fn worth(bytes: u64) -> u64 {
    bytes + REQUEST
}

/// One controller an endpoint.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    all: Mutex<HashMap<String, Arc<Lanes>>>,
}

impl Endpoints {
    pub fn of(&self, endpoint: &str) -> Arc<Lanes> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(endpoint.to_owned()).or_insert_with(Lanes::new))
    }

    /// Endpoint and how many requests may be under way there.
    pub fn limits(&self) -> Vec<(String, usize)> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let mut limits: Vec<_> =
            all.iter().map(|(name, lanes)| (name.clone(), lanes.limit())).collect();
        limits.sort();
        limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays windows against a server that moves `rate(lanes)` bytes a second.
    fn play(lanes: &Arc<Lanes>, windows: u32, rate: impl Fn(usize) -> f64) {
        let mut now = lanes.locked().since;
        for _ in 0..windows {
            now += WINDOW;
            let mut inner = lanes.locked();
            inner.full = true;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test")]
            let moved = (rate(inner.limit) * WINDOW.as_secs_f64()) as u64;
            inner.moved = moved;
            inner.decide(now);
        }
    }

    #[test]
    fn it_grows_while_that_helps_and_stays_where_it_does_not() {
        let lanes = Lanes::starting_at(8);
        play(&lanes, 60, |n| 1e6 * n.min(100) as f64);
        assert!((90..=256).contains(&lanes.limit()), "{}", lanes.limit());
        let lanes = Lanes::starting_at(8);
        play(&lanes, 60, |_| 1e8);
        assert!(lanes.limit() < 64, "{}", lanes.limit());
    }

    #[test]
    fn too_many_are_taken_back() {
        let lanes = Lanes::starting_at(64);
        play(&lanes, 40, |n| if n > 32 { 32e6 / (n - 31) as f64 } else { n as f64 * 1e6 });
        assert!(lanes.limit() < 64, "{}", lanes.limit());
    }

    #[test]
    fn a_refusal_halves_once() {
        let lanes = Lanes::starting_at(64);
        for _ in 0..50 {
            lanes.refused();
        }
        assert_eq!(lanes.limit(), 32);
        let lanes = Lanes::starting_at(1);
        lanes.refused();
        assert_eq!(lanes.limit(), 1);
    }

    #[tokio::test]
    async fn nobody_is_forgotten() {
        let lanes = Lanes::starting_at(2);
        let all = (0..200).map(|_| {
            let lanes = Arc::clone(&lanes);
            tokio::spawn(async move {
                let mut lane = lanes.enter().await;
                tokio::task::yield_now().await;
                lane.moved(1);
            })
        });
        for task in all.collect::<Vec<_>>() {
            tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
        }
        assert_eq!(lanes.locked().busy, 0);
    }
}
