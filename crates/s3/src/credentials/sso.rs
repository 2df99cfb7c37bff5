//! IAM Identity Center: a code confirmed in the browser, a token that the AWS CLI shares, a role.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Keys;
use aws_sdk_s3::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_sdk_ssooidc::operation::create_token::{CreateTokenError, CreateTokenOutput};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use dipper_types::Timestamp;
use serde::{Deserialize, Serialize};
use sha1::Digest as _;

use super::{SignIn, SignInError, file};

const OIDC: &str = "the sign-in service (IAM Identity Center)";
const PORTAL: &str = "the portal (IAM Identity Center)";
const SCOPE: &str = "sso:account:access";
/// A token is renewed so long before its end.
const EARLY: Duration = Duration::from_secs(300);

/// A way in through IAM Identity Center.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sso {
    pub start_url: String,
    /// Where Identity Center is, which need not be the buckets' region.
    pub region: String,
    /// The `[sso-session]` whose token is shared. Without one the token can't be renewed.
    pub session: Option<String>,
    pub account_id: String,
    pub role_name: String,
    /// Else AWS's own.
    pub oidc_endpoint: Option<String>,
    pub portal_endpoint: Option<String>,
}

/// What the user has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCode {
    pub user_code: String,
    pub verification_uri: String,
    /// With the code in it.
    pub verification_uri_complete: Option<String>,
    pub expires: Timestamp,
}

/// A device flow under way. Dropping it gives it up.
pub struct DeviceLogin {
    pub code: DeviceCode,
    sso: Sso,
    sign_in: SignIn,
    client: aws_sdk_ssooidc::Client,
    client_id: String,
    client_secret: String,
    registration_ends: SystemTime,
    device_code: String,
    interval: u32,
    ends: SystemTime,
}

impl std::fmt::Debug for DeviceLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceLogin").field("code", &self.code).finish_non_exhaustive()
    }
}

/// Whether somebody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SsoStanding {
    pub expires: Timestamp,
    /// It renews itself as long as the administrator allows.
    pub renewable: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: String,
    pub name: String,
    pub email: String,
    pub roles: Vec<String>,
}

/// The cache file, field by field as the AWS CLI writes it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    #[serde(skip_serializing_if = "Option::is_none")]
    start_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    access_token: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// RFC 3339, also with the `UTC` that old AWS CLIs wrote.
pub(super) fn time(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let text = match text.strip_suffix("UTC") {
        Some(rest) => format!("{rest}Z"),
        None => text.to_owned(),
    };
    let parsed =
        time::OffsetDateTime::parse(&text, &time::format_description::well_known::Rfc3339).ok()?;
    Some(parsed.into())
}

/// Whole seconds and `Z`: botocore's parser takes no more.
fn written(at: SystemTime) -> String {
    let at = time::OffsetDateTime::from(at);
    let at = at.replace_nanosecond(0).unwrap_or(at);
    at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}

impl Token {
    fn ends(&self) -> SystemTime {
        time(&self.expires_at).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn renewable(&self, now: SystemTime) -> bool {
        self.refresh_token.is_some()
            && self.client_id.is_some()
            && self.client_secret.is_some()
            && self.registration_expires_at.as_deref().and_then(time).is_some_and(|end| end > now)
    }

    fn take(&mut self, answer: &CreateTokenOutput) -> Result<(), SignInError> {
        let token =
            answer.access_token().ok_or(SignInError::Answer { what: OIDC, missing: "a token" })?;
        let life = u64::try_from(answer.expires_in()).unwrap_or(0);
        token.clone_into(&mut self.access_token);
        self.expires_at = written(SystemTime::now() + Duration::from_secs(life));
        if let Some(next) = answer.refresh_token() {
            self.refresh_token = Some(next.to_owned());
        }
        Ok(())
    }
}

impl Sso {
    fn cache_file(&self, sign_in: &SignIn) -> Result<PathBuf, SignInError> {
        let folder = sign_in.sso_cache.as_deref().ok_or(SignInError::NoCache)?;
        let name = self.session.as_deref().unwrap_or(&self.start_url);
        Ok(folder.join(format!("{}.json", hex::encode(sha1::Sha1::digest(name.as_bytes())))))
    }

