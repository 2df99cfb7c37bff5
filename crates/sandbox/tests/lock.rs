use std::time::Duration;

use dipper_sandbox::{Config, Sandbox};
use dipper_types::{Clock as _, SystemClock};
use http::Method;

use crate::support::{Answer, ask, delete, get, put, sandbox};

const DAY: u64 = 86_400;

async fn locked() -> Sandbox {
    let s = Sandbox::start(Config::memory()).await.unwrap();
    let made = ask(&s.endpoint(), Method::PUT, "/bucket")
        .header("x-amz-bucket-object-lock-enabled", "true");
    assert_eq!(made.by(s.main()).send().await.status, 200);
    s
}

/// So many days from now.
fn day(n: u64) -> String {
    let at = SystemClock.now().plus(Duration::from_secs(n * DAY));
    dipper_types::Timestamp::from_secs(at.secs()).rfc3339()
}

fn retention(mode: &str, days: u64) -> String {
    format!(
        "<Retention><Mode>{mode}</Mode><RetainUntilDate>{}</RetainUntilDate></Retention>",
        day(days)
    )
}

async fn past_governance(s: &Sandbox, method: Method, path: &str, body: String) -> Answer {
    ask(&s.endpoint(), method, path)
        .header("x-amz-bypass-governance-retention", "true")
        .body(body)
        .by(s.main())
        .send()
        .await
}

#[tokio::test]
async fn a_locked_bucket_has_versions_and_keeps_them() {
    let s = locked().await;
    assert_eq!(get(&s, "/bucket?versioning").await.element("Status"), "Enabled");
    let off = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
    assert_eq!(put(&s, "/bucket?versioning", off).await.error().1, "InvalidBucketState");
    assert!(get(&s, "/bucket?object-lock").await.text().contains("Enabled"));

    let made = ask(&s.endpoint(), Method::PUT, "/bucket/k")
        .header("x-amz-object-lock-mode", "COMPLIANCE")
        .header("x-amz-object-lock-retain-until-date", day(2))
        .header("content-md5", "nUUt/A2fLZY4yuQ3QWEdrw==")
        .header("x-amz-object-lock-legal-hold", "ON");
    let wrong = made.body("y").by(s.main()).send().await;
    assert_eq!(wrong.error(), (400, "BadDigest".into()));
    let made = ask(&s.endpoint(), Method::PUT, "/bucket/k")
        .header("x-amz-object-lock-mode", "COMPLIANCE")
        .header("x-amz-object-lock-retain-until-date", day(2))
        .header("content-md5", "ndTkYSaMgDT1yFZOFVxnpg==")
        .header("x-amz-object-lock-legal-hold", "ON")
        .body("x");
    let made = made.by(s.main()).send().await;
    assert_eq!(made.status, 200, "{}", made.text());
    let path = format!("/bucket/k?versionId={}", made.header("x-amz-version-id"));
    let read = get(&s, &path).await;
    assert_eq!(read.header("x-amz-object-lock-mode"), "COMPLIANCE");
    assert_eq!(read.header("x-amz-object-lock-legal-hold"), "ON");
    assert_eq!(read.header("x-amz-object-lock-retain-until-date"), day(2));

    // A marker may go on top; the version stays, whatever is tried.
    assert_eq!(delete(&s, "/bucket/k").await.status, 204);
    assert_eq!(delete(&s, &path).await.error(), (403, "AccessDenied".into()));
    let off = "<LegalHold><Status>OFF</Status></LegalHold>";
    assert_eq!(put(&s, &path.replace('?', "?legal-hold&"), off).await.status, 200);
    let forced = past_governance(&s, Method::DELETE, &path, String::new()).await;
    assert_eq!(forced.error(), (403, "AccessDenied".into()));
    let of = path.replace('?', "?retention&");
    for (mode, days, status) in
        [("COMPLIANCE", 1, 403), ("GOVERNANCE", 9, 403), ("COMPLIANCE", 3, 200)]
    {
        let asked = past_governance(&s, Method::PUT, &of, retention(mode, days)).await;
        assert_eq!(asked.status, status, "{mode} {days}");
    }
    assert_eq!(get(&s, &of).await.element("Mode"), "COMPLIANCE");
    s.advance(Duration::from_secs(4 * DAY));
    assert_eq!(delete(&s, &path).await.status, 204);
}

