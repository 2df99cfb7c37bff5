//! The database: one writer thread with group commit, and readers beside it (WAL).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, ffi};
use tokio::sync::oneshot;

use crate::{StateError, schema};

const FILE: &str = "dipper.db";
/// One commit takes in what arrives within this time, so that small writes are not bound by fsync.
const GROUP: Duration = Duration::from_millis(20);
const GROUP_MAX: usize = 1000;
/// What a busy writer waits after a commit for, and how many writes make it busy.
const GATHER: Duration = Duration::from_millis(8);
const CROWD: usize = 4;
const BUSY: Duration = Duration::from_secs(15);
/// Room that is kept so that it can be given up when the disk is full: enough to write down that a job
/// is paused, and why.
const RESERVE: &str = "reserve";
const RESERVED: usize = 256 << 10;
/// So long after it was given up, it is asked for again.
const AGAIN: Duration = Duration::from_secs(60);
const ROLLED_BACK: &str = "the database rolled the write back";

/// Runs inside the group's transaction; what it gives back is told once the commit is durable. Beside
/// it: what SQLite had against it.
type Write = Box<dyn FnOnce(&Connection) -> (Told, Option<Refusal>) + Send>;
type Refusal = (ffi::Error, String);
type Told = Box<dyn FnOnce(Option<rusqlite::Error>) + Send>;

#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    writes: Sender<Write>,
    readers: Mutex<Vec<Connection>>,
    abort: Arc<Abort>,
}

/// For tests: where the process ends by itself.
#[derive(Default)]
struct Abort {
    /// Of writes, from 1; 0: nowhere.
    at: AtomicU64,
    /// Once it is durable; else with the write undone.
    after: AtomicBool,
    seen: AtomicU64,
}

impl Abort {
    /// Counts a write. True: the process ends with it.
    fn is_now(&self) -> bool {
        let at = self.at.load(Ordering::Relaxed);
        at > 0 && self.seen.fetch_add(1, Ordering::Relaxed) + 1 == at
    }
}

/// Makes the data folder, readable by its owner only.
pub fn prepare_folder(folder: &Path) -> Result<(), StateError> {
    let failed = |source| StateError::Folder { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

pub(crate) fn open(path: &Path) -> Result<Connection, StateError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

impl Db {
    /// Opens `dipper.db` in the folder, made and migrated if need be.
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        prepare_folder(folder)?;
        let mut connection = open(&folder.join(FILE))?;
        schema::migrate(&mut connection)?;
        let (writes, tasks) = channel();
        let abort = Arc::new(Abort::default());
        let (home, shared) = (folder.to_owned(), Arc::clone(&abort));
        std::thread::Builder::new()
            .name("dipper-writer".into())
            .spawn(move || writer(&home, &tasks, &shared))
            .map_err(|source| StateError::Folder { path: folder.to_owned(), source })?;
        let readers = Mutex::new(vec![connection]);
        let inner = Inner { folder: folder.to_owned(), writes, readers, abort };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// For tests: the process ends at this write, counted from 1, before or after it is durable.
    #[doc(hidden)]
    pub fn abort_at(&self, write: u64, after: bool) {
        self.inner.abort.after.store(after, Ordering::Relaxed);
        self.inner.abort.at.store(write, Ordering::Relaxed);
    }

    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// A random name that this database keeps: what is counted in it is unique with the name.
    pub fn name(&self) -> Result<String, StateError> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).map_err(|error| StateError::Folder {
            path: self.inner.folder.clone(),
            source: std::io::Error::other(format!("no randomness: {error}")),
        })?;
        self.read(|connection| {
            connection.execute(
                "INSERT INTO settings VALUES ('database-name', ?1) ON CONFLICT (name) DO NOTHING",
                [hex::encode(random)],
            )?;
            connection.query_row(
                "SELECT value FROM settings WHERE name = 'database-name'",
                [],
                |row| row.get(0),
            )
        })
    }

    /// Runs a write in the next group; returns when it is durable. A write that fails takes nothing
    /// of the others with it.
    pub async fn write<T, F>(&self, write: F) -> Result<T, StateError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let task: Write = Box::new(move |connection| {
            let result = within_savepoint(connection, write);
            let refused = result.as_ref().err().map(refusal);
            let told: Told = Box::new(move |commit_error| {
                let result = match commit_error {
                    Some(error) => Err(error),
                    None => result,
                };
                // A caller that went away needs no answer.
                let _ = tell.send(result);
            });
            (told, refused)
        });
        self.inner.writes.send(task).map_err(|_| StateError::WriterGone)?;
        Ok(told.await.map_err(|_| StateError::WriterGone)??)
    }

    /// As [`Self::write`], for what may be lost: nobody waits for it, an error is only logged.
    pub fn write_soon<F>(&self, write: F)
    where
        F: FnOnce(&Connection) -> Result<(), rusqlite::Error> + Send + 'static,
    {
        let task: Write = Box::new(move |connection| {
            let result = within_savepoint(connection, write);
            let refused = result.as_ref().err().map(refusal);
            let told: Told = Box::new(move |commit_error| {
                if let Some(error) = commit_error.or(result.err()) {
                    tracing::warn!(%error, "a note could not be written");
                }
            });
            (told, refused)
        });
        // A writer that has stopped told those who wait.
        let _ = self.inner.writes.send(task);
    }

    /// Reads a consistent snapshot beside the writer.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StateError> {
        let idle = self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => open(&self.inner.folder.join(FILE))?,
        };
        let result = read(&reader);
        self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        Ok(result?)
    }
}

