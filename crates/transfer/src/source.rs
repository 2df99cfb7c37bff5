//! Walks what is to be uploaded. Links are not followed; what is not a file is left out by name.

use std::fs::{FileType, Metadata};
use std::path::{Path, PathBuf};

use dipper_state::Fingerprint;

use crate::spec::UploadSource;

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
    for source in sources {
        let path = PathBuf::from(&source.path);
        if !visit(&path, source.key.clone(), found) {
            return;
        }
    }
}

fn visit(root: &Path, key: String, found: &mut dyn FnMut(Found) -> bool) -> bool {
    // A stack of our own: a tree may be deeper than the thread's.
    let mut open = vec![(root.to_owned(), key)];
    while let Some((path, key)) = open.pop() {
        let skip = |why| Found::Skipped { path: path.clone(), key: key.clone(), why };
        let meta = match std::fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(error) => {
                if !found(skip(Skip::Unreadable(error.kind()))) {
                    return false;
                }
                continue;
            }
        };
        if meta.is_dir() {
            match children(&path, &key, found) {
                Ok(Some(mut inside)) => {
                    let empty = Found::EmptyFolder { path: path.clone(), key: folder_key(&key) };
                    if inside.is_empty() && !found(empty) {
                        return false;
                    }
                    inside.reverse();
                    open.append(&mut inside);
                }
                Ok(None) => return false,
                Err(error) => {
                    if !found(skip(Skip::Unreadable(error.kind()))) {
                        return false;
                    }
                }
            }
            continue;
        }
        let item = match reason(meta.file_type(), &key) {
            Some(why) => skip(why),
            None => Found::File { path: path.clone(), key: key.clone(), size: meta.len() },
        };
        if !found(item) {
            return false;
        }
    }
    true
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

type Children = Vec<(PathBuf, String)>;

fn children(
    folder: &Path,
    key: &str,
    found: &mut dyn FnMut(Found) -> bool,
) -> std::io::Result<Option<Children>> {
    let mut names: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.file_name()))
        .collect::<Result<_, _>>()?;
    names.sort();
    let base = folder_key(key);
    let mut inside = Vec::with_capacity(names.len());
    for name in names {
        let path = folder.join(&name);
        match name.to_str() {
            Some(text) => inside.push((path, format!("{base}{text}"))),
            None => {
                let key = format!("{base}{}", name.to_string_lossy());
                if !found(Found::Skipped { path, key, why: Skip::NotUnicode }) {
                    return Ok(None);
                }
            }
        }
    }
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
