//! Where an object's bytes are: a list of segments, so that a multipart upload completes without
//! copying.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use s3s::StdError;
use s3s::stream::{ByteStream, RemainingLength};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::blobs::Blob;

#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub len: u64,
    pub source: Source,
}

#[derive(Debug, Clone)]
pub(crate) enum Source {
    Memory(Bytes),
    /// A row of the database's table `small`.
    Row(i64),
    File(Arc<Blob>),
    /// A file as a row of the database says it; becomes `File` when the store is opened.
    Named(i64),
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Written>", into = "Vec<Written>")]
pub(crate) struct Body(pub Arc<[Segment]>);

/// A segment in a document of the database: `r` a row, `f` a file, `i` the bytes themselves in hex.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    i: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    f: Option<i64>,
    l: u64,
}

impl From<Vec<Written>> for Body {
    fn from(list: Vec<Written>) -> Self {
        let segment = |w: Written| {
            let source = match (w.r, w.f) {
                (Some(row), _) => Source::Row(row),
                (None, Some(file)) => Source::Named(file),
                (None, None) => {
                    let inline = w.i.and_then(|text| hex::decode(text).ok());
                    Source::Memory(Bytes::from(inline.unwrap_or_default()))
                }
            };
            Segment { len: w.l, source }
        };
        Self(list.into_iter().map(segment).collect())
    }
}

impl From<Body> for Vec<Written> {
    fn from(body: Body) -> Self {
        let written = |s: &Segment| {
            let (r, f, i) = match &s.source {
                Source::Row(row) => (Some(*row), None, None),
                Source::File(blob) => (None, Some(blob.id()), None),
                Source::Named(file) => (None, Some(*file), None),
                Source::Memory(bytes) => (None, None, Some(hex::encode(bytes))),
            };
            Written { r, f, i, l: s.len }
        };
        body.0.iter().map(written).collect()
    }
}

impl Body {
    pub(crate) fn memory(chunks: Vec<Bytes>) -> Self {
        let segment = |b: Bytes| Segment { len: b.len() as u64, source: Source::Memory(b) };
        Self(chunks.into_iter().filter(|b| !b.is_empty()).map(segment).collect())
    }

    pub(crate) fn one(segment: Segment) -> Self {
        Self(Arc::from([segment]))
    }

    pub(crate) fn joined<'a>(bodies: impl Iterator<Item = &'a Body>) -> Self {
        Self(bodies.flat_map(|b| b.0.iter().cloned()).collect())
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = i64> + '_ {
        self.0.iter().filter_map(|s| match s.source {
            Source::Row(row) => Some(row),
            _ => None,
        })
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &Arc<Blob>> + '_ {
        self.0.iter().filter_map(|s| match &s.source {
            Source::File(blob) => Some(blob),
            _ => None,
        })
    }

    /// The segments of a range, cut to size.
    pub(crate) fn slice(&self, start: u64, end: u64) -> Vec<Slice> {
        let mut at = 0;
        let mut slices = Vec::new();
        for segment in self.0.iter() {
            let (from, to) = (start.max(at), end.min(at + segment.len));
            if from < to {
                let source = segment.source.clone();
                slices.push(Slice { source, from: from - at, to: to - at });
            }
            at += segment.len;
            if at >= end {
                break;
            }
        }
        slices
    }
}

/// A part of a segment.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    pub source: Source,
    pub from: u64,
    pub to: u64,
}

/// How much of a file is read at once.
const CHUNK: u64 = 512 * 1024;

type Reading = JoinHandle<std::io::Result<(File, Bytes)>>;

/// The bytes of some slices, one after the other. Rows must have been replaced by memory before.
pub(crate) struct Slices {
    /// Last first.
    left: Vec<Slice>,
    remaining: u64,
    open: Option<File>,
    reading: Option<Reading>,
}

impl Slices {
    pub(crate) fn new(mut slices: Vec<Slice>) -> Self {
        let remaining = slices.iter().map(|s| s.to - s.from).sum();
        slices.reverse();
        Self { left: slices, remaining, open: None, reading: None }
    }
}

fn read_chunk(
    file: Option<File>,
    blob: &Blob,
    from: u64,
    len: usize,
) -> std::io::Result<(File, Bytes)> {
    let mut file = match file {
        Some(file) => file,
        None => {
            let mut file = File::open(blob.path())?;
            file.seek(SeekFrom::Start(from))?;
            file
        }
    };
    let mut chunk = vec![0; len];
    file.read_exact(&mut chunk)?;
    Ok((file, Bytes::from(chunk)))
}

impl Stream for Slices {
    type Item = Result<Bytes, StdError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(reading) = &mut self.reading {
                let done = std::task::ready!(Pin::new(reading).poll(cx));
                self.reading = None;
                let (file, chunk) = match done {
                    Ok(Ok(read)) => read,
                    Ok(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                    Err(error) => return Poll::Ready(Some(Err(error.into()))),
                };
                self.remaining -= chunk.len() as u64;
                let whole = self.left.last_mut().is_none_or(|slice| {
                    slice.from += chunk.len() as u64;
                    slice.from >= slice.to
                });
                if whole {
                    self.left.pop();
                } else {
                    self.open = Some(file);
                }
                return Poll::Ready(Some(Ok(chunk)));
            }
            let Some(slice) = self.left.last() else {
                return Poll::Ready(None);
            };
            let (from, len) = (slice.from, (slice.to - slice.from).min(CHUNK) as usize);
            match &slice.source {
                Source::Memory(bytes) => {
                    let chunk = bytes.slice(slice.from as usize..slice.to as usize);
                    self.remaining -= chunk.len() as u64;
                    self.left.pop();
                    return Poll::Ready(Some(Ok(chunk)));
                }
                Source::File(blob) => {
                    let (blob, file) = (Arc::clone(blob), self.open.take());
                    let job = move || read_chunk(file, &blob, from, len);
                    self.reading = Some(tokio::task::spawn_blocking(job));
                }
                Source::Row(_) | Source::Named(_) => {
                    let error = std::io::Error::other("a body that was not loaded");
                    return Poll::Ready(Some(Err(error.into())));
                }
            }
        }
    }
}

impl ByteStream for Slices {
    fn remaining_length(&self) -> RemainingLength {
        RemainingLength::new_exact(usize::try_from(self.remaining).unwrap_or(usize::MAX))
    }
}

impl Slices {
    /// One piece of memory goes out as it is.
    pub(crate) fn into_body(mut self) -> s3s::Body {
        match self.left.pop() {
            None => s3s::Body::from(Bytes::new()),
            Some(Slice { source: Source::Memory(bytes), from, to }) if self.left.is_empty() => {
                s3s::Body::from(bytes.slice(from as usize..to as usize))
            }
            Some(slice) => {
                self.left.push(slice);
                let stream: s3s::stream::DynByteStream = Box::pin(self);
                s3s::Body::from(stream)
            }
        }
    }
}
