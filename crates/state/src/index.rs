//! What was listed, kept so that names are found without a server: `index.db`, a file of its own. It can
//! be made again by listing, so a damaged one is thrown away.

mod block;
mod page;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dipper_types::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use self::block::{Block, Words};
pub use self::block::{Entry, Found};
pub use self::page::{Page, Pages};
use crate::StateError;

const FILE: &str = "index.db";
const VERSION: u32 = 1;
/// Blocks are some tens of kilobytes: read in few pieces.
const PAGE_BYTES: u32 = 16 << 10;
const BUSY: Duration = Duration::from_secs(15);
const SCHEMA: &str = "
    CREATE TABLE places (
        id INTEGER PRIMARY KEY,
        profile TEXT NOT NULL,
        bucket TEXT NOT NULL,
        UNIQUE (profile, bucket)
    ) STRICT;
    CREATE TABLE blocks (
        id INTEGER PRIMARY KEY,
        place INTEGER NOT NULL REFERENCES places (id) ON DELETE CASCADE,
        first BLOB NOT NULL,
        last BLOB NOT NULL,
        rows INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT;
    -- The keys of a place's blocks do not overlap.
    CREATE UNIQUE INDEX blocks_by_key ON blocks (place, first, last, rows);
";

pub struct Index {
    file: PathBuf,
    writer: Mutex<Option<Connection>>,
}

/// What is looked for. Nothing said means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Words, each of which a key has, whatever their case.
    pub text: String,
    pub profile: Option<String>,
    pub bucket: Option<String>,
    pub prefix: String,
    /// Bytes, inclusive. A folder has no size, and is left out where one is asked for.
    pub min_size: Option<u64>,
    pub max_size: Option<u64>,
    pub modified_after: Option<Timestamp>,
    pub modified_before: Option<Timestamp>,
    pub class: Option<String>,
}

impl Search {
    fn takes(&self, found: &Found<'_>) -> bool {
        let size = |fits: &dyn Fn(u64) -> bool| found.size.is_some_and(fits);
        let time = |fits: &dyn Fn(Timestamp) -> bool| found.modified.is_some_and(fits);
        self.min_size.is_none_or(|least| size(&|size| size >= least))
            && self.max_size.is_none_or(|most| size(&|size| size <= most))
            && self.modified_after.is_none_or(|after| time(&|at| at >= after))
            && self.modified_before.is_none_or(|before| time(&|at| at <= before))
            && self.class.as_deref().is_none_or(|class| found.class == Some(class))
            && found.key.starts_with(&self.prefix)
    }
}

/// A bucket of which something is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedBucket {
    pub profile: String,
    pub bucket: String,
    pub rows: u64,
}

impl Index {
    /// Nothing is opened yet: most of what Dipper does needs no index.
    pub fn new(folder: &Path) -> Self {
        Self { file: folder.join(FILE), writer: Mutex::new(None) }
    }

