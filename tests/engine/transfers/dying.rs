//! Disks that fail: reads and writes end in EIO. The job says so, nothing half-written has its name,
//! nothing stays open on the server, and it goes on once the disk is well.

use std::path::Path;
use std::process::Command;

use dipper_app::Code;
use dipper_sandbox::{Fault, When};
use dipper_state::{JobState, TransferState};
use serde_json::json;

use crate::child::command;
use crate::rig::Place;
use crate::support::{noise, tree};

/// In parts, and in one request.
const FILES: [(&str, usize); 2] = [("big/a", 20 << 20), ("big/b", 50_000)];

/// Why these can't run here.
pub fn lacks() -> Option<String> {
    let can = cfg!(target_os = "linux") && crate::support::has("gcc");
    (!can).then(|| "Linux and gcc are needed".to_owned())
}

/// A call that fails, which of them, and whether every later one does, too.
type Failing = (&'static str, u32, bool);

fn preloaded(place: &Place, child: &mut Command, under: &Path, (call, at, ever): Failing) {
    let library = place.folder.path().join("eio.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("eio.c");
    let mut gcc = Command::new("gcc");
    gcc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(gcc.status().unwrap().success());
    child.env("LD_PRELOAD", library).env("EIO_CALL", call).env("EIO_AT", at.to_string());
    child.env("EIO_UNDER", under.canonicalize().unwrap());
    if ever {
        child.env("EIO_EVER", "1");
    }
}

async fn once(up: bool, failing: Failing, mute: bool) {
    let told = format!("{} {failing:?}", if up { "up" } else { "down" });
    let place = Place::new().await;
    let mut want = Vec::new();
    for (at, (name, size)) in FILES.into_iter().enumerate() {
        let bytes = noise(90 + at as u64, size);
        match up {
            true => drop(place.file(name.strip_prefix("big/").unwrap(), &bytes)),
            false => place.put(name, &bytes).await,
        }
        want.push((name.to_owned(), bytes));
    }
    if mute {
        place.sandbox.faults().add(When::default(), Fault::NoChecksum);
    }
    let objects: Vec<_> = FILES.iter().map(|(name, size)| (*name, *size as u64)).collect();
    let path = if up { place.src() } else { place.dst() };
    let mut child = command(&json!({
        "role": if up { "upload" } else { "objects" },
        "endpoint": place.sandbox.endpoint(), "home": place.home(), "path": path,
        "objects": objects,
        "access": place.main().access_key, "secret": place.main().secret_key.expose(),
    }));
    preloaded(&place, &mut child, &path, failing);
    assert!(tokio::process::Command::from(child).status().await.unwrap().success(), "{told}");
    let rig = place.rig();
    let job = rig.engine.journal().jobs().unwrap()[0].clone();
    assert_eq!(job.state, JobState::Failed, "{told}: {job:?}");
    let failed: Vec<_> =
        rig.items(job.id).into_iter().filter(|i| i.state == TransferState::Failed).collect();
    assert!(!failed.is_empty(), "{told}");
    for item in &failed {
        let failure: dipper_app::Failure =
            serde_json::from_str(item.error.as_deref().unwrap()).unwrap();
        assert_eq!(failure.code, Code::LocalIo, "{told}: {failure:?}");
        assert!(failure.message.contains("Input/output error"), "{told}: {failure:?}");
    }
    // What has its name is whole, and what failed has none.
    let there = if up { place.objects().await } else { files(&place) };
    assert_eq!(there.len() + failed.len(), FILES.len(), "{told}: something half-done stays");
    assert!(there.iter().all(|one| want.contains(one)), "{told}: half a file has its name");
    assert_eq!(place.open_uploads().await, 0, "{told}");
    rig.engine.retry(job.id).await.unwrap();
    assert_eq!(rig.ended(job.id).await.state, JobState::Completed, "{told}");
    let there = if up { place.objects().await } else { files(&place) };
    assert!(there == want, "{told}");
}

fn files(place: &Place) -> Vec<(String, Vec<u8>)> {
    let all = tree(&place.dst()).into_iter();
    all.map(|(path, bytes)| (path.to_str().unwrap().to_owned(), bytes)).collect()
}

pub async fn a_source_that_fails() {
    for failing in [("read", 1, false), ("read", 2, false), ("read", 4, false), ("read", 1, true)] {
        once(true, failing, false).await;
    }
}

pub async fn a_destination_that_fails() {
    for failing in [
        ("write", 1, false),
        ("write", 2, false),
        ("write", 4, false),
        ("write", 1, true),
        ("resize", 1, false),
        ("sync", 1, true),
    ] {
        once(false, failing, false).await;
    }
}

/// What was written can't be read back: where the server tells no checksum, that is how it is proven.
pub async fn a_destination_that_can_not_be_read_back() {
    for failing in [("read", 1, false), ("read", 7, false)] {
        once(false, failing, true).await;
    }
}
