//! One client an identity and endpoint, one HTTP pool for all, and each bucket in its own region.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, IdentityCache, Region, RequestChecksumCalculation,
    ResponseChecksumValidation, SharedCredentialsProvider, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use dipper_types::Timestamp;

use crate::checksum::ChecksumWish;
use crate::connection::Connection;
use crate::credentials::{Around, Credentials, SignInError, Wallet, WalletProvider as Provider};
use crate::encryption::Opened;
use crate::error::{Class, Error};
use crate::provider::Integrity;
use crate::sigv2::SignV2;
use crate::transport::{self, Naming, Patience, Transport};

/// A connection at work. Cheap to clone.
#[derive(Clone)]
pub struct S3 {
    inner: Arc<Inner>,
    /// What uploads are to carry, where it was asked for.
    pub(crate) checksum: Option<ChecksumWish>,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3")
            .field("endpoint", &self.inner.connection.endpoint)
            .finish_non_exhaustive()
    }
}

struct Inner {
    connection: Connection,
    http: SharedHttpClient,
    wallet: Option<Arc<Wallet>>,
    clients: Mutex<HashMap<Variant, Client>>,
    /// Where a bucket turned out to be, if not in the connection's region.
    regions: Mutex<HashMap<String, String>>,
    opened: Mutex<Opened>,
    /// Whether the server keeps a CRC-64/NVME, once it has been asked.
    keeps_crc: OnceLock<bool>,
    /// The server turned out to know only the older listing.
    lists_v1: AtomicBool,
}

