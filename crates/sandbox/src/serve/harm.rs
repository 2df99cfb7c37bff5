//! Does to an answer what the script of faults says.

use std::io;

use bytes::Bytes;
use futures::StreamExt as _;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, ETAG};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use s3s::{Body, HttpError, HttpResponse, S3Error, S3ErrorCode, StdError};

use super::front::refusal;
use crate::faults::{Fault, status};

/// Waits, or refuses.
pub(super) async fn before(faults: &[Fault]) -> Option<S3Error> {
    let mut refused = None;
    for fault in faults {
        match fault {
            Fault::Delay(time) => tokio::time::sleep(*time).await,
            Fault::Status { status, code } => refused = Some(scripted(*status, code)),
            _ => {}
        }
    }
    refused
}

fn scripted(code: u16, name: &'static str) -> S3Error {
    let name = S3ErrorCode::from_bytes(name.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
    let mut error = S3Error::with_message(name, "A fault that a test asked for.");
    error.set_status_code(status(code));
    error
}

pub(super) fn after(
    faults: &[Fault],
    mut response: HttpResponse,
) -> Result<HttpResponse, HttpError> {
    for fault in faults {
        match fault {
            Fault::Lost { status } => return refusal(scripted(*status, "InternalError")),
            Fault::ETag(value) => {
                response.headers_mut().insert(ETAG, HeaderValue::from_static(value));
            }
            Fault::NoChecksum => {
                let headers = response.headers_mut();
                let sums: Vec<_> = headers
                    .keys()
                    .filter(|name| name.as_str().starts_with("x-amz-checksum-"))
                    .cloned()
                    .collect();
                for name in sums {
                    headers.remove(name);
                }
            }
            Fault::Reset { after } => response = changed(response, Cut::Reset(*after)),
            Fault::Short { to } => {
                let length = response
                    .headers()
                    .get(CONTENT_LENGTH)
                    .and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
                if let Some(length) = length {
                    let short = HeaderValue::from(length.min(*to));
                    response.headers_mut().insert(CONTENT_LENGTH, short);
                }
                response = changed(response, Cut::Short(*to));
            }
            Fault::Flip { at } => response = changed(response, Cut::Flip(*at)),
            Fault::Status { .. } | Fault::Delay(_) => {}
        }
    }
    Ok(response)
}

#[derive(Clone, Copy)]
enum Cut {
    Reset(u64),
    Short(u64),
    Flip(u64),
}

fn changed(response: HttpResponse, cut: Cut) -> HttpResponse {
    response.map(|body| {
        let mut at = 0_u64;
        let mut ended = false;
        let frames = body.into_data_stream().map(move |chunk| {
            let chunk = chunk?;
            let from = at;
            at += chunk.len() as u64;
            Ok::<_, StdError>((from, chunk))
        });
        let frames = frames.flat_map(move |item| {
            let out = match item {
                Err(error) => vec![Err(error)],
                Ok(_) if ended => Vec::new(),
                Ok((from, chunk)) => {
                    let (out, end) = one(cut, from, chunk);
                    ended = end;
                    out
                }
            };
            futures::stream::iter(out.into_iter().map(|o| o.map(Frame::data)))
        });
        Body::http_body_unsync(StreamBody::new(frames))
    })
}

/// One chunk after the harm, and whether the body ends here.
fn one(cut: Cut, from: u64, mut chunk: Bytes) -> (Vec<Result<Bytes, StdError>>, bool) {
    let end = from + chunk.len() as u64;
    let upto = |at: u64| usize::try_from(at.saturating_sub(from)).unwrap_or(usize::MAX);
    match cut {
        Cut::Reset(after) if end > after => {
            chunk.truncate(upto(after));
            let error = io::Error::new(io::ErrorKind::ConnectionReset, "a fault of the script");
            (vec![Ok(chunk), Err(error.into())], true)
        }
        Cut::Short(to) if end >= to => {
            chunk.truncate(upto(to));
            (vec![Ok(chunk)], true)
        }
        Cut::Flip(at) if (from..end).contains(&at) => {
            let mut bytes = chunk.to_vec();
            if let Some(byte) = bytes.get_mut(upto(at)) {
                *byte ^= 1;
            }
            (vec![Ok(Bytes::from(bytes))], false)
        }
        _ => (vec![Ok(chunk)], false),
    }
}
