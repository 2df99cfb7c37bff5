//! The operations by their S3 names. What is not here answers NotImplemented.

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::Server;

macro_rules! operations {
    (
        waiting { $($name:ident($input:ident) -> $output:ident = $method:ident;)* }
        at_once { $($ask:ident($ask_in:ident) -> $ask_out:ident = $answer:ident;)* }
        unset { $($get:ident($get_in:ident) -> $get_out:ident = $code:ident, $message:literal;)* }
    ) => {
        #[async_trait::async_trait]
        impl S3 for Server {
            $(
                async fn $name(&self, req: S3Request<$input>) -> S3Result<S3Response<$output>> {
                    self.$method(req).await
                }
            )*
            $(
                async fn $ask(&self, req: S3Request<$ask_in>) -> S3Result<S3Response<$ask_out>> {
                    self.$answer(req)
                }
            )*
            // Settings that come later: other tools ask, and get the answer of a bucket without.
            $(
                async fn $get(&self, req: S3Request<$get_in>) -> S3Result<S3Response<$get_out>> {
                    Err(self.not_set(&req.input.bucket, s3_error!($code, $message)))
                }
            )*
        }
    };
}

operations! {
    waiting {
    create_bucket(CreateBucketInput) -> CreateBucketOutput = make_bucket;
    delete_bucket(DeleteBucketInput) -> DeleteBucketOutput = drop_bucket;
    put_bucket_versioning(PutBucketVersioningInput) -> PutBucketVersioningOutput = set_versioning;
    put_object(PutObjectInput) -> PutObjectOutput = write_object;
    get_object(GetObjectInput) -> GetObjectOutput = read_object;
    delete_object(DeleteObjectInput) -> DeleteObjectOutput = drop_object;
    delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput = drop_objects;
    copy_object(CopyObjectInput) -> CopyObjectOutput = copied_object;
    create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput = begin_upload;
    upload_part(UploadPartInput) -> UploadPartOutput = take_part;
    upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput = copy_part;
    complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput = complete_upload;
    abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput = abort_upload;
    put_bucket_acl(PutBucketAclInput) -> PutBucketAclOutput = set_bucket_acl;
    put_object_acl(PutObjectAclInput) -> PutObjectAclOutput = set_object_acl;
    put_bucket_policy(PutBucketPolicyInput) -> PutBucketPolicyOutput = set_policy;
    delete_bucket_policy(DeleteBucketPolicyInput) -> DeleteBucketPolicyOutput = drop_policy;
    put_public_access_block(PutPublicAccessBlockInput) -> PutPublicAccessBlockOutput = set_block;
    delete_public_access_block(DeletePublicAccessBlockInput) -> DeletePublicAccessBlockOutput = drop_block;
    put_bucket_ownership_controls(PutBucketOwnershipControlsInput) -> PutBucketOwnershipControlsOutput = set_ownership;
    delete_bucket_ownership_controls(DeleteBucketOwnershipControlsInput) -> DeleteBucketOwnershipControlsOutput = drop_ownership;
    put_object_tagging(PutObjectTaggingInput) -> PutObjectTaggingOutput = set_tags;
    delete_object_tagging(DeleteObjectTaggingInput) -> DeleteObjectTaggingOutput = drop_tags;
    }
    at_once {
    list_buckets(ListBucketsInput) -> ListBucketsOutput = own_buckets;
    head_bucket(HeadBucketInput) -> HeadBucketOutput = bucket_head;
    get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = bucket_location;
    head_object(HeadObjectInput) -> HeadObjectOutput = object_head;
    list_objects(ListObjectsInput) -> ListObjectsOutput = list_v1;
    list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = list_v2;
    list_object_versions(ListObjectVersionsInput) -> ListObjectVersionsOutput = list_versions;
    list_parts(ListPartsInput) -> ListPartsOutput = parts;
    list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput = list_uploads;
    get_bucket_acl(GetBucketAclInput) -> GetBucketAclOutput = bucket_acl;
    get_object_acl(GetObjectAclInput) -> GetObjectAclOutput = object_acl;
    get_bucket_policy(GetBucketPolicyInput) -> GetBucketPolicyOutput = policy;
    get_bucket_policy_status(GetBucketPolicyStatusInput) -> GetBucketPolicyStatusOutput = policy_status;
    get_public_access_block(GetPublicAccessBlockInput) -> GetPublicAccessBlockOutput = block;
    get_bucket_ownership_controls(GetBucketOwnershipControlsInput) -> GetBucketOwnershipControlsOutput = ownership;
    get_object_tagging(GetObjectTaggingInput) -> GetObjectTaggingOutput = tags;
    get_bucket_versioning(GetBucketVersioningInput) -> GetBucketVersioningOutput = versioning;
    get_bucket_request_payment(GetBucketRequestPaymentInput) -> GetBucketRequestPaymentOutput = payer;
    }
    unset {
        get_bucket_cors(GetBucketCorsInput) -> GetBucketCorsOutput
            = NoSuchCORSConfiguration, "The CORS configuration does not exist";
        get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput) -> GetBucketLifecycleConfigurationOutput
            = NoSuchLifecycleConfiguration, "The lifecycle configuration does not exist";
        get_bucket_tagging(GetBucketTaggingInput) -> GetBucketTaggingOutput
            = NoSuchTagSet, "The TagSet does not exist";
        get_bucket_website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput
            = NoSuchWebsiteConfiguration, "The specified bucket does not have a website configuration";
        get_bucket_encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput
            = ServerSideEncryptionConfigurationNotFoundError, "The server side encryption configuration was not found";
        get_object_lock_configuration(GetObjectLockConfigurationInput) -> GetObjectLockConfigurationOutput
            = ObjectLockConfigurationNotFoundError, "Object Lock configuration does not exist for this bucket";
    }
}
