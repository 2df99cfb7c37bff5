use http::Method;

use crate::support::{anyone, ask, put, sandbox};

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let s = sandbox().await;
    let open = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::bucket/*"}}"#;
    put(&s, "/bucket?policy", open).await;
    put(&s, "/bucket/k", "x").await;
    assert_eq!(anyone(&s, "/bucket/k").await.status, 200);
    let with = async |path: &str, name: &'static str, value: &str| {
        let asked = ask(&s.endpoint(), Method::GET, path).header(name, value).send().await;
        asked.status.as_u16()
    };
    assert_eq!(with("/bucket/k", "host", "evil.example").await, 400);
    assert_eq!(with("/bucket/k", "origin", "https://evil.example").await, 403);
    assert_eq!(with("/bucket/k", "sec-fetch-site", "cross-site").await, 403);
    assert_eq!(with("/bucket/k", "origin", "http://localhost:5173").await, 200);
    assert_eq!(with("/k", "host", "bucket.localhost").await, 200);
    assert_eq!(with("/k", "host", "bucket.s3.localhost:9000").await, 200);
}

#[tokio::test]
async fn only_loopback() {
    let config = dipper_sandbox::Config {
        bind: "0.0.0.0:0".parse().unwrap(),
        ..dipper_sandbox::Config::memory()
    };
    let refused = dipper_sandbox::Sandbox::start(config).await;
    assert!(matches!(refused, Err(dipper_sandbox::SandboxError::NotLoopback { .. })));
}
