//! The one place that writes body files: temporary file, fsync, rename. A body is under its name
//! only when it is whole.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use bytes::Bytes;

/// A body's file. It is removed when nothing in the index refers to it and nobody reads it.
#[derive(Debug)]
pub(crate) struct Blob {
    id: i64,
    path: PathBuf,
    /// How many objects and parts in the index have it.
    holders: AtomicUsize,
}

impl Blob {
    pub(crate) fn id(&self) -> i64 {
        self.id
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn hold(&self) {
        self.holders.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn let_go(&self) {
        self.holders.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        if self.holders.load(Ordering::SeqCst) == 0
            && let Err(error) = fs::remove_file(&self.path)
        {
            // The next start sweeps it.
            tracing::debug!(path = %self.path.display(), %error, "a body's file stays");
        }
    }
}

/// The folder of bodies.
#[derive(Debug)]
pub(crate) struct Blobs {
    root: PathBuf,
    next: AtomicI64,
}

impl Blobs {
    pub(crate) fn open(root: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&root)?;
        let temporary = root.join("tmp");
        if temporary.exists() {
            fs::remove_dir_all(&temporary)?;
        }
        fs::create_dir(&temporary)?;
        for folder in 0..=0xFF_u8 {
            fs::create_dir_all(root.join(format!("{folder:02x}")))?;
        }
        sync_folder(&root)?;
        Ok(Self { root, next: AtomicI64::new(1) })
    }

    /// The blob that a row of the database names.
    pub(crate) fn known(&self, id: i64) -> Arc<Blob> {
        self.next.fetch_max(id + 1, Ordering::SeqCst);
        Arc::new(Blob { id, path: self.path(id), holders: AtomicUsize::new(0) })
    }

    fn path(&self, id: i64) -> PathBuf {
        self.root.join(format!("{:02x}", id & 0xFF)).join(id.to_string())
    }

    /// Removes every file that no row names: what a kill left between file and row.
    pub(crate) fn sweep(&self, named: &HashSet<i64>) -> io::Result<usize> {
        let mut swept = 0;
        for folder in fs::read_dir(&self.root)? {
            let folder = folder?.path();
            if folder.file_name().is_some_and(|n| n == "tmp") || !folder.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder)? {
                let file = file?;
                let id = file.file_name().to_str().and_then(|name| name.parse().ok());
                if id.is_none_or(|id: i64| !named.contains(&id)) {
                    fs::remove_file(file.path())?;
                    swept += 1;
                }
                if let Some(id) = id {
                    self.next.fetch_max(id + 1, Ordering::SeqCst);
                }
            }
        }
        Ok(swept)
    }

    /// Begins a body. Blocking.
    pub(crate) fn create(&self) -> io::Result<Draft> {
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        let temporary = self.root.join("tmp").join(id.to_string());
        let file = File::create_new(&temporary)?;
        Ok(Draft { id, file, temporary: Some(temporary), path: self.path(id) })
    }
}

/// A body that is being written. Dropped before [`Draft::finish`], it is gone.
#[derive(Debug)]
pub(crate) struct Draft {
    id: i64,
    file: File,
    temporary: Option<PathBuf>,
    path: PathBuf,
}

impl Draft {
    pub(crate) fn write(&mut self, chunks: &[Bytes]) -> io::Result<()> {
        chunks.iter().try_for_each(|chunk| self.file.write_all(chunk))
    }

    /// Makes it durable under its name. Blocking.
    pub(crate) fn finish(mut self) -> io::Result<Arc<Blob>> {
        self.file.sync_all()?;
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.path)?;
            self.temporary = None;
        }
        if let Some(folder) = self.path.parent() {
            sync_folder(folder)?;
        }
        Ok(Arc::new(Blob { id: self.id, path: self.path.clone(), holders: AtomicUsize::new(0) }))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary
            && let Err(error) = fs::remove_file(temporary)
        {
            tracing::debug!(path = %temporary.display(), %error, "a temporary file stays");
        }
    }
}

/// Makes names in a folder durable, where the system knows such a thing.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
