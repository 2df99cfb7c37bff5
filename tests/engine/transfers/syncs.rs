//! One tree made like another: the second time costs one listing and no look at any file; what fails
//! on the way leaves the target as it was.

use std::path::PathBuf;
use std::sync::Arc;

use dipper_state::JobState;
use dipper_sync::{Compare, Deletion, Ledger, Request, Run, Source, Store, Target, plan};
use dipper_transfer::{Bounds, Filter, Preserve};
use dipper_types::{Clock, Prefix, ProfileId, SystemClock};

use crate::rig::{Place, Rig};
use crate::support::{client, noise};
use crate::wire::Wire;

fn request(place: &Place, s3: &dipper_s3::S3, up: bool) -> Request {
    let store = Arc::new(Store {
        profile: ProfileId::new("p"),
        s3: s3.clone(),
        bucket: place.bucket.clone(),
    });
    let files = |path: PathBuf| Source::Files { path, key: String::new(), only: None };
    let (base, scopes) = dipper_sync::Scope::of("").unwrap();
    Request {
        title: "sync".into(),
        sources: match up {
            true => vec![files(place.src())],
            false => vec![Source::Objects { store: Arc::clone(&store), base, scopes }],
        },
        target: match up {
            true => Target::Objects { store, prefix: Prefix::root() },
            false => Target::Folder(place.dst()),
        },
        filter: Arc::new(Filter::default()),
        limits: Bounds::default(),
        compare: Compare { content: true, skip_existing: false },
        deletion: Deletion { removed: true, max: None, force: false },
        headers: Default::default(),
        edit: Default::default(),
        preserve: Preserve { attributes: true, md5: true, empty_folders: false, remember: true },
        follow_links: false,
        sending: Default::default(),
        dry_run: false,
        now: SystemClock.now(),
    }
}

/// How many actions were planned; all of them are done.
async fn sync(rig: &Rig, request: Request) -> usize {
    let mut actions = 0;
    let ledger = Arc::new(Ledger::default());
    let plan = plan(&rig.engine, request, ledger, &mut |_| actions += 1).await.unwrap();
    let mut run = Run::new(&rig.engine, plan);
    while let Some(begun) = run.next().await.unwrap() {
        assert_eq!(rig.ended(begun.job).await.state, JobState::Completed);
    }
    run.remove_files(|removed| assert!(removed.error.is_none())).await.unwrap();
    actions
}

/// Bytes that this process has read from files.
#[cfg(target_os = "linux")]
fn read_so_far() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

#[cfg(not(target_os = "linux"))]
fn read_so_far() -> u64 {
    0
}

const FILES: u64 = 300;

pub async fn the_second_time_costs_one_listing() {
    let place = Place::new().await;
    let mut total = 0;
    for n in 0..FILES {
        let bytes = noise(n, 40_000);
        total += bytes.len() as u64;
        place.file(&format!("d{}/f{n}", n % 7), &bytes);
    }
    // In parts, so that its ETag is no MD5.
    place.file("large", &noise(7, 20 << 20));
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let wire = Wire::to(place.sandbox.address()).await;
    let s3 = client(&wire.endpoint(), place.main()).await;
    let rig = Rig::open(&place.home(), s3.clone());
    for up in [true, false] {
        assert_eq!(sync(&rig, request(&place, &s3, up)).await as u64, FILES + 1);
        let (sent, read) = (wire.up(), read_so_far());
        assert_eq!(sync(&rig, request(&place, &s3, up)).await, 0);
        // A request has about a kilobyte of headers.
        assert!(wire.up() - sent < 2000, "{} bytes asked", wire.up() - sent);
        let read = read_so_far() - read;
        assert!(read < total / 8, "{read} bytes read of {total}");
    }
    // What changed is seen nevertheless, though it is as long as before.
    place.file("d0/f0", &noise(9999, 40_000));
    assert_eq!(sync(&rig, request(&place, &s3, true)).await, 1);
}

/// An object that somebody replaced since it was listed is not what is copied.
pub async fn a_copy_of_what_is_not_there_any_more() {
    let place = Place::new().await;
    place.file("old", b"the same bytes");
    let rig = place.rig();
    sync(&rig, request(&place, &place.s3, true)).await;
    place.file("new", b"the same bytes");
    let ledger = Arc::new(Ledger::default());
    let planned =
        plan(&rig.engine, request(&place, &place.s3, true), ledger, &mut |_| {}).await.unwrap();
    place.put("old", b"other bytes by now").await;
    let mut run = Run::new(&rig.engine, planned);
    let copies = run.next().await.unwrap().unwrap();
    assert!(copies.has_second_try);
    assert_eq!(rig.ended(copies.job).await.state, JobState::Failed);
    let uploads = run.next().await.unwrap().unwrap();
    assert_eq!(rig.ended(uploads.job).await.state, JobState::Completed);
    assert!(run.next().await.unwrap().is_none());
    let want = [("new", b"the same bytes".to_vec()), ("old", b"other bytes by now".to_vec())];
    assert_eq!(place.objects().await, want.map(|(key, bytes)| (key.to_owned(), bytes)));
}

/// A plan that could not be made leaves no job that somebody may take up.
pub async fn a_listing_that_fails() {
    let place = Place::new().await;
    place.file("a", b"1");
    let mut asked = request(&place, &place.s3, true);
    let gone = crate::support::bucket("none-here");
    if let Target::Objects { store, .. } = &mut asked.target {
        let store_of = Store::clone(store);
        *store = Arc::new(Store { bucket: gone, ..store_of });
    }
    let rig = place.rig();
    let planned = plan(&rig.engine, asked, Arc::new(Ledger::default()), &mut |_| {}).await;
    assert!(planned.is_err());
    let open = rig.engine.journal().jobs().unwrap();
    assert!(open.iter().all(|job| job.state.is_finished()), "{open:?}");
    assert!(place.keys().await.is_empty());
}
