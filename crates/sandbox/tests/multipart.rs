use dipper_sandbox::Sandbox;
use http::Method;

use crate::support::{Answer, ask, delete, get, put, sandbox};

const PART: usize = 5 << 20;

async fn begin(s: &Sandbox, key: &str) -> String {
    let path = format!("/bucket/{key}?uploads");
    ask(&s.endpoint(), Method::POST, &path).by(s.main()).send().await.element("UploadId")
}

async fn part(s: &Sandbox, key: &str, id: &str, number: usize, body: Vec<u8>) -> String {
    let path = format!("/bucket/{key}?partNumber={number}&uploadId={id}");
    put(s, &path, body).await.header("etag").to_owned()
}

async fn complete(s: &Sandbox, key: &str, id: &str, parts: &[(usize, &str)]) -> Answer {
    let list: String = parts
        .iter()
        .map(|(n, e)| format!("<Part><PartNumber>{n}</PartNumber><ETag>{e}</ETag></Part>"))
        .collect();
    let body = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
    let path = format!("/bucket/{key}?uploadId={id}");
    ask(&s.endpoint(), Method::POST, &path).by(s.main()).body(body).send().await
}

#[tokio::test]
async fn parts_become_an_object() {
    let s = sandbox().await;
    let id = begin(&s, "k").await;
    let second = part(&s, "k", &id, 7, b"end".to_vec()).await;
    let first = part(&s, "k", &id, 3, vec![b'a'; PART]).await;
    assert_eq!(get(&s, "/bucket?uploads").await.element("UploadId"), id);
    assert_eq!(get(&s, "/bucket").await.elements("Key").len(), 0);
    let wrong = complete(&s, "k", &id, &[(7, &second), (3, &first)]).await;
    assert_eq!(wrong.error(), (400, "InvalidPartOrder".into()));
    let wrong = complete(&s, "k", &id, &[(3, &second)]).await;
    assert_eq!(wrong.error(), (400, "InvalidPart".into()));
    let done = complete(&s, "k", &id, &[(3, &first), (7, &second)]).await;
    assert!(done.element("ETag").contains("-2"), "{}", done.text());
    // The answer may have been lost: asked again, it comes again.
    let again = complete(&s, "k", &id, &[(3, &first), (7, &second)]).await;
    assert_eq!(again.element("ETag"), done.element("ETag"));

    let whole = get(&s, "/bucket/k").await;
    assert_eq!(whole.body.len(), PART + 3);
    assert!(whole.body.ends_with(b"aend"));
    let piece = get(&s, "/bucket/k?partNumber=7").await;
    assert_eq!((piece.status.as_u16(), piece.text().as_str()), (206, "end"));
    assert_eq!(piece.header("x-amz-mp-parts-count"), "2");
    assert_eq!(get(&s, "/bucket?uploads").await.elements("UploadId").len(), 0);
}

#[tokio::test]
async fn small_parts_and_aborts() {
    let s = sandbox().await;
    let id = begin(&s, "k").await;
    let one = part(&s, "k", &id, 1, b"1".to_vec()).await;
    let two = part(&s, "k", &id, 2, b"2".to_vec()).await;
    let small = complete(&s, "k", &id, &[(1, &one), (2, &two)]).await;
    assert_eq!(small.error(), (400, "EntityTooSmall".into()));
    assert_eq!(delete(&s, &format!("/bucket/k?uploadId={id}")).await.status, 204);
    let gone = complete(&s, "k", &id, &[(1, &one)]).await;
    assert_eq!(gone.error(), (404, "NoSuchUpload".into()));
}
