//! CloudFront, as far as it stands before buckets: distributions and invalidations (CloudFront API
//! Reference, 2020-05-31). It goes the way and with the keys of the S3 connection.

use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::config::retry::RetryConfig;
use aws_sdk_cloudfront::config::{BehaviorVersion, IdentityCache, Region};
use aws_sdk_cloudfront::error::BuildError;
use aws_sdk_cloudfront::types::{
    Aliases, DefaultCacheBehavior, DistributionConfig, InvalidationBatch, LoggingConfig, Origin,
    Origins, Paths, S3OriginConfig, ViewerProtocolPolicy,
};
use aws_sdk_s3::config::SharedCredentialsProvider;
use dipper_types::Timestamp;

use crate::client::S3;
use crate::credentials::WalletProvider;
use crate::error::{Class, Error};
use crate::types::bare_etag;

/// The cache policy "CachingOptimized", which AWS keeps for everybody.
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
/// CloudFront is one for the whole world, and signed for as if it were here.
const REGION: &str = "us-east-1";
const BUCKET_HOST: &str = ".s3.amazonaws.com";

/// Paths in one request, as s3cmd has it (CloudFront takes 3,000 under way).
pub const PATHS_AT_ONCE: usize = 999;

/// CloudFront at work. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cdn {
    client: Client,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    pub id: String,
    /// `dxxx.cloudfront.net`
    pub domain: String,
    /// Host names of what it stands before.
    pub origins: Vec<String>,
    pub aliases: Vec<String>,
    pub comment: String,
    pub root: Option<String>,
    /// Where its log goes: bucket and prefix.
    pub logging: Option<(String, String)>,
    /// `Deployed`, `InProgress`
    pub status: String,
    pub enabled: bool,
    pub modified: Option<Timestamp>,
    /// Of its configuration; a list does not tell it.
    pub etag: Option<String>,
}

impl Distribution {
    /// Whether it stands before this bucket, as an S3 origin or as a website.
    pub fn serves(&self, bucket: &str) -> bool {
        self.origins.iter().any(|host| {
            let rest = host.strip_prefix(bucket);
            rest.is_some_and(|rest| rest.starts_with(".s3.") || rest.starts_with(".s3-"))
        })
    }

    /// The bucket that it stands before.
    pub fn bucket(&self) -> Option<&str> {
        self.origins.iter().find_map(|host| {
            let at = host.find(".s3.").or_else(|| host.find(".s3-"))?;
            host.ends_with(".amazonaws.com").then(|| &host[..at])
        })
    }
}

/// What of a distribution is to be set. `None`: left as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DistributionEdit {
    pub add_aliases: Vec<String>,
    pub remove_aliases: Vec<String>,
    pub comment: Option<String>,
    pub root: Option<String>,
    /// Bucket and prefix of the log; `Some(None)`: no log.
    pub logging: Option<Option<(String, String)>>,
    pub enabled: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    pub id: String,
    /// `InProgress`, `Completed`
    pub status: String,
    pub created: Option<Timestamp>,
    pub paths: Vec<String>,
}

fn time(at: &aws_sdk_cloudfront::primitives::DateTime) -> Timestamp {
    Timestamp::from_secs(at.secs())
}

fn built<T>(op: &'static str, built: Result<T, BuildError>) -> Result<T, Error> {
    built.map_err(|error| Error::answer(op, Class::InvalidInput, &error.to_string()))
}

impl S3 {
    /// CloudFront by this connection's keys and way.
    pub fn cdn(&self) -> Cdn {
        let mut config = aws_sdk_cloudfront::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(self.http())
            .region(Region::new(REGION))
            .retry_config(RetryConfig::standard());
        if let Some(endpoint) = &self.connection().options.cloudfront {
            config = config.endpoint_url(endpoint);
        }
        config = match self.wallet() {
            Some(wallet) => config.identity_cache(IdentityCache::no_cache()).credentials_provider(
                SharedCredentialsProvider::new(WalletProvider(std::sync::Arc::clone(wallet))),
            ),
            None => config.allow_no_auth(),
        };
        Cdn { client: Client::from_conf(config.build()) }
    }
}

impl Cdn {
    /// ListDistributions, all pages.
    pub async fn distributions(&self) -> Result<Vec<Distribution>, Error> {
        let op = "ListDistributions";
        let (mut all, mut marker) = (Vec::new(), None::<String>);
        loop {
            let call = self.client.list_distributions().set_marker(marker.clone());
            let answer = call.send().await.map_err(|e| Error::from_sdk(op, e))?;
            let Some(list) = answer.distribution_list() else { return Ok(all) };
            all.extend(list.items().iter().map(|one| Distribution {
                id: one.id().to_owned(),
                domain: one.domain_name().to_owned(),
                origins: hosts(one.origins()),
                aliases: names(one.aliases()),
                comment: one.comment().to_owned(),
                root: None,
                logging: None,
                status: one.status().to_owned(),
                enabled: one.enabled(),
                modified: Some(time(one.last_modified_time())),
                etag: None,
            }));
            let next = list.next_marker().map(str::to_owned);
            if !list.is_truncated() || next.is_none() {
                return Ok(all);
            }
            if next == marker {
                return Err(Error::answer(op, Class::NotS3, "the same marker came twice"));
            }
            marker = next;
        }
    }

