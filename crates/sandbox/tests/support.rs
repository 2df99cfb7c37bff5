//! A small S3 client: signature version 4 and one connection a request.

use std::fmt::Write as _;

use bytes::Bytes;
use dipper_sandbox::{Account, Config, Sandbox};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// The content of the first XML element of this name.
    pub fn element(&self, name: &str) -> String {
        let text = self.text();
        let begin = text.split_once(&format!("<{name}>")).map_or("", |(_, rest)| rest);
        begin.split_once(&format!("</{name}>")).map_or("", |(value, _)| value).to_owned()
    }

    pub fn elements(&self, name: &str) -> Vec<String> {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let text = self.text();
        let parts = text.split(&open).skip(1);
        parts.map(|p| p.split(&close).next().unwrap().to_owned()).collect()
    }

    /// Status and S3 error code.
    pub fn error(&self) -> (u16, String) {
        (self.status.as_u16(), self.element("Code"))
    }
}

/// A request to be sent.
pub struct Ask<'a> {
    endpoint: String,
    method: Method,
    path: String,
    headers: Vec<(&'a str, String)>,
    body: Bytes,
    account: Option<&'a Account>,
}

pub fn ask<'a>(endpoint: &str, method: Method, path: &str) -> Ask<'a> {
    let (endpoint, path) = (endpoint.to_owned(), path.to_owned());
    Ask { endpoint, method, path, headers: Vec::new(), body: Bytes::new(), account: None }
}

impl<'a> Ask<'a> {
    pub fn by(mut self, account: &'a Account) -> Self {
        self.account = Some(account);
        self
    }

    pub fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it; `Err` if the connection broke, in the answer's body too.
    pub async fn try_send(mut self) -> Result<Answer, Box<dyn std::error::Error>> {
        let host = self.endpoint.trim_start_matches("http://").to_owned();
        if !self.headers.iter().any(|(name, _)| *name == "host") {
            self.headers.push(("host", host.clone()));
        }
        if let Some(account) = self.account {
            self.sign(account);
        }
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body))?;
        let stream = tokio::net::TcpStream::connect(host).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        drop(sender);
        driver.abort();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    pub async fn send(self) -> Answer {
        self.try_send().await.unwrap()
    }

    fn sign(&mut self, account: &Account) {
        let format = format_description!("[year][month][day]T[hour][minute][second]Z");
        let now = OffsetDateTime::now_utc().format(format).unwrap();
        self.headers.push(("x-amz-date", now.clone()));
        self.headers.push(("x-amz-content-sha256", "UNSIGNED-PAYLOAD".to_owned()));
        self.headers.sort();
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let mut pairs: Vec<String> = query
            .split('&')
            .filter(|p| !p.is_empty())
            .map(|p| if p.contains('=') { p.to_owned() } else { format!("{p}=") })
            .collect();
        pairs.sort();
        let mut canonical = format!("{}\n{path}\n{}\n", self.method, pairs.join("&"));
        for (name, value) in &self.headers {
            writeln!(canonical, "{name}:{}", value.trim()).unwrap();
        }
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        write!(canonical, "\n{names}\nUNSIGNED-PAYLOAD").unwrap();
        let scope = format!("{}/us-east-1/s3/aws4_request", &now[..8]);
        let digest = hex::encode(Sha256::digest(canonical));
        let to_sign = format!("AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}");
        let mut key = format!("AWS4{}", account.secret_key.expose()).into_bytes();
        for part in [&now[..8], "us-east-1", "s3", "aws4_request", &to_sign] {
            key = hmac(&key, part.as_bytes());
        }
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={}",
            account.access_key,
            hex::encode(key)
        );
        self.headers.push(("authorization", value));
    }
}

fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(data).finalize();
    let outer = Sha256::new().chain_update(block.map(|b| b ^ 0x5C)).chain_update(inner);
    outer.finalize().to_vec()
}

/// A sandbox in memory with a bucket `b` of `main`.
pub async fn sandbox() -> Sandbox {
    with_bucket(Sandbox::start(Config::memory()).await.unwrap()).await
}

pub async fn with_bucket(sandbox: Sandbox) -> Sandbox {
    let made = put(&sandbox, "/bucket", "").await;
    assert_eq!(made.status, 200, "{}", made.text());
    sandbox
}

pub async fn put(sandbox: &Sandbox, path: &str, body: impl Into<Bytes>) -> Answer {
    ask(&sandbox.endpoint(), Method::PUT, path).by(sandbox.main()).body(body).send().await
}

pub async fn get(sandbox: &Sandbox, path: &str) -> Answer {
    ask(&sandbox.endpoint(), Method::GET, path).by(sandbox.main()).send().await
}

pub async fn delete(sandbox: &Sandbox, path: &str) -> Answer {
    ask(&sandbox.endpoint(), Method::DELETE, path).by(sandbox.main()).send().await
}

/// Without a signature.
pub async fn anyone(sandbox: &Sandbox, path: &str) -> Answer {
    ask(&sandbox.endpoint(), Method::GET, path).send().await
}
