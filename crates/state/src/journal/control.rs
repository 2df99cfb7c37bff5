//! What a person asks of jobs: their order, their speed, some of their files again; and how a process
//! asks it of another one, whose job it is.

use dipper_types::{JobId, TransferId};
use rusqlite::{OptionalExtension, params};

use super::rows::signed;
use super::{Journal, Priority, Wish};
use crate::StateError;

impl Journal {
    pub async fn set_priority(&self, job: JobId, priority: Priority) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.execute(
                    "UPDATE jobs SET priority = ?2 WHERE id = ?1",
                    params![job.get(), priority.number()],
                )
            })
            .await
            .map(drop)
    }

    /// Puts a job before another one, or behind all. Jobs between them move on.
    pub async fn move_job(&self, job: JobId, before: Option<JobId>) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                let place: Option<i64> = match before {
                    Some(before) => c
                        .prepare_cached("SELECT position FROM jobs WHERE id = ?1")?
                        .query_row([before.get()], |row| row.get(0))
                        .optional()?,
                    None => None,
                };
                match place {
                    Some(place) => {
                        c.execute(
                            "UPDATE jobs SET position = position + 1 WHERE position >= ?1",
                            [place],
                        )?;
                        c.execute(
                            "UPDATE jobs SET position = ?2 WHERE id = ?1",
                            params![job.get(), place],
                        )
                    }
                    None => c.execute(
                        "UPDATE jobs SET position = (SELECT max(position) + 1 FROM jobs) WHERE id = ?1",
                        [job.get()],
                    ),
                }
            })
            .await
            .map(drop)
    }

    /// Bytes a second; `None`: as fast as it goes.
    pub async fn set_speed_limit(&self, job: JobId, limit: Option<u64>) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.execute(
                    "UPDATE jobs SET speed_limit = ?2 WHERE id = ?1",
                    params![job.get(), limit.map(signed)],
                )
            })
            .await
            .map(drop)
    }

    /// Left for the process that the job belongs to.
    pub async fn wish(&self, job: JobId, wish: Wish) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.execute(
                    "UPDATE jobs SET wish = ?2 WHERE id = ?1",
                    params![job.get(), wish.as_str()],
                )
            })
            .await
            .map(drop)
    }

    /// What others ask of this owner's jobs, oldest job first; each is given once.
    pub async fn take_wishes(&self, owner: &str) -> Result<Vec<(JobId, Wish)>, StateError> {
        let any: bool = self.db.read(|c| {
            c.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM jobs WHERE owner = ?1 AND wish IS NOT NULL)",
            )?
            .query_row([owner], |row| row.get(0))
        })?;
        if !any {
            return Ok(Vec::new());
        }
        let owner = owner.to_owned();
        self.db
            .write(move |c| {
                let wishes = c
                    .prepare_cached(
                        "SELECT id, wish FROM jobs WHERE owner = ?1 AND wish IS NOT NULL ORDER BY id",
                    )?
                    .query_map([&owner], |row| Ok((JobId::new(row.get(0)?), Wish::read(row, 1)?)))?
                    .collect::<Result<Vec<_>, _>>()?;
                c.execute("UPDATE jobs SET wish = NULL WHERE owner = ?1", [&owner])?;
                Ok(wishes)
            })
            .await
    }

    /// The object gets another name than was planned; that one is kept as its source.
    pub async fn set_key(&self, transfer: TransferId, key: String) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.execute(
                    "UPDATE transfers SET source = coalesce(source, key), key = ?2 WHERE id = ?1",
                    params![transfer.get(), key],
                )
            })
            .await
            .map(drop)
    }

    /// These of the job's failed, skipped or cancelled transfers go back into the queue. Gives how many.
    pub async fn requeue_some(
        &self,
        job: JobId,
        which: Vec<TransferId>,
    ) -> Result<u64, StateError> {
        self.db
            .write(move |c| {
                let mut back = 0;
                for id in &which {
                    let state: Option<String> = c
                        .prepare_cached(
                            "SELECT state FROM transfers WHERE id = ?1 AND job = ?2
                             AND state IN ('failed', 'skipped', 'cancelled')",
                        )?
                        .query_row(params![id.get(), job.get()], |row| row.get(0))
                        .optional()?;
                    let Some(state) = state else { continue };
                    c.prepare_cached(
                        "UPDATE transfers SET state = 'queued', error = NULL WHERE id = ?1",
                    )?
                    .execute([id.get()])?;
                    let count = match state.as_str() {
                        "failed" => "files_failed = files_failed - 1",
                        "skipped" => "files_skipped = files_skipped - 1",
                        _ => "files_failed = files_failed",
                    };
                    c.execute(&format!("UPDATE jobs SET {count} WHERE id = ?1"), [job.get()])?;
                    back += 1;
                }
                if back > 0 {
                    c.execute(
                        "UPDATE jobs SET state = 'queued', finished_at = NULL, error = NULL WHERE id = ?1",
                        [job.get()],
                    )?;
                }
                Ok(back)
            })
            .await
    }

    /// The transfers of one job, not yet done, become another's: what it repeats.
    pub async fn copy_transfers(&self, from: JobId, to: JobId) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                c.execute(
                    "INSERT INTO transfers (job, state, key, local, size, version, source)
                     SELECT ?2, 'queued', key,
                       CASE (SELECT kind FROM jobs WHERE id = ?1) WHEN 'upload' THEN local END,
                       size, version, source FROM transfers
                     WHERE job = ?1 ORDER BY id",
                    params![from.get(), to.get()],
                )?;
                c.execute(
                    "UPDATE jobs SET planned = 1,
                       files_total = (SELECT count(*) FROM transfers WHERE job = ?1),
                       bytes_total = (SELECT coalesce(sum(size), 0) FROM transfers WHERE job = ?1)
                     WHERE id = ?1",
                    [to.get()],
                )
            })
            .await
            .map(drop)
    }
}
