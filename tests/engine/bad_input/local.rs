use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dipper_sandbox::{Fault, When};
use dipper_state::JobState;
use dipper_transfer::{ListedAction, OnExisting};

use super::told;
use crate::rig::{Place, until};
use crate::support::{bucket, noise, tree};

const BIG: usize = 24 << 20;

pub async fn a_file_that_vanishes() {
    let place = Place::new().await;
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(Path::new("/nowhere/at/all"), "f")]).await;
    told("file gone", &rig.failure(&job));
    // In the middle: what is open is still there to be read, but its name is gone.
    let path = place.file("big", &noise(40, BIG));
    slow(&place);
    let id = rig.begin_upload(&place.bucket, &[(&path, "big")]).await;
    until("it has begun", || async { place.open_uploads().await == 1 }).await;
    std::fs::remove_file(&path).unwrap();
    let job = rig.ended(id).await;
    told("file gone", &rig.failure(&job));
    nothing_there(&place).await;
}

fn slow(place: &Place) {
    let when = When { method: Some("PUT"), contains: Some("partNumber".into()), ..When::default() };
    place.sandbox.faults().add(when, Fault::Delay(Duration::from_millis(150)));
}

async fn nothing_there(place: &Place) {
    assert_eq!((place.keys().await.len(), place.open_uploads().await), (0, 0));
}

/// Changes the file again and again until dropped.
struct Busy(Arc<AtomicBool>, Option<std::thread::JoinHandle<()>>);

impl Busy {
    fn new(mut change: impl FnMut() + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                change();
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        Self(stop, Some(thread))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        let _ = self.1.take().unwrap().join();
    }
}

fn append(path: &Path) {
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(b"more").unwrap();
}

pub async fn a_file_that_keeps_growing() {
    for size in [4 << 20, BIG] {
        let place = Place::new().await;
        let path = place.file("log", &noise(41, size));
        slow(&place);
        let grown = path.clone();
        let busy = Busy::new(move || append(&grown));
        let rig = place.rig();
        let job = rig.upload(&place.bucket, &[(&path, "log")]).await;
        drop(busy);
        if size == BIG {
            told("file changes", &rig.failure(&job));
            nothing_there(&place).await;
        } else {
            // Read in one go: either it was seen to grow, or what was stored is a state it had.
            match job.state {
                JobState::Completed => {
                    let whole = std::fs::read(&path).unwrap();
                    assert!(whole.starts_with(&place.objects().await[0].1));
                }
                _ => {
                    told("file changes", &rig.failure(&job));
                    nothing_there(&place).await;
                }
            }
        }
    }
}

pub async fn a_file_that_grew_once() {
    let place = Place::new().await;
    let path = place.file("log", &noise(42, BIG));
    slow(&place);
    let rig = place.rig();
    let id = rig.begin_upload(&place.bucket, &[(&path, "log")]).await;
    until("it has begun", || async { place.open_uploads().await == 1 }).await;
    append(&path);
    let job = rig.ended(id).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", rig.items(id));
    assert_eq!((job.bytes_total, job.bytes_done), (BIG as u64 + 4, BIG as u64 + 4));
    assert!(place.objects().await[0].1 == std::fs::read(&path).unwrap(), "the grown one");
    assert_eq!(place.open_uploads().await, 0);
}

pub async fn a_file_that_shrank_once() {
    let place = Place::new().await;
    let path = place.file("f", &noise(43, BIG));
    slow(&place);
    let rig = place.rig();
    let id = rig.begin_upload(&place.bucket, &[(&path, "f")]).await;
    until("it has begun", || async { place.open_uploads().await == 1 }).await;
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1000).unwrap();
    let job = rig.ended(id).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", rig.items(id));
    assert!(place.objects().await[0].1 == std::fs::read(&path).unwrap(), "the small one");
    assert_eq!(place.open_uploads().await, 0, "what was begun for the large one is aborted");
}

pub async fn a_file_that_keeps_shrinking() {
    let place = Place::new().await;
    let path = place.file("f", &noise(44, BIG));
    slow(&place);
    let shrunk = path.clone();
    let mut size = BIG as u64;
    let rig = place.rig();
    let id = rig.begin_upload(&place.bucket, &[(&path, "f")]).await;
    until("it has begun", || async { place.open_uploads().await == 1 }).await;
    let busy = Busy::new(move || {
        size -= 10;
        std::fs::OpenOptions::new().write(true).open(&shrunk).unwrap().set_len(size).unwrap();
    });
    let job = rig.ended(id).await;
    drop(busy);
    told("file changes", &rig.failure(&job));
    nothing_there(&place).await;
}

pub async fn an_unreadable_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new().await;
    let path = place.file("f", b"text");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&path, "f")]).await;
    told("file unreadable", &rig.failure(&job));
}

pub async fn no_bucket_there() {
    let place = Place::new().await;
    let path = place.file("f", b"text");
    let rig = place.rig();
    let job = rig.upload(&bucket("none-here"), &[(&path, "f")]).await;
    told("missing bucket", &rig.failure(&job));
}

/// A mount that goes with the trial.
struct Small(std::path::PathBuf);

impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

pub async fn a_full_disk() {
    let place = Place::new().await;
    place.put("big", &noise(45, 12 << 20)).await;
    let mut mount = std::process::Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=8m", "dipper-test"]).arg(place.dst());
    assert!(mount.status().unwrap().success(), "no tmpfs could be mounted");
    let small = Small(place.dst());
    let rig = place.rig();
    let job = rig.download(&place.bucket, &[("big", 12 << 20)], &place.dst()).await;
    assert_eq!(job.state, JobState::Paused, "{job:?}");
    told("disk full", &serde_json::from_str(job.error.as_deref().unwrap()).unwrap());
    assert!(!place.dst().join("big").exists(), "nothing half-written has its name");
    let mut larger = std::process::Command::new("mount");
    larger.args(["-o", "remount,size=32m"]).arg(place.dst());
    assert!(larger.status().unwrap().success());
    rig.engine.unpause(job.id).await.unwrap();
    assert_eq!(rig.ended(job.id).await.state, JobState::Completed);
    assert!(std::fs::read(place.dst().join("big")).unwrap() == noise(45, 12 << 20));
    assert_eq!(tree(&place.dst()).len(), 1, "and no temporary file is left");
    drop(small);
}

pub async fn a_folder_that_is_a_file() {
    let place = Place::new().await;
    place.put("a/b", b"text").await;
    std::fs::write(place.dst().join("a"), "mine").unwrap();
    let rig = place.rig();
    let job = rig.download(&place.bucket, &[("a/b", 4)], &place.dst()).await;
    told("folder is a file", &rig.failure(&job));
    assert_eq!(std::fs::read(place.dst().join("a")).unwrap(), b"mine");
}

pub async fn what_exists_stays() {
    let place = Place::new().await;
    place.put("f", b"new").await;
    std::fs::write(place.dst().join("f"), "old").unwrap();
    let rig = place.rig();
    let action = ListedAction::Download {
        folder: place.dst().into(),
        on_existing: OnExisting::Refuse,
        portable_names: false,
        as_stored: false,
    };
    let id = rig.begin_listed(&place.bucket, "", &[("f", 3)], action).await;
    let job = rig.ended(id).await;
    told("exists", &rig.failure(&job));
    assert_eq!(tree(&place.dst()), [("f".into(), b"old".to_vec())]);
}
