//! The server: a port, connections, and what stands before the S3 operations.

mod bodies;
mod cors;
mod form;
mod front;
mod guard;
mod harm;
mod host;
mod paging;
mod region;
mod rest;
mod version2;
mod website;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dipper_types::{BucketName, Clock, SystemClock};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::account::{Account, Accounts};
use crate::clock::Moved;
use crate::error::SandboxError;
use crate::faults::Faults;
use crate::folder::{Folder, endpoint};
use crate::model::{BucketInfo, Detail, Object};
use crate::ops::Server;
use crate::store::{Body, Store, StoreError};
pub(crate) use form::Form;
use front::Front;

pub struct Config {
    pub storage: Storage,
    /// A loopback address. Port 0: the folder's port of the last time, or a free one.
    pub bind: SocketAddr,
    /// New buckets as AWS makes them: ACLs off and public access blocked.
    pub aws_defaults: bool,
    /// For the times of objects. Signatures are checked against the system's clock.
    pub clock: Arc<dyn Clock>,
    /// How much later every answer comes than it could: a far server, for measurements.
    pub latency: Duration,
}

impl Config {
    /// In memory, on a free port.
    pub fn memory() -> Self {
        Self {
            storage: Storage::Memory,
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            aws_defaults: false,
            clock: Arc::new(SystemClock),
            latency: Duration::ZERO,
        }
    }

    /// In a folder, on the folder's port.
    pub fn folder(folder: impl Into<PathBuf>) -> Self {
        Self { storage: Storage::Folder(folder.into()), ..Self::memory() }
    }
}

#[derive(Debug, Clone)]
pub enum Storage {
    Folder(PathBuf),
    Memory,
}

/// A running server. Dropped, it stops without waiting for requests; [`Sandbox::stop`] waits.
pub struct Sandbox {
    address: SocketAddr,
    accounts: Arc<Accounts>,
    server: Server,
    faults: Faults,
    moved_from: Option<u16>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
    folder: Option<Arc<Folder>>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(folder) = &self.folder {
            folder.stopped();
        }
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("address", &self.address).finish_non_exhaustive()
    }
}

/// How long [`Sandbox::stop`] waits for requests that go on.
const GRACE: Duration = Duration::from_secs(5);

impl Sandbox {
    pub async fn start(config: Config) -> Result<Self, SandboxError> {
        if !config.bind.ip().is_loopback() {
            return Err(SandboxError::NotLoopback { address: config.bind });
        }
        let (folder, store) = open(config.storage).await?;
        let accounts = match &folder {
            Some(folder) => folder.accounts.clone(),
            None => Accounts::random()?,
        };
        let kept_port = folder.as_ref().and_then(|f| f.port);
        let (listener, moved_from) = listen(config.bind, kept_port).await?;
        let address = listener
            .local_addr()
            .map_err(|source| SandboxError::Bind { address: config.bind, source })?;
        if let Some(folder) = &folder {
            folder.serving(address)?;
        }
        let accounts = Arc::new(accounts);
        let server = Server {
            store: Arc::new(store),
            accounts: Arc::clone(&accounts),
            clock: Arc::new(Moved::new(config.clock)),
            aws_defaults: config.aws_defaults,
        };
        let faults = Faults::default();
        let mut service = S3ServiceBuilder::new(server.clone());
        service.set_auth(Accounts::clone(&accounts));
        service.set_access(server.clone());
        service.set_host(host::Hosts);
        let front =
            Front::new(service.build(), Arc::clone(&server.store), faults.clone(), config.latency);
        let stop = CancellationToken::new();
        let serving = serve(listener, front, stop.clone());
        let hourly = every_hour(server.clone(), stop.clone());
        let task = tokio::spawn(async move {
            tokio::join!(serving, hourly);
        });
        let task = Some(task);
        Ok(Self { address, accounts, server, faults, moved_from, stop, task, folder })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        endpoint(self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn main(&self) -> &Account {
        &self.accounts.main
    }

    pub fn alt(&self) -> &Account {
        &self.accounts.alt
    }

    /// The port of the last time, where something else had it and a new one was taken.
    pub fn moved_from(&self) -> Option<u16> {
        self.moved_from
    }

    /// Moves the sandbox's clock on. Signatures are still checked against the system's.
    pub fn advance(&self, by: Duration) {
        self.server.clock.advance(by);
    }

    /// Carries out the lifecycle rules that are due by the sandbox's clock, and gives the number of
    /// changes. It happens by itself once an hour.
    pub async fn run_lifecycle(&self) -> u64 {
        self.server.run_lifecycle().await
    }

    /// A script of things to do wrong. Empty, unless a test fills it.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    /// Puts `keys` tiny objects, `seed-00000000.txt` and on, into a bucket of `main`, which is made
    /// if need be.
    pub async fn seed(&self, bucket: &str, keys: u64) -> Result<(), SandboxError> {
        self.seed_in(bucket, keys, 0).await
    }

    /// The same, spread evenly over so many folders.
    pub async fn seed_in(&self, bucket: &str, keys: u64, folders: u64) -> Result<(), SandboxError> {
        let each = keys.div_ceil(folders.max(1)).max(1);
        let key = |n: u64| match folders {
            0 => format!("seed-{n:08}.txt"),
            _ => format!("folder-{:06}/seed-{:06}.txt", n / each, n % each),
        };
        let name = BucketName::check_new(bucket)
            .map_err(|source| SandboxError::BucketName { name: bucket.to_owned(), source })?;
        let owner = &self.accounts.main.canonical_id;
        let info = BucketInfo::new(owner, self.server.now(), self.server.aws_defaults);
        let store = &self.server.store;
        let bucket = match store.create_bucket(name.as_str(), info).await {
            Ok(bucket) => Some(bucket),
            Err(StoreError::BucketExists { .. }) => store.bucket(name.as_str()),
            Err(error) => return Err(failed(error)),
        };
        let Some(bucket) = bucket else {
            return Ok(());
        };
        let like = seed_object(owner, &self.server);
        const BATCH: u64 = 50_000;
        for from in (0..keys).step_by(BATCH as usize) {
            let objects = (from..keys.min(from + BATCH)).map(|n| (key(n), like.clone())).collect();
            store.seed(&bucket, objects).await.map_err(failed)?;
        }
        Ok(())
    }

    /// Takes no more connections, lets requests end, and gives the folder free.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the sandbox's server ended badly");
        }
    }
}

