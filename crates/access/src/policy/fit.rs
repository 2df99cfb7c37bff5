use super::condition::hold;
use super::{Patterns, PolicyPrincipal, Principals, Statement};
use crate::context::{Known, lookup};
use crate::evaluate::{Principal, Request};
use crate::wildcard::{self, Filled};

/// Whether a statement is about a request. `Perhaps`: it hangs on something that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    No,
    Perhaps,
    Yes,
}

/// A statement fits as well as its worst part.
pub(crate) fn fit(statement: &Statement, request: &Request<'_>) -> Fit {
    let who = match &statement.principals {
        Principals::Only(list) => sure(list.iter().any(|p| names(p, request.principal))),
        Principals::Except(list) => except(list, request.principal),
    };
    if who == Fit::No {
        return Fit::No;
    }
    let what = match &statement.actions {
        Patterns::Only(list) => list.iter().any(|p| fits_action(p, request.action)),
        Patterns::Except(list) => !list.iter().any(|p| fits_action(p, request.action)),
    };
    if !what {
        return Fit::No;
    }
    let arn = arn(request.bucket, request.key);
    let one = |pattern: &String| fits_arn_in(pattern, &arn, |name| lookup(request, name));
    let place = match &statement.resources {
        Patterns::Only(list) => list.iter().map(one).max().unwrap_or(Fit::No),
        Patterns::Except(list) => list.iter().map(one).max().unwrap_or(Fit::No).not(),
    };
    if place == Fit::No {
        return Fit::No;
    }
    who.min(place).min(hold(&statement.conditions, request))
}

const fn sure(fits: bool) -> Fit {
    if fits { Fit::Yes } else { Fit::No }
}

/// `NotPrincipal`: everybody but these. An account whose number is not known may be one of them.
fn except(list: &[PolicyPrincipal], asks: &Principal) -> Fit {
    if list.iter().any(|p| names(p, asks)) {
        return Fit::No;
    }
    let nameless = matches!(asks, Principal::Account { number: None, .. });
    if nameless && list.iter().any(|p| matches!(p, PolicyPrincipal::Aws(_))) {
        return Fit::Perhaps;
    }
    Fit::Yes
}

pub(crate) fn arn(bucket: &str, key: Option<&str>) -> String {
    match key {
        Some(key) => format!("arn:aws:s3:::{bucket}/{key}"),
        None => format!("arn:aws:s3:::{bucket}"),
    }
}

pub(crate) fn fits_action(pattern: &str, action: &str) -> bool {
    pattern == "*" || wildcard::matches_any_case(pattern, action)
}

/// Patterns of AWS's other partitions (`aws-cn`, `aws-us-gov`) mean the same here. A pattern with a
/// policy variable (`${aws:username}`) can't be decided.
pub(crate) fn fits_arn(pattern: &str, arn: &str) -> Fit {
    fits_arn_in(pattern, arn, |_| Known::Unknown)
}

fn fits_arn_in(pattern: &str, arn: &str, value: impl Fn(&str) -> Known) -> Fit {
    let other = pattern
        .strip_prefix("arn:aws-")
        .and_then(|rest| rest.split_once(':'))
        .map(|(_, rest)| format!("arn:aws:{rest}"));
    match wildcard::filled(other.as_deref().unwrap_or(pattern), true, value) {
        Filled::Ready(pattern) => sure(wildcard::fits(&pattern, arn)),
        Filled::Absent => Fit::No,
        Filled::Unknown => Fit::Perhaps,
    }
}

fn names(named: &PolicyPrincipal, asks: &Principal) -> bool {
    match (named, asks) {
        (PolicyPrincipal::Everyone, _) => true,
        (PolicyPrincipal::Canonical(id), asks) => asks.is(id),
        (PolicyPrincipal::Aws(text), Principal::Account { id, number }) => {
            let own =
                |text: &str| !text.is_empty() && (text == id || number.as_deref() == Some(text));
            own(text) || arn_names(text, own)
        }
        _ => false,
    }
}

/// `arn:aws:iam::ACCOUNT:root` is the account. `arn:aws:iam:::user/ID` is how Ceph's gateway says
/// the same. A user or role inside an account is not the account.
fn arn_names(text: &str, own: impl Fn(&str) -> bool) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "iam", _, account, "root"] => own(account),
        ["arn", _, "iam", _, "", name] => name.strip_prefix("user/").is_some_and(own),
        _ => false,
    }
}
