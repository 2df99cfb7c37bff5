//! The rest of a body that was refused before it was read. A connection that is closed on a client
//! which is still sending is reset, and the client never reads why.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::EXPECT;
use hyper::body::{Frame, Incoming, SizeHint};
use s3s::Body;

/// More than a part of any client; what sends more is cut off after all.
const MOST: u64 = 128 << 20;
const LONGEST: Duration = Duration::from_secs(10);

pub(super) struct Rest {
    body: Arc<Mutex<Incoming>>,
    /// The client waits for a word before it sends.
    waits: bool,
}

struct Shared(Arc<Mutex<Incoming>>);

impl http_body::Body for Shared {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}

/// The request for the service, and what it will leave.
pub(super) fn shared(request: Request<Incoming>) -> (Rest, Request<Body>) {
    let waits = request.headers().contains_key(EXPECT);
    let (head, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body));
    let rest = Rest { body: Arc::clone(&body), waits };
    (rest, Request::from_parts(head, Body::http_body(Shared(body))))
}

impl Rest {
    /// The body once more, for a request whose first try did not read it.
    pub(super) fn again(&self) -> Body {
        Body::http_body(Shared(Arc::clone(&self.body)))
    }

    /// Reads it to its end, within bounds.
    pub(super) async fn drain(self) {
        if self.waits {
            return;
        }
        let mut body = Shared(self.body);
        let mut left = MOST;
        let reading = async {
            loop {
                let frame = std::future::poll_fn(|context| {
                    http_body::Body::poll_frame(Pin::new(&mut body), context)
                });
                let Some(Ok(frame)) = frame.await else { return };
                let len = frame.data_ref().map_or(0, |data| data.len() as u64);
                let Some(less) = left.checked_sub(len) else { return };
                left = less;
            }
        };
        if tokio::time::timeout(LONGEST, reading).await.is_err() {
            tracing::debug!("a refused body did not end");
        }
    }
}
