//! What every suite needs: a runtime, connections, raw requests, reproducible bytes.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use dipper_s3::{Addressing, Connection, Credentials, Provider, S3};
use dipper_sandbox::Account;
use dipper_types::{BucketName, ObjectKey};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use libtest_mimic::Trial;

/// One for all trials: the HTTP pool is the process's, and its connections live on a runtime.
static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
});

/// No trial may wait for ever.
const LONGEST: Duration = Duration::from_secs(90);

pub fn block_on<F>(work: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let limited = RUNTIME.spawn(async move { tokio::time::timeout(LONGEST, work).await });
    match RUNTIME.block_on(limited) {
        Ok(done) => done.expect("the trial took too long"),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

pub fn trial<F, Fut>(name: impl Into<String>, work: F) -> Trial
where
    F: FnOnce() -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    Trial::test(name, move || {
        block_on(async move { work().await });
        Ok(())
    })
}

/// Runs only where the reason not to is absent; otherwise it is shown as ignored, with the reason.
pub fn unless(reason: Option<String>, trial: Trial) -> Trial {
    match reason {
        Some(reason) => trial.with_kind(reason).with_ignored_flag(true),
        None => trial,
    }
}

pub fn bucket(name: &str) -> BucketName {
    BucketName::new(name).unwrap()
}

pub fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

pub fn connection(endpoint: &str, provider: &str, keys: Option<(&str, &str)>) -> Connection {
    Connection {
        endpoint: endpoint.to_owned(),
        region: "us-east-1".into(),
        addressing: Addressing::Path,
        provider: Provider::by_id(provider),
        credentials: match keys {
            Some((access_key, secret)) => Credentials::Keys {
                access_key: access_key.to_owned(),
                secret_key: secret.to_owned().into(),
                session_token: None,
            },
            None => Credentials::Anonymous,
        },
        options: Default::default(),
    }
}

pub async fn client(endpoint: &str, account: &Account) -> S3 {
    let keys = (account.access_key.as_str(), account.secret_key.expose().as_str());
    S3::connect(connection(endpoint, "sandbox", Some(keys))).await
}

/// Bytes that look random and are the same for the same seed (xorshift64*).
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        bytes.extend_from_slice(&random.next().to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// `DIPPER_TEST_SEED`, or one that never changes.
pub fn seed() -> u64 {
    std::env::var("DIPPER_TEST_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(20_261_123)
}

/// Every file below a folder with its bytes, by its relative path.
pub fn tree(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut files, mut open) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                files.push((path.strip_prefix(root).unwrap().to_owned(), bytes));
            }
        }
    }
    files.sort();
    files
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

/// A request without a signature, over a connection of its own.
pub async fn raw(method: Method, url: &str, body: impl Into<Bytes>) -> Answer {
    let uri: http::Uri = url.parse().unwrap();
    sent_to(uri.authority().unwrap().as_str(), method, url, body, None).await
}

/// The same to this address, whatever host the URL names; with a content type.
pub async fn sent_to(
    address: &str,
    method: Method,
    url: &str,
    body: impl Into<Bytes>,
    kind: Option<&str>,
) -> Answer {
    let headers: Vec<_> = kind.iter().map(|kind| ("content-type", *kind)).collect();
    sent_with(address, method, url, body, &headers).await
}

/// The same with these headers.
pub async fn sent_with(
    address: &str,
    method: Method,
    url: &str,
    body: impl Into<Bytes>,
    headers: &[(&str, &str)],
) -> Answer {
    let uri: http::Uri = url.parse().unwrap();
    let host = uri.authority().unwrap().to_string();
    let path = uri.path_and_query().unwrap().to_string();
    let mut request = Request::builder().method(method).uri(path).header("host", &host);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (mut sender, driver) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(driver);
    let answer = sender.send_request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    driver.abort();
    Answer { status: head.status, headers: head.headers, body }
}

/// Whether a program is on the path.
pub fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
