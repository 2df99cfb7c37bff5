use dipper_types::ProfileId;

use super::*;

async fn one_job(db: &Db) -> (Journal, JobId) {
    let journal = Journal::new(db);
    let job = journal
        .create_job(NewJob {
            kind: JobKind::Upload,
            owner: "a1".into(),
            profile: ProfileId::new("p"),
            bucket: "b".into(),
            prefix: String::new(),
            title: "t".into(),
            spec: "{}".into(),
            created_at: Timestamp::from_secs(1),
        })
        .await
        .unwrap();
    let new = |key: &str, size, skipped: Option<&str>| NewTransfer {
        key: key.into(),
        local: Some(PathBuf::from("/tmp").join(key)),
        size: Some(size),
        skipped: skipped.map(str::to_owned),
        ..NewTransfer::default()
    };
    journal
        .add_transfers(
            job,
            vec![new("a", 10, None), new("b", 20, None), new("c", 5, Some("a socket"))],
        )
        .await
        .unwrap();
    (journal, job)
}

#[tokio::test]
async fn counts_follow_the_outcomes() {
    let home = tempfile::tempdir().unwrap();
    let db = Db::open(home.path()).unwrap();
    let (journal, job) = one_job(&db).await;
    let queued = journal.queued(job, TransferId::new(0), 10).unwrap();
    assert_eq!(queued.iter().map(|t| t.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let done =
        Outcome::Done { size: 12, verified: "verified by MD5".into(), etag: None, local: None };
    journal.finish(job, vec![(queued[0].id, done.clone())]).await.unwrap();
    // Telling the same end twice counts once.
    journal.finish(job, vec![(queued[0].id, done)]).await.unwrap();
    journal.finish(job, vec![(queued[1].id, Outcome::Failed { error: "e".into() })]).await.unwrap();
    let row = journal.job(job).unwrap().unwrap();
    assert_eq!(
        (row.files_total, row.files_done, row.files_failed, row.files_skipped),
        (3, 1, 1, 1)
    );
    assert_eq!((row.bytes_total, row.bytes_done), (32, 12));
    assert_eq!(journal.requeue(job).await.unwrap(), 1);
    let row = journal.job(job).unwrap().unwrap();
    assert_eq!((row.files_failed, row.state), (0, JobState::Queued));
    assert_eq!(journal.queued(job, TransferId::new(0), 10).unwrap().len(), 1);
}

#[tokio::test]
async fn uploads_and_parts_are_remembered_until_they_end() {
    let home = tempfile::tempdir().unwrap();
    let db = Db::open(home.path()).unwrap();
    let (journal, job) = one_job(&db).await;
    let id = journal.queued(job, TransferId::new(0), 1).unwrap()[0].id;
    let print = Fingerprint { size: 10, mtime_ns: -5, inode: u64::MAX };
    journal.begin_upload(id, UploadId::new("u"), 4, print, Timestamp::from_secs(2)).await.unwrap();
    let part = PartRow {
        number: PartNumber::new(2).unwrap(),
        etag: "e".into(),
        checksum: Some("c".into()),
        size: 4,
    };
    journal.add_part(id, part.clone()).await.unwrap();
    assert_eq!(journal.parts(id).unwrap(), [part]);
    let row = journal.transfer(id).unwrap().unwrap();
    assert_eq!((row.fingerprint, row.upload), (Some(print), Some(UploadId::new("u"))));
    journal.set_state(job, JobState::Cancelled, None, None).await.unwrap();
    assert!(journal.clear_finished().await.unwrap().is_empty(), "an upload is still open");
    journal.end_upload(id).await.unwrap();
    assert_eq!(journal.clear_finished().await.unwrap(), [job]);
    assert!(journal.transfer(id).unwrap().is_none());
}

#[tokio::test]
async fn only_one_adopts() {
    let home = tempfile::tempdir().unwrap();
    let db = Db::open(home.path()).unwrap();
    let (journal, job) = one_job(&db).await;
    assert!(journal.adopt(job, "a1", "b2").await.unwrap());
    assert!(!journal.adopt(job, "a1", "c3").await.unwrap());
}

#[cfg(unix)]
#[tokio::test]
async fn local_names_need_not_be_unicode() {
    use std::os::unix::ffi::OsStrExt;
    let home = tempfile::tempdir().unwrap();
    let db = Db::open(home.path()).unwrap();
    let (journal, job) = one_job(&db).await;
    let path = PathBuf::from(std::ffi::OsStr::from_bytes(b"/tmp/\xff\xfe"));
    let new = NewTransfer { key: "k".into(), local: Some(path.clone()), ..NewTransfer::default() };
    journal.add_transfers(job, vec![new]).await.unwrap();
    let (_, rows) = journal.transfers(job, TransferFilter::All, 3, 1).unwrap();
    assert_eq!(rows[0].local, Some(path));
}

#[tokio::test]
async fn what_was_asked_for_is_known_until_nothing_is_in_doubt() {
    let home = tempfile::tempdir().unwrap();
    let db = Db::open(home.path()).unwrap();
    let (journal, job) = one_job(&db).await;
    let id = journal.queued(job, TransferId::new(0), 1).unwrap()[0].id;
    let at = Timestamp::from_secs;
    let print = Fingerprint { size: 10, mtime_ns: 0, inode: 0 };
    let begin = |upload: &str, now| journal.begin_upload(id, UploadId::new(upload), 4, print, now);
    journal.ask_upload(id, at(1)).await.unwrap();
    begin("u", at(2)).await.unwrap();
    assert_eq!(journal.upload_intent(id).unwrap(), None, "one was asked for, and came");
    journal.ask_upload(id, at(3)).await.unwrap();
    journal.ask_upload(id, at(5)).await.unwrap();
    let open = Intent { asked: vec![at(3), at(5)], answered: None };
    assert_eq!(journal.upload_intent(id).unwrap(), Some(open.clone()));
    begin("v", at(6)).await.unwrap();
    let open = Intent { answered: Some(at(6)), ..open };
    assert_eq!(journal.upload_intent(id).unwrap(), Some(open));
    journal.forget_intent(id).await.unwrap();
    assert_eq!(journal.upload_intent(id).unwrap(), None);
    journal.ask_upload(id, at(7)).await.unwrap();
    journal.end_upload(id).await.unwrap();
    journal.set_state(job, JobState::Cancelled, None, None).await.unwrap();
    journal.clear_finished().await.unwrap();
    assert_eq!(journal.upload_intent(id).unwrap(), None, "it goes with its job");
}

#[tokio::test]
async fn what_was_completed_long_ago_is_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let db = Db::open(home.path()).unwrap();
    let journal = Journal::new(&db);
    let at = Timestamp::from_secs;
    let mut jobs = Vec::new();
    for (state, ended) in [
        (JobState::Completed, Some(at(10))),
        (JobState::Completed, Some(at(30))),
        (JobState::Failed, Some(at(10))),
        (JobState::Running, None),
        (JobState::Completed, Some(at(10))),
    ] {
        let (_, job) = one_job(&db).await;
        journal.set_state(job, state, ended, None).await.unwrap();
        jobs.push(job);
    }
    // A file of the last one failed: it can be tried again.
    let queued = journal.queued(jobs[4], TransferId::new(0), 1).unwrap();
    let failed = Outcome::Failed { error: "e".into() };
    journal.finish(jobs[4], vec![(queued[0].id, failed)]).await.unwrap();
    assert_eq!(journal.forget_completed(at(20)).await.unwrap(), [jobs[0]]);
    assert_eq!(journal.forget_completed(at(20)).await.unwrap(), []);
    let mut left: Vec<JobId> = journal.jobs().unwrap().iter().map(|job| job.id).collect();
    left.sort();
    assert_eq!(left, jobs[1..]);
}
