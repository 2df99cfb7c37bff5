//! One client an identity and endpoint, one HTTP pool for all, and each bucket in its own region.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedCredentialsProvider, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::{Provider as TlsProvider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::connection::{Connection, Credentials};
use crate::error::{Class, Error};

/// How long a server may be silent.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub connect: Duration,
    /// From a call without a body of its own to the first byte of its answer.
    pub answer: Duration,
    /// The same where a body goes up first, over a line that may be slow.
    pub answer_to_body: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            answer_to_body: Duration::from_secs(900),
        }
    }
}

/// No byte for so long means the connection is dead (performance is never judged by total time).
const STALL_GRACE: Duration = Duration::from_secs(30);

fn http_client() -> SharedHttpClient {
    static CLIENT: LazyLock<SharedHttpClient> = LazyLock::new(|| {
        aws_smithy_http_client::Builder::new()
            .tls_provider(TlsProvider::Rustls(CryptoMode::AwsLc))
            .build_https()
    });
    CLIENT.clone()
}

/// A connection at work. Cheap to clone.
#[derive(Clone)]
pub struct S3 {
    inner: Arc<Inner>,
}

struct Inner {
    connection: Connection,
    patience: Patience,
    credentials: Option<SharedCredentialsProvider>,
    /// By (region, addressing by path, with the SDK's own retries).
    clients: Mutex<HashMap<(String, bool, bool), Client>>,
    /// Where a bucket turned out to be, if not in the connection's region.
    regions: Mutex<HashMap<String, String>>,
    /// The server turned out to know only the older listing.
    lists_v1: AtomicBool,
}

/// Whether the SDK may send a request again by itself. Part loops own their retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retries {
    Sdk,
    Caller,
}

impl S3 {
    /// Makes the client. Asks nobody: credentials are looked up at the first call.
    pub async fn connect(connection: Connection) -> Self {
        Self::connect_with(connection, Patience::default()).await
    }

    pub async fn connect_with(connection: Connection, patience: Patience) -> Self {
        let credentials = match &connection.credentials {
            Credentials::Keys { access_key, secret_key, session_token } => {
                Some(SharedCredentialsProvider::new(aws_credential_types::Credentials::new(
                    access_key,
                    secret_key.expose(),
                    session_token.as_ref().map(|token| token.expose().clone()),
                    None,
                    "dipper",
                )))
            }
            Credentials::Environment { aws_profile } => {
                let mut chain =
                    aws_config::default_provider::credentials::DefaultCredentialsChain::builder()
                        .region(Region::new(connection.region.clone()));
                if let Some(name) = aws_profile {
                    chain = chain.profile_name(name);
                }
                Some(SharedCredentialsProvider::new(chain.build().await))
            }
            Credentials::Anonymous => None,
        };
        Self {
            inner: Arc::new(Inner {
                connection,
                patience,
                credentials,
                clients: Mutex::default(),
                regions: Mutex::default(),
                lists_v1: AtomicBool::new(false),
            }),
        }
    }

    /// The region that the user's AWS environment names, if any.
    pub async fn environment_region() -> Option<String> {
        aws_config::default_provider::region::DefaultRegionChain::builder()
            .build()
            .region()
            .await
            .map(|region| region.to_string())
    }

    pub fn connection(&self) -> &Connection {
        &self.inner.connection
    }

    pub(crate) fn lists_v1(&self) -> &AtomicBool {
        &self.inner.lists_v1
    }

    pub(crate) fn credentials_provider(&self) -> Option<&SharedCredentialsProvider> {
        self.inner.credentials.as_ref()
    }

    pub(crate) fn region_of(&self, bucket: Option<&str>) -> String {
        let known = self.inner.regions.lock().unwrap_or_else(PoisonError::into_inner);
        bucket
            .and_then(|bucket| known.get(bucket).cloned())
            .unwrap_or_else(|| self.inner.connection.region.clone())
    }

    fn client(&self, region: &str, bucket: Option<&str>, retries: Retries) -> Client {
        let by_path = bucket.is_none_or(|b| self.inner.connection.path_style(b));
        let key = (region.to_owned(), by_path, retries == Retries::Sdk);
        let mut clients = self.inner.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(key).or_insert_with(|| self.build(region, by_path, retries)).clone()
    }

    fn build(&self, region: &str, by_path: bool, retries: Retries) -> Client {
        let connection = &self.inner.connection;
        let mut config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http_client())
            .region(Region::new(region.to_owned()))
            .force_path_style(by_path)
            // Each upload carries the checksum that its provider understands; each download is
            // compared by us. The SDK's automatic trailers break many servers.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(self.inner.patience.connect)
                    .read_timeout(match retries {
                        Retries::Sdk => self.inner.patience.answer,
                        Retries::Caller => self.inner.patience.answer_to_body,
                    })
                    .build(),
            )
            .stalled_stream_protection(
                StalledStreamProtectionConfig::enabled().grace_period(STALL_GRACE).build(),
            )
            .retry_config(match retries {
                Retries::Sdk => RetryConfig::standard(),
                Retries::Caller => RetryConfig::disabled(),
            });
        if !connection.endpoint.is_empty() {
            let home = &connection.region;
            let endpoint = if connection.provider.is_aws() && region != home {
                connection.endpoint.replace(home.as_str(), region)
            } else {
                connection.endpoint.clone()
            };
            config = config.endpoint_url(endpoint);
        }
        config = match &self.inner.credentials {
            Some(provider) => config.credentials_provider(provider.clone()),
            None => config.allow_no_auth(),
        };
        Client::from_conf(config.build())
    }

    /// Runs one call, and once more where the server says that the bucket lives in another region.
    pub(crate) async fn run<T, E, F, Fut>(
        &self,
        op: &'static str,
        bucket: Option<&str>,
        key: Option<&str>,
        retries: Retries,
        call: F,
    ) -> Result<T, Error>
    where
        F: Fn(Client) -> Fut,
        Fut: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let region = self.region_of(bucket);
        let first = match call(self.client(&region, bucket, retries)).await {
            Ok(answer) => return Ok(answer),
            Err(error) => Error::from_sdk(op, error).at(bucket, key),
        };
        let elsewhere = first.context.region.clone().filter(|r| *r != region);
        let (Class::WrongRegion, Some(elsewhere)) = (first.class, elsewhere) else {
            return Err(first);
        };
        let answer = call(self.client(&elsewhere, bucket, retries))
            .await
            .map_err(|error| Error::from_sdk(op, error).at(bucket, key))?;
        if let Some(bucket) = bucket {
            let mut known = self.inner.regions.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(bucket.to_owned(), elsewhere);
        }
        Ok(answer)
    }
}