#[tokio::test]
async fn governance_can_be_passed_by_who_may() {
    let s = locked().await;
    let version = put(&s, "/bucket/k", "x").await.header("x-amz-version-id").to_owned();
    let path = format!("/bucket/k?versionId={version}");
    assert_eq!(get(&s, "/bucket/k?retention").await.error().1, "NoSuchObjectLockConfiguration");
    assert_eq!(put(&s, "/bucket/k?retention", retention("GOVERNANCE", 5)).await.status, 200);
    assert_eq!(put(&s, "/bucket/k?retention", retention("GOVERNANCE", 2)).await.status, 403);
    assert_eq!(put(&s, "/bucket/k?retention", retention("GOVERNANCE", 6)).await.status, 200);
    assert_eq!(delete(&s, &path).await.status, 403);
    let many =
        format!("<Delete><Object><Key>k</Key><VersionId>{version}</VersionId></Object></Delete>");
    let refused = ask(&s.endpoint(), Method::POST, "/bucket?delete").body(many).by(s.main());
    assert_eq!(refused.send().await.element("Code"), "AccessDenied");
    let forced = past_governance(&s, Method::DELETE, &path, String::new()).await;
    assert_eq!(forced.status, 204);
}

#[tokio::test]
async fn a_default_is_for_every_new_object() {
    let s = locked().await;
    let document = "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>\
        <DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule>\
        </ObjectLockConfiguration>";
    assert_eq!(put(&s, "/bucket?object-lock", document).await.status, 200);
    assert!(get(&s, "/bucket?object-lock").await.text().contains("<Days>1</Days>"));
    let version = put(&s, "/bucket/k", "x").await.header("x-amz-version-id").to_owned();
    let path = format!("/bucket/k?versionId={version}");
    assert_eq!(get(&s, "/bucket/k").await.header("x-amz-object-lock-mode"), "GOVERNANCE");
    assert_eq!(delete(&s, &path).await.status, 403);
    s.advance(Duration::from_secs(2 * DAY));
    assert_eq!(delete(&s, &path).await.status, 204);
}

#[tokio::test]
async fn without_lock_there_is_none() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "x").await;
    assert_eq!(put(&s, "/bucket/k?retention", retention("GOVERNANCE", 5)).await.status, 400);
    let hold = ask(&s.endpoint(), Method::PUT, "/bucket/k")
        .header("x-amz-object-lock-legal-hold", "ON")
        .header("x-amz-sdk-checksum-algorithm", "CRC32");
    assert_eq!(hold.by(s.main()).send().await.error(), (400, "InvalidRequest".into()));
}

#[tokio::test]
async fn archived_objects_are_restored_for_a_while() {
    let s = sandbox().await;
    let archived = ask(&s.endpoint(), Method::PUT, "/bucket/k")
        .header("x-amz-storage-class", "GLACIER")
        .body("cold");
    assert_eq!(archived.by(s.main()).send().await.status, 200);
    put(&s, "/bucket/warm", "x").await;
    assert_eq!(get(&s, "/bucket/k").await.error(), (403, "InvalidObjectState".into()));
    let copy = ask(&s.endpoint(), Method::PUT, "/bucket/c").header("x-amz-copy-source", "bucket/k");
    assert_eq!(copy.by(s.main()).send().await.error(), (403, "InvalidObjectState".into()));
    let restore = async |path: &str, tier: &str| {
        let body = format!(
            "<RestoreRequest><Days>2</Days><GlacierJobParameters><Tier>{tier}</Tier>\
             </GlacierJobParameters></RestoreRequest>"
        );
        ask(&s.endpoint(), Method::POST, path).body(body).by(s.main()).send().await
    };
    assert_eq!(restore("/bucket/warm?restore", "Bulk").await.status, 403);
    assert_eq!(restore("/bucket/k?restore", "Standard").await.status, 202);
    let again = restore("/bucket/k?restore", "Bulk").await;
    assert_eq!(again.error(), (409, "RestoreAlreadyInProgress".into()));
    let head = async || {
        let head = ask(&s.endpoint(), Method::HEAD, "/bucket/k").by(s.main()).send().await;
        head.header("x-amz-restore").to_owned()
    };
    assert_eq!(head().await, "ongoing-request=\"true\"");
    s.advance(Duration::from_secs(6 * 3600));
    assert!(head().await.starts_with("ongoing-request=\"false\", expiry-date=\""));
    assert_eq!(get(&s, "/bucket/k").await.text(), "cold");
    assert_eq!(restore("/bucket/k?restore", "Bulk").await.status, 200);
    s.advance(Duration::from_secs(4 * DAY));
    assert_eq!(head().await, "");
    assert_eq!(get(&s, "/bucket/k").await.status, 403);
}
