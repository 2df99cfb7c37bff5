//! From a profile to a client: keys are looked up when they are needed, and clients are kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dipper_crypt::{DecryptKeys, EncryptKey, Format};
use dipper_s3::{Connection, KeyRing, S3};
use dipper_state::{Profiles, Vault};
use dipper_transfer::TransferError;
use dipper_types::ProfileId;
use futures::future::BoxFuture;
use tokio::sync::Notify;

use crate::keys::{Chest, Ring};
use crate::machine::Machine;
use crate::profile_body::{Body, Secrets};
use crate::profiles::SANDBOX_ID;
use crate::sandbox::Keeper;
use crate::{App, Code, Failure, Result};

/// Where a client comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    Profile,
    Session,
    Sandbox,
    Environment,
}

/// A connection of this run only, with its keys.
#[derive(Clone)]
pub(crate) struct Session {
    pub name: String,
    pub body: Body,
    pub secrets: Secrets,
    /// Whole, from a caller that has it so (command line, environment).
    pub given: Option<Box<Connection>>,
}

pub(crate) struct Connections {
    profiles: Profiles,
    vault: Arc<Vault>,
    sandbox: Keeper,
    pub chest: Arc<Chest>,
    pub machine: Machine,
    pub sessions: Mutex<HashMap<ProfileId, Session>>,
    clients: Mutex<HashMap<ProfileId, S3>>,
    /// Somebody signed in: what waited for it goes on.
    renewed: Notify,
    sign_ins: AtomicU64,
    /// There is somebody who can sign in while a job waits.
    pub expects_sign_in: AtomicBool,
    /// Counts forgetting: a client that was being made meanwhile has old keys and is not kept.
    forgotten: AtomicU64,
}

impl Connections {
    pub fn new(profiles: Profiles, chest: Arc<Chest>, sandbox: Keeper, machine: Machine) -> Self {
        Self {
            profiles,
            vault: chest.vault(),
            chest,
            sandbox,
            machine,
            sessions: Mutex::default(),
            clients: Mutex::default(),
            renewed: Notify::new(),
            sign_ins: AtomicU64::new(0),
            expects_sign_in: AtomicBool::new(false),
            forgotten: AtomicU64::new(0),
        }
    }

    pub fn vault(&self) -> Arc<Vault> {
        Arc::clone(&self.vault)
    }

    pub fn forget(&self, profile: &ProfileId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).remove(profile);
    }

    pub fn forget_clients(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Somebody has signed in: jobs that waited for it go on.
    pub fn signed_in(&self) {
        self.sign_ins.fetch_add(1, Ordering::SeqCst);
        self.renewed.notify_waiters();
    }

    /// The client as it was last used, if it is still kept.
    pub fn kept_client(&self, profile: &ProfileId) -> Option<S3> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).get(profile).cloned()
    }

    pub async fn client(&self, profile: &ProfileId) -> Result<S3> {
        if let Some(client) = self.kept_client(profile) {
            return Ok(client);
        }
        loop {
            let before = self.forgotten.load(Ordering::SeqCst);
            let client = S3::connect(self.connection(profile).await?).await;
            let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            if self.forgotten.load(Ordering::SeqCst) == before {
                return Ok(clients.entry(profile.clone()).or_insert(client).clone());
            }
        }
    }

    async fn connection(&self, profile: &ProfileId) -> Result<Connection> {
        if profile.as_str() == SANDBOX_ID {
            return Ok(self.keyed(profile, self.sandbox.connection().await?));
        }
        let session = {
            let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.get(profile).cloned()
        };
        let connection = match session {
            Some(Session { given: Some(given), .. }) => {
                let mut given = *given;
                given.options.sign_in = self.machine.sign_in();
                given
            }
            Some(session) => session.body.connection(session.secrets, &self.machine)?,
            None => self.saved(profile).await?,
        };
        Ok(self.keyed(profile, self.machine.overridden(connection)))
    }

    fn keyed(&self, profile: &ProfileId, mut connection: Connection) -> Connection {
        let (chest, profile) = (Arc::clone(&self.chest), profile.clone());
        connection.options.customer_keys = KeyRing::new(Arc::new(Ring { chest, profile }));
        connection
    }

    /// What is known of a profile without its secrets.
    pub fn body(&self, profile: &ProfileId) -> Result<Option<Body>> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = sessions.get(profile) {
            return Ok(Some(session.body.clone()));
        }
        drop(sessions);
        self.profiles.get(profile)?.map(|row| Body::read(&row.body)).transpose()
    }

    async fn saved(&self, profile: &ProfileId) -> Result<Connection> {
        let row = self.profiles.get(profile)?.ok_or_else(|| no_connection(profile))?;
        let body = Body::read(&row.body)?;
        if !body.has_secrets() {
            return body.connection(Secrets::default(), &self.machine);
        }
        let (vault, id) = (self.vault(), profile.clone());
        let kept = crate::vault::blocking(move || kept_secrets(&vault, &id)).await?;
        let Some(secrets) = kept else {
            return Err(Failure::new(
                Code::KeychainUnavailable,
                format!("the keys of '{}' are not in the vault any more", row.name),
            )
            .with_hint("Edit the connection and enter its keys again."));
        };
        // Profile and vault are two files: a crash between their writes must not send keys astray.
        if secrets.endpoint.as_ref().is_some_and(|sealed| *sealed != body.endpoint) {
            return Err(Failure::new(
                Code::KeychainUnavailable,
                format!("the keys of '{}' were kept for another endpoint", row.name),
            )
            .with_hint("Edit the connection and enter its keys again."));
        }
        body.connection(secrets, &self.machine)
    }
}

