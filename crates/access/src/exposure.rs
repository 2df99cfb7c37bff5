use serde::{Deserialize, Serialize};

use crate::acl::{Acl, Grant, Grantee};
use crate::action::{self, Carrier};
use crate::context::Context;
use crate::evaluate::{Deciding, Decision, Principal, Request, Seen, Situation, Verdict, evaluate};
use crate::lines::{Line, What, Who};
use crate::policy::fit::{Fit, fits_action, fits_arn};
use crate::policy::{Effect, Patterns, PolicyPrincipal, Principals, Statement};
use crate::settings::BlockSetting;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Tri {
    Yes,
    No,
    Unknown,
}

impl From<Decision> for Tri {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allowed => Self::Yes,
            Decision::Denied => Self::No,
            Decision::Unknown => Self::Unknown,
        }
    }
}

/// What anyone without keys can do with a bucket, and the lines that make it so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketExposure {
    /// Whether the bucket's settings let everyone read every object. Object ACLs come on top.
    pub read_all: Tri,
    /// Prefixes (or patterns, see [`Line::prefix`]) whose objects everyone can read.
    pub read_prefixes: Vec<String>,
    pub list_names: Tri,
    /// Whether everyone can write somewhere in the bucket.
    pub write: Tri,
    pub lines: Vec<Line>,
}

/// What anyone without keys can do with one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectExposure {
    pub read: Verdict,
    pub lines: Vec<Line>,
}

/// Keys that no pattern names by chance: what fits both fits everything.
const PROBES: [&str; 2] = ["\u{10FFFD}", "\u{10FFFC}/\u{10FFFB}\u{10FFFD}"];

/// Sums up a bucket. The situation's object ACL is not looked at.
pub fn exposure(situation: &Situation<'_>, bucket: &str) -> BucketExposure {
    let bucket_only = Situation { object_acl: Seen::Absent, ..*situation };
    let s = &bucket_only;
    let mut lines = vec![owner_line(s.bucket_owner)];
    for grant in s.bucket_acl.known().into_iter().flat_map(|acl| &acl.grants) {
        lines.extend(grant_lines(s, grant, Carrier::Bucket, s.bucket_owner));
    }
    lines.extend(statement_lines(s, bucket, None));

    let ask = |action, key| verdict(s, bucket, action, key).decision;
    let everyone = |line: &&Line, what| line.who == Who::Everyone && line.what == what;
    let partly_denied = lines.iter().any(|l| {
        l.who == Who::Everyone
            && l.what == What::ReadObjects
            && matches!(l.by, Deciding::BucketPolicy { effect: Effect::Deny, .. })
    });
    let read_all = match both(PROBES.map(|key| ask("s3:GetObject", Some(key)))) {
        Tri::Yes if partly_denied => Tri::Unknown,
        tri => tri,
    };
    let read_prefixes = lines
        .iter()
        .filter(|l| everyone(l, What::ReadObjects) && l.allowed == Tri::Yes)
        .filter(|l| !l.prefix.is_empty())
        .map(|l| l.prefix.clone())
        .collect();
    let somewhere = |what| {
        let mut all = lines.iter().filter(|l| everyone(l, what)).map(|l| l.allowed);
        if all.clone().any(|t| t == Tri::Yes) {
            Tri::Yes
        } else if all.any(|t| t == Tri::Unknown) {
            Tri::Unknown
        } else {
            Tri::No
        }
    };
    let write = match both(PROBES.map(|key| ask("s3:PutObject", Some(key)))) {
        Tri::No => somewhere(What::WriteObjects),
        tri => tri,
    };
    let list_names = ask("s3:ListBucket", None).into();
    BucketExposure { read_all, read_prefixes, list_names, write, lines }
}

