use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dipper_sandbox::Sandbox;
use http::Method;

use crate::support::{Answer, Ask, ask, get, put, sandbox};

const SSE: &str = "x-amz-server-side-encryption";

fn md5(data: &[u8]) -> String {
    use s3s::crypto::{Checksum as _, Md5};
    BASE64.encode(Md5::checksum(data))
}

fn with_key<'a>(asked: Ask<'a>, key: &[u8; 32]) -> Ask<'a> {
    asked
        .header("x-amz-server-side-encryption-customer-algorithm", "AES256")
        .header("x-amz-server-side-encryption-customer-key", BASE64.encode(key))
        .header("x-amz-server-side-encryption-customer-key-md5", md5(key))
}

async fn send(
    s: &Sandbox,
    method: Method,
    path: &str,
    key: Option<&[u8; 32]>,
    body: &str,
) -> Answer {
    let asked = ask(&s.endpoint(), method, path).body(body.to_owned());
    let asked = match key {
        Some(key) => with_key(asked, key),
        None => asked,
    };
    asked.by(s.main()).send().await
}

#[tokio::test]
async fn kinds_are_answered_and_a_default_is_applied() {
    let s = sandbox().await;
    let plain = put(&s, "/bucket/plain", "x").await;
    assert_eq!(plain.header(SSE), "");
    for (method, id, etag_is_md5) in
        [("AES256", "", true), ("aws:kms", "key-1", false), ("aws:kms:dsse", "key-2", false)]
    {
        let asked = ask(&s.endpoint(), Method::PUT, "/bucket/k").header(SSE, method).body("x");
        let asked = match id {
            "" => asked,
            id => asked.header("x-amz-server-side-encryption-aws-kms-key-id", id),
        };
        let made = asked.by(s.main()).send().await;
        assert_eq!(made.header(SSE), method);
        assert_eq!(made.header("etag") == plain.header("etag"), etag_is_md5, "{method}");
        let read = get(&s, "/bucket/k").await;
        assert_eq!((read.header(SSE), read.text().as_str()), (method, "x"));
        assert_eq!(read.header("x-amz-server-side-encryption-aws-kms-key-id"), id);
        assert_eq!(read.header("etag"), made.header("etag"));
    }
    let document = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
        <SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>\
        </ServerSideEncryptionConfiguration>";
    assert_eq!(put(&s, "/bucket?encryption", document).await.status, 200);
    assert_eq!(put(&s, "/bucket/new", "x").await.header(SSE), "aws:kms");
    let upload = ask(&s.endpoint(), Method::POST, "/bucket/mp?uploads").by(s.main()).send().await;
    assert_eq!(upload.header(SSE), "aws:kms");
    for (name, value) in [(SSE, "rot13"), ("x-amz-server-side-encryption-aws-kms-key-id", "k")] {
        let bad = ask(&s.endpoint(), Method::PUT, "/bucket/k").header(name, value).by(s.main());
        assert_eq!(bad.send().await.error(), (400, "InvalidArgument".into()));
    }
}