fn no_connection(profile: &ProfileId) -> Failure {
    Failure::invalid(format!("there is no connection '{profile}'"))
}

impl dipper_transfer::Connections for Connections {
    fn s3<'a>(
        &'a self,
        profile: &'a ProfileId,
    ) -> BoxFuture<'a, std::result::Result<S3, TransferError>> {
        Box::pin(async move {
            self.client(profile).await.map_err(|failure| match failure.code {
                Code::InvalidInput => TransferError::NoConnection { profile: profile.to_string() },
                _ => TransferError::NoKeys { source: Box::new(failure) },
            })
        })
    }

    fn protected(&self, profile: &ProfileId, bucket: &str) -> Vec<dipper_transfer::Protected> {
        self.chest.protected_in(profile.as_str(), bucket)
    }

    fn encrypt_key<'a>(
        &'a self,
        seal: &'a dipper_transfer::Seal,
    ) -> BoxFuture<'a, std::result::Result<EncryptKey, TransferError>> {
        Box::pin(async move {
            let key = self.chest.encrypt_key(seal).await;
            key.map_err(|failure| TransferError::NoKey { source: Box::new(failure) })
        })
    }

    fn decrypt_keys(
        &self,
        format: Format,
    ) -> BoxFuture<'_, std::result::Result<DecryptKeys, TransferError>> {
        Box::pin(async move {
            let keys = self.chest.decrypt_keys(format).await;
            keys.map_err(|failure| TransferError::NoKey { source: Box::new(failure) })
        })
    }

    fn sign_ins(&self) -> u64 {
        self.sign_ins.load(Ordering::SeqCst)
    }

    fn renewed<'a>(&'a self, profile: &'a ProfileId, since: u64) -> BoxFuture<'a, Option<S3>> {
        Box::pin(async move {
            if !self.expects_sign_in.load(Ordering::Relaxed) {
                return None;
            }
            loop {
                let renewed = self.renewed.notified();
                tokio::pin!(renewed);
                renewed.as_mut().enable();
                if self.sign_ins.load(Ordering::SeqCst) != since {
                    return self.client(profile).await.ok();
                }
                renewed.await;
            }
        })
    }
}

/// What the vault has of a profile. May wait for the keychain.
pub(crate) fn kept_secrets(vault: &Vault, profile: &ProfileId) -> Result<Option<Secrets>> {
    vault.get(profile.as_str())?.map(|text| Secrets::unsealed(&text)).transpose()
}

pub(crate) fn keep_secrets(vault: &Vault, profile: &ProfileId, secrets: &Secrets) -> Result<()> {
    Ok(vault.put(profile.as_str(), &secrets.sealed()?)?)
}

impl App {
    /// The client of a profile, for calls that need no use case of their own.
    pub async fn client(&self, profile: &str) -> Result<S3> {
        self.s3(profile).await
    }

    pub(crate) async fn s3(&self, profile: &str) -> Result<S3> {
        self.connections.client(&ProfileId::new(profile)).await
    }
}
