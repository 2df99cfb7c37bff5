//! Jobs over what is below a prefix, listed while they run.

use std::time::Duration;

use dipper_sandbox::{Fault, When};
use dipper_state::{JobRow, JobState, TransferState};
use dipper_transfer::{Below, Copy, ListedAction, ListedJob, OnExisting};
use dipper_types::{JobId, Prefix, ProfileId};

use crate::rig::{Place, Rig};
use crate::support::bucket;

async fn begin(rig: &Rig, place: &Place, below: &[&str], action: ListedAction) -> JobId {
    let below =
        below.iter().map(|prefix| Below { prefix: (*prefix).into(), ..Below::default() }).collect();
    begin_with(rig, place, below, action).await
}

async fn begin_with(rig: &Rig, place: &Place, below: Vec<Below>, action: ListedAction) -> JobId {
    let job = ListedJob {
        profile: ProfileId::new("p"),
        bucket: place.bucket.clone(),
        prefix: Prefix::root(),
        title: "below".into(),
        objects: Vec::new(),
        below,
        action,
    };
    rig.engine.submit_listed(job).await.unwrap()
}

fn into(place: &Place) -> ListedAction {
    let (folder, on_existing) = (place.dst().into(), OnExisting::Refuse);
    ListedAction::Download { folder, on_existing, portable_names: false, as_stored: false }
}

/// Everything at once would find the same; what begins alike is not below.
pub async fn deleted_is_exactly_what_is_below() {
    let place = Place::new().await;
    place.sandbox.seed("bucket", 3_500).await.unwrap();
    for name in ["seed", "seedling", "seed/", "Seed-1", "tree/a", "tree/b/c", "treetop"] {
        place.put(name, b"x").await;
    }
    let rig = place.rig();
    let id = begin(&rig, &place, &["seed-", "tree/", "nothing/"], ListedAction::Delete).await;
    let job = rig.ended(id).await;
    assert_eq!((job.state, job.files_done, job.planned), (JobState::Completed, 3_502, true));
    let mut left = place.keys().await;
    left.sort();
    assert_eq!(left, ["Seed-1", "seed", "seed/", "seedling", "treetop"]);
}

/// The second page is late; by then the first files are there.
pub async fn files_come_while_the_rest_is_listed() {
    let place = Place::new().await;
    place.sandbox.seed("bucket", 1_500).await.unwrap();
    let late = When { contains: Some("list-type=2".into()), skip: 1, ..When::default() };
    place.sandbox.faults().add(late, Fault::Delay(Duration::from_secs(2)));
    let rig = place.rig();
    let id = begin(&rig, &place, &["seed-"], into(&place)).await;
    let early = loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let job = rig.engine.journal().job(id).unwrap().unwrap();
        if job.files_done > 0 || job.planned {
            break job;
        }
    };
    assert!(!early.planned, "{early:?}");
    let job = rig.ended(id).await;
    assert_eq!((job.state, job.files_total, job.files_done), (JobState::Completed, 1_500, 1_500));
    assert_eq!(std::fs::read_dir(place.dst()).unwrap().count(), 1_500);
}

/// What had been found is done, the job fails with the reason, and goes on from there.
pub async fn a_listing_that_breaks_off_is_gone_on_with() {
    let place = Place::new().await;
    place.sandbox.seed("bucket", 3_000).await.unwrap();
    let later = When { contains: Some("list-type=2".into()), skip: 1, ..When::default() };
    place.sandbox.faults().add(later, Fault::Status { status: 403, code: "AccessDenied" });
    let rig = place.rig();
    let id = begin(&rig, &place, &["seed-"], into(&place)).await;
    let broken = rig.ended(id).await;
    assert_eq!((broken.state, broken.planned), (JobState::Failed, false));
    assert!(broken.error.as_deref().unwrap().contains("AccessDenied"), "{broken:?}");
    let (found, done) = (broken.files_total, broken.files_done);
    assert!(found < 3_000 && done == found, "{broken:?}");
    place.sandbox.faults().clear();
    rig.engine.retry(id).await.unwrap();
    let job = rig.ended(id).await;
    assert_eq!((job.state, job.files_total, job.files_done), (JobState::Completed, 3_000, 3_000));
    assert_eq!(rig.items(id).len(), 3_000, "nothing is planned twice");
}

/// A process that ends while it lists leaves a job that the next one goes on with; not so a delete,
/// whose keys may have been written again since.
pub async fn cut_off_while_listing() {
    let place = Place::new().await;
    place.sandbox.seed("bucket", 2_500).await.unwrap();
    place.put("gone/a", b"x").await;
    for (prefix, skip) in [("prefix=seed-", 1), ("prefix=gone", 0)] {
        let later = When { contains: Some(prefix.into()), skip, ..When::default() };
        place.sandbox.faults().add(later, Fault::Delay(Duration::from_secs(60)));
    }
    let (download, delete): (JobRow, JobRow) = {
        let rig = place.rig();
        let download = begin(&rig, &place, &["seed-"], into(&place)).await;
        let delete = begin(&rig, &place, &["gone/"], ListedAction::Delete).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        rig.engine.stop().await;
        let job = |id| rig.engine.journal().job(id).unwrap().unwrap();
        (job(download), job(delete))
    };
    assert!(!download.planned && !download.state.is_finished(), "{download:?}");
    place.sandbox.faults().clear();
    let rig = place.rig();
    let mut taken = rig.engine.resume(None).await.unwrap();
    // The last task of the engine before may let go of its lock a moment after it was idle.
    for _ in 0..100 {
        if !taken.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        taken = rig.engine.resume(None).await.unwrap();
    }
    assert_eq!(taken, [download.id]);
    let job = rig.ended(download.id).await;
    assert_eq!((job.state, job.files_done), (JobState::Completed, 2_500), "{job:?}");
    let job = rig.ended(delete.id).await;
    assert_eq!(job.state, JobState::Cancelled);
    let items = rig.items(delete.id);
    assert!(items.iter().all(|item| item.state != TransferState::Queued));
}

pub async fn copied_under_other_names() {
    let place = Place::new().await;
    let other = bucket("other");
    place.s3.create_bucket(&other, None).await.unwrap();
    for name in ["a/b/one", "a/b/c/two", "a/bee"] {
        place.put(name, name.as_bytes()).await;
    }
    let rig = place.rig();
    let plan = Copy {
        profile: ProfileId::new("p"),
        bucket: place.bucket.clone(),
        move_away: true,
        storage_class: None,
        visibility: dipper_s3::Visibility::Private,
        edit: Default::default(),
        encryption: None,
        places: None,
        if_absent: false,
    };
    let below = vec![Below { prefix: "a/b/".into(), to: Some((2, "new/".into())), sieve: None }];
    let job = ListedJob {
        profile: ProfileId::new("p"),
        bucket: other.clone(),
        prefix: Prefix::root(),
        title: "copy".into(),
        objects: Vec::new(),
        below,
        action: ListedAction::Copy(plan),
    };
    let id = rig.engine.submit_listed(job).await.unwrap();
    let job = rig.ended(id).await;
    assert_eq!((job.state, job.files_done), (JobState::Completed, 2), "{job:?}");
    assert_eq!(place.keys().await, ["a/bee"]);
    let there = place.s3.list_page(&other, &Default::default()).await.unwrap();
    let there: Vec<String> = there.objects.into_iter().map(|object| object.key).collect();
    assert_eq!(there, ["new/b/c/two", "new/b/one"]);
}
