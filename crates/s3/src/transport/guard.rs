//! Answers are measured while they come: too large, or nothing for too long.

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::TransportError;

/// Larger than any document that S3 knows: a thousand keys of a kilobyte take a few megabytes.
pub(super) const LARGEST: u64 = 64 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// Its answer is an object's bytes.
    Stream,
    /// The server works before it answers.
    Work,
}

/// Which call a request belongs to, told to the connector by the request itself.
#[derive(Debug, Clone)]
pub(crate) struct Named(String);

impl Named {
    pub(super) fn kind(&self) -> Kind {
        match self.0.as_str() {
            "GetObject" => Kind::Stream,
            "CompleteMultipartUpload" | "CopyObject" | "UploadPartCopy" => Kind::Work,
            _ => Kind::Plain,
        }
    }
}

/// Writes [`Named`] into each request.
#[derive(Debug)]
pub(crate) struct Naming;

impl Intercept for Naming {
    fn name(&self) -> &'static str {
        "Naming"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config.load::<Metadata>() {
            context.request_mut().add_extension(Named(call.name().to_owned()));
        }
        Ok(())
    }
}

/// A body going up, which tells when all of it was taken.
pub(super) struct Outgoing {
    body: SdkBody,
    gone: Arc<AtomicBool>,
}

impl Outgoing {
    pub fn new(body: SdkBody) -> (Self, Arc<AtomicBool>) {
        let gone = Arc::new(AtomicBool::new(body.is_end_stream()));
        (Self { body, gone: Arc::clone(&gone) }, gone)
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.gone.store(true, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        Body::size_hint(&self.body)
    }
}

pub(super) struct Guarded {
    body: Incoming,
    left: Option<u64>,
    patience: Duration,
    /// Runs only while bytes are waited for: a slow reader is no slow server.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Guarded {
    pub fn new(body: Incoming, limit: Option<u64>, patience: Duration) -> Self {
        Self { body, left: limit, patience, waiting: None }
    }
}

impl Body for Guarded {
    type Data = Bytes;
    type Error = Box<dyn StdError + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.waiting = None;
                if let (Some(left), Some(data)) = (&mut this.left, frame.data_ref()) {
                    match left.checked_sub(data.len() as u64) {
                        Some(less) => *left = less,
                        None => {
                            let error = TransportError::TooLarge { limit: LARGEST };
                            return Poll::Ready(Some(Err(error.into())));
                        }
                    }
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(other) => Poll::Ready(other.map(|frame| frame.map_err(Into::into))),
            Poll::Pending => {
                let patience = this.patience;
                let waiting =
                    this.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                match waiting.as_mut().poll(cx) {
                    Poll::Ready(()) => {
                        let stalled = TransportError::Stalled { seconds: patience.as_secs() };
                        Poll::Ready(Some(Err(stalled.into())))
                    }
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
