//! Who asks, and whether they may: every request goes through [`dipper_access::evaluate`] before
//! its operation begins; keys that stand in a body (multi-delete, copy) inside it.

mod context;

pub(crate) use context::Peer;

use std::borrow::Cow;
use std::sync::Arc;

use dipper_access::{
    Context, Deciding, Effect, Principal, Request, Seen, Situation, Verdict, evaluate,
};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::Credentials;
use s3s::dto::{ObjectCannedACL, PostObjectInput};
use s3s::path::S3Path;
use s3s::{S3Request, S3Result, s3_error};

use crate::account::ANONYMOUS;
use crate::model::Object;
use crate::ops::Server;
use crate::serve::Form;
use crate::store::Bucket;

/// Who sent a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub principal: Principal,
    /// Canonical id; the anonymous one has one, too.
    pub id: String,
    /// What the conditions of a policy may ask for.
    pub context: Arc<Context>,
}

impl Server {
    /// Who sent this, as it was found before the operation began.
    pub(crate) fn caller<T>(&self, req: &S3Request<T>) -> Caller {
        let known = req.extensions.get::<Caller>().cloned();
        known.unwrap_or_else(|| self.caller_of(req.credentials.as_ref()))
    }

    fn caller_of(&self, credentials: Option<&Credentials>) -> Caller {
        match credentials.and_then(|c| self.accounts.by_access_key(&c.access_key)) {
            Some(account) => {
                let (principal, id) = (account.principal(), account.canonical_id.clone());
                Caller { principal, id, context: Arc::default() }
            }
            None => Caller {
                principal: Principal::Anonymous,
                id: ANONYMOUS.to_owned(),
                context: Arc::default(),
            },
        }
    }

    /// Whether the caller may do this to the bucket, or to the object under `key`.
    pub(crate) fn judge(
        &self,
        caller: &Caller,
        action: &str,
        bucket: &Bucket,
        key: Option<&str>,
        version: Option<&str>,
    ) -> S3Result<()> {
        let object = key.and_then(|key| bucket.find(key, version)).filter(|o| !o.marker);
        let verdict = verdict(caller, action, bucket, key, object.as_deref());
        let missing = key.is_some() && object.is_none() && reads_object(action);
        let allowed = if missing {
            // Who may not list is not told what isn't there.
            let listing = verdict_on(caller, "s3:ListBucket", bucket);
            let denied = matches!(verdict.by, Deciding::BucketPolicy { effect: Effect::Deny, .. });
            listing.lets_in() && !denied
        } else {
            verdict.lets_in()
        };
        if allowed {
            return Ok(());
        }
        tracing::debug!(action, bucket = bucket.name, key, by = ?verdict.by, "denied");
        Err(s3_error!(AccessDenied, "Access Denied"))
    }
}

impl Server {
    /// Whether the caller may do this as well to the object that a request makes. Who writes by the
    /// bucket's ACL owns what he writes, and decides about it.
    pub(crate) fn judge_more(
        &self,
        caller: &Caller,
        action: &str,
        bucket: &Bucket,
        key: Option<&str>,
    ) -> S3Result<()> {
        let own = || verdict(caller, "s3:PutObject", bucket, key, None);
        let makes = !action.starts_with("s3:GetObject");
        if !makes {
            return self.judge(caller, action, bucket, key, None);
        }
        let verdict = verdict(caller, action, bucket, key, None);
        let by_acl = || {
            matches!(verdict.by, Deciding::Default | Deciding::OwnershipEnforced)
                && matches!(own().by, Deciding::BucketAcl { .. })
        };
        if verdict.lets_in() || by_acl() {
            return Ok(());
        }
        Err(s3_error!(AccessDenied, "Access Denied"))
    }
}

fn verdict_on(caller: &Caller, action: &str, bucket: &Bucket) -> Verdict {
    verdict(caller, action, bucket, None, None)
}

