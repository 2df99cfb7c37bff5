//! What goes wrong most often, as users meet it: each through the whole way (HTTP, XML, TLS, files), and
//! what Dipper makes of it. `failures.txt` holds code, message and what to do next: no case is without
//! the last.

mod answers;

use std::fmt::Write as _;

use dipper_app::Failure;
use dipper_s3::{
    Connection, Credentials, Document, GetRequest, ObjectHeaders, PutRequest, S3, Transport, Which,
};
use dipper_sandbox::{Config, Fault, Sandbox, When};
use dipper_types::{BucketName, PartNumber, UploadId};
use http::header::{HeaderName, HeaderValue};
use libtest_mimic::Trial;
use tokio::net::TcpListener;

use answers::{ANSWERS, Answer, Ask};

use crate::rig::{LIMITS, Place, Rig};
use crate::scripted::{Said, Scripted, say};
use crate::support::{bucket, client, connection, key, trial};
use crate::transport::tls::{Authority, by, serve, serve_expired};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/failures.txt");

pub fn trials() -> Vec<Trial> {
    vec![trial("failures::each_names_its_cause_and_the_next_step", golden)]
}

fn answer(status: u16, code: &str, words: &str) -> Said {
    let mut said = match code {
        "" => say(status, "text/plain", ""),
        "<html>" => say(status, "text/html", format!("<html><body>{words}</body></html>")),
        _ => {
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{}</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>",
                words.replace('"', "&quot;")
            );
            say(status, "application/xml", body)
        }
    };
    if matches!(status, 301) || code == "AuthorizationHeaderMalformed" {
        let name = HeaderName::from_static("x-amz-bucket-region");
        said.headers_mut().insert(name, HeaderValue::from_static("eu-central-1"));
    }
    said
}

async fn asked(s3: &S3, ask: Ask) -> Failure {
    let (b, k) = (bucket("bucket"), key("k"));
    let headers = ObjectHeaders { storage_class: Some("GLACIER_IR".into()), ..Default::default() };
    let class = PutRequest { headers, ..PutRequest::default() };
    let rule = r#"{"Rules":[{"ID":"a","Status":"Enabled","Filter":{"Prefix":""},"Expiration":{"Days":3}}]}"#;
    let which = Which::default();
    let answer = match ask {
        Ask::List => s3.list_page(&b, &Default::default()).await.map(drop),
        Ask::Buckets => s3.list_buckets().await.map(drop),
        Ask::Create => s3.create_bucket(&b, None).await,
        Ask::Head => s3.head_object(&b, &k).await.map(drop),
        Ask::Get => s3.get_object(&b, &k, &GetRequest::default()).await.map(drop),
        Ask::Put => s3.put_object(&b, &k, "x".into(), &Default::default(), None).await.map(drop),
        Ask::PutClass => s3.put_object(&b, &k, "x".into(), &class, None).await.map(drop),
        Ask::Delete => s3.delete_object(&b, &k).await,
        Ask::Acl => s3.set_bucket_acl(&b, true).await,
        Ask::Policy => s3.put_bucket_policy(&b, "{}").await,
        Ask::Lifecycle => s3.put_document(&b, Document::Lifecycle, which, rule).await,
        Ask::Part => {
            let (upload, one) = (UploadId::new("u"), PartNumber::new(1).unwrap());
            s3.upload_part(&b, &k, &upload, one, "x".into(), None, None, None).await.map(drop)
        }
    };
    answer.expect_err(&format!("{ask:?} was to fail")).into()
}

async fn of_answer((case, ask, status, code, words): Answer) -> (String, Failure) {
    let server = Scripted::new(move |_| answer(status, code, words)).await;
    let s3 = S3::connect(connection(&server.endpoint(), "aws", Some(("AKIA", "secret")))).await;
    (case.to_owned(), asked(&s3, ask).await)
}

async fn buckets(s3: &S3) -> Failure {
    s3.list_buckets().await.unwrap_err().into()
}