    fn oidc(&self, http: &SharedHttpClient) -> aws_sdk_ssooidc::Client {
        let mut config = aws_sdk_ssooidc::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http.clone())
            .region(Region::new(self.region.clone()))
            .allow_no_auth();
        if let Some(endpoint) = &self.oidc_endpoint {
            config = config.endpoint_url(endpoint);
        }
        aws_sdk_ssooidc::Client::from_conf(config.build())
    }

    fn portal(&self, http: &SharedHttpClient) -> aws_sdk_sso::Client {
        let mut config = aws_sdk_sso::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http.clone())
            .region(Region::new(self.region.clone()))
            .allow_no_auth();
        if let Some(endpoint) = &self.portal_endpoint {
            config = config.endpoint_url(endpoint);
        }
        aws_sdk_sso::Client::from_conf(config.build())
    }

    /// What the cache holds, without asking anybody.
    pub async fn standing(&self, sign_in: &SignIn) -> Option<SsoStanding> {
        let token = self.cached(sign_in).await.ok()?;
        let now = SystemTime::now();
        let renewable = token.renewable(now);
        (token.ends() > now || renewable)
            .then(|| SsoStanding { expires: Timestamp::from_system(token.ends()), renewable })
    }

    /// Forgets the token, for the AWS CLI, too.
    pub async fn sign_out(&self, sign_in: &SignIn) -> Result<(), SignInError> {
        let path = self.cache_file(sign_in)?;
        match tokio::fs::remove_file(&path).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(SignInError::File { path, source: Arc::new(error) })
            }
            _ => Ok(()),
        }
    }

    async fn cached(&self, sign_in: &SignIn) -> Result<Token, SignInError> {
        let path = self.cache_file(sign_in)?;
        let ended = SignInError::SessionEnded { what: "IAM Identity Center" };
        let Ok(bytes) = file::bytes(&path).await else { return Err(ended) };
        // A file that another program is writing badly is no token.
        serde_json::from_slice(&bytes).map_err(|_| ended)
    }

    async fn keep(&self, sign_in: &SignIn, token: &Token) -> Result<(), SignInError> {
        let path = self.cache_file(sign_in)?;
        let text = serde_json::to_vec(token)
            .map_err(|_| SignInError::Answer { what: OIDC, missing: "a token" })?;
        file::keep(path, text).await
    }

    /// A token that lives, renewed if need be.
    async fn token(
        &self,
        sign_in: &SignIn,
        http: &SharedHttpClient,
    ) -> Result<String, SignInError> {
        let mut token = self.cached(sign_in).await?;
        let now = SystemTime::now();
        if token.ends() > now + EARLY {
            return Ok(token.access_token);
        }
        if token.renewable(now) {
            let renewed = self
                .oidc(http)
                .create_token()
                .set_client_id(token.client_id.clone())
                .set_client_secret(token.client_secret.clone())
                .set_refresh_token(token.refresh_token.clone())
                .grant_type("refresh_token")
                .send()
                .await;
            match renewed {
                Ok(answer) => {
                    token.take(&answer)?;
                    self.keep(sign_in, &token).await?;
                    return Ok(token.access_token);
                }
                // Whoever renews it first uses the refresh token up: theirs may be in the file now.
                Err(SdkError::ServiceError(_)) => {
                    let other = self.cached(sign_in).await?;
                    if other.ends() > now + EARLY {
                        return Ok(other.access_token);
                    }
                }
                Err(error) if token.ends() <= now => {
                    return Err(SignInError::of_call(OIDC, error));
                }
                Err(_) => {}
            }
        }
        if token.ends() > now {
            return Ok(token.access_token);
        }
        Err(SignInError::SessionEnded { what: "IAM Identity Center" })
    }

    pub(super) async fn role_keys(
        &self,
        sign_in: &SignIn,
        http: &SharedHttpClient,
    ) -> Result<Keys, SignInError> {
        let token = self.token(sign_in, http).await?;
        let answer = self
            .portal(http)
            .get_role_credentials()
            .access_token(token)
            .account_id(&self.account_id)
            .role_name(&self.role_name)
            .send()
            .await
            .map_err(portal_error)?;
        let keys = answer
            .role_credentials()
            .ok_or(SignInError::Answer { what: PORTAL, missing: "keys" })?;
        let (Some(access), Some(secret)) = (keys.access_key_id(), keys.secret_access_key()) else {
            return Err(SignInError::Answer { what: PORTAL, missing: "keys" });
        };
        let expires = u64::try_from(keys.expiration())
            .ok()
            .filter(|ms| *ms > 0)
            .map(|ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms));
        Ok(Keys::new(access, secret, keys.session_token().map(str::to_owned), expires, "SSO"))
    }

    /// Every account and role that the user has, for a choice.
    pub(crate) async fn accounts(
        &self,
        sign_in: &SignIn,
        http: &SharedHttpClient,
    ) -> Result<Vec<Account>, SignInError> {
        let token = self.token(sign_in, http).await?;
        let portal = self.portal(http);
        let mut accounts = Vec::new();
        let mut pages =
            portal.list_accounts().access_token(&token).max_results(100).into_paginator().send();
        while let Some(page) = pages.next().await {
            for account in page.map_err(portal_error)?.account_list() {
                let Some(id) = account.account_id() else { continue };
                let mut roles = Vec::new();
                let mut pages = portal
                    .list_account_roles()
                    .access_token(&token)
                    .account_id(id)
                    .max_results(100)
                    .into_paginator()
                    .send();
                while let Some(page) = pages.next().await {
                    let page = page.map_err(portal_error)?;
                    roles.extend(
                        page.role_list().iter().filter_map(|r| r.role_name().map(str::to_owned)),
                    );
                }
                roles.sort();
                accounts.push(Account {
                    id: id.to_owned(),
                    name: account.account_name().unwrap_or_default().to_owned(),
                    email: account.email_address().unwrap_or_default().to_owned(),
                    roles,
                });
            }
        }
        accounts.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(accounts)
    }

    /// Begins a device flow: the user confirms the code in a browser, here or elsewhere.
    pub(crate) async fn begin(
        &self,
        sign_in: &SignIn,
        http: &SharedHttpClient,
    ) -> Result<DeviceLogin, SignInError> {
        // Before anybody confirms anything: where the token is to be kept.
        self.cache_file(sign_in)?;
        let client = self.oidc(http);
        let registered = client
            .register_client()
            .client_name("dipper")
            .client_type("public")
            .scopes(SCOPE)
            .send()
            .await
            .map_err(|error| SignInError::of_call(OIDC, error))?;
        let missing = |missing| SignInError::Answer { what: OIDC, missing };
        let client_id = registered.client_id().ok_or(missing("a client id"))?.to_owned();
        let secret = registered.client_secret().ok_or(missing("a client secret"))?.to_owned();
        let started = client
            .start_device_authorization()
            .client_id(&client_id)
            .client_secret(&secret)
            .start_url(&self.start_url)
            .send()
            .await
            .map_err(|error| SignInError::of_call(OIDC, error))?;
        let life = u64::try_from(started.expires_in()).unwrap_or(0).clamp(1, 3600);
        let ends = SystemTime::now() + Duration::from_secs(life);
        let uri = |text: &str| browsable(text).then(|| text.to_owned());
        let code = DeviceCode {
            user_code: started.user_code().ok_or(missing("a code"))?.to_owned(),
            verification_uri: started
                .verification_uri()
                .and_then(uri)
                .ok_or(missing("an address to confirm the code at"))?,
            verification_uri_complete: started.verification_uri_complete().and_then(uri),
            expires: Timestamp::from_system(ends),
        };
        let registration = u64::try_from(registered.client_secret_expires_at()).unwrap_or(0);
        Ok(DeviceLogin {
            code,
            sso: self.clone(),
            sign_in: sign_in.clone(),
            client,
            client_id,
            client_secret: secret,
            registration_ends: SystemTime::UNIX_EPOCH + Duration::from_secs(registration),
            device_code: started.device_code().ok_or(missing("a device code"))?.to_owned(),
            interval: u32::try_from(started.interval()).unwrap_or(0).clamp(1, 60),
            ends,
        })
    }
}

