//! Every released schema, in order. A released step is never edited; a change is a new step.

use rusqlite::Connection;

use crate::StateError;

const STEPS: &[&str] = &[
    // 1
    "
    CREATE TABLE profiles (
        id TEXT PRIMARY KEY,
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        owner TEXT NOT NULL,
        profile TEXT NOT NULL,
        bucket TEXT NOT NULL,
        prefix TEXT NOT NULL,
        title TEXT NOT NULL,
        spec TEXT NOT NULL,
        planned INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        finished_at INTEGER,
        files_total INTEGER NOT NULL DEFAULT 0,
        files_done INTEGER NOT NULL DEFAULT 0,
        files_failed INTEGER NOT NULL DEFAULT 0,
        files_skipped INTEGER NOT NULL DEFAULT 0,
        bytes_total INTEGER NOT NULL DEFAULT 0,
        bytes_done INTEGER NOT NULL DEFAULT 0,
        error TEXT
    ) STRICT;
    CREATE INDEX jobs_by_state ON jobs (state);
    CREATE TABLE transfers (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        state TEXT NOT NULL,
        key TEXT NOT NULL,
        local BLOB,
        size INTEGER,
        mtime_ns INTEGER,
        inode INTEGER,
        etag TEXT,
        upload_id TEXT,
        part_size INTEGER,
        verified TEXT,
        error TEXT
    ) STRICT;
    CREATE INDEX transfers_by_job ON transfers (job, state, id);
    CREATE TABLE parts (
        transfer INTEGER NOT NULL REFERENCES transfers (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        etag TEXT NOT NULL,
        checksum TEXT,
        size INTEGER NOT NULL,
        PRIMARY KEY (transfer, number)
    ) STRICT, WITHOUT ROWID;
    ",
    // 2: versions; copies, whose object comes from another key; what servers can do.
    "
    CREATE TABLE capabilities (
        profile TEXT NOT NULL,
        bucket TEXT NOT NULL,
        operation TEXT NOT NULL,
        supported INTEGER NOT NULL,
        reason TEXT,
        seen_at INTEGER NOT NULL,
        PRIMARY KEY (profile, bucket, operation)
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE transfers ADD COLUMN version TEXT;
    ALTER TABLE transfers ADD COLUMN source TEXT;
    ",
    // 3: the order of jobs, what another process asks of a job's owner, a job's own speed limit.
    "
    ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN wish TEXT;
    ALTER TABLE jobs ADD COLUMN speed_limit INTEGER;
    UPDATE jobs SET position = id;
    ",
    // 4: a job's transfers in their order; an index of states costs a write more for each transfer.
    "
    DROP INDEX transfers_by_job;
    CREATE INDEX transfers_of_job ON transfers (job);
    CREATE INDEX transfers_queued ON transfers (job) WHERE state = 'queued';
    CREATE INDEX transfers_failed ON transfers (job) WHERE state IN ('failed', 'skipped');
    CREATE INDEX transfers_with_upload ON transfers (job) WHERE upload_id IS NOT NULL;
    ",
    // 5: what files were when they were last read, and which object had the same bytes.
    "
    CREATE TABLE digests (
        device INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        ctime_ns INTEGER NOT NULL,
        md5 BLOB,
        crc64nvme TEXT,
        place TEXT,
        etag TEXT,
        PRIMARY KEY (device, inode)
    ) STRICT, WITHOUT ROWID;
    ",
    // 6: keys for encryption, and places with a default.
    "
    CREATE TABLE keys (
        name TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        about TEXT NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE protected (
        profile TEXT NOT NULL,
        bucket TEXT NOT NULL,
        prefix TEXT NOT NULL,
        how TEXT NOT NULL,
        PRIMARY KEY (profile, bucket, prefix)
    ) STRICT, WITHOUT ROWID;
    ",
    // 7: presigned links that were made, without their signatures.
    "
    CREATE TABLE links (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        made_at INTEGER NOT NULL,
        method TEXT NOT NULL,
        bucket TEXT NOT NULL,
        key TEXT NOT NULL,
        version TEXT,
        expires_at INTEGER NOT NULL,
        connection TEXT NOT NULL,
        signer TEXT
    ) STRICT;
    ",
];

pub(crate) const VERSION: u32 = STEPS.len() as u32;

/// Brings the database to [`VERSION`] in one transaction, or refuses one that is newer.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StateError> {
    // Nearly always: nothing to do, and nothing to wait for.
    if found(connection)? == VERSION {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = found(&tx)?;
    if found > VERSION {
        return Err(StateError::NewerSchema { found, known: VERSION });
    }
    for step in &STEPS[found as usize..] {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()?;
    Ok(())
}

fn found(connection: &Connection) -> Result<u32, rusqlite::Error> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}
