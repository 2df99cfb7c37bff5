use dipper_access::Ownership;
use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::acl::{On, let_pass, wish};
use super::answers::at;
use crate::model::{BucketInfo, Versioning};
use crate::store::StoreError;

impl Server {
    pub(super) async fn make_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let caller = self.caller(&req);
        let input = req.input;
        if dipper_types::BucketName::check_new(&input.bucket).is_err() {
            return Err(s3_error!(InvalidBucketName, "The specified bucket is not valid."));
        }
        let mut info = BucketInfo::new(&caller.id, self.now(), self.aws_defaults);
        info.region = input
            .create_bucket_configuration
            .as_ref()
            .and_then(|c| c.location_constraint.as_ref())
            .map(|region| region.as_str().to_owned())
            .filter(|region| !region.is_empty() && region != "us-east-1");
        if let Some(name) = &input.object_ownership {
            let ownership = Ownership::parse(name.as_str())
                .ok_or_else(|| s3_error!(InvalidArgument, "There is no such object ownership"))?;
            info.ownership = Some(ownership);
        }
        if input.object_lock_enabled_for_bucket == Some(true) {
            info.lock = true;
            info.versioning = Some(Versioning::Enabled);
        }
        let wish = wish!(input, input.grant_write.as_deref());
        if let Some(acl) = wish.acl(self, On::Bucket { owner: &caller.id })? {
            let_pass(&info, &acl).map_err(|error| match error.code() {
                s3s::S3ErrorCode::AccessControlListNotSupported => s3_error!(
                    InvalidBucketAclWithObjectOwnership,
                    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
                ),
                _ => error,
            })?;
            info.acl = acl;
        }
        match self.store.create_bucket(&input.bucket, info).await {
            Ok(_) => {}
            Err(StoreError::BucketExists { owner }) if owner == caller.id => {
                return Err(s3_error!(
                    BucketAlreadyOwnedByYou,
                    "Your previous request to create the named bucket succeeded and you already \
                     own it."
                ));
            }
            Err(error) => return Err(error.into()),
        }
        let location = Some(format!("/{}", input.bucket));
        Ok(S3Response::new(CreateBucketOutput { location }))
    }

    pub(super) async fn drop_bucket(
        &self,
        req: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        self.store.delete_bucket(&req.input.bucket).await?;
        Ok(S3Response::with_status(DeleteBucketOutput {}, http::StatusCode::NO_CONTENT))
    }

    pub(super) fn own_buckets(
        &self,
        req: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let caller = self.caller(&req);
        let input = req.input;
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = input.continuation_token.unwrap_or_default();
        let max = match input.max_buckets {
            Some(n @ 1..=10_000) => usize::try_from(n).unwrap_or(usize::MAX),
            None => usize::MAX,
            Some(_) => return Err(s3_error!(InvalidArgument, "max-buckets is 1 to 10000")),
        };
        let mut own = Vec::new();
        let mut continuation_token = None;
        for bucket in self.store.buckets() {
            let state = bucket.state();
            let wanted = state.info.owner == caller.id
                && bucket.name.starts_with(&prefix)
                && bucket.name > after
                && input.bucket_region.as_deref().is_none_or(|r| r == state.info.region());
            if !wanted {
                continue;
            }
            if own.len() == max {
                continuation_token = own.last().and_then(|b: &Bucket| b.name.clone());
                break;
            }
            own.push(Bucket {
                bucket_region: Some(state.info.region().to_owned()),
                creation_date: Some(at(state.info.created)),
                name: Some(bucket.name.clone()),
            });
        }
        Ok(S3Response::new(ListBucketsOutput {
            buckets: Some(own),
            continuation_token,
            owner: Some(self.owner(&caller.id)),
            prefix: input.prefix,
        }))
    }

    pub(super) fn bucket_head(
        &self,
        req: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        let state = self.bucket(&req.input.bucket)?.state();
        let bucket_region = Some(state.info.region().to_owned());
        Ok(S3Response::new(HeadBucketOutput { bucket_region, ..HeadBucketOutput::default() }))
    }

    pub(super) fn bucket_location(
        &self,
        req: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        let state = self.bucket(&req.input.bucket)?.state();
        let location_constraint = state.info.region.clone().map(BucketLocationConstraint::from);
        Ok(S3Response::new(GetBucketLocationOutput { location_constraint }))
    }
}
