//! What servers turned out to know: by profile, bucket and operation, with their own words.

use dipper_types::{ProfileId, Timestamp};
use rusqlite::params;

use crate::{Db, StateError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilityRow {
    /// Empty: of the endpoint as a whole.
    pub bucket: String,
    /// S3's name of the call.
    pub operation: String,
    pub supported: bool,
    /// What the server said, where it is not.
    pub reason: Option<String>,
    pub seen_at: Timestamp,
}

#[derive(Clone)]
pub struct Capabilities(Db);

impl Capabilities {
    pub fn new(db: &Db) -> Self {
        Self(db.clone())
    }

    pub async fn note(&self, profile: &ProfileId, row: CapabilityRow) -> Result<(), StateError> {
        let profile = profile.clone();
        self.0
            .write(move |c| {
                c.execute(
                    "INSERT INTO capabilities VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT (profile, bucket, operation) DO UPDATE SET
                     supported = excluded.supported, reason = excluded.reason, seen_at = excluded.seen_at",
                    params![
                        profile.as_str(),
                        row.bucket,
                        row.operation,
                        row.supported,
                        row.reason,
                        row.seen_at.millis()
                    ],
                )
            })
            .await
            .map(drop)
    }

    /// Of a bucket, and of its endpoint; all that is known of the profile without one.
    pub fn known(
        &self,
        profile: &ProfileId,
        bucket: Option<&str>,
    ) -> Result<Vec<CapabilityRow>, StateError> {
        self.0.read(|c| {
            c.prepare_cached(
                "SELECT bucket, operation, supported, reason, seen_at FROM capabilities
                 WHERE profile = ?1 AND (?2 IS NULL OR bucket IN (?2, '')) ORDER BY bucket, operation",
            )?
            .query_map(params![profile.as_str(), bucket], |row| {
                Ok(CapabilityRow {
                    bucket: row.get(0)?,
                    operation: row.get(1)?,
                    supported: row.get(2)?,
                    reason: row.get(3)?,
                    seen_at: Timestamp::from_millis(row.get(4)?),
                })
            })?
            .collect()
        })
    }

    /// The endpoint may be another one now.
    pub async fn forget(&self, profile: &ProfileId) -> Result<(), StateError> {
        let profile = profile.clone();
        self.0
            .write(move |c| {
                c.execute("DELETE FROM capabilities WHERE profile = ?1", [profile.as_str()])
            })
            .await
            .map(drop)
    }
}
