use http::Method;

use crate::support::{Ask, ask, delete, get, put, sandbox};

#[tokio::test]
async fn what_goes_in_comes_out() {
    let s = sandbox().await;
    let sent = ask(&s.endpoint(), Method::PUT, "/bucket/a%20b/%C3%BC")
        .header("content-type", "text/x")
        .header("cache-control", "max-age=5")
        .header("x-amz-meta-colour", "blue")
        .header("x-amz-storage-class", "STANDARD_IA")
        .body("hello")
        .by(s.main())
        .send()
        .await;
    assert_eq!(sent.header("etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
    let got = get(&s, "/bucket/a%20b/%C3%BC").await;
    assert_eq!(got.text(), "hello");
    for (name, value) in [
        ("content-type", "text/x"),
        ("cache-control", "max-age=5"),
        ("x-amz-meta-colour", "blue"),
        ("x-amz-storage-class", "STANDARD_IA"),
        ("content-length", "5"),
    ] {
        assert_eq!(got.header(name), value, "{name}");
    }
    assert_eq!(delete(&s, "/bucket/a%20b/%C3%BC").await.status, 204);
    assert_eq!(get(&s, "/bucket/a%20b/%C3%BC").await.error(), (404, "NoSuchKey".into()));
    assert_eq!(get(&s, "/nobucket/x").await.error(), (404, "NoSuchBucket".into()));
}

#[tokio::test]
async fn ranges() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "0123456789").await;
    for (range, status, body, content_range) in [
        ("bytes=0-0", 206, "0", "bytes 0-0/10"),
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-3", 206, "789", "bytes 7-9/10"),
        ("bytes=-30", 206, "0123456789", "bytes 0-9/10"),
        ("bytes=8-99", 206, "89", "bytes 8-9/10"),
    ] {
        let got = ask(&s.endpoint(), Method::GET, "/bucket/k").header("range", range).by(s.main());
        let got = got.send().await;
        assert_eq!((got.status.as_u16(), got.text().as_str()), (status, body), "{range}");
        assert_eq!(got.header("content-range"), content_range, "{range}");
    }
    let over = ask(&s.endpoint(), Method::GET, "/bucket/k").header("range", "bytes=10-");
    let over = over.by(s.main()).send().await;
    assert_eq!(over.error(), (416, "InvalidRange".into()));
    assert_eq!(over.header("content-range"), "bytes */10");
}

#[tokio::test]
async fn conditions() {
    let s = sandbox().await;
    let etag = put(&s, "/bucket/k", "1").await.header("etag").to_owned();
    let with = async |method: Method, name: &'static str, value: &str| {
        let asked: Ask<'_> = ask(&s.endpoint(), method, "/bucket/k").header(name, value);
        asked.by(s.main()).body("").send().await.status.as_u16()
    };
    assert_eq!(with(Method::GET, "if-none-match", &etag).await, 304);
    assert_eq!(with(Method::GET, "if-match", "\"other\"").await, 412);
    assert_eq!(with(Method::GET, "if-match", &etag).await, 200);
    assert_eq!(with(Method::PUT, "if-none-match", "*").await, 412);
    assert_eq!(with(Method::PUT, "if-match", "\"other\"").await, 412);
    assert_eq!(with(Method::PUT, "if-match", &etag).await, 200);
    assert_eq!(with(Method::DELETE, "if-match", &etag).await, 412);
}

#[tokio::test]
async fn one_of_many_creators_wins() {
    let s = sandbox().await;
    let tries = (0..20).map(|n| {
        ask(&s.endpoint(), Method::PUT, "/bucket/only-once")
            .header("if-none-match", "*")
            .body(format!("{n}"))
            .by(s.main())
            .send()
    });
    let answers = futures::future::join_all(tries).await;
    let statuses: Vec<u16> = answers.iter().map(|a| a.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|s| **s == 412).count(), 19, "{statuses:?}");
}

#[tokio::test]
async fn wrong_digests_are_refused_and_nothing_is_stored() {
    let s = sandbox().await;
    for (name, value, code) in [
        ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"),
        ("content-md5", "nonsense", "InvalidDigest"),
        ("x-amz-checksum-crc32", "AAAAAA==", "BadDigest"),
        ("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=", "BadDigest"),
        ("x-amz-checksum-sha256", "AAAAAA==", "BadDigest"),
    ] {
        let sent = ask(&s.endpoint(), Method::PUT, "/bucket/k").header(name, value).body("x");
        assert_eq!(sent.by(s.main()).send().await.error(), (400, code.into()), "{name}");
    }
    assert_eq!(get(&s, "/bucket/k").await.status, 404);
}