fn verdict(
    caller: &Caller,
    action: &str,
    bucket: &Bucket,
    key: Option<&str>,
    object: Option<&Object>,
) -> Verdict {
    let state = bucket.state();
    let info = &state.info;
    let situation = Situation {
        bucket_owner: &info.owner,
        bucket_acl: Seen::Is(&info.acl),
        object_acl: object.map_or(Seen::Absent, |o| Seen::Is(&o.detail.acl)),
        policy: state.policy.as_ref().map_or(Seen::Absent, Seen::Is),
        block: info.block(),
        ownership: info.ownership(),
    };
    let tagged = object.filter(|o| !o.detail.tags.is_empty()).map(|o| {
        let tags = o.detail.tags.iter();
        tags.fold((*caller.context).clone(), |context, (name, value)| {
            context.with(&format!("s3:ExistingObjectTag/{name}"), value)
        })
    });
    let context = tagged.as_ref().unwrap_or(&caller.context);
    let principal = &caller.principal;
    let request = Request { principal, action, bucket: &bucket.name, key, context };
    evaluate(&situation, &request)
}

/// Actions that answer 404 where there is no object.
fn reads_object(action: &str) -> bool {
    action.starts_with("s3:GetObject")
        || action.starts_with("s3:PutObjectAcl")
        || action.starts_with("s3:PutObjectTagging")
        || action.starts_with("s3:DeleteObjectTagging")
}

/// The action an operation needs (service authorization reference for S3).
fn action(operation: &str, version: bool) -> Cow<'static, str> {
    Cow::Borrowed(match operation {
        "GetObject" | "HeadObject" if version => "s3:GetObjectVersion",
        "GetObject" | "HeadObject" => "s3:GetObject",
        "PutObject"
        | "CopyObject"
        | "CreateMultipartUpload"
        | "UploadPart"
        | "UploadPartCopy"
        | "CompleteMultipartUpload" => "s3:PutObject",
        "GetObjectAttributes" if version => "s3:GetObjectVersionAttributes",
        "DeleteObject" if version => "s3:DeleteObjectVersion",
        "GetObjectAcl" if version => "s3:GetObjectVersionAcl",
        "PutObjectAcl" if version => "s3:PutObjectVersionAcl",
        "GetObjectTagging" if version => "s3:GetObjectVersionTagging",
        "PutObjectTagging" if version => "s3:PutObjectVersionTagging",
        "DeleteObjectTagging" if version => "s3:DeleteObjectVersionTagging",
        "ListObjects" | "ListObjectsV2" | "HeadBucket" => "s3:ListBucket",
        "ListObjectVersions" => "s3:ListBucketVersions",
        "ListMultipartUploads" => "s3:ListBucketMultipartUploads",
        "ListParts" => "s3:ListMultipartUploadParts",
        "GetPublicAccessBlock" => "s3:GetBucketPublicAccessBlock",
        "PutPublicAccessBlock" | "DeletePublicAccessBlock" => "s3:PutBucketPublicAccessBlock",
        "DeleteBucketOwnershipControls" => "s3:PutBucketOwnershipControls",
        "GetBucketCors" => "s3:GetBucketCORS",
        "PutBucketCors" | "DeleteBucketCors" => "s3:PutBucketCORS",
        "GetBucketLifecycleConfiguration" => "s3:GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => {
            "s3:PutLifecycleConfiguration"
        }
        "GetBucketEncryption" => "s3:GetEncryptionConfiguration",
        "PutBucketEncryption" | "DeleteBucketEncryption" => "s3:PutEncryptionConfiguration",
        "GetBucketReplication" => "s3:GetReplicationConfiguration",
        "PutBucketReplication" | "DeleteBucketReplication" => "s3:PutReplicationConfiguration",
        "DeleteBucketTagging" => "s3:PutBucketTagging",
        "GetBucketNotificationConfiguration" => "s3:GetBucketNotification",
        "PutBucketNotificationConfiguration" => "s3:PutBucketNotification",
        "GetBucketAccelerateConfiguration" => "s3:GetAccelerateConfiguration",
        "PutBucketAccelerateConfiguration" => "s3:PutAccelerateConfiguration",
        "GetObjectLockConfiguration" => "s3:GetBucketObjectLockConfiguration",
        "PutObjectLockConfiguration" => "s3:PutBucketObjectLockConfiguration",
        "GetBucketInventoryConfiguration" | "ListBucketInventoryConfigurations" => {
            "s3:GetInventoryConfiguration"
        }
        "PutBucketInventoryConfiguration" | "DeleteBucketInventoryConfiguration" => {
            "s3:PutInventoryConfiguration"
        }
        "GetBucketIntelligentTieringConfiguration"
        | "ListBucketIntelligentTieringConfigurations" => "s3:GetIntelligentTieringConfiguration",
        "PutBucketIntelligentTieringConfiguration"
        | "DeleteBucketIntelligentTieringConfiguration" => "s3:PutIntelligentTieringConfiguration",
        "GetBucketAnalyticsConfiguration" | "ListBucketAnalyticsConfigurations" => {
            "s3:GetAnalyticsConfiguration"
        }
        "PutBucketAnalyticsConfiguration" | "DeleteBucketAnalyticsConfiguration" => {
            "s3:PutAnalyticsConfiguration"
        }
        "GetBucketMetricsConfiguration" | "ListBucketMetricsConfigurations" => {
            "s3:GetMetricsConfiguration"
        }
        "PutBucketMetricsConfiguration" | "DeleteBucketMetricsConfiguration" => {
            "s3:PutMetricsConfiguration"
        }
        // Most operations are called as their action.
        _ => return Cow::Owned(format!("s3:{operation}")),
    })
}

