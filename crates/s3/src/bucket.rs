use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use dipper_types::BucketName;

use crate::client::{Retries, S3};
use crate::document::{Document, Which};
use crate::error::{Class, Error};
use crate::policy::{OwnershipSetting, ownership_name};
use crate::raw::Request;
use crate::types::{BucketEntry, timestamp};

/// What a bucket is made with.
#[derive(Debug, Clone, Default)]
pub struct NewBucket {
    pub region: Option<String>,
    /// Versions may be locked against deletion; switches versioning on, for ever.
    pub object_lock: bool,
    pub ownership: Option<OwnershipSetting>,
    /// A canned ACL.
    pub acl: Option<String>,
}

impl S3 {
    /// ListBuckets, all pages.
    pub async fn list_buckets(&self) -> Result<Vec<BucketEntry>, Error> {
        let mut buckets = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = self
                .run("ListBuckets", None, None, Retries::Sdk, |client| {
                    let call = client.list_buckets().set_continuation_token(token.clone());
                    async move { call.send().await }
                })
                .await?;
            buckets.extend(page.buckets().iter().filter_map(|bucket| {
                Some(BucketEntry {
                    name: bucket.name()?.to_owned(),
                    created_at: bucket.creation_date().and_then(timestamp),
                    region: bucket.bucket_region().map(str::to_owned),
                })
            }));
            match page.continuation_token().filter(|t| !t.is_empty()) {
                Some(next) if Some(next) == token.as_deref() => {
                    return Err(Error::answer(
                        "ListBuckets",
                        Class::NotS3,
                        "the same continuation token came twice",
                    ));
                }
                Some(next) => token = Some(next.to_owned()),
                None => return Ok(buckets),
            }
        }
    }

    /// CreateBucket. A region that is given is told to the server; where none is, AWS is told the
    /// connection's, and others nothing, since most refuse a location they do not know.
    pub async fn create_bucket(
        &self,
        name: &BucketName,
        region: Option<&str>,
    ) -> Result<(), Error> {
        let new = NewBucket { region: region.map(str::to_owned), ..NewBucket::default() };
        self.create_bucket_with(name, &new).await
    }

    /// CreateBucket with what can only, or best, be set at once.
    pub async fn create_bucket_with(
        &self,
        name: &BucketName,
        new: &NewBucket,
    ) -> Result<(), Error> {
        let connection = self.connection();
        let own = connection.provider.is_aws().then_some(connection.region.as_str());
        let region = new.region.as_deref().or(own);
        let constraint = region.filter(|region| *region != "us-east-1").map(|region| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(region))
                .build()
        });
        self.run("CreateBucket", Some(name.as_str()), None, Retries::Sdk, |client| {
            let call = client
                .create_bucket()
                .bucket(name.as_str())
                .set_object_lock_enabled_for_bucket(new.object_lock.then_some(true))
                .set_object_ownership(new.ownership.map(ownership_name).map(Into::into))
                .set_acl(new.acl.as_deref().map(Into::into))
                .set_create_bucket_configuration(constraint.clone());
            async move { call.send().await }
        })
        .await
        .map(drop)
    }

    /// DeleteBucket: the server refuses one that is not empty.
    pub async fn delete_bucket(&self, name: &BucketName) -> Result<(), Error> {
        self.run("DeleteBucket", Some(name.as_str()), None, Retries::Sdk, |client| {
            let call = client.delete_bucket().bucket(name.as_str());
            async move { call.send().await }
        })
        .await
        .map(drop)
        .map_err(|e| e.missing_is(Class::BucketNotFound))
    }

    /// HeadBucket: whether it is there and we may list it. Gives the region the server names.
    pub async fn head_bucket(&self, name: &BucketName) -> Result<Option<String>, Error> {
        self.run("HeadBucket", Some(name.as_str()), None, Retries::Sdk, |client| {
            let call = client.head_bucket().bucket(name.as_str());
            async move { call.send().await }
        })
        .await
        .map(|head| head.bucket_region().map(str::to_owned))
        .map_err(|e| e.missing_is(Class::BucketNotFound))
    }

    /// GetBucketVersioning: enabled, suspended, or never set.
    pub async fn bucket_versioned(&self, name: &BucketName) -> Result<bool, Error> {
        let told = self.document(name, Document::Versioning, Which::default()).await?;
        let told = told.and_then(|json| serde_json::from_str::<serde_json::Value>(&json).ok());
        Ok(told.is_some_and(|value| value["status"] == "Enabled"))
    }

    /// GetBucketLocation, in today's names.
    pub async fn bucket_location(&self, name: &BucketName) -> Result<String, Error> {
        let request = Request::new("GetBucketLocation", "GET", name.as_str()).flag("location");
        let answer = self.document_tree(&request).await?;
        // SeaweedFS wraps it in the document that a bucket is made with.
        let region = match answer.name.as_str() {
            "LocationConstraint" => answer.text.trim(),
            "CreateBucketConfiguration" => answer.text_of("LocationConstraint").unwrap_or(""),
            other => return Err(request.answered_with(other)),
        };
        Ok(match region {
            "" => "us-east-1".to_owned(),
            "EU" => "eu-west-1".to_owned(),
            other => other.to_owned(),
        })
    }
}
