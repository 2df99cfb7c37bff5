//! Encryption at the server, asked for with each object.

use std::sync::Arc;

use dipper_s3::{
    Class, CopyRequest, CopySource, CustomerKey, CustomerKeys, Document, GetRequest, KeyRing,
    ObjectHeaders, PutRequest, S3, ServerSide, Which,
};
use dipper_types::{BucketName, PartNumber};
use futures::future::BoxFuture;
use zeroize::Zeroizing;

use super::Server;
use crate::support::{key, noise};

/// Keys by their names: each byte is the name's first letter.
struct Keys(&'static [&'static str]);

impl CustomerKeys for Keys {
    fn named<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<CustomerKey, String>> {
        let found = self.0.contains(&name).then(|| Zeroizing::new([name.as_bytes()[0]; 32]));
        let found = found.map(|bytes| CustomerKey::new(name, bytes));
        Box::pin(async move { found.ok_or_else(|| format!("no key '{name}'")) })
    }

    fn likely(&self, _: &str, _: &str) -> Vec<Option<String>> {
        std::iter::once(None).chain(self.0.iter().map(|name| Some((*name).to_owned()))).collect()
    }
}

async fn with(server: &Server, keys: &'static [&'static str]) -> S3 {
    let mut connection = server.main().await.connection().clone();
    connection.options.customer_keys = KeyRing::new(Arc::new(Keys(keys)));
    S3::connect(connection).await
}

fn asked(with: ServerSide) -> ObjectHeaders {
    ObjectHeaders { encryption: Some(with), ..ObjectHeaders::default() }
}

fn customer(name: &str) -> ServerSide {
    ServerSide::Customer { key: name.to_owned() }
}

async fn put(s3: &S3, bucket: &BucketName, name: &str, bytes: &[u8], with: ServerSide) {
    let request = PutRequest { headers: asked(with), ..PutRequest::default() };
    let bytes = bytes.to_vec().into();
    s3.put_object(bucket, &key(name), bytes, &request, None).await.unwrap();
}

async fn get(s3: &S3, bucket: &BucketName, name: &str, range: Option<(u64, u64)>) -> Vec<u8> {
    let request = GetRequest { range, ..GetRequest::default() };
    s3.get_object(bucket, &key(name), &request).await.unwrap().collect(64 << 20).await.unwrap()
}

async fn parts(s3: &S3, bucket: &BucketName, name: &str, with: ServerSide) -> Vec<u8> {
    let bytes = noise(7, (5 << 20) + 3);
    let upload = s3.create_upload(bucket, &key(name), &asked(with.clone())).await.unwrap();
    let mut made = Vec::new();
    for (number, piece) in bytes.chunks(5 << 20).enumerate() {
        let number = PartNumber::new(i32::try_from(number).unwrap() + 1).unwrap();
        let crc = dipper_transfer::crc64nvme(piece);
        let piece = piece.to_vec().into();
        let part = s3
            .upload_part(bucket, &key(name), &upload, number, piece, Some(&crc), None, Some(&with))
            .await;
        made.push(part.unwrap());
    }
    let size = bytes.len() as u64;
    s3.complete_upload(bucket, &key(name), &upload, &made, None, size).await.unwrap();
    bytes
}

pub async fn by_the_server(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k", b"secret", ServerSide::S3).await;
    let head = main.head_object(&bucket, &key("k")).await.unwrap();
    assert_eq!(head.encryption.as_deref(), Some("AES256"));
    assert_eq!(head.server_side(), Some(ServerSide::S3));
    assert_eq!(get(&main, &bucket, "k", None).await, b"secret");
}

pub async fn by_a_key_of_kms(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let with = ServerSide::Kms { key: Some("testkey-1".into()), bucket_key: None };
    put(&main, &bucket, "k", b"secret", with.clone()).await;
    let big = parts(&main, &bucket, "big", with).await;
    for (name, bytes) in [("k", b"secret".to_vec()), ("big", big)] {
        let head = main.head_object(&bucket, &key(name)).await.unwrap();
        assert_eq!(head.encryption.as_deref(), Some("aws:kms"), "{name}");
        assert!(head.kms_key.as_deref().is_some_and(|key| key.ends_with("testkey-1")), "{head:?}");
        assert_eq!(head.etag_md5(), None, "an ETag that is no MD5");
        assert_eq!(get(&main, &bucket, name, None).await, bytes);
    }
}

