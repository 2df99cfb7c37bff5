//! The one secret in the OS keychain: the vault's key. One thread owns the store, since its clients
//! are not all thread-safe, and a locked keychain may wait for a prompt that nobody sees.

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use zeroize::Zeroizing;

/// No dot: Windows joins user and service with one.
const SERVICE: &str = "dipper";
const USER: &str = "vault-key-v1";
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeychainError {
    #[error("there is no keychain here")]
    Unavailable { source: Box<dyn std::error::Error + Send + Sync> },
    #[error("the keychain did not answer within 10 seconds; is it locked?")]
    Silent,
    #[error("the keychain gave another key back than it was given")]
    Unfaithful,
}

/// Where the vault's key is kept.
pub trait KeyStore: Send + Sync {
    fn get(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError>;
    fn set(&self, key: &[u8]) -> Result<(), KeychainError>;
}

type Ask = Box<dyn FnOnce() + Send>;

/// The system's own: Secret Service, macOS keychain, Windows Credential Manager.
pub struct OsKeychain {
    asks: Sender<Ask>,
}

impl Default for OsKeychain {
    fn default() -> Self {
        let (asks, rx) = channel::<Ask>();
        let spawned = std::thread::Builder::new().name("dipper-keychain".into()).spawn(move || {
            while let Ok(ask) = rx.recv() {
                ask();
            }
        });
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread for the keychain");
        }
        Self { asks }
    }
}

/// Where no store could be opened at all, the reason was given when it was tried.
fn unavailable(error: keyring::Error) -> KeychainError {
    let reason: Box<dyn std::error::Error + Send + Sync> =
        match (&error, keyring::Entry::store_status()) {
            (keyring::Error::NoDefaultStore, Err(why)) => why.to_string().into(),
            _ => Box::new(error),
        };
    KeychainError::Unavailable { source: reason }
}

impl OsKeychain {
    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, keyring::Error> + Send + 'static,
    ) -> Result<T, KeychainError> {
        let (tell, told) = channel();
        let ask: Ask = Box::new(move || {
            let _ = tell.send(work());
        });
        self.asks.send(ask).map_err(|_| KeychainError::Silent)?;
        told.recv_timeout(PATIENCE).map_err(|_| KeychainError::Silent)?.map_err(unavailable)
    }
}

impl KeyStore for OsKeychain {
    fn get(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        self.ask(|| match keyring::Entry::new(SERVICE, USER)?.get_secret() {
            Ok(key) => Ok(Some(Zeroizing::new(key))),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn set(&self, key: &[u8]) -> Result<(), KeychainError> {
        let key = Zeroizing::new(key.to_vec());
        self.ask(move || keyring::Entry::new(SERVICE, USER)?.set_secret(&key))
    }
}