    /// GetDistribution.
    pub async fn distribution(&self, id: &str) -> Result<Distribution, Error> {
        let op = "GetDistribution";
        let answer = self.client.get_distribution().id(id).send().await;
        let answer = answer.map_err(|e| Error::from_sdk(op, e))?;
        let etag = answer.e_tag().map(bare_etag);
        let one = answer.distribution().ok_or_else(|| nothing(op))?;
        Ok(of(one, etag))
    }

    /// CreateDistribution before a bucket. The same `reference` makes the same one only once.
    pub async fn create(
        &self,
        bucket: &str,
        reference: &str,
        edit: &DistributionEdit,
    ) -> Result<Distribution, Error> {
        let op = "CreateDistribution";
        let host = format!("{bucket}{BUCKET_HOST}");
        let origin = Origin::builder()
            .id(&host)
            .domain_name(&host)
            .s3_origin_config(S3OriginConfig::builder().origin_access_identity("").build());
        let origins = Origins::builder().quantity(1).items(built(op, origin.build())?);
        let behavior = DefaultCacheBehavior::builder()
            .target_origin_id(&host)
            .viewer_protocol_policy(ViewerProtocolPolicy::AllowAll)
            .cache_policy_id(CACHING_OPTIMIZED);
        let config = DistributionConfig::builder()
            .caller_reference(reference)
            .origins(built(op, origins.build())?)
            .default_cache_behavior(built(op, behavior.build())?)
            .comment("")
            .enabled(true);
        let mut config = built(op, config.build())?;
        apply(op, &mut config, edit)?;
        let answer = self.client.create_distribution().distribution_config(config).send().await;
        let answer = answer.map_err(|e| Error::from_sdk(op, e))?;
        let etag = answer.e_tag().map(bare_etag);
        Ok(of(answer.distribution().ok_or_else(|| nothing(op))?, etag))
    }

    /// UpdateDistribution, of the configuration as it is now.
    pub async fn modify(&self, id: &str, edit: &DistributionEdit) -> Result<Distribution, Error> {
        let op = "UpdateDistribution";
        let answer = self.client.get_distribution_config().id(id).send().await;
        let answer = answer.map_err(|e| Error::from_sdk("GetDistributionConfig", e))?;
        let etag = answer.e_tag().map(str::to_owned);
        let mut config = answer
            .distribution_config()
            .cloned()
            .ok_or_else(|| nothing("GetDistributionConfig"))?;
        apply(op, &mut config, edit)?;
        let call = self.client.update_distribution().id(id).set_if_match(etag);
        let answer = call.distribution_config(config).send().await;
        let answer = answer.map_err(|e| Error::from_sdk(op, e))?;
        let etag = answer.e_tag().map(bare_etag);
        Ok(of(answer.distribution().ok_or_else(|| nothing(op))?, etag))
    }

    /// DeleteDistribution. It must be off, and that deployed.
    pub async fn delete(&self, id: &str, etag: Option<&str>) -> Result<(), Error> {
        let call = self.client.delete_distribution().id(id).set_if_match(etag.map(str::to_owned));
        call.send().await.map(drop).map_err(|e| Error::from_sdk("DeleteDistribution", e))
    }

    /// CreateInvalidation of at most [`PATHS_AT_ONCE`] paths, which begin with `/` and are encoded.
    pub async fn invalidate(
        &self,
        id: &str,
        reference: &str,
        paths: Vec<String>,
    ) -> Result<Invalidation, Error> {
        let op = "CreateInvalidation";
        let count = i32::try_from(paths.len()).unwrap_or(i32::MAX);
        let paths = Paths::builder().quantity(count).set_items(Some(paths));
        let batch = InvalidationBatch::builder()
            .paths(built(op, paths.build())?)
            .caller_reference(reference);
        let call = self.client.create_invalidation().distribution_id(id);
        let answer = call.invalidation_batch(built(op, batch.build())?).send().await;
        let answer = answer.map_err(|e| Error::from_sdk(op, e))?;
        Ok(invalidation(answer.invalidation().ok_or_else(|| nothing(op))?))
    }

    /// GetInvalidation.
    pub async fn invalidation(&self, id: &str, invalidation: &str) -> Result<Invalidation, Error> {
        let op = "GetInvalidation";
        let call = self.client.get_invalidation().distribution_id(id).id(invalidation);
        let answer = call.send().await.map_err(|e| Error::from_sdk(op, e))?;
        Ok(self::invalidation(answer.invalidation().ok_or_else(|| nothing(op))?))
    }

