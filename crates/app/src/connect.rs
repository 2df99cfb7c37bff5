//! From a profile to a client: keys are looked up when they are needed, and clients are kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use dipper_s3::{Connection, Credentials, S3};
use dipper_state::{Profiles, Vault};
use dipper_transfer::TransferError;
use dipper_types::{ProfileId, Secret};
use futures::future::BoxFuture;

use crate::profiles::{Body, ENVIRONMENT_ID, Keys, SANDBOX_ID};
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
pub(crate) struct Session {
    pub name: String,
    pub body: Body,
    pub keys: Option<Keys>,
}

pub(crate) struct Connections {
    profiles: Profiles,
    vault: Arc<Vault>,
    sandbox: Keeper,
    pub sessions: Mutex<HashMap<ProfileId, Session>>,
    clients: Mutex<HashMap<ProfileId, S3>>,
    /// Counts forgetting: a client that was being made meanwhile has old keys and is not kept.
    forgotten: AtomicU64,
}

impl Connections {
    pub fn new(profiles: Profiles, vault: Arc<Vault>, sandbox: Keeper) -> Self {
        Self {
            profiles,
            vault,
            sandbox,
            sessions: Mutex::default(),
            clients: Mutex::default(),
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

    pub async fn client(&self, profile: &ProfileId) -> Result<S3> {
        let known =
            self.clients.lock().unwrap_or_else(PoisonError::into_inner).get(profile).cloned();
        if let Some(client) = known {
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
            return Ok(self.sandbox.connection().await?);
        }
        if profile.as_str() == ENVIRONMENT_ID {
            let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            let session = sessions.get(profile).ok_or_else(|| no_connection(profile))?;
            return Ok(session.body.connection(Credentials::Environment { aws_profile: None }));
        }
        if let Some(session) =
            self.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(profile)
        {
            return Ok(session.body.connection(credentials(session.keys.clone())));
        }
        let row = self.profiles.get(profile)?.ok_or_else(|| no_connection(profile))?;
        let body = Body::read(&row.body)?;
        if body.anonymous {
            return Ok(body.connection(Credentials::Anonymous));
        }
        let (vault, id) = (self.vault(), profile.clone());
        let keys = crate::vault::blocking(move || kept_keys(&vault, &id)).await?;
        match keys {
            Some(keys) => Ok(body.connection(credentials(Some(keys)))),
            None => Err(Failure::new(
                Code::KeychainUnavailable,
                format!("the keys of '{}' are not in the vault any more", row.name),
            )
            .with_hint("Edit the connection and enter its keys again.")),
        }
    }
}

pub(crate) fn credentials(keys: Option<Keys>) -> Credentials {
    match keys {
        Some(keys) => Credentials::Keys {
            access_key: keys.access_key,
            secret_key: keys.secret_key,
            session_token: keys.session_token,
        },
        None => Credentials::Anonymous,
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
}

/// The keys that the vault has for a profile. May wait for the keychain.
pub(crate) fn kept_keys(vault: &Vault, profile: &ProfileId) -> Result<Option<Keys>> {
    let Some(text) = vault.get(profile.as_str())? else { return Ok(None) };
    let damaged = |_| Failure::new(Code::DecryptFailed, "the vault's entry can't be read");
    let [access_key, secret, token]: [String; 3] =
        serde_json::from_str(text.expose()).map_err(damaged)?;
    Ok(Some(Keys {
        access_key,
        secret_key: Secret::new(secret),
        session_token: (!token.is_empty()).then(|| Secret::new(token)),
    }))
}

pub(crate) fn keep_keys(vault: &Vault, profile: &ProfileId, keys: &Keys) -> Result<()> {
    let token = keys.session_token.as_ref().map_or("", |t| t.expose());
    let text = serde_json::to_string(&[keys.access_key.as_str(), keys.secret_key.expose(), token])
        .map_err(|_| Failure::new(Code::Internal, "keys that can't be written"))?;
    Ok(vault.put(profile.as_str(), &Secret::new(text))?)
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
