//! What the journal's tables hold, as Rust has it.

use std::path::PathBuf;

use dipper_types::{JobId, PartNumber, ProfileId, Timestamp, TransferId, UploadId};
use rusqlite::Row;

use crate::os_path;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($variant),* }

        impl $name {
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            pub(super) fn read(row: &Row<'_>, at: usize) -> rusqlite::Result<Self> {
                match row.get_ref(at)?.as_str()? {
                    $($word => Ok(Self::$variant),)*
                    other => Err(rusqlite::Error::FromSqlConversionFailure(
                        at,
                        rusqlite::types::Type::Text,
                        format!("unknown {}: {other}", stringify!($name)).into(),
                    )),
                }
            }
        }
    };
}

words!(JobKind {
    Upload = "upload",
    Download = "download",
    Delete = "delete",
    Copy = "copy",
    Change = "change",
});
words!(JobState {
    Queued = "queued",
    Running = "running",
    Waiting = "waiting",
    Paused = "paused",
    Completed = "completed",
    Failed = "failed",
    Cancelled = "cancelled",
});
words!(
    /// What another process asks of the one that a job belongs to.
    Wish { Pause = "pause", Resume = "resume", Cancel = "cancel", Order = "order" }
);
words!(TransferState {
    Queued = "queued",
    Completed = "completed",
    Failed = "failed",
    Skipped = "skipped",
    Cancelled = "cancelled",
});

/// Which waiting job goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
}

impl Priority {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Low => -1,
            Self::Normal => 0,
            Self::High => 1,
        }
    }

    fn of(number: i64) -> Self {
        match number {
            ..0 => Self::Low,
            0 => Self::Normal,
            1.. => Self::High,
        }
    }
}

impl JobState {
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

#[derive(Debug, Clone)]
pub struct NewJob {
    pub kind: JobKind,
    pub owner: String,
    pub profile: ProfileId,
    pub bucket: String,
    pub prefix: String,
    pub title: String,
    /// What the engine needs to do it again, as JSON of the engine's.
    pub spec: String,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    pub id: JobId,
    pub kind: JobKind,
    pub state: JobState,
    pub owner: String,
    pub profile: ProfileId,
    pub bucket: String,
    pub prefix: String,
    pub title: String,
    pub spec: String,
    /// All its transfers are known.
    pub planned: bool,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub files_total: u64,
    pub files_done: u64,
    pub files_failed: u64,
    pub files_skipped: u64,
    pub bytes_total: u64,
    pub bytes_done: u64,
    pub error: Option<String>,
    pub priority: Priority,
    /// Among jobs of one priority, the smaller goes first.
    pub position: i64,
    /// Bytes a second.
    pub speed_limit: Option<u64>,
}

/// What tells a file from a changed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    pub size: u64,
    pub mtime_ns: i64,
    /// 0 where the system has none.
    pub inode: u64,
}

#[derive(Debug, Clone, Default)]
pub struct NewTransfer {
    pub key: String,
    /// The version that is meant; of a copy, the source's.
    pub version: Option<String>,
    /// Of a copy: the key it comes from.
    pub source: Option<String>,
    pub local: Option<PathBuf>,
    pub size: Option<u64>,
    /// Of a copy: the ETag its source must still have.
    pub etag: Option<String>,
    /// Known to be left out from the start, with the reason.
    pub skipped: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRow {
    pub id: TransferId,
    pub job: JobId,
    pub state: TransferState,
    pub key: String,
    pub version: Option<String>,
    pub source: Option<String>,
    pub local: Option<PathBuf>,
    pub size: Option<u64>,
    pub fingerprint: Option<Fingerprint>,
    pub etag: Option<String>,
    pub upload: Option<UploadId>,
    pub part_size: Option<u64>,
    pub verified: Option<String>,
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRow {
    pub number: PartNumber,
    pub etag: String,
    pub checksum: Option<String>,
    pub size: u64,
}

/// How a transfer ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// `local`: the file that it became.
    Done {
        size: u64,
        verified: String,
        etag: Option<String>,
        local: Option<PathBuf>,
    },
    Failed {
        error: String,
    },
    Skipped {
        reason: String,
    },
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferFilter {
    All,
    Failed,
    Unfinished,
}

impl TransferFilter {
    /// As SQL.
    pub(super) fn condition(self) -> &'static str {
        match self {
            Self::All => "1",
            Self::Failed => "state IN ('failed', 'skipped')",
            Self::Unfinished => "state = 'queued'",
        }
    }
}

pub(super) const JOB: &str = "id, kind, state, owner, profile, bucket, prefix, title, spec, planned, created_at,
    finished_at, files_total, files_done, files_failed, files_skipped, bytes_total, bytes_done, error, priority,
    position, speed_limit";
pub(super) const TRANSFER: &str =
    "id, job, state, key, local, size, mtime_ns, inode, etag, upload_id, part_size,
    verified, error, version, source";

pub(super) fn unsigned(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(at)?).unwrap_or(0))
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn job_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    Ok(JobRow {
        id: JobId::new(row.get(0)?),
        kind: JobKind::read(row, 1)?,
        state: JobState::read(row, 2)?,
        owner: row.get(3)?,
        profile: ProfileId::new(row.get::<_, String>(4)?),
        bucket: row.get(5)?,
        prefix: row.get(6)?,
        title: row.get(7)?,
        spec: row.get(8)?,
        planned: row.get(9)?,
        created_at: Timestamp::from_millis(row.get(10)?),
        finished_at: row.get::<_, Option<i64>>(11)?.map(Timestamp::from_millis),
        files_total: unsigned(row, 12)?,
        files_done: unsigned(row, 13)?,
        files_failed: unsigned(row, 14)?,
        files_skipped: unsigned(row, 15)?,
        bytes_total: unsigned(row, 16)?,
        bytes_done: unsigned(row, 17)?,
        error: row.get(18)?,
        priority: Priority::of(row.get(19)?),
        position: row.get(20)?,
        speed_limit: row.get::<_, Option<i64>>(21)?.and_then(|limit| u64::try_from(limit).ok()),
    })
}

pub(super) fn transfer_row(row: &Row<'_>) -> rusqlite::Result<TransferRow> {
    let size = row.get::<_, Option<i64>>(5)?.and_then(|s| u64::try_from(s).ok());
    let mtime: Option<i64> = row.get(6)?;
    let fingerprint = match (size, mtime) {
        (Some(size), Some(mtime_ns)) => {
            Some(Fingerprint { size, mtime_ns, inode: row.get::<_, i64>(7)?.cast_unsigned() })
        }
        _ => None,
    };
    Ok(TransferRow {
        id: TransferId::new(row.get(0)?),
        job: JobId::new(row.get(1)?),
        state: TransferState::read(row, 2)?,
        key: row.get(3)?,
        local: row.get::<_, Option<Vec<u8>>>(4)?.map(os_path::from_bytes),
        size,
        fingerprint,
        etag: row.get(8)?,
        upload: row.get::<_, Option<String>>(9)?.map(UploadId::new),
        part_size: row.get::<_, Option<i64>>(10)?.and_then(|s| u64::try_from(s).ok()),
        verified: row.get(11)?,
        error: row.get(12)?,
        version: row.get(13)?,
        source: row.get(14)?,
    })
}
