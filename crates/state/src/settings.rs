//! Named values as JSON: appearance, and what was last chosen for a bucket.

use rusqlite::OptionalExtension;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Db, StateError};

#[derive(Clone)]
pub struct SettingsTable(Db);

impl SettingsTable {
    pub fn new(db: &Db) -> Self {
        Self(db.clone())
    }

    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        let text: Option<String> = self.0.read(|c| {
            c.query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0))
                .optional()
        })?;
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(|source| StateError::BadRow { table: "settings", source })
    }

    pub async fn set<T: Serialize>(&self, name: &str, value: &T) -> Result<(), StateError> {
        let value = serde_json::to_string(value)
            .map_err(|source| StateError::BadRow { table: "settings", source })?;
        let name = name.to_owned();
        self.0
            .write(move |c| {
                c.execute(
                    "INSERT INTO settings VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    [name, value],
                )
            })
            .await
            .map(drop)
    }
}