/// Sums up one object. The situation holds its ACL, if that is known.
pub fn object_exposure(situation: &Situation<'_>, bucket: &str, key: &str) -> ObjectExposure {
    let s = situation;
    let owner = match s.object_acl.known() {
        Some(acl) if s.ownership.acls_enabled() => acl.owner.as_str(),
        _ => s.bucket_owner,
    };
    let mut lines = vec![owner_line(owner)];
    for grant in s.object_acl.known().into_iter().flat_map(|acl: &Acl| &acl.grants) {
        lines.extend(grant_lines(s, grant, Carrier::Object, owner));
    }
    lines.extend(statement_lines(s, bucket, Some(key)));
    ObjectExposure { read: verdict(s, bucket, "s3:GetObject", Some(key)), lines }
}

fn verdict(s: &Situation<'_>, bucket: &str, action: &str, key: Option<&str>) -> Verdict {
    let context = Context::unknown();
    evaluate(s, &Request { principal: &Principal::Anonymous, action, bucket, key, context })
}

/// All of it, none of it, or it depends.
fn both([a, b]: [Decision; 2]) -> Tri {
    if a == b { a.into() } else { Tri::No }
}

fn owner_line(id: &str) -> Line {
    Line {
        who: Who::Owner { id: id.to_owned() },
        what: What::ReadObjects,
        prefix: String::new(),
        allowed: Tri::Yes,
        by: Deciding::Owner,
        detail: "owner".to_owned(),
    }
}

fn grant_lines(s: &Situation<'_>, grant: &Grant, carrier: Carrier, owner: &str) -> Vec<Line> {
    let who = match &grant.grantee {
        Grantee::Everyone => Who::Everyone,
        Grantee::Authenticated => Who::Authenticated,
        Grantee::Canonical { id } if id == owner => return Vec::new(),
        other => Who::Other { name: other.to_string() },
    };
    let (allowed, by) = if !s.ownership.acls_enabled() {
        (Tri::No, Deciding::OwnershipEnforced)
    } else if grant.grantee.is_public() && s.block.ignore_public_acls {
        let setting = BlockSetting::IgnorePublicAcls;
        (Tri::No, Deciding::PublicAccessBlock { setting })
    } else if restricted(s) {
        (Tri::No, restrict())
    } else {
        let grant = grant.clone();
        let by = match carrier {
            Carrier::Bucket => Deciding::BucketAcl { grant },
            Carrier::Object => Deciding::ObjectAcl { grant },
        };
        (Tri::Yes, by)
    };
    What::ALL
        .into_iter()
        .filter(|what| {
            let action = match carrier {
                Carrier::Bucket => Some(what.bucket_action()),
                Carrier::Object => what.object_action(),
            };
            action
                .and_then(action::acl_permission)
                .is_some_and(|(c, p)| c == carrier && grant.permission.gives(p))
        })
        .map(|what| Line {
            who: who.clone(),
            what,
            prefix: String::new(),
            allowed,
            by: by.clone(),
            detail: grant.to_string(),
        })
        .collect()
}

fn restricted(s: &Situation<'_>) -> bool {
    s.block.restrict_public_buckets
        && s.policy.known().is_some_and(crate::policy::public::policy_is_public)
}

const fn restrict() -> Deciding {
    Deciding::PublicAccessBlock { setting: BlockSetting::RestrictPublicBuckets }
}

/// The policy's lines; about one key, those whose resource fits it.
fn statement_lines(s: &Situation<'_>, bucket: &str, key: Option<&str>) -> Vec<Line> {
    let mut lines = Vec::new();
    let statements = s.policy.known().into_iter().flat_map(|p| p.statements.iter().enumerate());
    for (index, statement) in statements {
        let by = Deciding::BucketPolicy {
            statement: index,
            sid: statement.sid.clone(),
            effect: statement.effect,
        };
        let (allowed, by) = match (statement.effect, is_plain(statement)) {
            (Effect::Deny, true) => (Tri::No, by),
            (Effect::Allow, _) if restricted(s) => (Tri::No, restrict()),
            (Effect::Allow, true) => (Tri::Yes, by),
            (_, false) => (Tri::Unknown, by),
        };
        let mut detail = match &statement.sid {
            Some(sid) => format!("statement \"{sid}\""),
            None => format!("statement {}", index + 1),
        };
        let keys = statement.depends_on();
        if !keys.is_empty() {
            detail += &format!(", depends on {}", keys.join(", "));
        }
        for what in What::ALL {
            for who in named(statement) {
                for prefix in places(statement, what, bucket, key) {
                    let (by, detail) = (by.clone(), detail.clone());
                    lines.push(Line { who: who.clone(), what, prefix, allowed, by, detail });
                }
            }
        }
    }
    overrule(&mut lines);
    lines
}

