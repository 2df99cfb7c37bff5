//! The built-in server: started when it is first needed, shared by every process of the data folder.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dipper_s3::{Addressing, Connection, Credentials, Provider};
use dipper_sandbox::{Account, Config, Sandbox, SandboxError, Storage, running};
use dipper_types::SystemClock;
use tokio::sync::Mutex;

use crate::events::Changed;
use crate::profiles::{Profile, SANDBOX_ID};
use crate::{App, Result};

const REGION: &str = "us-east-1";

#[derive(Clone)]
pub(crate) struct Keeper {
    folder: PathBuf,
    own: Arc<Mutex<Option<Sandbox>>>,
    /// Another process's, and when it was last seen.
    other: Arc<Mutex<Option<(Connection, Instant)>>>,
}

const FRESH: Duration = Duration::from_secs(5);

impl Keeper {
    pub fn new(home: &Path) -> Self {
        Self { folder: home.join("sandbox"), own: Arc::default(), other: Arc::default() }
    }

    /// Whether it was ever used here.
    pub fn exists(&self) -> bool {
        self.folder.is_dir()
    }

    /// The server that runs, started by whoever came first.
    pub async fn connection(&self) -> std::result::Result<Connection, SandboxError> {
        let mut own = self.own.lock().await;
        if let Some(sandbox) = &*own {
            return Ok(connection(sandbox.endpoint(), sandbox.main()));
        }
        if let Some(other) = self.other().await? {
            return Ok(other);
        }
        let started = Sandbox::start(Config {
            storage: Storage::Folder(self.folder.clone()),
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            aws_defaults: false,
            clock: Arc::new(SystemClock),
            ..Config::memory()
        })
        .await;
        let sandbox = match started {
            Ok(sandbox) => sandbox,
            // Another process was quicker by a moment.
            Err(error @ SandboxError::InUse { .. }) => {
                return self.other().await?.ok_or(error);
            }
            Err(error) => return Err(error),
        };
        let connection = connection(sandbox.endpoint(), sandbox.main());
        *own = Some(sandbox);
        Ok(connection)
    }

    /// The sandbox that another process runs on this folder. Looking for it may block.
    async fn other(&self) -> std::result::Result<Option<Connection>, SandboxError> {
        let mut known = self.other.lock().await;
        if let Some((connection, seen)) = &*known
            && seen.elapsed() < FRESH
        {
            return Ok(Some(connection.clone()));
        }
        let folder = self.folder.clone();
        let found = tokio::task::spawn_blocking(move || running(&folder)).await;
        let found = found.unwrap_or(Ok(None))?.map(|other| connection(other.endpoint, &other.main));
        *known = found.clone().map(|connection| (connection, Instant::now()));
        Ok(found)
    }

    pub async fn stop(&self) {
        if let Some(sandbox) = self.own.lock().await.take() {
            sandbox.stop().await;
        }
    }
}

fn connection(endpoint: String, account: &Account) -> Connection {
    Connection {
        endpoint,
        region: REGION.into(),
        addressing: Addressing::Path,
        provider: Provider::by_id("sandbox"),
        credentials: Credentials::Keys {
            access_key: account.access_key.clone(),
            secret_key: account.secret_key.clone(),
            session_token: None,
        },
        options: Default::default(),
    }
}

impl App {
    /// Starts the sandbox if need be, and gives its profile.
    pub async fn start_sandbox(&self) -> Result<Profile> {
        let first = !self.sandbox.exists();
        let connection = self.sandbox.connection().await?;
        if first {
            self.events.changed(Changed::Profiles, Some(SANDBOX_ID), None);
        }
        Ok(Profile::sandbox(&connection.endpoint))
    }
}
