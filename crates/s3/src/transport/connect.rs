//! The SDK's HTTP client, as ours.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body::Body as _;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::client::legacy::{Client as Hyper, Error as HyperError};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use tokio::time::Instant;

use super::dial::{Dialer, LazyTls};
use super::guard::{Guarded, Kind, LARGEST, Named, Outgoing};
use super::proxy::ProxyRules;
use super::wire::Wire;
use super::{Patience, Transport, TransportError};

/// Metadata takes 2 KB at most, and every server adds a dozen of its own.
const HEADERS: usize = 128;
/// A head larger than this is no S3 server's. It also bounds one read.
const HEAD_BYTES: usize = 256 * 1024;
const IDLE: Duration = Duration::from_secs(60);
/// More than are ever asked for at once: a connection that is thrown away is made anew soon after.
const IDLE_EACH: usize = 512;

/// Connections that go the same way.
pub(super) struct Pool {
    hyper: Hyper<Dialing, Outgoing>,
    proxies: ProxyRules,
}

impl Pool {
    pub fn new(transport: &Transport, connect: Duration) -> Self {
        let dialer = Dialer {
            proxies: transport.proxy.clone(),
            tls: LazyTls::new(transport.clone()),
            patience: connect,
        };
        let hyper = Hyper::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_EACH)
            .http1_max_headers(HEADERS)
            .http1_max_buf_size(HEAD_BYTES)
            .build(Dialing(Arc::new(dialer)));
        Self { hyper, proxies: transport.proxy.clone() }
    }
}

#[derive(Clone)]
struct Dialing(Arc<Dialer>);

impl tower_service::Service<http::Uri> for Dialing {
    type Response = Wire;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Wire, TransportError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: http::Uri) -> Self::Future {
        let dialer = Arc::clone(&self.0);
        Box::pin(async move { dialer.dial(&uri).await })
    }
}

#[derive(Clone)]
pub(super) struct Client {
    pool: Arc<Pool>,
    patience: Patience,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl Client {
    pub fn new(pool: Arc<Pool>, patience: Patience) -> Self {
        Self { pool, patience }
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let mut request =
            request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let named = request.extensions_mut().remove::<Named>();
        let kind = named.as_ref().map_or(Kind::Plain, Named::kind);
        let proxy = self.introduce(&mut request);
        let bodiless = request.body().is_end_stream();
        let connection = capture_connection(&mut request);
        let (head, body) = request.into_parts();
        let (body, gone) = Outgoing::new(body);
        let sending = self.pool.hyper.request(http::Request::from_parts(head, body));
        tokio::pin!(sending);
        // The last bytes of a body lie in this machine's buffers for a while.
        let patience = || match kind {
            Kind::Work => self.patience.work,
            _ if bodiless || !gone.load(Ordering::Relaxed) => self.patience.answer,
            _ => self.patience.answer_to_body,
        };
        let began = Instant::now();
        let mut deadline = began + patience();
        let answer = loop {
            tokio::select! {
                answer = &mut sending => break answer.map_err(from_hyper)?,
                () = tokio::time::sleep_until(deadline) => {
                    // Waiting for a connection has its own limit.
                    let last = {
                        let connected = connection.connection_metadata();
                        connected.as_ref().and_then(|connected| {
                            let mut extras = http::Extensions::new();
                            connected.get_extras(&mut extras);
                            extras.get::<super::wire::Activity>().map(super::wire::Activity::last)
                        })
                    };
                    let since = last.map_or_else(Instant::now, |last| began.max(last.into()));
                    let patience = patience();
                    if since + patience > Instant::now() {
                        deadline = since + patience;
                        continue;
                    }
                    // What hangs is not given to the next one.
                    if let Some(connected) = connection.connection_metadata().as_ref() {
                        connected.poison();
                    }
                    let stalled = TransportError::Stalled { seconds: patience.as_secs() };
                    return Err(ConnectorError::timeout(stalled.into()));
                }
            }
        };
        if let (Some(proxy), 407) = (proxy, answer.status().as_u16()) {
            let error = TransportError::ProxyAuthentication { proxy };
            return Err(ConnectorError::other(error.into(), None));
        }
        let streamed = kind == Kind::Stream && answer.status().is_success();
        let limit = (!streamed).then_some(LARGEST);
        if limit.is_some_and(|limit| answer.body().size_hint().lower() > limit) {
            let error = TransportError::TooLarge { limit: LARGEST };
            return Err(ConnectorError::other(error.into(), None));
        }
        let calm = if kind == Kind::Work { self.patience.work } else { self.patience.answer };
        let answer = answer.map(|body| SdkBody::from_body_1_x(Guarded::new(body, limit, calm)));
        HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
    }

    /// A proxy that reads plain requests is told the password in each. Gives its address.
    fn introduce(&self, request: &mut http::Request<SdkBody>) -> Option<String> {
        let uri = request.uri();
        if uri.scheme_str() != Some("http") {
            return None;
        }
        let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(80));
        let proxy = self.pool.proxies.choose(false, host, port)?;
        if let Some(basic) = proxy.basic() {
            request.headers_mut().insert(http::header::PROXY_AUTHORIZATION, basic);
        }
        Some(proxy.address())
    }
}

fn from_hyper(error: HyperError) -> ConnectorError {
    let known = TransportError::in_chain(&error).cloned();
    match known {
        Some(known) if known.is_timeout() => {
            ConnectorError::timeout(known.into()).never_connected()
        }
        Some(known) if known.is_passing() => ConnectorError::io(known.into()).never_connected(),
        Some(known) => ConnectorError::other(known.into(), None).never_connected(),
        // A head too large or too strange is no passing fault; a cut line is.
        None if is_parse(&error) => ConnectorError::other(error.into(), None),
        None => ConnectorError::io(error.into()),
    }
}

fn is_parse(error: &HyperError) -> bool {
    crate::error::chain(error)
        .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
        .any(|hyper| hyper.is_parse() || hyper.is_parse_too_large())
}

impl HttpConnector for Client {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

impl HttpClient for Client {
    // Its limits are its own: the SDK's know nothing of progress.
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
