//! A bucket's settings: policy, public access block, object ownership.

use dipper_access::{Ownership, Policy, PublicAccessBlock, Severity, policy_is_public, validate};
use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::put::WithStatus as _;
use crate::model::BucketInfo;

fn no_policy() -> S3Error {
    s3_error!(NoSuchBucketPolicy, "The bucket policy does not exist")
}

impl Server {
    pub(super) fn policy(
        &self,
        req: S3Request<GetBucketPolicyInput>,
    ) -> S3Result<S3Response<GetBucketPolicyOutput>> {
        let state = self.bucket(&req.input.bucket)?.state();
        let policy = Some(state.info.policy.clone().ok_or_else(no_policy)?);
        Ok(S3Response::new(GetBucketPolicyOutput { policy }))
    }

    pub(super) fn policy_status(
        &self,
        req: S3Request<GetBucketPolicyStatusInput>,
    ) -> S3Result<S3Response<GetBucketPolicyStatusOutput>> {
        let state = self.bucket(&req.input.bucket)?.state();
        let is_public = Some(policy_is_public(state.policy.as_ref().ok_or_else(no_policy)?));
        let policy_status = Some(PolicyStatus { is_public });
        Ok(S3Response::new(GetBucketPolicyStatusOutput { policy_status }))
    }

    pub(super) async fn set_policy(
        &self,
        req: S3Request<PutBucketPolicyInput>,
    ) -> S3Result<S3Response<PutBucketPolicyOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let text = input.policy;
        let wrong = validate(&input.bucket, &text);
        if let Some(first) = wrong.into_iter().find(|p| p.severity == Severity::Error) {
            return Err(s3_error!(MalformedPolicy, "Line {}: {}", first.line, first.message));
        }
        let policy =
            Policy::parse(&text).map_err(|e| s3_error!(e, MalformedPolicy, "Not a policy"))?;
        let change = move |info: &mut BucketInfo| {
            if info.block().block_public_policy && policy_is_public(&policy) {
                return Err(s3_error!(AccessDenied, "Access Denied: public policies are blocked"));
            }
            info.policy = Some(text);
            Ok(())
        };
        self.store.change_bucket(&bucket, change).await?;
        let output = PutBucketPolicyOutput {};
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    pub(super) async fn drop_policy(
        &self,
        req: S3Request<DeleteBucketPolicyInput>,
    ) -> S3Result<S3Response<DeleteBucketPolicyOutput>> {
        self.change(&req.input.bucket, |info| info.policy = None).await?;
        let output = DeleteBucketPolicyOutput {};
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    async fn change(
        &self,
        bucket: &str,
        change: impl FnOnce(&mut BucketInfo) + Send + 'static,
    ) -> S3Result<()> {
        let bucket = self.bucket(bucket)?;
        let change = move |info: &mut BucketInfo| {
            change(info);
            Ok::<_, S3Error>(())
        };
        self.store.change_bucket(&bucket, change).await
    }

    pub(super) fn block(
        &self,
        req: S3Request<GetPublicAccessBlockInput>,
    ) -> S3Result<S3Response<GetPublicAccessBlockOutput>> {
        let state = self.bucket(&req.input.bucket)?.state();
        let block = state.info.block.ok_or_else(|| {
            S3Error::with_message(
                S3ErrorCode::Custom("NoSuchPublicAccessBlockConfiguration".into()),
                "The public access block configuration was not found",
            )
            .with_status(http::StatusCode::NOT_FOUND)
        })?;
        let configuration = PublicAccessBlockConfiguration {
            block_public_acls: Some(block.block_public_acls),
            block_public_policy: Some(block.block_public_policy),
            ignore_public_acls: Some(block.ignore_public_acls),
            restrict_public_buckets: Some(block.restrict_public_buckets),
        };
        Ok(S3Response::new(GetPublicAccessBlockOutput {
            public_access_block_configuration: Some(configuration),
        }))
    }

    pub(super) async fn set_block(
        &self,
        req: S3Request<PutPublicAccessBlockInput>,
    ) -> S3Result<S3Response<PutPublicAccessBlockOutput>> {
        let asked = req.input.public_access_block_configuration;
        let block = PublicAccessBlock {
            block_public_acls: asked.block_public_acls.unwrap_or(false),
            ignore_public_acls: asked.ignore_public_acls.unwrap_or(false),
            block_public_policy: asked.block_public_policy.unwrap_or(false),
            restrict_public_buckets: asked.restrict_public_buckets.unwrap_or(false),
        };
        self.change(&req.input.bucket, move |info| info.block = Some(block)).await?;
        Ok(S3Response::new(PutPublicAccessBlockOutput {}))
    }

    pub(super) async fn drop_block(
        &self,
        req: S3Request<DeletePublicAccessBlockInput>,
    ) -> S3Result<S3Response<DeletePublicAccessBlockOutput>> {
        self.change(&req.input.bucket, |info| info.block = None).await?;
        let output = DeletePublicAccessBlockOutput {};
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    pub(super) fn ownership(
        &self,
        req: S3Request<GetBucketOwnershipControlsInput>,
    ) -> S3Result<S3Response<GetBucketOwnershipControlsOutput>> {
        let state = self.bucket(&req.input.bucket)?.state();
        let ownership = state.info.ownership.ok_or_else(|| {
            s3_error!(
                OwnershipControlsNotFoundError,
                "The bucket ownership controls were not found"
            )
        })?;
        let object_ownership = ObjectOwnership::from_static(ownership.name());
        Ok(S3Response::new(GetBucketOwnershipControlsOutput {
            ownership_controls: Some(OwnershipControls {
                rules: vec![OwnershipControlsRule { object_ownership }],
            }),
        }))
    }

    pub(super) async fn set_ownership(
        &self,
        req: S3Request<PutBucketOwnershipControlsInput>,
    ) -> S3Result<S3Response<PutBucketOwnershipControlsOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let malformed = || {
            s3_error!(
                MalformedXML,
                "The XML you provided was not well-formed or did not validate against our \
                 published schema"
            )
        };
        let [rule] = &req.input.ownership_controls.rules[..] else {
            return Err(malformed());
        };
        let ownership = Ownership::parse(rule.object_ownership.as_str()).ok_or_else(malformed)?;
        let change = move |info: &mut BucketInfo| {
            let others = info.acl.grants.iter().any(|g| {
                !matches!(&g.grantee, dipper_access::Grantee::Canonical { id } if *id == info.owner)
            });
            if !ownership.acls_enabled() && others {
                return Err(s3_error!(
                    InvalidBucketAclWithObjectOwnership,
                    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced \
                     setting"
                ));
            }
            info.ownership = Some(ownership);
            Ok(())
        };
        self.store.change_bucket(&bucket, change).await?;
        Ok(S3Response::new(PutBucketOwnershipControlsOutput {}))
    }

    pub(super) async fn drop_ownership(
        &self,
        req: S3Request<DeleteBucketOwnershipControlsInput>,
    ) -> S3Result<S3Response<DeleteBucketOwnershipControlsOutput>> {
        self.change(&req.input.bucket, |info| info.ownership = None).await?;
        let output = DeleteBucketOwnershipControlsOutput {};
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }
}