fn within_savepoint<T>(
    connection: &Connection,
    write: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
) -> Result<T, rusqlite::Error> {
    // Many a second: parsed once.
    let run = |sql| connection.prepare_cached(sql)?.execute([]).map(drop);
    run("SAVEPOINT one")?;
    match write(connection) {
        Ok(value) => {
            run("RELEASE one")?;
            Ok(value)
        }
        Err(error) => {
            // Where SQLite has rolled everything back already (a full disk), there is nothing to undo.
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK TO one; RELEASE one")?;
            }
            Err(error)
        }
    }
}

/// Opens the writer's connection with the first write: what only reads needs none.
fn writer(folder: &Path, tasks: &Receiver<Write>, abort: &Abort) {
    while let Ok(first) = tasks.recv() {
        match open(&folder.join(FILE)) {
            Ok(connection) => {
                let mut reserve = Reserve { path: folder.join(RESERVE), given_up: None };
                reserve.keep();
                return write_loop(&connection, first, tasks, abort, reserve);
            }
            Err(StateError::Sqlite { source }) => first_refused(first, source)(),
            // Dropped: who waits for it is told that there is no writer.
            Err(_) => {}
        }
    }
}

fn write_loop(
    connection: &Connection,
    first: Write,
    tasks: &Receiver<Write>,
    abort: &Abort,
    mut reserve: Reserve,
) {
    // After a crowded group the next one waits a little for its own crowd: a commit costs an fsync,
    // however much is in it. Who writes alone never waits.
    let (mut crowded, mut ended) = (false, Instant::now());
    let mut waiting = Some(first);
    while let Some(first) = waiting.take().or_else(|| tasks.recv().ok()) {
        if let (true, Some(rest)) = (crowded, GATHER.checked_sub(ended.elapsed())) {
            std::thread::sleep(rest);
        }
        if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
            // Nothing was written: only this caller is told, the others try for themselves.
            let told = first_refused(first, error);
            told();
            continue;
        }
        let started = Instant::now();
        let (told, mut refused) = first(connection);
        let mut group = vec![told];
        let mut ends = abort.is_now();
        // A full disk makes SQLite roll back by itself: what came after would commit one by one.
        while !ends
            && !connection.is_autocommit()
            && group.len() < GROUP_MAX
            && started.elapsed() < GROUP
        {
            match tasks.try_recv() {
                Ok(task) => {
                    let (told, why) = task(connection);
                    group.push(told);
                    refused = refused.or(why);
                    ends = abort.is_now();
                }
                Err(_) => break,
            }
        }
        if ends && !abort.after.load(Ordering::Relaxed) {
            std::process::abort();
        }
        let failed = if connection.is_autocommit() {
            Some(
                refused.unwrap_or_else(|| (ffi::Error::new(ffi::SQLITE_IOERR), ROLLED_BACK.into())),
            )
        } else {
            let failed = connection.execute_batch("COMMIT").err();
            if failed.is_some() {
                let _ = connection.execute_batch("ROLLBACK");
            }
            failed.as_ref().map(refusal)
        };
        if failed.as_ref().is_some_and(|(why, _)| is_full(why)) {
            reserve.give_up(connection);
        } else if reserve.given_up.is_some_and(|at| at.elapsed() > AGAIN) {
            reserve.keep();
        }
        if ends {
            std::process::abort();
        }
        (crowded, ended) = (group.len() >= CROWD, Instant::now());
        for told in group {
            told(failed.clone().map(|(why, text)| rusqlite::Error::SqliteFailure(why, Some(text))));
        }
    }
}