/// What goes wrong before any server has a say.
async fn on_the_way() -> Vec<(String, Failure)> {
    let mut all = Vec::new();
    let mut add = |case: &str, failure: Failure| all.push((case.to_owned(), failure));
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let to = |endpoint: &str| connection(endpoint, "custom", Some(("AKIA", "secret")));
    add("nothing listens", buckets(&S3::connect(to(&format!("http://{free}"))).await).await);
    add("no such host", buckets(&S3::connect(to("https://no-such-host.invalid")).await).await);

    let authority = Authority::new();
    let trusting = || Transport { roots: Some(authority.pem()), ..Transport::default() };
    let (leaf, leaf_key) = authority.server(&["localhost"]);
    let address = serve(leaf, &leaf_key, None).await;
    add("unknown authority", buckets(&by(address, "localhost", Transport::default()).await).await);
    add("certificate of another host", buckets(&by(address, "127.0.0.1", trusting()).await).await);
    let address = serve_expired(&authority, "localhost").await;
    add("certificate has expired", buckets(&by(address, "localhost", trusting()).await).await);
    let (leaf, leaf_key) = authority.server(&["localhost"]);
    let address = serve(leaf, &leaf_key, Some(&authority)).await;
    add("asks for a certificate", buckets(&by(address, "localhost", trusting()).await).await);

    for (case, answer) in [
        ("proxy wants a password", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
        ("proxy lets nobody through", "HTTP/1.1 403 Forbidden\r\n\r\n"),
    ] {
        add(case, crate::transport::proxies::refused_with(answer).await.into());
    }
    all
}

/// A real server (the sandbox), real files.
async fn at_work() -> Vec<(String, Failure)> {
    let mut all = Vec::new();
    let place = Place::new().await;
    let failed = |rig: &Rig, job: &dipper_state::JobRow| rig.failure(job);
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(std::path::Path::new("/nowhere/f"), "f")]).await;
    all.push(("file is gone".to_owned(), failed(&rig, &job)));
    let path = place.file("f", b"text");
    let job = rig.upload(&bucket("none-here"), &[(&path, "f")]).await;
    all.push(("upload into no bucket".to_owned(), failed(&rig, &job)));

    place.sandbox.faults().add(When::default(), Fault::ExpiredToken);
    let job = rig.upload(&place.bucket, &[(&path, "f")]).await;
    all.push(("session ends in an upload".to_owned(), failed(&rig, &job)));
    place.sandbox.faults().clear();
    place.put("f", b"text").await;
    all.push((
        "bucket is not empty".to_owned(),
        place.s3.delete_bucket(&place.bucket).await.unwrap_err().into(),
    ));
    place
        .sandbox
        .faults()
        .add(When { method: Some("GET"), ..When::default() }, Fault::Short { to: 2 });
    let job = rig.download(&place.bucket, &[("f", 4)], &place.dst()).await;
    all.push(("shorter than it was".to_owned(), failed(&rig, &job)));
    place.sandbox.faults().clear();

    // As AWS makes buckets today.
    let modern = Sandbox::start(Config { aws_defaults: true, ..Config::memory() }).await.unwrap();
    let s3 = client(&modern.endpoint(), modern.main()).await;
    let b = bucket("modern");
    s3.create_bucket(&b, None).await.unwrap();
    all.push((
        "ACL on a new bucket".to_owned(),
        s3.set_bucket_acl(&b, true).await.unwrap_err().into(),
    ));
    let public = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::modern/*"}]}"#;
    all.push((
        "public policy on a new bucket".to_owned(),
        s3.put_bucket_policy(&b, public).await.unwrap_err().into(),
    ));
    let mut nobody: Connection = s3.connection().clone();
    nobody.credentials = Credentials::Anonymous;
    let nobody = S3::connect(nobody).await;
    all.push(("without keys".to_owned(), asked_list(&nobody, &b).await));

    all.push((
        "bucket name with a slash".to_owned(),
        BucketName::new("my/bucket").unwrap_err().into(),
    ));
    let home = tempfile::tempdir().unwrap();
    let app = dipper_app::App::open_with(
        home.path(),
        std::sync::Arc::new(crate::bad_input::NoStore),
        LIMITS,
    )
    .unwrap();
    let mut draft = crate::bad_input::draft("http://203.0.113.1", "AKIA", "secret");
    all.push(("plain http".to_owned(), app.test_profile(&draft).await.error.unwrap()));
    draft.endpoint = "https://{account}.r2.cloudflarestorage.com".into();
    all.push(("address not filled in".to_owned(), app.test_profile(&draft).await.error.unwrap()));
    draft.endpoint = "https://example.com/bucket".into();
    all.push(("address with a path".to_owned(), app.test_profile(&draft).await.error.unwrap()));
    all
}

async fn asked_list(s3: &S3, b: &BucketName) -> Failure {
    s3.list_page(b, &Default::default()).await.unwrap_err().into()
}

/// Ports are of one run only, and the words of an operating system its own.
fn steady(text: &str) -> String {
    let mut out = text.to_owned();
    for own in ["can't be found", "can't be reached", "read /nowhere/f"] {
        if let Some(at) = out.find(own) {
            out.truncate(at + own.len());
            out.push_str(": …");
        }
    }
    for host in ["127.0.0.1:", "localhost:", "s3.example.org:"] {
        let Some((before, rest)) = out.split_once(host) else { continue };
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        out = format!("{before}{host}PORT{rest}");
    }
    out
}

async fn golden() {
    let scripted = futures::future::join_all(ANSWERS.iter().map(|answer| of_answer(*answer)));
    let (scripted, way, work) = tokio::join!(scripted, on_the_way(), at_work());
    let all: Vec<_> = scripted.into_iter().chain(way).chain(work).collect();
    assert!(all.len() >= 30);
    let mut text = String::new();
    for (case, failure) in &all {
        let code = serde_json::to_value(failure.code).unwrap();
        let retry = serde_json::to_value(failure.retry).unwrap();
        writeln!(text, "{case}").unwrap();
        writeln!(text, "  code  {} (retry: {})", code.as_str().unwrap(), retry.as_str().unwrap())
            .unwrap();
        writeln!(text, "  says  {}", steady(&failure.message)).unwrap();
        writeln!(text, "  next  {}", failure.hint.as_deref().unwrap_or("-")).unwrap();
    }
    if std::env::var_os("DIPPER_BLESS").is_some() {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(golden == text, "failures have changed; DIPPER_BLESS=1 takes them:\n{text}");
    for (case, failure) in &all {
        assert!(failure.hint.is_some(), "{case}: what to do next is not said: {failure:?}");
        let repeats = failure.hint.as_deref() == Some(failure.message.as_str());
        assert!(!repeats && failure.code != dipper_app::Code::Internal, "{case}: {failure:?}");
    }
}
