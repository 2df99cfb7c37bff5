//! Who one is. Credentials are a provider, never a snapshot: a [`Wallet`](wallet::Wallet) renews
//! them before they expire, once for all that wait, and asks the user where nobody else can.

mod aws_files;
mod error;
mod file;
mod process;
mod sso;
mod sts;
mod wallet;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials as Keys;
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_s3::config::SharedHttpClient;
use dipper_types::Secret;
use futures::future::BoxFuture;

use crate::transport::{Patience, Transport};

pub use aws_files::{AwsConfig, AwsProfileEntry, SsoSessionEntry};
pub use error::SignInError;
pub use sso::{Account, DeviceCode, DeviceLogin, Sso, SsoStanding};
pub(crate) use wallet::{Provider as WalletProvider, Wallet};

/// How requests are signed.
#[derive(Debug, Clone)]
pub enum Credentials {
    Keys {
        access_key: String,
        secret_key: Secret<String>,
        session_token: Option<Secret<String>>,
    },
    /// What is found: environment, the user's AWS files, web identity, container, instance metadata.
    Environment {
        aws_profile: Option<String>,
    },
    /// A profile of the user's own AWS files, with all that it says: keys, roles, single sign-on,
    /// a process.
    AwsProfile {
        name: String,
    },
    /// IAM Identity Center.
    Sso(Sso),
    AssumeRole(Box<AssumeRole>),
    WebIdentity(WebIdentity),
    /// What the machine in the cloud was given.
    Instance {
        /// Else the link-local address that every instance has.
        endpoint: Option<String>,
    },
    /// Requests are not signed.
    Anonymous,
}

/// A role, taken on with other credentials.
#[derive(Debug, Clone)]
pub struct AssumeRole {
    pub source: Credentials,
    pub role_arn: String,
    pub external_id: Option<String>,
    pub session_name: Option<String>,
    pub duration: Option<Duration>,
    /// The user is asked for this device's code.
    pub mfa_serial: Option<String>,
    /// Else AWS's own, or with another provider the S3 endpoint itself.
    pub sts_endpoint: Option<String>,
    pub region: Option<String>,
}

/// A role, taken on with a token that another service writes into a file.
#[derive(Debug, Clone)]
pub struct WebIdentity {
    pub token_file: PathBuf,
    pub role_arn: String,
    pub session_name: Option<String>,
    pub sts_endpoint: Option<String>,
    pub region: Option<String>,
}

/// What only the user knows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// The six digits of a device.
    Mfa { serial: String, role_arn: String },
}

/// Asks the user. `None`: there is nobody, or they will not say.
pub trait Prompt: Send + Sync {
    fn ask(&self, question: Question) -> BoxFuture<'static, Option<Secret<String>>>;
}

/// Where credentials come from on this machine; told by the caller, who knows environment and home.
#[derive(Clone)]
pub struct SignIn {
    pub aws_config: Option<PathBuf>,
    pub aws_credentials: Option<PathBuf>,
    /// The folder of tokens that the AWS CLI has, too.
    pub sso_cache: Option<PathBuf>,
    pub prompt: Option<Arc<dyn Prompt>>,
    /// How long a `credential_process` may take.
    pub process_patience: Duration,
    /// A second, as the device flow counts them; tests make it short.
    pub second: Duration,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            aws_config: None,
            aws_credentials: None,
            sso_cache: None,
            prompt: None,
            process_patience: Duration::from_secs(60),
            second: Duration::from_secs(1),
        }
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("aws_config", &self.aws_config)
            .field("sso_cache", &self.sso_cache)
            .field("prompt", &self.prompt.is_some())
            .finish_non_exhaustive()
    }
}

impl SignIn {
    /// The user's AWS files, as they are now.
    pub async fn aws_files(&self) -> Result<AwsConfig, SignInError> {
        let config = file::text(self.aws_config.as_deref()).await?;
        let credentials = file::text(self.aws_credentials.as_deref()).await?;
        Ok(AwsConfig::parse(&config, &credentials))
    }
}

/// What signing in needs besides the credentials themselves.
#[derive(Clone)]
pub(crate) struct Around {
    pub sign_in: SignIn,
    pub region: String,
    /// Where STS is, if not at AWS.
    pub own_sts: Option<String>,
    /// For the S3 endpoint's own host.
    pub same_host: SharedHttpClient,
    /// For everybody else: no pin, no client certificate.
    pub others: SharedHttpClient,
    /// For this machine's own neighbours, which no proxy reaches.
    pub direct: SharedHttpClient,
}

/// Roles that lead to roles come to an end.
const DEEPEST: u8 = 8;

