//! What is done to files here: nothing but taking away what the source does not have any more.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use dipper_paths::{Names, local_segments};

use crate::error::SyncError;

/// The file that a key becomes, as downloads name it. A key that can't be one is told by its download.
pub(crate) fn path_of(root: &Path, key: &str) -> PathBuf {
    if key.is_empty() {
        return root.to_owned();
    }
    let key = key.trim_end_matches('/');
    let names = local_segments(key, Names::Native).unwrap_or_default();
    names.iter().fold(root.to_owned(), |path, name| path.join(name))
}

/// Files that are to go, in a file of their own, so that their number does not count; and the folders
/// that may be empty then.
pub(crate) struct Doomed {
    files: BufWriter<File>,
    count: u64,
    folders: Vec<PathBuf>,
}

/// How one went.
pub struct Removed {
    pub path: PathBuf,
    /// In the system's words.
    pub error: Option<String>,
}

impl Doomed {
    pub fn new() -> Result<Self, SyncError> {
        let file = tempfile::tempfile().map_err(|source| SyncError::Spill { source })?;
        Ok(Self { files: BufWriter::new(file), count: 0, folders: Vec::new() })
    }

    pub fn file(&mut self, path: &Path, size: u64, mtime_ns: i64) -> Result<(), SyncError> {
        self.count += 1;
        let line = serde_json::to_string(&(path, size, mtime_ns)).map_err(io::Error::from);
        let kept = line.and_then(|line| writeln!(self.files, "{line}"));
        kept.map_err(|source| SyncError::Spill { source })
    }

    pub fn folder(&mut self, path: PathBuf) {
        self.folders.push(path);
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0 && self.folders.is_empty()
    }

    /// Deletes the files that are still what they were, then the folders that nothing is left in.
    pub fn remove(self, mut tell: impl FnMut(Removed)) -> Result<(), SyncError> {
        let spill = |source| SyncError::Spill { source };
        let mut file = self.files.into_inner().map_err(|error| spill(error.into_error()))?;
        file.rewind().map_err(spill)?;
        for line in BufReader::new(file).lines() {
            let line = line.map_err(spill)?;
            let (path, size, mtime_ns): (PathBuf, u64, i64) =
                serde_json::from_str(&line).map_err(|error| spill(error.into()))?;
            let error = remove_file(&path, size, mtime_ns).err().map(|error| error.to_string());
            tell(Removed { path, error });
        }
        for folder in self.folders.iter().rev() {
            // Something is left in it: then it stays.
            let _ = std::fs::remove_dir(folder);
        }
        Ok(())
    }
}

fn remove_file(path: &Path, size: u64, mtime_ns: i64) -> io::Result<()> {
    let meta = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        meta => meta?,
    };
    let since = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let same = meta.is_file()
        && meta.len() == size
        && i64::try_from(since.as_nanos()).unwrap_or(i64::MAX) == mtime_ns;
    match same {
        true => std::fs::remove_file(path),
        false => Err(io::Error::other("it has changed since it was looked at")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_still_the_same_goes() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        std::fs::create_dir_all(at("d/deep")).unwrap();
        std::fs::create_dir(at("kept")).unwrap();
        let mut doomed = Doomed::new().unwrap();
        assert!(doomed.is_empty());
        for name in ["d/deep/a", "d/b", "changed", "kept/c"] {
            std::fs::write(at(name), "12").unwrap();
            let since = at(name).metadata().unwrap().modified().unwrap();
            let ns = since.duration_since(UNIX_EPOCH).unwrap().as_nanos();
            if name != "kept/c" {
                doomed.file(&at(name), 2, i64::try_from(ns).unwrap()).unwrap();
            }
        }
        for folder in ["d", "d/deep", "kept"] {
            doomed.folder(at(folder));
        }
        std::fs::write(at("changed"), "123").unwrap();
        let mut told = Vec::new();
        doomed.remove(|removed| told.push((removed.path, removed.error.is_some()))).unwrap();
        assert_eq!(told, [(at("d/deep/a"), false), (at("d/b"), false), (at("changed"), true)]);
        assert!(!at("d").exists() && at("changed").exists() && at("kept/c").exists());
    }
}