#[tokio::test]
async fn a_customers_key_is_needed_again() {
    let s = sandbox().await;
    let (key, other) = (b"01234567890123456789012345678901", b"another key another key another ");
    let path = "/bucket/secret";
    let made = send(&s, Method::PUT, path, Some(key), "text").await;
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(made.header("x-amz-server-side-encryption-customer-key-md5"), md5(key));
    assert_eq!(get(&s, path).await.error(), (400, "InvalidRequest".into()));
    assert_eq!(send(&s, Method::HEAD, path, None, "").await.status, 400);
    let wrong = send(&s, Method::GET, path, Some(other), "").await;
    assert_eq!(wrong.error(), (403, "AccessDenied".into()));
    assert_eq!(send(&s, Method::GET, path, Some(key), "").await.text(), "text");
    put(&s, "/bucket/plain", "x").await;
    let not_needed = send(&s, Method::GET, "/bucket/plain", Some(key), "").await;
    assert_eq!(not_needed.error(), (400, "InvalidRequest".into()));
    let mut lie = ask(&s.endpoint(), Method::PUT, path).body("x");
    lie = lie.header("x-amz-server-side-encryption-customer-algorithm", "AES256");
    lie = lie.header("x-amz-server-side-encryption-customer-key", BASE64.encode(key));
    lie = lie.header("x-amz-server-side-encryption-customer-key-md5", md5(other));
    assert_eq!(lie.by(s.main()).send().await.error(), (400, "InvalidArgument".into()));

    // A copy reads with the source's key and is stored with its own.
    let copy = with_key(ask(&s.endpoint(), Method::PUT, "/bucket/copy"), other)
        .header("x-amz-copy-source", "/bucket/secret")
        .header("x-amz-copy-source-server-side-encryption-customer-algorithm", "AES256")
        .header("x-amz-copy-source-server-side-encryption-customer-key", BASE64.encode(key))
        .header("x-amz-copy-source-server-side-encryption-customer-key-md5", md5(key));
    assert_eq!(copy.by(s.main()).send().await.status, 200);
    assert_eq!(send(&s, Method::GET, "/bucket/copy", Some(other), "").await.text(), "text");
    let keyless = ask(&s.endpoint(), Method::PUT, "/bucket/copy2")
        .header("x-amz-copy-source", "/bucket/secret");
    assert_eq!(keyless.by(s.main()).send().await.status, 400);

    // Parts come with the key that their upload began with.
    let upload = send(&s, Method::POST, "/bucket/mp?uploads", Some(key), "").await;
    let part = format!("/bucket/mp?partNumber=1&uploadId={}", upload.element("UploadId"));
    assert_eq!(send(&s, Method::PUT, &part, None, "p").await.status, 400);
    assert_eq!(send(&s, Method::PUT, &part, Some(other), "p").await.status, 400);
    let sent = send(&s, Method::PUT, &part, Some(key), "p").await;
    let done = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part>\
         </CompleteMultipartUpload>",
        sent.header("etag")
    );
    let path = format!("/bucket/mp?uploadId={}", upload.element("UploadId"));
    assert_eq!(send(&s, Method::POST, &path, None, &done).await.status, 200);
    assert_eq!(send(&s, Method::GET, "/bucket/mp", Some(key), "").await.text(), "p");
}

#[tokio::test]
async fn attributes_and_parts() {
    let s = sandbox().await;
    let upload = ask(&s.endpoint(), Method::POST, "/bucket/mp?uploads")
        .header("x-amz-checksum-algorithm", "SHA256")
        .by(s.main())
        .send()
        .await;
    let id = upload.element("UploadId");
    let mut parts = String::new();
    for (number, size) in [(1, 5 << 20), (2, 7)] {
        let path = format!("/bucket/mp?partNumber={number}&uploadId={id}");
        let sent = ask(&s.endpoint(), Method::PUT, &path)
            .header("x-amz-sdk-checksum-algorithm", "SHA256")
            .body(vec![b'x'; size]);
        let etag = sent.by(s.main()).send().await.header("etag").to_owned();
        parts += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    }
    let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
    send(&s, Method::POST, &format!("/bucket/mp?uploadId={id}"), None, &body).await;

    let second = get(&s, "/bucket/mp?partNumber=2").await;
    assert_eq!((second.status.as_u16(), second.text().as_str()), (206, "xxxxxxx"));
    assert_eq!(second.header("x-amz-mp-parts-count"), "2");
    let head = send(&s, Method::HEAD, "/bucket/mp?partNumber=1", None, "").await;
    assert_eq!(head.header("content-length"), (5 << 20).to_string());
    assert_eq!(send(&s, Method::HEAD, "/bucket/mp?partNumber=3", None, "").await.status, 416);

    let all = "ETag,Checksum,ObjectParts,StorageClass,ObjectSize";
    let asked = async |what: &str, more: &'static str| {
        let asked = ask(&s.endpoint(), Method::GET, "/bucket/mp?attributes");
        let asked = asked.header("x-amz-object-attributes", what);
        let asked = if more.is_empty() { asked } else { asked.header("x-amz-max-parts", more) };
        asked.by(s.main()).send().await
    };
    let answer = asked(all, "").await;
    assert_eq!(answer.element("ObjectSize"), ((5 << 20) + 7).to_string(), "{}", answer.text());
    assert_eq!(answer.element("StorageClass"), "STANDARD");
    assert!(answer.element("ETag").ends_with("-2"), "{}", answer.text());
    assert_eq!(answer.elements("PartNumber"), ["1", "2"]);
    let page = asked("ObjectParts", "1").await;
    assert_eq!(page.elements("PartNumber"), ["1"]);
    assert_eq!((page.element("IsTruncated"), page.element("ETag")), ("true".into(), "".into()));
    assert_eq!(asked("Nonsense", "").await.status, 400);
}
