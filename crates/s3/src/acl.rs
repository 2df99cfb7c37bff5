//! ACLs as documents: what GetBucketAcl and GetObjectAcl say, and the canned forms we write.

use aws_sdk_s3::types::{Grant, Grantee, Owner, Type};
use dipper_types::{BucketName, ObjectKey};

use crate::client::{Retries, S3};
use crate::document::Which;
use crate::error::{Class, Error};
use crate::raw::Request;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GranteeDocument {
    Canonical { id: String, name: Option<String> },
    Group { uri: String },
    Email { address: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantDocument {
    pub grantee: GranteeDocument,
    /// `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP`, `FULL_CONTROL`
    pub permission: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AclDocument {
    pub owner_id: String,
    pub owner_name: Option<String>,
    pub grants: Vec<GrantDocument>,
}

fn document(owner: Option<&Owner>, grants: &[Grant]) -> AclDocument {
    AclDocument {
        owner_id: owner.and_then(Owner::id).unwrap_or_default().to_owned(),
        owner_name: owner.and_then(Owner::display_name).map(str::to_owned),
        grants: grants
            .iter()
            .filter_map(|grant| {
                let permission = grant.permission()?.as_str().to_owned();
                Some(GrantDocument { grantee: grantee(grant.grantee()?)?, permission })
            })
            .collect(),
    }
}

fn grantee(grantee: &Grantee) -> Option<GranteeDocument> {
    Some(match grantee.r#type() {
        Type::Group => GranteeDocument::Group { uri: grantee.uri()?.to_owned() },
        Type::AmazonCustomerByEmail => {
            GranteeDocument::Email { address: grantee.email_address()?.to_owned() }
        }
        _ => GranteeDocument::Canonical {
            id: grantee.id()?.to_owned(),
            name: grantee.display_name().map(str::to_owned),
        },
    })
}

impl S3 {
    pub async fn bucket_acl(&self, bucket: &BucketName) -> Result<AclDocument, Error> {
        self.run("GetBucketAcl", Some(bucket.as_str()), None, Retries::Sdk, |client| {
            let call = client.get_bucket_acl().bucket(bucket.as_str());
            async move { call.send().await }
        })
        .await
        .map(|answer| document(answer.owner(), answer.grants()))
        .map_err(|e| e.missing_is(Class::BucketNotFound))
    }

    /// PutBucketAcl with `public-read` (everyone may list the names) or `private`.
    pub async fn set_bucket_acl(&self, bucket: &BucketName, public: bool) -> Result<(), Error> {
        self.set_canned_acl(bucket, Which::default(), canned(public)).await
    }

    /// PutBucketAcl or PutObjectAcl with a canned ACL (S3 User Guide, "Canned ACL").
    pub async fn set_canned_acl(
        &self,
        bucket: &BucketName,
        which: Which<'_>,
        canned: &str,
    ) -> Result<(), Error> {
        let op = if which.key.is_some() { "PutObjectAcl" } else { "PutBucketAcl" };
        let mut request = Request::new(op, "PUT", bucket.as_str())
            .flag("acl")
            .query("versionId", which.version_id)
            .header("x-amz-acl", Some(canned));
        request.key = which.key.map(ObjectKey::as_str);
        let missing = match which.key {
            Some(_) => Class::ObjectNotFound,
            None => Class::BucketNotFound,
        };
        self.raw(&request).await.map(drop).map_err(|e| e.missing_is(missing))
    }

    pub async fn object_acl(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Result<AclDocument, Error> {
        self.run(
            "GetObjectAcl",
            Some(bucket.as_str()),
            Some(key.as_str()),
            Retries::Sdk,
            |client| {
                let call = client.get_object_acl().bucket(bucket.as_str()).key(key.as_str());
                async move { call.send().await }
            },
        )
        .await
        .map(|answer| document(answer.owner(), answer.grants()))
    }

    /// PutObjectAcl with `public-read` or `private`.
    pub async fn set_object_acl(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        public: bool,
    ) -> Result<(), Error> {
        self.set_canned_acl(bucket, Which::from(key), canned(public)).await
    }
}

fn canned(public: bool) -> &'static str {
    if public { "public-read" } else { "private" }
}
