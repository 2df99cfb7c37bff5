use std::time::Duration;

use dipper_sandbox::{Fault, Mix, Paging, Sandbox, When};
use http::Method;

use crate::support::{ask, get, put, sandbox};

fn once(method: &'static str) -> When {
    When { method: Some(method), times: Some(1), ..When::default() }
}

#[tokio::test]
async fn answers_can_be_spoiled() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "0123456789").await;
    let faults = s.faults();

    faults.add(once("GET"), Fault::Status { status: 503, code: "SlowDown" });
    assert_eq!(get(&s, "/bucket/k").await.error(), (503, "SlowDown".into()));
    faults.add(once("GET"), Fault::Short { to: 4 });
    assert_eq!(get(&s, "/bucket/k").await.text(), "0123");
    faults.add(once("GET"), Fault::Flip { at: 1 });
    assert_eq!(get(&s, "/bucket/k").await.text(), "0023456789");
    faults.add(once("GET"), Fault::ETag("\"lie\""));
    assert_eq!(get(&s, "/bucket/k").await.header("etag"), "\"lie\"");
    faults.add(once("GET"), Fault::Header("content-language", "lie".into()));
    assert_eq!(get(&s, "/bucket/k").await.header("content-language"), "lie");
    faults.add(once("GET"), Fault::OtherRange { at: 9 });
    let asked = ask(&s.endpoint(), Method::GET, "/bucket/k").by(s.main());
    let part = asked.header("range", "bytes=2-4").send().await;
    assert_eq!((part.text(), part.header("content-range")), ("789".into(), "bytes 2-4/10"));
    faults.add(once("GET"), Fault::IgnoreConditions);
    let asked = ask(&s.endpoint(), Method::GET, "/bucket/k").by(s.main());
    assert_eq!(asked.header("if-match", "\"another\"").send().await.status, 200);
    faults.add(once("PUT"), Fault::Pretend { etag: "\"there\"" });
    assert_eq!(put(&s, "/bucket/pretended", "x").await.status, 200);
    assert_eq!(get(&s, "/bucket/pretended").await.status, 404);
    faults.add(once("GET"), Fault::Reset { after: 3 });
    let asked = ask(&s.endpoint(), Method::GET, "/bucket/k").by(s.main());
    assert!(asked.try_send().await.is_err());
    faults.add(once("PUT"), Fault::Lost { status: 500 });
    assert_eq!(put(&s, "/bucket/lost", "x").await.status, 500);
    assert_eq!(get(&s, "/bucket/lost").await.text(), "x");
    assert_eq!(faults.hits(), 10);
    assert_eq!(get(&s, "/bucket/k").await.text(), "0123456789");
}

async fn broken(s: &Sandbox, method: Method, path: &str) -> bool {
    let asked = ask(&s.endpoint(), method, path).by(s.main()).body(vec![b'x'; 5000]);
    asked.try_send().await.is_err()
}

async fn hangs(s: &Sandbox, method: Method, path: &str) -> bool {
    let asked = ask(&s.endpoint(), method, path).by(s.main()).body(vec![b'x'; 5000]);
    tokio::time::timeout(Duration::from_millis(200), asked.try_send()).await.is_err()
}

