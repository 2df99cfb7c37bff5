//! Walks what is to be uploaded. Links are followed only when asked for; what is not a file is left out
//! by name.

use std::fs::{FileType, Metadata};
use std::path::{Path, PathBuf};

use dipper_state::Fingerprint;
use dipper_types::Timestamp;

use crate::bounds::Bounds;
use crate::error::TransferError;
use crate::filter::{Filter, FilterError, Sieve};
use crate::spec::{Sending, UploadSource};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Skip {
    Symlink,
    /// A socket, FIFO or device.
    Special,
    /// The name is not Unicode, so it can't be a key.
    NotUnicode,
    KeyTooLong,
    /// A file or folder that can't be read: told, and counted as a failure.
    Unreadable(std::io::ErrorKind),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    File {
        path: PathBuf,
        key: String,
        size: u64,
    },
    /// Nothing is in it. The key ends in `/`, or is empty.
    EmptyFolder {
        path: PathBuf,
        key: String,
    },
    Skipped {
        path: PathBuf,
        key: String,
        why: Skip,
    },
}

impl Found {
    pub fn key(&self) -> &str {
        match self {
            Self::File { key, .. } | Self::EmptyFolder { key, .. } | Self::Skipped { key, .. } => {
                key
            }
        }
    }
}

/// Calls back for every file and empty folder below the sources, folders in name order. Stops when told to.
pub fn walk(sources: &[UploadSource], found: &mut dyn FnMut(Found) -> bool) {
    // Without a pattern, none takes too long.
    let _ = Walking::default().walk(sources, found);
}

/// How to walk.
#[derive(Debug, Default)]
pub struct Walking {
    follow_links: bool,
    /// What is left out, and from where on a key is the path that is looked at.
    filter: Filter,
    cut: usize,
    /// And what ages are counted from.
    bounds: Option<(Bounds, Timestamp)>,
}

/// A path that is to be looked at. `depth`: of how many folders that are open.
struct Step {
    path: PathBuf,
    key: String,
    depth: usize,
}

impl Walking {
    /// `now` is what ages are counted from.
    ///
    /// # Errors
    /// A pattern that can't be read.
    pub fn new(sending: &Sending, now: Timestamp) -> Result<Self, FilterError> {
        let follow_links = sending.follow_links;
        Ok(match &sending.sieve {
            Some(Sieve { rules, cut, bounds }) => {
                let bounds = bounds.is_any().then_some((*bounds, now));
                Self { follow_links, filter: rules.filter()?, cut: *cut, bounds }
            }
            None => Self { follow_links, ..Self::default() },
        })
    }

    fn is_within(&self, meta: &Metadata) -> bool {
        self.bounds.is_none_or(|(bounds, now)| {
            let modified = meta.modified().ok().map(Timestamp::from_system);
            bounds.hold(meta.len(), modified, now)
        })
    }

    /// # Errors
    /// A pattern that takes too long.
    pub fn walk(
        &self,
        sources: &[UploadSource],
        found: &mut dyn FnMut(Found) -> bool,
    ) -> Result<(), TransferError> {
        for source in sources {
            if !self.visit(Path::new(&source.path), source.key.clone(), found)? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn seen<'a>(&self, key: &'a str) -> &'a str {
        key.get(self.cut..).unwrap_or_default()
    }

