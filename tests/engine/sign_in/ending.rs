//! Sessions that end in the middle.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dipper_s3::{Connection, Credentials, Prompt, S3, SignIn};
use dipper_state::{Db, JobState};
use dipper_transfer::{Connections, Engine, Sink, TransferError};
use dipper_types::{ProfileId, SystemClock};
use futures::future::BoxFuture;
use tokio::sync::Notify;

use super::roles::Sts;
use super::{Sayer, by, witness};
use crate::front::Front;
use crate::rig::{LIMITS, Place, Rig, Told, until};
use crate::scripted::s3_error;
use crate::support::noise;

const PARTS: usize = 10;

/// A sandbox that knows sessions: the first one ends after three parts.
struct Ends {
    front: Front,
    /// By part number, how often it was stored.
    stored: Arc<Mutex<HashMap<String, u32>>>,
    /// The highest session that is not taken any more.
    ended: Arc<AtomicU64>,
}

impl Ends {
    async fn before(place: &Place) -> Self {
        let stored: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
        let ended = Arc::new(AtomicU64::new(0));
        let (counts, over) = (Arc::clone(&stored), Arc::clone(&ended));
        let behind = place.sandbox.endpoint().trim_start_matches("http://").parse().unwrap();
        let front = Front::of(behind, move |head, _| {
            let token = head.headers.get("x-amz-security-token");
            let session =
                token.and_then(|t| t.to_str().ok()?.strip_prefix("session-")?.parse().ok());
            if session.is_none_or(|session: u64| session <= over.load(Ordering::SeqCst)) {
                return Some(s3_error(400, "ExpiredToken", ""));
            }
            let query = head.uri.query().unwrap_or_default();
            let part = query.split('&').find_map(|pair| pair.strip_prefix("partNumber="));
            if let (Some(part), "PUT") = (part, head.method.as_str()) {
                let mut counts = counts.lock().unwrap();
                if counts.len() == 3 && over.load(Ordering::SeqCst) == 0 {
                    over.store(1, Ordering::SeqCst);
                    return Some(s3_error(400, "ExpiredToken", ""));
                }
                *counts.entry(part.to_owned()).or_default() += 1;
            }
            None
        })
        .await;
        Self { front, stored, ended }
    }

    /// Every part was stored, and none twice.
    fn no_part_lost(&self) {
        let stored = self.stored.lock().unwrap();
        assert_eq!(stored.len(), PARTS);
        assert!(stored.values().all(|times| *times == 1), "{stored:?}");
    }
}

fn large(place: &Place) -> (std::path::PathBuf, Vec<u8>) {
    // Ten parts of the smallest size.
    let bytes = noise(7, (PARTS - 1) * (8 << 20) + 1000);
    (place.file("large", &bytes), bytes)
}

async fn role(place: &Place, ends: &Ends, sayer: Option<&Arc<Sayer>>) -> (Sts, Connection) {
    let account = place.main();
    let sts =
        Sts::giving(&account.access_key, account.secret_key.expose(), Duration::from_secs(3600))
            .await;
    let credentials = Credentials::AssumeRole(Box::new(sts.role(sayer.is_some())));
    let mut connection = by(&ends.front.endpoint(), credentials);
    connection.provider = dipper_s3::Provider::by_id("sandbox");
    connection.options.sign_in = SignIn {
        prompt: sayer.map(|sayer| Arc::clone(sayer) as Arc<dyn Prompt>),
        ..SignIn::default()
    };
    (sts, connection)
}

pub async fn renewed_at_a_third() {
    let place = Place::new().await;
    let (file, bytes) = large(&place);
    let ends = Ends::before(&place).await;
    let (sts, connection) = role(&place, &ends, None).await;
    let rig = Rig::open(&place.home(), S3::connect(connection).await);
    let job = rig.upload(&place.bucket, &[(&file, "large")]).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", job.error);
    assert_eq!(ends.ended.load(Ordering::SeqCst), 1, "the session ended in between");
    assert_eq!(sts.calls(), 2, "and was renewed once");
    ends.no_part_lost();
    assert_eq!(place.objects().await, [("large".to_owned(), bytes)]);
    // Down again, with a session that ends before it begins.
    ends.ended.store(2, Ordering::SeqCst);
    let size = place.objects().await[0].1.len() as u64;
    let job = rig.download(&place.bucket, &[("large", size)], &place.dst()).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", job.error);
    assert_eq!(sts.calls(), 3);
}

/// Clients of one profile, and somebody who may sign in.
struct Signs {
    s3: S3,
    somebody: bool,
    times: AtomicU64,
    again: Notify,
}

impl Connections for Signs {
    fn s3<'a>(&'a self, _: &'a ProfileId) -> BoxFuture<'a, Result<S3, TransferError>> {
        Box::pin(async { Ok(self.s3.clone()) })
    }

    fn sign_ins(&self) -> u64 {
        self.times.load(Ordering::SeqCst)
    }

