//! Files in the order of their keys: a folder counts as its name with a slash, so that `foo-` and
//! `foo.txt` come where a bucket lists them.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use dipper_paths::{Names, key_of, local_segments};
use dipper_state::FileState;
use dipper_transfer::Filter;
use dipper_types::ObjectKey;
use futures::Stream;
use tokio::sync::mpsc;

use crate::error::SyncError;
use crate::item::{At, Item, Kind, Ledger, Note};

/// Where to walk, and how.
#[derive(Clone)]
pub struct Walk {
    pub root: PathBuf,
    /// The root's own key: empty or ending in `/` for a folder.
    pub key: String,
    pub filter: Arc<Filter>,
    pub ledger: Arc<Ledger>,
    pub follow_links: bool,
    /// Names are what downloads make of keys, and not keys themselves.
    pub decode: bool,
    /// Folders are told, too.
    pub folders: bool,
    /// Only these, as paths below the root.
    pub only: Option<Arc<Vec<String>>>,
}

const BATCH: usize = 256;

/// The walk, on a thread of its own, a little ahead of its reader.
pub fn files(walk: Walk) -> impl Stream<Item = Result<Item, SyncError>> {
    let (tell, told) = mpsc::channel::<Vec<Result<Item, SyncError>>>(4);
    tokio::task::spawn_blocking(move || {
        let mut batch = Vec::with_capacity(BATCH);
        let ended = walk.run(&mut |item| {
            batch.push(Ok(item));
            batch.len() < BATCH || tell.blocking_send(std::mem::take(&mut batch)).is_ok()
        });
        if let Err(error) = ended {
            batch.push(Err(error));
        }
        // A reader that went away needs no more.
        let _ = tell.blocking_send(batch);
    });
    futures::stream::unfold((told, Vec::new().into_iter()), |(mut told, mut batch)| async move {
        loop {
            if let Some(item) = batch.next() {
                return Some((item, (told, batch)));
            }
            batch = told.recv().await?.into_iter();
        }
    })
}

/// A folder that is open, and its real path where links could lead back to it.
struct Step {
    path: PathBuf,
    key: String,
    meta: Metadata,
    depth: usize,
}

impl Walk {
    fn run(&self, each: &mut dyn FnMut(Item) -> bool) -> Result<(), SyncError> {
        match &self.only {
            Some(only) => self.listed(only, each),
            None => self.all(each),
        }
    }