pub async fn by_a_customers_key(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let keyed = with(server, &["a", "b"]).await;
    put(&keyed, &bucket, "k", b"0123456789", customer("a")).await;
    put(&keyed, &bucket, "plain", b"plain", ServerSide::S3).await;
    // Whoever comes later has not seen which key it was.
    let later = with(server, &["b", "a"]).await;
    let head = later.head_object(&bucket, &key("k")).await.unwrap();
    assert_eq!((head.size, head.customer_key.as_deref()), (10, Some("a")));
    assert_eq!(head.encryption.as_deref(), Some("SSE-C AES256"));
    assert_eq!(head.server_side(), Some(customer("a")));
    assert_eq!(get(&later, &bucket, "k", None).await, b"0123456789");
    assert_eq!(get(&later, &bucket, "k", Some((3, 4))).await, b"3456");
    assert_eq!(get(&later, &bucket, "plain", None).await, b"plain");
    // Written over with another key: what is remembered is not what is there.
    put(&keyed, &bucket, "k", b"new", customer("b")).await;
    assert_eq!(get(&later, &bucket, "k", None).await, b"new");
    assert_eq!(get(&keyed, &bucket, "k", None).await, b"new");
    main.head_object(&bucket, &key("k")).await.unwrap_err();
    let stranger = with(server, &["c"]).await;
    let refused = stranger.get_object(&bucket, &key("k"), &GetRequest::default()).await;
    let class = refused.unwrap_err().class;
    assert!(matches!(class, Class::InvalidInput | Class::AccessDenied), "{class:?}");
}

pub async fn by_a_customers_key_in_parts(server: &Server) {
    let (_, bucket) = server.bucket().await;
    let keyed = with(server, &["a"]).await;
    let bytes = parts(&keyed, &bucket, "big", customer("a")).await;
    let later = with(server, &["a"]).await;
    assert!(get(&later, &bucket, "big", None).await == bytes);
    let over = &bytes[(5 << 20) - 2..(5 << 20) + 2];
    assert_eq!(get(&later, &bucket, "big", Some(((5 << 20) - 2, 4))).await, over);
}

pub async fn copied_to_another_key(server: &Server) {
    let (_, bucket) = server.bucket().await;
    let keyed = with(server, &["a", "b"]).await;
    put(&keyed, &bucket, "k", b"secret", customer("a")).await;
    let later = with(server, &["a", "b"]).await;
    let from = |name: &str| CopySource {
        bucket: bucket.clone(),
        key: key(name),
        version_id: None,
        if_match: None,
    };
    let request = CopyRequest { encryption: Some(customer("b")), ..CopyRequest::default() };
    later.copy_object(&from("k"), &bucket, &key("copy"), &request).await.unwrap();
    later.copy_object(&from("k"), &bucket, &key("open"), &CopyRequest::default()).await.unwrap();
    let only = with(server, &["b"]).await;
    assert_eq!(get(&only, &bucket, "copy", None).await, b"secret");
    assert_eq!(get(&server.main().await, &bucket, "open", None).await, b"secret");
}

pub async fn parts_copied_to_another_key(server: &Server) {
    let (_, bucket) = server.bucket().await;
    let keyed = with(server, &["a", "b"]).await;
    put(&keyed, &bucket, "k", b"secret", customer("a")).await;
    let (to, wanted) = (key("copy"), customer("b"));
    let upload = keyed.create_upload(&bucket, &to, &asked(wanted.clone())).await.unwrap();
    let from =
        CopySource { bucket: bucket.clone(), key: key("k"), version_id: None, if_match: None };
    let one = PartNumber::new(1).unwrap();
    let part = keyed.copy_part(&from, &bucket, &to, &upload, one, (0, 6), Some(&wanted)).await;
    keyed.complete_upload(&bucket, &to, &upload, &[part.unwrap()], None, 6).await.unwrap();
    assert_eq!(get(&with(server, &["b"]).await, &bucket, "copy", None).await, b"secret");
}

pub async fn by_the_buckets_default(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let rules = r#"{"rules":[{"applyServerSideEncryptionByDefault":{"sseAlgorithm":"AES256"}}]}"#;
    main.put_document(&bucket, Document::Encryption, Which::default(), rules).await.unwrap();
    let nothing = PutRequest::default();
    main.put_object(&bucket, &key("k"), "secret".into(), &nothing, None).await.unwrap();
    let head = main.head_object(&bucket, &key("k")).await.unwrap();
    assert_eq!(head.encryption.as_deref(), Some("AES256"));
    assert_eq!(get(&main, &bucket, "k", None).await, b"secret");
}

/// No request is made.
pub async fn no_key_over_an_open_line() {
    let keys = Some(("a", "b"));
    let mut connection = crate::support::connection("http://203.0.113.1:9", "custom", keys);
    connection.options.customer_keys = KeyRing::new(Arc::new(Keys(&["a"])));
    let s3 = S3::connect(connection).await;
    let bucket = BucketName::new("bucket").unwrap();
    let request = PutRequest { headers: asked(customer("a")), ..PutRequest::default() };
    let refused = s3.put_object(&bucket, &key("k"), "x".into(), &request, None).await.unwrap_err();
    assert_eq!(refused.class, Class::InvalidInput);
    assert!(refused.context.message.as_deref().unwrap().contains("use https"), "{refused:?}");
}
