//! What nobody looks for any more: a nightly run would otherwise fill the database for ever.

use dipper_types::{JobId, Timestamp};
use rusqlite::params;

use super::intents;
use crate::{Journal, StateError};

/// So many at once: each takes its files' rows with it.
const AT_ONCE: u32 = 50;

const OLD: &str = "state = 'completed' AND files_failed = 0 AND finished_at < ?1 AND NOT EXISTS (
    SELECT 1 FROM transfers WHERE job = jobs.id AND upload_id IS NOT NULL)";

impl Journal {
    /// Forgets jobs that were completed before then, without a failure. Gives which.
    pub async fn forget_completed(&self, before: Timestamp) -> Result<Vec<JobId>, StateError> {
        let before = before.millis();
        // Most runs find none, and write nothing.
        let any = self.db.read(|c| {
            c.prepare_cached(&format!("SELECT 1 FROM jobs WHERE {OLD} LIMIT 1"))?.exists([before])
        })?;
        if !any {
            return Ok(Vec::new());
        }
        self.db
            .write(move |c| {
                let gone = c
                    .prepare_cached(&format!(
                        "DELETE FROM jobs WHERE id IN
                         (SELECT id FROM jobs WHERE {OLD} ORDER BY id LIMIT ?2) RETURNING id"
                    ))?
                    .query_map(params![before, AT_ONCE], |row| Ok(JobId::new(row.get(0)?)))?
                    .collect::<Result<_, _>>()?;
                intents::tidy(c)?;
                Ok(gone)
            })
            .await
    }
}
