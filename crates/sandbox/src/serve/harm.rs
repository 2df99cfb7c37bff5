//! Does to a request and its answer what the script of faults says.

use std::io;

use bytes::Bytes;
use futures::StreamExt as _;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, LOCATION};
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use s3s::{Body, HttpError, HttpResponse, S3Error, S3ErrorCode, StdError};
use time::OffsetDateTime;

use super::front::refusal;
use super::{bodies, paging};
use crate::faults::{Fault, NoConditions, NoRange, OtherRange, status};

/// Waits, refuses, or answers in the server's place.
pub(super) async fn before(faults: &[Fault]) -> Option<Result<HttpResponse, HttpError>> {
    let mut instead = None;
    for fault in faults {
        match fault {
            Fault::Delay(time) => tokio::time::sleep(*time).await,
            Fault::Status { status, code } => instead = Some(refusal(scripted(*status, code))),
            Fault::ExpiredToken => {
                let error = S3Error::with_message(
                    S3ErrorCode::ExpiredToken,
                    "The provided token has expired.",
                );
                instead = Some(refusal(error));
            }
            Fault::ClockSkew { .. } => instead = Some(refusal(skewed())),
            Fault::Portal { status } => instead = Some(Ok(portal(*status))),
            Fault::Pretend { etag } => {
                let mut response = HttpResponse::new(Body::empty());
                response.headers_mut().insert(ETAG, HeaderValue::from_static(etag));
                instead = Some(Ok(response));
            }
            Fault::ErrorIn200 { code } => {
                let mut error = scripted(200, code);
                error.set_message("We encountered an internal error. Please try again.");
                instead = Some(refusal(error));
            }
            Fault::Redirect { region, endpoint } => {
                instead = Some(refusal(redirect(region, endpoint)));
            }
            Fault::WrongRegion { region } => instead = Some(Ok(super::region::wrong(region))),
            _ => {}
        }
    }
    instead
}

/// Changes a request before the server sees it.
pub(super) fn asked(faults: &[Fault], mut request: Request<Body>) -> Request<Body> {
    // A request without a body keeps its own: a wrapped one has no length any more.
    let bare = hyper::body::Body::is_end_stream(request.body());
    for fault in faults {
        match fault {
            Fault::ResetRequest { .. } | Fault::StallRequest { .. } if bare => {}
            Fault::IgnoreRange => {
                request.extensions_mut().insert(NoRange);
            }
            Fault::IgnoreConditions => {
                request.extensions_mut().insert(NoConditions);
            }
            Fault::OtherRange { at } => {
                request.extensions_mut().insert(OtherRange(*at));
            }
            Fault::ResetRequest { after } => {
                request = request.map(|body| bodies::reset(body, *after));
            }
            Fault::StallRequest { after } => {
                request = request.map(|body| bodies::stall(body, *after));
            }
            _ => {}
        }
    }
    request
}

fn scripted(code: u16, name: &'static str) -> S3Error {
    let name = S3ErrorCode::from_bytes(name.as_bytes())
        .unwrap_or_else(|| S3ErrorCode::Custom(name.into()));
    let mut error = S3Error::with_message(name, "A fault that a test asked for.");
    error.set_status_code(status(code));
    error
}

fn skewed() -> S3Error {
    S3Error::with_message(
        S3ErrorCode::RequestTimeTooSkewed,
        "The difference between the request time and the current time is too large.",
    )
}

fn portal(code: u16) -> HttpResponse {
    let page = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><h1>Sign in to \
        this network</h1></body></html>\n";
    let mut response = HttpResponse::new(Body::from(page.to_owned()));
    *response.status_mut() = status(code);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response
}

fn redirect(region: &'static str, endpoint: &'static str) -> S3Error {
    let mut error = S3Error::with_message(
        S3ErrorCode::PermanentRedirect,
        "The bucket you are attempting to access must be addressed using the specified endpoint.",
    );
    error.set_status_code(http::StatusCode::MOVED_PERMANENTLY);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert("x-amz-bucket-region", HeaderValue::from_static(region));
    if !endpoint.is_empty() {
        headers.insert(LOCATION, HeaderValue::from_static(endpoint));
    }
    error.set_headers(headers);
    error
}

