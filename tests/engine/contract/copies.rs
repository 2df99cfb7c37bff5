use dipper_s3::{
    Class, CopyRequest, CopySource, Document, GetRequest, HeadRequest, ObjectHeaders, PutRequest,
    S3, Which, tags_of,
};
use dipper_types::{BucketName, PartNumber};

use super::multipart::part;
use super::{Kind, Server};
use crate::support::{key, noise};

const PART: usize = 5 << 20;

fn source(bucket: &BucketName, name: &str) -> CopySource {
    CopySource { bucket: bucket.clone(), key: key(name), version_id: None, if_match: None }
}

async fn text(main: &S3, bucket: &BucketName, name: &str) -> String {
    let got = main.get_object(bucket, &key(name), &GetRequest::default()).await.unwrap();
    String::from_utf8(got.collect(1000).await.unwrap()).unwrap()
}

fn headers(kind: &str, colour: &str) -> ObjectHeaders {
    ObjectHeaders {
        content_type: Some(kind.into()),
        cache_control: Some("max-age=60".into()),
        metadata: vec![("colour".into(), colour.into())],
        ..ObjectHeaders::default()
    }
}

async fn put(main: &S3, bucket: &BucketName, name: &str, headers: ObjectHeaders) {
    let request = PutRequest { headers, ..PutRequest::default() };
    main.put_object(bucket, &key(name), "text".into(), &request, None).await.unwrap();
}

pub async fn headers_kept(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let given = headers("text/x-one", "blue");
    put(&main, &bucket, "from a+b/ü", given.clone()).await;
    let from = source(&bucket, "from a+b/ü");
    let copied =
        main.copy_object(&from, &bucket, &key("to"), &CopyRequest::default()).await.unwrap();
    assert_eq!(copied.etag.as_deref(), Some("1cb251ec0d568de6a929b520c4aed8d1"));
    let head = main.head_object(&bucket, &key("to")).await.unwrap();
    assert_eq!(ObjectHeaders { storage_class: None, ..head.headers }, given);
    assert_eq!(text(&main, &bucket, "to").await, "text");
}

pub async fn headers_replaced(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k", headers("text/x-one", "blue")).await;
    let new = ObjectHeaders { cache_control: None, ..headers("text/x-two", "red") };
    let request = CopyRequest { headers: Some(new.clone()), ..CopyRequest::default() };
    for to in ["other", "k"] {
        // Onto itself is how headers are changed.
        main.copy_object(&source(&bucket, "k"), &bucket, &key(to), &request).await.unwrap();
        let head = main.head_object(&bucket, &key(to)).await.unwrap();
        assert_eq!(ObjectHeaders { storage_class: None, ..head.headers }, new, "{to}");
        assert_eq!(text(&main, &bucket, to).await, "text");
    }
}

pub async fn onto_itself_unchanged(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k", headers("text/x-one", "blue")).await;
    let request = CopyRequest::default();
    let error =
        main.copy_object(&source(&bucket, "k"), &bucket, &key("k"), &request).await.unwrap_err();
    assert_eq!(error.class, Class::InvalidInput, "{error}");
}

pub async fn across_buckets(server: &Server) {
    let (main, from) = server.bucket().await;
    let (_, to) = server.bucket().await;
    put(&main, &from, "k", headers("text/x-one", "blue")).await;
    main.copy_object(&source(&from, "k"), &to, &key("k"), &CopyRequest::default()).await.unwrap();
    assert_eq!(text(&main, &to, "k").await, "text");
}

pub async fn only_the_source_that_was_meant(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k", headers("text/x-one", "blue")).await;
    let etag = main.head_object(&bucket, &key("k")).await.unwrap().etag;
    let mut from = CopySource { if_match: etag, ..source(&bucket, "k") };
    let request = CopyRequest::default();
    main.copy_object(&from, &bucket, &key("good"), &request).await.unwrap();
    from.if_match = Some("0".repeat(32));
    let error = main.copy_object(&from, &bucket, &key("bad"), &request).await.unwrap_err();
    assert_eq!(error.class, Class::PreconditionFailed, "{error}");
    assert!(main.head_object(&bucket, &key("bad")).await.is_err());
}

