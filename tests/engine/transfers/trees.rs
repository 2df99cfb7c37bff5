use std::path::Path;

use dipper_s3::PutRequest;
use dipper_state::{JobState, TransferState};
use dipper_transfer::{ListedAction, OnExisting};

use crate::rig::Place;
use crate::support::{key, noise, tree};

pub async fn a_tree_goes_up_and_comes_back() {
    let place = Place::new().await;
    let files = [
        ("plain.txt", noise(1, 10)),
        ("with space.txt", noise(2, 70_000)),
        ("grüße/ünïcode ☃.bin", noise(3, 1 << 20)),
        ("grüße/deep/er/100%25+&.txt", noise(4, 3)),
        ("empty", Vec::new()),
    ];
    for (name, bytes) in &files {
        place.file(name, bytes);
    }
    std::os::unix::fs::symlink("/etc/passwd", place.src().join("link")).unwrap();
    std::fs::create_dir(place.src().join("empty folder")).unwrap();
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&place.src(), "up/")]).await;
    assert_eq!(job.state, JobState::Completed, "{job:?}");
    assert_eq!((job.files_total, job.files_done, job.files_skipped), (6, 5, 1));
    let bytes: u64 = files.iter().map(|(_, b)| b.len() as u64).sum();
    assert_eq!((job.bytes_total, job.bytes_done), (bytes, bytes));
    for item in rig.items(job.id) {
        match item.key.as_str() {
            "up/link" => assert_eq!(
                (item.state, item.error.as_deref()),
                (TransferState::Skipped, Some("symlink"))
            ),
            _ => assert_eq!(
                (item.state, item.verified.as_deref()),
                (TransferState::Completed, Some("crc64nvme")),
                "{item:?}"
            ),
        }
    }
    let mut want: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (format!("up/{name}"), bytes.clone())).collect();
    want.sort();
    let mut got = place.objects().await;
    got.sort();
    assert!(got == want);
    assert_eq!(rig.told.stored.lock().unwrap().len(), 5);
    let head = place.s3.head_object(&place.bucket, &key("up/plain.txt")).await.unwrap();
    assert_eq!(head.headers.content_type.as_deref(), Some("text/plain"));

    let objects: Vec<(&str, u64)> =
        want.iter().map(|(k, b)| (k.as_str(), b.len() as u64)).collect();
    let action = ListedAction::Download {
        folder: place.dst().into(),
        on_existing: OnExisting::Refuse,
        portable_names: false,
        as_stored: false,
    };
    let id = rig.begin_listed(&place.bucket, "up/", &objects, action).await;
    let job = rig.ended(id).await;
    assert_eq!(job.state, JobState::Completed, "{job:?}");
    assert!(rig.items(id).iter().all(|i| i.verified.as_deref() == Some("crc64nvme")));
    let mut want = tree(&place.src());
    // A literal `%25` would read as one of ours: it is escaped, so that it can be read back.
    for (path, _) in &mut want {
        *path = path.to_str().unwrap().replace("%25", "%2525").into();
    }
    want.sort();
    let got = tree(&place.dst());
    assert_eq!(names(&got), names(&want));
    assert!(got == want);
}

fn names(files: &[(std::path::PathBuf, Vec<u8>)]) -> Vec<&Path> {
    files.iter().map(|(path, _)| path.as_path()).collect()
}

pub async fn a_large_file_in_parts() {
    let place = Place::durable().await;
    let bytes = noise(5, 40 << 20);
    let path = place.file("big.bin", &bytes);
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&path, "big.bin")]).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", rig.items(job.id));
    assert_eq!(rig.items(job.id)[0].verified.as_deref(), Some("crc64nvme"));
    let head = place.s3.head_object(&place.bucket, &key("big.bin")).await.unwrap();
    assert!(head.etag.unwrap().ends_with("-5"));
    assert_eq!(place.open_uploads().await, 0);
    let job = rig.download(&place.bucket, &[("big.bin", 40 << 20)], &place.dst()).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", rig.items(job.id));
    assert_eq!(rig.items(job.id)[0].verified.as_deref(), Some("crc64nvme"));
    assert_eq!(names(&tree(&place.dst())), [Path::new("big.bin")], "and no temporary file");
    assert!(std::fs::read(place.dst().join("big.bin")).unwrap() == bytes);
}

/// Stored by a client that sends no checksum of ours: the MD5 proves it.
pub async fn an_object_from_elsewhere() {
    let place = Place::new().await;
    let bytes = noise(6, 9 << 20);
    place
        .s3
        .put_object(&place.bucket, &key("k"), bytes.clone().into(), &PutRequest::default(), None)
        .await
        .unwrap();
    let nothing = dipper_sandbox::When::default();
    place.sandbox.faults().add(nothing, dipper_sandbox::Fault::NoChecksum);
    let rig = place.rig();
    // The size is what the listing said, and wrong by now.
    let job = rig.download(&place.bucket, &[("k", 7)], &place.dst()).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", rig.items(job.id));
    assert_eq!(rig.items(job.id)[0].verified.as_deref(), Some("md5"));
    assert!(std::fs::read(place.dst().join("k")).unwrap() == bytes);
}

pub async fn one_file_keeps_both() {
    let place = Place::new().await;
    place.put("a/report.pdf", b"new").await;
    let file = place.dst().join("mine.pdf");
    std::fs::write(&file, "old").unwrap();
    let rig = place.rig();
    let to = |on_existing| ListedAction::DownloadTo {
        file: file.clone().into(),
        on_existing,
        as_stored: false,
    };
    let objects = [("a/report.pdf", 3)];
    let id = rig.begin_listed(&place.bucket, "a/", &objects, to(OnExisting::KeepBoth)).await;
    assert_eq!(rig.ended(id).await.state, JobState::Completed);
    assert_eq!(std::fs::read(&file).unwrap(), b"old");
    assert_eq!(std::fs::read(place.dst().join("mine (2).pdf")).unwrap(), b"new");
    let id = rig.begin_listed(&place.bucket, "a/", &objects, to(OnExisting::Refuse)).await;
    let job = rig.ended(id).await;
    assert_eq!(rig.failure(&job).code, dipper_app::Code::AlreadyExists);
    assert_eq!(std::fs::read(&file).unwrap(), b"old");
    let id = rig.begin_listed(&place.bucket, "a/", &objects, to(OnExisting::Overwrite)).await;
    assert_eq!(rig.ended(id).await.state, JobState::Completed);
    assert_eq!(std::fs::read(&file).unwrap(), b"new");
    assert_eq!(tree(&place.dst()).len(), 2);
}
