//! What a bucket or an object is set to: nothing at first, then what was put, then nothing again.

use dipper_s3::{Document, NewBucket, OwnershipSetting, PutRequest, S3, Which};
use dipper_types::{BucketName, Timestamp};
use serde_json::Value;

use super::{Kind, Server};
use crate::support::key;

/// Whether all of `want` is in `got`; servers add ids and defaults.
fn holds(got: &Value, want: &Value) -> bool {
    match (got, want) {
        (Value::Object(got), Value::Object(want)) => {
            want.iter().all(|(name, want)| got.get(name).is_some_and(|got| holds(got, want)))
        }
        (Value::Array(got), Value::Array(want)) => {
            got.len() == want.len() && got.iter().zip(want).all(|(got, want)| holds(got, want))
        }
        _ => got == want,
    }
}

async fn kept(main: &S3, bucket: &BucketName, document: Document, which: Which<'_>, text: &str) {
    main.put_document(bucket, document, which, text).await.unwrap();
    let got = main.document(bucket, document, which).await.unwrap().expect("it was put");
    let (got, want): (Value, Value) =
        (serde_json::from_str(&got).unwrap(), serde_json::from_str(text).unwrap());
    assert!(holds(&got, &want), "{got} for {want}");
}

/// Never set is nothing, or a document that says nothing of `text`.
async fn unset(main: &S3, bucket: &BucketName, document: Document, which: Which<'_>, text: &str) {
    if let Some(got) = main.document(bucket, document, which).await.unwrap() {
        let (got, put): (Value, Value) =
            (serde_json::from_str(&got).unwrap(), serde_json::from_str(text).unwrap());
        assert!(!holds(&got, &put), "{got}");
    }
}

async fn round(server: &Server, document: Document, which: Which<'_>, text: &str) {
    let (main, bucket) = server.bucket().await;
    let text = text.replace("BUCKET", bucket.as_str());
    if let Some(key) = which.key {
        main.put_object(&bucket, key, "x".into(), &PutRequest::default(), None).await.unwrap();
    }
    unset(&main, &bucket, document, which, &text).await;
    kept(&main, &bucket, document, which, &text).await;
    if document.can_be_deleted() {
        main.delete_document(&bucket, document, which).await.unwrap();
        unset(&main, &bucket, document, which, &text).await;
    }
}

macro_rules! rounds {
    ($($name:ident: $document:ident, $text:literal;)*) => {
        $(pub async fn $name(server: &Server) {
            round(server, Document::$document, Which::default(), $text).await;
        })*
    };
}

rounds! {
    cors: Cors, r#"{"corsRules":[{"allowedHeaders":["*"],"allowedMethods":["GET","PUT"],"allowedOrigins":["https://a.example"],"exposeHeaders":["ETag"],"maxAgeSeconds":3000}]}"#;
    lifecycle: Lifecycle, r#"{"rules":[{"id":"a","filter":{"prefix":"p/"},"status":"Enabled","expiration":{"days":30}}]}"#;
    encryption: Encryption, r#"{"rules":[{"applyServerSideEncryptionByDefault":{"sseAlgorithm":"aws:kms","kmsMasterKeyId":"testkey-1"}}]}"#;
    website: Website, r#"{"indexDocument":{"suffix":"index.html"},"errorDocument":{"key":"error.html"}}"#;
    notification: Notification, r#"{"eventBridgeConfiguration":{}}"#;
    notification_to_queues: Notification, r#"{"queueConfigurations":[{"id":"q","queue":"arn:aws:sqs:us-east-1:123456789012:q","events":["s3:ObjectCreated:*"],"filter":{"s3Key":{"filterRules":[{"name":"prefix","value":"p/"}]}}}],"topicConfigurations":[{"id":"t","topic":"arn:aws:sns:us-east-1:123456789012:t","events":["s3:ObjectRemoved:*"]}]}"#;
    bucket_tags: Tagging, r#"{"tagSet":[{"key":"a","value":"x y"}]}"#;
    request_payment: RequestPayment, r#"{"payer":"Requester"}"#;
    accelerate: Accelerate, r#"{"status":"Enabled"}"#;
    ownership: Ownership, r#"{"rules":[{"objectOwnership":"BucketOwnerPreferred"}]}"#;
    public_access_block: PublicAccessBlock, r#"{"blockPublicAcls":true,"ignorePublicAcls":true,"blockPublicPolicy":true,"restrictPublicBuckets":true}"#;
}

