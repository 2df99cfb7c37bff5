use dipper_sandbox::{Fault, When};
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
    faults.add(once("GET"), Fault::Reset { after: 3 });
    let asked = ask(&s.endpoint(), Method::GET, "/bucket/k").by(s.main());
    assert!(asked.try_send().await.is_err());
    faults.add(once("PUT"), Fault::Lost { status: 500 });
    assert_eq!(put(&s, "/bucket/lost", "x").await.status, 500);
    assert_eq!(get(&s, "/bucket/lost").await.text(), "x");
    assert_eq!(faults.hits(), 6);
    assert_eq!(get(&s, "/bucket/k").await.text(), "0123456789");
}
