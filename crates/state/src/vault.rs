//! Credentials, sealed in `vault.db` with one key that lives in the keychain, under a passphrase, or
//! both. Each row is XChaCha20-Poly1305 with its name as associated data, so that rows can't be
//! swapped. Sealed rows whose key is gone are never overwritten: that takes an explicit reset.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use dipper_types::Secret;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::keychain::{KeyStore, KeychainError};
use crate::{StateError, db};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS key (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        fingerprint BLOB NOT NULL,
        salt BLOB,
        wrapped BLOB
    ) STRICT;
    CREATE TABLE IF NOT EXISTS sealed (name TEXT PRIMARY KEY, box BLOB NOT NULL) STRICT;
    PRAGMA user_version = 1;
";

const WRAP_NAME: &str = "vault-key";
const NONCE: usize = 24;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    #[error(
        "the vault's key is missing: credentials are sealed, and this keychain has not their key"
    )]
    KeyMissing,
    #[error("the passphrase is wrong, or the vault is damaged")]
    WrongPassphrase,
    #[error("the vault has no passphrase")]
    NoPassphrase,
    #[error("'{name}' in the vault is damaged")]
    Damaged { name: String },
    #[error("no randomness from the system")]
    NoRandomness,
    #[error("the vault's file could not be used")]
    State(#[from] StateError),
}

