//! Jobs, their transfers and parts. What is here survives a crash: a job is written before its first
//! request, an upload id before the first part, a part when the server has it, an end when it is one.

use std::path::PathBuf;

use dipper_types::{JobId, PartNumber, ProfileId, Timestamp, TransferId, UploadId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Db, StateError, os_path};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($variant),* }

        impl $name {
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Self> {
                match row.get_ref(at)?.as_str()? {
                    $($word => Ok(Self::$variant),)*
                    other => Err(rusqlite::Error::FromSqlConversionFailure(
                        at,
                        rusqlite::types::Type::Text,
                        format!("unknown {}: {other}", stringify!($name)).into(),
                    )),
                }
            }
        }
    };
}

words!(JobKind { Upload = "upload", Download = "download", Delete = "delete" });
words!(JobState {
    Queued = "queued",
    Running = "running",
    Completed = "completed",
    Failed = "failed",
    Cancelled = "cancelled",
});
words!(TransferState {
    Queued = "queued",
    Completed = "completed",
    Failed = "failed",
    Skipped = "skipped",
    Cancelled = "cancelled",
});

impl JobState {
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

#[derive(Debug, Clone)]
pub struct NewJob {
    pub kind: JobKind,
    pub owner: String,
    pub profile: ProfileId,
    pub bucket: String,
    pub prefix: String,
    pub title: String,
    /// What the engine needs to do it again, as JSON of the engine's.
    pub spec: String,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    pub id: JobId,
    pub kind: JobKind,
    pub state: JobState,
    pub owner: String,
    pub profile: ProfileId,
    pub bucket: String,
    pub prefix: String,
    pub title: String,
    pub spec: String,
    /// All its transfers are known.
    pub planned: bool,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub files_total: u64,
    pub files_done: u64,
    pub files_failed: u64,
    pub files_skipped: u64,
    pub bytes_total: u64,
    pub bytes_done: u64,
    pub error: Option<String>,
}

/// What tells a file from a changed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    pub size: u64,
    pub mtime_ns: i64,
    /// 0 where the system has none.
    pub inode: u64,
}

#[derive(Debug, Clone)]
pub struct NewTransfer {
    pub key: String,
    pub local: Option<PathBuf>,
    pub size: Option<u64>,
    /// Known to be left out from the start, with the reason.
    pub skipped: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRow {
    pub id: TransferId,
    pub job: JobId,
    pub state: TransferState,
    pub key: String,
    pub local: Option<PathBuf>,
    pub size: Option<u64>,
    pub fingerprint: Option<Fingerprint>,
    pub etag: Option<String>,
    pub upload: Option<UploadId>,
    pub part_size: Option<u64>,
    pub verified: Option<String>,
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRow {
    pub number: PartNumber,
    pub etag: String,
    pub checksum: Option<String>,
    pub size: u64,
}

/// How a transfer ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    Done { size: u64, verified: String, etag: Option<String> },
    Failed { error: String },
    Skipped { reason: String },
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferFilter {
    All,
    Failed,
    Unfinished,
}

#[derive(Clone)]
pub struct Journal {
    db: Db,
}

const JOB: &str = "id, kind, state, owner, profile, bucket, prefix, title, spec, planned, created_at,
    finished_at, files_total, files_done, files_failed, files_skipped, bytes_total, bytes_done, error";
const TRANSFER: &str =
    "id, job, state, key, local, size, mtime_ns, inode, etag, upload_id, part_size,
    verified, error";

fn unsigned(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(at)?).unwrap_or(0))
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn job_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    Ok(JobRow {
        id: JobId::new(row.get(0)?),
        kind: JobKind::read(row, 1)?,
        state: JobState::read(row, 2)?,
        owner: row.get(3)?,
        profile: ProfileId::new(row.get::<_, String>(4)?),
        bucket: row.get(5)?,
        prefix: row.get(6)?,
        title: row.get(7)?,
        spec: row.get(8)?,
        planned: row.get(9)?,
        created_at: Timestamp::from_millis(row.get(10)?),
        finished_at: row.get::<_, Option<i64>>(11)?.map(Timestamp::from_millis),
        files_total: unsigned(row, 12)?,
        files_done: unsigned(row, 13)?,
        files_failed: unsigned(row, 14)?,
        files_skipped: unsigned(row, 15)?,
        bytes_total: unsigned(row, 16)?,
        bytes_done: unsigned(row, 17)?,
        error: row.get(18)?,
    })
}

