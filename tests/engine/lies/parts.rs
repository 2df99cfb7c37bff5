//! Objects that only a checksum of their parts' checksums can prove, or a SHA-1: made as other clients
//! make them, in parts of another size than ours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dipper_app::Code;
use dipper_sandbox::{Fault, When};
use dipper_state::JobState;
use http::Method;
use sha1::Digest as _;

use crate::rig::Place;
use crate::support::{noise, sent_with, tree};

const MIB: usize = 1 << 20;
const PARTS: [usize; 3] = [6 * MIB, 5 * MIB, MIB + 17];
const ALGORITHMS: [&str; 4] = ["CRC32", "CRC32C", "SHA1", "SHA256"];

/// Anybody may do everything there: these requests carry no signature.
async fn open_to_all() -> Place {
    let place = Place::new().await;
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "s3:*",
            "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
        }],
    });
    place.s3.put_bucket_policy(&place.bucket, &policy.to_string()).await.unwrap();
    place
}

async fn send(
    place: &Place,
    method: Method,
    query: &str,
    body: Vec<u8>,
    headers: &[(&str, &str)],
) -> (String, http::HeaderMap) {
    // Else it would be nobody's, and the bucket's owner could not read it.
    let headers = [headers, &[("x-amz-acl", "bucket-owner-full-control")]].concat();
    let url = format!("{}/bucket/k{query}", place.sandbox.endpoint());
    let address = place.sandbox.address().to_string();
    let answer = sent_with(&address, method, &url, body, &headers).await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(answer.status.is_success(), "{query}: {} {text}", answer.status);
    (text, answer.headers)
}

/// `k` in three parts, with the sum of their sums.
async fn in_parts(algorithm: &str, bytes: &[u8]) -> Place {
    let place = open_to_all().await;
    let chosen = [("x-amz-checksum-algorithm", algorithm), ("x-amz-checksum-type", "COMPOSITE")];
    let (begun, _) = send(&place, Method::POST, "?uploads", Vec::new(), &chosen).await;
    let id = begun.split("<UploadId>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let (mut list, mut at) = (String::new(), 0);
    for (number, size) in (1..).zip(PARTS) {
        let query = format!("?partNumber={number}&uploadId={id}");
        let part = bytes[at..at + size].to_vec();
        at += size;
        let asked = [("x-amz-sdk-checksum-algorithm", algorithm)];
        let (_, told) = send(&place, Method::PUT, &query, part, &asked).await;
        let etag = told["etag"].to_str().unwrap();
        let (name, header) = (format!("Checksum{algorithm}"), algorithm.to_lowercase());
        let sum = told[format!("x-amz-checksum-{header}").as_str()].to_str().unwrap();
        list.push_str(&format!(
            "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag><{name}>{sum}</{name}></Part>"
        ));
    }
    let end = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
    send(&place, Method::POST, &format!("?uploadId={id}"), end.into_bytes(), &[]).await;
    place
}

fn on(method: &'static str, contains: &str) -> When {
    When { method: Some(method), contains: Some(contains.into()), ..When::default() }
}

/// By what it was verified, or the code of its failure.
async fn down(place: &Place, bytes: &[u8]) -> Result<String, Code> {
    let rig = place.rig();
    let size = bytes.len() as u64;
    let job = rig.download(&place.bucket, &[("k", size)], &place.dst()).await;
    if job.state != JobState::Completed {
        assert!(!tree(&place.dst()).iter().any(|(name, _)| name.as_os_str() == "k"));
        return Err(rig.failure(&job).code);
    }
    let by = rig.items(job.id)[0].verified.clone().unwrap();
    std::fs::remove_file(place.dst().join("k")).unwrap();
    Ok(by)
}

/// Where the parts are told by GetObjectAttributes, and where each must be asked for.
pub async fn sums_of_parts_prove() {
    let bytes = noise(64, PARTS.iter().sum());
    for algorithm in ALGORITHMS {
        let place = in_parts(algorithm, &bytes).await;
        let head = place.s3.head_object(&place.bucket, &crate::support::key("k")).await.unwrap();
        assert!(head.checksums.iter().all(|sum| !sum.full_object), "{head:?}");
        let by = format!("{}-parts", algorithm.to_lowercase());
        for mute in [false, true] {
            place.sandbox.faults().clear();
            if mute {
                let unknown = Fault::Status { status: 501, code: "NotImplemented" };
                place.sandbox.faults().add(on("GET", "attributes"), unknown);
            }
            assert_eq!(down(&place, &bytes).await, Ok(by.clone()), "{algorithm} {mute}");
            let flip = Fault::Flip { at: 1000 };
            place.sandbox.faults().add(on("GET", "x-id=GetObject"), flip);
            assert_eq!(
                down(&place, &bytes).await,
                Err(Code::ChecksumMismatch),
                "{algorithm} {mute}"
            );
        }
    }
}

/// A SHA-1 of the whole object, in one request and in several.
pub async fn hashes_of_the_whole_prove() {
    for size in [3 * MIB, 20 * MIB] {
        let place = open_to_all().await;
        let bytes = noise(65, size);
        let sum = BASE64.encode(sha1::Sha1::digest(&bytes));
        let asked = [("x-amz-checksum-sha1", sum.as_str())];
        send(&place, Method::PUT, "", bytes.clone(), &asked).await;
        assert_eq!(down(&place, &bytes).await, Ok("sha1".into()), "{size}");
        place.sandbox.faults().add(on("GET", "x-id=GetObject"), Fault::Flip { at: 1000 });
        assert_eq!(down(&place, &bytes).await, Err(Code::ChecksumMismatch), "{size}");
    }
}

/// Neither the parts nor a common part size: the size is compared, and no more is said.
pub async fn what_is_not_told_proves_nothing() {
    let bytes = noise(66, PARTS.iter().sum());
    let place = in_parts("SHA256", &bytes).await;
    for what in [on("GET", "attributes"), on("HEAD", "partNumber")] {
        let denied = Fault::Status { status: 403, code: "AccessDenied" };
        place.sandbox.faults().add(what, denied);
    }
    assert_eq!(down(&place, &bytes).await, Ok("size".into()));
}
