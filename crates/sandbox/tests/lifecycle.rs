use std::time::Duration;

use dipper_sandbox::Sandbox;
use http::Method;

use crate::support::{ask, delete, get, put, sandbox};
use crate::versions::ENABLED;

async fn days(s: &Sandbox, n: u64) -> u64 {
    s.advance(Duration::from_secs(n * 86_400));
    s.run_lifecycle().await
}

async fn rules(s: &Sandbox, inside: &str) {
    let document = format!(
        "<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status>{inside}</Rule>\
         </LifecycleConfiguration>"
    );
    let done = put(s, "/bucket?lifecycle", document).await;
    assert_eq!(done.status, 200, "{}", done.text());
}

#[tokio::test]
async fn objects_move_and_expire() {
    let s = sandbox().await;
    put(&s, "/bucket/logs/a", "x").await;
    put(&s, "/bucket/kept", "x").await;
    rules(
        &s,
        "<Filter><Prefix>logs/</Prefix></Filter><Transition><Days>2</Days><StorageClass>GLACIER\
         </StorageClass></Transition><Expiration><Days>10</Days></Expiration>",
    )
    .await;
    assert_eq!(s.run_lifecycle().await, 0);
    let header = get(&s, "/bucket/logs/a").await.header("x-amz-expiration").to_owned();
    assert!(header.starts_with("expiry-date=\"") && header.ends_with("rule-id=\"r\""), "{header}");
    assert_eq!(get(&s, "/bucket/kept").await.header("x-amz-expiration"), "");
    assert_eq!(days(&s, 1).await, 0);
    assert_eq!(days(&s, 2).await, 1);
    assert_eq!(get(&s, "/bucket/logs/a").await.error().1, "InvalidObjectState");
    assert_eq!(days(&s, 1).await, 0);
    assert_eq!(days(&s, 8).await, 1);
    assert_eq!(get(&s, "/bucket").await.elements("Key"), ["kept"]);
}

#[tokio::test]
async fn versions_markers_and_uploads() {
    let s = sandbox().await;
    put(&s, "/bucket?versioning", ENABLED).await;
    for n in 0..4 {
        put(&s, "/bucket/k", n.to_string()).await;
    }
    put(&s, "/bucket/gone", "x").await;
    ask(&s.endpoint(), Method::POST, "/bucket/mp?uploads").by(s.main()).send().await;
    rules(
        &s,
        "<Filter/><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker>\
         </Expiration><NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays>\
         <NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration>\
         <AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation>\
         </AbortIncompleteMultipartUpload>",
    )
    .await;
    assert_eq!(days(&s, 3).await, 1, "the upload");
    let versions = async || get(&s, "/bucket?versions").await.elements("VersionId").len();
    assert_eq!(versions().await, 5);
    assert_eq!(days(&s, 1).await, 2, "all but the newest of what is not current");
    assert_eq!(versions().await, 3);
    let gone = get(&s, "/bucket?versions&prefix=gone").await.element("VersionId");
    delete(&s, "/bucket/gone").await;
    delete(&s, &format!("/bucket/gone?versionId={gone}")).await;
    assert_eq!(days(&s, 0).await, 1, "a marker over nothing");
    assert_eq!(versions().await, 2);
}

#[tokio::test]
async fn filters_by_tag_and_size() {
    let s = sandbox().await;
    for (key, tag, body) in
        [("a", "x=1", "long enough"), ("b", "x=2", "long enough"), ("c", "x=1", "")]
    {
        let path = format!("/bucket/{key}");
        let made = ask(&s.endpoint(), Method::PUT, &path).header("x-amz-tagging", tag);
        made.by(s.main()).body(body).send().await;
    }
    rules(
        &s,
        "<Filter><And><Tag><Key>x</Key><Value>1</Value></Tag><ObjectSizeGreaterThan>3\
         </ObjectSizeGreaterThan></And></Filter><Expiration><Days>1</Days></Expiration>",
    )
    .await;
    assert_eq!(days(&s, 3).await, 1);
    assert_eq!(get(&s, "/bucket").await.elements("Key"), ["b", "c"]);
}
