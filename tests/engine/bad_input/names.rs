use std::path::PathBuf;

use dipper_state::JobState;

use super::told;
use crate::rig::Place;
use crate::support::tree;

pub async fn keys_that_climb_stay_inside() {
    let place = Place::new().await;
    let names = [
        "../../x",
        "/abs",
        "//abs/twice",
        "a/../../b",
        ".",
        "a/./b",
        "c//d",
        "tab\there",
        "line\nbreak",
        "nul\u{1}one",
        "back\\..\\slash",
        "dots/...",
        "%2e%2e/x",
        "~/home",
        "-rf",
    ];
    for name in names {
        place.put(name, name.as_bytes()).await;
    }
    let inside = place.dst().join("chosen/folder");
    place.put("..", b"two dots").await;
    let before = tree(place.folder.path()).len();
    let rig = place.rig();
    let objects: Vec<(&str, u64)> = names.iter().map(|n| (*n, n.len() as u64)).collect();
    let job = rig.download(&place.bucket, &objects, &inside).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", rig.items(job.id));
    let got = tree(&inside);
    assert_eq!(got.len(), names.len(), "each in a file of its own: {got:?}");
    let all = tree(&place.dst());
    assert!(all.iter().all(|(path, _)| path.starts_with("chosen/folder")), "{all:?}");
    assert!(!std::path::Path::new("/abs").exists());
    for (path, bytes) in got {
        let segments: Vec<String> = path.iter().map(|s| s.to_str().unwrap().to_owned()).collect();
        assert!(segments.iter().all(|s| !s.chars().any(char::is_control)), "{segments:?}");
        let key = String::from_utf8(bytes).unwrap();
        assert!(names.contains(&key.as_str()), "{path:?} has the bytes of its key");
    }
    let job = rig.download(&place.bucket, &[("..", 8)], &place.dst().join("chosen/dots")).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", rig.items(job.id));
    assert_eq!(tree(&place.dst().join("chosen/dots"))[0].1, b"two dots");
    let grown = tree(place.folder.path()).len() - before;
    assert!(grown >= names.len());
}

pub async fn links_that_lead_out_are_refused() {
    let place = Place::new().await;
    place.put("out/f", b"text").await;
    place.put("link", b"text").await;
    let outside = place.src();
    std::fs::write(outside.join("mine"), "mine").unwrap();
    std::os::unix::fs::symlink(&outside, place.dst().join("out")).unwrap();
    std::os::unix::fs::symlink(outside.join("mine"), place.dst().join("link")).unwrap();
    let rig = place.rig();
    let job = rig.download(&place.bucket, &[("out/f", 4)], &place.dst()).await;
    told("link leads out", &rig.failure(&job));
    // A link in the place of the file itself is replaced, not followed.
    let job = rig.download(&place.bucket, &[("link", 4)], &place.dst()).await;
    assert_eq!(job.state, JobState::Completed);
    assert_eq!(tree(&outside), [(PathBuf::from("mine"), b"mine".to_vec())]);
}

pub async fn names_too_long_for_a_disk() {
    let place = Place::new().await;
    let long = "k".repeat(300);
    place.put(&long, b"text").await;
    let rig = place.rig();
    let job = rig.download(&place.bucket, &[(&long, 4)], &place.dst()).await;
    told("name too long", &rig.failure(&job));
    assert!(tree(&place.dst()).is_empty());
}
