//! A server in front of a server: passes requests on, or answers itself; and one that reads bodies.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::scripted::Said;

type Say = dyn Fn(&Parts, &Bytes) -> Option<Said> + Send + Sync;

pub struct Front {
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Front {
    /// What it does not answer itself goes to the server behind.
    pub async fn of(
        behind: SocketAddr,
        say: impl Fn(&Parts, &Bytes) -> Option<Said> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(behind), Arc::new(say)).await
    }

    /// Answers everything, knowing the body.
    pub async fn alone(say: impl Fn(&Parts, &Bytes) -> Said + Send + Sync + 'static) -> Self {
        Self::serve(None, Arc::new(move |parts, body| Some(say(parts, body)))).await
    }

    async fn serve(behind: Option<SocketAddr>, say: Arc<Say>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let say = Arc::clone(&say);
                let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let say = Arc::clone(&say);
                    async move {
                        let (parts, body) = request.into_parts();
                        let body = body.collect().await.map(|b| b.to_bytes()).unwrap_or_default();
                        let said = match (say(&parts, &body), behind) {
                            (Some(said), _) => said,
                            (None, Some(behind)) => pass(behind, parts, body).await,
                            (None, None) => unreachable!("nobody is behind"),
                        };
                        Ok::<_, Infallible>(said)
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { address, task }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn pass(behind: SocketAddr, parts: Parts, body: Bytes) -> Said {
    let stream = TcpStream::connect(behind).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::from_parts(parts, Full::new(body));
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    http::Response::from_parts(head, Full::new(body))
}

/// A word of a form, as STS is asked.
pub fn form(body: &[u8], name: &str) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let value = text.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
}
