//! What the sandbox holds: an index in memory, and with a folder the same on disk.
//!
//! A change is checked, made durable and shown in the index under one lock per key, so that a
//! condition (`If-None-Match: *`) can't be overtaken, and what a listing shows is on disk.

mod blobs;
mod body;
mod disk;
mod listing;
mod load;
mod objects;
mod uploads;
mod versions;
mod writer;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, RwLock as AsyncRwLock};

pub(crate) use body::{Body, Slices};
pub(crate) use listing::{Entry, Wanted, list, past};
pub(crate) use uploads::Upload;
pub(crate) use versions::{Removed, seq_of};
pub(crate) use writer::Fresh;

use crate::error::SandboxError;
use crate::folder::Folder;
use crate::model::{BucketInfo, BucketState, Object};
use blobs::Blobs;
use disk::{Change, Disk};

/// Why a change was not made.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StoreError {
    #[error("the bucket is gone")]
    NoSuchBucket,
    #[error("the upload is gone")]
    NoSuchUpload,
    #[error("the object is gone")]
    NoSuchKey,
    #[error("the version is gone")]
    NoSuchVersion,
    #[error("this is a delete marker")]
    DeleteMarker,
    #[error("the system gives no random numbers")]
    Random,
    #[error("there is a bucket of this name")]
    BucketExists { owner: String },
    #[error("the bucket is not empty")]
    BucketNotEmpty,
    #[error("the sandbox's database failed")]
    Database {
        #[source]
        source: Arc<rusqlite::Error>,
    },
    #[error("the sandbox's folder failed")]
    Folder {
        #[source]
        source: Arc<std::io::Error>,
    },
    #[error("a document can't be written")]
    Document {
        #[source]
        source: Arc<serde_json::Error>,
    },
    #[error("the sandbox is stopping")]
    Closed,
}

impl From<std::io::Error> for StoreError {
    fn from(source: std::io::Error) -> Self {
        Self::Folder { source: Arc::new(source) }
    }
}

/// A folder's parts: the database, the body files, and the next id of a small body.
#[derive(Debug)]
pub(crate) struct Kept {
    disk: Disk,
    blobs: Arc<Blobs>,
    next_small: AtomicI64,
    /// The folder's lock. Dropped last: when nothing can be written any more.
    folder: Option<Arc<Folder>>,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    buckets: RwLock<BTreeMap<String, Arc<Bucket>>>,
    kept: Option<Kept>,
    /// Held while buckets come and go.
    naming: Mutex<()>,
    /// The number of the last version.
    last_seq: AtomicU64,
}

/// What is under a bucket's keys.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// The current objects: what listings show.
    pub objects: BTreeMap<Box<str>, Arc<Object>>,
    /// All other versions and the delete markers, newest first. Where a key has no current object,
    /// the first is a marker.
    pub history: BTreeMap<Box<str>, Vec<Arc<Object>>>,
}

const STRIPES: usize = 64;

#[derive(Debug)]
pub(crate) struct Bucket {
    pub name: String,
    state: RwLock<Arc<BucketState>>,
    index: RwLock<Index>,
    uploads: RwLock<BTreeMap<(String, String), Arc<Upload>>>,
    stripes: [Mutex<()>; STRIPES],
    /// Read while something is put in; written while the bucket is dropped.
    gate: AsyncRwLock<()>,
    gone: AtomicBool,
}

impl Bucket {
    fn new(name: &str, info: BucketInfo) -> Self {
        Self {
            name: name.to_owned(),
            state: RwLock::new(Arc::new(BucketState::new(info))),
            index: RwLock::default(),
            uploads: RwLock::default(),
            stripes: [const { Mutex::const_new(()) }; STRIPES],
            gate: AsyncRwLock::new(()),
            gone: AtomicBool::new(false),
        }
    }

    pub(crate) fn state(&self) -> Arc<BucketState> {
        Arc::clone(&read(&self.state))
    }

    pub(crate) fn object(&self, key: &str) -> Option<Arc<Object>> {
        read(&self.index).objects.get(key).cloned()
    }