/// Only web addresses are opened, and plain ones on this machine alone.
fn browsable(text: &str) -> bool {
    text.parse::<http::Uri>().is_ok_and(|uri| uri.scheme_str() == Some("https"))
        || crate::connection::is_loopback(text) && text.starts_with("http://")
}

fn portal_error<E>(error: SdkError<E, HttpResponse>) -> SignInError
where
    E: aws_smithy_types::error::metadata::ProvideErrorMetadata
        + std::error::Error
        + Send
        + Sync
        + 'static,
{
    if error.raw_response().is_some_and(|raw| raw.status().as_u16() == 401) {
        return SignInError::SessionEnded { what: "IAM Identity Center" };
    }
    SignInError::of_call(PORTAL, error)
}

impl DeviceLogin {
    /// Waits for the browser, then keeps the token.
    pub async fn wait(self) -> Result<SsoStanding, SignInError> {
        let mut interval = self.interval;
        loop {
            tokio::time::sleep(self.sign_in.second * interval).await;
            if SystemTime::now() >= self.ends {
                return Err(SignInError::TooLate);
            }
            let asked = self
                .client
                .create_token()
                .client_id(&self.client_id)
                .client_secret(&self.client_secret)
                .grant_type("urn:ietf:params:oauth:grant-type:device_code")
                .device_code(&self.device_code)
                .send()
                .await;
            let error = match asked {
                Ok(answer) => return self.signed_in(&answer).await,
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(CreateTokenError::AuthorizationPendingException(_)) => {}
                // RFC 8628: five seconds more from now on.
                Some(CreateTokenError::SlowDownException(_)) => interval += 5,
                Some(CreateTokenError::ExpiredTokenException(_)) => {
                    return Err(SignInError::TooLate);
                }
                Some(CreateTokenError::AccessDeniedException(_)) => {
                    return Err(SignInError::Denied);
                }
                Some(_) => return Err(SignInError::of_call(OIDC, error)),
                // A network that is away for a moment does not end a sign-in.
                None => interval = (interval * 2).min(60),
            }
        }
    }

