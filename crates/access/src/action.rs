//! S3's actions, and which grant gives each of them.

use crate::acl::Permission;

/// Whose ACL a permission is looked up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    Bucket,
    Object,
}

/// The ACL permission that gives an action, if an ACL can (S3 user guide, "Mapping of ACL
/// permissions and access policy permissions").
pub(crate) fn acl_permission(action: &str) -> Option<(Carrier, Permission)> {
    Some(match action.strip_prefix("s3:")? {
        "ListBucket" | "ListBucketVersions" | "ListBucketMultipartUploads" => {
            (Carrier::Bucket, Permission::Read)
        }
        "PutObject" | "DeleteObject" | "AbortMultipartUpload" | "ListMultipartUploadParts" => {
            (Carrier::Bucket, Permission::Write)
        }
        "GetBucketAcl" => (Carrier::Bucket, Permission::ReadAcp),
        "PutBucketAcl" => (Carrier::Bucket, Permission::WriteAcp),
        "GetObject"
        | "GetObjectVersion"
        | "GetObjectTorrent"
        | "GetObjectAttributes"
        | "GetObjectVersionAttributes" => (Carrier::Object, Permission::Read),
        "GetObjectAcl" | "GetObjectVersionAcl" => (Carrier::Object, Permission::ReadAcp),
        "PutObjectAcl" | "PutObjectVersionAcl" => (Carrier::Object, Permission::WriteAcp),
        _ => return None,
    })
}

/// Actions on something *in* an object that exists: the object's owner has a say, and where that is
/// not the bucket's owner, the bucket's policy can't open it.
pub(crate) fn belongs_to_object_owner(action: &str) -> bool {
    matches!(
        action.strip_prefix("s3:"),
        Some(
            "GetObject"
                | "GetObjectVersion"
                | "GetObjectTorrent"
                | "GetObjectAttributes"
                | "GetObjectVersionAttributes"
                | "GetObjectAcl"
                | "GetObjectVersionAcl"
                | "PutObjectAcl"
                | "PutObjectVersionAcl"
                | "GetObjectTagging"
                | "GetObjectVersionTagging"
                | "PutObjectTagging"
                | "PutObjectVersionTagging"
                | "DeleteObjectTagging"
                | "DeleteObjectVersionTagging"
                | "RestoreObject"
        )
    )
}

/// The owner of a bucket can always get back from a policy that shuts everybody out.
pub(crate) fn is_policy_action(action: &str) -> bool {
    matches!(action, "s3:GetBucketPolicy" | "s3:PutBucketPolicy" | "s3:DeleteBucketPolicy")
}

/// Actions whose resource is an object's ARN.
pub(crate) const OBJECT_ACTIONS: &[&str] = &[
    "s3:AbortMultipartUpload",
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:DeleteObjectVersionTagging",
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectAttributes",
    "s3:GetObjectLegalHold",
    "s3:GetObjectRetention",
    "s3:GetObjectTagging",
    "s3:GetObjectTorrent",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionAttributes",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionTagging",
    "s3:GetObjectVersionTorrent",
    "s3:InitiateReplication",
    "s3:ListMultipartUploadParts",
    "s3:ObjectOwnerOverrideToBucketOwner",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionAcl",
    "s3:PutObjectVersionTagging",
    "s3:RenameObject",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
    "s3:ReplicateTags",
    "s3:RestoreObject",
    "s3:UpdateObjectEncryption",
];

/// Actions whose resource is the bucket's ARN.
pub(crate) const BUCKET_ACTIONS: &[&str] = &[
    "s3:CreateBucket",
    "s3:CreateBucketMetadataTableConfiguration",
    "s3:CreateSession",
    "s3:DeleteBucket",
    "s3:DeleteBucketMetadataTableConfiguration",
    "s3:DeleteBucketPolicy",
    "s3:DeleteBucketWebsite",
    "s3:GetAccelerateConfiguration",
    "s3:GetAnalyticsConfiguration",
    "s3:GetBucketAbac",
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLocation",
    "s3:GetBucketLogging",
    "s3:GetBucketMetadataTableConfiguration",
    "s3:GetBucketNotification",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPolicyStatus",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetBucketWebsite",
    "s3:GetEncryptionConfiguration",
    "s3:GetIntelligentTieringConfiguration",
    "s3:GetInventoryConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetMetricsConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:ListTagsForResource",
    "s3:PutAccelerateConfiguration",
    "s3:PutAnalyticsConfiguration",
    "s3:PutBucketAbac",
    "s3:PutBucketAcl",
    "s3:PutBucketCORS",
    "s3:PutBucketLogging",
    "s3:PutBucketNotification",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketRequestPayment",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutBucketWebsite",
    "s3:PutEncryptionConfiguration",
    "s3:PutIntelligentTieringConfiguration",
    "s3:PutInventoryConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutMetricsConfiguration",
    "s3:PutReplicationConfiguration",
    "s3:TagResource",
    "s3:UntagResource",
];
