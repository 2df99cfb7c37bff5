//! `kill -9` in the middle of a transfer, told by the bytes that passed; then somebody takes it up.

use std::path::Path;
use std::sync::Arc;

use dipper_state::JobState;
use serde_json::json;

use crate::child::command;
use crate::rig::{Place, Rig};
use crate::support::{Random, client, key, noise, seed, tree};
use crate::wire::Wire;

/// In the normal run; the soak asks for more.
pub fn points() -> u64 {
    std::env::var("DIPPER_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(25)
}

const SIZE: u64 = 36 << 20;
const PART: u64 = 8 << 20;
/// Two parts are under way when it dies, and headers cost something, too.
const AGAIN: u64 = 2 * PART + (1 << 20);

/// Somewhere in the given share of the transfer.
fn bytes_at(point: u64, size: u64) -> u64 {
    let share = size / points();
    point * share + Random::new(seed() + point).below(share)
}

/// Runs the role in a process of its own, and kills it when so many bytes have passed.
async fn killed(place: &Place, role: &str, path: &Path, at: u64) -> u64 {
    let wire = Wire::to(place.sandbox.address()).await;
    let role = json!({
        "role": role, "endpoint": wire.endpoint(), "home": place.home(), "path": path, "size": SIZE,
        "access": place.main().access_key, "secret": place.main().secret_key.expose(),
    });
    let (kill, killing) = tokio::sync::oneshot::channel();
    let mut kill = Some(kill);
    wire.watch(move |up, down| {
        if up.max(down) >= at
            && let Some(kill) = kill.take()
        {
            let _ = kill.send(());
        }
    });
    let mut child =
        tokio::process::Command::from(command(&role)).kill_on_drop(true).spawn().unwrap();
    tokio::select! {
        _ = killing => child.kill().await.unwrap(),
        ended = child.wait() => assert!(ended.unwrap().success()),
    }
    wire.up().max(wire.down())
}

async fn taken_up(place: &Place, wire: &Wire) -> Rig {
    let s3 = client(&wire.endpoint(), place.main()).await;
    let rig = Rig::open(&place.home(), s3);
    rig.engine.resume(None).await.unwrap();
    rig.engine.wait_idle().await;
    let jobs = rig.engine.journal().jobs().unwrap();
    assert_eq!(jobs.len(), 1, "the job was in the journal before its first request");
    assert_eq!(jobs[0].state, JobState::Completed, "{:?}", rig.items(jobs[0].id));
    assert_eq!((jobs[0].bytes_total, jobs[0].bytes_done), (SIZE, SIZE));
    rig
}

pub async fn upload(point: u64) {
    let at = bytes_at(point, SIZE);
    let told = format!("seed {}, killed after {at} bytes", seed());
    let place = Place::durable().await;
    let bytes = noise(100 + point, usize::try_from(SIZE).unwrap());
    let path = place.file("big", &bytes);
    let first = killed(&place, "upload", &path, at).await;
    let head = place.s3.head_object(&place.bucket, &key("big")).await;
    assert!(head.is_err() || first > SIZE, "{told}: half an object");
    let wire = Wire::to(place.sandbox.address()).await;
    let rig = taken_up(&place, &wire).await;
    let sent = first + wire.up();
    assert!(sent <= SIZE + AGAIN, "{told}: {sent} bytes sent for {SIZE}");
    drop(rig);
    assert!(place.objects().await == [("big".to_owned(), bytes)], "{told}");
    assert_eq!(place.open_uploads().await, 0, "{told}");
}

pub async fn download(point: u64) {
    let at = bytes_at(point, SIZE);
    let told = format!("seed {}, killed after {at} bytes", seed());
    let place = Place::durable().await;
    let bytes = Arc::new(noise(200 + point, usize::try_from(SIZE).unwrap()));
    place.put("big", &bytes).await;
    let first = killed(&place, "download", &place.dst(), at).await;
    if let Ok(there) = std::fs::read(place.dst().join("big")) {
        assert!(there == **bytes, "{told}: half a file under its final name");
    }
    let wire = Wire::to(place.sandbox.address()).await;
    drop(taken_up(&place, &wire).await);
    let came = first + wire.down();
    assert!(came <= SIZE + AGAIN, "{told}: {came} bytes for {SIZE}");
    let there = tree(&place.dst());
    assert_eq!(there.len(), 1, "{told}: a temporary file stayed");
    assert!(there[0].0.as_os_str() == "big" && there[0].1 == **bytes, "{told}");
}

const FILES: u64 = 120;

/// Small files, some of them empty: what the server has already is not sent again.
pub async fn many(point: u64) {
    let mut random = Random::new(seed() + 1000 + point);
    let sizes: Vec<u64> =
        (0..FILES).map(|n| if n % 16 == 0 { 0 } else { random.below(60_000) }).collect();
    let total: u64 = sizes.iter().sum();
    let at = bytes_at(point, total);
    let told = format!("seed {}, killed after {at} of {total} bytes", seed());
    let place = Place::durable().await;
    let mut want = Vec::new();
    for (n, size) in sizes.iter().enumerate() {
        let (name, bytes) =
            (format!("d{}/f{n:03}", n % 7), noise(n as u64, usize::try_from(*size).unwrap()));
        place.file(&name, &bytes);
        want.push((format!("big/{name}"), bytes));
    }
    want.sort();
    let first = killed(&place, "upload", &place.src(), at).await;
    let wire = Wire::to(place.sandbox.address()).await;
    let rig = Rig::open(&place.home(), client(&wire.endpoint(), place.main()).await);
    rig.engine.resume(None).await.unwrap();
    rig.engine.wait_idle().await;
    let jobs = rig.engine.journal().jobs().unwrap();
    assert_eq!((jobs.len(), jobs[0].state), (1, JobState::Completed), "{told}");
    assert_eq!((jobs[0].files_done, jobs[0].bytes_done), (FILES, total), "{told}");
    // Headers cost about a kilobyte a request, and each file in doubt one more.
    let sent = first + wire.up();
    let most = total + 4 * 60_000 + 3 * 1500 * FILES;
    assert!(sent <= most, "{told}: {sent} bytes sent, {most} at most");
    assert!(place.objects().await == want, "{told}");
    assert_eq!(place.open_uploads().await, 0, "{told}");
    let objects: Vec<(String, u64)> =
        want.iter().map(|(key, bytes)| (key.clone(), bytes.len() as u64)).collect();
    let objects: Vec<(&str, u64)> =
        objects.iter().map(|(key, size)| (key.as_str(), *size)).collect();
    let job = rig.download(&place.bucket, &objects, &place.dst()).await;
    assert_eq!((job.state, job.files_done), (JobState::Completed, FILES), "{told}");
    let mut came: Vec<(String, Vec<u8>)> = tree(&place.dst())
        .into_iter()
        .map(|(path, bytes)| (path.to_string_lossy().into_owned(), bytes))
        .collect();
    came.sort();
    assert!(came == want, "{told}");
}
