use std::collections::BTreeSet;

use dipper_s3::{
    Class, Document, GetRequest, HeadRequest, ListRequest, ObjectId, PutRequest, S3,
    VersionRequest, Which,
};
use dipper_types::BucketName;

use super::Server;
use crate::support::key;

pub async fn set(main: &S3, bucket: &BucketName, status: &str) {
    let text = format!(r#"{{"status":"{status}"}}"#);
    main.put_document(bucket, Document::Versioning, Which::default(), &text).await.unwrap();
}

async fn put(main: &S3, bucket: &BucketName, name: &str, text: &'static str) -> String {
    main.put_object(bucket, &key(name), text.into(), &PutRequest::default(), None).await.unwrap();
    let head = main.head_object(bucket, &key(name)).await.unwrap();
    head.version_id.unwrap_or_else(|| "null".into())
}

async fn get(main: &S3, bucket: &BucketName, name: &str, version: &str) -> Result<String, Class> {
    let request = GetRequest { version_id: Some(version.to_owned()), ..GetRequest::default() };
    let answer = main.get_object(bucket, &key(name), &request).await.map_err(|e| e.class)?;
    Ok(String::from_utf8(answer.collect(1000).await.unwrap()).unwrap())
}

pub async fn on_and_suspended(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let before = put(&main, &bucket, "k", "before").await;
    assert_eq!(before, "null");
    set(&main, &bucket, "Enabled").await;
    assert!(main.bucket_versioned(&bucket).await.unwrap());
    let kept = put(&main, &bucket, "k", "kept").await;
    assert_ne!(kept, "null");
    assert_eq!(get(&main, &bucket, "k", "null").await.as_deref(), Ok("before"));
    set(&main, &bucket, "Suspended").await;
    assert!(!main.bucket_versioned(&bucket).await.unwrap());
    assert_eq!(put(&main, &bucket, "k", "after").await, "null");
    assert_eq!(get(&main, &bucket, "k", "null").await.as_deref(), Ok("after"));
    assert_eq!(get(&main, &bucket, "k", &kept).await.as_deref(), Ok("kept"));
    let all = main.object_versions(&bucket, "k").await.unwrap();
    assert_eq!(all.len(), 2, "{all:?}");
}

pub async fn got_and_headed(server: &Server) {
    let (main, bucket) = server.versioned().await;
    let (one, two) =
        (put(&main, &bucket, "k", "one").await, put(&main, &bucket, "k", "three").await);
    assert_ne!(one, two);
    assert_eq!(get(&main, &bucket, "k", &one).await.as_deref(), Ok("one"));
    assert_eq!(get(&main, &bucket, "k", &two).await.as_deref(), Ok("three"));
    let request = HeadRequest { version_id: Some(one.clone()), ..HeadRequest::default() };
    let head = main.head_object_of(&bucket, &key("k"), &request).await.unwrap();
    assert_eq!((head.size, head.version_id.as_deref()), (3, Some(one.as_str())));
}

pub async fn a_version_that_is_not_there(server: &Server) {
    let (main, bucket) = server.versioned().await;
    let gone = put(&main, &bucket, "k", "one").await;
    let id = ObjectId { key: key("k"), version_id: Some(gone.clone()) };
    main.delete_version(&bucket, &id, false).await.unwrap();
    put(&main, &bucket, "k", "two").await;
    assert_eq!(get(&main, &bucket, "k", &gone).await, Err(Class::VersionNotFound));
}

pub async fn deleted_and_brought_back(server: &Server) {
    let (main, bucket) = server.versioned().await;
    let one = put(&main, &bucket, "k", "one").await;
    let id = ObjectId::from(key("k"));
    let deleted = main.delete_version(&bucket, &id, false).await.unwrap();
    assert!(deleted.delete_marker, "{deleted:?}");
    let marker = deleted.version_id.unwrap();
    let missing = main.head_object(&bucket, &key("k")).await.unwrap_err();
    assert_eq!(missing.class, Class::ObjectNotFound);
    assert_eq!(get(&main, &bucket, "k", &one).await.as_deref(), Ok("one"));
    let all = main.object_versions(&bucket, "k").await.unwrap();
    let told: Vec<_> = all
        .iter()
        .map(|v| (v.version_id.as_str(), v.is_latest, v.is_delete_marker, v.size))
        .collect();
    assert_eq!(told, [(marker.as_str(), true, true, 0), (one.as_str(), false, false, 3)]);
    assert!(all.iter().all(|v| v.modified.is_some()));
    assert_eq!(all[1].etag.as_deref(), Some("f97c5d29941bfb1b2fdab0874906ab82"));
    let id = ObjectId { key: key("k"), version_id: Some(marker) };
    main.delete_version(&bucket, &id, false).await.unwrap();
    assert_eq!(main.head_object(&bucket, &key("k")).await.unwrap().size, 3);
}

pub async fn deleted_for_ever(server: &Server) {
    let (main, bucket) = server.versioned().await;
    let (one, two) = (put(&main, &bucket, "k", "one").await, put(&main, &bucket, "k", "2").await);
    let id = ObjectId { key: key("k"), version_id: Some(two.clone()) };
    let deleted = main.delete_version(&bucket, &id, false).await.unwrap();
    assert!(!deleted.delete_marker);
    assert_eq!(deleted.version_id, Some(two));
    let head = main.head_object(&bucket, &key("k")).await.unwrap();
    assert_eq!((head.size, head.version_id), (3, Some(one)), "the older one is the latest again");
}

pub async fn deleted_together(server: &Server) {
    let (main, bucket) = server.versioned().await;
    let (one, two) = (put(&main, &bucket, "k", "one").await, put(&main, &bucket, "k", "2").await);
    put(&main, &bucket, "other", "x").await;
    let of = |version: &str| ObjectId { key: key("k"), version_id: Some(version.to_owned()) };
    let ids = [of(&one), of(&two), ObjectId::from(key("other"))];
    let failures = main.delete_objects(&bucket, &ids).await.unwrap();
    assert!(failures.is_empty(), "{failures:?}");
    assert!(main.object_versions(&bucket, "k").await.unwrap().is_empty());
    let other = main.object_versions(&bucket, "other").await.unwrap();
    assert_eq!(other.iter().map(|v| v.is_delete_marker).collect::<Vec<_>>(), [true, false]);
}

async fn all(main: &S3, bucket: &BucketName, mut asked: VersionRequest) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        let page = main.list_versions_page(bucket, &asked).await.unwrap();
        let most = asked.max_keys.map_or(1000, usize::from);
        assert!(page.versions.len() + page.common_prefixes.len() <= most);
        found.extend(page.versions.into_iter().map(|v| (v.key, v.version_id)));
        match page.next {
            Some(next) => asked.after = Some(next),
            None => return found,
        }
    }
}

