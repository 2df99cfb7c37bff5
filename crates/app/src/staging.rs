//! Files that were dropped or chosen. Paths stay here; the window gets a handle.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use dipper_transfer::{Found, UploadSource, walk};

use crate::{App, Failure, Result};

pub type Handle = u32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    pub handle: Handle,
    pub files: u64,
    pub folders: u64,
    pub bytes: u64,
    pub names: Vec<String>,
    /// There is more than could be counted at once.
    pub counting: bool,
}

/// A drop must not wait for a large tree to be counted.
const COUNT_TIME: Duration = Duration::from_millis(60);
const NAMES: usize = 5;
const KEPT: Handle = 32;

#[derive(Default)]
pub(crate) struct Stage {
    inner: Mutex<(Handle, HashMap<Handle, Vec<PathBuf>>)>,
}

impl App {
    /// Remembers paths that the user has chosen and says what they are.
    pub fn stage(&self, paths: Vec<PathBuf>) -> Staged {
        let (mut files, mut folders, mut bytes) = (0, 0, 0);
        let started = Instant::now();
        let mut counting = false;
        for path in &paths {
            match std::fs::symlink_metadata(path) {
                Ok(meta) if meta.is_dir() => {
                    folders += 1;
                    let source = UploadSource { path: path.into(), key: String::new() };
                    walk(&[source], &mut |found| {
                        if let Found::File { size, .. } = found {
                            files += 1;
                            bytes += size;
                        }
                        counting |= started.elapsed() > COUNT_TIME;
                        !counting
                    });
                }
                Ok(meta) => {
                    files += 1;
                    bytes += meta.len();
                }
                Err(_) => files += 1,
            }
        }
        let names = paths
            .iter()
            .take(NAMES)
            .map(|p| p.file_name().unwrap_or(p.as_os_str()).to_string_lossy().into_owned())
            .collect();
        let handle = self.hold(paths);
        Staged { handle, files, folders, bytes, names, counting }
    }

    /// Remembers a folder that the user has chosen to download to.
    pub fn stage_folder(&self, path: PathBuf) -> Handle {
        self.hold(vec![path])
    }

    fn hold(&self, paths: Vec<PathBuf>) -> Handle {
        let mut inner = self.staged.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0 += 1;
        let handle = inner.0;
        inner.1.insert(handle, paths);
        // The oldest are drops that came to nothing.
        inner.1.retain(|other, _| other + KEPT > handle);
        handle
    }

    pub(crate) fn staged_paths(&self, handle: Handle) -> Result<Vec<PathBuf>> {
        let inner = self.staged.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1.get(&handle).cloned().ok_or_else(|| {
            Failure::invalid("these files are no longer at hand")
                .with_hint("Drop or choose them again.")
        })
    }

    pub(crate) fn unstage(&self, handle: Handle) {
        self.staged.inner.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&handle);
    }
}
