//! Bucket policy, public access block, ownership controls: the documents that decide over ACLs.

use aws_sdk_s3::operation::get_public_access_block::GetPublicAccessBlockError;
use aws_sdk_s3::types::{ObjectOwnership, OwnershipControls, OwnershipControlsRule};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use dipper_types::BucketName;

use crate::client::{Retries, S3};
use crate::document::{Document, Which};
use crate::error::{Class, Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PublicAccessBlockSetting {
    pub block_public_acls: bool,
    pub ignore_public_acls: bool,
    pub block_public_policy: bool,
    pub restrict_public_buckets: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnershipSetting {
    BucketOwnerEnforced,
    BucketOwnerPreferred,
    ObjectWriter,
}

pub(crate) fn ownership_name(ownership: OwnershipSetting) -> &'static str {
    match ownership {
        OwnershipSetting::BucketOwnerEnforced => "BucketOwnerEnforced",
        OwnershipSetting::BucketOwnerPreferred => "BucketOwnerPreferred",
        OwnershipSetting::ObjectWriter => "ObjectWriter",
    }
}

/// A document that was never set is `None`, not an error.
fn absent_is_none<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.class == Class::ConfigNotFound => Ok(None),
        Err(error) => Err(error.missing_is(Class::BucketNotFound)),
    }
}

/// Ceph 16 answers in a document of another name, which the SDK does not read.
fn older_block(error: &Error) -> Option<PublicAccessBlockSetting> {
    type Cause = SdkError<GetPublicAccessBlockError, HttpResponse>;
    if (error.class, error.context.http_status) != (Class::NotS3, Some(200)) {
        return None;
    }
    let cause = std::error::Error::source(error)?.downcast_ref::<Cause>()?;
    let text = std::str::from_utf8(cause.raw_response()?.body().bytes()?).ok()?;
    let said = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once("</")?;
        Some(value.trim().eq_ignore_ascii_case("true"))
    };
    Some(PublicAccessBlockSetting {
        block_public_acls: said("BlockPublicAcls")?,
        ignore_public_acls: said("IgnorePublicAcls")?,
        block_public_policy: said("BlockPublicPolicy")?,
        restrict_public_buckets: said("RestrictPublicBuckets")?,
    })
}

impl S3 {
    /// GetBucketPolicy: the JSON as the server keeps it.
    pub async fn bucket_policy(&self, bucket: &BucketName) -> Result<Option<String>, Error> {
        let answer = self
            .run("GetBucketPolicy", Some(bucket.as_str()), None, Retries::Sdk, |client| {
                let call = client.get_bucket_policy().bucket(bucket.as_str());
                async move { call.send().await }
            })
            .await;
        Ok(absent_is_none(answer)?
            .and_then(|a| a.policy().map(str::to_owned))
            .filter(|p| !p.is_empty()))
    }

    pub async fn put_bucket_policy(&self, bucket: &BucketName, json: &str) -> Result<(), Error> {
        self.run("PutBucketPolicy", Some(bucket.as_str()), None, Retries::Sdk, |client| {
            let call = client.put_bucket_policy().bucket(bucket.as_str()).policy(json);
            async move { call.send().await }
        })
        .await
        .map(drop)
        .map_err(|e| e.missing_is(Class::BucketNotFound))
    }

    pub async fn delete_bucket_policy(&self, bucket: &BucketName) -> Result<(), Error> {
        let answer = self
            .run("DeleteBucketPolicy", Some(bucket.as_str()), None, Retries::Sdk, |client| {
                let call = client.delete_bucket_policy().bucket(bucket.as_str());
                async move { call.send().await }
            })
            .await;
        absent_is_none(answer).map(drop)
    }

    pub async fn public_access_block(
        &self,
        bucket: &BucketName,
    ) -> Result<Option<PublicAccessBlockSetting>, Error> {
        let answer = self
            .run("GetPublicAccessBlock", Some(bucket.as_str()), None, Retries::Sdk, |client| {
                let call = client.get_public_access_block().bucket(bucket.as_str());
                async move { call.send().await }
            })
            .await;
        if let Err(error) = &answer
            && let Some(block) = older_block(error)
        {
            return Ok(Some(block));
        }
        Ok(absent_is_none(answer)?.map(|a| {
            a.public_access_block_configuration().map_or_else(Default::default, |c| {
                PublicAccessBlockSetting {
                    block_public_acls: c.block_public_acls().unwrap_or(false),
                    ignore_public_acls: c.ignore_public_acls().unwrap_or(false),
                    block_public_policy: c.block_public_policy().unwrap_or(false),
                    restrict_public_buckets: c.restrict_public_buckets().unwrap_or(false),
                }
            })
        }))
    }

    pub async fn delete_public_access_block(&self, bucket: &BucketName) -> Result<(), Error> {
        let answer = self
            .run("DeletePublicAccessBlock", Some(bucket.as_str()), None, Retries::Sdk, |client| {
                let call = client.delete_public_access_block().bucket(bucket.as_str());
                async move { call.send().await }
            })
            .await;
        absent_is_none(answer).map(drop)
    }

    pub async fn ownership(&self, bucket: &BucketName) -> Result<Option<OwnershipSetting>, Error> {
        let told = self.document(bucket, Document::Ownership, Which::default()).await?;
        let told = told.and_then(|json| serde_json::from_str::<serde_json::Value>(&json).ok());
        Ok(match told.as_ref().and_then(|v| v["rules"][0]["objectOwnership"].as_str()) {
            Some("BucketOwnerEnforced") => Some(OwnershipSetting::BucketOwnerEnforced),
            Some("BucketOwnerPreferred") => Some(OwnershipSetting::BucketOwnerPreferred),
            Some("ObjectWriter") => Some(OwnershipSetting::ObjectWriter),
            _ => None,
        })
    }

    pub async fn set_ownership(
        &self,
        bucket: &BucketName,
        to: OwnershipSetting,
    ) -> Result<(), Error> {
        let ownership = ObjectOwnership::from(ownership_name(to));
        let invalid =
            |_| Error::answer("PutBucketOwnershipControls", Class::Internal, "an incomplete rule");
        let rule = OwnershipControlsRule::builder()
            .object_ownership(ownership)
            .build()
            .map_err(invalid)?;
        let controls = OwnershipControls::builder().rules(rule).build().map_err(invalid)?;
        self.run(
            "PutBucketOwnershipControls",
            Some(bucket.as_str()),
            None,
            Retries::Sdk,
            |client| {
                let call = client
                    .put_bucket_ownership_controls()
                    .bucket(bucket.as_str())
                    .ownership_controls(controls.clone());
                async move { call.send().await }
            },
        )
        .await
        .map(drop)
        .map_err(|e| e.missing_is(Class::BucketNotFound))
    }
}
