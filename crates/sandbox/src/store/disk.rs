//! The folder's database. One thread writes, and takes all changes that wait into one transaction:
//! many small PUTs share a sync.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bytes::Bytes;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};
use tokio::sync::oneshot;

use super::StoreError;
use crate::error::SandboxError;

/// One row to change.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    PutBucket {
        name: String,
        doc: String,
    },
    DropBucket {
        name: String,
    },
    PutObject {
        bucket: String,
        key: String,
        doc: String,
    },
    DropObject {
        bucket: String,
        key: String,
    },
    PutVersion {
        bucket: String,
        key: String,
        version: String,
        doc: String,
    },
    DropVersion {
        bucket: String,
        key: String,
        version: String,
    },
    PutUpload {
        id: String,
        bucket: String,
        key: String,
        doc: String,
    },
    /// With its parts' rows; their bodies are the caller's to keep or drop.
    DropUpload {
        id: String,
    },
    PutPart {
        upload: String,
        number: i32,
        doc: String,
    },
    PutSmall {
        id: i64,
        body: Bytes,
    },
    DropSmall {
        id: i64,
    },
}

struct Job {
    changes: Vec<Change>,
    done: oneshot::Sender<Result<(), Arc<rusqlite::Error>>>,
}

/// At most this many jobs share a transaction.
const GROUP: usize = 512;
const SCHEMA: i64 = 2;

#[derive(Debug)]
pub(crate) struct Disk {
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    reader: Arc<Mutex<Connection>>,
}

impl Disk {
    /// Opens or makes the database. Blocking.
    pub(crate) fn open(folder: &Path) -> Result<Self, SandboxError> {
        let path = folder.join("sandbox.db");
        let database = |e: rusqlite::Error| SandboxError::from(e);
        let mut writer = Connection::open(&path).map_err(database)?;
        prepare(&mut writer, folder)?;
        let reader = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .map_err(database)?;
        let (jobs, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("sandbox-writer".to_owned())
            .spawn(move || write(writer, &waiting))
            .map_err(|source| SandboxError::Folder { folder: folder.to_owned(), source })?;
        let reader = Arc::new(Mutex::new(reader));
        Ok(Self { jobs: Some(jobs), writer: Some(thread), reader })
    }

    /// Makes the changes, all or none, and durable.
    pub(crate) async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let (done, answer) = oneshot::channel();
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(Job { changes, done }).is_ok());
        if !sent {
            return Err(StoreError::Closed);
        }
        answer
            .await
            .map_err(|_| StoreError::Closed)?
            .map_err(|source| StoreError::Database { source })
    }

    /// A small body; `None` if it was replaced in the meantime.
    pub(crate) async fn small(&self, id: i64) -> Result<Option<Bytes>, StoreError> {
        let reader = Arc::clone(&self.reader);
        let read = move || {
            let reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            let mut query = reader.prepare_cached("SELECT body FROM small WHERE id = ?1")?;
            query.query_row([id], |row| row.get::<_, Vec<u8>>(0)).optional()
        };
        tokio::task::spawn_blocking(read)
            .await
            .map_err(|_| StoreError::Closed)?
            .map(|body| body.map(Bytes::from))
            .map_err(|source| StoreError::Database { source: Arc::new(source) })
    }

    /// Calls back for each row of a table of documents. Blocking; at start only.
    pub(crate) fn each<E>(
        &self,
        table: Table,
        mut row: impl FnMut(&[String], &str) -> Result<(), E>,
    ) -> Result<(), E>
    where
        E: From<rusqlite::Error>,
    {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let (sql, columns) = table.query();
        let mut query = reader.prepare(sql)?;
        let mut rows = query.query([])?;
        while let Some(found) = rows.next()? {
            let names = (0..columns)
                .map(|i| found.get::<_, String>(i))
                .collect::<Result<Vec<_>, rusqlite::Error>>()?;
            row(&names, found.get_ref(columns)?.as_str().map_err(rusqlite::Error::from)?)?;
        }
        Ok(())
    }

    /// The highest id of a body in the database.
    pub(crate) fn last_small(&self) -> Result<i64, rusqlite::Error> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.query_row("SELECT COALESCE(MAX(id), 0) FROM small", [], |row| row.get(0))
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Table {
    Buckets,
    Objects,
    Versions,
    Uploads,
    Parts,
}

