//! Uploads whose ids never came are aborted, and nobody else's is: also not one without parts, of the
//! same key, by the same user.

use std::time::Duration;

use bytes::Bytes;
use dipper_s3::S3;
use dipper_sandbox::{Fault, When};
use dipper_state::JobState;
use dipper_types::{JobId, PartNumber, Timestamp, TransferId, UploadId};

use crate::rig::{Place, Rig};
use crate::support::{key, noise};

const BIG: usize = 20 << 20;

fn creates(times: Option<u32>) -> When {
    When { method: Some("POST"), contains: Some("uploads".into()), skip: 0, times }
}

async fn begun(s3: &S3, place: &Place) -> UploadId {
    s3.create_upload(&place.bucket, &key("big"), &Default::default()).await.unwrap()
}

async fn left(place: &Place) -> Vec<String> {
    let open = place.s3.list_uploads(&place.bucket, "").await.unwrap();
    open.into_iter().map(|upload| upload.upload_id).collect()
}

/// A job whose upload was never begun, with no intent of its own.
async fn refused(place: &Place) -> (Rig, JobId, TransferId) {
    let path = place.file("big", &noise(80, BIG));
    place.sandbox.faults().add(creates(None), Fault::Status { status: 403, code: "AccessDenied" });
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&path, "big")]).await;
    assert_eq!(job.state, JobState::Failed);
    place.sandbox.faults().clear();
    let id = rig.items(job.id)[0].id;
    let intent = rig.engine.journal().upload_intent(id).unwrap().unwrap();
    assert_eq!(intent.asked.len(), 1, "said before it was asked for");
    rig.engine.journal().forget_intent(id).await.unwrap();
    (rig, job.id, id)
}

async fn goes_on(rig: &Rig, job: JobId, id: TransferId) {
    rig.engine.retry(job).await.unwrap();
    assert_eq!(rig.ended(job).await.state, JobState::Completed, "{:?}", rig.items(job));
    assert_eq!(rig.engine.journal().upload_intent(id).unwrap(), None, "nothing is in doubt");
}

fn ago(seconds: u64) -> Timestamp {
    Timestamp::from_system(std::time::SystemTime::now() - Duration::from_secs(seconds))
}

/// What a process asked for that then died.
pub async fn the_one_that_was_asked_for_goes() {
    let place = Place::new().await;
    let (rig, job, id) = refused(&place).await;
    rig.engine.journal().ask_upload(id, ago(0)).await.unwrap();
    begun(&place.s3, &place).await;
    goes_on(&rig, job, id).await;
    assert!(left(&place).await.is_empty());
}

/// Another client of the same user, at the same key, who has not sent a part yet.
pub async fn one_of_another_time_stays() {
    let place = Place::new().await;
    let (rig, job, id) = refused(&place).await;
    rig.engine.journal().ask_upload(id, ago(60)).await.unwrap();
    let other = begun(&place.s3, &place).await;
    goes_on(&rig, job, id).await;
    assert_eq!(left(&place).await, [other.as_str()]);
    // Nor where nothing was ever in doubt.
    let path = place.file("big", &noise(81, BIG));
    let again = rig.upload(&place.bucket, &[(&path, "big")]).await;
    assert_eq!(again.state, JobState::Completed);
    assert_eq!(left(&place).await, [other.as_str()]);
}

pub async fn one_with_parts_stays() {
    let place = Place::new().await;
    let (rig, job, id) = refused(&place).await;
    rig.engine.journal().ask_upload(id, ago(0)).await.unwrap();
    let other = begun(&place.s3, &place).await;
    let (number, bytes) = (PartNumber::new(1).unwrap(), Bytes::from_static(b"x"));
    let (name, bucket) = (key("big"), &place.bucket);
    place.s3.upload_part(bucket, &name, &other, number, bytes, None, None, None).await.unwrap();
    goes_on(&rig, job, id).await;
    assert_eq!(left(&place).await, [other.as_str()]);
}

pub async fn another_users_stays() {
    let place = Place::new().await;
    let (rig, job, id) = refused(&place).await;
    let alt = crate::support::client(&place.sandbox.endpoint(), place.sandbox.alt()).await;
    let all = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bucket/*",
    }] });
    place.s3.put_bucket_policy(&place.bucket, &all.to_string()).await.unwrap();
    rig.engine.journal().ask_upload(id, ago(0)).await.unwrap();
    let other = begun(&alt, &place).await;
    goes_on(&rig, job, id).await;
    assert_eq!(left(&place).await, [other.as_str()]);
}

/// Which of them is ours can't be told: none goes.
pub async fn several_stay() {
    let place = Place::new().await;
    let (rig, job, id) = refused(&place).await;
    rig.engine.journal().ask_upload(id, ago(0)).await.unwrap();
    begun(&place.s3, &place).await;
    begun(&place.s3, &place).await;
    goes_on(&rig, job, id).await;
    assert_eq!(left(&place).await.len(), 2);
}

/// The answer is lost on its way, and the upload is asked for again at once.
pub async fn a_lost_answer_leaves_nothing() {
    let place = Place::new().await;
    let bytes = noise(82, BIG);
    let path = place.file("big", &bytes);
    place.sandbox.faults().add(creates(Some(1)), Fault::LostAnswer);
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&path, "big")]).await;
    assert_eq!((job.state, place.sandbox.faults().hits()), (JobState::Completed, 1));
    assert!(left(&place).await.is_empty());
    assert!(place.objects().await == [("big".to_owned(), bytes)]);
}
