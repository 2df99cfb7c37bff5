//! What other clients do differently.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dipper_sandbox::Sandbox;
use http::Method;
use s3s::crypto::{Checksum as _, Sha1};

use crate::support::{Answer, ask, get, put, sandbox};

fn hmac_sha1(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let hash = |pad: u8, data: &[u8]| {
        let mut sha = Sha1::new();
        sha.update(&block.map(|b| b ^ pad));
        sha.update(data);
        sha.finalize().to_vec()
    };
    hash(0x5C, &hash(0x36, data))
}

/// Signed as version 2 signs, for a resource that may not be the path.
async fn version2(s: &Sandbox, path: &str, resource: &str) -> Answer {
    let date = "Mon, 23 Nov 2026 09:00:00 GMT";
    let to_sign = format!("GET\n\n\n{date}\n{resource}");
    let secret = s.main().secret_key.expose().as_bytes();
    let signature = BASE64.encode(hmac_sha1(secret, to_sign.as_bytes()));
    ask(&s.endpoint(), Method::GET, path)
        .header("date", date)
        .header("authorization", format!("AWS {}:{signature}", s.main().access_key))
        .send()
        .await
}

#[tokio::test]
async fn version_2_signs_a_bucket_with_and_without_its_slash() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "x").await;
    for (path, resource) in [
        ("/bucket", "/bucket"),
        ("/bucket", "/bucket/"),
        ("/bucket/", "/bucket/"),
        ("/bucket?list-type=2&prefix=k", "/bucket/"),
    ] {
        let listed = version2(&s, path, resource).await;
        assert_eq!(listed.elements("Key"), ["k"], "{path} {resource}: {}", listed.text());
    }
    assert_eq!(version2(&s, "/bucket?acl", "/bucket/?acl").await.status, 200);
    assert_eq!(version2(&s, "/bucket/k", "/bucket/k").await.text(), "x");
    let wrong = version2(&s, "/bucket", "/other/").await;
    assert_eq!(wrong.error(), (403, "SignatureDoesNotMatch".into()));
}

async fn form(s: &Sandbox, fields: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!(
            "--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    body += "--line\r\nContent-Disposition: form-data; name=\"file\"; filename=\"n.txt\"\r\n\
        Content-Type: text/plain\r\n\r\nhello\r\n--line--\r\n";
    ask(&s.endpoint(), Method::POST, "/bucket")
        .header("content-type", "multipart/form-data; boundary=line")
        .body(body)
        .send()
        .await
}

#[tokio::test]
async fn a_form_is_judged_by_its_own_key() {
    let s = sandbox().await;
    let owner = "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>\
        </OwnershipControls>";
    assert_eq!(put(&s, "/bucket?ownershipControls", owner).await.status, 200);
    assert_eq!(form(&s, &[("key", "in/a")]).await.error(), (403, "AccessDenied".into()));
    let policy = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::bucket/in/*"}}"#;
    assert_eq!(put(&s, "/bucket?policy", policy).await.status, 204);
    let taken = form(&s, &[("key", "in/${filename}"), ("x-amz-meta-a", "b")]).await;
    assert_eq!(taken.status, 204, "{}", taken.text());
    assert_eq!(form(&s, &[("key", "out/a")]).await.status, 403);
    let public = form(&s, &[("key", "in/a"), ("acl", "public-read")]).await;
    assert_eq!(public.status, 403, "an ACL needs a permission of its own");
    let read = get(&s, "/bucket/in/n.txt").await;
    assert_eq!((read.text().as_str(), read.header("x-amz-meta-a")), ("hello", "b"));
}
