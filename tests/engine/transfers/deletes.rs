use dipper_state::JobState;
use dipper_transfer::ListedAction;

use crate::rig::Place;

pub async fn exactly_the_set() {
    let place = Place::new().await;
    let all =
        ["foo", "foo.txt", "foo/", "foo/a", "foo/b/c", "foobar", "foobar/x", "Foo/a", "foo//a"];
    for name in all {
        place.put(name, b"x").await;
    }
    let rig = place.rig();
    let set = [("foo/", 1), ("foo/a", 1), ("foo/b/c", 1), ("never/there", 1)];
    let id = rig.begin_listed(&place.bucket, "", &set, ListedAction::Delete).await;
    let job = rig.ended(id).await;
    assert_eq!((job.state, job.files_done), (JobState::Completed, 4));
    let mut left = place.keys().await;
    left.sort();
    assert_eq!(left, ["Foo/a", "foo", "foo.txt", "foo//a", "foobar", "foobar/x"]);
}

pub async fn more_than_a_batch() {
    let place = Place::new().await;
    place.sandbox.seed("bucket", 2_500).await.unwrap();
    place.put("stays", b"x").await;
    let names: Vec<String> = (0..2_500).map(|n| format!("seed-{n:08}.txt")).collect();
    let set: Vec<(&str, u64)> = names.iter().map(|n| (n.as_str(), 0)).collect();
    let rig = place.rig();
    let id = rig.begin_listed(&place.bucket, "", &set, ListedAction::Delete).await;
    let job = rig.ended(id).await;
    assert_eq!((job.state, job.files_done, job.files_failed), (JobState::Completed, 2_500, 0));
    assert_eq!(place.keys().await, ["stays"]);
}
