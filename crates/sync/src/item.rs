//! One name of one side, and what it takes to compare it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dipper_s3::S3;
use dipper_state::FileState;
use dipper_types::{BucketName, ObjectKey, ProfileId, Timestamp};

use crate::merge::Keyed;

/// A bucket, and who asks it.
#[derive(Clone)]
pub struct Store {
    pub profile: ProfileId,
    pub s3: S3,
    pub bucket: BucketName,
}

/// A file, an object, or a folder that is one of its own.
#[derive(Clone)]
pub struct Item {
    /// Below the root that both sides share.
    pub key: String,
    pub size: u64,
    pub kind: Kind,
    pub at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    /// Its key ends in `/`.
    Folder {
        empty: bool,
    },
}

#[derive(Clone)]
pub enum At {
    Local {
        path: PathBuf,
        mtime_ns: i64,
        state: Option<FileState>,
    },
    /// `source`: which of the sources it is from, where it is from one.
    Remote {
        store: Arc<Store>,
        source: usize,
        key: ObjectKey,
        etag: Option<String>,
        modified: Option<Timestamp>,
    },
}

impl Keyed for Item {
    fn key(&self) -> &str {
        &self.key
    }
}

impl Item {
    /// A file's own time; an object's is when it was written.
    pub fn modified(&self) -> Option<Timestamp> {
        match &self.at {
            At::Local { mtime_ns, .. } => Some(Timestamp::from_millis(mtime_ns / 1_000_000)),
            At::Remote { modified, .. } => *modified,
        }
    }
}

/// Why something takes no part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A symbolic link; links are followed on demand only.
    Link(PathBuf),
    /// A folder that is inside itself, by a link.
    Loop(PathBuf),
    /// A socket, pipe or device.
    Special(PathBuf),
    /// Its name can't be a key.
    Name(PathBuf),
    /// Of the target: no object would become a file of this name, so that it is left alone.
    Stranger(PathBuf),
    /// It could not be listed or read: then nothing is deleted.
    Unreadable { what: String, error: String },
    /// Named in a list of files, and not there.
    Missing(PathBuf),
    /// There are too many objects to look for copies among them.
    NoCopies,
    /// Why nothing is deleted.
    Held(crate::guard::Held),
}

/// What was met on the way: counted, and told in words.
#[derive(Debug, Default)]
pub struct Ledger {
    troubles: AtomicU64,
    unable: AtomicU64,
    notes: Mutex<Vec<Note>>,
}

impl Ledger {
    pub fn note(&self, note: Note) {
        match note {
            Note::Unreadable { .. } => self.troubles.fetch_add(1, Ordering::Relaxed),
            Note::Name(_) | Note::Missing(_) => self.unable.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    pub fn take(&self) -> Vec<Note> {
        std::mem::take(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What could not be listed or read.
    pub fn troubles(&self) -> u64 {
        self.troubles.load(Ordering::Relaxed)
    }

    /// What can't be transferred at all.
    pub fn unable(&self) -> u64 {
        self.unable.load(Ordering::Relaxed)
    }
}
