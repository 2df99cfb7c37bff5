//! What is known about a request beside who asks for what: the keys of a policy's conditions.

use std::collections::BTreeMap;

use crate::evaluate::{Principal, Request};

/// The condition keys of a request and their values. A server knows all of them, and what it does
/// not name is not there; an explanation knows few, and what it does not name may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, Vec<String>>,
    whole: bool,
}

/// Nothing is known: for explanations.
pub(crate) static UNKNOWN: Context = Context { values: BTreeMap::new(), whole: false };

/// Keys that stay unknown even to a server: there is no such network here.
const NEVER_KNOWN: [&str; 3] = ["aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip"];

/// Keys that come from who asks.
const OF_PRINCIPAL: [&str; 6] = [
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principaltype",
    "aws:userid",
    "aws:username",
];

/// What a key has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Known {
    Values(Vec<String>),
    Absent,
    Unknown,
}

impl Context {
    /// A context in which nothing is known.
    pub fn unknown() -> &'static Self {
        &UNKNOWN
    }

    /// A server's: every key that is not added is known to be absent.
    pub fn whole() -> Self {
        Self { values: BTreeMap::new(), whole: true }
    }

    /// Adds a value. Names of keys have no case, but those of tags do.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.values.entry(folded(key)).or_default().push(value.into());
        self
    }

    fn get(&self, key: &str) -> Known {
        match self.values.get(key) {
            Some(values) => Known::Values(values.clone()),
            None if self.whole && !NEVER_KNOWN.contains(&key) => Known::Absent,
            None => Known::Unknown,
        }
    }
}

/// A key's name as it is compared: without case, but for what follows the slash.
pub(crate) fn folded(key: &str) -> String {
    match key.split_once('/') {
        Some((name, rest)) => format!("{}/{rest}", name.to_ascii_lowercase()),
        None => key.to_ascii_lowercase(),
    }
}

/// A key's value for a request. What follows from who asks is known everywhere.
pub(crate) fn lookup(request: &Request<'_>, key: &str) -> Known {
    let key = folded(key);
    let own = match request.principal {
        Principal::Anonymous => match key.as_str() {
            "aws:principaltype" => Some(Known::Values(vec!["Anonymous".to_owned()])),
            _ if OF_PRINCIPAL.contains(&key.as_str()) => Some(Known::Absent),
            _ if key.starts_with("aws:principaltag/") => Some(Known::Absent),
            _ => None,
        },
        Principal::Account { number: Some(number), .. } => match key.as_str() {
            "aws:principalaccount" | "aws:userid" => Some(Known::Values(vec![number.clone()])),
            "aws:principalarn" => Some(Known::Values(vec![format!("arn:aws:iam::{number}:root")])),
            "aws:principaltype" => Some(Known::Values(vec!["Account".to_owned()])),
            _ => None,
        },
        Principal::Account { number: None, .. } => None,
    };
    own.unwrap_or_else(|| request.context.get(&key))
}
