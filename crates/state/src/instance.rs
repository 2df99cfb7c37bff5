//! Who is alive: each process holds an OS lock on a file of its own. A lock dies with its process,
//! which a pid or a time does not.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::StateError;

/// This process, for as long as the value lives.
#[derive(Debug)]
pub struct Instance {
    id: String,
    path: PathBuf,
    _lock: File,
}

fn folder_of(home: &Path) -> PathBuf {
    home.join("instances")
}

impl Instance {
    pub fn claim(home: &Path) -> Result<Self, StateError> {
        let folder = folder_of(home);
        let failed = |source| StateError::Folder { path: folder.clone(), source };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let mut random = [0_u8; 12];
        getrandom::fill(&mut random)
            .map_err(|e| failed(std::io::Error::other(format!("no randomness: {e}"))))?;
        let id = hex::encode(random);
        let path = folder.join(&id);
        let mut lock =
            OpenOptions::new().create_new(true).write(true).open(&path).map_err(failed)?;
        // For people: the lock alone says who is alive. Where a locked file can't be read, it is not told.
        writeln!(lock, "{}", std::process::id()).map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(Self { id, path, _lock: lock })
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the process with that id still runs. Tidies up after one that does not.
    pub fn is_alive(home: &Path, id: &str) -> bool {
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return false;
        }
        let path = folder_of(home).join(id);
        let Ok(file) = OpenOptions::new().write(true).open(&path) else { return false };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => true,
            _ => {
                let _ = std::fs::remove_file(&path);
                false
            }
        }
    }

    /// The number that the system gives the process with that id, where it can be told.
    pub fn process(home: &Path, id: &str) -> Option<u32> {
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        std::fs::read_to_string(folder_of(home).join(id)).ok()?.trim().parse().ok()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alive_until_dropped() {
        let home = tempfile::tempdir().unwrap();
        let one = Instance::claim(home.path()).unwrap();
        let id = one.id().to_owned();
        assert!(Instance::is_alive(home.path(), &id));
        #[cfg(unix)]
        assert_eq!(Instance::process(home.path(), &id), Some(std::process::id()));
        drop(one);
        assert!(!Instance::is_alive(home.path(), &id));
        assert!(!Instance::is_alive(home.path(), "../../etc/passwd"));
    }
}