impl Table {
    /// A query whose last column is the document, and the number of columns before it.
    const fn query(self) -> (&'static str, usize) {
        match self {
            Self::Buckets => ("SELECT name, doc FROM buckets", 1),
            Self::Objects => ("SELECT bucket, key, doc FROM objects ORDER BY bucket, key", 2),
            Self::Versions => ("SELECT bucket, key, doc FROM versions", 2),
            Self::Uploads => ("SELECT id, bucket, key, doc FROM uploads", 3),
            Self::Parts => ("SELECT upload, CAST(number AS TEXT), doc FROM parts", 2),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the sandbox's writer panicked");
        }
    }
}

fn prepare(db: &mut Connection, folder: &Path) -> Result<(), SandboxError> {
    let made = |db: &mut Connection| -> rusqlite::Result<bool> {
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "wal_autocheckpoint", 4000)?;
        let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version > SCHEMA {
            return Ok(false);
        }
        if version < SCHEMA {
            let tx = db.transaction()?;
            if version < 1 {
                tx.execute_batch(include_str!("schema.sql"))?;
            }
            tx.execute_batch(include_str!("schema-2.sql"))?;
            tx.pragma_update(None, "user_version", SCHEMA)?;
            tx.commit()?;
        }
        Ok(true)
    };
    match made(db) {
        Ok(true) => Ok(()),
        Ok(false) => Err(SandboxError::TooNew { folder: PathBuf::from(folder) }),
        Err(error) => Err(error.into()),
    }
}

fn write(mut db: Connection, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(more) = waiting.try_recv()
        {
            group.push(more);
        }
        let together = in_one(&mut db, &group);
        let alone = together.is_err() && group.len() > 1;
        for job in group {
            // One bad job must not take its neighbours with it.
            let result = match &together {
                Err(_) if alone => in_one(&mut db, std::slice::from_ref(&job)),
                Err(error) => Err(Arc::clone(error)),
                Ok(()) => Ok(()),
            };
            if job.done.send(result).is_err() {
                tracing::debug!("nobody waits for this change any more");
            }
        }
    }
}

fn in_one(db: &mut Connection, jobs: &[Job]) -> Result<(), Arc<rusqlite::Error>> {
    let mut run = || -> rusqlite::Result<()> {
        let tx = db.transaction()?;
        for change in jobs.iter().flat_map(|job| &job.changes) {
            apply(&tx, change)?;
        }
        tx.commit()
    };
    run().map_err(Arc::new)
}

fn apply(tx: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        tx.prepare_cached(sql)?.execute(values).map(|_| ())
    };
    match change {
        Change::PutBucket { name, doc } => {
            run("INSERT OR REPLACE INTO buckets (name, doc) VALUES (?1, ?2)", params![name, doc])
        }
        Change::DropBucket { name } => run("DELETE FROM buckets WHERE name = ?1", params![name]),
        Change::PutObject { bucket, key, doc } => run(
            "INSERT OR REPLACE INTO objects (bucket, key, doc) VALUES (?1, ?2, ?3)",
            params![bucket, key, doc],
        ),
        Change::DropObject { bucket, key } => {
            run("DELETE FROM objects WHERE bucket = ?1 AND key = ?2", params![bucket, key])
        }
        Change::PutVersion { bucket, key, version, doc } => run(
            "INSERT OR REPLACE INTO versions (bucket, key, version, doc) VALUES (?1, ?2, ?3, ?4)",
            params![bucket, key, version, doc],
        ),
        Change::DropVersion { bucket, key, version } => run(
            "DELETE FROM versions WHERE bucket = ?1 AND key = ?2 AND version = ?3",
            params![bucket, key, version],
        ),
        Change::PutUpload { id, bucket, key, doc } => run(
            "INSERT OR REPLACE INTO uploads (id, bucket, key, doc) VALUES (?1, ?2, ?3, ?4)",
            params![id, bucket, key, doc],
        ),
        Change::DropUpload { id } => {
            run("DELETE FROM parts WHERE upload = ?1", params![id])?;
            run("DELETE FROM uploads WHERE id = ?1", params![id])
        }
        Change::PutPart { upload, number, doc } => run(
            "INSERT OR REPLACE INTO parts (upload, number, doc) VALUES (?1, ?2, ?3)",
            params![upload, number, doc],
        ),
        Change::PutSmall { id, body } => {
            run("INSERT INTO small (id, body) VALUES (?1, ?2)", params![id, &body[..]])
        }
        Change::DropSmall { id } => run("DELETE FROM small WHERE id = ?1", params![id]),
    }
}
