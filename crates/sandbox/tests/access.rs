use dipper_sandbox::{Config, Sandbox};
use http::Method;

use crate::support::{anyone, ask, delete, get, put, sandbox, with_bucket};

fn policy(effect: &str, principal: &str, action: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "{effect}",
            "Principal": {principal}, "Action": "{action}",
            "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]}}]}}"#
    )
}

#[tokio::test]
async fn private_public_private_by_acl() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "x").await;
    assert_eq!(anyone(&s, "/bucket/k").await.error(), (403, "AccessDenied".into()));
    let acl = async |canned: &str| {
        let asked = ask(&s.endpoint(), Method::PUT, "/bucket/k?acl").header("x-amz-acl", canned);
        asked.by(s.main()).send().await.status.as_u16()
    };
    assert_eq!(acl("public-read").await, 200);
    assert_eq!(anyone(&s, "/bucket/k").await.text(), "x");
    assert!(get(&s, "/bucket/k?acl").await.text().contains("groups/global/AllUsers"));
    assert_eq!(acl("private").await, 200);
    assert_eq!(anyone(&s, "/bucket/k").await.status, 403);
}

#[tokio::test]
async fn private_public_private_by_policy() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "x").await;
    let open = policy("Allow", "\"*\"", "s3:GetObject");
    assert_eq!(put(&s, "/bucket?policy", open.clone()).await.status, 204);
    assert_eq!(anyone(&s, "/bucket/k").await.status, 200);
    assert_eq!(get(&s, "/bucket?policy").await.text(), open);
    // Who may not list is not told that a key is missing.
    assert_eq!(anyone(&s, "/bucket/missing").await.status, 403);
    assert_eq!(get(&s, "/bucket/missing").await.status, 404);
    assert_eq!(delete(&s, "/bucket?policy").await.status, 204);
    assert_eq!(anyone(&s, "/bucket/k").await.status, 403);
    assert_eq!(put(&s, "/bucket?policy", "{").await.error(), (400, "MalformedPolicy".into()));
}

#[tokio::test]
async fn the_other_account() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "x").await;
    let alt = async |method, path: &str| {
        ask(&s.endpoint(), method, path).by(s.alt()).send().await.status.as_u16()
    };
    assert_eq!(alt(Method::GET, "/bucket/k").await, 403);
    let to_alt = format!(r#"{{"AWS": "arn:aws:iam::{}:root"}}"#, s.alt().number);
    put(&s, "/bucket?policy", policy("Allow", &to_alt, "s3:GetObject")).await;
    assert_eq!(alt(Method::GET, "/bucket/k").await, 200);
    assert_eq!(alt(Method::PUT, "/bucket/k").await, 403);
    assert_eq!(alt(Method::GET, "/bucket").await, 403);
    assert_eq!(anyone(&s, "/bucket/k").await.status, 403);
}

#[tokio::test]
async fn what_is_not_known_denies_and_does_not_allow() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "x").await;
    let condition = r#""Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}, "Effect""#;
    let only_if = |effect| policy(effect, "\"*\"", "s3:GetObject").replace("\"Effect\"", condition);
    put(&s, "/bucket?policy", only_if("Allow")).await;
    assert_eq!(anyone(&s, "/bucket/k").await.status, 403);
    put(&s, "/bucket?policy", only_if("Deny")).await;
    assert_eq!(get(&s, "/bucket/k").await.status, 403);
    assert_eq!(delete(&s, "/bucket?policy").await.status, 204);
    assert_eq!(get(&s, "/bucket/k").await.status, 200);
}