/// A Deny for everyone about all keys leaves nothing of an Allow for the same thing.
fn overrule(lines: &mut [Line]) {
    let denies: Vec<Line> = lines
        .iter()
        .filter(|l| {
            l.who == Who::Everyone
                && l.prefix.is_empty()
                && matches!(l.by, Deciding::BucketPolicy { effect: Effect::Deny, .. })
        })
        .cloned()
        .collect();
    for line in lines {
        if let Some(deny) = denies.iter().find(|d| d.what == line.what && line.allowed != Tri::No) {
            line.allowed = if deny.allowed == Tri::No { Tri::No } else { Tri::Unknown };
            line.by = deny.by.clone();
        }
    }
}

fn is_plain(statement: &Statement) -> bool {
    matches!(&statement.resources, Patterns::Only(list)
            if !list.iter().any(|r| crate::wildcard::matches_resource(r, "").is_none()))
        && statement.conditions.is_empty()
}

fn named(statement: &Statement) -> Vec<Who> {
    match &statement.principals {
        Principals::Only(list) => list
            .iter()
            .map(|p| match p {
                PolicyPrincipal::Everyone => Who::Everyone,
                PolicyPrincipal::Aws(name)
                | PolicyPrincipal::Canonical(name)
                | PolicyPrincipal::Service(name)
                | PolicyPrincipal::Federated(name) => Who::Other { name: name.clone() },
            })
            .collect(),
        Principals::Except(_) => vec![Who::Everyone],
    }
}

/// The prefixes (see [`Line::prefix`]) on which the statement speaks about this.
fn places(statement: &Statement, what: What, bucket: &str, key: Option<&str>) -> Vec<String> {
    let action = match key {
        Some(_) => what.object_action(),
        None => Some(what.bucket_action()),
    };
    let Some(action) = action else {
        return Vec::new();
    };
    let speaks = match &statement.actions {
        Patterns::Only(list) => list.iter().any(|p| fits_action(p, action)),
        Patterns::Except(list) => !list.iter().any(|p| fits_action(p, action)),
    };
    if !speaks {
        return Vec::new();
    }
    let Patterns::Only(resources) = &statement.resources else {
        return vec![String::new()];
    };
    let target = |key: Option<&str>| crate::policy::fit::arn(bucket, key);
    let mut found: Vec<String> = Vec::new();
    for pattern in resources {
        let fits = |key: Option<&str>| fits_arn(pattern, &target(key)) != Fit::No;
        match key {
            Some(key) if fits(Some(key)) => found.push(String::new()),
            None if !what.on_objects() && fits(None) => found.push(String::new()),
            None if what.on_objects() => found.extend(prefix_of(pattern, bucket, fits)),
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

fn prefix_of(pattern: &str, bucket: &str, fits: impl Fn(Option<&str>) -> bool) -> Option<String> {
    if PROBES.iter().all(|key| fits(Some(key))) {
        return Some(String::new());
    }
    let (name, rest) = pattern.split_once(":::")?.1.split_once('/')?;
    let in_bucket = crate::wildcard::matches_resource(name, bucket) != Some(false);
    let wild = |text: &str| text.contains(['*', '?']) || text.contains("${");
    in_bucket.then(|| match rest.strip_suffix('*') {
        Some(prefix) if !wild(prefix) => prefix.to_owned(),
        _ => rest.to_owned(),
    })
}

#[cfg(test)]
#[path = "exposure_tests.rs"]
mod tests;