fn transfer_row(row: &Row<'_>) -> rusqlite::Result<TransferRow> {
    let size = row.get::<_, Option<i64>>(5)?.and_then(|s| u64::try_from(s).ok());
    let mtime: Option<i64> = row.get(6)?;
    let fingerprint = match (size, mtime) {
        (Some(size), Some(mtime_ns)) => {
            Some(Fingerprint { size, mtime_ns, inode: row.get::<_, i64>(7)?.cast_unsigned() })
        }
        _ => None,
    };
    Ok(TransferRow {
        id: TransferId::new(row.get(0)?),
        job: JobId::new(row.get(1)?),
        state: TransferState::read(row, 2)?,
        key: row.get(3)?,
        local: row.get::<_, Option<Vec<u8>>>(4)?.map(os_path::from_bytes),
        size,
        fingerprint,
        etag: row.get(8)?,
        upload: row.get::<_, Option<String>>(9)?.map(UploadId::new),
        part_size: row.get::<_, Option<i64>>(10)?.and_then(|s| u64::try_from(s).ok()),
        verified: row.get(11)?,
        error: row.get(12)?,
    })
}

impl Journal {
    pub fn new(db: &Db) -> Self {
        Self { db: db.clone() }
    }

    pub async fn create_job(&self, job: NewJob) -> Result<JobId, StateError> {
        self.db
            .write(move |c| {
                c.prepare_cached(
                    "INSERT INTO jobs (kind, state, owner, profile, bucket, prefix, title, spec, created_at)
                     VALUES (?1, 'queued', ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    job.kind.as_str(),
                    job.owner,
                    job.profile.as_str(),
                    job.bucket,
                    job.prefix,
                    job.title,
                    job.spec,
                    job.created_at.millis(),
                ])?;
                Ok(JobId::new(c.last_insert_rowid()))
            })
            .await
    }