pub async fn only_if_absent(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k", headers("text/x-one", "blue")).await;
    let request = CopyRequest { if_absent: true, ..CopyRequest::default() };
    main.copy_object(&source(&bucket, "k"), &bucket, &key("to"), &request).await.unwrap();
    let again = main.copy_object(&source(&bucket, "k"), &bucket, &key("to"), &request).await;
    assert_eq!(again.unwrap_err().class, Class::PreconditionFailed);
}

pub async fn a_source_that_is_not_there(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let error = main
        .copy_object(&source(&bucket, "no"), &bucket, &key("to"), &CopyRequest::default())
        .await
        .unwrap_err();
    assert_eq!(error.class, Class::ObjectNotFound, "{error}");
}

pub async fn of_a_version(server: &Server) {
    let (main, bucket) = server.versioned().await;
    put(&main, &bucket, "k", headers("text/x-one", "blue")).await;
    let old = main.head_object(&bucket, &key("k")).await.unwrap().version_id;
    main.put_object(&bucket, &key("k"), "newer".into(), &PutRequest::default(), None)
        .await
        .unwrap();
    let from = CopySource { version_id: old.clone(), ..source(&bucket, "k") };
    // An old version becomes the latest again.
    let copied =
        main.copy_object(&from, &bucket, &key("k"), &CopyRequest::default()).await.unwrap();
    assert_eq!(text(&main, &bucket, "k").await, "text");
    let head = main.head_object(&bucket, &key("k")).await.unwrap();
    assert_ne!(head.version_id, old);
    let told = server.differs(head.version_id, [(Kind::Rgw, None)]);
    assert_eq!(copied.version_id, told);
    assert_eq!(main.object_versions(&bucket, "k").await.unwrap().len(), 3);
}

/// The tags of a copy of an object that has `a` and `b`.
async fn tags_of_a_copy(server: &Server, request: &CopyRequest) -> Vec<(String, String)> {
    let (main, bucket) = server.bucket().await;
    let tagged = ObjectHeaders { tags: Some("a=1&b=x%20y".into()), ..ObjectHeaders::default() };
    put(&main, &bucket, "k", tagged).await;
    main.copy_object(&source(&bucket, "k"), &bucket, &key("copy"), request).await.unwrap();
    let got = main.document(&bucket, Document::Tagging, Which::from(&key("copy"))).await.unwrap();
    let mut got = tags_of(&got.unwrap());
    got.sort();
    got
}

pub async fn tags_kept(server: &Server) {
    let got = tags_of_a_copy(server, &CopyRequest::default()).await;
    assert_eq!(got, [("a".into(), "1".into()), ("b".into(), "x y".into())]);
}

pub async fn tags_replaced(server: &Server) {
    let request = CopyRequest { tags: Some("c=3".into()), ..CopyRequest::default() };
    assert_eq!(tags_of_a_copy(server, &request).await, [("c".into(), "3".into())]);
}

pub async fn in_parts(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let bytes = noise(5, PART + 1000);
    main.put_object(&bucket, &key("big"), bytes.clone().into(), &PutRequest::default(), None)
        .await
        .unwrap();
    let etag = main.head_object(&bucket, &key("big")).await.unwrap().etag;
    let from = CopySource { if_match: etag, ..source(&bucket, "big") };
    let to = key("copy");
    let upload = main.create_upload(&bucket, &to, &headers("text/x-one", "blue")).await.unwrap();
    let mut parts = Vec::new();
    for (number, range) in [(1, (0, PART as u64)), (2, (PART as u64, 1000))] {
        let number = PartNumber::new(number).unwrap();
        parts
            .push(main.copy_part(&from, &bucket, &to, &upload, number, range, None).await.unwrap());
    }
    let size = bytes.len() as u64;
    main.complete_upload(&bucket, &to, &upload, &parts, None, size).await.unwrap();
    let got = main.get_object(&bucket, &to, &GetRequest::default()).await.unwrap();
    assert!(got.collect(64 << 20).await.unwrap() == bytes);
    let head = main.head_object(&bucket, &to).await.unwrap();
    assert_eq!(head.headers.content_type.as_deref(), Some("text/x-one"));
}

