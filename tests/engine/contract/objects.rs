use bytes::Bytes;
use dipper_s3::{Class, GetRequest, ObjectHeaders, PutRequest, S3};
use dipper_types::BucketName;
use md5::{Digest as _, Md5};

use super::Server;
use crate::support::{key, noise};

async fn put(main: &S3, bucket: &BucketName, name: &str, bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    main.put_object(bucket, &key(name), bytes, &PutRequest::default(), None).await.unwrap();
}

async fn get(main: &S3, bucket: &BucketName, name: &str) -> Vec<u8> {
    let answer = main.get_object(bucket, &key(name), &GetRequest::default()).await.unwrap();
    answer.collect(64 << 20).await.unwrap()
}

pub async fn what_is_put_is_got(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let bytes = noise(1, 300_000);
    let md5: [u8; 16] = Md5::digest(&bytes).into();
    let request = PutRequest { md5: Some(md5), ..PutRequest::default() };
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let count = std::sync::Arc::clone(&sent);
    let counter = dipper_s3::Sent::told(move |n| {
        count.fetch_add(n, std::sync::atomic::Ordering::Relaxed);
    });
    let stored = main
        .put_object(&bucket, &key("a/b"), bytes.clone().into(), &request, Some(&counter))
        .await
        .unwrap();
    assert_eq!(stored.etag, hex::encode(md5));
    assert_eq!(sent.load(std::sync::atomic::Ordering::Relaxed), 300_000);
    let head = main.head_object(&bucket, &key("a/b")).await.unwrap();
    assert_eq!((head.size, head.etag.as_deref()), (300_000, Some(stored.etag.as_str())));
    assert!(head.modified.is_some() && !head.archived);
    assert_eq!(get(&main, &bucket, "a/b").await, bytes);
}

pub async fn nothing_is_something(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "empty", b"").await;
    let head = main.head_object(&bucket, &key("empty")).await.unwrap();
    assert_eq!((head.size, head.etag.as_deref()), (0, Some("d41d8cd98f00b204e9800998ecf8427e")));
    assert!(get(&main, &bucket, "empty").await.is_empty());
}

pub async fn ranges(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k", b"0123456789").await;
    for (range, want) in
        [((0, 1), "0"), ((3, 4), "3456"), ((9, 1), "9"), ((0, 10), "0123456789"), ((8, 100), "89")]
    {
        let request = GetRequest { range: Some(range), ..GetRequest::default() };
        let answer = main.get_object(&bucket, &key("k"), &request).await.unwrap();
        assert_eq!((answer.offset, answer.len, answer.head.size), (range.0, want.len() as u64, 10));
        assert_eq!(answer.collect(100).await.unwrap(), want.as_bytes());
    }
}

pub async fn only_the_object_that_was_meant(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k", b"one").await;
    let etag = main.head_object(&bucket, &key("k")).await.unwrap().etag;
    let request = GetRequest { if_match: etag, ..GetRequest::default() };
    assert_eq!(
        main.get_object(&bucket, &key("k"), &request).await.unwrap().collect(9).await.unwrap(),
        b"one"
    );
    put(&main, &bucket, "k", b"two").await;
    let error = main.get_object(&bucket, &key("k"), &request).await.unwrap_err();
    assert_eq!(error.class, Class::PreconditionFailed);
}

pub async fn headers_and_metadata_stay(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let headers = ObjectHeaders {
        content_type: Some("text/x-dipper; charset=utf-8".into()),
        cache_control: Some("max-age=60".into()),
        content_disposition: Some("attachment; filename=\"a b.txt\"".into()),
        content_encoding: Some("gzip".into()),
        metadata: vec![("colour".into(), "blue sky".into()), ("empty-ish".into(), "0".into())],
        ..ObjectHeaders::default()
    };
    let request = PutRequest { headers: headers.clone(), ..PutRequest::default() };
    main.put_object(&bucket, &key("k"), "x".into(), &request, None).await.unwrap();
    let upload = main.create_upload(&bucket, &key("m"), &headers).await.unwrap();
    let part = super::multipart::part(&main, &bucket, "m", &upload, 1, &[7; 9]).await;
    main.complete_upload(&bucket, &key("m"), &upload, &[part], None, 9).await.unwrap();
    for name in ["k", "m"] {
        let head = main.head_object(&bucket, &key(name)).await.unwrap();
        let got = main.get_object(&bucket, &key(name), &GetRequest::default()).await.unwrap();
        for kept in [head.headers, got.head.headers] {
            let kept = ObjectHeaders { storage_class: None, ..kept };
            assert_eq!(kept, headers, "{name}");
        }
    }
}

pub async fn a_second_put_replaces(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let tagged = ObjectHeaders { metadata: vec![("a".into(), "1".into())], ..Default::default() };
    let request = PutRequest { headers: tagged, ..PutRequest::default() };
    main.put_object(&bucket, &key("k"), "long text".into(), &request, None).await.unwrap();
    put(&main, &bucket, "k", b"short").await;
    let head = main.head_object(&bucket, &key("k")).await.unwrap();
    assert_eq!(head.size, 5);
    assert!(head.headers.metadata.is_empty(), "nothing of the first one is left");
    assert_eq!(get(&main, &bucket, "k").await, b"short");
}

