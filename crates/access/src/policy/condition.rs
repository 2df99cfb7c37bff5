//! A statement's conditions. Three answers: it holds, it does not, or it hangs on something that is
//! not known here.

use std::net::IpAddr;

use dipper_types::Timestamp;

use super::Condition;
use super::fit::Fit;
use crate::context::{Known, lookup};
use crate::evaluate::Request;
use crate::wildcard::{self, Filled};

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operator {
    compare: Compare,
    negated: bool,
    if_exists: bool,
    set: Set,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    One,
    All,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Text,
    AnyCase,
    Like,
    Arn,
    Bool,
    Address,
    Number(Order),
    Date(Order),
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (set, name) = match name.split_once(':') {
            None => (Set::One, name.as_str()),
            Some(("forallvalues", rest)) => (Set::All, rest),
            Some(("foranyvalue", rest)) => (Set::Any, rest),
            Some(_) => return None,
        };
        let (if_exists, name) = match name.strip_suffix("ifexists") {
            Some(rest) => (true, rest),
            None => (false, name),
        };
        let (compare, negated) = match name {
            "stringequals" | "binaryequals" => (Compare::Text, false),
            "stringnotequals" => (Compare::Text, true),
            "stringequalsignorecase" => (Compare::AnyCase, false),
            "stringnotequalsignorecase" => (Compare::AnyCase, true),
            "stringlike" => (Compare::Like, false),
            "stringnotlike" => (Compare::Like, true),
            "arnequals" | "arnlike" => (Compare::Arn, false),
            "arnnotequals" | "arnnotlike" => (Compare::Arn, true),
            "bool" => (Compare::Bool, false),
            "ipaddress" => (Compare::Address, false),
            "notipaddress" => (Compare::Address, true),
            "null" if !if_exists => (Compare::Null, false),
            _ => {
                let (kind, order) = match name.split_at_checked(4)? {
                    ("date", order) => (Compare::Date as fn(Order) -> Compare, order),
                    _ => (Compare::Number as fn(Order) -> Compare, name.strip_prefix("numeric")?),
                };
                let (order, negated) = match order {
                    "equals" => (Order::Equal, false),
                    "notequals" => (Order::Equal, true),
                    "lessthan" => (Order::Less, false),
                    "lessthanequals" => (Order::LessOrEqual, false),
                    "greaterthan" => (Order::Greater, false),
                    "greaterthanequals" => (Order::GreaterOrEqual, false),
                    _ => return None,
                };
                (kind(order), negated)
            }
        };
        Some(Self { compare, negated, if_exists, set })
    }
}

/// Whether all of a statement's conditions hold.
pub(crate) fn hold(conditions: &[Condition], request: &Request<'_>) -> Fit {
    conditions.iter().map(|c| holds(c, request)).min().unwrap_or(Fit::Yes)
}

fn sure(yes: bool) -> Fit {
    if yes { Fit::Yes } else { Fit::No }
}

impl Fit {
    pub(crate) const fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Perhaps => Self::Perhaps,
            Self::Yes => Self::No,
        }
    }
}

pub(crate) fn holds(condition: &Condition, request: &Request<'_>) -> Fit {
    let Some(operator) = Operator::parse(&condition.operator) else {
        return Fit::Perhaps;
    };
    let known = lookup(request, &condition.key);
    if operator.compare == Compare::Null {
        let absent = match known {
            Known::Unknown => return Fit::Perhaps,
            Known::Absent => true,
            Known::Values(_) => false,
        };
        let wants = |v: &String| v.eq_ignore_ascii_case(if absent { "true" } else { "false" });
        return sure(condition.values.iter().any(wants));
    }
    let values = match known {
        Known::Unknown => return Fit::Perhaps,
        Known::Absent if operator.if_exists || operator.set == Set::All => return Fit::Yes,
        // AWS: what is not there is not equal to anything.
        Known::Absent => return sure(operator.negated && operator.set == Set::One),
        Known::Values(values) => values,
    };
    let one = |value: &String| {
        let found = condition
            .values
            .iter()
            .map(|wanted| compare(operator.compare, value, wanted, request))
            .max()
            .unwrap_or(Fit::No);
        if operator.negated { found.not() } else { found }
    };
    match operator.set {
        Set::All => values.iter().map(one).min().unwrap_or(Fit::Yes),
        Set::Any => values.iter().map(one).max().unwrap_or(Fit::No),
        Set::One if operator.negated => values.iter().map(one).min().unwrap_or(Fit::Yes),
        Set::One => values.iter().map(one).max().unwrap_or(Fit::No),
    }
}

fn compare(compare: Compare, value: &str, wanted: &str, request: &Request<'_>) -> Fit {
    let fill = |wild| wildcard::filled(wanted, wild, |name| lookup(request, name));
    match compare {
        Compare::Text | Compare::AnyCase => match fill(false) {
            Filled::Unknown => Fit::Perhaps,
            Filled::Absent => Fit::No,
            Filled::Ready(bytes) if compare == Compare::Text => sure(bytes == value.as_bytes()),
            Filled::Ready(bytes) => sure(bytes.eq_ignore_ascii_case(value.as_bytes())),
        },
        Compare::Like => match fill(true) {
            Filled::Unknown => Fit::Perhaps,
            Filled::Absent => Fit::No,
            Filled::Ready(pattern) => sure(wildcard::fits(&pattern, value)),
        },
        Compare::Arn => arn(value, wanted, request),
        Compare::Bool => sure(value.eq_ignore_ascii_case(wanted)),
        Compare::Address => sure(value.parse().is_ok_and(|address| in_range(address, wanted))),
        Compare::Number(order) => {
            sure(ordered(order, value.parse::<f64>().ok(), wanted.parse::<f64>().ok()))
        }
        Compare::Date(order) => sure(ordered(order, moment(value), moment(wanted))),
        Compare::Null => Fit::No,
    }
}

