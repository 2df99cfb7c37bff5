//! Bucket policies: JSON to statements, with every problem's place.

mod read;

pub(crate) mod condition;
pub(crate) mod fit;
pub(crate) mod public;

pub(crate) mod toggle;
pub(crate) mod validate;

use serde::{Deserialize, Serialize};

/// A bucket policy, as far as it is understood here. The text is the truth; this is a reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub version: Option<String>,
    pub id: Option<String>,
    pub statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub sid: Option<String>,
    pub effect: Effect,
    pub principals: Principals,
    pub actions: Patterns,
    pub resources: Patterns,
    /// All must hold. Where one asks for what is not known, the statement applies *perhaps*.
    pub conditions: Vec<Condition>,
    /// Where the statement begins in the text.
    pub line: usize,
    pub column: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Effect {
    Allow,
    Deny,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principals {
    Only(Vec<PolicyPrincipal>),
    /// `NotPrincipal`.
    Except(Vec<PolicyPrincipal>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyPrincipal {
    Everyone,
    /// An ARN or an account's number.
    Aws(String),
    Canonical(String),
    Service(String),
    Federated(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patterns {
    Only(Vec<String>),
    /// `NotAction`, `NotResource`.
    Except(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `StringEquals`, `IpAddress` …
    pub operator: String,
    /// `aws:SourceIp` …
    pub key: String,
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// S3 would refuse the policy.
    Error,
    /// S3 would take it, but it may not do what its author wants.
    Warning,
}

/// Something about a policy's text that its author should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub line: usize,
    pub column: usize,
    pub severity: Severity,
    pub message: String,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    #[error("a policy has at most {max} bytes; this one has {bytes}")]
    TooLarge { bytes: usize, max: usize },
    #[error("the policy is not JSON")]
    Json {
        #[source]
        source: serde_json::Error,
    },
    #[error("line {}: {}", .first.line, .first.message)]
    Malformed { first: Problem },
}

impl Statement {
    /// The condition keys on which it hangs whether the statement applies.
    pub fn depends_on(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for condition in &self.conditions {
            if !keys.iter().any(|key| key.eq_ignore_ascii_case(&condition.key)) {
                keys.push(&condition.key);
            }
        }
        keys
    }
}

impl Policy {
    /// AWS's limit for a bucket policy.
    pub const MAX_BYTES: usize = 20 * 1024;

    /// Reads a policy that S3 would take. [`crate::validate`] says all that is wrong with one.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let (policy, problems) = read::read(text)?;
        match problems.into_iter().find(|p| p.severity == Severity::Error) {
            Some(first) => Err(PolicyError::Malformed { first }),
            None => Ok(policy),
        }
    }
}
