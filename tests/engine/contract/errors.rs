use dipper_s3::{Class, GetRequest, PutRequest};

use super::{Kind, Server};
use crate::support::key;

pub async fn a_wrong_secret(server: &Server) {
    let wrong = server.keys(&server.main.access, &"x".repeat(40)).await;
    let error = wrong.list_buckets().await.unwrap_err();
    let (class, code) = server.differs(
        (Class::Unauthenticated, "SignatureDoesNotMatch"),
        [(Kind::Rgw, (Class::AccessDenied, "AccessDenied"))],
    );
    assert_eq!((error.class, error.context.s3_code.as_deref()), (class, Some(code)));
    let (_, bucket) = server.bucket().await;
    let error = wrong
        .put_object(&bucket, &key("k"), "x".into(), &PutRequest::default(), None)
        .await
        .unwrap_err();
    assert_eq!(error.class, class, "{error}");
}

pub async fn an_unknown_key(server: &Server) {
    let unknown = server.keys("AKIANOBODYKNOWSTHIS0", &server.main.secret).await;
    let error = unknown.list_buckets().await.unwrap_err();
    let (class, code) = server.differs(
        (Class::Unauthenticated, "InvalidAccessKeyId"),
        [(Kind::Rgw, (Class::AccessDenied, "AccessDenied"))],
    );
    assert_eq!((error.class, error.context.s3_code.as_deref()), (class, Some(code)));
}

pub async fn missing_things_by_name(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let got = main.get_object(&bucket, &key("none"), &GetRequest::default()).await.unwrap_err();
    assert_eq!(
        (got.class, got.context.s3_code.as_deref()),
        (Class::ObjectNotFound, Some("NoSuchKey"))
    );
    assert_eq!(got.context.bucket.as_deref(), Some(bucket.as_str()));
    assert_eq!(got.context.key.as_deref(), Some("none"));
    assert_eq!(got.context.http_status, Some(404));
    let named = server.differs(true, [(Kind::Moto, false)]);
    assert_eq!(got.context.request_id.is_some(), named);
    let head = main.head_object(&bucket, &key("none")).await.unwrap_err();
    assert_eq!(head.class, Class::ObjectNotFound);
    let acl = main.object_acl(&bucket, &key("none")).await.unwrap_err();
    assert_eq!(acl.class, Class::ObjectNotFound);
    let got =
        main.get_object(&Server::name(), &key("k"), &GetRequest::default()).await.unwrap_err();
    assert_eq!(got.class, Class::BucketNotFound);
}

pub async fn not_yours(server: &Server) {
    let (_, bucket) = server.bucket().await;
    let alt = server.alt().await;
    let head = alt.head_bucket(&bucket).await.unwrap_err();
    assert_eq!(head.class, Class::AccessDenied, "{head}");
    assert_eq!(alt.delete_bucket(&bucket).await.unwrap_err().class, Class::AccessDenied);
    let opened = alt.set_bucket_acl(&bucket, true).await.unwrap_err();
    assert_eq!(opened.class, Class::AccessDenied);
    let started = alt.create_upload(&bucket, &key("k"), &Default::default()).await.unwrap_err();
    assert_eq!(started.class, Class::AccessDenied);
    let listed = server.anyone().await.list_buckets().await;
    // Ceph answers an anonymous ListBuckets with an empty list, AWS and the sandbox refuse it.
    let told = listed.map_or_else(|e| e.class == Class::AccessDenied, |all| all.is_empty());
    assert!(told, "nobody sees nobody's buckets");
}

pub async fn a_range_beyond_the_end(server: &Server) {
    let (main, bucket) = server.bucket().await;
    main.put_object(&bucket, &key("k"), "0123".into(), &PutRequest::default(), None).await.unwrap();
    let request = GetRequest { range: Some((4, 2)), ..GetRequest::default() };
    let error = main.get_object(&bucket, &key("k"), &request).await.unwrap_err();
    assert_eq!(error.class, Class::InvalidRange, "{error}");
}

/// The answer comes before the body has been sent, and is read all the same.
pub async fn a_large_body_that_is_refused(server: &Server) {
    let (_, bucket) = server.bucket().await;
    let large = bytes::Bytes::from(vec![7; 12 << 20]);
    let alt = server.alt().await;
    let request = PutRequest::default();
    let error = alt.put_object(&bucket, &key("k"), large, &request, None).await;
    assert_eq!(error.unwrap_err().class, Class::AccessDenied);
}