/// `Err`: the connection closes.
pub(super) async fn after(
    faults: &[Fault],
    mut response: HttpResponse,
) -> Result<HttpResponse, HttpError> {
    for fault in faults {
        match fault {
            Fault::Lost { status } => return refusal(scripted(*status, "InternalError")),
            Fault::LostAnswer => {
                let error = io::Error::new(io::ErrorKind::ConnectionReset, "a fault of the script");
                return Err(HttpError::new(Box::new(error)));
            }
            Fault::Stall { after: 0 } => std::future::pending().await,
            Fault::ETag(value) => {
                response.headers_mut().insert(ETAG, HeaderValue::from_static(value));
            }
            Fault::Header(name, value) => {
                if let Ok(value) = HeaderValue::from_str(value) {
                    response.headers_mut().insert(*name, value);
                }
            }
            Fault::NoETag => {
                response.headers_mut().remove(ETAG);
            }
            Fault::NoChecksum => {
                for name in checksums(response.headers()) {
                    response.headers_mut().remove(name);
                }
            }
            Fault::WrongChecksum => {
                for name in checksums(response.headers()) {
                    lie(response.headers_mut(), &name);
                }
            }
            Fault::ClockSkew { seconds } | Fault::DateOff { seconds } => {
                let at = OffsetDateTime::now_utc().unix_timestamp() + seconds;
                let at = dipper_types::Timestamp::from_secs(at);
                if let Some(date) = crate::ops::http_date(at) {
                    response.headers_mut().insert(DATE, date);
                }
            }
            Fault::Paging(lie) => response = paging::lie(*lie, response).await,
            Fault::Reset { after } => response = response.map(|b| bodies::reset(b, *after)),
            Fault::Stall { after } => response = response.map(|b| bodies::stall(b, *after)),
            Fault::Short { to } => {
                if let Some(length) = length(&response) {
                    let short = HeaderValue::from(length.min(*to));
                    response.headers_mut().insert(CONTENT_LENGTH, short);
                }
                response = response.map(|body| bodies::end(body, *to));
            }
            Fault::Cut { to } => response = response.map(|body| bodies::reset(body, *to)),
            Fault::Long { by } => {
                if let Some(length) = length(&response) {
                    let long = HeaderValue::from(length + by);
                    response.headers_mut().insert(CONTENT_LENGTH, long);
                }
                let more = Bytes::from(vec![b'+'; usize::try_from(*by).unwrap_or(0)]);
                response = response.map(|body| {
                    let frames = body.into_data_stream().map(|c| c.map(Frame::data));
                    let end = futures::stream::iter([Ok::<_, StdError>(Frame::data(more))]);
                    Body::http_body_unsync(StreamBody::new(frames.chain(end)))
                });
            }
            Fault::Flip { at } => response = response.map(|body| bodies::flip(body, *at)),
            _ => {}
        }
    }
    Ok(response)
}

fn length(response: &HttpResponse) -> Option<u64> {
    response.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok())
}

fn checksums(headers: &HeaderMap) -> Vec<http::HeaderName> {
    let is_sum = |name: &&http::HeaderName| {
        let name = name.as_str();
        name.starts_with("x-amz-checksum-") && name != "x-amz-checksum-type"
    };
    headers.keys().filter(is_sum).cloned().collect()
}

/// As long as the true one, and well formed.
fn lie(headers: &mut HeaderMap, name: &http::HeaderName) {
    if let Some(value) = headers.get_mut(name) {
        let mut bytes = value.as_bytes().to_vec();
        if let Some(first) = bytes.first_mut() {
            *first = if *first == b'A' { b'B' } else { b'A' };
        }
        if let Ok(wrong) = HeaderValue::from_bytes(&bytes) {
            *value = wrong;
        }
    }
}
