//! Connections, as the user makes them.

use std::sync::PoisonError;

use crate::connect::{Session, keep_secrets, kept_secrets};
use crate::events::Changed;
use crate::profile_body::{Body, Keys, ProfileOptions, ProxyChoice, Secrets, Way, split_proxy};
use crate::vault::blocking;
use crate::{App, Code, Failure, Result};
use dipper_s3::{Addressing, Class, Connection, Credentials, Provider, S3, is_loopback};
use dipper_state::ProfileRow;
use dipper_types::{BucketName, ProfileId, Secret};

pub(crate) const SANDBOX_ID: &str = "sandbox";
const SANDBOX_NAME: &str = "Sandbox";
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
    pub options: ProfileOptions,
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
    /// A proxy's address may hold its password: it goes to the vault.
    pub options: ProfileOptions,
    /// Leave the options as they are saved, instead of taking these.
    pub keep_options: bool,
    /// PEM, to the client certificate among the options. With an id and none, the kept one is used.
    pub client_key: Option<Secret<String>>,
}

/// What a server said to a connection that is not saved yet.
#[derive(Debug, Clone)]
pub struct ProfileTest {
    pub buckets: Option<u64>,
    pub suggested_region: Option<String>,
    pub error: Option<Failure>,
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
            name: SANDBOX_NAME.into(),
            kind: ProfileKind::Sandbox,
            provider: "sandbox".into(),
            endpoint: endpoint.to_owned(),
            region: "us-east-1".into(),
            addressing: Addressing::Path,
            access_key_hint: None,
            insecure: false,
            options: ProfileOptions::default(),
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
            insecure: body.is_insecure(),
            options: body.options.clone(),
        }
    }
}

/// A draft whose words have been checked.
struct Checked {
    name: String,
    body: Body,
    secrets: Secrets,
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