    fn open(&self) -> Result<Connection, StateError> {
        let connection = Connection::open(&self.file)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // What a crash takes is listed again.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let version =
            |c: &Connection| c.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0));
        if version(&connection)? != VERSION {
            let tx =
                rusqlite::Transaction::new_unchecked(&connection, TransactionBehavior::Immediate)?;
            // Of another version, or new.
            if version(&tx)? != VERSION {
                tx.execute_batch("DROP TABLE IF EXISTS blocks; DROP TABLE IF EXISTS places")?;
                tx.execute_batch(SCHEMA)?;
                tx.pragma_update(None, "user_version", VERSION)?;
            }
            tx.commit()?;
        }
        Ok(connection)
    }

    /// As [`Self::open`], once more with an empty file where this one is damaged.
    fn open_or_begin_anew(&self) -> Result<Connection, StateError> {
        match self.open() {
            Err(error) if is_damaged(&error) => {
                tracing::warn!(%error, "the index is damaged: it begins anew");
                for end in ["", "-wal", "-shm"] {
                    let mut file = self.file.clone().into_os_string();
                    file.push(end);
                    let _ = std::fs::remove_file(file);
                }
                self.open()
            }
            opened => opened,
        }
    }

    fn write<T>(
        &self,
        write: impl Fn(&rusqlite::Transaction<'_>) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        let mut held: MutexGuard<'_, _> =
            self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut run = |anew: bool| {
            let connection = match held.as_mut() {
                Some(connection) if !anew => connection,
                _ => held.insert(self.open_or_begin_anew()?),
            };
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = write(&tx)?;
            tx.commit()?;
            Ok(done)
        };
        match run(false) {
            Err(error) if is_damaged(&error) => run(true),
            done => done,
        }
    }

    /// A page of a listing: what it has not, between its ends, is no more.
    pub fn put(&self, profile: &str, bucket: &str, page: &Page) -> Result<(), StateError> {
        self.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO places (profile, bucket) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute([profile, bucket])?;
            let place: i64 = tx
                .prepare_cached("SELECT id FROM places WHERE profile = ?1 AND bucket = ?2")?
                .query_row([profile, bucket], |row| row.get(0))?;
            page::put(tx, place, page)
        })
    }

    /// Forgets a connection, or one of its buckets.
    pub fn forget(&self, profile: &str, bucket: Option<&str>) -> Result<(), StateError> {
        if !self.file.exists() {
            return Ok(());
        }
        self.write(|tx| {
            tx.execute(
                "DELETE FROM places WHERE profile = ?1 AND (?2 IS NULL OR bucket = ?2)",
                params![profile, bucket],
            )?;
            Ok(())
        })
    }

    /// What is known, in the order of names.
    pub fn buckets(&self) -> Result<Vec<IndexedBucket>, StateError> {
        if !self.file.exists() {
            return Ok(Vec::new());
        }
        let connection = self.open_or_begin_anew()?;
        let mut statement = connection.prepare(
            "SELECT profile, bucket, (SELECT sum(rows) FROM blocks WHERE place = places.id)
             FROM places ORDER BY profile, bucket",
        )?;
        let rows = statement.query_map([], |row| {
            let rows: Option<i64> = row.get(2)?;
            Ok(IndexedBucket {
                profile: row.get(0)?,
                bucket: row.get(1)?,
                rows: rows.map_or(0, i64::unsigned_abs),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Tells what it finds, bucket by bucket, in the order of keys, until `each` has enough, or nobody
    /// wants it any more.
    ///
    /// # Errors
    /// The database could not be read.
    pub fn search(
        &self,
        search: &Search,
        wanted: &dyn Fn() -> bool,
        mut each: impl FnMut(&str, &str, Found<'_>) -> bool,
    ) -> Result<(), StateError> {
        if !self.file.exists() {
            return Ok(());
        }
        let connection = self.open_or_begin_anew()?;
        // One snapshot: what is listed meanwhile is not found twice.
        let tx = connection.unchecked_transaction()?;
        let words = Words::of(&search.text);
        let mut places = tx.prepare(
            "SELECT id, profile, bucket FROM places
             WHERE (?1 IS NULL OR profile = ?1) AND (?2 IS NULL OR bucket = ?2)
             ORDER BY profile, bucket",
        )?;
        let places = places.query_map(params![search.profile, search.bucket], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        let mut blocks = tx.prepare(
            "SELECT body FROM blocks WHERE place = ?1 AND first >= ?2 AND (?3 IS NULL OR first < ?3)
             ORDER BY first",
        )?;
        let mut folded = Vec::new();
        for place in places {
            let (place, profile, bucket) = place?;
            let from = first_block(&tx, place, search.prefix.as_bytes())?;
            let to = page::after_all(search.prefix.as_bytes());
            let mut rows = blocks.query(params![place, from, to])?;
            while let Some(row) = rows.next()? {
                let body = row.get_ref(0)?.as_blob().unwrap_or_default();
                let Some(block) = Block::open(body) else { continue };
                let mut enough = false;
                block.find(&words, &mut folded, |found| {
                    if !enough && search.takes(&found) {
                        enough = !each(&profile, &bucket, found);
                    }
                });
                if enough || !wanted() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Where the block begins that may hold the key.
fn first_block(tx: &Connection, place: i64, key: &[u8]) -> Result<Vec<u8>, rusqlite::Error> {
    let first: Option<Vec<u8>> = tx
        .prepare_cached(
            "SELECT first FROM blocks WHERE place = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1",
        )?
        .query_row(params![place, key], |row| row.get(0))
        .optional()?;
    Ok(first.unwrap_or_else(|| key.to_vec()))
}

fn is_damaged(error: &StateError) -> bool {
    let StateError::Sqlite { source } = error else { return false };
    matches!(
        source.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
    )
}
