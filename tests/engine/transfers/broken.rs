//! What this machine does wrong: no permission, no descriptors, no room, a folder that goes. The job
//! says so, nothing half-written has its name, and it goes on once that is mended.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use dipper_app::Code;
use dipper_sandbox::{Fault, When};
use dipper_state::{JobRow, JobState, TransferState};
use serde_json::json;

use crate::child::{ROLE, command};
use crate::rig::{Place, Rig, until};
use crate::support::{noise, tree};

const NOBODY: u32 = 65534;

/// As the engine's own binary in a place that everybody may run it from.
fn binary(place: &Place) -> PathBuf {
    let (from, to) = (std::env::current_exe().unwrap(), place.folder.path().join("engine"));
    if std::fs::hard_link(&from, &to).is_err() {
        std::fs::copy(&from, &to).unwrap();
    }
    to
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// What a child does with this place.
fn role(
    place: &Place,
    role: &str,
    path: &Path,
    objects: &[(&str, u64)],
    files: u64,
) -> serde_json::Value {
    json!({
        "role": role, "endpoint": place.sandbox.endpoint(), "home": place.home(), "path": path,
        "objects": objects, "descriptors": files,
        "access": place.main().access_key, "secret": place.main().secret_key.expose(),
    })
}

/// Runs the role as somebody who may not do everything; the job is then in the journal.
async fn as_nobody(place: &Place, role: &serde_json::Value) -> (Rig, JobRow) {
    mode(place.folder.path(), 0o755);
    chown(place.home(), Some(NOBODY), Some(NOBODY)).unwrap();
    let mut child = Command::new(binary(place));
    std::os::unix::process::CommandExt::uid(&mut child, NOBODY);
    std::os::unix::process::CommandExt::gid(&mut child, NOBODY);
    child.env(ROLE, role.to_string());
    ended(place, child).await
}

async fn ended(place: &Place, child: Command) -> (Rig, JobRow) {
    let status = tokio::process::Command::from(child).status().await.unwrap();
    assert!(status.success(), "{status}");
    let rig = place.rig();
    rig.engine.resume(None).await.unwrap();
    rig.engine.wait_idle().await;
    let jobs = rig.engine.journal().jobs().unwrap();
    assert_eq!(jobs.len(), 1);
    (rig, jobs[0].clone())
}

async fn again(rig: &Rig, job: &JobRow) -> JobRow {
    match job.state {
        JobState::Paused => rig.engine.unpause(job.id).await.unwrap(),
        _ => rig.engine.retry(job.id).await.unwrap(),
    }
    rig.ended(job.id).await
}

pub async fn a_folder_that_may_not_be_written() {
    let place = Place::new().await;
    let bytes = noise(70, 9 << 20);
    place.put("f", &bytes).await;
    let told = role(&place, "objects", &place.dst(), &[("f", 9 << 20)], 0);
    let (rig, job) = as_nobody(&place, &told).await;
    let failure = rig.failure(&job);
    assert_eq!(failure.code, Code::LocalIo, "{failure:?}");
    assert!(failure.message.contains("Permission denied"), "{failure:?}");
    assert!(tree(&place.dst()).is_empty());
    assert_eq!(again(&rig, &job).await.state, JobState::Completed, "root may");
    assert!(tree(&place.dst()) == [("f".into(), bytes)]);
}

/// All else goes up, and each is told of.
pub async fn what_may_not_be_read() {
    let place = Place::new().await;
    for name in ["open/a", "closed/b", "c", "secret"] {
        place.file(name, name.as_bytes());
    }
    mode(&place.src().join("closed"), 0o000);
    mode(&place.src().join("secret"), 0o000);
    let told = role(&place, "upload", &place.src(), &[], 0);
    let (rig, job) = as_nobody(&place, &told).await;
    assert_eq!((job.state, job.files_done, job.files_failed), (JobState::Failed, 2, 2), "{job:?}");
    for item in rig.items(job.id) {
        let closed = item.key.ends_with("closed") || item.key.ends_with("secret");
        assert_eq!(item.state == TransferState::Failed, closed, "{item:?}");
        assert!(!closed || item.error.as_deref().unwrap().contains("Permission denied"));
    }
    assert_eq!(place.keys().await, ["big/c", "big/open/a"]);
}

/// So few descriptors that not all that could go at once do.
pub async fn no_more_descriptors() {
    for descriptors in [24, 40, 64] {
        let place = Place::new().await;
        let mut objects = Vec::new();
        for n in 0..120 {
            let name = format!("d/f{n:03}");
            place.put(&name, &noise(n, 20_000)).await;
            objects.push(name);
        }
        let objects: Vec<_> = objects.iter().map(|name| (name.as_str(), 20_000)).collect();
        let told = role(&place, "objects", &place.dst(), &objects, descriptors);
        let (rig, job) = ended(&place, command(&told)).await;
        for item in rig.items(job.id).iter().filter(|i| i.state == TransferState::Failed) {
            let error = item.error.as_deref().unwrap();
            assert!(error.contains("Too many open files") || error.contains("network"), "{error}");
        }
        for (path, bytes) in tree(&place.dst()) {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(name.starts_with('f') && bytes.len() == 20_000, "{descriptors}: {path:?}");
        }
        let job = match job.state {
            JobState::Completed => job,
            _ => again(&rig, &job).await,
        };
        assert_eq!((job.state, job.files_done), (JobState::Completed, 120), "{descriptors}");
        for (n, (_, bytes)) in tree(&place.dst()).into_iter().enumerate() {
            assert!(bytes == noise(n as u64, 20_000), "{descriptors}");
        }
    }
}

/// A mount that goes with the trial.
struct Small(PathBuf);

impl Small {
    fn new(at: PathBuf, options: &str) -> Self {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "dipper-test"]).arg(&at);
        assert!(mount.status().unwrap().success(), "no tmpfs could be mounted");
        Self(at)
    }

    fn again(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{options}")]).arg(&self.0);
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

pub async fn a_mount_that_may_only_be_read() {
    let place = Place::new().await;
    let bytes = noise(71, 20 << 20);
    place.put("f", &bytes).await;
    let mount = Small::new(place.dst(), "size=64m");
    mount.again("ro");
    let rig = place.rig();
    let job = rig.download(&place.bucket, &[("f", 20 << 20)], &place.dst()).await;
    let failure = rig.failure(&job);
    assert_eq!(failure.code, Code::LocalIo, "{failure:?}");
    assert!(failure.message.contains("Read-only file system"), "{failure:?}");
    mount.again("rw");
    assert_eq!(again(&rig, &job).await.state, JobState::Completed);
    assert!(tree(&place.dst()) == [("f".into(), bytes)]);
}

pub async fn a_folder_that_goes_meanwhile() {
    for (name, size) in [("deep/er/small", 200_000), ("deep/er/big", 20 << 20)] {
        let place = Place::new().await;
        let bytes = noise(72, size);
        place.put(name, &bytes).await;
        let slow = Fault::Delay(Duration::from_millis(500));
        let last = u32::from(size > 1 << 20);
        let when = When {
            method: Some("GET"),
            contains: Some("/bucket/deep".into()),
            skip: last,
            times: None,
        };
        place.sandbox.faults().add(when, slow);
        let rig = place.rig();
        let id = rig.begin_download(&place.bucket, &[(name, size as u64)], &place.dst()).await;
        until("it waits", || async { place.sandbox.faults().hits() > 0 }).await;
        let _there = std::fs::remove_dir_all(place.dst().join("deep"));
        let mut job = rig.ended(id).await;
        if job.state != JobState::Completed {
            assert_eq!(rig.failure(&job).code, Code::LocalIo, "{:?}", rig.failure(&job));
            assert!(tree(&place.dst()).is_empty());
            job = again(&rig, &job).await;
        }
        assert_eq!(job.state, JobState::Completed, "{:?}", rig.items(id));
        assert!(tree(&place.dst()) == [(name.into(), bytes)], "{name}");
    }
}

/// The journal itself finds no room: what it has not written is not begun, and the job waits.
pub async fn no_room_for_the_journal() {
    for anew in [false, true] {
        without_room(anew).await;
    }
}

async fn without_room(anew: bool) {
    let place = Place::new().await;
    for n in 0..1500 {
        place.file(&format!("d{}/a file with a long name to be kept {n:05}", n % 9), b"text");
    }
    let small = Small::new(place.home(), "size=8m");
    let rig = place.rig();
    let filler = place.home().join("filler");
    let free = |path: &Path| {
        let told = Command::new("df").args(["--output=avail", "-B1"]).arg(path).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        told.lines().last().unwrap().trim().parse::<usize>().unwrap()
    };
    std::fs::write(&filler, vec![1; free(&place.home()) - (64 << 10)]).unwrap();
    let id = rig.begin_upload(&place.bucket, &[(&place.src(), "up/")]).await;
    let job = rig.ended(id).await;
    assert_eq!(job.state, JobState::Paused, "{job:?}");
    let failure: dipper_app::Failure = serde_json::from_str(&job.error.unwrap()).unwrap();
    assert_eq!(failure.code, Code::DiskFull, "{failure:?}");
    assert!(failure.message.contains("disk is full"), "{failure:?}");
    assert!(failure.hint.is_some_and(|hint| hint.contains("resume")));
    // In the same process, and in the next one.
    let rig = match anew {
        true => {
            drop(rig);
            place.rig()
        }
        false => rig,
    };
    std::fs::remove_file(&filler).unwrap();
    rig.engine.unpause(id).await.unwrap();
    let job = rig.ended(id).await;
    assert_eq!(job.state, JobState::Completed, "{job:?}");
    let mut listing = place.s3.list(&place.bucket, Default::default());
    let mut there = 0;
    while let Some(page) = listing.next().await.unwrap() {
        there += page.objects.len();
    }
    assert_eq!((there, job.files_failed), (1500, 0), "{job:?}");
    assert_eq!(place.open_uploads().await, 0);
    drop(small);
}

/// Room is gone to the last byte while a job runs: it can still be written down as paused.
pub async fn the_journal_s_disk_fills_up() {
    let place = Place::new().await;
    let bytes = noise(73, 40 << 20);
    let path = place.file("big", &bytes);
    super::jobs::slow(&place, "PUT", "partNumber=");
    let small = Small::new(place.home(), "size=8m");
    let rig = place.rig();
    let id = rig.begin_upload(&place.bucket, &[(&path, "big")]).await;
    until("it has begun", || async { place.open_uploads().await == 1 }).await;
    let filler = place.home().join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    for size in [64 << 10, 512] {
        while std::io::Write::write_all(&mut file, &vec![1; size]).is_ok() {}
    }
    let job = rig.ended(id).await;
    assert_eq!(job.state, JobState::Paused, "{job:?}");
    let failure: dipper_app::Failure = serde_json::from_str(&job.error.unwrap()).unwrap();
    assert_eq!(failure.code, Code::DiskFull, "{failure:?}");
    std::fs::remove_file(&filler).unwrap();
    place.sandbox.faults().clear();
    rig.engine.unpause(id).await.unwrap();
    assert_eq!(rig.ended(id).await.state, JobState::Completed);
    assert!(place.objects().await == [("big".to_owned(), bytes)]);
    assert_eq!(place.open_uploads().await, 0);
    drop(small);
}
