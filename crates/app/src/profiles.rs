//! Connections, as the user makes them.

use std::sync::PoisonError;

use dipper_s3::{Addressing, Connection, Credentials, Provider, S3, is_loopback};
use dipper_state::ProfileRow;
use dipper_types::{ProfileId, Secret};
use serde::{Deserialize, Serialize};

use crate::connect::{Session, credentials, keep_keys, kept_keys};
use crate::events::Changed;
use crate::vault::blocking;
use crate::{App, Code, Failure, Result};

pub(crate) const SANDBOX_ID: &str = "sandbox";
pub(crate) const ENVIRONMENT_ID: &str = "environment";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileKind {
    Sandbox,
    /// Its keys are in the vault.
    Vault,
    /// Forgotten when the process ends.
    Session,
    Environment,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: String,
    pub name: String,
    pub kind: ProfileKind,
    pub provider: String,
    pub endpoint: String,
    pub region: String,
    pub addressing: Addressing,
    /// Enough of the access key id to recognise it, never all of it.
    pub access_key_hint: Option<String>,
    /// Plain http to another machine.
    pub insecure: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Vault,
    Session,
}

#[derive(Debug, Clone)]
pub struct ProfileDraft {
    /// `None`: a new one. With an id and no secret the kept secret is used.
    pub id: Option<String>,
    pub name: String,
    pub provider: String,
    pub endpoint: String,
    pub region: String,
    pub addressing: Addressing,
    /// Without both keys the requests are not signed.
    pub access_key: String,
    pub secret_key: Secret<String>,
    pub session_token: Option<Secret<String>>,
    pub keep: Keep,
    /// The user has agreed to plain http to another machine.
    pub allow_http: bool,
}

/// What a server said to a connection that is not saved yet.
#[derive(Debug, Clone)]
pub struct ProfileTest {
    pub buckets: Option<u64>,
    pub suggested_region: Option<String>,
    pub error: Option<Failure>,
}

#[derive(Clone)]
pub(crate) struct Keys {
    pub access_key: String,
    pub secret_key: Secret<String>,
    pub session_token: Option<Secret<String>>,
}

/// A profile without its secrets, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Body {
    pub provider: String,
    pub endpoint: String,
    pub region: String,
    pub addressing: Addressing,
    #[serde(default)]
    pub access_key_hint: Option<String>,
    #[serde(default)]
    pub anonymous: bool,
}

impl Body {
    pub fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|_| Failure::new(Code::Database, "a saved connection can't be read"))
    }

    pub fn connection(&self, credentials: Credentials) -> Connection {
        Connection {
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            addressing: self.addressing,
            provider: Provider::by_id(&self.provider),
            credentials,
        }
    }
}

fn hint(access_key: &str) -> Option<String> {
    let chars: Vec<char> = access_key.chars().collect();
    match chars.len() {
        0 => None,
        1..=11 => Some("…".into()),
        len => Some(chars[..4].iter().chain(&['…']).chain(&chars[len - 4..]).collect()),
    }
}

impl Profile {
    pub(crate) fn sandbox(endpoint: &str) -> Self {
        Self {
            id: SANDBOX_ID.into(),
            name: "Sandbox".into(),
            kind: ProfileKind::Sandbox,
            provider: "sandbox".into(),
            endpoint: endpoint.to_owned(),
            region: "us-east-1".into(),
            addressing: Addressing::Path,
            access_key_hint: None,
            insecure: false,
        }
    }

    fn of(id: &ProfileId, name: &str, kind: ProfileKind, body: &Body) -> Self {
        Self {
            id: id.to_string(),
            name: name.to_owned(),
            kind,
            provider: body.provider.clone(),
            endpoint: body.endpoint.clone(),
            region: body.region.clone(),
            addressing: body.addressing,
            access_key_hint: body.access_key_hint.clone(),
            insecure: body.connection(Credentials::Anonymous).is_insecure(),
        }
    }
}

/// A draft whose words have been checked.
struct Checked {
    name: String,
    body: Body,
    keys: Option<Keys>,
}

impl App {
    /// The sandbox first, if it was ever used; then saved ones; then those of this run.
    pub async fn profiles(&self) -> Result<Vec<Profile>> {
        let mut all = Vec::new();
        if self.sandbox.exists() {
            match self.sandbox.connection().await {
                Ok(connection) => all.push(Profile::sandbox(&connection.endpoint)),
                Err(error) => tracing::warn!(%error, "the sandbox can't start"),
            }
        }
        for row in self.profiles.list()? {
            all.push(Profile::of(&row.id, &row.name, ProfileKind::Vault, &Body::read(&row.body)?));
        }
        let sessions = self.connections.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own: Vec<Profile> = sessions
            .iter()
            .map(|(id, session)| {
                let kind = match id.as_str() {
                    ENVIRONMENT_ID => ProfileKind::Environment,
                    _ => ProfileKind::Session,
                };
                Profile::of(id, &session.name, kind, &session.body)
            })
            .collect();
        own.sort_by(|a, b| a.name.cmp(&b.name));
        all.extend(own);
        Ok(all)
    }

