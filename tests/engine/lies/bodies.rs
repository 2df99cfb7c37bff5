use std::path::Path;

use dipper_app::Code;
use dipper_sandbox::{Fault, When};
use dipper_state::JobState;

use crate::rig::Place;
use crate::support::{noise, tree};

const BIG: usize = 20 << 20;

fn gets(times: Option<u32>) -> When {
    When { method: Some("GET"), contains: Some("/bucket/".into()), skip: 0, times }
}

/// One object of one piece, one of three.
async fn filled() -> (Place, [(&'static str, Vec<u8>); 2]) {
    let place = Place::new().await;
    let files = [("small", noise(20, 100_000)), ("big", noise(21, BIG))];
    for (name, bytes) in &files {
        place.put(name, bytes).await;
    }
    (place, files)
}

pub async fn passing_faults_are_outlived() {
    let (place, files) = filled().await;
    for fault in [
        Fault::Status { status: 503, code: "SlowDown" },
        Fault::Status { status: 500, code: "InternalError" },
        Fault::Reset { after: 0 },
        Fault::Reset { after: 50_000 },
        Fault::Short { to: 70_000 },
        Fault::Flip { at: 5 },
    ] {
        place.sandbox.faults().clear();
        // A short range is no S3 answer at all.
        let path = if matches!(fault, Fault::Short { .. }) { "/bucket/small" } else { "/bucket/" };
        let times = if matches!(fault, Fault::Flip { .. }) { 1 } else { 2 };
        let when = When { contains: Some(path.into()), ..gets(Some(times)) };
        place.sandbox.faults().add(when, fault.clone());
        let rig = place.rig();
        let job = rig.download(&place.bucket, &[("small", 1), ("big", 1)], &place.dst()).await;
        assert_eq!(job.state, JobState::Completed, "{fault:?}: {:?}", rig.items(job.id));
        for (path, bytes) in tree(&place.dst()) {
            let (_, want) = files.iter().find(|(name, _)| Path::new(name) == path).unwrap();
            assert!(bytes == *want, "{fault:?}: {path:?} is wrong");
        }
        for (name, want) in &files {
            let path = place.dst().join(name);
            assert!(std::fs::read(&path).unwrap() == *want, "{fault:?}");
            std::fs::remove_file(path).unwrap();
        }
    }
}

pub async fn lasting_lies_are_refused() {
    let (place, _) = filled().await;
    for (faults, codes) in [
        (&[Fault::Short { to: 70_000 }][..], [Code::ChecksumMismatch, Code::Network]),
        (&[Fault::Flip { at: 60_000 }], [Code::ChecksumMismatch; 2]),
        (&[Fault::NoChecksum, Fault::Flip { at: 9 }], [Code::ChecksumMismatch; 2]),
        (&[Fault::ETag("\"00000000000000000000000000000000\"")], [Code::SourceChanged; 2]),
    ] {
        for (name, code) in ["small", "big"].into_iter().zip(codes) {
            place.sandbox.faults().clear();
            for fault in faults {
                let when = match fault {
                    Fault::NoChecksum => When::default(),
                    _ => gets(None),
                };
                place.sandbox.faults().add(when, fault.clone());
            }
            let rig = place.rig();
            let job = rig.download(&place.bucket, &[(name, 1)], &place.dst()).await;
            let failure = rig.failure(&job);
            assert_eq!(failure.code, code, "{faults:?} {name}: {failure:?}");
            assert!(tree(&place.dst()).is_empty(), "{faults:?} {name} leaves something");
        }
    }
}

pub async fn a_fault_that_lasts_can_be_outlived_later() {
    let (place, files) = filled().await;
    for fault in [Fault::Reset { after: 90_000 }, Fault::Status { status: 503, code: "SlowDown" }] {
        place.sandbox.faults().clear();
        let second = When { skip: 1, ..gets(None) };
        place.sandbox.faults().add(second, fault.clone());
        let rig = place.rig();
        let job = rig.download(&place.bucket, &[("big", 1)], &place.dst()).await;
        let failure = rig.failure(&job);
        assert!(matches!(failure.code, Code::Network | Code::Throttled), "{failure:?}");
        assert!(!place.dst().join("big").exists(), "{fault:?}: half a file has its final name");
        place.sandbox.faults().clear();
        rig.engine.retry(job.id).await.unwrap();
        assert_eq!(rig.ended(job.id).await.state, JobState::Completed);
        assert!(std::fs::read(place.dst().join("big")).unwrap() == files[1].1);
        assert_eq!(tree(&place.dst()).len(), 1);
        std::fs::remove_file(place.dst().join("big")).unwrap();
    }
    let when = When { skip: 1, ..gets(None) };
    place.sandbox.faults().add(when, Fault::Reset { after: 90_000 });
    let rig = place.rig();
    let job = rig.download(&place.bucket, &[("big", 1)], &place.dst()).await;
    assert_eq!(job.state, JobState::Failed);
    rig.engine.clear_finished().await.unwrap();
    assert!(tree(&place.dst()).is_empty(), "who clears the job gives up its temporary file");
}
