//! What is public and why: the bucket's documents, put before the one evaluator.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dipper_access::{
    Acl, Deciding, Decision, Grant, Grantee, Permission, Policy, PublicAccessBlock, Seen,
    Situation, Tri,
};
use dipper_s3::{AclDocument, Class, Error as S3Error, GranteeDocument, OwnershipSetting, S3};
use dipper_types::{BucketName, ObjectKey, Prefix};
use serde::Serialize;

use crate::{App, Code, Failure, PolicyProblem, Result, Severity};

/// What strangers can do, as far as can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Exposure {
    Private,
    Public,
    Partly,
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Who {
    Everyone,
    Authenticated,
    Owner,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    ReadObjects,
    ListNames,
    WriteObjects,
    ReadAcl,
    WriteAcl,
}

/// Why a control is off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum Off {
    OwnershipEnforced,
    PublicAccessBlocked { setting: &'static str },
    NotSupported { detail: String },
    AccessDenied { action: &'static str },
}

pub type AclOff = Off;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessLine {
    pub who: Who,
    pub what: What,
    pub prefix: Option<String>,
    pub allowed: bool,
    pub by: &'static str,
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketAccess {
    pub exposure: Exposure,
    pub read_all: bool,
    pub read_prefixes: Vec<String>,
    pub list_names: bool,
    pub write: bool,
    pub lines: Vec<AccessLine>,
    pub acl_off: Option<Off>,
    pub policy_off: Option<Off>,
    pub policy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicWhat {
    /// By a policy statement: all objects, or those below a folder.
    ReadObjects,
    /// By the bucket's ACL.
    ListNames,
}

#[derive(Debug, Clone)]
pub struct PublicChange {
    pub profile: String,
    pub bucket: String,
    pub what: PublicWhat,
    pub prefix: String,
    pub public: bool,
}

/// What a change would write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicPreview {
    pub url: String,
    pub policy_before: Option<String>,
    pub policy_after: Option<String>,
    pub affected: String,
}

#[derive(Debug, Clone)]
pub struct PolicyCheck {
    pub problems: Vec<PolicyProblem>,
    pub makes_public: bool,
}

/// The documents that decide over a bucket.
pub(crate) struct View {
    owner: String,
    acl: Seen2<Acl>,
    policy: Seen2<Policy>,
    policy_text: Option<String>,
    block: PublicAccessBlock,
    ownership: dipper_access::Ownership,
    acl_off: Option<Off>,
    policy_off: Option<Off>,
}

/// [`Seen`] that owns.
enum Seen2<T> {
    Unknown,
    Absent,
    Is(T),
}

impl<T> Seen2<T> {
    fn seen(&self) -> Seen<&T> {
        match self {
            Self::Unknown => Seen::Unknown,
            Self::Absent => Seen::Absent,
            Self::Is(value) => Seen::Is(value),
        }
    }
}

pub(crate) struct ObjectAccess {
    pub exposure: Exposure,
    pub lines: Vec<AccessLine>,
    pub acl_off: Option<Off>,
}

const FRESH: Duration = Duration::from_secs(30);

/// Views by profile and bucket, for as long as they are fresh.
#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<(String, String), Dated>>);

type Dated = (Instant, Arc<View>);

impl Cache {
    pub fn forget(&self, profile: &str, bucket: &str) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.remove(&(profile.to_owned(), bucket.to_owned()));
    }

    fn get(&self, profile: &str, bucket: &str) -> Option<Arc<View>> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache
            .get(&(profile.to_owned(), bucket.to_owned()))
            .filter(|(at, _)| at.elapsed() < FRESH)
            .map(|(_, view)| Arc::clone(view))
    }

    fn put(&self, profile: &str, bucket: &str, view: &Arc<View>) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.insert((profile.to_owned(), bucket.to_owned()), (Instant::now(), Arc::clone(view)));
    }
}

