//! Links that carry their permission, fetched by a client that knows nothing of S3.

use std::time::Duration;

use dipper_s3::{ObjectHeaders, PostForm, Presign, PutRequest, S3, Visibility};
use dipper_types::{BucketName, Timestamp};
use http::Method;

use super::Server;
use crate::support::{Answer, key, raw, sent_to};

const HOUR: Duration = Duration::from_secs(3600);

async fn fetch(main: &S3, bucket: &BucketName, what: Presign, body: &'static str) -> Answer {
    let now = Timestamp::from_secs(
        std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().try_into().unwrap(),
    );
    let link = main.presign(bucket, &key("a b+c/ü"), &what, HOUR, now).await.unwrap();
    assert!(link.headers.is_empty(), "{:?}", link.headers);
    raw(link.method.parse::<Method>().unwrap(), &link.url, body).await
}

const GET: Presign = Presign::Get { version_id: None, disposition: None, content_type: None };

pub async fn put_got_headed_deleted(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let put = fetch(&main, &bucket, Presign::Put { content_type: None }, "by link").await;
    assert_eq!(put.status, 200, "{put:?}");
    let got = fetch(&main, &bucket, GET, "").await;
    assert_eq!((got.status.as_u16(), &got.body[..]), (200, &b"by link"[..]));
    assert_eq!(fetch(&main, &bucket, Presign::Head, "").await.status, 200);
    let deleted = fetch(&main, &bucket, Presign::Delete { version_id: None }, "").await;
    assert_eq!(deleted.status, 204);
    assert_eq!(fetch(&main, &bucket, GET, "").await.status, 404);
}

pub async fn an_ended_link_is_refused(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let then = Timestamp::from_secs(1_700_000_000);
    let link = main.presign(&bucket, &key("k"), &GET, HOUR, then).await.unwrap();
    assert_eq!(raw(Method::GET, &link.url, "").await.status, 403);
}

async fn public(main: &S3, bucket: &BucketName) {
    let headers = ObjectHeaders { visibility: Visibility::Public, ..ObjectHeaders::default() };
    let request = PutRequest { headers, ..PutRequest::default() };
    main.put_object(bucket, &key("a b+c/ü"), "text".into(), &request, None).await.unwrap();
}

pub async fn a_public_url_by_path(server: &Server) {
    let (main, bucket) = server.bucket().await;
    public(&main, &bucket).await;
    let url = main.connection().object_url(bucket.as_str(), "a b+c/ü");
    assert_eq!(&raw(Method::GET, &url, "").await.body[..], b"text");
}

pub async fn a_public_url_by_host(server: &Server) {
    let (main, bucket) = server.bucket().await;
    public(&main, &bucket).await;
    let hosted = server.virtual_host().await;
    let url = hosted.connection().object_url(bucket.as_str(), "a b+c/ü");
    assert!(url.contains(&format!("//{bucket}.s3.localhost")), "{url}");
    let address = server.endpoint.trim_start_matches("http://");
    assert_eq!(&sent_to(address, Method::GET, &url, "", None).await.body[..], b"text");
}

pub async fn a_form_uploads(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let now = Timestamp::from_secs(
        std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().try_into().unwrap(),
    );
    let form = PostForm {
        key: "up/".into(),
        starts_with: true,
        size: Some((1, 100)),
        content_type: Some("text/plain".into()),
    };
    let (link, fields) = main.presign_post(&bucket, &form, HOUR, now).await.unwrap();
    let address = server.endpoint.trim_start_matches("http://");
    for (text, good) in [("from a form".to_owned(), true), ("x".repeat(101), false)] {
        let mut body = String::new();
        for field in &fields {
            let (name, value) = (&field.name, &field.value);
            body += &format!(
                "--bound\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        body += &format!(
            "--bound\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{good}.txt\"\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--bound--\r\n"
        );
        let kind = Some("multipart/form-data; boundary=bound");
        let answer = sent_to(address, Method::POST, &link.url, body, kind).await;
        assert_eq!(answer.status.is_success(), good, "{answer:?}");
    }
    let head = main.head_object(&bucket, &key("up/true.txt")).await.unwrap();
    assert_eq!((head.size, head.headers.content_type.as_deref()), (11, Some("text/plain")));
}