    /// Adds what was found to do, and counts it.
    pub async fn add_transfers(
        &self,
        job: JobId,
        found: Vec<NewTransfer>,
    ) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                let mut insert = c.prepare_cached(
                    "INSERT INTO transfers (job, state, key, local, size, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?;
                let (mut bytes, mut skipped) = (0_u64, 0_u64);
                for transfer in &found {
                    let state = match transfer.skipped {
                        Some(_) => {
                            skipped += 1;
                            TransferState::Skipped
                        }
                        None => {
                            bytes = bytes.saturating_add(transfer.size.unwrap_or(0));
                            TransferState::Queued
                        }
                    };
                    insert.execute(params![
                        job.get(),
                        state.as_str(),
                        transfer.key,
                        transfer.local.as_deref().map(os_path::to_bytes),
                        transfer.size.map(signed),
                        transfer.skipped,
                    ])?;
                }
                c.execute(
                    "UPDATE jobs SET files_total = files_total + ?2, files_skipped = files_skipped + ?3,
                     bytes_total = bytes_total + ?4 WHERE id = ?1",
                    params![job.get(), signed(found.len() as u64), signed(skipped), signed(bytes)],
                )?;
                Ok(())
            })
            .await
    }

    pub async fn set_planned(&self, job: JobId) -> Result<(), StateError> {
        self.db
            .write(move |c| c.execute("UPDATE jobs SET planned = 1 WHERE id = ?1", [job.get()]))
            .await
            .map(drop)
    }

    /// Forgets a plan that was cut off half-way, so that it is made again from the start.
    pub async fn discard_plan(&self, job: JobId) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.execute("DELETE FROM transfers WHERE job = ?1", [job.get()])?;
                c.execute(
                    "UPDATE jobs SET files_total = 0, files_done = 0, files_failed = 0, files_skipped = 0,
                     bytes_total = 0, bytes_done = 0 WHERE id = ?1",
                    [job.get()],
                )
            })
            .await
            .map(drop)
    }

    pub async fn set_state(
        &self,
        job: JobId,
        state: JobState,
        finished_at: Option<Timestamp>,
        error: Option<String>,
    ) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.execute(
                    "UPDATE jobs SET state = ?2, finished_at = ?3, error = ?4 WHERE id = ?1",
                    params![job.get(), state.as_str(), finished_at.map(Timestamp::millis), error],
                )
            })
            .await
            .map(drop)
    }

    pub fn job(&self, id: JobId) -> Result<Option<JobRow>, StateError> {
        self.db.read(|c| {
            c.prepare_cached(&format!("SELECT {JOB} FROM jobs WHERE id = ?1"))?
                .query_row([id.get()], job_row)
                .optional()
        })
    }

    /// All jobs, the newest first.
    pub fn jobs(&self) -> Result<Vec<JobRow>, StateError> {
        self.db.read(|c| {
            c.prepare_cached(&format!("SELECT {JOB} FROM jobs ORDER BY id DESC"))?
                .query_map([], job_row)?
                .collect()
        })
    }

    /// Takes over a job whose owner is gone. False where somebody else was quicker.
    pub async fn adopt(&self, job: JobId, from: &str, to: &str) -> Result<bool, StateError> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.db
            .write(move |c| {
                c.execute(
                    "UPDATE jobs SET owner = ?3 WHERE id = ?1 AND owner = ?2",
                    params![job.get(), from, to],
                )
            })
            .await
            .map(|rows| rows == 1)
    }

    /// Transfers still to be done, in order, after the given one.
    pub fn queued(
        &self,
        job: JobId,
        after: TransferId,
        len: u32,
    ) -> Result<Vec<TransferRow>, StateError> {
        self.db.read(|c| {
            c.prepare_cached(&format!(
                "SELECT {TRANSFER} FROM transfers WHERE job = ?1 AND state = 'queued' AND id > ?2
                 ORDER BY id LIMIT ?3"
            ))?
            .query_map(params![job.get(), after.get(), len], transfer_row)?
            .collect()
        })
    }

    pub fn transfer(&self, id: TransferId) -> Result<Option<TransferRow>, StateError> {
        self.db.read(|c| {
            c.prepare_cached(&format!("SELECT {TRANSFER} FROM transfers WHERE id = ?1"))?
                .query_row([id.get()], transfer_row)
                .optional()
        })
    }

    /// A window of a job's transfers, and how many there are.
    pub fn transfers(
        &self,
        job: JobId,
        filter: TransferFilter,
        start: u64,
        len: u32,
    ) -> Result<(u64, Vec<TransferRow>), StateError> {
        let only = match filter {
            TransferFilter::All => "1",
            TransferFilter::Failed => "state IN ('failed', 'skipped')",
            TransferFilter::Unfinished => "state = 'queued'",
        };
        self.db.read(|c| {
            let total = c
                .prepare_cached(&format!("SELECT count(*) FROM transfers WHERE job = ?1 AND {only}"))?
                .query_row([job.get()], |row| unsigned(row, 0))?;
            let rows = c
                .prepare_cached(&format!(
                    "SELECT {TRANSFER} FROM transfers WHERE job = ?1 AND {only} ORDER BY id LIMIT ?3 OFFSET ?2"
                ))?
                .query_map(params![job.get(), signed(start), len], transfer_row)?
                .collect::<Result<_, _>>()?;
            Ok((total, rows))
        })
    }

    /// The upload id, before the first part; and what the file was when it began.
    pub async fn begin_upload(
        &self,
        transfer: TransferId,
        upload: UploadId,
        part_size: u64,
        source: Fingerprint,
    ) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.execute("DELETE FROM parts WHERE transfer = ?1", [transfer.get()])?;
                correct_total(c, transfer, source.size)?;
                c.execute(
                    "UPDATE transfers SET upload_id = ?2, part_size = ?3, size = ?4, mtime_ns = ?5, inode = ?6
                     WHERE id = ?1",
                    params![
                        transfer.get(),
                        upload.as_str(),
                        signed(part_size),
                        signed(source.size),
                        source.mtime_ns,
                        source.inode.cast_signed(),
                    ],
                )
            })
            .await
            .map(drop)
    }

    /// The upload is finished or aborted: nothing is left on the server to clean up.
    pub async fn end_upload(&self, transfer: TransferId) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.execute("DELETE FROM parts WHERE transfer = ?1", [transfer.get()])?;
                c.execute(
                    "UPDATE transfers SET upload_id = NULL, part_size = NULL, mtime_ns = NULL WHERE id = ?1",
                    [transfer.get()],
                )
            })
            .await
            .map(drop)
    }

    /// The object that a download began with, so that a later run continues with the same.
    pub async fn begin_download(
        &self,
        transfer: TransferId,
        etag: String,
        size: u64,
        part_size: u64,
        local: PathBuf,
    ) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.execute("DELETE FROM parts WHERE transfer = ?1", [transfer.get()])?;
                correct_total(c, transfer, size)?;
                c.execute(
                    "UPDATE transfers SET etag = ?2, size = ?3, part_size = ?4, local = ?5 WHERE id = ?1",
                    params![
                        transfer.get(),
                        etag,
                        signed(size),
                        signed(part_size),
                        os_path::to_bytes(&local)
                    ],
                )
            })
            .await
            .map(drop)
    }

    pub async fn add_part(&self, transfer: TransferId, part: PartRow) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.prepare_cached("INSERT OR REPLACE INTO parts VALUES (?1, ?2, ?3, ?4, ?5)")?
                    .execute(params![
                        transfer.get(),
                        part.number.get(),
                        part.etag,
                        part.checksum,
                        signed(part.size)
                    ])
            })
            .await
            .map(drop)
    }

    pub fn parts(&self, transfer: TransferId) -> Result<Vec<PartRow>, StateError> {
        self.db.read(|c| {
            c.prepare_cached(
                "SELECT number, etag, checksum, size FROM parts WHERE transfer = ?1 ORDER BY number",
            )?
            .query_map([transfer.get()], |row| {
                Ok(PartRow {
                    number: PartNumber::new(row.get(0)?).map_err(|e| {
                        rusqlite::Error::FromSqlConversionFailure(
                            0,
                            rusqlite::types::Type::Integer,
                            e.into(),
                        )
                    })?,
                    etag: row.get(1)?,
                    checksum: row.get(2)?,
                    size: unsigned(row, 3)?,
                })
            })?
            .collect()
        })
    }

    /// How transfers ended, with the job's counts in the same commit.
    pub async fn finish(
        &self,
        job: JobId,
        ended: Vec<(TransferId, Outcome)>,
    ) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                for (transfer, outcome) in &ended {
                    finish_one(c, job, *transfer, outcome)?;
                }
                Ok(())
            })
            .await
    }

    /// What was not begun will not be.
    pub async fn cancel_queued(&self, job: JobId) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.execute(
                    "UPDATE transfers SET state = 'cancelled' WHERE job = ?1 AND state = 'queued'",
                    [job.get()],
                )
            })
            .await
            .map(drop)
    }

    /// Everything of the job that is not done goes back into the queue. Gives how many.
    pub async fn requeue(&self, job: JobId) -> Result<u64, StateError> {
        self.db
            .write(move |c| {
                let back = c.execute(
                    "UPDATE transfers SET state = 'queued', error = NULL
                     WHERE job = ?1 AND state IN ('failed', 'cancelled')",
                    [job.get()],
                )?;
                c.execute(
                    "UPDATE jobs SET state = 'queued', finished_at = NULL, error = NULL, files_failed = 0
                     WHERE id = ?1",
                    [job.get()],
                )?;
                Ok(back as u64)
            })
            .await
    }

    /// Transfers of finished jobs that still have an upload on a server.
    pub fn left_uploads(&self, job: JobId) -> Result<Vec<TransferRow>, StateError> {
        self.db.read(|c| {
            c.prepare_cached(&format!(
                "SELECT {TRANSFER} FROM transfers WHERE job = ?1 AND upload_id IS NOT NULL ORDER BY id"
            ))?
            .query_map([job.get()], transfer_row)?
            .collect()
        })
    }

    /// Downloads of a job that were begun and are not done, with the file they were to become.
    pub fn left_downloads(&self, job: JobId) -> Result<Vec<(TransferId, PathBuf)>, StateError> {
        self.db.read(|c| {
            c.prepare_cached(
                "SELECT t.id, t.local FROM transfers t JOIN jobs j ON j.id = t.job
                 WHERE j.id = ?1 AND j.kind = 'download' AND t.state IN ('failed', 'cancelled')
                 AND t.local IS NOT NULL AND t.part_size IS NOT NULL",
            )?
            .query_map([job.get()], |row| {
                Ok((TransferId::new(row.get(0)?), os_path::from_bytes(row.get(1)?)))
            })?
            .collect()
        })
    }

    /// Forgets finished jobs that have nothing left on a server. Gives which.
    pub async fn clear_finished(&self) -> Result<Vec<JobId>, StateError> {
        self.db
            .write(|c| {
                c.prepare_cached(
                    "DELETE FROM jobs WHERE state IN ('completed', 'failed', 'cancelled') AND NOT EXISTS (
                       SELECT 1 FROM transfers WHERE job = jobs.id AND upload_id IS NOT NULL
                     ) RETURNING id",
                )?
                .query_map([], |row| Ok(JobId::new(row.get(0)?)))?
                .collect()
            })
            .await
    }
}

