//! Which of S3's operations a case makes, as the client tells it in its trace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::{CASES, Kind, Run, unsupported};

#[derive(Default, Clone)]
struct Asked(Arc<Mutex<BTreeSet<String>>>);

impl Visit for Asked {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "op" {
            self.0.lock().unwrap().insert(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl Subscriber for Asked {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "dipper_s3::asked"
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Each operation with the cases that make it, as they go on the sandbox. Each thread hears its own.
pub fn by_operation() -> BTreeMap<String, Vec<&'static str>> {
    let supported: Vec<_> =
        CASES.iter().filter(|c| unsupported::answer(Kind::Memory, c.0).is_none()).collect();
    let threads: Vec<_> = (0..4)
        .map(|at| {
            let share: Vec<_> = supported.iter().copied().skip(at).step_by(4).collect();
            std::thread::spawn(move || share.into_iter().map(operations_of).collect::<Vec<_>>())
        })
        .collect();
    let mut told: Vec<_> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
    told.sort_by_key(|(name, _)| CASES.iter().position(|(case, _)| case == name));
    let mut all = BTreeMap::<String, Vec<&'static str>>::new();
    for (name, ops) in told {
        for op in ops {
            all.entry(op).or_default().push(name);
        }
    }
    all
}

fn operations_of((name, run): &'static (&'static str, Run)) -> (&'static str, BTreeSet<String>) {
    let asked = Asked::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(asked.clone(), || {
        runtime.block_on(async { run(Arc::new(Kind::Memory.start().await)).await });
    });
    runtime.shutdown_background();
    let ops = std::mem::take(&mut *asked.0.lock().unwrap());
    (name, ops)
}