    fn renewed<'a>(&'a self, _: &'a ProfileId, since: u64) -> BoxFuture<'a, Option<S3>> {
        Box::pin(async move {
            while self.somebody && self.sign_ins() == since {
                let _ =
                    tokio::time::timeout(Duration::from_millis(20), self.again.notified()).await;
            }
            self.somebody.then(|| self.s3.clone())
        })
    }
}

struct Waits {
    rig: Rig,
    signs: Arc<Signs>,
    ends: Ends,
    sayer: Arc<Sayer>,
    _sts: Sts,
}

/// A job whose role wants a code, from somebody who gives it once and then is away.
async fn waits(place: &Place, somebody: bool) -> Waits {
    let ends = Ends::before(place).await;
    let sayer = Arc::new(Sayer { says: Some("123456"), ..Default::default() });
    let (sts, mut connection) = role(place, &ends, Some(&sayer)).await;
    let once = Once(Arc::clone(&sayer));
    connection.options.sign_in.prompt = Some(Arc::new(once));
    let s3 = S3::connect(connection).await;
    let db = Db::open(&place.home()).unwrap();
    let told = Arc::new(Told::default());
    let signs = Arc::new(Signs { s3, somebody, times: AtomicU64::new(0), again: Notify::new() });
    let engine = Engine::new(
        &db,
        Arc::clone(&signs) as Arc<dyn Connections>,
        Arc::clone(&told) as Arc<dyn Sink>,
        Arc::new(SystemClock),
        LIMITS,
    )
    .unwrap();
    Waits { rig: Rig { engine, told }, signs, ends, sayer, _sts: sts }
}

/// Says the code at every other question.
struct Once(Arc<Sayer>);

impl Prompt for Once {
    fn ask(
        &self,
        question: dipper_s3::Question,
    ) -> BoxFuture<'static, Option<dipper_types::Secret<String>>> {
        let odd = self.0.times() % 2 == 1;
        let said = self.0.ask(question);
        Box::pin(async move { said.await.filter(|_| !odd) })
    }
}

async fn is_waiting(waits: &Waits, id: dipper_types::JobId) {
    let journal = waits.rig.engine.journal();
    until("waiting", async || journal.job(id).unwrap().unwrap().state == JobState::Waiting).await;
}

pub async fn a_job_waits() {
    let place = Place::new().await;
    let (file, bytes) = large(&place);
    let waits = waits(&place, true).await;
    let id = waits.rig.begin_upload(&place.bucket, &[(&file, "large")]).await;
    is_waiting(&waits, id).await;
    let before = waits.ends.stored.lock().unwrap().len();
    assert_eq!(waits.sayer.times(), 2, "one question, not one a part");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(waits.ends.stored.lock().unwrap().len(), before, "nothing moves meanwhile");
    assert_eq!(waits.sayer.times(), 2);
    waits.signs.s3.sign_in().await.unwrap();
    waits.signs.times.fetch_add(1, Ordering::SeqCst);
    waits.signs.again.notify_waiters();
    let job = waits.rig.ended(id).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", job.error);
    waits.ends.no_part_lost();
    assert_eq!(place.objects().await, [("large".to_owned(), bytes)]);
    assert_eq!(place.open_uploads().await, 0);
}

pub async fn cancelled_while_it_waits() {
    let place = Place::new().await;
    let (file, _) = large(&place);
    let waits = waits(&place, true).await;
    let id = waits.rig.begin_upload(&place.bucket, &[(&file, "large")]).await;
    is_waiting(&waits, id).await;
    waits.rig.engine.cancel(id).await.unwrap();
    assert_eq!(waits.rig.ended(id).await.state, JobState::Cancelled);
}

pub async fn nobody_to_wait_for() {
    let place = Place::new().await;
    let (file, _) = large(&place);
    let waits = waits(&place, false).await;
    let job = waits.rig.upload(&place.bucket, &[(&file, "large")]).await;
    let failure = waits.rig.failure(&job);
    assert_eq!(failure.code, dipper_app::Code::ExpiredToken);
    // What is there stays for a retry with a new session.
    waits.signs.s3.sign_in().await.unwrap();
    waits.rig.engine.retry(job.id).await.unwrap();
    let job = waits.rig.ended(job.id).await;
    assert_eq!(job.state, JobState::Completed, "{:?}", job.error);
    waits.ends.no_part_lost();
}

/// Short sessions are renewed before a server ever refuses one.
pub async fn renewed_before_the_end() {
    let sts = Sts::new(Duration::from_millis(500)).await;
    let (server, seen) = witness().await;
    let credentials = Credentials::AssumeRole(Box::new(sts.role(false)));
    let s3 = S3::connect(by(&server.endpoint(), credentials)).await;
    let started = std::time::Instant::now();
    while started.elapsed() < Duration::from_millis(1200) {
        s3.list_buckets().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let sessions: std::collections::BTreeSet<String> =
        seen.lock().unwrap().iter().map(|(_, token)| token.clone()).collect();
    assert!((3..=5).contains(&sessions.len()), "{sessions:?}");
    assert_eq!(sts.calls(), sessions.len());
}