    fn visit(
        &self,
        root: &Path,
        key: String,
        found: &mut dyn FnMut(Found) -> bool,
    ) -> Result<bool, TransferError> {
        // A stack of our own: a tree may be deeper than the thread's.
        let mut open = vec![Step { path: root.to_owned(), key, depth: 0 }];
        // The real paths of the folders that are open: a link to one of them leads round for ever.
        let mut line: Vec<PathBuf> = Vec::new();
        while let Some(step) = open.pop() {
            match self.step(step, &mut line, found)? {
                Some(mut inside) => open.append(&mut inside),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// What is in a folder, the last first. `None`: nobody wants to know more.
    fn step(
        &self,
        Step { path, key, depth }: Step,
        line: &mut Vec<PathBuf>,
        found: &mut dyn FnMut(Found) -> bool,
    ) -> Result<Option<Vec<Step>>, TransferError> {
        let more = |goes_on: bool| Ok(goes_on.then(Vec::new));
        let skip = |why| Found::Skipped { path: path.clone(), key: key.clone(), why };
        let own = std::fs::symlink_metadata(&path);
        let link = self.follow_links && own.as_ref().is_ok_and(|meta| meta.is_symlink());
        let meta = match if link { std::fs::metadata(&path) } else { own } {
            Ok(meta) => meta,
            Err(_) if self.filter.excludes(self.seen(&key))? => return more(true),
            Err(error) => return more(found(skip(Skip::Unreadable(error.kind())))),
        };
        if !meta.is_dir() {
            if self.filter.excludes(self.seen(&key))? {
                return more(true);
            }
            // The engine opens no links: it gets the name of what they lead to.
            let real = if link { path.canonicalize().ok() } else { None };
            return more(found(match reason(meta.file_type(), &key) {
                Some(why) => skip(why),
                None if !self.is_within(&meta) => return more(true),
                None => {
                    let path = real.unwrap_or_else(|| path.clone());
                    Found::File { path, key: key.clone(), size: meta.len() }
                }
            }));
        }
        let folder = folder_key(&key);
        if !self.seen(&folder).is_empty() && self.filter.prunes(self.seen(&folder))? {
            return more(true);
        }
        if self.follow_links {
            line.truncate(depth);
            match path.canonicalize() {
                Ok(real) if line.contains(&real) => return more(found(skip(Skip::Symlink))),
                Ok(real) => line.push(real),
                Err(error) => return more(found(skip(Skip::Unreadable(error.kind())))),
            }
        }
        match children(&path, &folder, depth + 1, found) {
            Ok(Some(inside)) if inside.is_empty() => {
                let left_out = self.filter.excludes(self.seen(&folder))?;
                more(left_out || found(Found::EmptyFolder { path: path.clone(), key: folder }))
            }
            Ok(inside) => Ok(inside),
            Err(error) => more(found(skip(Skip::Unreadable(error.kind())))),
        }
    }
}

fn reason(kind: FileType, key: &str) -> Option<Skip> {
    if kind.is_symlink() {
        Some(Skip::Symlink)
    } else if !kind.is_file() {
        Some(Skip::Special)
    } else if key.len() > dipper_types::ObjectKey::MAX_BYTES {
        Some(Skip::KeyTooLong)
    } else {
        None
    }
}

fn folder_key(key: &str) -> String {
    if key.is_empty() || key.ends_with('/') { key.to_owned() } else { format!("{key}/") }
}

/// The last first.
fn children(
    folder: &Path,
    base: &str,
    depth: usize,
    found: &mut dyn FnMut(Found) -> bool,
) -> std::io::Result<Option<Vec<Step>>> {
    let mut names: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.file_name()))
        .collect::<Result<_, _>>()?;
    names.sort();
    let mut inside = Vec::with_capacity(names.len());
    for name in names {
        let path = folder.join(&name);
        match name.to_str() {
            Some(text) => inside.push(Step { path, key: format!("{base}{text}"), depth }),
            None => {
                let key = format!("{base}{}", name.to_string_lossy());
                if !found(Found::Skipped { path, key, why: Skip::NotUnicode }) {
                    return Ok(None);
                }
            }
        }
    }
    inside.reverse();
    Ok(Some(inside))
}

/// What tells this file from a changed one.
pub(crate) fn fingerprint(meta: &Metadata) -> Fingerprint {
    #[cfg(unix)]
    let (mtime_ns, inode) = {
        use std::os::unix::fs::MetadataExt;
        (meta.mtime().saturating_mul(1_000_000_000).saturating_add(meta.mtime_nsec()), meta.ino())
    };
    #[cfg(not(unix))]
    let (mtime_ns, inode) = {
        let since =
            meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        (since.map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX)), 0)
    };
    Fingerprint { size: meta.len(), mtime_ns, inode }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(path: &Path, key: &str) -> Vec<Found> {
        let mut all = Vec::new();
        walk(&[UploadSource { path: path.into(), key: key.into() }], &mut |f| {
            all.push(f);
            true
        });
        all
    }

    #[cfg(unix)]
    #[test]
    fn files_come_in_order_and_the_rest_with_a_reason() {
        use std::os::unix::ffi::OsStrExt;
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        std::fs::create_dir_all(at("b/deep")).unwrap();
        std::fs::create_dir(at("hollow")).unwrap();
        std::fs::write(at("b/deep/x"), "12").unwrap();
        std::fs::write(at("a.txt"), "1").unwrap();
        std::fs::write(at("c"), "").unwrap();
        std::os::unix::fs::symlink("/etc", at("link")).unwrap();
        std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        std::fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"\xff")), "").unwrap();
        let told: Vec<String> = collect(root.path(), "p/")
            .into_iter()
            .map(|f| match f {
                Found::File { key, size, .. } => format!("{key} {size}"),
                Found::EmptyFolder { key, .. } => key,
                Found::Skipped { key, why, .. } => format!("{key} {why:?}"),
            })
            .collect();
        assert_eq!(
            told,
            [
                "p/\u{fffd} NotUnicode",
                "p/a.txt 1",
                "p/b/deep/x 2",
                "p/c 0",
                "p/hollow/",
                "p/link Symlink",
                "p/socket Special"
            ]
        );
    }

    #[test]
    fn what_is_gone_is_told() {
        let gone = collect(Path::new("/nowhere/at/all"), "k");
        assert!(matches!(
            &gone[0],
            Found::Skipped { why: Skip::Unreadable(std::io::ErrorKind::NotFound), .. }
        ));
    }
}
