//! How fast things move: one sampler looks at what runs four times a second.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use dipper_transfer::Engine;
use dipper_types::{JobId, TransferId};

use crate::App;

const EVERY: Duration = Duration::from_millis(250);
/// Rates are means over so long: steady enough to read, quick enough to believe.
const SPAN: Duration = Duration::from_secs(3);

type Samples<K> = HashMap<K, VecDeque<(Instant, u64)>>;

#[derive(Default)]
struct Inner {
    jobs: Samples<JobId>,
    transfers: Samples<TransferId>,
}

#[derive(Default)]
pub(crate) struct Rates {
    inner: Mutex<Inner>,
}

fn push<K: Hash + Eq>(samples: &mut Samples<K>, key: K, now: Instant, bytes: u64) {
    let own = samples.entry(key).or_default();
    own.push_back((now, bytes));
    while own.front().is_some_and(|(at, _)| now.duration_since(*at) > SPAN) && own.len() > 2 {
        own.pop_front();
    }
}

fn rate<K: Hash + Eq>(samples: &Samples<K>, key: &K) -> u64 {
    let Some(own) = samples.get(key) else { return 0 };
    let (Some((from, first)), Some((to, last))) = (own.front(), own.back()) else { return 0 };
    let seconds = to.duration_since(*from).as_secs_f64();
    if seconds <= 0.0 {
        return 0;
    }
    (last.saturating_sub(*first) as f64 / seconds) as u64
}

impl Rates {
    pub fn start(engine: &Arc<Engine>) -> Arc<Self> {
        let rates = Arc::new(Self::default());
        let (engine, own): (Weak<Engine>, Weak<Self>) =
            (Arc::downgrade(engine), Arc::downgrade(&rates));
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(EVERY);
            loop {
                tick.tick().await;
                let (Some(engine), Some(rates)) = (engine.upgrade(), own.upgrade()) else { return };
                rates.sample(&engine);
            }
        });
        rates
    }

    fn sample(&self, engine: &Engine) {
        let (now, running) = (Instant::now(), engine.snapshots());
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for job in &running {
            push(&mut inner.jobs, job.job, now, job.bytes_done);
            for active in &job.active {
                push(&mut inner.transfers, active.id, now, active.bytes);
            }
        }
        inner.jobs.retain(|id, _| running.iter().any(|j| j.job == *id));
        let moving: std::collections::HashSet<TransferId> =
            running.iter().flat_map(|j| &j.active).map(|a| a.id).collect();
        inner.transfers.retain(|id, _| moving.contains(id));
    }

    pub fn job(&self, id: JobId) -> u64 {
        rate(&self.inner.lock().unwrap_or_else(PoisonError::into_inner).jobs, &id)
    }

    pub fn transfer(&self, id: TransferId) -> u64 {
        rate(&self.inner.lock().unwrap_or_else(PoisonError::into_inner).transfers, &id)
    }
}

/// A file under way.
#[derive(Debug, Clone)]
pub struct Moving {
    pub id: i64,
    pub key: String,
    pub size: u64,
    pub bytes: u64,
}

impl App {
    /// What of a job is under way, from memory: cheap enough to be asked at every frame.
    pub fn moving(&self, id: JobId) -> Vec<Moving> {
        let job = self.engine.snapshots().into_iter().find(|job| job.job == id);
        let active = job.map(|job| job.active).unwrap_or_default();
        active
            .into_iter()
            .map(|file| Moving {
                id: file.id.get(),
                key: file.key,
                size: file.size,
                bytes: file.bytes,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_mean_over_the_last_seconds() {
        let mut samples: Samples<u8> = HashMap::new();
        let start = Instant::now();
        for step in 0..40_u64 {
            push(&mut samples, 1, start + Duration::from_millis(250 * step), step * 250);
        }
        assert_eq!(rate(&samples, &1), 1000);
        assert!(samples[&1].len() <= 14);
        assert_eq!(rate(&samples, &2), 0);
    }
}
