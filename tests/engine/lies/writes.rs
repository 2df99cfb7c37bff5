use dipper_app::Code;
use dipper_s3::S3;
use dipper_sandbox::{Fault, When};
use dipper_state::JobState;

use crate::rig::{Place, Rig};
use crate::support::{connection, noise};
use crate::wire::Wire;

const BIG: usize = 20 << 20;

fn on(method: &'static str, contains: &str, times: Option<u32>) -> When {
    When { method: Some(method), contains: Some(contains.into()), skip: 0, times }
}

pub async fn passing_faults_are_outlived() {
    let place = Place::new().await;
    let files = [("small", noise(30, 100_000)), ("big", noise(31, BIG))];
    let paths: Vec<_> = files.iter().map(|(name, bytes)| place.file(name, bytes)).collect();
    let sources = [(paths[0].as_path(), "small"), (paths[1].as_path(), "big")];
    for (when, fault) in [
        (on("PUT", "/bucket/", Some(3)), Fault::Status { status: 503, code: "SlowDown" }),
        (on("POST", "uploads", Some(2)), Fault::Status { status: 500, code: "InternalError" }),
        (on("PUT", "partNumber=2", Some(2)), Fault::Lost { status: 500 }),
        (on("PUT", "small", Some(2)), Fault::Lost { status: 503 }),
        (on("POST", "uploadId", Some(2)), Fault::Status { status: 503, code: "SlowDown" }),
        (on("HEAD", "/bucket/", Some(1)), Fault::Status { status: 503, code: "SlowDown" }),
    ] {
        place.sandbox.faults().clear();
        place.sandbox.faults().add(when.clone(), fault.clone());
        let rig = place.rig();
        let job = rig.upload(&place.bucket, &sources).await;
        assert_eq!(job.state, JobState::Completed, "{when:?} {fault:?}: {:?}", rig.items(job.id));
        assert!(place.sandbox.faults().hits() > 0, "{when:?}");
        place.sandbox.faults().clear();
        let mut want: Vec<_> = files.iter().map(|(n, b)| ((*n).to_owned(), b.clone())).collect();
        want.sort();
        assert!(place.objects().await == want, "{when:?} {fault:?}");
        assert_eq!(place.open_uploads().await, 0);
        place
            .s3
            .delete_objects(&place.bucket, &["small", "big"].map(crate::support::key))
            .await
            .unwrap();
    }
}

pub async fn a_busy_server_for_good() {
    let place = Place::new().await;
    let path = place.file("f", b"text");
    place
        .sandbox
        .faults()
        .add(on("PUT", "/bucket/f", None), Fault::Status { status: 503, code: "SlowDown" });
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&path, "f")]).await;
    let failure = rig.failure(&job);
    assert_eq!(failure.code, Code::Throttled);
    assert_eq!(failure.retry, dipper_app::Retry::After);
    assert_eq!(place.sandbox.faults().hits(), crate::rig::LIMITS.attempts, "no more than was said");
    assert!(place.keys().await.is_empty());
}

/// By both ways in which providers compare, for one request and for parts.
pub async fn a_bit_flips_on_the_way_up() {
    for provider in ["sandbox", "ceph"] {
        for (size, times) in [(200_000, 1_u32), (200_000, u32::MAX), (BIG, 1), (BIG, u32::MAX)] {
            let told = format!("{provider}, {size} bytes, {times} times");
            let place = Place::new().await;
            let bytes = noise(32, size);
            let path = place.file("f", &bytes);
            let wire = Wire::to(place.sandbox.address()).await;
            let mut left = times;
            wire.spoil(move |piece| {
                // Longer than any headers: the middle is body.
                if piece.len() > 32_000 && left > 0 {
                    left -= 1;
                    piece[20_000] ^= 0x10;
                }
            });
            let main = place.main();
            let keys = (main.access_key.as_str(), main.secret_key.expose().as_str());
            let s3 = S3::connect(connection(&wire.endpoint(), provider, Some(keys))).await;
            let rig = Rig::open(&place.home(), s3);
            let job = rig.upload(&place.bucket, &[(&path, "f")]).await;
            if times == 1 {
                assert_eq!(job.state, JobState::Completed, "{told}: {:?}", rig.items(job.id));
                assert!(place.objects().await == [("f".to_owned(), bytes)], "{told}");
            } else {
                let failure = rig.failure(&job);
                assert_eq!(failure.code, Code::ChecksumMismatch, "{told}: {failure:?}");
                assert!(failure.hint.is_some(), "{told}");
                assert!(place.keys().await.is_empty(), "{told}");
            }
        }
    }
}

pub async fn wrong_etags() {
    let place = Place::new().await;
    let small = place.file("small", b"text");
    let big = place.file("big", &noise(33, BIG));
    let lie = Fault::ETag("\"00112233445566778899aabbccddeeff\"");
    place.sandbox.faults().add(on("PUT", "/bucket/", None), lie);
    for path in [small, big] {
        let rig = place.rig();
        let job = rig
            .upload(&place.bucket, &[(&path, path.file_name().unwrap().to_str().unwrap())])
            .await;
        let failure = rig.failure(&job);
        let codes = [Code::ChecksumMismatch, Code::InvalidInput];
        assert!(codes.contains(&failure.code), "{failure:?}");
    }
    assert!(!place.keys().await.contains(&"big".to_owned()));
}

pub async fn no_sums_at_all() {
    let place = Place::new().await;
    let small = place.file("small", b"text");
    let big = place.file("big", &noise(34, BIG));
    place.sandbox.faults().add(When::default(), Fault::NoChecksum);
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&small, "small"), (&big, "big")]).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", rig.items(job.id));
    let by: Vec<_> = rig.items(job.id).into_iter().map(|i| i.verified.unwrap()).collect();
    assert_eq!(by, ["md5", "etag"], "what was compared is told");
}

pub async fn the_answer_to_complete_is_lost() {
    let place = Place::new().await;
    let bytes = noise(35, BIG);
    let path = place.file("big", &bytes);
    for fault in
        [Fault::Lost { status: 500 }, Fault::Lost { status: 503 }, Fault::Reset { after: 0 }]
    {
        place.sandbox.faults().add(on("POST", "uploadId", None), fault.clone());
        let rig = place.rig();
        let job = rig.upload(&place.bucket, &[(&path, "big")]).await;
        assert_eq!(job.state, JobState::Completed, "{fault:?}: {:?}", rig.items(job.id));
        place.sandbox.faults().clear();
        assert!(place.objects().await == [("big".to_owned(), bytes.clone())]);
        assert_eq!(place.open_uploads().await, 0);
        place.s3.delete_object(&place.bucket, &crate::support::key("big")).await.unwrap();
    }
}

pub async fn what_is_refused_stays_open_no_longer_than_the_job() {
    let place = Place::new().await;
    let path = place.file("big", &noise(36, BIG));
    place
        .sandbox
        .faults()
        .add(on("POST", "uploadId", None), Fault::Status { status: 403, code: "AccessDenied" });
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&path, "big")]).await;
    assert_eq!(rig.failure(&job).code, Code::AccessDenied);
    assert!(place.keys().await.is_empty());
    assert_eq!(rig.engine.clear_finished().await.unwrap(), [job.id]);
    assert_eq!(place.open_uploads().await, 0);
}