pub async fn logging(server: &Server) {
    let (main, bucket) = server.bucket().await;
    // There, who writes the logs must be let in first.
    if server.kind == Kind::Moto {
        let logger = "http://acs.amazonaws.com/groups/s3/LogDelivery";
        granted(&main, &bucket, logger, &["WRITE", "READ_ACP"]).await;
    }
    let text = r#"{"loggingEnabled":{"targetBucket":"BUCKET","targetPrefix":"logs/"}}"#;
    let (text, which) = (text.replace("BUCKET", bucket.as_str()), Which::default());
    unset(&main, &bucket, Document::Logging, which, &text).await;
    kept(&main, &bucket, Document::Logging, which, &text).await;
    main.delete_document(&bucket, Document::Logging, which).await.unwrap();
    unset(&main, &bucket, Document::Logging, which, &text).await;
}

pub async fn object_tags(server: &Server) {
    let text = r#"{"tagSet":[{"key":"a+b","value":"x y"}]}"#;
    round(server, Document::Tagging, Which::from(&key("k")), text).await;
}

const INVENTORY: &str = r#"{"id":"all","isEnabled":true,"includedObjectVersions":"All","schedule":{"frequency":"Daily"},"destination":{"s3BucketDestination":{"bucket":"arn:aws:s3:::BUCKET","format":"CSV"}}}"#;
const TIERING: &str =
    r#"{"id":"all","status":"Enabled","tierings":[{"accessTier":"ARCHIVE_ACCESS","days":90}]}"#;

pub async fn inventory(server: &Server) {
    let which = Which { id: Some("all"), ..Which::default() };
    round(server, Document::Inventory, which, INVENTORY).await;
}

