//! Keys for encryption and the places that have one by default. Only what everybody may know is here;
//! the keys themselves are in the vault, under their names.

use dipper_types::{BucketName, ProfileId, Timestamp};
use rusqlite::OptionalExtension;

use crate::{Db, StateError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    pub name: String,
    pub kind: String,
    /// JSON of the caller's, without secrets.
    pub about: String,
    pub created_at: Timestamp,
}

/// Everything below a prefix is protected in this way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceRow {
    pub profile: ProfileId,
    pub bucket: String,
    pub prefix: String,
    /// JSON of the caller's.
    pub how: String,
}

#[derive(Clone)]
pub struct Keys(Db);

fn key(row: &rusqlite::Row<'_>) -> rusqlite::Result<KeyRow> {
    Ok(KeyRow {
        name: row.get(0)?,
        kind: row.get(1)?,
        about: row.get(2)?,
        created_at: Timestamp::from_millis(row.get(3)?),
    })
}

impl Keys {
    pub fn new(db: &Db) -> Self {
        Self(db.clone())
    }

    /// By name.
    pub fn list(&self) -> Result<Vec<KeyRow>, StateError> {
        self.0.read(|c| {
            c.prepare_cached("SELECT name, kind, about, created_at FROM keys ORDER BY name")?
                .query_map([], key)?
                .collect()
        })
    }

    pub fn get(&self, name: &str) -> Result<Option<KeyRow>, StateError> {
        self.0.read(|c| {
            c.prepare_cached("SELECT name, kind, about, created_at FROM keys WHERE name = ?1")?
                .query_row([name], key)
                .optional()
        })
    }

    /// False where the name is taken.
    pub async fn add(&self, row: KeyRow) -> Result<bool, StateError> {
        self.0
            .write(move |c| {
                c.execute(
                    "INSERT OR IGNORE INTO keys (name, kind, about, created_at) VALUES (?1, ?2, ?3, ?4)",
                    (row.name, row.kind, row.about, row.created_at.millis()),
                )
            })
            .await
            .map(|rows| rows == 1)
    }

    pub async fn remove(&self, name: &str) -> Result<(), StateError> {
        let name = name.to_owned();
        self.0.write(move |c| c.execute("DELETE FROM keys WHERE name = ?1", [name])).await.map(drop)
    }

    /// By connection, bucket and prefix.
    pub fn places(&self) -> Result<Vec<PlaceRow>, StateError> {
        self.0.read(|c| {
            c.prepare_cached(
                "SELECT profile, bucket, prefix, how FROM protected ORDER BY profile, bucket, prefix",
            )?
            .query_map([], |row| {
                Ok(PlaceRow {
                    profile: ProfileId::new(row.get::<_, String>(0)?),
                    bucket: row.get(1)?,
                    prefix: row.get(2)?,
                    how: row.get(3)?,
                })
            })?
            .collect()
        })
    }

    pub async fn protect(&self, row: PlaceRow) -> Result<(), StateError> {
        self.0
            .write(move |c| {
                c.execute(
                    "INSERT INTO protected (profile, bucket, prefix, how) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (profile, bucket, prefix) DO UPDATE SET how = excluded.how",
                    [row.profile.as_str(), &row.bucket, &row.prefix, &row.how],
                )
            })
            .await
            .map(drop)
    }

    /// False where there was nothing to forget.
    pub async fn unprotect(
        &self,
        profile: &ProfileId,
        bucket: &BucketName,
        prefix: &str,
    ) -> Result<bool, StateError> {
        let (profile, bucket, prefix) = (profile.clone(), bucket.clone(), prefix.to_owned());
        self.0
            .write(move |c| {
                c.execute(
                    "DELETE FROM protected WHERE profile = ?1 AND bucket = ?2 AND prefix = ?3",
                    [profile.as_str(), bucket.as_str(), &prefix],
                )
            })
            .await
            .map(|rows| rows > 0)
    }
}