fn failed(error: StoreError) -> SandboxError {
    SandboxError::Database { source: error.into() }
}

fn seed_object(owner: &str, server: &Server) -> Object {
    let text = bytes::Bytes::from_static(b"A tiny object.\n");
    let mut detail = Detail::new(owner, dipper_access::Acl::private(owner));
    detail.headers.content_type = Some("text/plain".to_owned());
    let (etag, size) = (crate::checksum::etag(&text), text.len() as u64);
    Object { body: Body::memory(vec![text]), ..Object::new(etag, size, server.now(), detail) }
}

async fn open(storage: Storage) -> Result<(Option<Arc<Folder>>, Store), SandboxError> {
    let Storage::Folder(path) = storage else {
        return Ok((None, Store::in_memory()));
    };
    let shown = path.clone();
    let job = move || {
        let folder = Arc::new(Folder::take(&path)?);
        let store = Store::in_folder(&path)?.held(&folder);
        Ok((Some(folder), store))
    };
    tokio::task::spawn_blocking(job).await.unwrap_or_else(|error| {
        Err(SandboxError::Folder { folder: shown, source: io::Error::other(error) })
    })
}

/// Listens. Where the kept port is somebody else's now, takes a free one and says so.
async fn listen(
    bind: SocketAddr,
    kept: Option<u16>,
) -> Result<(TcpListener, Option<u16>), SandboxError> {
    let failed = |address| move |source| SandboxError::Bind { address, source };
    let Some(port) = kept.filter(|_| bind.port() == 0) else {
        return Ok((TcpListener::bind(bind).await.map_err(failed(bind))?, None));
    };
    let address = SocketAddr::new(bind.ip(), port);
    match TcpListener::bind(address).await {
        Ok(listener) => Ok((listener, None)),
        Err(error) => {
            tracing::warn!(port, %error, "the sandbox's port is taken; it moves to another");
            let listener = TcpListener::bind(bind).await.map_err(failed(bind))?;
            Ok((listener, Some(port)))
        }
    }
}

/// Lifecycle rules, until the server stops.
async fn every_hour(server: Server, stop: CancellationToken) {
    let mut hours = tokio::time::interval(Duration::from_secs(3600));
    loop {
        tokio::select! {
            _ = hours.tick() => {
                let changes = server.run_lifecycle().await;
                if changes > 0 {
                    tracing::info!(changes, "lifecycle rules were carried out");
                }
            }
            () = stop.cancelled() => return,
        }
    }
}

async fn serve(listener: TcpListener, front: Front, stop: CancellationToken) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(60))
        .max_headers(128)
        .max_buf_size(512 * 1024)
        .half_close(true);
    let connections = GracefulShutdown::new();
    // Cancelled when this function is left: nothing outlives the server.
    let end = CancellationToken::new();
    let _at_end = end.clone().drop_guard();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, say: it passes.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = stop.cancelled() => break,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        let connection = http.serve_connection(TokioIo::new(stream), front.to(peer));
        let connection = connections.watch(connection);
        let end = end.clone();
        tokio::spawn(async move {
            tokio::select! {
                result = connection => if let Err(error) = result {
                    tracing::debug!(%error, "a connection ended badly");
                },
                () = end.cancelled() => {}
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::warn!("requests still went on when the sandbox stopped");
    }
}
