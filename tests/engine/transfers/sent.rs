//! A file whose sending ended without a word: what lies under its key then is it, and no conflict.

use std::time::Duration;

use dipper_app::Code;
use dipper_sandbox::{Fault, When};
use dipper_state::{JobState, TransferState};
use dipper_transfer::OnExisting::{Differs, KeepBoth, Newer, Refuse, SizeDiffers, Skip};

use crate::rig::{Place, until};
use crate::support::noise;

fn puts(times: Option<u32>) -> When {
    When { method: Some("PUT"), contains: Some("/bucket/k".into()), skip: 0, times }
}

/// Stored, and the answer never comes. The same job, tried again, finds its own object.
pub async fn what_was_sent_is_no_conflict() {
    for rule in [Refuse, KeepBoth, Skip, Newer, SizeDiffers, Differs] {
        let place = Place::new().await;
        let bytes = noise(50, 50_000);
        let path = place.file("k", &bytes);
        place.sandbox.faults().add(puts(None), Fault::LostAnswer);
        let rig = place.rig();
        let id = rig.begin_upload_where(&place.bucket, (&path, "k"), rule).await;
        let job = rig.ended(id).await;
        assert!(place.sandbox.faults().hits() > 0);
        // The conditional PUT that is sent again meets the first one, and may know it.
        if job.state != JobState::Completed {
            place.sandbox.faults().clear();
            rig.engine.retry(id).await.unwrap();
        }
        let job = rig.ended(id).await;
        let item = &rig.items(id)[0];
        assert_eq!(item.state, TransferState::Completed, "{rule:?}: {job:?} {item:?}");
        assert_eq!(item.verified.as_deref(), Some("crc64nvme"), "{rule:?}");
        assert_eq!((job.files_done, job.bytes_done), (1, 50_000), "{rule:?}");
        assert!(place.objects().await == [("k".to_owned(), bytes)], "{rule:?}");
    }
}

/// As long as it is not proven to be ours, it is somebody else's, whatever its size.
pub async fn what_another_sent_is_one() {
    let place = Place::new().await;
    let path = place.file("k", &noise(51, 50_000));
    let rig = place.rig();
    let denied = Fault::Status { status: 403, code: "AccessDenied" };
    place.sandbox.faults().add(puts(None), denied);
    let id = rig.begin_upload_where(&place.bucket, (&path, "k"), Refuse).await;
    assert_eq!(rig.failure(&rig.ended(id).await).code, Code::AccessDenied);
    place.sandbox.faults().clear();
    let other = noise(52, 50_000);
    place.put("k", &other).await;
    rig.engine.retry(id).await.unwrap();
    assert_eq!(rig.failure(&rig.ended(id).await).code, Code::AlreadyExists);
    // Nor is what can't be told: no checksum, no MD5.
    place.put("k", &noise(51, 50_000)).await;
    let all = || When { contains: Some("/bucket/k".into()), ..When::default() };
    place.sandbox.faults().add(all(), Fault::NoChecksum);
    place.sandbox.faults().add(all(), Fault::ETag("\"opaque\""));
    rig.engine.retry(id).await.unwrap();
    assert_eq!(rig.failure(&rig.ended(id).await).code, Code::AlreadyExists);
    place.sandbox.faults().clear();
    rig.engine.retry(id).await.unwrap();
    assert_eq!(
        rig.ended(id).await.state,
        JobState::Completed,
        "the same bytes, since the job began"
    );
}

/// Cut off here, done there.
pub async fn paused_in_the_middle_of_a_put() {
    let place = Place::new().await;
    let bytes = noise(53, 50_000);
    let path = place.file("k", &bytes);
    // It is stored, and the answer waits.
    let answer = Fault::Stall { after: 0 };
    place.sandbox.faults().add(puts(Some(1)), answer);
    let rig = place.rig();
    let id = rig.begin_upload_where(&place.bucket, (&path, "k"), Refuse).await;
    until("it is stored", || async { !place.keys().await.is_empty() }).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    rig.engine.pause(id).await.unwrap();
    assert_eq!(rig.ended(id).await.state, JobState::Paused);
    rig.engine.unpause(id).await.unwrap();
    assert_eq!(rig.ended(id).await.state, JobState::Completed, "{:?}", rig.items(id));
    assert!(place.objects().await == [("k".to_owned(), bytes)]);
}