fn acl_of(document: &AclDocument) -> Acl {
    let grants = document
        .grants
        .iter()
        .filter_map(|grant| {
            let grantee = match &grant.grantee {
                GranteeDocument::Canonical { id, .. } => Grantee::Canonical { id: id.clone() },
                GranteeDocument::Group { uri } => Grantee::from_uri(uri)?,
                GranteeDocument::Email { address } => Grantee::Email { address: address.clone() },
            };
            Some(Grant { grantee, permission: Permission::parse(&grant.permission)? })
        })
        .collect();
    Acl { owner: document.owner_id.clone(), grants }
}

fn off_of(error: &S3Error, action: &'static str) -> Off {
    match error.class {
        Class::AccessDenied => Off::AccessDenied { action },
        Class::AclDisabled => Off::OwnershipEnforced,
        _ => Off::NotSupported { detail: error.to_string() },
    }
}

impl View {
    async fn read(s3: &S3, bucket: &BucketName) -> std::result::Result<Self, S3Error> {
        let (acl, policy, block, ownership) = tokio::join!(
            s3.bucket_acl(bucket),
            s3.bucket_policy(bucket),
            s3.public_access_block(bucket),
            s3.ownership(bucket),
        );
        // A missing bucket is a failure, not a bucket without documents.
        if let Err(error) = &policy
            && matches!(
                error.class,
                Class::BucketNotFound
                    | Class::Network
                    | Class::Timeout
                    | Class::Tls
                    | Class::Unauthenticated
                    | Class::ExpiredToken
            )
        {
            return policy.map(|_| unreachable!("just seen to be an error"));
        }
        let block = block.ok().flatten().map_or(PublicAccessBlock::NONE, |b| PublicAccessBlock {
            block_public_acls: b.block_public_acls,
            ignore_public_acls: b.ignore_public_acls,
            block_public_policy: b.block_public_policy,
            restrict_public_buckets: b.restrict_public_buckets,
        });
        // A server without the setting works as AWS did before it had one.
        let ownership = match ownership.ok().flatten() {
            Some(OwnershipSetting::BucketOwnerEnforced) => {
                dipper_access::Ownership::BucketOwnerEnforced
            }
            Some(OwnershipSetting::BucketOwnerPreferred) => {
                dipper_access::Ownership::BucketOwnerPreferred
            }
            Some(OwnershipSetting::ObjectWriter) | None => dipper_access::Ownership::ObjectWriter,
        };
        let blocked = |a: (bool, &'static str), b: (bool, &'static str)| {
            [a, b].into_iter().find(|x| x.0).map(|x| Off::PublicAccessBlocked { setting: x.1 })
        };
        let mut acl_off = if ownership.acls_enabled() {
            blocked(
                (block.block_public_acls, "BlockPublicAcls"),
                (block.ignore_public_acls, "IgnorePublicAcls"),
            )
        } else {
            Some(Off::OwnershipEnforced)
        };
        let mut policy_off = blocked(
            (block.block_public_policy, "BlockPublicPolicy"),
            (block.restrict_public_buckets, "RestrictPublicBuckets"),
        );
        let (owner, acl) = match acl {
            Ok(document) => (document.owner_id.clone(), Seen2::Is(acl_of(&document))),
            Err(error) => {
                acl_off = acl_off.or(Some(off_of(&error, "s3:GetBucketAcl")));
                let seen =
                    if error.class == Class::Unsupported { Seen2::Absent } else { Seen2::Unknown };
                (String::new(), seen)
            }
        };
        let (policy, policy_text) = match policy {
            Ok(None) => (Seen2::Absent, None),
            Ok(Some(text)) => match Policy::parse(&text) {
                Ok(policy) => (Seen2::Is(policy), Some(text)),
                Err(_) => (Seen2::Unknown, Some(text)),
            },
            Err(error) => {
                policy_off = policy_off.or(Some(off_of(&error, "s3:GetBucketPolicy")));
                let seen =
                    if error.class == Class::Unsupported { Seen2::Absent } else { Seen2::Unknown };
                (seen, None)
            }
        };
        Ok(Self { owner, acl, policy, policy_text, block, ownership, acl_off, policy_off })
    }

