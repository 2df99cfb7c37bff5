use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::{CONNECTION, EXPECT};
use http::{HeaderValue, Request, StatusCode, Uri};
use hyper::body::{Body as _, Incoming};
use s3s::service::S3Service;
use s3s::{Body, HttpError, HttpResponse};

use super::website::{Site, site_of};
use super::{cors, form, guard, harm, region, rest, version2};
use crate::faults::Faults;
use crate::judge::Peer;
use crate::ops::Written;
use crate::store::Store;

/// What every request passes: the guard, the faults, the S3 service.
#[derive(Clone)]
pub(super) struct Front {
    service: S3Service,
    store: Arc<Store>,
    faults: Faults,
    counter: Arc<AtomicU64>,
    peer: Option<Peer>,
    latency: Duration,
}

impl Front {
    pub(super) fn new(
        service: S3Service,
        store: Arc<Store>,
        faults: Faults,
        latency: Duration,
    ) -> Self {
        Self { service, store, faults, counter: Arc::new(AtomicU64::new(1)), peer: None, latency }
    }

    /// The front for one connection.
    pub(super) fn to(&self, peer: SocketAddr) -> Self {
        Self { peer: Some(Peer(peer)), ..self.clone() }
    }

    async fn answer(self, mut request: Request<Incoming>) -> Result<HttpResponse, HttpError> {
        let id = self.counter.fetch_add(1, Ordering::Relaxed);
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let (asks_first, empty) =
            (request.headers().contains_key(EXPECT), request.body().is_end_stream());
        let mut response = match guard::check(&request) {
            Ok(()) => self.judged(request).await?,
            Err(error) => refusal(error)?,
        };
        if response.status() == StatusCode::NOT_MODIFIED {
            *response.body_mut() = Body::empty();
        }
        // botocore (aws-cli, boto3) takes a connection on which `Expect: 100-continue` got its final
        // answer at once, and reads the next answer on it wrong. There is no next one.
        let at_once = asks_first && (empty || !response.status().is_success());
        let headers = response.headers_mut();
        if at_once {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Ok(id) = HeaderValue::try_from(format!("{id:016X}")) {
            headers.insert("x-amz-request-id", id);
        }
        headers.insert(http::header::SERVER, HeaderValue::from_static("DipperSandbox"));
        Ok(response)
    }

    async fn judged(&self, request: Request<Incoming>) -> Result<HttpResponse, HttpError> {
        let faults = self.faults.take(&request);
        if let Some(instead) = harm::before(&faults).await {
            rest::shared(request).0.drain().await;
            return harm::after(&faults, instead?).await;
        }
        let host = request.headers().get(http::header::HOST).and_then(|h| h.to_str().ok());
        if let Some((host, bucket)) = host.and_then(|h| Some((h.to_owned(), site_of(h)?))) {
            let (store, service, peer) = (&*self.store, &self.service, self.peer);
            let site = Site { store, service, peer, bucket, host };
            return harm::after(&faults, site.answer(&request).await?).await;
        }
        let page = cors::Page::of(&request);
        if let Some(page) = page.as_ref().filter(|page| page.preflight) {
            return page.answer(&self.store);
        }
        if let Some(answer) = region::check(&request) {
            return Ok(answer);
        }
        let (rest, request) = rest::shared(request);
        let request = form::watched(harm::asked(&faults, request));
        let mut response = match version2::with_slash(&request) {
            Some(uri) => self.either(uri, request, &rest).await?,
            None => self.service.call(request).await?,
        };
        written(&mut response);
        if let Some(page) = page {
            page.tell(&self.store, response.headers_mut());
        }
        if !response.status().is_success() {
            rest.drain().await;
        }
        harm::after(&faults, response).await
    }

    /// The request with this address, or else as it came.
    async fn either(
        &self,
        uri: Uri,
        request: Request<Body>,
        rest: &rest::Rest,
    ) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let mut first = Request::from_parts(head.clone(), body);
        *first.uri_mut() = uri;
        let response = self.service.call(first).await?;
        if response.status() != StatusCode::FORBIDDEN {
            return Ok(response);
        }
        self.service.call(Request::from_parts(head, rest.again())).await
    }
}

/// A text that the operation wrote itself becomes the body.
fn written(response: &mut HttpResponse) {
    if let Some(status) = response.extensions_mut().remove::<StatusCode>() {
        *response.status_mut() = status;
    }
    if let Some(Written(text)) = response.extensions_mut().remove() {
        let headers = response.headers_mut();
        headers.remove(http::header::TRANSFER_ENCODING);
        headers.insert(http::header::CONTENT_LENGTH, HeaderValue::from(text.len()));
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        *response.body_mut() = Body::from(text);
    }
}

pub(super) fn refusal(error: s3s::S3Error) -> Result<HttpResponse, HttpError> {
    error.to_http_response().map_err(|error| HttpError::new(Box::new(error)))
}

impl hyper::service::Service<Request<Incoming>> for Front {
    type Response = HttpResponse;
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        Box::pin(self.clone().answer(request))
    }
}