pub async fn listed_in_pages(server: &Server) {
    let (main, bucket) = server.versioned().await;
    let mut want = Vec::new();
    for name in ["a", "b c+%/ü", "d"] {
        for text in ["1", "2", "3"] {
            want.push((name.to_owned(), put(&main, &bucket, name, text).await));
        }
    }
    let marked = main.delete_version(&bucket, &ObjectId::from(key("d")), false).await.unwrap();
    want.push(("d".into(), marked.version_id.unwrap()));
    // Keys up, the newest version of each first.
    want.reverse();
    want.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(all(&main, &bucket, VersionRequest::default()).await, want);
    for count in [1, 2, 4] {
        let few = VersionRequest { max_keys: Some(count), ..VersionRequest::default() };
        assert_eq!(all(&main, &bucket, few).await, want, "{count} a page");
    }
    let one = VersionRequest { prefix: "b".into(), ..VersionRequest::default() };
    assert_eq!(all(&main, &bucket, one).await, want[3..6]);
}

pub async fn listed_by_folder(server: &Server) {
    let (main, bucket) = server.versioned().await;
    for name in ["a", "a/1", "a/2", "b/3", "c"] {
        put(&main, &bucket, name, "x").await;
        put(&main, &bucket, name, "y").await;
    }
    // A folder whose objects are all deleted still has versions, and is not listed without them.
    main.delete_object(&bucket, &key("b/3")).await.unwrap();
    for most in [None, Some(2)] {
        let (mut keys, mut folders) = (Vec::new(), BTreeSet::new());
        let mut asked =
            VersionRequest { by_folder: true, max_keys: most, ..VersionRequest::default() };
        loop {
            let page = main.list_versions_page(&bucket, &asked).await.unwrap();
            keys.extend(page.versions.into_iter().map(|v| v.key));
            folders.extend(page.common_prefixes);
            match page.next {
                Some(next) => asked.after = Some(next),
                None => break,
            }
        }
        assert_eq!(keys, ["a", "a", "c", "c"], "{most:?}");
        assert_eq!(folders.into_iter().collect::<Vec<_>>(), ["a/", "b/"], "{most:?}");
    }
    let listed = ListRequest { by_folder: true, ..ListRequest::default() };
    let page = main.list_page(&bucket, &listed).await.unwrap();
    assert_eq!(page.common_prefixes, ["a/"]);
}