    /// A saved profile by its name or id.
    pub async fn find_profile(&self, name: &str) -> Result<Option<Profile>> {
        let all = self.profiles().await?;
        Ok(all
            .iter()
            .find(|p| p.id == name)
            .or_else(|| all.iter().find(|p| p.name == name))
            .cloned())
    }

    pub async fn save_profile(&self, draft: ProfileDraft) -> Result<Profile> {
        let checked = self.check(&draft).await?;
        let id = match &draft.id {
            Some(id) if id == SANDBOX_ID || id == ENVIRONMENT_ID => {
                return Err(Failure::invalid("this connection is built in"));
            }
            Some(id) => ProfileId::new(id.clone()),
            None => self.new_id(&checked.name)?,
        };
        let kind = match draft.keep {
            Keep::Session => {
                self.profiles.remove(&id).await?;
                let (name, body) = (checked.name.clone(), checked.body.clone());
                let session = Session { name, body, keys: checked.keys };
                self.locked_sessions().insert(id.clone(), session);
                ProfileKind::Session
            }
            Keep::Vault => {
                // Keys first: a profile without its keys is of no use, keys without a profile harm nobody.
                if let Some(keys) = checked.keys.clone() {
                    let (vault, id) = (self.connections.vault(), id.clone());
                    blocking(move || keep_keys(&vault, &id, &keys)).await?;
                }
                let body = serde_json::to_string(&checked.body).map_err(|_| {
                    Failure::new(Code::Internal, "a connection that can't be written")
                })?;
                self.profiles
                    .save(ProfileRow { id: id.clone(), name: checked.name.clone(), body })
                    .await?;
                self.locked_sessions().remove(&id);
                ProfileKind::Vault
            }
        };
        self.connections.forget(&id);
        self.events.changed(Changed::Profiles, Some(id.as_str()), None);
        Ok(Profile::of(&id, &checked.name, kind, &checked.body))
    }

    pub async fn remove_profile(&self, id: &str) -> Result<()> {
        if id == SANDBOX_ID {
            return Err(Failure::invalid("the sandbox is built in"));
        }
        let id = ProfileId::new(id);
        self.profiles.remove(&id).await?;
        self.locked_sessions().remove(&id);
        let (vault, name) = (self.connections.vault(), id.clone());
        blocking(move || Ok(vault.remove(name.as_str())?)).await?;
        self.connections.forget(&id);
        self.events.changed(Changed::Profiles, Some(id.as_str()), None);
        Ok(())
    }

    /// Asks the server for the list of buckets. What it says is the result, not a failure.
    pub async fn test_profile(&self, draft: &ProfileDraft) -> ProfileTest {
        let failed = |error: Failure, suggested_region| ProfileTest {
            buckets: None,
            suggested_region,
            error: Some(error),
        };
        let checked = match self.check(draft).await {
            Ok(checked) => checked,
            Err(error) => return failed(error, None),
        };
        let s3 = S3::connect(checked.body.connection(credentials(checked.keys))).await;
        match s3.list_buckets().await {
            Ok(buckets) => ProfileTest {
                buckets: Some(buckets.len() as u64),
                suggested_region: None,
                error: None,
            },
            Err(error) => {
                let region = error.context.region.clone().filter(|r| *r != checked.body.region);
                failed((&error).into(), region)
            }
        }
    }

    /// A connection for this process only, by keys that the caller has (command line, environment).
    pub fn add_session(&self, name: &str, connection: &Connection) -> Result<String> {
        let body = Body {
            provider: connection.provider.id.clone(),
            endpoint: connection.endpoint.clone(),
            region: connection.region.clone(),
            addressing: connection.addressing,
            access_key_hint: None,
            anonymous: false,
        };
        let (id, keys) = match &connection.credentials {
            Credentials::Environment { .. } => (ProfileId::new(ENVIRONMENT_ID), None),
            Credentials::Anonymous => (self.new_id(name)?, None),
            Credentials::Keys { access_key, secret_key, session_token } => {
                let keys = Keys {
                    access_key: access_key.clone(),
                    secret_key: secret_key.clone(),
                    session_token: session_token.clone(),
                };
                (self.new_id(name)?, Some(keys))
            }
        };
        self.locked_sessions().insert(id.clone(), Session { name: name.to_owned(), body, keys });
        Ok(id.to_string())
    }