    pub(crate) fn index(&self) -> std::sync::RwLockReadGuard<'_, Index> {
        read(&self.index)
    }

    fn stripe(&self, key: &str) -> &Mutex<()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        &self.stripes[(hash % STRIPES as u64) as usize]
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

fn doc(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Document { source: Arc::new(source) })
}

impl Store {
    pub(crate) fn in_memory() -> Self {
        Self::default()
    }

    /// Opens a folder and reads its index. Blocking.
    pub(crate) fn in_folder(folder: &Path) -> Result<Self, SandboxError> {
        load::load(folder)
    }

    /// Keeps the folder's lock as long as the store is there.
    pub(crate) fn held(mut self, folder: &Arc<Folder>) -> Self {
        if let Some(kept) = &mut self.kept {
            kept.folder = Some(Arc::clone(folder));
        }
        self
    }

    async fn commit(
        &self,
        changes: impl FnOnce() -> Result<Vec<Change>, StoreError>,
    ) -> Result<(), StoreError> {
        match &self.kept {
            Some(kept) => kept.disk.commit(changes()?).await,
            None => Ok(()),
        }
    }

    /// Runs a change to its end even when the client goes away in the middle of it. In memory a
    /// change has no middle.
    async fn whole<T, E, F>(&self, change: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        if self.kept.is_none() {
            return change.await;
        }
        match tokio::spawn(change).await {
            Ok(result) => result,
            Err(_) => Err(StoreError::Closed.into()),
        }
    }

    pub(crate) fn bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        read(&self.buckets).get(name).cloned()
    }

    pub(crate) fn buckets(&self) -> Vec<Arc<Bucket>> {
        read(&self.buckets).values().cloned().collect()
    }

    pub(crate) async fn create_bucket(
        self: &Arc<Self>,
        name: &str,
        info: BucketInfo,
    ) -> Result<Arc<Bucket>, StoreError> {
        let (store, name) = (Arc::clone(self), name.to_owned());
        self.whole(async move {
            let _naming = store.naming.lock().await;
            if let Some(there) = store.bucket(&name) {
                return Err(StoreError::BucketExists { owner: there.state().info.owner.clone() });
            }
            let put = || Ok(vec![Change::PutBucket { name: name.clone(), doc: doc(&info)? }]);
            store.commit(put).await?;
            let bucket = Arc::new(Bucket::new(&name, info));
            write(&store.buckets).insert(name, Arc::clone(&bucket));
            Ok(bucket)
        })
        .await
    }

    pub(crate) async fn delete_bucket(self: &Arc<Self>, name: &str) -> Result<(), StoreError> {
        let (store, name) = (Arc::clone(self), name.to_owned());
        self.whole(async move {
            let _naming = store.naming.lock().await;
            let bucket = store.bucket(&name).ok_or(StoreError::NoSuchBucket)?;
            let _alone = bucket.gate.write().await;
            if !bucket.is_empty() {
                return Err(StoreError::BucketNotEmpty);
            }
            // As in S3, uploads that were never completed do not keep a bucket.
            for upload in bucket.uploads() {
                store.drop_upload(&bucket, &upload).await?;
            }
            store.commit(|| Ok(vec![Change::DropBucket { name: name.clone() }])).await?;
            bucket.gone.store(true, Ordering::SeqCst);
            write(&store.buckets).remove(&name);
            Ok(())
        })
        .await
    }

    /// Changes a bucket's settings.
    pub(crate) async fn change_bucket<E>(
        self: &Arc<Self>,
        bucket: &Arc<Bucket>,
        change: impl FnOnce(&mut BucketInfo) -> Result<(), E> + Send + 'static,
    ) -> Result<(), E>
    where
        E: From<StoreError> + Send + 'static,
    {
        let (store, bucket) = (Arc::clone(self), Arc::clone(bucket));
        self.whole(async move {
            let _naming = store.naming.lock().await;
            if bucket.gone.load(Ordering::SeqCst) {
                return Err(StoreError::NoSuchBucket.into());
            }
            let mut info = bucket.state().info.clone();
            change(&mut info)?;
            let name = bucket.name.clone();
            store.commit(|| Ok(vec![Change::PutBucket { name, doc: doc(&info)? }])).await?;
            *write(&bucket.state) = Arc::new(BucketState::new(info));
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests;