pub async fn parts_only_of_what_was_meant(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k", headers("text/x-one", "blue")).await;
    let from = CopySource { if_match: Some("0".repeat(32)), ..source(&bucket, "k") };
    let upload = main.create_upload(&bucket, &key("to"), &Default::default()).await.unwrap();
    let number = PartNumber::new(1).unwrap();
    let refused = main.copy_part(&from, &bucket, &key("to"), &upload, number, (0, 4), None).await;
    assert_eq!(refused.unwrap_err().class, Class::PreconditionFailed);
    main.abort_upload(&bucket, &key("to"), &upload).await.unwrap();
}

async fn of_two_parts(main: &S3, bucket: &BucketName) {
    let bytes = noise(6, PART + 1000);
    let upload = main.create_upload(bucket, &key("m"), &Default::default()).await.unwrap();
    let one = part(main, bucket, "m", &upload, 1, &bytes[..PART]).await;
    let two = part(main, bucket, "m", &upload, 2, &bytes[PART..]).await;
    let size = bytes.len() as u64;
    main.complete_upload(bucket, &key("m"), &upload, &[one, two], None, size).await.unwrap();
}

pub async fn a_part_by_its_number(server: &Server) {
    let (main, bucket) = server.bucket().await;
    of_two_parts(&main, &bucket).await;
    for (number, size) in [(1, PART as u64), (2, 1000)] {
        let part = PartNumber::new(number).ok();
        let request = HeadRequest { part, ..HeadRequest::default() };
        let head = main.head_object_of(&bucket, &key("m"), &request).await.unwrap();
        assert_eq!((head.size, head.parts), (size, Some(2)), "part {number}");
        let request = GetRequest { part, ..GetRequest::default() };
        let got = main.get_object(&bucket, &key("m"), &request).await.unwrap();
        assert_eq!(got.collect(64 << 20).await.unwrap().len() as u64, size);
    }
}

pub async fn attributes(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k", ObjectHeaders::default()).await;
    let told = main.object_attributes(&bucket, &key("k"), None).await.unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["objectSize"], 4, "{told}");
    assert_eq!(told["eTag"], "1cb251ec0d568de6a929b520c4aed8d1", "without quotes: {told}");
    let missing = main.object_attributes(&bucket, &key("no"), None).await.unwrap_err();
    assert_eq!(missing.class, Class::ObjectNotFound, "{missing}");
}

pub async fn attributes_of_parts(server: &Server) {
    let (main, bucket) = server.bucket().await;
    of_two_parts(&main, &bucket).await;
    let told = main.object_attributes(&bucket, &key("m"), None).await.unwrap();
    let value: serde_json::Value = serde_json::from_str(&told).unwrap();
    let parts = &value["objectParts"];
    let count = [&parts["partsCount"], &parts["totalPartsCount"]];
    assert!(count.iter().any(|n| **n == 2), "{told}");
}

async fn archived(main: &S3, bucket: &BucketName) {
    let class = Some("GLACIER".to_owned());
    put(main, bucket, "cold", ObjectHeaders { storage_class: class, ..Default::default() }).await;
}

pub async fn an_archived_object(server: &Server) {
    let (main, bucket) = server.bucket().await;
    archived(&main, &bucket).await;
    let head = main.head_object(&bucket, &key("cold")).await.unwrap();
    assert_eq!(head.headers.storage_class.as_deref(), Some("GLACIER"));
    assert!(head.archived);
    let refused = main.get_object(&bucket, &key("cold"), &GetRequest::default()).await;
    assert_eq!(refused.map(drop).unwrap_err().class, Class::ObjectArchived);
}

pub async fn restored(server: &Server) {
    let (main, bucket) = server.bucket().await;
    archived(&main, &bucket).await;
    main.restore_object(&bucket, &key("cold"), None, 2, Some("Expedited")).await.unwrap();
    let head = main.head_object(&bucket, &key("cold")).await.unwrap();
    assert!(head.restore.is_some(), "{head:?}");
}
