use dipper_sandbox::Sandbox;
use http::Method;

use crate::support::{Answer, ask, get, put, sandbox};

const LOCAL: &str = "http://localhost:5173";

async fn page(
    s: &Sandbox,
    method: Method,
    path: &str,
    origin: &str,
    more: &[(&'static str, &str)],
) -> Answer {
    let mut asked = ask(&s.endpoint(), method, path).header("origin", origin);
    for (name, value) in more {
        asked = asked.header(name, *value);
    }
    asked.send().await
}

#[tokio::test]
async fn cors() {
    let s = sandbox().await;
    let public = ask(&s.endpoint(), Method::PUT, "/bucket/k").header("x-amz-acl", "public-read");
    public.by(s.main()).body("x").send().await;
    let want = [
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "X-Amz-Date, content-type"),
    ];
    let none = page(&s, Method::OPTIONS, "/bucket/k", LOCAL, &want).await;
    assert_eq!(none.error(), (403, "AccessDenied".into()));
    let rules = "<CORSConfiguration><CORSRule><AllowedOrigin>http://localhost:*</AllowedOrigin>\
        <AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod>\
        <AllowedHeader>x-amz-*</AllowedHeader><AllowedHeader>Content-Type</AllowedHeader>\
        <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>\
        <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>\
        </CORSConfiguration>";
    assert_eq!(put(&s, "/bucket?cors", rules).await.status, 200);
    let fine = page(&s, Method::OPTIONS, "/bucket/k", LOCAL, &want).await;
    assert_eq!(fine.status, 200, "{}", fine.text());
    assert_eq!(fine.header("access-control-allow-origin"), LOCAL);
    assert_eq!(fine.header("access-control-allow-methods"), "PUT, GET");
    assert_eq!(fine.header("access-control-allow-headers"), "x-amz-date, content-type");
    assert_eq!(fine.header("access-control-max-age"), "60");
    assert_eq!(fine.header("access-control-expose-headers"), "ETag");
    for (origin, wrong) in [
        (
            LOCAL,
            [("access-control-request-method", "DELETE"), ("access-control-request-headers", "")],
        ),
        (
            LOCAL,
            [
                ("access-control-request-method", "PUT"),
                ("access-control-request-headers", "x-other"),
            ],
        ),
        (
            "http://127.0.0.1:9",
            [("access-control-request-method", "PUT"), ("access-control-request-headers", "")],
        ),
    ] {
        let refused = page(&s, Method::OPTIONS, "/bucket/k", origin, &wrong).await;
        assert_eq!(refused.status, 403, "{origin} {wrong:?}");
    }
    let read = page(&s, Method::GET, "/bucket/k", LOCAL, &[]).await;
    assert_eq!((read.text().as_str(), read.header("access-control-allow-origin")), ("x", LOCAL));
    assert!(read.header("vary").contains("Origin"));
    let other = page(&s, Method::GET, "/bucket/k", "http://127.0.0.1:9", &[]).await;
    assert_eq!(other.header("access-control-allow-origin"), "*");
    let plain = get(&s, "/bucket/k").await;
    assert_eq!(plain.header("access-control-allow-origin"), "");
    let foreign = page(&s, Method::GET, "/bucket/k", "https://evil.example", &[]).await;
    assert_eq!(foreign.status, 403, "rules do not open the sandbox to other sites");
}

#[tokio::test]
async fn a_website() {
    let s = sandbox().await;
    let host = format!("bucket.s3-website.localhost:{}", s.address().port());
    let visit = async |path: &str| {
        ask(&s.endpoint(), Method::GET, path).header("host", host.clone()).send().await
    };
    assert_eq!(visit("/").await.status, 404);
    for (key, body) in [
        ("index.html", "home"),
        ("docs/index.html", "docs"),
        ("oops.html", "oops"),
        ("private", "p"),
    ] {
        let path = format!("/bucket/{key}");
        let acl = if key == "private" { "private" } else { "public-read" };
        let made = ask(&s.endpoint(), Method::PUT, &path).header("x-amz-acl", acl);
        made.by(s.main()).body(body).send().await;
    }
    let document = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
        <ErrorDocument><Key>oops.html</Key></ErrorDocument><RoutingRules><RoutingRule><Condition>\
        <KeyPrefixEquals>old/</KeyPrefixEquals></Condition><Redirect><ReplaceKeyPrefixWith>docs/\
        </ReplaceKeyPrefixWith><HttpRedirectCode>302</HttpRedirectCode></Redirect></RoutingRule>\
        <RoutingRule><Condition><KeyPrefixEquals>m/</KeyPrefixEquals><HttpErrorCodeReturnedEquals>403\
        </HttpErrorCodeReturnedEquals></Condition><Redirect><HostName>else.example</HostName>\
        </Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>";
    assert_eq!(put(&s, "/bucket?website", document).await.status, 200);
    assert_eq!(visit("/").await.text(), "home");
    assert_eq!(visit("/docs/").await.text(), "docs");
    let folder = visit("/docs").await;
    assert_eq!((folder.status.as_u16(), folder.header("location")), (302, "/docs/"));
    let missing = visit("/missing").await;
    assert_eq!((missing.status.as_u16(), missing.text().as_str()), (403, "oops"));
    assert_eq!(visit("/private").await.text(), "oops");
    let moved = visit("/old/x").await;
    assert_eq!(moved.status, 302);
    assert_eq!(moved.header("location"), format!("http://{host}/docs/x"));
    assert_eq!(visit("/m/x").await.header("location"), "http://else.example/m/x");
    let all = "<WebsiteConfiguration><RedirectAllRequestsTo><HostName>there.example</HostName>\
        <Protocol>https</Protocol></RedirectAllRequestsTo></WebsiteConfiguration>";
    put(&s, "/bucket?website", all).await;
    assert_eq!(visit("/a/b").await.header("location"), "https://there.example/a/b");
}