    /// ListInvalidations, all pages; without their paths.
    pub async fn invalidations(&self, id: &str) -> Result<Vec<Invalidation>, Error> {
        let op = "ListInvalidations";
        let (mut all, mut marker) = (Vec::new(), None::<String>);
        loop {
            let call = self.client.list_invalidations().distribution_id(id);
            let answer = call.set_marker(marker.clone()).send().await;
            let answer = answer.map_err(|e| Error::from_sdk(op, e))?;
            let Some(list) = answer.invalidation_list() else { return Ok(all) };
            all.extend(list.items().iter().map(|one| Invalidation {
                id: one.id().to_owned(),
                status: one.status().to_owned(),
                created: Some(time(one.create_time())),
                paths: Vec::new(),
            }));
            let next = list.next_marker().map(str::to_owned);
            if !list.is_truncated() || next.is_none() {
                return Ok(all);
            }
            if next == marker {
                return Err(Error::answer(op, Class::NotS3, "the same marker came twice"));
            }
            marker = next;
        }
    }
}

fn nothing(op: &'static str) -> Error {
    Error::answer(op, Class::NotS3, "an answer without what was asked for")
}

fn hosts(origins: Option<&Origins>) -> Vec<String> {
    let items = origins.map(Origins::items).unwrap_or_default();
    items.iter().map(|origin| origin.domain_name().to_owned()).collect()
}

fn names(aliases: Option<&Aliases>) -> Vec<String> {
    aliases.map(|aliases| aliases.items().to_vec()).unwrap_or_default()
}

fn of(one: &aws_sdk_cloudfront::types::Distribution, etag: Option<String>) -> Distribution {
    let config = one.distribution_config();
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let logging = config.and_then(DistributionConfig::logging).filter(|log| log.enabled());
    Distribution {
        id: one.id().to_owned(),
        domain: one.domain_name().to_owned(),
        origins: hosts(config.and_then(DistributionConfig::origins)),
        aliases: names(config.and_then(DistributionConfig::aliases)),
        comment: config.map(|config| config.comment().to_owned()).unwrap_or_default(),
        root: text(config.and_then(DistributionConfig::default_root_object)),
        logging: logging.map(|log| {
            let bucket = log.bucket();
            let bucket = bucket.strip_suffix(BUCKET_HOST).unwrap_or(bucket);
            (bucket.to_owned(), log.prefix().to_owned())
        }),
        status: one.status().to_owned(),
        enabled: config.is_some_and(DistributionConfig::enabled),
        modified: Some(time(one.last_modified_time())),
        etag,
    }
}

fn invalidation(one: &aws_sdk_cloudfront::types::Invalidation) -> Invalidation {
    let paths = one.invalidation_batch().and_then(InvalidationBatch::paths);
    Invalidation {
        id: one.id().to_owned(),
        status: one.status().to_owned(),
        created: Some(time(one.create_time())),
        paths: paths.map(|paths| paths.items().to_vec()).unwrap_or_default(),
    }
}

fn apply(
    op: &'static str,
    config: &mut DistributionConfig,
    edit: &DistributionEdit,
) -> Result<(), Error> {
    if !edit.add_aliases.is_empty() || !edit.remove_aliases.is_empty() {
        let mut all = names(config.aliases());
        all.retain(|name| !edit.remove_aliases.contains(name));
        for name in &edit.add_aliases {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        let count = i32::try_from(all.len()).unwrap_or(i32::MAX);
        let aliases = Aliases::builder().quantity(count).set_items(Some(all));
        config.aliases = Some(built(op, aliases.build())?);
    }
    if let Some(comment) = &edit.comment {
        comment.clone_into(&mut config.comment);
    }
    if let Some(root) = &edit.root {
        config.default_root_object = Some(root.clone());
    }
    if let Some(logging) = &edit.logging {
        let (bucket, prefix) = logging.clone().unwrap_or_default();
        let host = if bucket.is_empty() { bucket } else { format!("{bucket}{BUCKET_HOST}") };
        let builder = LoggingConfig::builder().enabled(logging.is_some()).include_cookies(false);
        config.logging = Some(builder.bucket(host).prefix(prefix).build());
    }
    if let Some(enabled) = edit.enabled {
        config.enabled = enabled;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_serves_a_bucket() {
        let of = |host: &str| Distribution {
            id: String::new(),
            domain: String::new(),
            origins: vec![host.to_owned()],
            aliases: Vec::new(),
            comment: String::new(),
            root: None,
            logging: None,
            status: String::new(),
            enabled: true,
            modified: None,
            etag: None,
        };
        for (host, bucket) in [
            ("photos.s3.amazonaws.com", Some("photos")),
            ("photos.s3.eu-west-1.amazonaws.com", Some("photos")),
            ("photos.s3-website-us-east-1.amazonaws.com", Some("photos")),
            ("www.my.org.s3.amazonaws.com", Some("www.my.org")),
            ("example.com", None),
        ] {
            assert_eq!(of(host).bucket(), bucket, "{host}");
            assert_eq!(of(host).serves("photos"), bucket == Some("photos"), "{host}");
        }
    }
}
