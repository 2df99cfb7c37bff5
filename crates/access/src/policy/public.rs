use super::{Condition, Effect, Policy, PolicyPrincipal, Principals, Statement};
use crate::acl::Acl;

/// Whether S3 calls a policy public: some Allow is for everybody, and no condition ties it to fixed
/// values (S3 user guide, "The meaning of public"). What can't be judged counts as public.
pub fn policy_is_public(policy: &Policy) -> bool {
    policy.statements.iter().any(statement_is_public)
}

pub(crate) fn statement_is_public(statement: &Statement) -> bool {
    let everybody = match &statement.principals {
        Principals::Only(list) => list.contains(&PolicyPrincipal::Everyone),
        Principals::Except(_) => true,
    };
    statement.effect == Effect::Allow && everybody && !statement.conditions.iter().any(ties_down)
}

/// Whether S3 calls an ACL public: a grant to one of the two world-wide groups.
pub fn acl_is_public(acl: &Acl) -> bool {
    acl.grants.iter().any(|grant| grant.grantee.is_public())
}

/// Condition keys that S3 takes as a restriction, if the values are fixed.
const TYING_KEYS: [&str; 13] = [
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:userid",
    "aws:principalorgid",
    "aws:principalarn",
    "aws:principalaccount",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

fn ties_down(condition: &Condition) -> bool {
    let operator = condition.operator.to_ascii_lowercase();
    let positive = [
        "stringequals",
        "stringequalsignorecase",
        "stringlike",
        "arnequals",
        "arnlike",
        "ipaddress",
    ]
    .contains(&operator.as_str());
    positive
        && TYING_KEYS.contains(&condition.key.to_ascii_lowercase().as_str())
        && !condition.values.is_empty()
        && condition.values.iter().all(|v| fixed(&operator, &condition.key, v))
}

fn fixed(operator: &str, key: &str, value: &str) -> bool {
    // AWS: an access point of a fixed account, whatever its name.
    if key.eq_ignore_ascii_case("s3:DataAccessPointArn") {
        let account = value.split(':').nth(4);
        return account.is_some_and(|a| !a.is_empty() && a.bytes().all(|b| b.is_ascii_digit()));
    }
    if operator == "ipaddress" {
        // AWS: wider than /8 (IPv4) or /32 (IPv6) is public.
        let (address, bits) = value.split_once('/').unwrap_or((value, "128"));
        let least = if address.contains(':') { 32 } else { 8 };
        return bits.parse::<u8>().is_ok_and(|bits| bits >= least);
    }
    !value.contains(['*', '?']) && !value.contains("${")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let everyone = r#""Principal": "*""#;
        for (parts, public) in [
            (everyone.to_owned(), true),
            (r#""Principal": {"AWS": ["1234", "*"]}"#.to_owned(), true),
            (r#""Principal": {"AWS": "arn:aws:iam::123456789012:root"}"#.to_owned(), false),
            (r#""NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"}"#.to_owned(), true),
            (
                format!(
                    r#"{everyone}, "Condition": {{"IpAddress": {{"aws:SourceIp": "10.0.0.0/8"}}}}"#
                ),
                false,
            ),
            (
                format!(
                    r#"{everyone}, "Condition": {{"IpAddress": {{"aws:SourceIp": "0.0.0.0/1"}}}}"#
                ),
                true,
            ),
            (
                format!(
                    r#"{everyone}, "Condition": {{"NotIpAddress": {{"aws:SourceIp": "10.0.0.0/8"}}}}"#
                ),
                true,
            ),
            (
                format!(
                    r#"{everyone}, "Condition": {{"StringEquals": {{"aws:SourceVpc": "vpc-1"}}}}"#
                ),
                false,
            ),
            (
                format!(
                    r#"{everyone}, "Condition": {{"StringLike": {{"aws:SourceVpc": "vpc-*"}}}}"#
                ),
                true,
            ),
            (
                format!(
                    r#"{everyone}, "Condition": {{"ArnLike": {{"s3:DataAccessPointArn": "arn:aws:s3:us-east-1:123456789012:accesspoint/*"}}}}"#
                ),
                false,
            ),
            (
                format!(
                    r#"{everyone}, "Condition": {{"StringEqualsIfExists": {{"aws:SourceVpc": "vpc-1"}}}}"#
                ),
                true,
            ),
            (
                format!(
                    r#"{everyone}, "Condition": {{"StringLike": {{"aws:Referer": "http://a.example/"}}}}"#
                ),
                true,
            ),
        ] {
            let text = format!(
                r#"{{"Statement": {{"Effect": "Allow", {parts}, "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::b/*"}}}}"#
            );
            assert_eq!(policy_is_public(&Policy::parse(&text).unwrap()), public, "{parts}");
            let deny = text.replace("Allow", "Deny");
            assert!(!policy_is_public(&Policy::parse(&deny).unwrap()), "{parts}");
        }
    }
}