    fn situation<'a>(&'a self, object_acl: Seen<&'a Acl>) -> Situation<'a> {
        Situation {
            bucket_owner: &self.owner,
            bucket_acl: self.acl.seen(),
            object_acl,
            policy: self.policy.seen(),
            block: self.block,
            ownership: self.ownership,
        }
    }

    /// Whether an object's own ACL can make it public here.
    pub fn object_acls_matter(&self) -> bool {
        self.ownership.acls_enabled() && !self.block.ignore_public_acls
    }

    pub fn object_exposure(&self, bucket: &str, key: &str, acl: Seen<&Acl>) -> Exposure {
        let verdict = dipper_access::object_exposure(&self.situation(acl), bucket, key).read;
        match verdict.decision {
            Decision::Allowed => Exposure::Public,
            Decision::Denied => Exposure::Private,
            Decision::Unknown => Exposure::Unknown,
        }
    }

    /// A folder by policy alone: its objects' ACLs are not asked.
    pub fn folder_exposure(&self, bucket: &str, prefix: &str) -> Exposure {
        let exposed = dipper_access::exposure(&self.situation(Seen::Absent), bucket);
        if exposed.read_all == Tri::Yes
            || exposed.read_prefixes.iter().any(|p| prefix.starts_with(p.as_str()))
        {
            Exposure::Public
        } else if exposed.read_prefixes.iter().any(|p| p.starts_with(prefix)) {
            Exposure::Partly
        } else if self.object_acls_matter() || exposed.read_all == Tri::Unknown {
            Exposure::Unknown
        } else {
            Exposure::Private
        }
    }

    fn summary(&self, bucket: &str) -> BucketAccess {
        let exposed = dipper_access::exposure(&self.situation(Seen::Absent), bucket);
        let tris = [exposed.read_all, exposed.list_names, exposed.write];
        let exposure = if tris.contains(&Tri::Yes) {
            Exposure::Public
        } else if !exposed.read_prefixes.is_empty() {
            Exposure::Partly
        } else if tris.contains(&Tri::Unknown) {
            Exposure::Unknown
        } else {
            Exposure::Private
        };
        BucketAccess {
            exposure,
            read_all: exposed.read_all == Tri::Yes,
            read_prefixes: exposed.read_prefixes.clone(),
            list_names: exposed.list_names == Tri::Yes,
            write: exposed.write == Tri::Yes,
            lines: exposed.lines.iter().map(line_of).collect(),
            acl_off: self.acl_off.clone(),
            policy_off: self.policy_off.clone(),
            policy: self.policy_text.clone(),
        }
    }
}

