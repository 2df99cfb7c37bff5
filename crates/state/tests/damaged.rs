//! A journal that is not what it should be: overwritten, cut, or no database at all. It opens, or says why
//! not; it is never a panic. The fuzz target `journal` plays this file, too.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use dipper_state::{
    Db, Fingerprint, JobKind, JobState, Journal, NewJob, NewTransfer, Outcome, PartRow, Profiles,
    SettingsTable, StateError, TransferFilter,
};
use dipper_types::{JobId, PartNumber, ProfileId, Timestamp, TransferId, UploadId};

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().build().expect("a runtime"));

/// A journal with something in each of its tables.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    RUNTIME.block_on(filled(folder.path())).expect("a journal");
    // Its writer ends a moment later, and then the log is part of the database.
    while folder.path().join("dipper.db-wal").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::fs::read(folder.path().join("dipper.db")).expect("a database")
});

async fn filled(folder: &Path) -> Result<(), StateError> {
    let db = Db::open(folder)?;
    let journal = Journal::new(&db);
    for kind in [JobKind::Upload, JobKind::Download] {
        let job = journal
            .create_job(NewJob {
                kind,
                owner: "a1".into(),
                profile: ProfileId::new("p"),
                bucket: "b".into(),
                prefix: "x/".into(),
                title: "t".into(),
                spec: "{}".into(),
                created_at: Timestamp::from_secs(1),
            })
            .await?;
        let new = |n: u64| NewTransfer {
            key: format!("x/key {n}"),
            local: Some(format!("key {n}").into()),
            size: Some(n),
            ..NewTransfer::default()
        };
        journal.add_transfers(job, (0..40).map(new).collect()).await?;
        let first = journal.queued(job, TransferId::new(0), 2)?;
        let print = Fingerprint { size: 10, mtime_ns: 1, inode: 2 };
        let (id, now) = (first[0].id, Timestamp::from_secs(2));
        journal.ask_upload(id, now).await?;
        journal.ask_upload(id, now).await?;
        journal.begin_upload(id, UploadId::new("u"), 4, print, now).await?;
        let number = PartNumber::new(1).expect("a number");
        let part = PartRow { number, etag: "e".into(), checksum: Some("c".into()), size: 4 };
        journal.add_part(id, part).await?;
        let outcome = Outcome::Failed { error: "{}".into() };
        journal.finish(job, vec![(first[1].id, outcome)]).await?;
    }
    db.name().map(drop)
}

/// In memory where that can be: nothing here has to outlive a power cut, and a disk makes it slow.
fn folder() -> tempfile::TempDir {
    let memory = tempfile::tempdir_in("/dev/shm").ok();
    memory.unwrap_or_else(|| tempfile::tempdir().expect("a folder"))
}

/// The first byte says how: data in the place of the database, or bytes of it changed (four bytes say
/// where, one says what) and perhaps the rest cut off.
fn damaged(data: &[u8]) -> Vec<u8> {
    let Some((how, data)) = data.split_first() else { return Vec::new() };
    if how % 4 == 3 {
        return data.to_vec();
    }
    let mut bytes = WHOLE.clone();
    for change in data.chunks_exact(5) {
        let at = u32::from_le_bytes([change[0], change[1], change[2], change[3]]) as usize;
        let at = at % bytes.len();
        bytes[at] = change[4];
        if how % 4 == 2 && change[4] == 0 {
            bytes.truncate(at.max(1));
        }
    }
    bytes
}

/// Opens what `data` makes of a journal, reads all of it, and writes once.
pub fn read(data: &[u8]) {
    let folder = folder();
    std::fs::write(folder.path().join("dipper.db"), damaged(data)).expect("a database");
    let Ok(db) = Db::open(folder.path()) else { return };
    let journal = Journal::new(&db);
    let jobs = journal.jobs().unwrap_or_default();
    for job in jobs.iter().map(|job| job.id).chain([JobId::new(1), JobId::new(2)]).take(8) {
        let _read = (journal.job(job), journal.keys(job), journal.left_uploads(job));
        let _read = (journal.left_downloads(job), journal.queued(job, TransferId::new(0), 100));
        let all = journal.transfers(job, TransferFilter::All, 0, 100);
        for transfer in all.map(|(_, all)| all).unwrap_or_default() {
            let _read = (journal.parts(transfer.id), journal.upload_intent(transfer.id));
        }
    }
    let _read = (journal.open_uploads(), db.name());
    let _read = (Profiles::new(&db).list(), SettingsTable::new(&db).get::<u32>("x"));
    let told = RUNTIME.block_on(journal.set_state(JobId::new(1), JobState::Paused, None, None));
    assert!(!matches!(told, Err(StateError::WriterGone)), "the writer fell over");
    let told = RUNTIME.block_on(journal.clear_finished());
    assert!(!matches!(told, Err(StateError::WriterGone)), "the writer fell over");
}

#[test]
fn a_damaged_journal_is_an_error_at_most() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut opened = 0;
    for round in 0..200_u8 {
        let mut data = vec![round];
        for _ in 0..=(round % 7) {
            // Some are in the first page, where everything begins.
            let [a, b, c, d, value, short, ..] = random();
            let at = if short % 8 == 0 { [a, b % 16, 0, 0] } else { [a, b, c, d] };
            data.extend(at);
            data.push(value);
        }
        let folder = folder();
        std::fs::write(folder.path().join("dipper.db"), damaged(&data)).expect("a database");
        opened += u32::from(Db::open(folder.path()).is_ok());
        read(&data);
    }
    read(&[]);
    assert!((20..180).contains(&opened), "some open, some don't: {opened}");
}
