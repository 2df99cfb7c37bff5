//! Links that carry their permission, fetched by a client that knows nothing of S3.

use std::time::Duration;

use dipper_s3::{Addressing, PostForm, Presign, PutRequest, S3};
use dipper_types::{BucketName, Timestamp};
use http::Method;

use super::Server;
use crate::support::{Answer, key, raw, sent_to};

const HOUR: Duration = Duration::from_secs(3600);

fn now() -> Timestamp {
    Timestamp::from_secs(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().try_into().unwrap())
}

async fn fetch(main: &S3, bucket: &BucketName, what: Presign, body: &'static str) -> Answer {
    let link = main.presign(bucket, &key(KEY), &what, HOUR, now()).await.unwrap();
    assert!(link.headers.is_empty(), "{:?}", link.headers);
    raw(link.method.parse::<Method>().unwrap(), &link.url, body).await
}

const KEY: &str = "a b+c/ü";

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
    let answer = raw(Method::GET, &link.url, "").await;
    assert_eq!(answer.status, 403, "{answer:?}");
}

pub async fn of_a_version_by_another_name(server: &Server) {
    let (main, bucket) = server.versioned().await;
    let put = async |text: &'static str| {
        main.put_object(&bucket, &key(KEY), text.into(), &PutRequest::default(), None)
            .await
            .unwrap();
        main.head_object(&bucket, &key(KEY)).await.unwrap().version_id
    };
    let (old, _) = (put("old").await, put("new").await);
    let what = Presign::Get {
        version_id: old.clone(),
        disposition: Some("attachment; filename=\"b c.pdf\"".into()),
        content_type: Some("application/pdf".into()),
    };
    let got = fetch(&main, &bucket, what, "").await;
    assert_eq!((got.status.as_u16(), &got.body[..]), (200, &b"old"[..]));
    assert_eq!(got.headers["content-type"], "application/pdf");
    assert_eq!(got.headers["content-disposition"], "attachment; filename=\"b c.pdf\"");
    let deleted = fetch(&main, &bucket, Presign::Delete { version_id: old }, "").await;
    assert_eq!(deleted.status, 204);
    let left = main.object_versions(&bucket, KEY).await.unwrap();
    assert_eq!(left.iter().map(|v| v.is_delete_marker).collect::<Vec<_>>(), [false]);
    assert_eq!(&fetch(&main, &bucket, GET, "").await.body[..], b"new");
}

/// A content type that was signed must be sent, and is kept.
pub async fn put_with_its_content_type(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let what = Presign::Put { content_type: Some("image/png".into()) };
    let link = main.presign(&bucket, &key(KEY), &what, HOUR, now()).await.unwrap();
    assert_eq!(link.headers, [("content-type".to_owned(), "image/png".to_owned())]);
    let address = server.endpoint.trim_start_matches("http://");
    let put = sent_to(address, Method::PUT, &link.url, "x", Some("image/png")).await;
    assert_eq!(put.status, 200, "{put:?}");
    let head = main.head_object(&bucket, &key(KEY)).await.unwrap();
    assert_eq!(head.headers.content_type.as_deref(), Some("image/png"));
}

pub async fn another_content_type_is_refused(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let what = Presign::Put { content_type: Some("image/png".into()) };
    let link = main.presign(&bucket, &key(KEY), &what, HOUR, now()).await.unwrap();
    let address = server.endpoint.trim_start_matches("http://");
    let put = sent_to(address, Method::PUT, &link.url, "x", Some("text/html")).await;
    assert_eq!(put.status, 403, "{put:?}");
}

/// An object that anyone may read, whether ACLs count or not.
async fn public(main: &S3, bucket: &BucketName) {
    let request = PutRequest::default();
    main.put_object(bucket, &key(KEY), "text".into(), &request, None).await.unwrap();
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"}}]}}"#
    );
    main.put_bucket_policy(bucket, &policy).await.unwrap();
}

/// The URL that Dipper shows with this addressing, fetched without a signature from the server under
/// test, whatever host it names.
async fn public_url(server: &Server, addressing: Addressing, bucket: BucketName) -> String {
    let main = server.main().await;
    main.create_bucket(&bucket, None).await.unwrap();
    public(&main, &bucket).await;
    // Who would be taken for a bucket itself is addressed by its number.
    let shown = match addressing {
        Addressing::Path => main,
        _ => server.hosted(addressing).await,
    };
    let url = shown.connection().object_url(bucket.as_str(), KEY);
    let address = server.endpoint.trim_start_matches("http://");
    let got = sent_to(address, Method::GET, &url, "", None).await;
    assert!(got.status == 200 && got.body == "text", "{url}: {got:?}");
    url
}

/// A name such as who owns a domain gives a bucket.
fn dotted() -> BucketName {
    BucketName::check_new(&format!("{}.example.com", Server::name())).unwrap()
}

pub async fn a_public_url_by_path(server: &Server) {
    for bucket in [Server::name(), dotted()] {
        let url = public_url(server, Addressing::Path, bucket.clone()).await;
        assert!(url.starts_with(&format!("{}/{bucket}/", server.endpoint)), "{url}");
    }
}

pub async fn a_public_url_by_host(server: &Server) {
    for addressing in [Addressing::Virtual, Addressing::Auto] {
        let bucket = Server::name();
        let url = public_url(server, addressing, bucket.clone()).await;
        assert!(url.contains(&format!("//{bucket}.s3.localhost:")), "{url}");
    }
}

pub async fn a_public_url_with_dots_by_host(server: &Server) {
    let bucket = dotted();
    let url = public_url(server, Addressing::Virtual, bucket.clone()).await;
    assert!(url.contains(&format!("//{bucket}.s3.localhost:")), "{url}");
}

/// A domain's name that leads to the server (CNAME) is a bucket's.
pub async fn a_domain_of_its_own(server: &Server) {
    let (main, bucket) = (server.main().await, dotted());
    main.create_bucket(&bucket, None).await.unwrap();
    public(&main, &bucket).await;
    let address = server.endpoint.trim_start_matches("http://");
    let url = format!("http://{bucket}/a%20b%2Bc/%C3%BC");
    let got = sent_to(address, Method::GET, &url, "", None).await;
    assert!(got.status == 200 && got.body == "text", "{url}: {got:?}");
}

pub async fn a_form_uploads(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let form = PostForm {
        key: "up/".into(),
        starts_with: true,
        size: Some((1, 100)),
        content_type: Some("text/plain".into()),
    };
    let (link, fields) = main.presign_post(&bucket, &form, HOUR, now()).await.unwrap();
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