impl From<rusqlite::Error> for VaultError {
    fn from(source: rusqlite::Error) -> Self {
        Self::State(StateError::Sqlite { source })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultState {
    /// The key is at hand.
    Ready,
    /// Nothing is sealed and no key was made yet; the keychain can take one.
    Empty,
    /// Nothing is sealed, and there is no keychain to keep a key.
    Unavailable,
    /// Something is sealed, and its key is not to be had without the passphrase.
    KeyMissing,
}

type Key = Zeroizing<[u8; 32]>;
/// The passphrase's salt and the key it wraps, where there is a passphrase.
type SaltAndKey = (Option<Vec<u8>>, Option<Vec<u8>>);

pub struct Vault {
    file: PathBuf,
    /// Opened when something asks for it: most commands never do.
    connection: OnceLock<Mutex<Connection>>,
    store: Arc<dyn KeyStore>,
    /// Once known, for as long as the process lives.
    key: Mutex<Option<Key>>,
}

impl Vault {
    pub fn open(folder: &Path, store: Arc<dyn KeyStore>) -> Result<Self, VaultError> {
        db::prepare_folder(folder)?;
        let file = folder.join("vault.db");
        Ok(Self { file, connection: OnceLock::new(), store, key: Mutex::new(None) })
    }

    /// How things stand, and why where it is not well. May wait for the keychain.
    pub fn state(&self) -> Result<(VaultState, Option<KeychainError>), VaultError> {
        let known = self.fingerprint()?;
        if self.cached().is_some() {
            return Ok((VaultState::Ready, None));
        }
        match (self.find_key(), known) {
            (Ok(_), _) => Ok((VaultState::Ready, None)),
            (Err(VaultError::Keychain(why)), None) => Ok((VaultState::Unavailable, Some(why))),
            (Err(VaultError::Keychain(why)), Some(_)) => Ok((VaultState::KeyMissing, Some(why))),
            (Err(VaultError::KeyMissing), None) => Ok((VaultState::Empty, None)),
            (Err(VaultError::KeyMissing), Some(_)) => Ok((VaultState::KeyMissing, None)),
            (Err(other), _) => Err(other),
        }
    }

    pub fn has_passphrase(&self) -> Result<bool, VaultError> {
        Ok(self
            .locked()?
            .query_row("SELECT wrapped IS NOT NULL FROM key", [], |row| row.get(0))
            .optional()?
            .unwrap_or(false))
    }

    /// Seals a value under a name. Makes the key first where there is none yet.
    pub fn put(&self, name: &str, value: &Secret<String>) -> Result<(), VaultError> {
        let key = self.find_or_make_key()?;
        let sealed = seal(&key, name, value.expose().as_bytes())?;
        self.locked()?.execute(
            "INSERT INTO sealed VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET box = excluded.box",
            (name, sealed),
        )?;
        Ok(())
    }

    pub fn get(&self, name: &str) -> Result<Option<Secret<String>>, VaultError> {
        let sealed: Option<Vec<u8>> = self
            .locked()?
            .query_row("SELECT box FROM sealed WHERE name = ?1", [name], |row| row.get(0))
            .optional()?;
        let Some(sealed) = sealed else { return Ok(None) };
        let key = self.find_key()?;
        let damaged = || VaultError::Damaged { name: name.to_owned() };
        let plain = unseal(&key, name, &sealed).ok_or_else(damaged)?;
        let text = std::str::from_utf8(&plain).map_err(|_| damaged())?;
        Ok(Some(Secret::new(text.to_owned())))
    }

    pub fn remove(&self, name: &str) -> Result<(), VaultError> {
        self.locked()?.execute("DELETE FROM sealed WHERE name = ?1", [name])?;
        Ok(())
    }

    /// Lets the key be found by a passphrase, too: for another keychain, or none.
    pub fn set_passphrase(&self, passphrase: &Secret<String>) -> Result<(), VaultError> {
        let key = match self.find_or_make_key() {
            Ok(key) => key,
            // Without a keychain the passphrase alone holds a new key; a sealed vault stays as it is.
            Err(VaultError::Keychain(_)) if self.fingerprint()?.is_none() => {
                let key = new_key()?;
                self.remember(&key)?;
                key
            }
            Err(other) => return Err(other),
        };
        let mut salt = [0_u8; 16];
        getrandom::fill(&mut salt).map_err(|_| VaultError::NoRandomness)?;
        let wrapping = stretch(passphrase, &salt)?;
        let wrapped = seal(&wrapping, WRAP_NAME, key.as_slice())?;
        self.locked()?
            .execute("UPDATE key SET salt = ?1, wrapped = ?2", (salt.as_slice(), wrapped))?;
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Ok(())
    }

    /// Finds the key by its passphrase, and gives it to the keychain where there is one.
    pub fn unlock(&self, passphrase: &Secret<String>) -> Result<(), VaultError> {
        let row: Option<SaltAndKey> = self
            .locked()?
            .query_row("SELECT salt, wrapped FROM key", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((Some(salt), Some(wrapped))) = row else { return Err(VaultError::NoPassphrase) };
        let wrapping = stretch(passphrase, &salt)?;
        let plain = unseal(&wrapping, WRAP_NAME, &wrapped).ok_or(VaultError::WrongPassphrase)?;
        let key = as_key(&plain).ok_or(VaultError::WrongPassphrase)?;
        if self.fingerprint()?.as_deref() != Some(fingerprint(&key).as_slice()) {
            return Err(VaultError::WrongPassphrase);
        }
        if let Err(error) = self.store.set(key.as_slice()) {
            tracing::info!(%error, "the unlocked key is kept for this run only");
        }
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Ok(())
    }

    /// Writes the key, made if need be, to where keys are kept now.
    pub fn hand_over(&self) -> Result<(), VaultError> {
        let key = match self.cached() {
            Some(key) => key,
            None => self.find_or_make_key()?,
        };
        Ok(self.store.set(key.as_slice())?)
    }

    /// Forgets everything that is sealed, and its key.
    pub fn reset(&self) -> Result<(), VaultError> {
        let mut connection = self.locked()?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch("DELETE FROM sealed; DELETE FROM key")?;
        tx.commit()?;
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    fn locked(&self) -> Result<MutexGuard<'_, Connection>, VaultError> {
        let connection = match self.connection.get() {
            Some(connection) => connection,
            None => {
                let connection = db::open(&self.file)?;
                connection.execute_batch(SCHEMA)?;
                // Of two who open it at once the first one's stays.
                self.connection.get_or_init(|| Mutex::new(connection))
            }
        };
        Ok(connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn cached(&self) -> Option<Key> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fingerprint(&self) -> Result<Option<Vec<u8>>, VaultError> {
        Ok(self
            .locked()?
            .query_row("SELECT fingerprint FROM key", [], |row| row.get(0))
            .optional()?)
    }

    fn remember(&self, key: &Key) -> Result<(), VaultError> {
        self.locked()?.execute(
            "INSERT INTO key (one, fingerprint) VALUES (1, ?1)",
            [fingerprint(key).as_slice()],
        )?;
        Ok(())
    }

    fn find_key(&self) -> Result<Key, VaultError> {
        if let Some(key) = self.cached() {
            return Ok(key);
        }
        let known = self.fingerprint()?;
        let held = self.store.get()?.as_deref().and_then(|bytes| as_key(bytes));
        let key = held.ok_or(VaultError::KeyMissing)?;
        if known.is_some_and(|known| known != fingerprint(&key)) {
            return Err(VaultError::KeyMissing);
        }
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
        Ok(key)
    }

    /// Under an exclusive lock on the vault's file, so that two processes can't both make a key.
    fn find_or_make_key(&self) -> Result<Key, VaultError> {
        match self.find_key() {
            Ok(key) if self.fingerprint()?.is_some() => return Ok(key),
            // Missing, or made by another process a moment ago: under the lock it is certain.
            Ok(_) | Err(VaultError::KeyMissing) => {}
            Err(other) => return Err(other),
        }
        let mut connection = self.locked()?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known: Option<Vec<u8>> =
            tx.query_row("SELECT fingerprint FROM key", [], |row| row.get(0)).optional()?;
        let key = match self.store.get()?.as_deref().and_then(|bytes| as_key(bytes)) {
            Some(held) => held,
            None if known.is_some() => return Err(VaultError::KeyMissing),
            None => {
                let key = new_key()?;
                self.store.set(key.as_slice())?;
                let back = self.store.get()?.as_deref().and_then(|bytes| as_key(bytes));
                if back.as_deref() != Some(&*key) {
                    return Err(KeychainError::Unfaithful.into());
                }
                key
            }
        };
        match known {
            Some(known) if known != fingerprint(&key) => return Err(VaultError::KeyMissing),
            Some(_) => {}
            None => {
                tx.execute(
                    "INSERT INTO key (one, fingerprint) VALUES (1, ?1)",
                    [fingerprint(&key).as_slice()],
                )?;
            }
        }
        tx.commit()?;
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
        Ok(key)
    }
}

fn new_key() -> Result<Key, VaultError> {
    let mut key = Zeroizing::new([0_u8; 32]);
    getrandom::fill(key.as_mut_slice()).map_err(|_| VaultError::NoRandomness)?;
    Ok(key)
}

fn as_key(bytes: &[u8]) -> Option<Key> {
    bytes.try_into().ok().map(Zeroizing::new)
}

fn fingerprint(key: &Key) -> Vec<u8> {
    Sha256::new().chain_update(b"dipper vault key v1").chain_update(key.as_slice()).finalize()[..16]
        .to_vec()
}

/// Argon2id, 64 MiB, three passes (RFC 9106's second recommended option).
fn stretch(passphrase: &Secret<String>, salt: &[u8]) -> Result<Key, VaultError> {
    let params = Params::new(64 * 1024, 3, 4, Some(32)).map_err(|_| VaultError::WrongPassphrase)?;
    let mut key = Zeroizing::new([0_u8; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, key.as_mut_slice())
        .map_err(|_| VaultError::WrongPassphrase)?;
    Ok(key)
}

fn seal(key: &Key, name: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0_u8; NONCE];
    getrandom::fill(&mut nonce).map_err(|_| VaultError::NoRandomness)?;
    let cipher = XChaCha20Poly1305::new(key.as_slice().into());
    let boxed = cipher
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: name.as_bytes() })
        .map_err(|_| VaultError::Damaged { name: name.to_owned() })?;
    Ok([nonce.as_slice(), &boxed].concat())
}

fn unseal(key: &Key, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, boxed) = sealed.split_at_checked(NONCE)?;
    XChaCha20Poly1305::new(key.as_slice().into())
        .decrypt(XNonce::from_slice(nonce), Payload { msg: boxed, aad: name.as_bytes() })
        .ok()
        .map(Zeroizing::new)
}
