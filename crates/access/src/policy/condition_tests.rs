use super::*;
use crate::{Context, Policy, Principal};

fn context() -> Context {
    Context::whole()
        .with("aws:SourceIp", "10.1.2.3")
        .with("aws:SecureTransport", "false")
        .with("aws:Referer", "http://a.example/page")
        .with("aws:CurrentTime", "2026-05-01T12:00:00Z")
        .with("s3:max-keys", "50")
        .with("s3:prefix", "home/me/")
        .with("s3:RequestObjectTagKeys", "a")
        .with("s3:RequestObjectTagKeys", "b")
        .with("s3:ExistingObjectTag/Team", "red")
}

fn judge(condition: &str, context: &Context, principal: &Principal) -> Fit {
    let text = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Principal": "*", "Action": "s3:*",
            "Resource": "arn:aws:s3:::b/*", "Condition": {condition}}}}}"#
    );
    let policy = Policy::parse(&text).unwrap();
    let request =
        Request { principal, action: "s3:GetObject", bucket: "b", key: Some("k"), context };
    hold(&policy.statements[0].conditions, &request)
}

#[test]
fn table() {
    use Fit::{No as N, Perhaps as P, Yes as Y};
    let me = Principal::Account { id: "me".into(), number: Some("123456789012".to_owned()) };
    let rows: &[(&str, Fit)] = &[
        (r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#, Y),
        (r#"{"IpAddress": {"aws:SourceIp": ["192.168.0.0/16", "10.1.2.3"]}}"#, Y),
        (r#"{"IpAddress": {"aws:SourceIp": "10.1.2.4"}}"#, N),
        (r#"{"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}"#, N),
        (r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#, Y),
        (r#"{"NotIpAddress": {"aws:sourceip": ["10.1.0.0/16", "9.0.0.0/8"]}}"#, N),
        (r#"{"NotIpAddress": {"aws:SourceIp": "9.0.0.0/8"}}"#, Y),
        (r#"{"Bool": {"aws:SecureTransport": false}}"#, Y),
        (r#"{"Bool": {"aws:SecureTransport": "true"}}"#, N),
        (r#"{"StringLike": {"aws:Referer": "http://*.example/*"}}"#, Y),
        (r#"{"StringEquals": {"aws:Referer": "http://*.example/*"}}"#, N),
        (r#"{"StringNotLike": {"aws:Referer": ["x", "http://a.*"]}}"#, N),
        (r#"{"StringNotEquals": {"aws:UserAgent": "x"}}"#, Y),
        (r#"{"StringEquals": {"aws:UserAgent": "x"}}"#, N),
        (r#"{"StringEqualsIfExists": {"aws:UserAgent": "x"}}"#, Y),
        (r#"{"StringEqualsIgnoreCase": {"s3:ExistingObjectTag/Team": "RED"}}"#, Y),
        (r#"{"StringEquals": {"s3:existingobjecttag/Team": "red"}}"#, Y),
        (r#"{"StringEquals": {"s3:ExistingObjectTag/team": "red"}}"#, N),
        (r#"{"Null": {"aws:UserAgent": "true"}}"#, Y),
        (r#"{"Null": {"aws:Referer": true}}"#, N),
        (r#"{"NumericLessThanEquals": {"s3:max-keys": 50}}"#, Y),
        (r#"{"NumericGreaterThan": {"s3:max-keys": "50"}}"#, N),
        (r#"{"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}"#, Y),
        (r#"{"DateLessThan": {"aws:CurrentTime": "2026-05-01"}}"#, N),
        (r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:*"}}"#, Y),
        (r#"{"ArnLike": {"aws:PrincipalArn": "arn:*"}}"#, N),
        (r#"{"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::1:root"}}"#, Y),
        (r#"{"StringEquals": {"aws:PrincipalAccount": "123456789012"}}"#, Y),
        (r#"{"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["a", "b", "c"]}}"#, Y),
        (r#"{"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["a"]}}"#, N),
        (r#"{"ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": ["a"]}}"#, Y),
        (r#"{"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}"#, Y),
        (r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}}"#, N),
        (r#"{"StringLike": {"s3:prefix": "home/${aws:username}/*"}}"#, N),
        (r#"{"StringEquals": {"aws:SourceVpc": "vpc-1"}}"#, P),
        (r#"{"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}"#, P),
        (r#"{"Rhymes": {"aws:Referer": "x"}}"#, P),
        (r#"{"Bool": {"aws:SecureTransport": false}, "NumericEquals": {"s3:max-keys": 1}}"#, N),
    ];
    for (condition, expected) in rows {
        assert_eq!(judge(condition, &context(), &me), *expected, "{condition}");
    }
    let named = context().with("aws:username", "me");
    let home = r#"{"StringLike": {"s3:prefix": "home/${aws:username}/*"}}"#;
    assert_eq!(judge(home, &named, &me), Y);
    let default = r#"{"StringLike": {"s3:prefix": "home/${aws:username, 'me'}/*"}}"#;
    assert_eq!(judge(default, &context(), &me), Y);
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let nobody = Principal::Anonymous;
    let rows = [
        (r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#, Fit::Perhaps),
        (r#"{"Null": {"aws:Referer": "true"}}"#, Fit::Perhaps),
        // Who has no keys is in no organisation.
        (r#"{"StringEquals": {"aws:PrincipalOrgID": "o-1"}}"#, Fit::No),
        (r#"{"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}"#, Fit::Yes),
        (
            r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "StringEquals": {"aws:userid": "x"}}"#,
            Fit::No,
        ),
    ];
    for (condition, expected) in rows {
        assert_eq!(judge(condition, Context::unknown(), &nobody), expected, "{condition}");
    }
}

#[test]
fn addresses_of_both_kinds() {
    for (address, range, inside) in [
        ("2001:db8::1", "2001:db8::/32", true),
        ("2001:db9::1", "2001:db8::/32", false),
        ("::ffff:10.0.0.1", "10.0.0.0/8", true),
        ("::1", "::1", true),
        ("10.0.0.1", "10.0.0.0/99", false),
        ("10.0.0.1", "nonsense", false),
    ] {
        assert_eq!(in_range(address.parse().unwrap(), range), inside, "{address} {range}");
    }
}
