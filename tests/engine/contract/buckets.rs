use dipper_s3::{Class, PutRequest};

use super::Server;
use crate::support::key;

pub async fn made_listed_found_deleted(server: &Server) {
    let (main, name) = server.bucket().await;
    let all = main.list_buckets().await.unwrap();
    let entry = all.iter().find(|b| b.name == name.as_str()).expect("a new bucket is listed");
    assert!(entry.created_at.is_some());
    main.head_bucket(&name).await.unwrap();
    assert!(!main.bucket_location(&name).await.unwrap().is_empty());
    main.delete_bucket(&name).await.unwrap();
    assert_eq!(main.head_bucket(&name).await.unwrap_err().class, Class::BucketNotFound);
    assert!(main.list_buckets().await.unwrap().iter().all(|b| b.name != name.as_str()));
}

pub async fn listed_to_its_owner_only(server: &Server) {
    let (_, name) = server.bucket().await;
    let others = server.alt().await.list_buckets().await.unwrap();
    assert!(others.iter().all(|b| b.name != name.as_str()), "another account's bucket is listed");
}

pub async fn a_missing_bucket_is_named(server: &Server) {
    let (main, name) = (server.main().await, Server::name());
    let classes = [
        main.head_bucket(&name).await.unwrap_err().class,
        main.bucket_location(&name).await.unwrap_err().class,
        main.delete_bucket(&name).await.unwrap_err().class,
        main.bucket_versioned(&name).await.unwrap_err().class,
        main.bucket_acl(&name).await.unwrap_err().class,
        main.set_bucket_acl(&name, true).await.unwrap_err().class,
        main.bucket_policy(&name).await.unwrap_err().class,
        main.list_page(&name, &Default::default()).await.unwrap_err().class,
        main.list_uploads(&name, "").await.unwrap_err().class,
        main.delete_objects(&name, &[key("k")]).await.unwrap_err().class,
    ];
    assert_eq!(classes, [Class::BucketNotFound; 10]);
}

pub async fn nothing_goes_into_a_missing_bucket(server: &Server) {
    let (main, name) = (server.main().await, Server::name());
    let upload = main.create_upload(&name, &key("k"), &Default::default()).await;
    assert_eq!(upload.unwrap_err().class, Class::BucketNotFound);
    for size in [1, 12 << 20] {
        let body = bytes::Bytes::from(vec![7; size]);
        let put = main.put_object(&name, &key("k"), body, &PutRequest::default(), None).await;
        assert_eq!(put.unwrap_err().class, Class::BucketNotFound);
    }
}

pub async fn a_full_bucket_stays(server: &Server) {
    let (main, name) = server.bucket().await;
    main.put_object(&name, &key("k"), "x".into(), &PutRequest::default(), None).await.unwrap();
    assert_eq!(main.delete_bucket(&name).await.unwrap_err().class, Class::NotEmpty);
    main.delete_object(&name, &key("k")).await.unwrap();
    main.delete_bucket(&name).await.unwrap();
}

pub async fn a_name_that_is_taken(server: &Server) {
    let (_, name) = server.bucket().await;
    let error = server.alt().await.create_bucket(&name, None).await.unwrap_err();
    assert_eq!(error.class, Class::AlreadyExists, "{error}");
}

pub async fn no_versions_unless_asked_for(server: &Server) {
    let (main, name) = server.bucket().await;
    assert!(!main.bucket_versioned(&name).await.unwrap());
}
