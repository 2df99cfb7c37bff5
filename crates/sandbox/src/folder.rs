//! A data folder: who holds it, where they listen, and the keys. Everything here is written under
//! a temporary name and renamed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::account::{Account, Accounts, Kept};
use crate::error::SandboxError;

const LOCK: &str = "lock";
/// Keys and port; stays over restarts.
const IDENTITY: &str = "identity.json";
/// There while a server runs.
const SERVER: &str = "server.json";

#[derive(Serialize, Deserialize)]
struct Identity {
    #[serde(default)]
    port: Option<u16>,
    main: Kept,
    alt: Kept,
}

#[derive(Serialize, Deserialize)]
struct Serving {
    address: SocketAddr,
}

/// A folder that this process holds.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Held as long as it is open.
    _lock: File,
    pub accounts: Accounts,
    /// The port of the last time.
    pub port: Option<u16>,
}

/// A sandbox that another process (or another part of this one) runs.
#[derive(Debug, Clone)]
pub struct Running {
    pub endpoint: String,
    pub main: Account,
    pub alt: Account,
}

impl Folder {
    /// Takes the folder, making it if need be. Blocking.
    pub(crate) fn take(path: &Path) -> Result<Self, SandboxError> {
        let io = |source| SandboxError::Folder { folder: path.to_owned(), source };
        fs::create_dir_all(path).map_err(io)?;
        private_folder(path).map_err(io)?;
        let lock = lock_file(path).map_err(io)?;
        // Whoever asks if a sandbox runs holds the lock for a moment.
        let mut tries = 10;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(io(source)),
                Err(TryLockError::WouldBlock) if tries > 0 => {
                    tries -= 1;
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    let endpoint =
                        read::<Serving>(&path.join(SERVER))?.map(|s| endpoint(s.address));
                    return Err(SandboxError::InUse { folder: path.to_owned(), endpoint });
                }
            }
        }
        remove(&path.join(SERVER)).map_err(io)?;
        let (accounts, port) = match read::<Identity>(&path.join(IDENTITY))? {
            Some(identity) => (accounts(identity.main, identity.alt), identity.port),
            None => (Accounts::random()?, None),
        };
        let folder = Self { path: path.to_owned(), _lock: lock, accounts, port };
        folder.keep(port)?;
        Ok(folder)
    }

    fn keep(&self, port: Option<u16>) -> Result<(), SandboxError> {
        let (main, alt) = (self.accounts.main.keep(), self.accounts.alt.keep());
        self.write(IDENTITY, &Identity { port, main, alt })
    }

    /// Says where the server listens.
    pub(crate) fn serving(&self, address: SocketAddr) -> Result<(), SandboxError> {
        self.keep(Some(address.port()))?;
        self.write(SERVER, &Serving { address })
    }

    /// Nothing listens any more. The folder is free when this is dropped.
    pub(crate) fn stopped(&self) {
        if let Err(error) = remove(&self.path.join(SERVER)) {
            tracing::debug!(%error, "the server's address stays");
        }
    }

    fn write(&self, name: &str, value: &impl Serialize) -> Result<(), SandboxError> {
        let path = self.path.join(name);
        let text = serde_json::to_vec_pretty(value)
            .map_err(|e| SandboxError::Damaged { file: path.clone(), source: e.into() })?;
        let written = || -> io::Result<()> {
            let temporary = self.path.join(format!("{name}.new"));
            remove(&temporary)?;
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            owner_only(&mut options);
            let mut file = options.open(&temporary)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&temporary, &path)
        };
        written().map_err(|source| SandboxError::Folder { folder: self.path.clone(), source })
    }
}

/// Whoever runs the sandbox in a folder: reads where it listens, after testing that a live process
/// holds the lock. Blocking, for a second at most while one is just starting.
pub fn running(folder: &Path) -> Result<Option<Running>, SandboxError> {
    let io = |source| SandboxError::Folder { folder: folder.to_owned(), source };
    if !folder.join(LOCK).exists() {
        return Ok(None);
    }
    let lock = lock_file(folder).map_err(io)?;
    for _ in 0..50 {
        match lock.try_lock_shared() {
            Ok(()) => return Ok(None),
            Err(TryLockError::Error(source)) => return Err(io(source)),
            Err(TryLockError::WouldBlock) => {}
        }
        let serving = read::<Serving>(&folder.join(SERVER))?;
        let identity = read::<Identity>(&folder.join(IDENTITY))?;
        if let (Some(serving), Some(identity)) = (serving, identity) {
            let Accounts { main, alt } = accounts(identity.main, identity.alt);
            return Ok(Some(Running { endpoint: endpoint(serving.address), main, alt }));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(SandboxError::InUse { folder: folder.to_owned(), endpoint: None })
}

fn accounts(main: Kept, alt: Kept) -> Accounts {
    Accounts { main: Account::from_kept("main", main), alt: Account::from_kept("alt", alt) }
}

pub(crate) fn endpoint(address: SocketAddr) -> String {
    format!("http://{address}")
}

fn lock_file(folder: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(folder.join(LOCK))
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, SandboxError> {
    match fs::read(path) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|e| SandboxError::Damaged { file: path.to_owned(), source: e.into() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SandboxError::Folder { folder: path.to_owned(), source }),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn private_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_options: &mut OpenOptions) {}