#[tokio::test]
async fn aws_defaults() {
    let config = Config { aws_defaults: true, ..Config::memory() };
    let s = with_bucket(Sandbox::start(config).await.unwrap()).await;
    let public = ask(&s.endpoint(), Method::PUT, "/bucket/k").header("x-amz-acl", "public-read");
    let refused = public.by(s.main()).send().await;
    assert_eq!(refused.error(), (400, "AccessControlListNotSupported".into()));
    let open = policy("Allow", "\"*\"", "s3:GetObject");
    assert_eq!(put(&s, "/bucket?policy", open.clone()).await.error(), (403, "AccessDenied".into()));
    assert_eq!(delete(&s, "/bucket?publicAccessBlock").await.status, 204);
    assert_eq!(put(&s, "/bucket?policy", open).await.status, 204);
    put(&s, "/bucket/k", "x").await;
    assert_eq!(anyone(&s, "/bucket/k").await.status, 200);
}

#[tokio::test]
async fn wrong_keys() {
    let s = sandbox().await;
    let mut stranger = s.main().clone();
    stranger.access_key = "AKIAAAAAAAAAAAAAAAAA".to_owned();
    let asked = ask(&s.endpoint(), Method::GET, "/").by(&stranger).send().await;
    assert_eq!(asked.error(), (403, "InvalidAccessKeyId".into()));
    let mut forger = s.main().clone();
    forger.secret_key = "x".repeat(40).into();
    let asked = ask(&s.endpoint(), Method::GET, "/").by(&forger).send().await;
    assert_eq!(asked.error(), (403, "SignatureDoesNotMatch".into()));
    assert_eq!(anyone(&s, "/").await.error(), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn conditions_are_judged() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "x").await;
    let open_if = async |action: &str, condition: &str| {
        let condition = format!(r#""Condition": {condition}, "Effect""#);
        let text = policy("Allow", "\"*\"", action).replace("\"Effect\"", &condition);
        assert_eq!(put(&s, "/bucket?policy", text).await.status, 204);
    };
    for (condition, status) in [
        (r#"{"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}"#, 200),
        (r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#, 403),
        (r#"{"Bool": {"aws:SecureTransport": "true"}}"#, 403),
        (r#"{"Null": {"aws:Referer": "true"}}"#, 200),
        (r#"{"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}"#, 200),
        (r#"{"StringEquals": {"s3:ExistingObjectTag/open": "yes"}}"#, 403),
    ] {
        open_if("s3:GetObject", condition).await;
        assert_eq!(anyone(&s, "/bucket/k").await.status, status, "{condition}");
    }
    let tags = "<Tagging><TagSet><Tag><Key>open</Key><Value>yes</Value></Tag></TagSet></Tagging>";
    put(&s, "/bucket/k?tagging", tags).await;
    assert_eq!(anyone(&s, "/bucket/k").await.status, 200);
    open_if("s3:ListBucket", r#"{"StringLike": {"s3:prefix": "home/*"}}"#).await;
    assert_eq!(anyone(&s, "/bucket?prefix=home%2Fx").await.status, 200);
    assert_eq!(anyone(&s, "/bucket?prefix=other").await.status, 403);
    assert_eq!(anyone(&s, "/bucket").await.status, 403);
}

#[tokio::test]
async fn an_acl_in_a_put_needs_its_own_permission() {
    let s = sandbox().await;
    let to_alt = format!(r#"{{"AWS": "arn:aws:iam::{}:root"}}"#, s.alt().number);
    put(&s, "/bucket?policy", policy("Allow", &to_alt, "s3:PutObject")).await;
    let put_with = async |name: &'static str, value: &str| {
        let asked = ask(&s.endpoint(), Method::PUT, "/bucket/k").header(name, value);
        asked.by(s.alt()).body("x").send().await.status.as_u16()
    };
    assert_eq!(put_with("x-amz-meta-a", "b").await, 200);
    assert_eq!(put_with("x-amz-acl", "public-read").await, 403);
    assert_eq!(put_with("x-amz-grant-read", "id=\"x\"").await, 403);
    assert_eq!(put_with("x-amz-tagging", "a=b").await, 403);
    put(&s, "/bucket?policy", policy("Allow", &to_alt, "s3:PutObject*")).await;
    assert_eq!(put_with("x-amz-acl", "public-read").await, 200);
}