    fn all(&self, each: &mut dyn FnMut(Item) -> bool) -> Result<(), SyncError> {
        let meta = match std::fs::metadata(&self.root) {
            Ok(meta) => meta,
            // A target that is not there yet is empty.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                self.unreadable(&self.root, &error);
                return Ok(());
            }
        };
        let root = Step { path: self.root.clone(), key: self.key.clone(), meta, depth: 0 };
        // A stack of our own: a tree may be deeper than the thread's.
        let (mut open, mut line) = (vec![root], Vec::new());
        while let Some(step) = open.pop() {
            if !step.meta.is_dir() {
                if !self.file(step, each)? {
                    return Ok(());
                }
                continue;
            }
            line.truncate(step.depth);
            if !step.key.is_empty() && self.filter.prunes(&step.key)? {
                continue;
            }
            if self.follow_links {
                match step.path.canonicalize() {
                    Ok(real) if line.contains(&real) => {
                        self.ledger.note(Note::Loop(step.path));
                        continue;
                    }
                    Ok(real) => line.push(real),
                    Err(error) => {
                        self.unreadable(&step.path, &error);
                        continue;
                    }
                }
            }
            let mut inside = match self.children(&step) {
                Ok(inside) => inside,
                Err(error) => {
                    self.unreadable(&step.path, &error);
                    continue;
                }
            };
            // An object that is called like a folder is a file in it, and has the folder's key.
            let taken = inside.first().is_some_and(|first| first.key == step.key);
            let wanted = self.folders && !step.key.is_empty() && !taken;
            if wanted && !self.filter.excludes(&step.key)? {
                let kind = Kind::Folder { empty: inside.is_empty() };
                let (size, at) = (0, at(&step.path, &step.meta));
                if !each(Item { key: step.key, size, kind, at }) {
                    return Ok(());
                }
            }
            inside.reverse();
            open.append(&mut inside);
        }
        Ok(())
    }

    fn file(&self, step: Step, each: &mut dyn FnMut(Item) -> bool) -> Result<bool, SyncError> {
        if self.filter.excludes(&step.key)? {
            return Ok(true);
        }
        if !step.meta.is_file() {
            self.ledger.note(Note::Special(step.path));
            return Ok(true);
        }
        if step.key.len() > ObjectKey::MAX_BYTES {
            self.ledger.note(Note::Name(step.path));
            return Ok(true);
        }
        let at = at(&self.real(step.path, &step.meta), &step.meta);
        Ok(each(Item { key: step.key, size: step.meta.len(), kind: Kind::File, at }))
    }

    /// The engine opens no links: it gets the name of what they lead to.
    fn real(&self, path: PathBuf, meta: &Metadata) -> PathBuf {
        let link = self.follow_links && !same_kind(&path, meta);
        if link { path.canonicalize().unwrap_or(path) } else { path }
    }

    /// In the order of their keys.
    fn children(&self, step: &Step) -> io::Result<Vec<Step>> {
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(&step.path)? {
            let name = entry?.file_name();
            let path = step.path.join(&name);
            let odd = |path| if self.decode { Note::Stranger(path) } else { Note::Name(path) };
            let Some(text) = name.to_str() else {
                self.ledger.note(odd(path));
                continue;
            };
            if is_partial(text) {
                continue;
            }
            let Some(name) = self.name(text) else {
                self.ledger.note(odd(path));
                continue;
            };
            let meta = match self.look(&path) {
                Ok(Some(meta)) => meta,
                Ok(None) => continue,
                // It went while we looked.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    self.unreadable(&path, &error);
                    continue;
                }
            };
            let slash = if meta.is_dir() { "/" } else { "" };
            let key = format!("{}{name}{slash}", step.key);
            inside.push(Step { path, key, meta, depth: step.depth + 1 });
        }
        inside.sort_by(|a, b| a.key.as_bytes().cmp(b.key.as_bytes()));
        Ok(inside)
    }

    /// `None`: a link that is not followed.
    fn look(&self, path: &Path) -> io::Result<Option<Metadata>> {
        let meta = std::fs::symlink_metadata(path)?;
        if !meta.is_symlink() {
            return Ok(Some(meta));
        }
        if self.follow_links {
            // Often a disk that is not there: what lies behind it is no reason to delete anything.
            let nowhere =
                |error| io::Error::other(format!("a link that can't be followed: {error}"));
            return std::fs::metadata(path).map(Some).map_err(nowhere);
        }
        self.ledger.note(Note::Link(path.to_owned()));
        Ok(None)
    }

    /// The segment of a key that a name stands for; `None` where no key would have been given it.
    fn name(&self, text: &str) -> Option<String> {
        if !self.decode {
            return Some(text.to_owned());
        }
        let key = key_of(&[text]);
        let back = local_segments(&key, Names::Native).ok()?;
        (back == [text]).then_some(key)
    }

    fn listed(&self, only: &[String], each: &mut dyn FnMut(Item) -> bool) -> Result<(), SyncError> {
        for name in only {
            let path = self.root.join(name);
            let meta = match self.look(&path) {
                Ok(Some(meta)) => meta,
                Ok(None) => continue,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.ledger.note(Note::Missing(path));
                    continue;
                }
                Err(error) => {
                    self.unreadable(&path, &error);
                    continue;
                }
            };
            let key = format!("{}{name}", self.key);
            if meta.is_dir() {
                continue;
            }
            if !self.file(Step { path, key, meta, depth: 0 }, each)? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn unreadable(&self, path: &Path, error: &io::Error) {
        let what = path.display().to_string();
        self.ledger.note(Note::Unreadable { what, error: error.to_string() });
    }
}

/// Whether the name itself is what the metadata tell of, and no link to it.
fn same_kind(path: &Path, meta: &Metadata) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|own| own.file_type() == meta.file_type())
}

/// What a download writes under until it is whole; it may be another job's.
fn is_partial(name: &str) -> bool {
    name.starts_with(".dipper-") && name.ends_with(".part")
}

fn at(path: &Path, meta: &Metadata) -> At {
    let since = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let mtime_ns = since.map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX));
    At::Local { path: path.to_owned(), mtime_ns, state: FileState::of(meta) }
}

#[cfg(test)]
#[path = "local_tests.rs"]
mod tests;