pub(crate) fn obtain<'a>(
    what: &'a Credentials,
    around: &'a Around,
    depth: u8,
) -> BoxFuture<'a, Result<Keys, SignInError>> {
    Box::pin(async move {
        if depth > DEEPEST {
            return Err(SignInError::Circle);
        }
        match what {
            Credentials::Keys { access_key, secret_key, session_token } => Ok(Keys::new(
                access_key,
                secret_key.expose(),
                session_token.as_ref().map(|token| token.expose().clone()),
                None,
                "dipper",
            )),
            Credentials::Environment { aws_profile } => {
                environment(aws_profile.as_deref(), around, depth).await
            }
            Credentials::AwsProfile { name } => {
                let files = around.sign_in.aws_files().await?;
                match files.resolve(name)? {
                    aws_files::Way::Known(next) => obtain(&next, around, depth + 1).await,
                    aws_files::Way::Container => container(around).await,
                    aws_files::Way::EnvironmentKeys => environment_keys().await,
                    aws_files::Way::Process(command) => {
                        process::run(&command, around.sign_in.process_patience).await
                    }
                }
            }
            Credentials::Sso(sso) => sso.role_keys(&around.sign_in, &around.others).await,
            Credentials::AssumeRole(role) => {
                let source = obtain(&role.source, around, depth + 1).await?;
                sts::assume(role, source, around).await
            }
            Credentials::WebIdentity(web) => sts::web_identity(web, around).await,
            Credentials::Instance { endpoint } => instance(endpoint.as_deref(), around).await,
            Credentials::Anonymous => Err(SignInError::NothingFound),
        }
    })
}

/// What the environment has, in AWS's own order; the next is asked only where one has nothing to say.
async fn environment(
    profile: Option<&str>,
    around: &Around,
    depth: u8,
) -> Result<Keys, SignInError> {
    if profile.is_none()
        && let Ok(keys) = environment_keys().await
    {
        return Ok(keys);
    }
    let files = around.sign_in.aws_files().await?;
    let name = profile.unwrap_or("default");
    if profile.is_some() || files.has(name) {
        let named = Credentials::AwsProfile { name: name.to_owned() };
        match obtain(&named, around, depth + 1).await {
            // A [default] that only names a region does not end the search.
            Err(SignInError::NothingFound) if profile.is_none() => {}
            done => return done,
        }
    }
    let config = ProviderConfig::without_region().with_http_client(around.others.clone());
    let web = aws_config::web_identity_token::WebIdentityTokenCredentialsProvider::builder()
        .configure(&config.with_region(Some(aws_config::Region::new(around.region.clone()))))
        .build();
    match taken(web.provide_credentials().await) {
        Err(SignInError::NothingFound) => {}
        done => return done,
    }
    match container(around).await {
        Err(SignInError::NothingFound) => {}
        done => return done,
    }
    // Where there is no cloud, nobody answers: that is no failure but the end of the search.
    instance(None, around).await.map_err(|error| match error {
        SignInError::Unreachable { .. } => SignInError::NothingFound,
        other => other,
    })
}

async fn environment_keys() -> Result<Keys, SignInError> {
    let provider = aws_config::environment::EnvironmentVariableCredentialsProvider::new();
    taken(provider.provide_credentials().await)
}

async fn container(around: &Around) -> Result<Keys, SignInError> {
    let config = ProviderConfig::without_region().with_http_client(around.direct.clone());
    let provider = aws_config::ecs::EcsCredentialsProvider::builder().configure(&config).build();
    taken(provider.provide_credentials().await)
}

async fn instance(endpoint: Option<&str>, around: &Around) -> Result<Keys, SignInError> {
    let config = ProviderConfig::without_region().with_http_client(around.direct.clone());
    let mut client = aws_config::imds::Client::builder().configure(&config).max_attempts(2);
    if let Some(endpoint) = endpoint {
        client = client.endpoint(endpoint).map_err(|source| SignInError::Unreachable {
            what: "instance metadata",
            source: source.into(),
        })?;
    }
    let provider = aws_config::imds::credentials::ImdsCredentialsProvider::builder()
        .configure(&config)
        .imds_client(client.build())
        .build();
    taken(provider.provide_credentials().await).map_err(|error| match error {
        SignInError::Refused { source, .. } => {
            SignInError::Unreachable { what: "instance metadata", source }
        }
        other => other,
    })
}

fn taken(answer: aws_credential_types::provider::Result) -> Result<Keys, SignInError> {
    use aws_credential_types::provider::error::CredentialsError;
    answer.map_err(|error| match error {
        CredentialsError::CredentialsNotLoaded(_) => SignInError::NothingFound,
        other => SignInError::Refused { what: "the environment", source: Arc::new(other) },
    })
}

impl Sso {
    /// Begins a device flow: the user confirms the code in a browser, here or elsewhere.
    pub async fn sign_in(
        &self,
        sign_in: &SignIn,
        transport: &Transport,
    ) -> Result<DeviceLogin, SignInError> {
        self.begin(sign_in, &others(transport)).await
    }

    /// Every account and role that the user has, for a choice.
    pub async fn list_accounts(
        &self,
        sign_in: &SignIn,
        transport: &Transport,
    ) -> Result<Vec<Account>, SignInError> {
        self.accounts(sign_in, &others(transport)).await
    }
}

fn others(transport: &Transport) -> SharedHttpClient {
    crate::transport::client(&transport.for_others(), Patience::default())
}
