use super::{Patterns, PolicyPrincipal, Principals, Statement};
use crate::evaluate::{Principal, Request};
use crate::wildcard;

/// Whether a statement is about a request. `Perhaps`: it has parts that are not evaluated yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    No,
    Perhaps,
    Yes,
}

/// A statement fits as well as its worst part. The `Not…` elements rule out what they name and
/// leave the rest open.
pub(crate) fn fit(statement: &Statement, request: &Request<'_>) -> Fit {
    let who = match &statement.principals {
        Principals::Only(list) => sure(list.iter().any(|p| names(p, request.principal))),
        Principals::Except(list) => open(list.iter().any(|p| names(p, request.principal))),
    };
    if who == Fit::No {
        return Fit::No;
    }
    let what = match &statement.actions {
        Patterns::Only(list) => sure(list.iter().any(|p| fits_action(p, request.action))),
        Patterns::Except(list) => open(list.iter().any(|p| fits_action(p, request.action))),
    };
    if what == Fit::No {
        return Fit::No;
    }
    let arn = arn(request.bucket, request.key);
    let place = match &statement.resources {
        Patterns::Only(list) => list.iter().map(|p| fits_arn(p, &arn)).max().unwrap_or(Fit::No),
        Patterns::Except(list) => open(list.iter().any(|p| fits_arn(p, &arn) == Fit::Yes)),
    };
    let when = if statement.conditions.is_empty() { Fit::Yes } else { Fit::Perhaps };
    who.min(what).min(place).min(when)
}

const fn sure(fits: bool) -> Fit {
    if fits { Fit::Yes } else { Fit::No }
}

const fn open(excluded: bool) -> Fit {
    if excluded { Fit::No } else { Fit::Perhaps }
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
    let other = pattern
        .strip_prefix("arn:aws-")
        .and_then(|rest| rest.split_once(':'))
        .map(|(_, rest)| format!("arn:aws:{rest}"));
    match wildcard::matches_resource(other.as_deref().unwrap_or(pattern), arn) {
        Some(fits) => sure(fits),
        None => Fit::Perhaps,
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
