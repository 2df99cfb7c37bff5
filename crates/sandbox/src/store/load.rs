//! Reads a folder's index at start, and clears away what a kill left.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};

use serde::de::DeserializeOwned;

use super::blobs::Blobs;
use super::body::{Body, Segment, Source};
use super::disk::{Disk, Table};
use super::objects::hold;
use super::uploads::Upload;
use super::{Bucket, Kept, Store, write};
use crate::error::SandboxError;

impl From<rusqlite::Error> for SandboxError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Database { source: source.into() }
    }
}

pub(super) fn load(folder: &Path) -> Result<Store, SandboxError> {
    let io = |source| SandboxError::Folder { folder: folder.to_owned(), source };
    let disk = Disk::open(folder)?;
    let blobs = Arc::new(Blobs::open(folder.join("blobs")).map_err(io)?);
    let mut reading = Reading { folder, blobs: &blobs, files: HashMap::new() };
    let mut store = Store::default();
    let mut last_seq = 0;

    disk.each(Table::Buckets, |names, doc| {
        let bucket = Arc::new(Bucket::new(&names[0], reading.doc(doc)?));
        write(&store.buckets).insert(names[0].clone(), bucket);
        Ok::<_, SandboxError>(())
    })?;
    disk.each(Table::Objects, |names, doc| {
        let mut object: crate::model::Object = reading.doc(doc)?;
        object.body = reading.body(&object.body);
        if let Some(bucket) = store.bucket(&names[0]) {
            hold(&object.body);
            last_seq = last_seq.max(object.seq);
            write(&bucket.index).objects.insert(names[1].as_str().into(), Arc::new(object));
        }
        Ok::<_, SandboxError>(())
    })?;
    disk.each(Table::Versions, |names, doc| {
        let mut object: crate::model::Object = reading.doc(doc)?;
        object.body = reading.body(&object.body);
        if let Some(bucket) = store.bucket(&names[0]) {
            hold(&object.body);
            last_seq = last_seq.max(object.seq);
            write(&bucket.index).loaded(&names[1], Arc::new(object));
        }
        Ok::<_, SandboxError>(())
    })?;
    for bucket in store.buckets() {
        write(&bucket.index).sort_history();
    }
    store.last_seq = AtomicU64::new(last_seq);
    let mut uploads: HashMap<String, Arc<Upload>> = HashMap::new();
    disk.each(Table::Uploads, |names, doc| {
        if let Some(bucket) = store.bucket(&names[1]) {
            let upload = Upload::new(&names[0], &names[2], reading.doc(doc)?);
            uploads.insert(names[0].clone(), bucket.add_upload(upload));
        }
        Ok::<_, SandboxError>(())
    })?;
    disk.each(Table::Parts, |names, doc| {
        let mut part: crate::model::Part = reading.doc(doc)?;
        part.body = reading.body(&part.body);
        if let (Some(upload), Ok(number)) = (uploads.get(&names[0]), names[1].parse()) {
            upload.loaded(number, part);
        }
        Ok::<_, SandboxError>(())
    })?;

    let swept = blobs.sweep(&reading.files.keys().copied().collect()).map_err(io)?;
    if swept > 0 {
        tracing::info!(files = swept, "cleared away bodies that no object has");
    }
    let next_small = disk.last_small()? + 1;
    let next_small = AtomicI64::new(next_small);
    store.kept = Some(Kept { disk, blobs, next_small, folder: None });
    Ok(store)
}

struct Reading<'a> {
    folder: &'a Path,
    blobs: &'a Blobs,
    /// One [`super::blobs::Blob`] a file, however many objects share it.
    files: HashMap<i64, Arc<super::blobs::Blob>>,
}

impl Reading<'_> {
    fn doc<T: DeserializeOwned>(&self, doc: &str) -> Result<T, SandboxError> {
        serde_json::from_str(doc).map_err(|e| SandboxError::Damaged {
            file: self.folder.join("sandbox.db"),
            source: e.into(),
        })
    }

    /// The body with its files found.
    fn body(&mut self, body: &Body) -> Body {
        let found = body.0.iter().map(|segment| {
            let source = match &segment.source {
                Source::Named(id) => {
                    let known = || self.blobs.known(*id);
                    Source::File(Arc::clone(self.files.entry(*id).or_insert_with(known)))
                }
                other => other.clone(),
            };
            Segment { len: segment.len, source }
        });
        Body(found.collect())
    }
}
