use std::time::Duration;

use dipper_sandbox::{Fault, When};
use dipper_state::{JobState, TransferState};

use crate::rig::{Place, until};
use crate::support::{noise, tree};

pub fn slow(place: &Place, method: &'static str, contains: &str) {
    let when = When { method: Some(method), contains: Some(contains.into()), ..When::default() };
    place.sandbox.faults().add(when, Fault::Delay(Duration::from_millis(400)));
}

pub async fn cancelling_an_upload_leaves_nothing_open() {
    let place = Place::new().await;
    let path = place.file("big", &noise(7, 40 << 20));
    slow(&place, "PUT", "partNumber=3");
    let rig = place.rig();
    let id = rig.begin_upload(&place.bucket, &[(&path, "big")]).await;
    until("two parts are there", || async {
        let Some(item) = rig.items(id).pop() else { return false };
        rig.engine.journal().parts(item.id).unwrap().len() >= 2
    })
    .await;
    assert_eq!(place.open_uploads().await, 1);
    rig.engine.cancel(id).await.unwrap();
    let job = rig.ended(id).await;
    assert_eq!(job.state, JobState::Cancelled);
    assert_eq!(rig.items(id)[0].state, TransferState::Cancelled);
    assert_eq!((place.open_uploads().await, place.keys().await.len()), (0, 0));
    assert_eq!(rig.engine.clear_finished().await.unwrap(), [id], "nothing keeps it in the list");

    place.sandbox.faults().clear();
    let id = rig.begin_upload(&place.bucket, &[(&path, "big")]).await;
    rig.engine.cancel(id).await.unwrap();
    assert_eq!(rig.ended(id).await.state, JobState::Cancelled);
    rig.engine.retry(id).await.unwrap();
    assert_eq!(
        rig.ended(id).await.state,
        JobState::Completed,
        "a cancelled job can be done after all"
    );
}

pub async fn cancelling_a_download_leaves_nothing_behind() {
    let place = Place::new().await;
    place.put("big", &noise(8, 30 << 20)).await;
    slow(&place, "GET", "/bucket/big");
    let rig = place.rig();
    let id = rig.begin_download(&place.bucket, &[("big", 30 << 20)], &place.dst()).await;
    until("it has begun", || async { !tree(&place.dst()).is_empty() }).await;
    rig.engine.cancel(id).await.unwrap();
    assert_eq!(rig.ended(id).await.state, JobState::Cancelled);
    assert!(tree(&place.dst()).is_empty(), "{:?}", std::fs::read_dir(place.dst()).unwrap().next());
}

pub async fn what_failed_is_done_again() {
    let place = Place::new().await;
    for name in ["a", "b", "c"] {
        place.file(name, name.as_bytes());
    }
    let when = When { method: Some("PUT"), contains: Some("/bucket/b".into()), ..When::default() };
    place.sandbox.faults().add(when, Fault::Status { status: 403, code: "AccessDenied" });
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&place.src(), "")]).await;
    assert_eq!((job.state, job.files_done, job.files_failed), (JobState::Failed, 2, 1));
    assert_eq!(rig.failure(&job).code, dipper_app::Code::AccessDenied);
    place.sandbox.faults().clear();
    rig.engine.retry(job.id).await.unwrap();
    let job = rig.ended(job.id).await;
    assert_eq!(
        (job.state, job.files_total, job.files_done, job.files_failed, job.bytes_done),
        (JobState::Completed, 3, 3, 0, 3)
    );
    assert_eq!(rig.told.stored.lock().unwrap().len(), 3, "what was there is not sent again");
}

/// Ten thousand files need not say ten thousand times that there is no bucket.
pub async fn no_bucket_for_all_is_said_once() {
    let place = Place::new().await;
    for n in 0..300 {
        place.file(&format!("{n}"), b"x");
    }
    let (rig, nowhere) = (place.rig(), crate::support::bucket("nowhere"));
    let job = rig.upload(&nowhere, &[(&place.src(), "")]).await;
    assert_eq!((job.state, job.files_total, job.files_done), (JobState::Failed, 300, 0));
    assert!((1..20).contains(&job.files_failed), "{job:?}");
    place.s3.create_bucket(&nowhere, None).await.unwrap();
    rig.engine.retry(job.id).await.unwrap();
    let job = rig.ended(job.id).await;
    assert_eq!((job.state, job.files_total, job.files_done), (JobState::Completed, 300, 300));
}

pub async fn stopped_and_taken_up() {
    let place = Place::new().await;
    let bytes = noise(9, 40 << 20);
    let path = place.file("big", &bytes);
    slow(&place, "PUT", "partNumber=4");
    let rig = place.rig();
    let id = rig.begin_upload(&place.bucket, &[(&path, "big")]).await;
    until("two parts are there", || async {
        let Some(item) = rig.items(id).pop() else { return false };
        rig.engine.journal().parts(item.id).unwrap().len() >= 2
    })
    .await;
    rig.engine.stop().await;
    drop(rig);
    assert_eq!(place.open_uploads().await, 1, "a stop ends no job");
    let rig = place.rig();
    assert_eq!(rig.engine.resume(None).await.unwrap(), [id]);
    assert_eq!(rig.ended(id).await.state, JobState::Completed);
    assert!(place.objects().await == [("big".to_owned(), bytes)]);
    assert_eq!(place.open_uploads().await, 0);
}

pub async fn only_one_takes_it_up() {
    let place = Place::new().await;
    let bytes = noise(10, 40 << 20);
    let path = place.file("big", &bytes);
    slow(&place, "PUT", "partNumber=");
    let rig = place.rig();
    let id = rig.begin_upload(&place.bucket, &[(&path, "big")]).await;
    until("it has begun", || async { place.open_uploads().await == 1 }).await;
    rig.engine.stop().await;
    drop(rig);
    let rigs: Vec<_> = (0..4).map(|_| place.rig()).collect();
    let taken = futures::future::join_all(rigs.iter().map(|r| r.engine.resume(None))).await;
    let taken: usize = taken.into_iter().map(|t| t.unwrap().len()).sum();
    assert_eq!(taken, 1);
    for rig in &rigs {
        rig.engine.wait_idle().await;
    }
    assert_eq!(rigs[0].ended(id).await.state, JobState::Completed);
    assert!(place.objects().await == [("big".to_owned(), bytes)]);
    assert_eq!(place.open_uploads().await, 0);
}

pub async fn a_living_owner_keeps_its_job() {
    let place = Place::new().await;
    let path = place.file("big", &noise(11, 20 << 20));
    slow(&place, "PUT", "partNumber=");
    let (one, other) = (place.rig(), place.rig());
    let id = one.begin_upload(&place.bucket, &[(&path, "big")]).await;
    until("it has begun", || async { place.open_uploads().await == 1 }).await;
    let owner = one.engine.journal().job(id).unwrap().unwrap().owner;
    assert!(other.engine.resume(None).await.unwrap().is_empty());
    other.engine.retry(id).await.unwrap();
    assert!(other.engine.snapshots().is_empty(), "it runs where it was begun");
    assert_eq!(one.engine.journal().job(id).unwrap().unwrap().owner, owner);
    let job = one.ended(id).await;
    assert_eq!(job.state, JobState::Completed);
    assert_eq!((place.open_uploads().await, place.keys().await.len()), (0, 1));
}