#[tokio::test]
async fn bodies_and_heads() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "0123456789").await;
    let faults = s.faults();
    let path = "/bucket/k";
    faults.add(once("GET"), Fault::Long { by: 3 });
    assert_eq!(get(&s, path).await.text(), "0123456789+++");
    for fault in [Fault::Cut { to: 4 }, Fault::LostAnswer] {
        faults.add(once("GET"), fault);
        assert!(broken(&s, Method::GET, path).await);
    }
    for fault in [Fault::Stall { after: 0 }, Fault::Stall { after: 4 }] {
        faults.add(once("GET"), fault);
        assert!(hangs(&s, Method::GET, path).await);
    }
    faults.add(once("PUT"), Fault::StallRequest { after: 10 });
    assert!(hangs(&s, Method::PUT, "/bucket/new").await);
    faults.add(once("PUT"), Fault::ResetRequest { after: 10 });
    let _refused = broken(&s, Method::PUT, "/bucket/new").await;
    assert_eq!(get(&s, "/bucket/new").await.status, 404);
    faults.add(once("GET"), Fault::NoETag);
    assert_eq!(get(&s, path).await.header("etag"), "");
    faults.add(once("GET"), Fault::IgnoreRange);
    let range = ask(&s.endpoint(), Method::GET, path).header("range", "bytes=2-3").by(s.main());
    let whole = range.send().await;
    assert_eq!((whole.status.as_u16(), whole.text().as_str()), (200, "0123456789"));
    let summed = async || {
        let asked = ask(&s.endpoint(), Method::GET, path).header("x-amz-checksum-mode", "ENABLED");
        asked.by(s.main()).send().await.header("x-amz-checksum-crc64nvme").to_owned()
    };
    let right = summed().await;
    faults.add(once("GET"), Fault::WrongChecksum);
    let wrong = summed().await;
    assert!(wrong != right && wrong.len() == right.len());
    faults.add(once("GET"), Fault::DateOff { seconds: -86_400 });
    let yesterday = get(&s, path).await.header("date").to_owned();
    assert_ne!(yesterday[..16], get(&s, path).await.header("date")[..16]);
}

#[tokio::test]
async fn answers_of_others() {
    let s = sandbox().await;
    put(&s, "/bucket/k", "x").await;
    let faults = s.faults();
    let once_each: [(Fault, u16, &str); 6] = [
        (Fault::ExpiredToken, 400, "ExpiredToken"),
        (Fault::ClockSkew { seconds: 3600 }, 403, "RequestTimeTooSkewed"),
        (Fault::WrongRegion { region: "eu-west-1" }, 400, "AuthorizationHeaderMalformed"),
        (
            Fault::Redirect { region: "eu-west-1", endpoint: "http://elsewhere.example/" },
            301,
            "PermanentRedirect",
        ),
        (Fault::ErrorIn200 { code: "InternalError" }, 200, "InternalError"),
        (Fault::Status { status: 418, code: "Teapot" }, 418, "Teapot"),
    ];
    for (fault, status, code) in once_each {
        faults.add(once("GET"), fault.clone());
        let answer = get(&s, "/bucket/k").await;
        assert_eq!(answer.error(), (status, code.to_owned()), "{fault:?}");
        if code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed" {
            assert_eq!(answer.header("x-amz-bucket-region"), "eu-west-1");
        }
    }
    for status in [200, 403] {
        faults.add(once("GET"), Fault::Portal { status });
        let page = get(&s, "/bucket/k").await;
        assert_eq!(page.status, status);
        assert!(page.header("content-type").starts_with("text/html"));
    }
}

#[tokio::test]
async fn pages_that_lie_and_a_mix() {
    let s = sandbox().await;
    for key in ["a", "b", "c"] {
        put(&s, &format!("/bucket/{key}"), key).await;
    }
    let faults = s.faults();
    let list = async || get(&s, "/bucket?list-type=2").await;
    faults.add(once("GET"), Fault::Paging(Paging::SameToken));
    let endless = list().await;
    assert_eq!(endless.element("IsTruncated"), "true");
    assert_eq!(endless.element("NextContinuationToken"), "YQ");
    faults.add(once("GET"), Fault::Paging(Paging::NoToken));
    assert_eq!(list().await.element("NextContinuationToken"), "");
    faults.add(once("GET"), Fault::Paging(Paging::OutOfOrder));
    assert_eq!(list().await.elements("Key"), ["b", "c", "a"]);
    faults.clear();

    let harmed = async || {
        let slow = vec![Fault::Status { status: 503, code: "SlowDown" }];
        faults.mix(Mix::new(7, 300, slow));
        let mut harmed = Vec::new();
        for n in 0..40 {
            if list().await.status == 503 {
                harmed.push(n);
            }
        }
        harmed
    };
    let first = harmed().await;
    assert!((4..25).contains(&first.len()), "{first:?}");
    assert_eq!(first, harmed().await);
}