/// One error for all of a group: its code and its words.
fn refusal(error: &rusqlite::Error) -> Refusal {
    let code = error.sqlite_error().copied();
    (code.unwrap_or_else(|| ffi::Error::new(ffi::SQLITE_IOERR)), error.to_string())
}

/// No room for the database. The file beside it that readers share says it in another way.
pub(crate) fn is_full(error: &ffi::Error) -> bool {
    error.code == ErrorCode::DiskFull || error.extended_code == ffi::SQLITE_IOERR_SHMSIZE
}

/// A file of no use but its size.
struct Reserve {
    path: PathBuf,
    given_up: Option<Instant>,
}

impl Reserve {
    /// On a disk that is full already there is nothing to keep.
    fn keep(&mut self) {
        let there = self.path.metadata().is_ok_and(|meta| meta.len() >= RESERVED as u64);
        let kept = there || std::fs::write(&self.path, vec![0; RESERVED]).is_ok();
        if !kept {
            let _ = std::fs::remove_file(&self.path);
        }
        self.given_up = (!kept).then(Instant::now);
    }

    /// What is in the log goes into the database, too, so that the log begins anew in the room it has.
    fn give_up(&mut self, connection: &Connection) {
        let _ = std::fs::remove_file(&self.path);
        self.given_up = Some(Instant::now());
        if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(RESTART)") {
            tracing::warn!(%error, "the disk of the database is full");
        }
    }
}

/// A task can only answer after it has run; run it on an empty database so that its effect is lost,
/// and let it tell the error.
fn first_refused(task: Write, error: rusqlite::Error) -> Box<dyn FnOnce()> {
    match Connection::open_in_memory() {
        Ok(nowhere) => {
            let (told, _) = task(&nowhere);
            Box::new(move || told(Some(error)))
        }
        Err(_) => Box::new(move || drop(task)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failed_write_leaves_its_neighbours() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).unwrap();
        let put = |name: &'static str| {
            db.write(move |c| c.execute("INSERT INTO settings VALUES (?1, '1')", [name]))
        };
        let (a, b, c) = tokio::join!(put("a"), put("a"), put("c"));
        assert!(a.is_ok() && b.is_err() && c.is_ok());
        let rows: u32 =
            db.read(|c| c.query_row("SELECT count(*) FROM settings", [], |r| r.get(0))).unwrap();
        assert_eq!(rows, 2);
    }

    /// SQLite rolls the whole group back then: each is told so, and by which cause.
    #[tokio::test]
    async fn a_full_disk_is_told_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).unwrap();
        let most = |pages: u32| {
            db.write(move |c| c.execute_batch(&format!("PRAGMA max_page_count = {pages}")))
        };
        most(1).await.unwrap();
        let put = |name: &'static str, size: usize| {
            let text = "x".repeat(size);
            db.write(move |c| c.execute("INSERT INTO settings VALUES (?1, ?2)", [name, &text]))
        };
        let (small, large) = tokio::join!(put("a", 10), put("b", 1 << 20));
        let error = large.unwrap_err();
        assert!(error.is_full_disk(), "{error:?}");
        assert!(small.is_ok() || small.is_err_and(|error| error.is_full_disk()));
        most(1 << 20).await.unwrap();
        put("c", 1 << 20).await.unwrap();
        let locked = StateError::from(rusqlite::Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_BUSY),
            None,
        ));
        assert!(!locked.is_full_disk());
    }

    #[test]
    fn a_newer_schema_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        drop(Db::open(folder.path()).unwrap());
        let connection = open(&folder.path().join(FILE)).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        match Db::open(folder.path()).map(drop) {
            Err(StateError::NewerSchema { found: 99, known }) => assert_eq!(known, schema::VERSION),
            other => panic!("{other:?}"),
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("dipper");
        Db::open(&home).unwrap();
        assert_eq!(std::fs::metadata(&home).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