    async fn signed_in(&self, answer: &CreateTokenOutput) -> Result<SsoStanding, SignInError> {
        let mut token = Token {
            start_url: Some(self.sso.start_url.clone()),
            region: Some(self.sso.region.clone()),
            access_token: String::new(),
            expires_at: String::new(),
            client_id: Some(self.client_id.clone()),
            client_secret: Some(self.client_secret.clone()),
            registration_expires_at: Some(written(self.registration_ends)),
            refresh_token: None,
        };
        token.take(answer)?;
        self.sso.keep(&self.sign_in, &token).await?;
        let renewable = token.renewable(SystemTime::now());
        Ok(SsoStanding { expires: Timestamp::from_system(token.ends()), renewable })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_every_cli_wrote_them() {
        let want = SystemTime::UNIX_EPOCH + Duration::from_secs(1_573_704_345);
        for text in ["2019-11-14T04:05:45Z", "2019-11-14T04:05:45UTC", "2019-11-14T05:05:45+01:00"]
        {
            assert_eq!(time(text), Some(want), "{text}");
        }
        assert_eq!(time("yesterday"), None);
        assert_eq!(written(want + Duration::from_millis(7)), "2019-11-14T04:05:45Z");
    }

    #[test]
    fn the_file_s_name_is_the_aws_cli_s() {
        let mut sso = Sso {
            start_url: "https://d-92671207e4.awsapps.com/start".into(),
            region: "us-east-1".into(),
            session: None,
            account_id: String::new(),
            role_name: String::new(),
            oidc_endpoint: None,
            portal_endpoint: None,
        };
        let sign_in = SignIn { sso_cache: Some("c".into()), ..SignIn::default() };
        let name = |sso: &Sso| {
            let path = sso.cache_file(&sign_in).unwrap();
            path.file_name().unwrap().to_string_lossy().into_owned()
        };
        // As the SDK's own tests have it.
        assert_eq!(name(&sso), "13f9d35043871d073ab260e020f0ffde092cb14b.json");
        sso.session = Some("my-sso".into());
        assert_eq!(name(&sso).len(), 45);
        assert!(sso.cache_file(&SignIn::default()).is_err());
    }

    #[test]
    fn only_web_addresses_are_opened() {
        assert!(browsable("https://device.sso.eu-west-1.amazonaws.com/"));
        assert!(browsable("http://127.0.0.1:1/device"));
        for bad in ["http://example.com/", "file:///etc/passwd", "javascript:alert(1)", ""] {
            assert!(!browsable(bad), "{bad}");
        }
    }
}
