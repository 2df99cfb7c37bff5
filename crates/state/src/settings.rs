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

    /// All whose name begins so, by what is left of it.
    pub fn below<T: DeserializeOwned>(&self, start: &str) -> Result<Vec<(String, T)>, StateError> {
        let found: Vec<(String, String)> = self.0.read(|c| {
            c.prepare_cached(
                "SELECT substr(name, length(?1) + 1), value FROM settings
                 WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name",
            )?
            .query_map([start], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
        })?;
        let read = |(name, text): (String, String)| Ok((name, serde_json::from_str(&text)?));
        found
            .into_iter()
            .map(read)
            .collect::<Result<_, serde_json::Error>>()
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
