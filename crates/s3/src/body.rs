//! Bytes going up and coming down, counted as they pass.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use crate::error::{Class, Error};
use crate::types::ObjectHead;

/// How fast bytes may go.
pub trait Pace: Send + Sync {
    /// The most that goes at once, in bytes.
    fn slice(&self) -> usize;
    /// So many bytes go now; how long to wait before the next.
    fn passed(&self, bytes: u64) -> Duration;
}

/// Follows a body on its way up.
#[derive(Clone)]
pub struct Sent {
    /// Told of every slice handed to the connection, in bytes.
    pub told: Arc<dyn Fn(u64) + Send + Sync>,
    pub pace: Option<Arc<dyn Pace>>,
}

impl Sent {
    pub fn told(told: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self { told: Arc::new(told), pace: None }
    }
}

/// Small enough that progress is smooth, large enough to cost nothing.
const SLICE: usize = 64 * 1024;

/// Reads so many bytes from an offset on.
pub type Reader = Arc<dyn Fn(u64, usize) -> io::Result<Bytes> + Send + Sync>;

/// What goes up.
#[derive(Clone)]
pub enum Payload {
    Held(Bytes),
    /// Read as it goes, each time from its beginning.
    Read {
        read: Reader,
        size: u64,
    },
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Payload of {} bytes", self.len())
    }
}

impl Payload {
    pub fn len(&self) -> u64 {
        match self {
            Self::Held(bytes) => bytes.len() as u64,
            Self::Read { size, .. } => *size,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn body(&self, sent: Option<&Sent>) -> ByteStream {
        let (read, size) = match self {
            Self::Held(bytes) => return counted(bytes.clone(), sent),
            Self::Read { read, size } => (Arc::clone(read), *size),
        };
        let sent = sent.cloned().unwrap_or_else(|| Sent::told(|_| {}));
        ByteStream::new(SdkBody::retryable(move || {
            let rest =
                Rest::Coming { blocks: blocks(&read, size), at_hand: Bytes::new(), left: size };
            SdkBody::from_body_1_x(Counted { rest, sent: sent.clone(), wait: None })
        }))
    }
}

const BLOCK: usize = 1 << 20;

/// Read on a thread of its own, a little ahead.
fn blocks(read: &Reader, size: u64) -> mpsc::Receiver<io::Result<Bytes>> {
    let (tell, told) = mpsc::channel(2);
    let read = Arc::clone(read);
    tokio::task::spawn_blocking(move || {
        let mut at = 0;
        while at < size {
            let len = usize::try_from(size - at).unwrap_or(BLOCK).min(BLOCK);
            let block = read(at, len);
            let over = block.is_err();
            // A request that was given up needs no more.
            if tell.blocking_send(block).is_err() || over {
                return;
            }
            at += len as u64;
        }
    });
    told
}

enum Rest {
    Held(Bytes),
    Coming { blocks: mpsc::Receiver<io::Result<Bytes>>, at_hand: Bytes, left: u64 },
}

impl Rest {
    fn left(&self) -> u64 {
        match self {
            Self::Held(bytes) => bytes.len() as u64,
            Self::Coming { left, .. } => *left,
        }
    }

    fn next(&mut self, most: usize, cx: &mut TaskContext<'_>) -> Poll<io::Result<Bytes>> {
        match self {
            Self::Held(bytes) => Poll::Ready(Ok(bytes.split_to(bytes.len().min(most)))),
            Self::Coming { blocks, at_hand, left } => {
                if at_hand.is_empty() {
                    *at_hand = match std::task::ready!(blocks.poll_recv(cx)) {
                        Some(block) => block?,
                        None => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                    };
                }
                let slice = at_hand.split_to(at_hand.len().min(most));
                *left = left.saturating_sub(slice.len() as u64);
                Poll::Ready(Ok(slice))
            }
        }
    }
}

struct Counted {
    rest: Rest,
    sent: Sent,
    wait: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.left() == 0 {
            return Poll::Ready(None);
        }
        if let Some(wait) = &mut self.wait {
            std::task::ready!(wait.as_mut().poll(cx));
            self.wait = None;
        }
        let most = self.sent.pace.as_ref().map_or(SLICE, |pace| pace.slice().clamp(1, SLICE));
        let slice = match std::task::ready!(self.rest.next(most, cx)) {
            Ok(slice) => slice,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        let take = slice.len() as u64;
        (self.sent.told)(take);
        if let Some(pace) = &self.sent.pace {
            let wait = pace.passed(take);
            self.wait = (!wait.is_zero()).then(|| Box::pin(tokio::time::sleep(wait)));
        }
        Poll::Ready(Some(Ok(Frame::data(slice))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.left())
    }
}

pub(crate) fn counted(bytes: Bytes, sent: Option<&Sent>) -> ByteStream {
    match sent {
        // An empty body has no frames; some servers want its `Content-Length: 0` from plain bytes.
        Some(sent) if !bytes.is_empty() => {
            let sent = sent.clone();
            ByteStream::new(SdkBody::retryable(move || {
                SdkBody::from_body_1_x(Counted {
                    rest: Rest::Held(bytes.clone()),
                    sent: sent.clone(),
                    wait: None,
                })
            }))
        }
        _ => ByteStream::from(bytes),
    }
}

/// A GET under way: what its headers said, then the body.
pub struct Download {
    pub head: ObjectHead,
    /// First byte and length of what the server says it sends.
    pub offset: u64,
    pub len: u64,
    pub(crate) body: ByteStream,
    pub(crate) at: (String, String),
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("offset", &self.offset).field("len", &self.len).finish()
    }
}

impl Download {
    /// The next bytes, or `None` at the end. A cut connection is an error, never an end.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        let chunk = self.body.next().await?;
        Some(chunk.map_err(|error| {
            let mut error = Error::transport("GetObject", error);
            if error.class == Class::Internal {
                error.class = Class::Network;
            }
            error.at(Some(&self.at.0), Some(&self.at.1))
        }))
    }

    /// All of it. For small documents; refuses more than `limit` bytes.
    pub async fn collect(mut self, limit: usize) -> Result<Vec<u8>, Error> {
        let mut all = Vec::with_capacity(usize::try_from(self.len).unwrap_or(0).min(limit));
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            if all.len() + chunk.len() > limit {
                return Err(Error::answer("GetObject", Class::NotS3, "more bytes than announced")
                    .at(Some(&self.at.0), Some(&self.at.1)));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }
}
