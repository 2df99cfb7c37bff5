use serde::{Deserialize, Serialize};

use crate::acl::{Acl, Grant, Grantee, Permission};
use crate::action::{self, Carrier};
use crate::context::Context;
use crate::policy::fit::{Fit, fit};
use crate::policy::public::policy_is_public;
use crate::policy::{Effect, Policy};
use crate::settings::{BlockSetting, Ownership, PublicAccessBlock};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    Anonymous,
    /// An account by its canonical id, and by its twelve digits where those are known.
    Account {
        id: String,
        number: Option<String>,
    },
}

impl Principal {
    pub fn account(id: impl Into<String>) -> Self {
        Self::Account { id: id.into(), number: None }
    }

    pub fn is(&self, id: &str) -> bool {
        matches!(self, Self::Account { id: own, .. } if own == id)
    }
}

/// What was found when a setting was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Seen<T> {
    /// It could not be read.
    #[default]
    Unknown,
    Absent,
    Is(T),
}

impl<T> Seen<T> {
    pub fn known(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Unknown | Self::Absent => None,
        }
    }
}

/// All that bears on one bucket or object.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Canonical id of the bucket's owner.
    pub bucket_owner: &'a str,
    pub bucket_acl: Seen<&'a Acl>,
    /// The object's ACL, which names its owner; `Absent` where there is no object.
    pub object_acl: Seen<&'a Acl>,
    pub policy: Seen<&'a Policy>,
    pub block: PublicAccessBlock,
    pub ownership: Ownership,
}

#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub principal: &'a Principal,
    /// `s3:GetObject` …
    pub action: &'a str,
    pub bucket: &'a str,
    pub key: Option<&'a str>,
    /// What the conditions of a policy may ask for.
    pub context: &'a Context,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Decision {
    Allowed,
    Denied,
    /// It hangs on something that is not known here, or that could not be read.
    Unknown,
}

/// The line that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum Deciding {
    /// The bucket's owner may, unless denied.
    Owner,
    /// The object's owner reads and writes its ACL.
    ObjectOwner,
    BucketPolicy {
        /// Index of the statement, from 0.
        statement: usize,
        sid: Option<String>,
        effect: Effect,
    },
    BucketAcl {
        grant: Grant,
    },
    ObjectAcl {
        grant: Grant,
    },
    PublicAccessBlock {
        setting: BlockSetting,
    },
    /// A grant would allow it, if ACLs were not off.
    OwnershipEnforced,
    /// Something that could not be read.
    Unread,
    /// Nothing allows it.
    Default,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub decision: Decision,
    pub by: Deciding,
}

impl Verdict {
    fn new(decision: Decision, by: Deciding) -> Self {
        Self { decision, by }
    }

    /// What a server does with it: only a plain yes lets in.
    pub fn lets_in(&self) -> bool {
        self.decision == Decision::Allowed
    }
}

/// Judges one request as S3 does: an explicit Deny wins; then the bucket's owner, an Allow, or a
/// grant lets in; else nobody.
pub fn evaluate(situation: &Situation<'_>, request: &Request<'_>) -> Verdict {
    let owner = request.principal.is(situation.bucket_owner);
    if owner && action::is_policy_action(request.action) {
        return Verdict::new(Decision::Allowed, Deciding::Owner);
    }
    let denied = policy_line(situation, request, Effect::Deny);
    if let Some((Fit::Yes, by)) = denied {
        return Verdict::new(Decision::Denied, by);
    }
    let verdict = granted(situation, request, owner);
    match denied {
        Some((_, by)) if verdict.decision != Decision::Denied => {
            Verdict::new(Decision::Unknown, by)
        }
        _ => verdict,
    }
}

/// The statement of this effect that fits best.
fn policy_line(s: &Situation<'_>, r: &Request<'_>, effect: Effect) -> Option<(Fit, Deciding)> {
    let policy = s.policy.known()?;
    let mut best: Option<(Fit, Deciding)> = None;
    for (index, statement) in policy.statements.iter().enumerate() {
        if statement.effect != effect {
            continue;
        }
        let fit = fit(statement, r);
        if fit != Fit::No && best.as_ref().is_none_or(|(b, _)| fit > *b) {
            let sid = statement.sid.clone();
            best = Some((fit, Deciding::BucketPolicy { statement: index, sid, effect }));
        }
    }
    best
}

