//! Saved connections. The body is JSON of the caller's; secrets are in the vault under the id.

use dipper_types::ProfileId;
use rusqlite::OptionalExtension;

use crate::{Db, StateError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRow {
    pub id: ProfileId,
    pub name: String,
    pub body: String,
}

#[derive(Clone)]
pub struct Profiles(Db);

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<ProfileRow> {
    Ok(ProfileRow {
        id: ProfileId::new(row.get::<_, String>(0)?),
        name: row.get(1)?,
        body: row.get(2)?,
    })
}

impl Profiles {
    pub fn new(db: &Db) -> Self {
        Self(db.clone())
    }

    /// In the order they were made.
    pub fn list(&self) -> Result<Vec<ProfileRow>, StateError> {
        self.0.read(|c| {
            c.prepare_cached("SELECT id, name, body FROM profiles ORDER BY position, id")?
                .query_map([], row)?
                .collect()
        })
    }

    pub fn get(&self, id: &ProfileId) -> Result<Option<ProfileRow>, StateError> {
        self.0.read(|c| {
            c.query_row("SELECT id, name, body FROM profiles WHERE id = ?1", [id.as_str()], row)
                .optional()
        })
    }

    pub async fn save(&self, profile: ProfileRow) -> Result<(), StateError> {
        self.0
            .write(move |c| {
                c.execute(
                    "INSERT INTO profiles (id, position, name, body)
                     VALUES (?1, (SELECT coalesce(max(position), 0) + 1 FROM profiles), ?2, ?3)
                     ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body",
                    [profile.id.as_str(), &profile.name, &profile.body],
                )
            })
            .await
            .map(drop)
    }

    pub async fn remove(&self, id: &ProfileId) -> Result<(), StateError> {
        let id = id.clone();
        self.0
            .write(move |c| c.execute("DELETE FROM profiles WHERE id = ?1", [id.as_str()]))
            .await
            .map(drop)
    }
}
