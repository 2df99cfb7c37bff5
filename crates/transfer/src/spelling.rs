//! Whether what lies under a name was called otherwise: on file systems that take `a` and `A`, or `é`
//! and `é`, for one, a file must not replace another one.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::TransferError;

const REMEMBERED: usize = 1_000;

/// What got its name here on such file systems. Some mounts list all names in lower case (NTFS-3G's
/// `ignore_case`): they can't tell by themselves how a file was called.
#[derive(Default)]
pub(crate) struct Spellings {
    by_file: HashMap<(u64, u64), PathBuf>,
    /// Folders that were seen to tell `a` from `A`, of late.
    strict: HashSet<PathBuf>,
}

impl Spellings {
    /// # Errors
    /// Where a file of another spelling has the name.
    pub fn check(&mut self, path: &Path) -> Result<(), TransferError> {
        let Ok(there) = path.symlink_metadata() else { return Ok(()) };
        let ours = self.by_file.get(&id(&there)).filter(|ours| {
            ours.as_path() != path && ours.symlink_metadata().is_ok_and(|m| same(&m, &there))
        });
        let another = ours.is_some()
            || is_another(path, &there).map_err(TransferError::local("look at", path))?;
        match another {
            true => Err(TransferError::OtherSpelling { path: path.to_owned() }),
            false => Ok(()),
        }
    }

    pub fn remember(&mut self, path: &Path) {
        let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else { return };
        if !cfg!(unix) || self.strict.contains(folder) {
            return;
        }
        let Ok(there) = path.symlink_metadata() else { return };
        if may_differ(folder, name, &there) {
            self.by_file.insert(id(&there), path.to_owned());
        } else if cfg!(target_os = "linux") && swapped_name(name).is_some() {
            if self.strict.len() >= REMEMBERED {
                self.strict.clear();
            }
            self.strict.insert(folder.to_owned());
        }
    }
}

/// True where something is found under this name that its folder lists under none like it.
fn is_another(path: &Path, there: &Metadata) -> io::Result<bool> {
    let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else { return Ok(false) };
    if !may_differ(folder, name, there) {
        return Ok(false);
    }
    // These systems tell a file's own name.
    if cfg!(any(windows, target_os = "macos")) && !there.is_symlink() {
        return Ok(path.canonicalize()?.file_name() != Some(name));
    }
    for entry in std::fs::read_dir(folder)? {
        if entry?.file_name() == name {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Listing a folder is slow where it is large: first, whether the file system cares for case at all.
fn may_differ(folder: &Path, name: &OsStr, there: &Metadata) -> bool {
    let Some(text) = name.to_str() else { return false };
    if cfg!(target_os = "macos") && !text.is_ascii() {
        return true;
    }
    match swapped_name(name) {
        None => !text.is_ascii() && cfg!(windows),
        Some(other) => folder.join(other).symlink_metadata().is_ok_and(|other| same(&other, there)),
    }
}

/// The name with every letter in the other case, if it has any.
fn swapped_name(name: &OsStr) -> Option<String> {
    let text = name.to_str()?;
    let other: String = text.chars().map(swapped).collect();
    (other != text).then_some(other)
}

fn swapped(c: char) -> char {
    let one = |mut many: Box<dyn Iterator<Item = char>>| match (many.next(), many.next()) {
        (Some(only), None) => only,
        _ => c,
    };
    let upper = one(Box::new(c.to_uppercase()));
    if upper == c { one(Box::new(c.to_lowercase())) } else { upper }
}

fn same(a: &Metadata, b: &Metadata) -> bool {
    id(a) == id(b)
}

#[cfg(unix)]
fn id(of: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (of.dev(), of.ino())
}

#[cfg(not(unix))]
fn id(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_where_the_disk_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Report.pdf");
        let mut spellings = Spellings::default();
        assert!(spellings.check(&path).is_ok(), "nothing is there");
        std::fs::write(&path, "").unwrap();
        spellings.remember(&path);
        assert!(spellings.check(&path).is_ok(), "its own name");
        let other = folder.path().join("REPORT.pdf");
        assert_eq!(spellings.check(&other).is_err(), other.exists());
    }

    #[test]
    fn letters_are_swapped_one_by_one() {
        let swapped = |text: &str| text.chars().map(super::swapped).collect::<String>();
        assert_eq!(swapped("aB-ß1é"), "Ab-ß1É");
    }
}