pub async fn only_if_absent(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let request = PutRequest { guard: dipper_s3::Guard::absent(), ..PutRequest::default() };
    main.put_object(&bucket, &key("k"), "one".into(), &request, None).await.unwrap();
    let error =
        main.put_object(&bucket, &key("k"), "two".into(), &request, None).await.unwrap_err();
    assert_eq!(error.class, Class::PreconditionFailed);
    assert_eq!(get(&main, &bucket, "k").await, b"one");
}

/// Keys that clients and servers like to rewrite.
pub const ODD: &[&str] = &[
    "with space",
    "a+b",
    "a%20b",
    "100%",
    "%2F",
    "a//b",
    "/leading",
    "//two",
    "trailing/",
    "./x",
    "../x",
    "a/../b",
    "a/./b",
    "..",
    "grüße/ünïcode ☃/日本",
    "e\u{301}",
    "\u{e9}",
    "q?x=1&y=2#frag",
    "a;b,c:d@e=f$g!h*i'j(k)l",
    "\"quoted\"",
    "<xml>&amp;</xml>",
    "back\\slash",
    "tab\there",
    "line\nbreak",
    "return\rhere",
    "del\u{7f}",
    "~tilde",
    "[brackets]{braces}|^`",
    "emoji \u{1f600}",
];

pub async fn odd_keys(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let odd: Vec<&str> = ODD.iter().copied().filter(|name| server.takes(name)).collect();
    for name in &odd {
        let told = format!("{name:?}");
        let stored = main
            .put_object(
                &bucket,
                &key(name),
                Bytes::from(told.clone()),
                &PutRequest::default(),
                None,
            )
            .await;
        assert!(stored.is_ok(), "{told}: {stored:?}");
    }
    for name in &odd {
        let head = main.head_object(&bucket, &key(name)).await;
        assert!(head.is_ok(), "{name:?}: {head:?}");
        assert_eq!(get(&main, &bucket, name).await, format!("{name:?}").into_bytes());
    }
    let page = main.list_page(&bucket, &Default::default()).await.unwrap();
    let mut listed: Vec<String> = page.objects.into_iter().map(|o| o.key).collect();
    let mut want: Vec<String> = odd.iter().map(|k| (*k).to_owned()).collect();
    listed.sort();
    want.sort();
    assert_eq!(listed, want);
    for name in &odd[..odd.len() / 2] {
        main.delete_object(&bucket, &key(name)).await.unwrap();
    }
    let rest: Vec<_> = odd[odd.len() / 2..].iter().map(|k| key(k)).collect();
    let failures = main.delete_objects(&bucket, &rest).await.unwrap();
    assert!(failures.is_empty(), "{failures:?}");
    let left = main.list_page(&bucket, &Default::default()).await.unwrap().objects;
    assert!(left.is_empty(), "{left:?}");
}

pub async fn the_longest_key(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let name = format!("{}é", "k".repeat(1022));
    assert_eq!(name.len(), 1024);
    put(&main, &bucket, &name, b"x").await;
    assert_eq!(get(&main, &bucket, &name).await, b"x");
    assert_eq!(main.list_page(&bucket, &Default::default()).await.unwrap().objects[0].key, name);
}

pub async fn deleting_what_is_not_there(server: &Server) {
    let (main, bucket) = server.bucket().await;
    main.delete_object(&bucket, &key("never")).await.unwrap();
    let failed = main.delete_objects(&bucket, &[key("never"), key("ever")]).await.unwrap();
    assert!(failed.is_empty(), "{failed:?}");
}

pub async fn a_thousand_at_once(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let real: Vec<_> = (0..20).map(|n| format!("real/{n}")).collect();
    for name in &real {
        put(&main, &bucket, name, b"x").await;
    }
    put(&main, &bucket, "stays", b"x").await;
    let mut keys: Vec<_> = real.iter().map(|k| key(k)).collect();
    keys.extend((0..980).map(|n| key(&format!("missing/{n}"))));
    assert_eq!(keys.len(), 1000);
    let failed = main.delete_objects(&bucket, &keys).await.unwrap();
    assert!(failed.is_empty(), "{failed:?}");
    let left = main.list_page(&bucket, &Default::default()).await.unwrap().objects;
    assert_eq!(left.iter().map(|o| o.key.as_str()).collect::<Vec<_>>(), ["stays"]);
}

pub async fn wrong_sums_are_refused(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let request = PutRequest { md5: Some([9; 16]), ..PutRequest::default() };
    let error = main.put_object(&bucket, &key("k"), "x".into(), &request, None).await.unwrap_err();
    assert_eq!(error.class, Class::ChecksumMismatch, "{error}");
    let gone = main.head_object(&bucket, &key("k")).await.unwrap_err();
    assert_eq!(gone.class, Class::ObjectNotFound, "nothing is stored");
}