/// A transfer turns out to have another size than was planned: the job's total follows.
fn correct_total(c: &Connection, transfer: TransferId, size: u64) -> rusqlite::Result<()> {
    c.prepare_cached(
        "UPDATE jobs SET bytes_total = bytes_total + ?2
           - coalesce((SELECT size FROM transfers WHERE id = ?1), 0)
         WHERE id = (SELECT job FROM transfers WHERE id = ?1)",
    )?
    .execute(params![transfer.get(), signed(size)])
    .map(drop)
}

fn finish_one(
    c: &Connection,
    job: JobId,
    transfer: TransferId,
    outcome: &Outcome,
) -> rusqlite::Result<()> {
    let (state, column, text, size) = match outcome {
        Outcome::Done { verified, size, .. } => {
            (TransferState::Completed, "files_done", Some(verified), Some(*size))
        }
        Outcome::Failed { error } => (TransferState::Failed, "files_failed", Some(error), None),
        Outcome::Skipped { reason } => {
            (TransferState::Skipped, "files_skipped", Some(reason), None)
        }
        Outcome::Cancelled => (TransferState::Cancelled, "", None, None),
    };
    let text_column = if state == TransferState::Completed { "verified" } else { "error" };
    let planned: Option<i64> = c
        .prepare_cached("SELECT size FROM transfers WHERE id = ?1 AND state = 'queued'")?
        .query_row([transfer.get()], |row| row.get::<_, Option<i64>>(0))
        .optional()?
        .map(|size| size.unwrap_or(0));
    let Some(planned) = planned else { return Ok(()) };
    c.prepare_cached(&format!(
        "UPDATE transfers SET state = ?2, {text_column} = ?3, size = coalesce(?4, size),
         etag = coalesce(?5, etag) WHERE id = ?1"
    ))?
    .execute(params![
        transfer.get(),
        state.as_str(),
        text,
        size.map(signed),
        match outcome {
            Outcome::Done { etag, .. } => etag.as_deref(),
            _ => None,
        }
    ])?;
    if state == TransferState::Completed {
        c.prepare_cached("DELETE FROM parts WHERE transfer = ?1")?.execute([transfer.get()])?;
        c.prepare_cached(
            "UPDATE transfers SET upload_id = NULL WHERE id = ?1 AND upload_id IS NOT NULL",
        )?
        .execute([transfer.get()])?;
    }
    if column.is_empty() {
        return Ok(());
    }
    // A file that turned out larger or smaller than planned changes the total, too, so that done
    // never exceeds it.
    let (moved, correction) = match size {
        Some(size) => (signed(size), signed(size) - planned),
        None => (0, 0),
    };
    c.prepare_cached(&format!(
        "UPDATE jobs SET {column} = {column} + 1, bytes_done = bytes_done + ?2,
         bytes_total = bytes_total + ?3 WHERE id = ?1"
    ))?
    .execute(params![job.get(), moved, correction])?;
    Ok(())
}

#[cfg(test)]
mod tests {
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
        let done = Outcome::Done { size: 12, verified: "verified by MD5".into(), etag: None };
        journal.finish(job, vec![(queued[0].id, done.clone())]).await.unwrap();
        // Telling the same end twice counts once.
        journal.finish(job, vec![(queued[0].id, done)]).await.unwrap();
        journal
            .finish(job, vec![(queued[1].id, Outcome::Failed { error: "e".into() })])
            .await
            .unwrap();
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
        journal.begin_upload(id, UploadId::new("u"), 4, print).await.unwrap();
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
        let new =
            NewTransfer { key: "k".into(), local: Some(path.clone()), size: None, skipped: None };
        journal.add_transfers(job, vec![new]).await.unwrap();
        let (_, rows) = journal.transfers(job, TransferFilter::All, 3, 1).unwrap();
        assert_eq!(rows[0].local, Some(path));
    }
}
