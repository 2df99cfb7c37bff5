//! Jobs, their transfers and parts. What is here survives a crash: a job is written before its first
//! request, an upload id before the first part, a part when the server has it, an end when it is one.

use std::collections::HashSet;
use std::path::PathBuf;

use dipper_types::{JobId, PartNumber, Timestamp, TransferId, UploadId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Db, StateError, os_path};

mod control;
mod intents;
mod old;
mod rows;

pub use intents::Intent;
pub use rows::{
    Fingerprint, JobKind, JobRow, JobState, NewJob, NewTransfer, Outcome, PartRow, Priority,
    TransferFilter, TransferRow, TransferState, Wish,
};
use rows::{JOB, TRANSFER, job_row, signed, transfer_row, unsigned};

#[derive(Clone)]
pub struct Journal {
    db: Db,
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
                let id = c.last_insert_rowid();
                c.execute("UPDATE jobs SET position = ?1 WHERE id = ?1", [id])?;
                Ok(JobId::new(id))
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
                    "INSERT INTO transfers (job, state, key, local, size, error, version, source, etag)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
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
                        transfer.version,
                        transfer.source,
                        transfer.etag,
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
        let only = filter.condition();
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

    /// A job's transfers in order, after the given one: reading a job whole costs the same for each.
    pub fn transfers_after(
        &self,
        job: JobId,
        filter: TransferFilter,
        after: TransferId,
        len: u32,
    ) -> Result<Vec<TransferRow>, StateError> {
        let only = filter.condition();
        self.db.read(|c| {
            c.prepare_cached(&format!(
                "SELECT {TRANSFER} FROM transfers WHERE job = ?1 AND {only} AND id > ?2 ORDER BY id LIMIT ?3"
            ))?
            .query_map(params![job.get(), after.get(), len], transfer_row)?
            .collect()
        })
    }

    /// The upload id, before the first part; and what the file was when it began.
    pub async fn begin_upload(
        &self,
        transfer: TransferId,
        upload: UploadId,
        part_size: u64,
        source: Fingerprint,
        answered: Timestamp,
    ) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                intents::answered(c, transfer, answered)?;
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

    /// Ids of the uploads that unfinished jobs will go on with.
    pub fn open_uploads(&self) -> Result<HashSet<String>, StateError> {
        self.db.read(|c| {
            c.prepare_cached(
                "SELECT t.upload_id FROM transfers t JOIN jobs j ON j.id = t.job
                 WHERE t.upload_id IS NOT NULL AND j.state IN ('queued', 'running', 'waiting', 'paused')",
            )?
            .query_map([], |row| row.get(0))?
            .collect()
        })
    }

    /// Keys that a job has already: the rest of its plan is still to be made.
    pub fn keys(&self, job: JobId) -> Result<HashSet<String>, StateError> {
        self.db.read(|c| {
            c.prepare_cached("SELECT coalesce(source, key) FROM transfers WHERE job = ?1")?
                .query_map([job.get()], |row| row.get(0))?
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
                let gone = c.prepare_cached(
                    "DELETE FROM jobs WHERE state IN ('completed', 'failed', 'cancelled') AND NOT EXISTS (
                       SELECT 1 FROM transfers WHERE job = jobs.id AND upload_id IS NOT NULL
                     ) RETURNING id",
                )?
                .query_map([], |row| Ok(JobId::new(row.get(0)?)))?
                .collect::<Result<_, _>>()?;
                intents::tidy(c)?;
                Ok(gone)
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
    let known: Option<(Option<i64>, bool)> = c
        .prepare_cached(
            "SELECT size, part_size IS NOT NULL FROM transfers WHERE id = ?1 AND state = 'queued'",
        )?
        .query_row([transfer.get()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((planned, in_parts)) = known else { return Ok(()) };
    let planned = planned.unwrap_or(0);
    let upload = if state == TransferState::Completed { ", upload_id = NULL" } else { "" };
    c.prepare_cached(&format!(
        "UPDATE transfers SET state = ?2, {text_column} = ?3, size = coalesce(?4, size),
         etag = coalesce(?5, etag), local = coalesce(?6, local){upload} WHERE id = ?1"
    ))?
    .execute(params![
        transfer.get(),
        state.as_str(),
        text,
        size.map(signed),
        match outcome {
            Outcome::Done { etag, .. } => etag.as_deref(),
            _ => None,
        },
        match outcome {
            Outcome::Done { local, .. } => local.as_deref().map(os_path::to_bytes),
            _ => None,
        },
    ])?;
    if state == TransferState::Completed && in_parts {
        c.prepare_cached("DELETE FROM parts WHERE transfer = ?1")?.execute([transfer.get()])?;
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
mod tests;
