//! Bodies that end early, never, or otherwise.

use std::io;

use bytes::Bytes;
use futures::StreamExt as _;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use s3s::{Body, StdError};

#[derive(Clone, Copy)]
enum Harm {
    Reset(u64),
    Stall(u64),
    End(u64),
    Flip(u64),
}

pub(super) fn reset(body: Body, after: u64) -> Body {
    changed(body, Harm::Reset(after))
}

pub(super) fn stall(body: Body, after: u64) -> Body {
    changed(body, Harm::Stall(after))
}

pub(super) fn end(body: Body, to: u64) -> Body {
    changed(body, Harm::End(to))
}

pub(super) fn flip(body: Body, at: u64) -> Body {
    changed(body, Harm::Flip(at))
}

/// What becomes of the rest after a chunk.
enum Then {
    On,
    Over,
    Never,
}

fn changed(body: Body, harm: Harm) -> Body {
    let chunks = body.into_data_stream();
    let frames = futures::stream::unfold(
        (chunks, 0_u64, Then::On),
        move |(mut chunks, at, then)| async move {
            match then {
                Then::On => {}
                Then::Over => return None,
                Then::Never => std::future::pending().await,
            }
            let (items, from, then) = match chunks.next().await? {
                Err(error) => (vec![Err(error)], at, Then::Over),
                Ok(chunk) => {
                    let end = at + chunk.len() as u64;
                    let (items, then) = one(harm, at, chunk);
                    (items, end, then)
                }
            };
            Some((futures::stream::iter(items), (chunks, from, then)))
        },
    );
    let frames = frames.flatten().map(|item: Result<Bytes, StdError>| item.map(Frame::data));
    Body::http_body_unsync(StreamBody::new(frames))
}

/// One chunk after the harm.
fn one(harm: Harm, from: u64, mut chunk: Bytes) -> (Vec<Result<Bytes, StdError>>, Then) {
    let end = from + chunk.len() as u64;
    let upto = |at: u64| usize::try_from(at.saturating_sub(from)).unwrap_or(usize::MAX);
    match harm {
        Harm::Reset(after) if end > after => {
            chunk.truncate(upto(after));
            let error = io::Error::new(io::ErrorKind::ConnectionReset, "a fault of the script");
            (vec![Ok(chunk), Err(error.into())], Then::Over)
        }
        Harm::Stall(after) if end > after => {
            chunk.truncate(upto(after));
            (vec![Ok(chunk)], Then::Never)
        }
        Harm::End(to) if end >= to => {
            chunk.truncate(upto(to));
            (vec![Ok(chunk)], Then::Over)
        }
        Harm::Flip(at) if (from..end).contains(&at) => {
            let mut bytes = chunk.to_vec();
            if let Some(byte) = bytes.get_mut(upto(at)) {
                *byte ^= 1;
            }
            (vec![Ok(Bytes::from(bytes))], Then::On)
        }
        _ => (vec![Ok(chunk)], Then::On),
    }
}
