//! How many requests are under way, over time: more where that moves more, half as many when the server
//! says that it is too much. The record is printed (`--no-capture`); what it looked like stands in
//! `docs/transfers.md`.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dipper_sandbox::{Fault, Mix, When};
use dipper_state::JobState;
use dipper_transfer::Limits;

use crate::rig::{LIMITS, Place, Rig, until};

/// What every endpoint begins with.
const START: usize = 64;
const MOST: usize = 256;

/// Each change of the limit, with its time in milliseconds.
type Record = Arc<Mutex<Vec<(u128, usize)>>>;

fn late(place: &Place, latency: Duration) {
    let when = When { contains: Some("/bucket/".into()), ..When::default() };
    place.sandbox.faults().add(when, Fault::Delay(latency));
}

fn rig(place: &Place) -> Rig {
    let limits = Limits { files: MOST, patience: Duration::from_secs(60), ..LIMITS };
    Rig::with(&place.home(), place.s3.clone(), limits)
}

fn now(rig: &Rig) -> usize {
    rig.engine.concurrency().first().map_or(START, |(_, lanes)| *lanes)
}

fn recorded(rig: &Rig) -> (Record, tokio::task::JoinHandle<()>) {
    let record: Record = Arc::default();
    let (shared, engine, begun) = (Arc::clone(&record), Arc::clone(&rig.engine), Instant::now());
    let task = tokio::spawn(async move {
        loop {
            if let Some((_, lanes)) = engine.concurrency().first() {
                let mut record = shared.lock().unwrap();
                if record.last().is_none_or(|(_, last)| last != lanes) {
                    record.push((begun.elapsed().as_millis(), *lanes));
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    (record, task)
}

fn told(what: &str, record: &Record, files: usize, took: Duration) -> Vec<usize> {
    let record = record.lock().unwrap().clone();
    let steps: Vec<_> = record.iter().map(|(at, lanes)| format!("{lanes} at {at} ms")).collect();
    let rate = files as f64 / took.as_secs_f64();
    println!("{what}: {files} files in {took:.1?}, {rate:.0} a second: {}", steps.join(", "));
    record.into_iter().map(|(_, lanes)| lanes).collect()
}

/// So many small files up, at this latency.
async fn run(latency: u64, files: usize) -> Vec<usize> {
    let place = Place::new().await;
    for n in 0..files {
        place.file(&format!("f{n:05}"), format!("file {n}").as_bytes());
    }
    late(&place, Duration::from_millis(latency));
    let rig = rig(&place);
    let (record, task) = recorded(&rig);
    let started = Instant::now();
    let job = rig.upload(&place.bucket, &[(&place.src(), "up")]).await;
    let took = started.elapsed();
    task.abort();
    assert_eq!((job.state, job.files_done), (JobState::Completed, files as u64));
    told(&format!("{latency} ms"), &record, files, took)
}

pub async fn as_many_as_help() {
    for (latency, files) in [(1, 800), (20, 800), (200, 2000)] {
        let lanes = run(latency, files).await;
        assert_eq!(lanes[0], START, "{latency} ms");
        assert!(lanes.iter().all(|lanes| (1..=MOST).contains(lanes)), "{latency} ms: {lanes:?}");
        // So late that 64 at a time leave server and client idle: it must have gone up from there.
        if latency == 200 {
            assert!(lanes.iter().any(|lanes| *lanes >= 2 * START), "{lanes:?}");
        }
    }
}

pub async fn half_as_many_when_told_to() {
    let (latency, files) = (50, 3000);
    let place = Place::new().await;
    for n in 0..files {
        place.file(&format!("f{n:05}"), format!("file {n}").as_bytes());
    }
    late(&place, Duration::from_millis(latency));
    let mut busy = Mix::new(9, 300, vec![Fault::Status { status: 503, code: "SlowDown" }]);
    busy.when = When { method: Some("PUT"), contains: Some("/bucket/".into()), ..When::default() };
    place.sandbox.faults().mix(busy);
    let rig = rig(&place);
    let (record, task) = recorded(&rig);
    let started = Instant::now();
    let id = rig.begin_upload(&place.bucket, &[(&place.src(), "up")]).await;
    until("it has been halved twice", || async { now(&rig) <= START / 4 }).await;
    place.sandbox.faults().clear();
    late(&place, Duration::from_millis(latency));
    let job = rig.ended(id).await;
    let took = started.elapsed();
    task.abort();
    assert_eq!((job.state, job.files_done), (JobState::Completed, files as u64));
    let lanes = told("SlowDown", &record, files, took);
    // Between two looks it may have grown again after a halving, but never shrinks by more.
    let falls = || lanes.windows(2).take_while(|pair| pair[1] < pair[0]);
    assert!(falls().all(|pair| pair[1] >= pair[0] / 2), "by half at most: {lanes:?}");
    assert!(falls().any(|pair| pair[1] == pair[0] / 2), "half as many at once: {lanes:?}");
    let least = lanes.iter().position(|lanes| *lanes <= START / 4).unwrap();
    assert!(lanes[least..].iter().any(|now| *now > lanes[least]), "more again: {lanes:?}");
}