/// Those of which a bucket has many.
async fn listed(server: &Server, document: Document, text: &str) {
    let (main, bucket) = server.bucket().await;
    let none = main.document(&bucket, document, Which::default()).await.unwrap();
    assert_eq!(none, None);
    for id in ["one", "two"] {
        let which = Which { id: Some(id), ..Which::default() };
        let text = text.replace("all", id).replace("BUCKET", bucket.as_str());
        main.put_document(&bucket, document, which, &text).await.unwrap();
    }
    let both = main.document(&bucket, document, Which::default()).await.unwrap().unwrap();
    assert!(both.contains(r#""id":"one""#) && both.contains(r#""id":"two""#), "{both}");
}

pub async fn inventories_listed(server: &Server) {
    listed(server, Document::Inventory, INVENTORY).await;
}

pub async fn tierings_listed(server: &Server) {
    listed(server, Document::IntelligentTiering, TIERING).await;
}

pub async fn intelligent_tiering(server: &Server) {
    let which = Which { id: Some("all"), ..Which::default() };
    round(server, Document::IntelligentTiering, which, TIERING).await;
}

pub async fn replication(server: &Server) {
    let (main, bucket) = server.versioned().await;
    let (_, target) = server.versioned().await;
    let text = r#"{"role":"arn:aws:iam::123456789012:role/r","rules":[{"id":"a","priority":1,"filter":{"prefix":""},"status":"Enabled","destination":{"bucket":"arn:aws:s3:::TARGET"},"deleteMarkerReplication":{"status":"Disabled"}}]}"#;
    let (text, which) = (text.replace("TARGET", target.as_str()), Which::default());
    unset(&main, &bucket, Document::Replication, which, &text).await;
    kept(&main, &bucket, Document::Replication, which, &text).await;
    main.delete_document(&bucket, Document::Replication, which).await.unwrap();
    unset(&main, &bucket, Document::Replication, which, &text).await;
}

pub async fn policy_status(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"}}]}}"#
    );
    main.put_bucket_policy(&bucket, &policy).await.unwrap();
    let got = main.document(&bucket, Document::PolicyStatus, Which::default()).await.unwrap();
    assert_eq!(got.as_deref(), Some(r#"{"isPublic":true}"#));
}

/// The bucket's ACL with these permissions of a group besides its own.
async fn granted(main: &S3, bucket: &BucketName, group: &str, permissions: &[&str]) {
    let own = main.document(bucket, Document::Acl, Which::default()).await.unwrap().unwrap();
    let mut acl: Value = serde_json::from_str(&own).unwrap();
    acl["accessControlList"].as_array_mut().unwrap().extend(permissions.iter().map(|permission| {
        let grantee = serde_json::json!({ "uri": group, "type": "Group" });
        serde_json::json!({ "grantee": grantee, "permission": permission })
    }));
    main.put_document(bucket, Document::Acl, Which::default(), &acl.to_string()).await.unwrap();
}

pub async fn acl(server: &Server) {
    let (main, bucket) = server.bucket().await;
    granted(&main, &bucket, "http://acs.amazonaws.com/groups/global/AllUsers", &["READ"]).await;
    let got = main.document(&bucket, Document::Acl, Which::default()).await.unwrap().unwrap();
    assert!(got.contains("AllUsers") && dipper_s3::has_grants(&got), "{got}");
}

async fn lockable(server: &Server) -> (S3, BucketName) {
    let (main, bucket) = (server.main().await, Server::name());
    let new = NewBucket { object_lock: true, ..NewBucket::default() };
    main.create_bucket_with(&bucket, &new).await.unwrap();
    (main, bucket)
}

async fn lockable_object(server: &Server) -> (S3, BucketName) {
    let (main, bucket) = lockable(server).await;
    main.put_object(&bucket, &key("k"), "x".into(), &PutRequest::default(), None).await.unwrap();
    (main, bucket)
}

pub async fn object_lock(server: &Server) {
    let (main, bucket) = lockable(server).await;
    assert!(main.bucket_versioned(&bucket).await.unwrap(), "a lock needs versions");
    let text = r#"{"objectLockEnabled":"Enabled","rule":{"defaultRetention":{"mode":"GOVERNANCE","days":1}}}"#;
    kept(&main, &bucket, Document::ObjectLock, Which::default(), text).await;
}

pub async fn retention(server: &Server) {
    let (main, bucket) = lockable_object(server).await;
    let k = key("k");
    let none = main.document(&bucket, Document::Retention, Which::from(&k)).await.unwrap();
    assert_eq!(none, None);
    let text = r#"{"mode":"GOVERNANCE","retainUntilDate":"2040-01-01T00:00:00Z"}"#;
    main.put_document(&bucket, Document::Retention, Which::from(&k), text).await.unwrap();
    let got = main.document(&bucket, Document::Retention, Which::from(&k)).await.unwrap().unwrap();
    let got: Value = serde_json::from_str(&got).unwrap();
    let until = got["retainUntilDate"].as_str().and_then(Timestamp::parse_rfc3339);
    assert_eq!(got["mode"], "GOVERNANCE", "{got}");
    assert_eq!(until, Timestamp::parse_rfc3339("2040-01-01T00:00:00Z"), "{got}");
    let head = main.head_object(&bucket, &k).await.unwrap();
    assert_eq!(head.retention.map(|r| r.mode).as_deref(), Some("GOVERNANCE"));
    let id = dipper_s3::ObjectId { key: k.clone(), version_id: head.version_id };
    assert!(main.delete_version(&bucket, &id, false).await.is_err(), "it is retained");
    main.delete_version(&bucket, &id, true).await.unwrap();
}

pub async fn legal_hold(server: &Server) {
    let (main, bucket) = lockable_object(server).await;
    let k = key("k");
    kept(&main, &bucket, Document::LegalHold, Which::from(&k), r#"{"status":"ON"}"#).await;
    let head = main.head_object(&bucket, &k).await.unwrap();
    assert!(head.legal_hold);
    let id = dipper_s3::ObjectId { key: k.clone(), version_id: head.version_id };
    assert!(main.delete_version(&bucket, &id, true).await.is_err(), "it is held");
    kept(&main, &bucket, Document::LegalHold, Which::from(&k), r#"{"status":"OFF"}"#).await;
    main.delete_version(&bucket, &id, false).await.unwrap();
}

pub async fn owned_from_the_start(server: &Server) {
    let (main, bucket) = (server.main().await, Server::name());
    let ownership = Some(OwnershipSetting::BucketOwnerPreferred);
    main.create_bucket_with(&bucket, &NewBucket { ownership, ..NewBucket::default() })
        .await
        .unwrap();
    assert_eq!(main.ownership(&bucket).await.unwrap(), ownership);
}