fn line_of(line: &dipper_access::Line) -> AccessLine {
    use dipper_access::{What as W, Who as O};
    let what = match line.what {
        W::ReadObjects => What::ReadObjects,
        W::ListNames => What::ListNames,
        W::WriteObjects => What::WriteObjects,
        W::ReadAcl => What::ReadAcl,
        W::WriteAcl => What::WriteAcl,
    };
    AccessLine {
        who: match line.who {
            O::Everyone => Who::Everyone,
            O::Authenticated => Who::Authenticated,
            O::Owner { .. } => Who::Owner,
            O::Other { .. } => Who::Other,
        },
        what,
        prefix: matches!(what, What::ReadObjects | What::WriteObjects).then(|| line.prefix.clone()),
        // What hangs on a condition is shown as open, and says so.
        allowed: line.allowed != Tri::No,
        by: match line.by {
            Deciding::BucketPolicy { .. } => "policy",
            Deciding::BucketAcl { .. } | Deciding::ObjectAcl { .. } => "acl",
            Deciding::PublicAccessBlock { .. } => "publicAccessBlock",
            Deciding::OwnershipEnforced => "ownership",
            Deciding::Owner | Deciding::ObjectOwner => "owner",
            _ => "default",
        },
        detail: match line.allowed {
            Tri::Unknown => format!("{} (under conditions)", line.detail),
            _ => line.detail.clone(),
        },
    }
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn parse_policy(text: &str) -> Result<serde_json::Value> {
    serde_json::from_str(text)
        .map_err(|error| Failure::invalid(format!("the policy is not JSON: {error}")))
}

impl App {
    pub(crate) async fn view(
        &self,
        profile: &str,
        s3: &S3,
        bucket: &BucketName,
    ) -> Result<Arc<View>> {
        if let Some(view) = self.access_cache.get(profile, bucket.as_str()) {
            return Ok(view);
        }
        let view = Arc::new(View::read(s3, bucket).await?);
        self.access_cache.put(profile, bucket.as_str(), &view);
        Ok(view)
    }

    async fn fresh_access(&self, profile: &str, bucket: &BucketName) -> Result<BucketAccess> {
        self.access_cache.forget(profile, bucket.as_str());
        self.listings.forget_access(profile, bucket.as_str(), None);
        let s3 = self.s3(profile).await?;
        let access = self.view(profile, &s3, bucket).await?.summary(bucket.as_str());
        self.events.changed(crate::Changed::Buckets, Some(profile), Some(bucket.as_str()));
        Ok(access)
    }

    /// Who can do what with this bucket, and which line decides.
    pub async fn bucket_access(&self, profile: &str, bucket: &str) -> Result<BucketAccess> {
        let bucket = BucketName::new(bucket)?;
        let s3 = self.s3(profile).await?;
        Ok(self.view(profile, &s3, &bucket).await?.summary(bucket.as_str()))
    }

    pub(crate) async fn object_access(
        &self,
        profile: &str,
        s3: &S3,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> ObjectAccess {
        let unknown =
            ObjectAccess { exposure: Exposure::Unknown, lines: Vec::new(), acl_off: None };
        let Ok(view) = self.view(profile, s3, bucket).await else { return unknown };
        let mut acl_off = view.acl_off.clone();
        let acl = if view.object_acls_matter() {
            match s3.object_acl(bucket, key).await {
                Ok(document) => {
                    // The bucket's own ACL being unreadable takes nothing from this one.
                    if matches!(acl_off, Some(Off::AccessDenied { .. })) {
                        acl_off = None;
                    }
                    Seen2::Is(acl_of(&document))
                }
                Err(error) => {
                    acl_off = acl_off.or(Some(off_of(&error, "s3:GetObjectAcl")));
                    if error.class == Class::Unsupported { Seen2::Absent } else { Seen2::Unknown }
                }
            }
        } else {
            Seen2::Absent
        };
        let situation = view.situation(acl.seen());
        let exposed = dipper_access::object_exposure(&situation, bucket.as_str(), key.as_str());
        ObjectAccess {
            exposure: view.object_exposure(bucket.as_str(), key.as_str(), acl.seen()),
            lines: exposed.lines.iter().map(line_of).collect(),
            acl_off,
        }
    }

    /// The exposure of one visible row. Asks for its ACL only where that can matter.
    pub(crate) async fn row_exposure(
        &self,
        s3: &S3,
        view: &View,
        bucket: &BucketName,
        key: &ObjectKey,
    ) -> Exposure {
        let by_bucket = view.object_exposure(bucket.as_str(), key.as_str(), Seen::Absent);
        if by_bucket == Exposure::Public || !view.object_acls_matter() {
            return by_bucket;
        }
        match s3.object_acl(bucket, key).await {
            Ok(document) => {
                let acl = acl_of(&document);
                view.object_exposure(bucket.as_str(), key.as_str(), Seen::Is(&acl))
            }
            Err(error) if error.class == Class::Unsupported => by_bucket,
            Err(_) => Exposure::Unknown,
        }
    }

    pub async fn preview_public(&self, change: &PublicChange) -> Result<PublicPreview> {
        let bucket = BucketName::new(change.bucket.clone())?;
        let prefix = Prefix::new(change.prefix.clone())?;
        let s3 = self.s3(&change.profile).await?;
        let before = match change.what {
            PublicWhat::ReadObjects => s3.bucket_policy(&bucket).await?,
            PublicWhat::ListNames => None,
        };
        let after = match change.what {
            PublicWhat::ReadObjects => {
                changed_policy(before.as_deref(), &bucket, &prefix, change.public)?
            }
            PublicWhat::ListNames => None,
        };
        let url = s3.connection().object_url(bucket.as_str(), prefix.as_str());
        let affected = match change.what {
            PublicWhat::ReadObjects => format!("s3://{bucket}/{prefix}*"),
            PublicWhat::ListNames => format!("s3://{bucket}"),
        };
        let before = before.map(|text| parse_policy(&text).map_or(text, |value| pretty(&value)));
        Ok(PublicPreview { url, policy_before: before, policy_after: after, affected })
    }

    pub async fn set_public(&self, change: &PublicChange) -> Result<BucketAccess> {
        let bucket = BucketName::new(change.bucket.clone())?;
        let s3 = self.s3(&change.profile).await?;
        match change.what {
            PublicWhat::ListNames => s3.set_bucket_acl(&bucket, change.public).await?,
            PublicWhat::ReadObjects => {
                let prefix = Prefix::new(change.prefix.clone())?;
                let before = s3.bucket_policy(&bucket).await?;
                match changed_policy(before.as_deref(), &bucket, &prefix, change.public)? {
                    Some(policy) => s3.put_bucket_policy(&bucket, &policy).await?,
                    None => s3.delete_bucket_policy(&bucket).await?,
                }
            }
        }
        self.fresh_access(&change.profile, &bucket).await
    }

    /// Object Ownership to "Object writer", so that ACLs work.
    pub async fn enable_acls(&self, profile: &str, bucket: &str) -> Result<BucketAccess> {
        let bucket = BucketName::new(bucket)?;
        self.s3(profile).await?.set_ownership(&bucket, OwnershipSetting::ObjectWriter).await?;
        self.fresh_access(profile, &bucket).await
    }

    /// Takes the bucket's public access block away.
    pub async fn allow_public_access(&self, profile: &str, bucket: &str) -> Result<BucketAccess> {
        let bucket = BucketName::new(bucket)?;
        self.s3(profile).await?.delete_public_access_block(&bucket).await?;
        self.fresh_access(profile, &bucket).await
    }

    pub fn check_policy(&self, bucket: &str, text: &str) -> PolicyCheck {
        let problems = dipper_access::validate(bucket, text);
        let makes_public = Policy::parse(text).is_ok_and(|p| dipper_access::policy_is_public(&p));
        PolicyCheck { problems, makes_public }
    }

    pub async fn put_policy(
        &self,
        profile: &str,
        bucket: &str,
        text: &str,
    ) -> Result<BucketAccess> {
        let check = self.check_policy(bucket, text);
        if let Some(problem) = check.problems.iter().find(|p| p.severity == Severity::Error) {
            return Err(Failure::invalid(format!(
                "line {}, column {}: {}",
                problem.line, problem.column, problem.message
            )));
        }
        let bucket = BucketName::new(bucket)?;
        self.s3(profile).await?.put_bucket_policy(&bucket, text).await?;
        self.fresh_access(profile, &bucket).await
    }

    pub async fn delete_policy(&self, profile: &str, bucket: &str) -> Result<BucketAccess> {
        let bucket = BucketName::new(bucket)?;
        self.s3(profile).await?.delete_bucket_policy(&bucket).await?;
        self.fresh_access(profile, &bucket).await
    }
}

/// The policy after a toggle; `None`: there is none any more.
fn changed_policy(
    before: Option<&str>,
    bucket: &BucketName,
    prefix: &Prefix,
    public: bool,
) -> Result<Option<String>> {
    let before = before.map(parse_policy).transpose()?;
    if public {
        let after =
            dipper_access::with_public_read(before.as_ref(), bucket.as_str(), prefix.as_str());
        return Ok(Some(pretty(&after)));
    }
    let Some(before) = before else { return Ok(None) };
    let removal = dipper_access::without_public_read(&before, bucket.as_str(), prefix.as_str());
    if !removal.removed {
        return Err(Failure::new(
            Code::Conflict,
            "the policy makes this public in a way of its own",
        )
        .with_hint("Open the bucket policy and change the statement there."));
    }
    Ok(removal.policy.as_ref().map(pretty))
}
