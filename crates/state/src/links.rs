//! Presigned links that were made here: what they let their holders do, and until when. Never the link
//! itself: whoever has its signature may do what it says.

use dipper_types::Timestamp;
use rusqlite::params;

use crate::{Db, StateError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    pub made_at: Timestamp,
    /// As HTTP has it; `POST` for a form.
    pub method: String,
    pub bucket: String,
    /// Of a form that leaves the name open: what it begins with.
    pub key: String,
    pub version: Option<String>,
    pub expires_at: Timestamp,
    /// The name of a saved connection, else its endpoint.
    pub connection: String,
    /// The last characters of the access key's id.
    pub signer: Option<String>,
}

#[derive(Clone)]
pub struct Links(Db);

impl Links {
    pub fn new(db: &Db) -> Self {
        Self(db.clone())
    }

    pub async fn note(&self, row: LinkRow) -> Result<(), StateError> {
        self.0
            .write(move |c| {
                c.execute(
                    "INSERT INTO links (made_at, method, bucket, key, version, expires_at,
                     connection, signer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    params![
                        row.made_at.millis(),
                        row.method,
                        row.bucket,
                        row.key,
                        row.version,
                        row.expires_at.millis(),
                        row.connection,
                        row.signer
                    ],
                )
            })
            .await
            .map(drop)
    }

    /// All, with their numbers, in the order they were made.
    pub fn all(&self) -> Result<Vec<(i64, LinkRow)>, StateError> {
        self.0.read(|c| {
            c.prepare_cached(
                "SELECT id, made_at, method, bucket, key, version, expires_at, connection, signer
                 FROM links ORDER BY id",
            )?
            .query_map([], |row| {
                let link = LinkRow {
                    made_at: Timestamp::from_millis(row.get(1)?),
                    method: row.get(2)?,
                    bucket: row.get(3)?,
                    key: row.get(4)?,
                    version: row.get(5)?,
                    expires_at: Timestamp::from_millis(row.get(6)?),
                    connection: row.get(7)?,
                    signer: row.get(8)?,
                };
                Ok((row.get(0)?, link))
            })?
            .collect()
        })
    }

    /// Takes these off the list. The links themselves work on.
    pub async fn forget(&self, ids: Vec<i64>) -> Result<(), StateError> {
        self.0
            .write(move |c| {
                let mut forget = c.prepare_cached("DELETE FROM links WHERE id = ?1")?;
                ids.iter().try_for_each(|id| forget.execute([id]).map(drop))
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn kept_in_order_until_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let links = Links::new(&Db::open(folder.path()).unwrap());
        let row = |key: &str| LinkRow {
            made_at: Timestamp::from_secs(1),
            method: "GET".into(),
            bucket: "b".into(),
            key: key.into(),
            version: Some("v".into()),
            expires_at: Timestamp::from_secs(61),
            connection: "c".into(),
            signer: None,
        };
        for key in ["z", "a"] {
            links.note(row(key)).await.unwrap();
        }
        assert_eq!(links.all().unwrap(), [(1, row("z")), (2, row("a"))]);
        links.forget(vec![1, 7]).await.unwrap();
        links.note(row("c")).await.unwrap();
        let left: Vec<i64> = links.all().unwrap().into_iter().map(|(id, _)| id).collect();
        assert_eq!(left, [2, 3], "a number is never given again");
    }
}
