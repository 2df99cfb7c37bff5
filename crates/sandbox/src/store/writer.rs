//! Takes a body in: into memory, into a row of the database if it is small, or into a file.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::blobs::{Blobs, Draft};
use super::body::{Body, Segment, Source};
use super::disk::Change;
use super::{Store, StoreError};

/// Bodies up to this size are rows.
const SMALL: usize = 16 * 1024;
/// How much is written to a file at once.
const BATCH: usize = 1024 * 1024;

/// A body that is taken in but that no object has yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fresh {
    pub body: Body,
    /// The row to be written with the object.
    small: Option<(i64, Bytes)>,
}

impl Fresh {
    /// A body that is already kept: another object's.
    pub(crate) fn shared(body: Body) -> Self {
        Self { body, small: None }
    }

    pub(super) fn changes(&self) -> impl Iterator<Item = Change> {
        self.small.clone().map(|(id, body)| Change::PutSmall { id, body }).into_iter()
    }
}

pub(crate) struct Writer {
    pending: Vec<Bytes>,
    pending_len: usize,
    len: u64,
    files: Option<(Arc<Blobs>, Arc<Store>)>,
    draft: Option<Draft>,
}

impl Store {
    pub(crate) fn writer(self: &Arc<Self>) -> Writer {
        let files = self.kept.as_ref().map(|kept| (Arc::clone(&kept.blobs), Arc::clone(self)));
        Writer { pending: Vec::new(), pending_len: 0, len: 0, files, draft: None }
    }
}

async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    Ok(tokio::task::spawn_blocking(job).await.map_err(|_| StoreError::Closed)??)
}

impl Writer {
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) async fn write(&mut self, chunk: Bytes) -> Result<(), StoreError> {
        self.len += chunk.len() as u64;
        self.pending_len += chunk.len();
        // A short chunk may hold on to a long network buffer.
        self.pending.push(if chunk.len() < 4096 { Bytes::copy_from_slice(&chunk) } else { chunk });
        if self.files.is_some() && self.pending_len >= BATCH {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        let Some((blobs, _)) = &self.files else {
            return Ok(());
        };
        let (blobs, draft) = (Arc::clone(blobs), self.draft.take());
        let chunks = std::mem::take(&mut self.pending);
        self.pending_len = 0;
        let job = move || {
            let mut draft = draft.map_or_else(|| blobs.create(), Ok)?;
            draft.write(&chunks)?;
            Ok(draft)
        };
        self.draft = Some(blocking(job).await?);
        Ok(())
    }

    /// The body, durable if it is in a file; a row is written with its object.
    pub(crate) async fn finish(mut self) -> Result<Fresh, StoreError> {
        let Some((_, store)) = &self.files else {
            return Ok(Fresh { body: Body::memory(self.pending), small: None });
        };
        if self.len == 0 {
            return Ok(Fresh::default());
        }
        if self.draft.is_none() && self.pending_len <= SMALL {
            let Some(kept) = &store.kept else {
                return Err(StoreError::Closed);
            };
            let id = kept.next_small.fetch_add(1, Ordering::SeqCst);
            let body = Bytes::from(self.pending.concat());
            let segment = Segment { len: self.len, source: Source::Row(id) };
            return Ok(Fresh { body: Body::one(segment), small: Some((id, body)) });
        }
        self.flush().await?;
        let Some(draft) = self.draft.take() else {
            return Err(StoreError::Closed);
        };
        let blob = blocking(move || draft.finish()).await?;
        let segment = Segment { len: self.len, source: Source::File(blob) };
        Ok(Fresh { body: Body::one(segment), small: None })
    }
}