#[tokio::test]
async fn checksums_come_back_when_asked_for() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "123456789").await;
    let plain = get(&s, "/bucket/k").await;
    assert_eq!(plain.header("x-amz-checksum-crc64nvme"), "");
    let asked =
        ask(&s.endpoint(), Method::GET, "/bucket/k").header("x-amz-checksum-mode", "ENABLED");
    let asked = asked.by(s.main()).send().await;
    assert_eq!(asked.header("x-amz-checksum-crc64nvme"), "rosUhgp5mIg=");
    assert_eq!(asked.header("x-amz-checksum-type"), "FULL_OBJECT");
}

#[tokio::test]
async fn copies() {
    let s = sandbox().await;
    let first = ask(&s.endpoint(), Method::PUT, "/bucket/a").header("x-amz-meta-x", "1");
    first.body("text").by(s.main()).send().await;
    let copy = async |to: &str, headers: &[(&'static str, &str)]| {
        let mut asked = ask(&s.endpoint(), Method::PUT, to);
        for (name, value) in headers {
            asked = asked.header(name, *value);
        }
        asked.by(s.main()).send().await
    };
    let source = ("x-amz-copy-source", "/bucket/a");
    assert_eq!(copy("/bucket/b", &[source]).await.status, 200);
    assert_eq!(get(&s, "/bucket/b").await.header("x-amz-meta-x"), "1");
    let replace = ("x-amz-metadata-directive", "REPLACE");
    copy("/bucket/c", &[source, replace, ("x-amz-meta-y", "2")]).await;
    let c = get(&s, "/bucket/c").await;
    assert_eq!((c.header("x-amz-meta-x"), c.header("x-amz-meta-y")), ("", "2"));
    assert_eq!(copy("/bucket/a", &[source]).await.error(), (400, "InvalidRequest".into()));
    assert_eq!(copy("/bucket/a", &[source, replace]).await.status, 200);
    assert_eq!(get(&s, "/bucket/a").await.text(), "text");
    let never = ("x-amz-copy-source-if-none-match", "*");
    assert_eq!(copy("/bucket/d", &[source, never]).await.status, 412);
    // The target's own conditions.
    let free = ("if-none-match", "*");
    assert_eq!(copy("/bucket/d", &[source, free]).await.status, 200);
    assert_eq!(copy("/bucket/d", &[source, free]).await.status, 412);
    let other = ("if-match", "\"0\"");
    assert_eq!(copy("/bucket/d", &[source, other]).await.status, 412);
    assert_eq!(copy("/bucket/nothing", &[source, other]).await.status, 404);
    assert_eq!(copy("/bucket/d", &[source, ("if-match", "*")]).await.status, 200);
}

#[tokio::test]
async fn many_deletions_tell_each_key() {
    let s = sandbox().await;
    put(&s, "/bucket/a", "").await;
    let body = "<Delete><Object><Key>a</Key></Object><Object><Key>gone</Key></Object></Delete>";
    let asked = async |account| {
        ask(&s.endpoint(), Method::POST, "/bucket?delete").by(account).body(body).send().await
    };
    let refused = asked(s.alt()).await;
    assert_eq!(refused.elements("Code"), ["AccessDenied", "AccessDenied"]);
    assert_eq!(asked(s.main()).await.elements("Key"), ["a", "gone"]);
    assert_eq!(get(&s, "/bucket/a").await.status, 404);
}

#[tokio::test]
async fn limits() {
    let s = sandbox().await;
    let long = put(&s, &format!("/bucket/{}", "k".repeat(1025)), "").await;
    assert_eq!(long.error(), (400, "KeyTooLongError".into()));
    assert_eq!(put(&s, &format!("/bucket/{}", "k".repeat(1024)), "").await.status, 200);
    assert_eq!(put(&s, "/Bad_Name", "").await.error(), (400, "InvalidBucketName".into()));
    assert_eq!(put(&s, "/bucket", "").await.error(), (409, "BucketAlreadyOwnedByYou".into()));
    assert_eq!(delete(&s, "/bucket").await.error(), (409, "BucketNotEmpty".into()));
}