fn granted(s: &Situation<'_>, r: &Request<'_>, owner: bool) -> Verdict {
    let foreign = s.ownership.acls_enabled()
        && action::belongs_to_object_owner(r.action)
        && s.object_acl.known().is_some_and(|acl| acl.owner != s.bucket_owner);
    if owner && !foreign {
        return Verdict::new(Decision::Allowed, Deciding::Owner);
    }
    let restricted =
        !owner && s.block.restrict_public_buckets && s.policy.known().is_some_and(policy_is_public);
    let restrict = Deciding::PublicAccessBlock { setting: BlockSetting::RestrictPublicBuckets };
    // What would have allowed it, and what stopped that.
    let mut stopped: Option<Deciding> = None;
    let mut perhaps: Option<Deciding> = None;

    match policy_line(s, r, Effect::Allow).filter(|_| !foreign) {
        Some(_) if restricted => stopped = Some(restrict.clone()),
        Some((Fit::Yes, by)) => return Verdict::new(Decision::Allowed, by),
        Some((_, by)) => perhaps = Some(by),
        None if matches!(s.policy, Seen::Unknown) => perhaps = Some(Deciding::Unread),
        None => {}
    }
    match by_acl(s, r) {
        Grants::Yes(_) if restricted => stopped = Some(restrict),
        Grants::Yes(by) => return Verdict::new(Decision::Allowed, by),
        Grants::Stopped(by) => stopped = stopped.or(Some(by)),
        Grants::Unread => perhaps = perhaps.or(Some(Deciding::Unread)),
        Grants::No => {}
    }
    match (perhaps, stopped) {
        (Some(by), _) => Verdict::new(Decision::Unknown, by),
        (None, Some(by)) => Verdict::new(Decision::Denied, by),
        (None, None) => Verdict::new(Decision::Denied, Deciding::Default),
    }
}

enum Grants {
    Yes(Deciding),
    Stopped(Deciding),
    Unread,
    No,
}

fn by_acl(s: &Situation<'_>, r: &Request<'_>) -> Grants {
    let Some((carrier, permission)) = action::acl_permission(r.action) else {
        return Grants::No;
    };
    let seen = match carrier {
        Carrier::Bucket => s.bucket_acl,
        Carrier::Object => s.object_acl,
    };
    let acl = match seen {
        Seen::Is(acl) => acl,
        Seen::Unknown if s.ownership.acls_enabled() => return Grants::Unread,
        Seen::Unknown | Seen::Absent => return Grants::No,
    };
    let owns_acl = matches!(permission, Permission::ReadAcp | Permission::WriteAcp)
        && r.principal.is(&acl.owner);
    if owns_acl && s.ownership.acls_enabled() {
        return Grants::Yes(Deciding::ObjectOwner);
    }
    let mut stopped = Grants::No;
    for grant in &acl.grants {
        if !grant.permission.gives(permission) || !covers(&grant.grantee, r.principal) {
            continue;
        }
        if !s.ownership.acls_enabled() {
            return Grants::Stopped(Deciding::OwnershipEnforced);
        }
        if grant.grantee.is_public() && s.block.ignore_public_acls {
            let setting = BlockSetting::IgnorePublicAcls;
            stopped = Grants::Stopped(Deciding::PublicAccessBlock { setting });
            continue;
        }
        let grant = grant.clone();
        return Grants::Yes(match carrier {
            Carrier::Bucket => Deciding::BucketAcl { grant },
            Carrier::Object => Deciding::ObjectAcl { grant },
        });
    }
    stopped
}

fn covers(grantee: &Grantee, principal: &Principal) -> bool {
    match grantee {
        Grantee::Everyone => true,
        Grantee::Authenticated => *principal != Principal::Anonymous,
        Grantee::Canonical { id } => principal.is(id),
        Grantee::LogDelivery | Grantee::Email { .. } => false,
    }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
