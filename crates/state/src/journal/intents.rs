//! Uploads that were asked for and whose ids may never have come: when each was asked for, so that they
//! can be told from other clients' uploads.

use dipper_types::{Timestamp, TransferId};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::Journal;
use crate::StateError;

/// In the settings' table, by the transfer's number.
const NAME: &str = "upload-asked:";

/// What was asked for a transfer since its last upload whose id is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Intent {
    /// When CreateMultipartUpload was sent, each time, in order.
    pub asked: Vec<Timestamp>,
    /// When the last one was answered.
    pub answered: Option<Timestamp>,
}

impl Journal {
    /// Before CreateMultipartUpload is sent.
    pub async fn ask_upload(&self, transfer: TransferId, at: Timestamp) -> Result<(), StateError> {
        self.db
            .write(move |c| {
                let mut intent = of(c, transfer)?.unwrap_or_default();
                intent.asked.push(at);
                intent.answered = None;
                keep(c, transfer, &intent)
            })
            .await
    }

    /// What is in doubt: more was asked for than was answered.
    pub fn upload_intent(&self, transfer: TransferId) -> Result<Option<Intent>, StateError> {
        self.db.read(|c| of(c, transfer))
    }

    /// Nothing is in doubt any more.
    pub async fn forget_intent(&self, transfer: TransferId) -> Result<(), StateError> {
        self.db.write(move |c| forget(c, transfer)).await
    }
}

fn name(transfer: TransferId) -> String {
    format!("{NAME}{}", transfer.get())
}

fn of(c: &Connection, transfer: TransferId) -> rusqlite::Result<Option<Intent>> {
    let text: Option<String> = c
        .prepare_cached("SELECT value FROM settings WHERE name = ?1")?
        .query_row([name(transfer)], |row| row.get(0))
        .optional()?;
    // What can't be read is no ground to abort anything by.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

fn keep(c: &Connection, transfer: TransferId, intent: &Intent) -> rusqlite::Result<()> {
    let text = serde_json::to_string(intent)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    c.prepare_cached(
        "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
    )?
    .execute(params![name(transfer), text])
    .map(drop)
}

fn forget(c: &Connection, transfer: TransferId) -> rusqlite::Result<()> {
    c.prepare_cached("DELETE FROM settings WHERE name = ?1")?.execute([name(transfer)]).map(drop)
}

/// The id has come: in the same commit. An earlier one may never have.
pub(super) fn answered(
    c: &Connection,
    transfer: TransferId,
    at: Timestamp,
) -> rusqlite::Result<()> {
    match of(c, transfer)? {
        Some(intent) if intent.asked.len() > 1 => {
            keep(c, transfer, &Intent { answered: Some(at), ..intent })
        }
        _ => forget(c, transfer),
    }
}

/// Of transfers that are no longer there.
pub(super) fn tidy(c: &Connection) -> rusqlite::Result<()> {
    c.execute(
        "DELETE FROM settings WHERE name GLOB ?1 || '*'
         AND CAST(substr(name, length(?1) + 1) AS INTEGER) NOT IN (SELECT id FROM transfers)",
        [NAME],
    )
    .map(drop)
}
