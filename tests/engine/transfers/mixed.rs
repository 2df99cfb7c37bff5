//! One request of twenty fails, in every way that passes; or the way to the server swallows everything
//! after some bytes. All arrives, and little is sent twice.

use std::time::Duration;

use dipper_s3::{Patience, S3};
use dipper_sandbox::{Fault, Mix, When};
use dipper_state::JobState;
use dipper_transfer::Limits;

use crate::rig::{LIMITS, Place, Rig};
use crate::support::{Random, connection, noise, seed, tree};
use crate::wire::Wire;

/// Each goes up and comes down; the soak asks for more.
fn files() -> u64 {
    std::env::var("DIPPER_TEST_MIXED").ok().and_then(|n| n.parse().ok()).unwrap_or(1500)
}

fn again() -> String {
    let test = "cargo nextest run -p dipper-engine-tests -E 'test(transfers::mixed)'";
    format!("again with: DIPPER_TEST_SEED={} DIPPER_TEST_MIXED={} {test}", seed(), files())
}

fn mix(seed: u64) -> Mix {
    let faults = vec![
        Fault::Status { status: 503, code: "SlowDown" },
        Fault::Status { status: 500, code: "InternalError" },
        Fault::Reset { after: 0 },
        Fault::Reset { after: 5000 },
        Fault::Cut { to: 10_000 },
        Fault::ResetRequest { after: 5000 },
        Fault::Lost { status: 500 },
        Fault::LostAnswer,
    ];
    Mix::new(seed, 50, faults)
}

/// At most so much passes for so many bytes, beside the headers of each request.
fn most(bytes: u64, requests: u64) -> u64 {
    bytes + bytes * 15 / 100 + requests * 1500
}

async fn through(place: &Place, wire: &Wire, patience: Patience) -> S3 {
    let main = place.main();
    let keys = (main.access_key.as_str(), main.secret_key.expose().as_str());
    S3::connect_with(connection(&wire.endpoint(), "sandbox", Some(keys)), patience).await
}

fn failed(rig: &Rig, job: &dipper_state::JobRow) -> Vec<String> {
    rig.items(job.id).into_iter().filter_map(|item| item.error).take(5).collect()
}

pub async fn one_of_twenty_requests_fails() {
    let place = Place::new().await;
    let mut random = Random::new(seed());
    let (mut total, mut objects) = (0, Vec::new());
    for n in 0..files() {
        let size = match n {
            0 => 40 << 20,
            1 => 17 << 20,
            _ => random.below(40_000),
        };
        let name = format!("d{}/f{n:05}", n % 23);
        place.file(&name, &noise(n, usize::try_from(size).unwrap()));
        objects.push((format!("up/{name}"), size));
        total += size;
    }
    place.sandbox.faults().mix(mix(seed()));
    let wire = Wire::to(place.sandbox.address()).await;
    let s3 = through(&place, &wire, Patience::default()).await;
    let limits = Limits { files: 16, attempts: 8, ..LIMITS };
    let rig = Rig::with(&place.home(), s3, limits);

    let job = rig.upload(&place.bucket, &[(&place.src(), "up/")]).await;
    let told = again();
    assert_eq!(job.state, JobState::Completed, "{told}: {:?}", failed(&rig, &job));
    assert_eq!((job.files_done, job.bytes_done), (files(), total), "{told}");
    let harmed = place.sandbox.faults().hits();
    assert!(u64::from(harmed) > files() / 40, "{told}: only {harmed} were harmed");
    let limit = most(total, 2 * files());
    assert!(wire.up() <= limit, "{told}: {} bytes sent, {limit} at most", wire.up());

    let before = wire.down();
    let objects: Vec<_> = objects.iter().map(|(key, size)| (key.as_str(), *size)).collect();
    let job = rig.download(&place.bucket, &objects, &place.dst()).await;
    assert_eq!(job.state, JobState::Completed, "{told}: {:?}", failed(&rig, &job));
    assert_eq!((job.files_done, job.bytes_done), (files(), total), "{told}");
    let came = wire.down() - before;
    assert!(came <= limit, "{told}: {came} bytes came, {limit} at most");
    assert!(tree(&place.dst().join("up")) == tree(&place.src()), "{told}");
    place.sandbox.faults().clear();
    assert_eq!(place.open_uploads().await, 0, "{told}");
}

const SIZE: u64 = 36 << 20;
const PART: u64 = 8 << 20;

/// Long for a machine under load, short for a test.
fn short() -> Patience {
    let answer = Duration::from_millis(1500);
    Patience { connect: answer, answer, answer_to_body: answer, work: 2 * answer }
}

/// Told by the bytes: what was there already is not sent again.
pub async fn a_black_hole(point: u64, up: bool) {
    let mut random = Random::new(seed() + point);
    let after = random.below(PART - 1);
    let piece = random.below(4);
    let told = format!("seed {}, after {after} bytes of piece {piece}", seed());
    let place = Place::new().await;
    let bytes = noise(300 + point, usize::try_from(SIZE).unwrap());
    let wire = Wire::to(place.sandbox.address()).await;
    let rig = Rig::open(&place.home(), through(&place, &wire, short()).await);
    let when = |method: &'static str, contains: String, skip: u64| When {
        method: Some(method),
        contains: Some(contains),
        skip: u32::try_from(skip).unwrap(),
        times: Some(1),
    };
    let (job, passed) = if up {
        let path = place.file("big", &bytes);
        let when = when("PUT", format!("partNumber={}", piece + 1), 0);
        place.sandbox.faults().add(when, Fault::StallRequest { after });
        (rig.upload(&place.bucket, &[(&path, "big")]).await, wire.up())
    } else {
        place.put("big", &bytes).await;
        place
            .sandbox
            .faults()
            .add(when("GET", "/bucket/big".into(), piece), Fault::Stall { after });
        (rig.download(&place.bucket, &[("big", SIZE)], &place.dst()).await, wire.down())
    };
    assert_eq!(job.state, JobState::Completed, "{told}: {:?}", rig.items(job.id));
    assert_eq!(place.sandbox.faults().hits(), 1, "{told}");
    let most = SIZE + PART + (1 << 20);
    assert!(passed <= most, "{told}: {passed} bytes, {most} at most");
    if up {
        place.sandbox.faults().clear();
        assert!(place.objects().await == [("big".to_owned(), bytes)], "{told}");
        assert_eq!(place.open_uploads().await, 0, "{told}");
    } else {
        assert!(tree(&place.dst()) == [("big".into(), bytes)], "{told}");
    }
}