/// ARNs compare part by part: a star ends at the colon.
fn arn(value: &str, wanted: &str, request: &Request<'_>) -> Fit {
    // A variable's own colon is none of the ARN's.
    let mut parts = vec![String::new()];
    let mut inside = 0;
    for c in wanted.chars() {
        match c {
            '{' => inside += 1,
            '}' => inside -= 1,
            ':' if inside <= 0 && parts.len() < 6 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    let of: Vec<&str> = value.splitn(6, ':').collect();
    if of.len() != 6 || parts.len() != 6 {
        return Fit::No;
    }
    let each =
        parts.iter().zip(of).map(|(pattern, text)| compare(Compare::Like, text, pattern, request));
    each.min().unwrap_or(Fit::No)
}

fn ordered<T: PartialOrd>(order: Order, value: Option<T>, wanted: Option<T>) -> bool {
    let (Some(value), Some(wanted)) = (value, wanted) else { return false };
    match order {
        Order::Equal => value == wanted,
        Order::Less => value < wanted,
        Order::LessOrEqual => value <= wanted,
        Order::Greater => value > wanted,
        Order::GreaterOrEqual => value >= wanted,
    }
}

/// RFC 3339, a day, or seconds since 1970.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_secs).or_else(|| {
        Timestamp::parse_rfc3339(text)
            .or_else(|| Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")))
    })
}

/// `10.0.0.0/8`, `2001:db8::/32`, or one address.
pub(crate) fn in_range(address: IpAddr, range: &str) -> bool {
    let (network, bits) = match range.split_once('/') {
        Some((network, bits)) => (network, bits.parse::<u32>().ok()),
        None => (range, Some(128)),
    };
    let (Ok(network), Some(bits)) = (network.parse::<IpAddr>(), bits) else { return false };
    match (address.to_canonical(), network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => {
            let shift = 32 - bits.min(32);
            u32::from(a).checked_shr(shift) == u32::from(n).checked_shr(shift)
        }
        (IpAddr::V6(a), IpAddr::V6(n)) => {
            let shift = 128 - bits.min(128);
            u128::from(a).checked_shr(shift) == u128::from(n).checked_shr(shift)
        }
        _ => false,
    }
}

/// Condition keys that S3 knows; those that end in a slash take a name.
const KEYS: &[&str] = &[
    "aws:calledvia",
    "aws:currenttime",
    "aws:epochtime",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:principaltag/",
    "aws:principaltype",
    "aws:referer",
    "aws:requestedregion",
    "aws:requesttag/",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourcetag/",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:tagkeys",
    "aws:tokenissuetime",
    "aws:useragent",
    "aws:userid",
    "aws:username",
    "aws:viaawsservice",
    "aws:vpcsourceip",
    "s3:accesspointnetworkorigin",
    "s3:authtype",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:delimiter",
    "s3:existingobjecttag/",
    "s3:if-match",
    "s3:if-none-match",
    "s3:inventoryaccessibleoptionalfields",
    "s3:locationconstraint",
    "s3:max-keys",
    "s3:object-lock-legal-hold",
    "s3:object-lock-mode",
    "s3:object-lock-remaining-retention-days",
    "s3:object-lock-retain-until-date",
    "s3:objectcreationoperation",
    "s3:prefix",
    "s3:requestobjecttag/",
    "s3:requestobjecttagkeys",
    "s3:resourceaccount",
    "s3:signatureage",
    "s3:signatureversion",
    "s3:tlsversion",
    "s3:versionid",
    "s3:x-amz-acl",
    "s3:x-amz-content-sha256",
    "s3:x-amz-copy-source",
    "s3:x-amz-grant-full-control",
    "s3:x-amz-grant-read",
    "s3:x-amz-grant-read-acp",
    "s3:x-amz-grant-write",
    "s3:x-amz-grant-write-acp",
    "s3:x-amz-metadata-directive",
    "s3:x-amz-object-ownership",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-server-side-encryption-customer-algorithm",
    "s3:x-amz-storage-class",
    "s3:x-amz-website-redirect-location",
];

/// What S3 would not understand in a condition.
pub(crate) fn unknown_parts(condition: &Condition) -> Vec<String> {
    let mut said = Vec::new();
    if Operator::parse(&condition.operator).is_none() {
        said.push(format!("there is no condition operator \"{}\"", condition.operator));
    }
    let key = condition.key.to_ascii_lowercase();
    let known = KEYS.iter().any(|k| *k == key || (k.ends_with('/') && key.starts_with(k)));
    if !known {
        said.push(format!("S3 has no condition key \"{}\"", condition.key));
    }
    said
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