    pub(crate) fn profile_names(&self) -> Result<std::collections::HashMap<String, String>> {
        let mut names: std::collections::HashMap<String, String> =
            self.profiles.list()?.into_iter().map(|row| (row.id.to_string(), row.name)).collect();
        names.insert(SANDBOX_ID.into(), SANDBOX_NAME.into());
        let sessions = self.locked_sessions();
        names.extend(sessions.iter().map(|(id, session)| (id.to_string(), session.name.clone())));
        Ok(names)
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

    /// Whether it could be saved.
    pub async fn check_profile(&self, draft: &ProfileDraft) -> Result<()> {
        self.check(draft).await.map(drop)
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
        self.store_profile(id, draft.keep, checked).await
    }

    async fn store_profile(&self, id: ProfileId, keep: Keep, checked: Checked) -> Result<Profile> {
        let kind = match keep {
            Keep::Session => {
                self.profiles.remove(&id).await?;
                self.forget_keys(&id).await?;
                let (name, body) = (checked.name.clone(), checked.body.clone());
                let session = Session { name, body, secrets: checked.secrets, given: None };
                self.locked_sessions().insert(id.clone(), session);
                ProfileKind::Session
            }
            Keep::Vault => {
                // Keys first: a profile without its keys is of no use, keys without a profile harm nobody.
                match checked.secrets.is_empty() {
                    false => {
                        let (vault, id) = (self.connections.vault(), id.clone());
                        let secrets = checked.secrets.clone();
                        blocking(move || keep_secrets(&vault, &id, &secrets)).await?;
                    }
                    // An earlier profile of this name may have left some: they are not this one's.
                    true => self.forget_keys(&id).await?,
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
        // New keys are a sign-in, too.
        self.signed_in(Some(id.as_str()));
        self.events.changed(Changed::Profiles, Some(id.as_str()), None);
        Ok(Profile::of(&id, &checked.name, kind, &checked.body))
    }

    pub async fn remove_profile(&self, id: &str) -> Result<()> {
        if id == SANDBOX_ID {
            return Err(Failure::invalid("the sandbox is built in"));
        }
        let id = ProfileId::new(id);
        // Keys first: what is cut off here leaves a profile that asks for them, never keys that stay.
        self.forget_keys(&id).await?;
        self.profiles.remove(&id).await?;
        self.forget_index(id.as_str(), None)?;
        self.locked_sessions().remove(&id);
        self.connections.forget(&id);
        self.events.changed(Changed::Profiles, Some(id.as_str()), None);
        Ok(())
    }

    async fn forget_keys(&self, id: &ProfileId) -> Result<()> {
        let (vault, id) = (self.connections.vault(), id.clone());
        blocking(move || Ok(vault.remove(id.as_str())?)).await
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
        let machine = &self.connections.machine;
        let start = checked.body.options.start.clone();
        let region = checked.body.region.clone();
        let s3 = match checked.body.connection(checked.secrets, machine) {
            Ok(connection) => S3::connect(machine.overridden(connection)).await,
            Err(error) => return failed(error, None),
        };
        let told = match s3.list_buckets().await {
            Ok(buckets) => Ok(buckets.len() as u64),
            Err(error) => match start.filter(|_| error.class == Class::AccessDenied) {
                Some(start) => begins(&s3, &start).await.map(|()| 1),
                None => Err(error),
            },
        };
        match told {
            Ok(buckets) => {
                ProfileTest { buckets: Some(buckets), suggested_region: None, error: None }
            }
            Err(error) => {
                let other = error.context.region.clone().filter(|r| *r != region);
                failed((&error).into(), other)
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
            anonymous: matches!(connection.credentials, Credentials::Anonymous),
            options: ProfileOptions::default(),
        };
        let id = match &connection.credentials {
            Credentials::Environment { .. } | Credentials::AwsProfile { .. } => {
                ProfileId::new(ENVIRONMENT_ID)
            }
            _ => self.new_id(name)?,
        };
        let given = Some(Box::new(connection.clone()));
        let session = Session { name: name.to_owned(), body, secrets: Secrets::default(), given };
        self.locked_sessions().insert(id.clone(), session);
        Ok(id.to_string())
    }

    fn locked_sessions(
        &self,
    ) -> std::sync::MutexGuard<'_, std::collections::HashMap<ProfileId, Session>> {
        self.connections.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn check(&self, draft: &ProfileDraft) -> Result<Checked> {
        let draft = &self.completed(draft).await?;
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
        let secrets = self.checked_secrets(draft, &endpoint).await?;
        let mut options = draft.options.clone();
        if let ProxyChoice::Url { url } = &mut options.network.proxy {
            *url = split_proxy(url.trim()).0;
        }
        check_options(&options)?;
        let body = Body {
            provider: provider.id.clone(),
            endpoint,
            region,
            addressing: draft.addressing,
            access_key_hint: secrets.keys.as_ref().and_then(|keys| hint(&keys.access_key)),
            anonymous: options.sign_in == Way::Keys && secrets.keys.is_none(),
            options,
        };
        // What can't be used is told now, not in the middle of a transfer.
        let connection = body.connection(secrets.clone(), &self.connections.machine)?;
        connection.options.transport.check().map_err(|e| Failure::invalid(e.to_string()))?;
        Ok(Checked { name, body, secrets })
    }

    /// What a profile of the AWS files says itself need not be typed again.
    async fn completed(&self, draft: &ProfileDraft) -> Result<ProfileDraft> {
        let mut draft = draft.clone();
        if let (true, Some(id)) = (draft.keep_options, &draft.id) {
            let saved = self.connections.body(&ProfileId::new(id.clone()))?;
            draft.options = saved.map(|body| body.options).unwrap_or_default();
        }
        if let Way::AwsProfile { name } = &draft.options.sign_in {
            let files = self.connections.machine.sign_in().aws_files().await;
            let files = files.map_err(|error| Failure::new(Code::LocalIo, error.to_string()))?;
            let Some(entry) = files.profile(name) else {
                return Err(Failure::invalid(format!("there is no AWS profile '{name}'"))
                    .with_hint("They are in ~/.aws/config and ~/.aws/credentials."));
            };
            if draft.region.trim().is_empty() {
                draft.region = entry.region.unwrap_or_default();
            }
            if draft.endpoint.trim().is_empty() {
                draft.endpoint = entry.endpoint.unwrap_or_default();
            }
        }
        if draft.endpoint.trim().is_empty() {
            let provider = Provider::by_id(&draft.provider);
            let region = match draft.region.trim() {
                "" => provider.default_region.as_str(),
                region => region,
            };
            draft.endpoint = provider.endpoint.replace("{region}", region);
        }
        Ok(draft)
    }

    async fn checked_secrets(&self, draft: &ProfileDraft, endpoint: &str) -> Result<Secrets> {
        let mut secrets = Secrets { endpoint: Some(endpoint.to_owned()), ..Secrets::default() };
        let network = &draft.options.network;
        if draft.options.sign_in.takes_keys() {
            secrets.keys = self.checked_keys(draft).await?;
            if secrets.keys.is_none() && draft.options.sign_in != Way::Keys {
                return Err(Failure::invalid("a role needs keys to be taken on with"));
            }
        }
        let proxy = match &network.proxy {
            ProxyChoice::Url { url } => Some(split_proxy(url.trim())),
            _ => None,
        };
        let named = proxy.as_ref().is_some_and(|(url, _)| url.contains('@'));
        secrets.proxy_password = proxy.and_then(|(_, password)| password);
        secrets.client_key = draft
            .client_key
            .clone()
            .filter(|key| network.client_certificate.is_some() && !key.expose().trim().is_empty());
        let lacks_key = network.client_certificate.is_some() && secrets.client_key.is_none();
        if lacks_key || (named && secrets.proxy_password.is_none()) {
            let kept = self.kept(draft).await?.unwrap_or_default();
            if lacks_key {
                secrets.client_key = kept.client_key;
            }
            if named && secrets.proxy_password.is_none() {
                secrets.proxy_password = kept.proxy_password;
            }
            if network.client_certificate.is_some() && secrets.client_key.is_none() {
                return Err(Failure::invalid("the client certificate's key is missing"));
            }
        }
        Ok(secrets)
    }

    async fn checked_keys(&self, draft: &ProfileDraft) -> Result<Option<Keys>> {
        let (access_key, secret) = (draft.access_key.trim(), draft.secret_key.expose().trim());
        let token = draft.session_token.clone().filter(|t| !t.expose().trim().is_empty());
        Ok(match (access_key.is_empty(), secret.is_empty()) {
            (true, true) if draft.id.is_none() => None,
            (false, false) => Some(Keys {
                access_key: access_key.to_owned(),
                secret_key: Secret::new(secret.to_owned()),
                session_token: token,
            }),
            (true, false) => return Err(Failure::invalid("the access key id is missing")),
            (_, true) => match self.kept(draft).await?.and_then(|kept| kept.keys) {
                Some(kept) if access_key.is_empty() || access_key == kept.access_key => Some(kept),
                Some(_) => {
                    return Err(Failure::invalid("a new access key id needs its secret key"));
                }
                None if access_key.is_empty() => None,
                None => return Err(Failure::invalid("the secret key is missing")),
            },
        })
    }

    async fn kept(&self, draft: &ProfileDraft) -> Result<Option<Secrets>> {
        let Some(id) = draft.id.clone().map(ProfileId::new) else { return Ok(None) };
        // A kept key goes to the endpoint it was kept for; another endpoint asks for it anew.
        let kept_for = self
            .locked_sessions()
            .get(&id)
            .map(|session| (session.body.endpoint.clone(), Some(session.secrets.clone())));
        let endpoint = Connection::endpoint_from_text(&draft.endpoint)?;
        let (home, secrets) = match kept_for {
            Some((home, secrets)) => (home, secrets),
            None => {
                let Some(row) = self.profiles.get(&id)? else { return Ok(None) };
                let vault = self.connections.vault();
                let secrets = blocking(move || kept_secrets(&vault, &id)).await?;
                let home = secrets.as_ref().and_then(|secrets| secrets.endpoint.clone());
                (home.unwrap_or(Body::read(&row.body)?.endpoint), secrets)
            }
        };
        let secrets = secrets.filter(|secrets| !secrets.is_empty());
        if secrets.is_some() && home != endpoint {
            return Err(Failure::invalid("the endpoint changed: enter the secret key again")
                .with_hint("Kept keys are only sent to the endpoint they were entered for."));
        }
        Ok(secrets)
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

/// Whether what a profile begins with is there, for keys that may not list buckets.
async fn begins(s3: &S3, start: &str) -> std::result::Result<(), dipper_s3::Error> {
    let (bucket, prefix) = start.split_once('/').unwrap_or((start, ""));
    let Ok(bucket) = BucketName::new(bucket) else { return Ok(()) };
    let request = dipper_s3::ListRequest { prefix: prefix.to_owned(), ..Default::default() };
    s3.list_page(&bucket, &request).await.map(drop)
}

fn check_options(options: &ProfileOptions) -> Result<()> {
    let need = |text: &str, what: &str| match text.trim().is_empty() {
        true => Err(Failure::invalid(format!("{what} is missing"))),
        false => Ok(()),
    };
    // Keys and tokens go there: it must be an address that nobody reads along.
    let private = |given: &Option<String>| -> Result<()> {
        let Some(text) = given else { return Ok(()) };
        let endpoint = Connection::endpoint_from_text(text)?;
        match endpoint.starts_with("https://") || is_loopback(&endpoint) {
            true => Ok(()),
            false => Err(Failure::invalid(format!("'{text}' is plain http: sign-in needs https"))),
        }
    };
    match &options.sign_in {
        Way::Keys | Way::Environment => {}
        Way::AwsProfile { name } => need(name, "the AWS profile's name")?,
        Way::Sso(sso) => {
            need(&sso.start_url, "the start URL of IAM Identity Center")?;
            need(&sso.region, "the region of IAM Identity Center")?;
            need(&sso.account_id, "the account")?;
            need(&sso.role_name, "the role's name")?;
            private(&sso.oidc_endpoint)?;
            private(&sso.portal_endpoint)?;
        }
        Way::Role(role) => {
            need(&role.role_arn, "the role's ARN")?;
            private(&role.sts_endpoint)?;
        }
        Way::WebIdentity(web) => {
            need(&web.token_file, "the token's file")?;
            need(&web.role_arn, "the role's ARN")?;
            private(&web.sts_endpoint)?;
        }
        // The one service that has no https: the machine's own neighbour.
        Way::Instance { .. } => {}
    }
    if let Some(start) = &options.start {
        BucketName::new(start.split('/').next().unwrap_or_default())?;
    }
    Ok(())
}

mod mend;
#[cfg(test)]
mod tests;
