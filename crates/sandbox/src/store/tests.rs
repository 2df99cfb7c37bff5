use std::sync::Arc;

use bytes::Bytes;
use dipper_access::Acl;
use dipper_types::Timestamp;

use super::*;
use crate::model::{Detail, Object};

fn object(size: u64) -> Object {
    Object::new("e".into(), size, Timestamp::from_secs(1), Detail::new("me", Acl::private("me")))
}

async fn put(store: &Arc<Store>, bucket: &Arc<Bucket>, key: &str, bytes: Vec<u8>) {
    let size = bytes.len() as u64;
    let mut writer = store.writer();
    writer.write(Bytes::from(bytes)).await.unwrap();
    let fresh = writer.finish().await.unwrap();
    store.put(bucket, key, object(size), fresh, |_| Ok::<_, StoreError>(())).await.unwrap();
}

async fn read_all(store: &Arc<Store>, object: &Object) -> Vec<u8> {
    use futures::StreamExt as _;
    let slices = store.slices(&object.body, 0, object.size).await.unwrap().unwrap();
    let chunks: Vec<_> = Slices::new(slices).collect().await;
    chunks.into_iter().flat_map(|c| c.unwrap()).collect()
}

fn info() -> BucketInfo {
    BucketInfo::new("me", Timestamp::from_secs(0), false)
}

#[tokio::test]
async fn many_writers_of_one_key_leave_one_whole_body() {
    let folder = tempfile::tempdir().unwrap();
    for store in [Store::in_memory(), Store::in_folder(folder.path()).unwrap()] {
        let store = Arc::new(store);
        let bucket = store.create_bucket("bucket", info()).await.unwrap();
        let writers = (0..50_u8).map(|n| {
            let size = if n % 2 == 0 { 100 } else { 40_000 };
            put(&store, &bucket, "k", vec![n; size])
        });
        futures::future::join_all(writers).await;
        let object = bucket.object("k").unwrap();
        let bytes = read_all(&store, &object).await;
        assert_eq!(bytes.len() as u64, object.size);
        assert!(bytes.iter().all(|b| *b == bytes[0]));
    }
}

#[tokio::test]
async fn a_reader_keeps_the_body_it_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::in_folder(folder.path()).unwrap());
    let bucket = store.create_bucket("bucket", info()).await.unwrap();
    put(&store, &bucket, "k", vec![1; 2_000_000]).await;
    let before = bucket.object("k").unwrap();
    put(&store, &bucket, "k", vec![2; 2_000_000]).await;
    assert!(read_all(&store, &before).await.iter().all(|b| *b == 1));
    drop(before);
    let now = bucket.object("k").unwrap();
    assert!(read_all(&store, &now).await.iter().all(|b| *b == 2));
}

#[tokio::test]
async fn nothing_gets_into_a_bucket_that_goes() {
    let store = Arc::new(Store::in_memory());
    let bucket = store.create_bucket("bucket", info()).await.unwrap();
    store.delete_bucket("bucket").await.unwrap();
    let late = store.put(&bucket, "k", object(0), Fresh::default(), |_| Ok::<_, StoreError>(()));
    assert!(matches!(late.await, Err(StoreError::NoSuchBucket)));
}

#[tokio::test]
async fn a_folder_from_before_versions_opens_and_gets_them() {
    let folder = tempfile::tempdir().unwrap();
    let old = rusqlite::Connection::open(folder.path().join("sandbox.db")).unwrap();
    old.execute_batch(include_str!("schema.sql")).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    let acl = r#"{"owner":"me","grants":[]}"#;
    let bucket = format!(
        r#"{{"owner":"me","created":0,"region":null,"acl":{acl},"ownership":null,"block":null,
            "policy":null}}"#
    );
    let object = format!(
        r#"{{"etag":"e","size":2,"modified":0,"body":[{{"i":"6869","l":2}}],
            "detail":{{"owner":"me","acl":{acl}}}}}"#
    );
    old.execute("INSERT INTO buckets VALUES ('bucket', ?1)", [bucket]).unwrap();
    old.execute("INSERT INTO objects VALUES ('bucket', 'k', ?1)", [object]).unwrap();
    drop(old);

    let store = Arc::new(Store::in_folder(folder.path()).unwrap());
    let bucket = store.bucket("bucket").unwrap();
    let switch = |info: &mut BucketInfo| {
        info.versioning = Some(crate::model::Versioning::Enabled);
        Ok::<_, StoreError>(())
    };
    store.change_bucket(&bucket, switch).await.unwrap();
    put(&store, &bucket, "k", vec![1; 10]).await;
    let first = bucket.find("k", Some("null")).unwrap();
    assert_eq!(read_all(&store, &first).await, b"hi");
    assert_eq!(bucket.index().versions("k").count(), 2);
}
