//! A server that says what a test wrote, S3 or not.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

pub type Said = Response<Full<Bytes>>;

pub struct Scripted {
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Scripted {
    pub async fn new(say: impl Fn(&Request<Incoming>) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let say = Arc::new(say);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let say = Arc::clone(&say);
                let service = service_fn(move |request| {
                    let said = say(&request);
                    async move {
                        // What was sent is read to its end, or the client sees a reset.
                        let _ = http_body_util::BodyExt::collect(request.into_body()).await;
                        Ok::<_, Infallible>(said)
                    }
                });
                let serving = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(serving);
            }
        });
        Self { address, task }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

pub fn say(status: u16, kind: &str, body: impl Into<Bytes>) -> Said {
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .body(Full::new(body.into()))
        .unwrap()
}

/// A page in the way, as hotels have it.
pub fn portal() -> Said {
    say(200, "text/html", "<!DOCTYPE html><html><body>Please accept our terms</body></html>")
}

pub fn s3_error(status: u16, code: &str, more: &str) -> Said {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message>{more}</Error>"
    );
    say(status, "application/xml", body)
}
