use dipper_app as app;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::mirror;

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Exposure {
    Private,
    Public,
    Partly,
    Unknown,
}

mirror!(Exposure, app::Exposure, { Private, Public, Partly, Unknown });

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Who {
    Everyone,
    Authenticated,
    Owner,
    Other,
}

mirror!(Who, app::Who, { Everyone, Authenticated, Owner, Other });

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum What {
    ReadObjects,
    ListNames,
    WriteObjects,
    ReadAcl,
    WriteAcl,
}

mirror!(What, app::What, { ReadObjects, ListNames, WriteObjects, ReadAcl, WriteAcl });

/// Why a control is off.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum OffReason {
    OwnershipEnforced,
    PublicAccessBlocked { setting: String },
    NotSupported { detail: String },
    AccessDenied { action: String },
}

impl From<app::Off> for OffReason {
    fn from(off: app::Off) -> Self {
        match off {
            app::Off::OwnershipEnforced => Self::OwnershipEnforced,
            app::Off::PublicAccessBlocked { setting } => {
                Self::PublicAccessBlocked { setting: setting.to_owned() }
            }
            app::Off::NotSupported { detail } => Self::NotSupported { detail },
            app::Off::AccessDenied { action } => Self::AccessDenied { action: action.to_owned() },
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DecidedBy {
    Acl,
    Policy,
    PublicAccessBlock,
    Ownership,
    Owner,
    Default,
}

impl From<&str> for DecidedBy {
    fn from(by: &str) -> Self {
        match by {
            "acl" => Self::Acl,
            "policy" => Self::Policy,
            "publicAccessBlock" => Self::PublicAccessBlock,
            "ownership" => Self::Ownership,
            "owner" => Self::Owner,
            _ => Self::Default,
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AccessLine {
    pub who: Who,
    pub what: What,
    pub prefix: Option<String>,
    pub allowed: bool,
    pub by: DecidedBy,
    pub detail: String,
}

impl From<app::AccessLine> for AccessLine {
    fn from(l: app::AccessLine) -> Self {
        Self {
            who: l.who.into(),
            what: l.what.into(),
            prefix: l.prefix,
            allowed: l.allowed,
            by: l.by.into(),
            detail: l.detail,
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BucketAccess {
    pub exposure: Exposure,
    pub read_all: bool,
    pub read_prefixes: Vec<String>,
    pub list_names: bool,
    pub write: bool,
    pub lines: Vec<AccessLine>,
    pub acl_off: Option<OffReason>,
    pub policy_off: Option<OffReason>,
    pub policy: Option<String>,
}

impl From<app::BucketAccess> for BucketAccess {
    fn from(a: app::BucketAccess) -> Self {
        Self {
            exposure: a.exposure.into(),
            read_all: a.read_all,
            read_prefixes: a.read_prefixes,
            list_names: a.list_names,
            write: a.write,
            lines: a.lines.into_iter().map(Into::into).collect(),
            acl_off: a.acl_off.map(Into::into),
            policy_off: a.policy_off.map(Into::into),
            policy: a.policy,
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PublicWhat {
    ReadObjects,
    ListNames,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct PublicChange {
    pub profile: String,
    pub bucket: String,
    pub what: PublicWhat,
    pub prefix: String,
    pub public: bool,
}

impl From<PublicChange> for app::PublicChange {
    fn from(c: PublicChange) -> Self {
        Self {
            profile: c.profile,
            bucket: c.bucket,
            what: match c.what {
                PublicWhat::ReadObjects => app::PublicWhat::ReadObjects,
                PublicWhat::ListNames => app::PublicWhat::ListNames,
            },
            prefix: c.prefix,
            public: c.public,
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PublicPreview {
    pub url: String,
    pub policy_before: Option<String>,
    pub policy_after: Option<String>,
    pub affected: String,
}

impl From<app::PublicPreview> for PublicPreview {
    fn from(p: app::PublicPreview) -> Self {
        Self {
            url: p.url,
            policy_before: p.policy_before,
            policy_after: p.policy_after,
            affected: p.affected,
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    Error,
    Warning,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PolicyProblem {
    pub line: Option<u32>,
    pub column: Option<u32>,
    pub message: String,
    pub severity: Severity,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PolicyCheck {
    pub ok: bool,
    pub problems: Vec<PolicyProblem>,
    pub makes_public: bool,
}

impl From<app::PolicyCheck> for PolicyCheck {
    fn from(c: app::PolicyCheck) -> Self {
        let place = |at: usize| u32::try_from(at).ok().filter(|at| *at > 0);
        let ok = c.problems.iter().all(|p| p.severity != app::Severity::Error);
        let problems = c
            .problems
            .into_iter()
            .map(|p| PolicyProblem {
                line: place(p.line),
                column: place(p.column),
                message: p.message,
                severity: match p.severity {
                    app::Severity::Error => Severity::Error,
                    app::Severity::Warning => Severity::Warning,
                },
            })
            .collect();
        Self { ok, problems, makes_public: c.makes_public }
    }
}