/// The version that a request names.
fn version_id(uri: &http::Uri) -> Option<String> {
    let query = uri.query()?;
    let value = query.split('&').find_map(|pair| pair.strip_prefix("versionId="))?;
    Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
}

#[async_trait::async_trait]
impl S3Access for Server {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let mut caller = self.caller_of(cx.credentials());
        caller.context = Arc::new(context::of(cx, self.now()));
        cx.extensions_mut().insert(caller.clone());
        let operation = cx.s3_op().name();
        let (bucket, key) = match cx.s3_path() {
            S3Path::Root => (None, None),
            S3Path::Bucket { bucket } => (Some(&**bucket), None),
            S3Path::Object { bucket, key } => (Some(&**bucket), Some(&**key)),
        };
        match (operation, bucket) {
            ("ListBuckets" | "CreateBucket", _) | (_, None) => match caller.principal {
                Principal::Anonymous => Err(s3_error!(AccessDenied, "Access Denied")),
                Principal::Account { .. } => Ok(()),
            },
            // Judged key by key, in the operation.
            ("DeleteObjects" | "PostObject", Some(bucket)) => self.bucket(bucket).map(|_| ()),
            (_, Some(bucket)) => {
                let version = version_id(cx.uri());
                let action = action(operation, version.is_some());
                let bucket = self.bucket(bucket)?;
                self.judge(&caller, &action, &bucket, key, version.as_deref())?;
                for more in context::more_actions(operation, version.is_some(), cx.headers()) {
                    self.judge_more(&caller, more, &bucket, key)?;
                }
                Ok(())
            }
        }
    }

    /// A browser's form: its key stands in the body.
    async fn post_object(&self, req: &mut S3Request<PostObjectInput>) -> S3Result<()> {
        let caller = self.caller(req);
        if let Some(form) = req.extensions.get::<Form>().and_then(Form::get) {
            req.input.key = req.input.key.replace("${filename}", &form.file);
            req.input.acl = form.acl.map(ObjectCannedACL::from).or(req.input.acl.take());
        }
        let input = &req.input;
        let bucket = self.bucket(&input.bucket)?;
        let key = Some(input.key.as_str());
        self.judge(&caller, "s3:PutObject", &bucket, key, None)?;
        let grants = [
            input.grant_full_control.is_some(),
            input.grant_read.is_some(),
            input.grant_read_acp.is_some(),
            input.grant_write_acp.is_some(),
        ];
        if input.acl.is_some() || grants.contains(&true) {
            self.judge_more(&caller, "s3:PutObjectAcl", &bucket, key)?;
        }
        if input.tagging.is_some() {
            self.judge_more(&caller, "s3:PutObjectTagging", &bucket, key)?;
        }
        Ok(())
    }
}
