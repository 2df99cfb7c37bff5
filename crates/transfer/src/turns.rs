//! Which job goes next: so many at once; of those that wait, the most urgent, then the first in line.

use std::sync::{Arc, Mutex, PoisonError};

use dipper_state::Priority;
use dipper_types::JobId;
use tokio::sync::Notify;

#[derive(Debug)]
pub(crate) struct Turns {
    most: usize,
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    running: usize,
    waiting: Vec<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    job: JobId,
    priority: Priority,
    position: i64,
}

/// A job's place among the running ones.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Arc<Turns>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.locked().running -= 1;
        self.turns.changed.notify_waiters();
    }
}

/// Leaves the line where the wait is given up.
struct InLine<'a> {
    turns: &'a Turns,
    job: JobId,
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.turns.locked().waiting.retain(|w| w.job != self.job);
        self.turns.changed.notify_waiters();
    }
}

impl Turns {
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), inner: Mutex::default(), changed: Notify::new() })
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn wait(self: &Arc<Self>, job: JobId, priority: Priority, position: i64) -> Turn {
        self.locked().waiting.push(Waiter { job, priority, position });
        let line = InLine { turns: self, job };
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut inner = self.locked();
                if inner.running < self.most && inner.next() == Some(job) {
                    inner.running += 1;
                    drop(inner);
                    drop(line);
                    return Turn { turns: Arc::clone(self) };
                }
            }
            changed.await;
        }
    }

    /// A waiting job has got another place in the line.
    pub fn reorder(&self, job: JobId, priority: Priority, position: i64) {
        let mut inner = self.locked();
        if let Some(waiter) = inner.waiting.iter_mut().find(|w| w.job == job) {
            (waiter.priority, waiter.position) = (priority, position);
        }
        drop(inner);
        self.changed.notify_waiters();
    }
}

impl Inner {
    fn next(&self) -> Option<JobId> {
        let first = self
            .waiting
            .iter()
            .min_by_key(|w| (std::cmp::Reverse(w.priority), w.position, w.job.get()));
        first.map(|w| w.job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_urgent_goes_first_then_the_line() {
        let turns = Turns::new(1);
        let first = turns.wait(JobId::new(1), Priority::Normal, 1).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for (id, priority) in
            [(2, Priority::Low), (3, Priority::Normal), (4, Priority::Normal), (5, Priority::High)]
        {
            let (line, order) = (Arc::clone(&turns), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                let turn = line.wait(JobId::new(id), priority, id).await;
                order.lock().unwrap().push(id);
                drop(turn);
            }));
        }
        while turns.locked().waiting.len() < 4 {
            tokio::task::yield_now().await;
        }
        turns.reorder(JobId::new(4), Priority::Normal, 0);
        drop(first);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [5, 4, 3, 2]);
    }

    #[tokio::test]
    async fn who_gives_up_holds_nobody() {
        let turns = Turns::new(1);
        let first = turns.wait(JobId::new(1), Priority::Normal, 1).await;
        let line = Arc::clone(&turns);
        let gone = tokio::spawn(async move { line.wait(JobId::new(2), Priority::High, 2).await });
        while turns.locked().waiting.is_empty() {
            tokio::task::yield_now().await;
        }
        gone.abort();
        assert!(gone.await.is_err());
        drop(first);
        turns.wait(JobId::new(3), Priority::Low, 3).await;
    }
}
