//! Trees that hold more than files: nothing blocks, nothing loops, and each thing that stays out is told.

use std::os::unix::fs::symlink;

use dipper_state::{JobState, TransferState};

use crate::rig::Place;
use crate::support::noise;

pub async fn what_is_no_file_is_told() {
    let place = Place::new().await;
    let src = place.src();
    place.file("a/file", b"text");
    place.file("a/zero", b"");
    std::fs::hard_link(src.join("a/file"), src.join("a/twin")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(src.join("fifo")).status().unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(src.join("socket")).unwrap();
    symlink(&src, src.join("a/loop")).unwrap();
    symlink("b", src.join("c")).unwrap();
    symlink("c", src.join("b")).unwrap();
    symlink("/etc", src.join("etc")).unwrap();
    symlink("nowhere", src.join("dangling")).unwrap();
    let mut deep = src.clone();
    for _ in 0..120 {
        deep.push("deep");
    }
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("down"), "deep").unwrap();
    // Read as zeros; what it takes on disk is nobody's matter.
    let sparse = std::fs::File::create(src.join("sparse")).unwrap();
    sparse.set_len(24 << 20).unwrap();

    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&src, "up/")]).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", rig.items(job.id));
    assert_eq!((job.files_done, job.files_skipped, job.files_failed), (5, 7, 0));
    let mut skipped: Vec<(String, String)> = Vec::new();
    for item in rig.items(job.id) {
        if item.state == TransferState::Skipped {
            skipped.push((item.key, item.error.unwrap()));
        }
    }
    skipped.sort();
    let want = [
        ("up/a/loop", "symlink"),
        ("up/b", "symlink"),
        ("up/c", "symlink"),
        ("up/dangling", "symlink"),
        ("up/etc", "symlink"),
        ("up/fifo", "special"),
        ("up/socket", "special"),
    ];
    assert_eq!(skipped, want.map(|(key, why)| (key.to_owned(), why.to_owned())));
    let objects = place.objects().await;
    let of = |name: &str| &objects.iter().find(|(key, _)| key == name).unwrap().1;
    assert_eq!((of("up/a/file"), of("up/a/twin")), (&b"text".to_vec(), &b"text".to_vec()));
    assert!(of("up/a/zero").is_empty());
    assert!(of("up/sparse").len() == 24 << 20 && of("up/sparse").iter().all(|byte| *byte == 0));
}

/// Who can write into the chosen folder swaps one of its folders for a link, again and again.
pub async fn a_folder_swapped_for_a_link() {
    let place = Place::new().await;
    let mut names = Vec::new();
    for n in 0..300 {
        let name = format!("sub/deep{}/f{n:03}", n % 30);
        place.put(&name, &noise(n, 2000)).await;
        names.push(name);
    }
    let (inside, outside) = (place.dst().join("chosen"), place.folder.path().join("outside"));
    std::fs::create_dir_all(inside.join("sub")).unwrap();
    std::fs::create_dir(&outside).unwrap();
    std::fs::create_dir(inside.join("aside")).unwrap();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (over, sub, aside) =
        (std::sync::Arc::clone(&stop), inside.join("sub"), inside.join("aside"));
    let target = outside.clone();
    let attacker = std::thread::spawn(move || {
        let mut swaps = 0;
        while !over.load(std::sync::atomic::Ordering::Relaxed) {
            let aside = aside.join(format!("{swaps}"));
            if std::fs::rename(&sub, &aside).is_err() {
                std::thread::yield_now();
                continue;
            }
            let _swapped = symlink(&target, &sub);
            std::thread::sleep(std::time::Duration::from_micros(300));
            let _gone = std::fs::remove_file(&sub);
            let _back = std::fs::rename(&aside, &sub);
            std::thread::sleep(std::time::Duration::from_micros(300));
            swaps += 1;
        }
        swaps
    });
    let rig = place.rig();
    let objects: Vec<_> = names.iter().map(|name| (name.as_str(), 2000)).collect();
    let mut job = rig.download(&place.bucket, &objects, &inside).await;
    for _ in 0..4 {
        if job.state == JobState::Completed {
            break;
        }
        rig.engine.retry(job.id).await.unwrap();
        job = rig.ended(job.id).await;
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let swaps = attacker.join().unwrap();
    println!("{swaps} swaps, {} of 300 files came", job.files_done);
    assert!(swaps >= 100, "{swaps} swaps");
    let left: Vec<_> = std::fs::read_dir(&outside).unwrap().collect();
    assert!(left.is_empty(), "outside: {left:?}");
}