    fn locked_sessions(
        &self,
    ) -> std::sync::MutexGuard<'_, std::collections::HashMap<ProfileId, Session>> {
        self.connections.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn check(&self, draft: &ProfileDraft) -> Result<Checked> {
        let endpoint = Connection::endpoint_from_text(&draft.endpoint)?;
        if endpoint.starts_with("http://") && !is_loopback(&endpoint) && !draft.allow_http {
            return Err(Failure::invalid(
                "this endpoint is plain http: keys are not sent, but data can be read on the way",
            )
            .with_hint("Use https, or allow plain http for this connection."));
        }
        let provider = Provider::by_id(&draft.provider);
        let region = match draft.region.trim() {
            "" => provider.default_region.clone(),
            region => region.to_owned(),
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if !region.bytes().all(plain) {
            return Err(Failure::invalid(format!("'{region}' is not a region's name")));
        }
        let name = match draft.name.trim() {
            "" => provider.name.clone(),
            name => name.to_owned(),
        };
        let (access_key, secret) = (draft.access_key.trim(), draft.secret_key.expose().trim());
        let token = draft.session_token.clone().filter(|t| !t.expose().trim().is_empty());
        let keys = match (access_key.is_empty(), secret.is_empty()) {
            (true, true) if draft.id.is_none() => None,
            (false, false) => Some(Keys {
                access_key: access_key.to_owned(),
                secret_key: Secret::new(secret.to_owned()),
                session_token: token,
            }),
            (true, false) => return Err(Failure::invalid("the access key id is missing")),
            (_, true) => match self.kept(draft).await? {
                Some(kept) if access_key.is_empty() || access_key == kept.access_key => Some(kept),
                Some(_) => {
                    return Err(Failure::invalid("a new access key id needs its secret key"));
                }
                None if access_key.is_empty() => None,
                None => return Err(Failure::invalid("the secret key is missing")),
            },
        };
        let body = Body {
            provider: provider.id.clone(),
            endpoint,
            region,
            addressing: draft.addressing,
            access_key_hint: keys.as_ref().and_then(|keys| hint(&keys.access_key)),
            anonymous: keys.is_none(),
        };
        Ok(Checked { name, body, keys })
    }

    async fn kept(&self, draft: &ProfileDraft) -> Result<Option<Keys>> {
        let Some(id) = draft.id.clone().map(ProfileId::new) else { return Ok(None) };
        // A kept key goes to the endpoint it was kept for; another endpoint asks for it anew.
        let kept_for = self
            .locked_sessions()
            .get(&id)
            .map(|session| (session.body.endpoint.clone(), session.keys.clone()));
        let endpoint = Connection::endpoint_from_text(&draft.endpoint)?;
        let (home, keys) = match kept_for {
            Some((home, keys)) => (home, keys),
            None => {
                let Some(row) = self.profiles.get(&id)? else { return Ok(None) };
                let vault = self.connections.vault();
                let keys = blocking(move || kept_keys(&vault, &id)).await?;
                (Body::read(&row.body)?.endpoint, keys)
            }
        };
        if keys.is_some() && home != endpoint {
            return Err(Failure::invalid("the endpoint changed: enter the secret key again")
                .with_hint("Kept keys are only sent to the endpoint they were entered for."));
        }
        Ok(keys)
    }

    /// `My Company` → `my-company`, with a number where that is taken.
    fn new_id(&self, name: &str) -> Result<ProfileId> {
        let slug: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect::<String>()
            .split('-')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        let slug = match slug.as_str() {
            "" | SANDBOX_ID | ENVIRONMENT_ID => "connection".to_owned(),
            _ => slug,
        };
        let taken = |id: &ProfileId| -> Result<bool> {
            Ok(self.profiles.get(id)?.is_some() || self.locked_sessions().contains_key(id))
        };
        let mut id = ProfileId::new(slug.clone());
        let mut number = 1;
        while taken(&id)? {
            number += 1;
            id = ProfileId::new(format!("{slug}-{number}"));
        }
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn a_hint_never_shows_a_whole_key() {
        assert_eq!(hint(""), None);
        assert_eq!(hint("short").as_deref(), Some("…"));
        assert_eq!(hint("AKIAIOSFODNN7EXAMPLE").as_deref(), Some("AKIA…MPLE"));
    }
}
