//! Bytes going up and coming down, counted as they pass.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

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

struct Counted {
    rest: Bytes,
    sent: Sent,
    wait: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(wait) = &mut self.wait {
            std::task::ready!(wait.as_mut().poll(cx));
            self.wait = None;
        }
        let most = self.sent.pace.as_ref().map_or(SLICE, |pace| pace.slice().clamp(1, SLICE));
        let take = self.rest.len().min(most);
        let slice = self.rest.split_to(take);
        (self.sent.told)(take as u64);
        if let Some(pace) = &self.sent.pace {
            let wait = pace.passed(take as u64);
            self.wait = (!wait.is_zero()).then(|| Box::pin(tokio::time::sleep(wait)));
        }
        Poll::Ready(Some(Ok(Frame::data(slice))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

pub(crate) fn counted(bytes: Bytes, sent: Option<&Sent>) -> ByteStream {
    match sent {
        // An empty body has no frames; some servers want its `Content-Length: 0` from plain bytes.
        Some(sent) if !bytes.is_empty() => {
            let sent = sent.clone();
            ByteStream::new(SdkBody::retryable(move || {
                SdkBody::from_body_1_x(Counted {
                    rest: bytes.clone(),
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