/// Clients that differ: by region, addressing by path, access point, with the SDK's own retries.
type Variant = (String, bool, bool, bool);

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
        let given = connection.clone();
        // Off the workers: a profile may bring much that is parsed.
        let made = tokio::task::spawn_blocking(move || Self::made(given, patience)).await;
        made.unwrap_or_else(|_| Self::made(connection, patience))
    }

    fn made(connection: Connection, patience: Patience) -> Self {
        let http = transport::client(&connection.options.transport, patience);
        let wallet = match &connection.credentials {
            Credentials::Anonymous => None,
            what => Some(Wallet::new(what.clone(), around(&connection, &http, patience))),
        };
        Self {
            inner: Arc::new(Inner {
                http,
                connection,
                wallet,
                clients: Mutex::default(),
                regions: Mutex::default(),
                opened: Mutex::default(),
                lists_v1: AtomicBool::new(false),
                keeps_crc: OnceLock::new(),
            }),
            checksum: None,
        }
    }

    /// Whether what is sent carries a CRC-64/NVME, and not an MD5.
    pub fn by_crc(&self) -> bool {
        if let Some(wish) = self.checksum {
            return wish == ChecksumWish::Crc64nvme;
        }
        match self.connection().provider.integrity {
            Integrity::Crc64nvme => true,
            Integrity::ContentMd5 => false,
            Integrity::Asked => self.inner.keeps_crc.get().copied().unwrap_or(false),
        }
    }

    /// Whether the server is still to be asked for checksums.
    pub(crate) fn asks_for_crc(&self) -> bool {
        self.checksum.is_none()
            && self.connection().provider.integrity == Integrity::Asked
            && self.inner.keeps_crc.get().is_none()
    }

    /// Its answer. The first one counts.
    pub(crate) fn learn_crc(&self, keeps: bool) {
        let _ = self.inner.keeps_crc.set(keeps);
    }

    /// The region that the user's AWS environment names, if any.
    pub async fn environment_region() -> Option<String> {
        aws_config::default_provider::region::DefaultRegionChain::builder()
            .build()
            .region()
            .await
            .map(|region| region.to_string())
    }

    /// When the session that signs ends, as far as it is known.
    pub fn session_expires(&self) -> Option<Timestamp> {
        self.inner.wallet.as_ref()?.expires().map(Timestamp::from_system)
    }

    /// Gets credentials anew, asking the user where that is needed.
    pub async fn sign_in(&self) -> Result<Option<Timestamp>, Arc<SignInError>> {
        match &self.inner.wallet {
            Some(wallet) => Ok(wallet.sign_in().await?.map(Timestamp::from_system)),
            None => Ok(None),
        }
    }

    pub fn connection(&self) -> &Connection {
        &self.inner.connection
    }

    pub(crate) fn http(&self) -> SharedHttpClient {
        self.inner.http.clone()
    }

    pub(crate) fn opened(&self) -> &Mutex<Opened> {
        &self.inner.opened
    }

    pub(crate) fn lists_v1(&self) -> &AtomicBool {
        &self.inner.lists_v1
    }

    pub(crate) fn wallet(&self) -> Option<&Arc<Wallet>> {
        self.inner.wallet.as_ref()
    }

    pub(crate) fn region_of(&self, bucket: Option<&str>) -> String {
        let known = self.inner.regions.lock().unwrap_or_else(PoisonError::into_inner);
        bucket
            .and_then(|bucket| known.get(bucket).cloned())
            .unwrap_or_else(|| self.inner.connection.region.clone())
    }

    fn client(&self, region: &str, bucket: Option<&str>, retries: Retries) -> Client {
        let of_arn = bucket.is_some_and(|b| b.starts_with("arn:"));
        let by_path = !of_arn
            && !self.inner.connection.options.accelerate
            && bucket.is_none_or(|b| self.inner.connection.path_style(b));
        let key = (region.to_owned(), by_path, of_arn, retries == Retries::Sdk);
        let mut clients = self.inner.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(key).or_insert_with(|| self.build(region, by_path, of_arn, retries)).clone()
    }

    fn build(&self, region: &str, by_path: bool, of_arn: bool, retries: Retries) -> Client {
        let connection = &self.inner.connection;
        let mut config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .http_client(self.inner.http.clone())
            .interceptor(Naming)
            .region(Region::new(region.to_owned()))
            .force_path_style(by_path)
            // Each upload carries the checksum that its provider understands; each download is
            // compared by us. The SDK's automatic trailers break many servers.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            // Progress is watched by our own connector; the SDK's clocks know only totals.
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(match retries {
                Retries::Sdk => RetryConfig::standard(),
                Retries::Caller => RetryConfig::disabled(),
            });
        let options = &connection.options;
        config = config.use_fips(options.fips).use_dual_stack(options.dual_stack);
        config = config.accelerate(options.accelerate).use_arn_region(true);
        if connection.provider.plain_queries {
            config = config.interceptor(PlainQuery);
        }
        if options.requester_pays {
            config = config.interceptor(RequesterPays);
        }
        if let (true, Some(wallet)) = (options.signature_v2, &self.inner.wallet) {
            config = config.interceptor(SignV2::new(wallet, connection));
        }
        // AWS's variants and access points have hosts that only the SDK's own rules know.
        let by_rules = connection.is_at_aws() && (of_arn || options.aws_variant());
        if !connection.endpoint.is_empty() && !by_rules {
            let home = &connection.region;
            let endpoint = if connection.provider.is_aws() && region != home {
                connection.endpoint.replace(home.as_str(), region)
            } else {
                connection.endpoint.clone()
            };
            config = config.endpoint_url(endpoint);
        }
        config = match &self.inner.wallet {
            // The wallet is the one cache: each region's client having its own would ask twice.
            Some(wallet) => config
                .identity_cache(IdentityCache::no_cache())
                .credentials_provider(SharedCredentialsProvider::new(Provider(Arc::clone(wallet)))),
            None => config.allow_no_auth(),
        };
        Client::from_conf(config.build())
    }

    /// A HEAD's refusal has no words: another call tells whether the session is at fault.
    async fn session_is_over(&self) -> bool {
        if !self.inner.wallet.as_ref().is_some_and(|wallet| wallet.has_session()) {
            return false;
        }
        let client = self.client(&self.inner.connection.region, None, Retries::Caller);
        match client.list_buckets().send().await {
            Ok(_) => false,
            Err(error) => Error::from_sdk("ListBuckets", error).class == Class::ExpiredToken,
        }
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
        tracing::trace!(target: "dipper_s3::asked", op);
        let region = self.region_of(bucket);
        let used = self.inner.wallet.as_ref().and_then(|wallet| wallet.in_use());
        let mut first = match call(self.client(&region, bucket, retries)).await {
            Ok(answer) => return Ok(answer),
            Err(error) => Error::from_sdk(op, error).at(bucket, key),
        };
        if first.is_mute_refusal() && self.session_is_over().await {
            first = first.of_expired_session();
        }
        let renewed = first.class == Class::ExpiredToken
            && !first.context.sign_in
            && self.inner.wallet.as_ref().is_some_and(|wallet| wallet.expired(used));
        if renewed {
            first = match call(self.client(&region, bucket, retries)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => Error::from_sdk(op, error).at(bucket, key),
            };
        }
        // A region is a word in a host's name at AWS: what a server says must not be more than that.
        let elsewhere = first.context.region.clone().filter(|r| *r != region && is_region_name(r));
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

/// Some servers (Google) don't sign what the SDK adds to a query for its own statistics.
#[derive(Debug)]
struct PlainQuery;

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for PlainQuery {
    fn name(&self) -> &'static str {
        "PlainQuery"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let Some((base, query)) = request.uri().split_once('?') else { return Ok(()) };
        let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("x-id=")).collect();
        let uri = match kept.is_empty() {
            true => base.to_owned(),
            false => format!("{base}?{}", kept.join("&")),
        };
        request.set_uri(uri)?;
        Ok(())
    }
}

/// The ways of signing in: to the S3 endpoint's own host as the profile says, to anybody else
/// without its pin and client certificate, to this machine's neighbours without a proxy.
fn around(connection: &Connection, http: &SharedHttpClient, patience: Patience) -> Around {
    let transport = &connection.options.transport;
    let own = !connection.is_at_aws() && !connection.endpoint.is_empty();
    Around {
        sign_in: connection.options.sign_in.clone(),
        region: connection.region.clone(),
        own_sts: own.then(|| connection.endpoint.clone()),
        same_host: http.clone(),
        others: transport::client(&transport.for_others(), patience),
        direct: transport::client(&Transport::default(), patience),
    }
}

/// In every request: this account pays for it.
#[derive(Debug)]
struct RequesterPays;

impl Intercept for RequesterPays {
    fn name(&self) -> &'static str {
        "RequesterPays"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().headers_mut().insert("x-amz-request-payer", "requester");
        Ok(())
    }
}

fn is_region_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 64
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
