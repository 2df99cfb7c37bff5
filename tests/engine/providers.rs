//! What each provider's file makes of a request, taken at the HTTP boundary: golden.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use dipper_s3::{Connection, Credentials, ObjectId, PutRequest, S3, providers};
use dipper_types::{BucketName, ObjectKey, Secret};
use libtest_mimic::Trial;

use crate::scripted::{Scripted, say};
use crate::support::trial;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/providers.txt");

pub fn trials() -> Vec<Trial> {
    vec![trial("providers::requests", requests)]
}

/// Signed headers and checksum headers decide whether a foreign server takes a request.
pub async fn requests() {
    let mut text = String::new();
    for provider in providers() {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&seen);
        let server = Scripted::new(move |request| {
            let mut names: Vec<&str> = request
                .headers()
                .keys()
                .map(http::HeaderName::as_str)
                .filter(|name| {
                    !matches!(
                        *name,
                        "authorization"
                            | "user-agent"
                            | "amz-sdk-invocation-id"
                            | "amz-sdk-request"
                            | "x-amz-user-agent"
                    )
                })
                .collect();
            names.sort_unstable();
            let authorization =
                request.headers().get("authorization").and_then(|a| a.to_str().ok());
            let signed = authorization
                .and_then(|a| a.split("SignedHeaders=").nth(1)?.split(',').next())
                .unwrap_or("nothing")
                .to_owned();
            let line = format!(
                "{} {}\n    sent   {}\n    signed {signed}",
                request.method(),
                request.uri(),
                names.join(";")
            );
            log.lock().unwrap().push(line);
            say(
                200,
                "application/xml",
                "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
            )
        })
        .await;
        let s3 = S3::connect(Connection {
            endpoint: server.endpoint(),
            region: provider.default_region.clone(),
            addressing: provider.addressing,
            provider: Arc::clone(&provider),
            credentials: Credentials::Keys {
                access_key: "AKIDEXAMPLE".into(),
                secret_key: Secret::new("secret".into()),
                session_token: None,
            },
            options: Default::default(),
        })
        .await;
        let bucket = BucketName::new("bucket").unwrap();
        let key = ObjectKey::new("a b/ü+.txt").unwrap();
        let put = PutRequest { crc64nvme: crc(&provider), ..PutRequest::default() };
        let _ = s3.put_object(&bucket, &key, Bytes::from_static(b"hallo"), &put, None).await;
        let _ = s3.get_object(&bucket, &key, &Default::default()).await;
        let _ = s3.list_page(&bucket, &Default::default()).await;
        let _ = s3.delete_objects(&bucket, &[ObjectId::from(key)]).await;
        writeln!(text, "{}", provider.id).unwrap();
        for line in seen.lock().unwrap().iter() {
            writeln!(text, "  {line}").unwrap();
        }
    }
    if std::env::var_os("DIPPER_BLESS").is_some() {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(golden == text, "requests have changed; DIPPER_BLESS=1 takes them:\n{text}");
}

fn crc(provider: &dipper_s3::Provider) -> Option<String> {
    (provider.integrity == dipper_s3::Integrity::Crc64nvme)
        .then(|| dipper_transfer::crc64nvme(b"hallo"))
}
