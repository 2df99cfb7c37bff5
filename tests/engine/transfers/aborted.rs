//! The process ends by itself at each write of the journal in turn, before and after the write is
//! durable; then somebody takes the job up.

use dipper_state::{JobKind, JobState};
use dipper_transfer::OnExisting;
use serde_json::{Value, json};

use crate::child::command;
use crate::rig::{Place, Rig};
use crate::support::{noise, tree};

/// In parts, in one request, and empty.
const FILES: [(&str, usize); 3] = [("big/a", 17 << 20), ("big/b", 50_000), ("big/c", 0)];

/// More than the journal of these few files has writes.
const WRITES: u64 = 40;

async fn stocked(up: bool) -> Place {
    let place = Place::new().await;
    for (at, (name, size)) in FILES.into_iter().enumerate() {
        let bytes = noise(400 + at as u64, size);
        match up {
            true => drop(place.file(name.strip_prefix("big/").unwrap(), &bytes)),
            false => place.put(name, &bytes).await,
        }
    }
    place
}

/// Up with this rule for what is there already, or down.
pub type Up = Option<OnExisting>;

fn role(place: &Place, up: Up, write: u64, after: bool) -> Value {
    let objects: Vec<_> = FILES.iter().map(|(name, size)| (*name, *size as u64)).collect();
    json!({
        "role": if up.is_some() { "upload" } else { "objects" }, "rule": up,
        "endpoint": place.sandbox.endpoint(), "home": place.home(),
        "path": if up.is_some() { place.src() } else { place.dst() }, "objects": objects,
        "access": place.main().access_key, "secret": place.main().secret_key.expose(),
        "abortAt": write, "abortAfter": after,
    })
}

fn want() -> Vec<(String, Vec<u8>)> {
    let all = FILES.into_iter().enumerate();
    all.map(|(at, (name, size))| (name.to_owned(), noise(400 + at as u64, size))).collect()
}

/// True: it ended by itself, so that there may be a later write.
async fn once(rule: Up, write: u64, after: bool) -> bool {
    let (up, when) = (rule.is_some(), if after { "after" } else { "before" });
    let told = format!("{rule:?}, write {write}, {when}");
    let place = stocked(up).await;
    // Another client's upload is nobody's to abort.
    let other = crate::support::key("big/other");
    place.s3.create_upload(&place.bucket, &other, &Default::default()).await.unwrap();
    let mut child = command(&role(&place, rule, write, after));
    child.stderr(std::process::Stdio::null());
    let status = tokio::process::Command::from(child).status().await.unwrap();
    let want = want();
    // No name that is there has half of its bytes.
    let there = if up { place.objects().await } else { files(&place) };
    for (name, bytes) in there.iter().filter(|(name, _)| !name.contains(".dipper-")) {
        let (_, whole) = want.iter().find(|(known, _)| known == name).unwrap();
        assert!(bytes == whole, "{told}: half of {name}");
    }
    let rig = Rig::open(&place.home(), place.s3.clone());
    rig.engine.resume(None).await.unwrap();
    rig.engine.wait_idle().await;
    for job in rig.engine.journal().jobs().unwrap() {
        // A job whose list was cut off says so, and is begun anew.
        if job.state == JobState::Cancelled && job.kind == JobKind::Download {
            assert!(job.error.is_some() && !job.planned, "{told}: {job:?}");
        } else {
            assert_eq!(job.state, JobState::Completed, "{told}: {:?}", rig.items(job.id));
            // What it has sent itself is nobody else's: neither skipped nor sent under another name.
            assert_eq!(job.files_skipped, 0, "{told}: {:?}", rig.items(job.id));
        }
    }
    let done = rig.engine.journal().jobs().unwrap().iter().any(|j| j.state == JobState::Completed);
    if !done {
        assert!(write <= 4, "{told}: the job is not there");
        let job = match up {
            true => rig.upload(&place.bucket, &[(&place.src(), "big")]).await,
            false => {
                let objects = FILES.map(|(name, size)| (name, size as u64));
                rig.download(&place.bucket, &objects, &place.dst()).await
            }
        };
        assert_eq!(job.state, JobState::Completed, "{told}");
    }
    let there = if up { place.objects().await } else { files(&place) };
    assert!(there == want, "{told}");
    let open = place.s3.list_uploads(&place.bucket, "").await.unwrap();
    let foreign = open.iter().filter(|upload| upload.key == "big/other").count();
    assert_eq!(foreign, 1, "{told}: another's upload was aborted");
    let forgotten = open.len() - foreign;
    assert!(forgotten == 0, "{told}: {forgotten} forgotten uploads");
    !status.success()
}

fn files(place: &Place) -> Vec<(String, Vec<u8>)> {
    let all = tree(&place.dst()).into_iter();
    all.map(|(path, bytes)| (path.to_str().unwrap().to_owned(), bytes)).collect()
}

pub async fn at_every_write(up: Up, after: bool) {
    let mut ends = 0;
    for write in 1..=WRITES {
        if !once(up, write, after).await {
            break;
        }
        ends = write;
    }
    println!("ended at each of {ends} writes");
    assert!((8..WRITES).contains(&ends), "{ends} writes");
}
