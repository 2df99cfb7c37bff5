use std::sync::Arc;
use std::time::{Duration, Instant};

use dipper_app::{Addressing, App, Failure, Keep, ProfileDraft, ProfileTest};
use dipper_s3::{Patience, S3};
use dipper_sandbox::{Config, Sandbox};
use dipper_state::{KeyStore, KeychainError};
use tokio::net::TcpListener;

use super::told;
use crate::rig::LIMITS;
use crate::scripted::{Scripted, portal, s3_error};
use crate::support::connection;

/// A machine without a keychain.
pub struct NoStore;

impl KeyStore for NoStore {
    fn get(&self) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, KeychainError> {
        Err(KeychainError::Silent)
    }

    fn set(&self, _: &[u8]) -> Result<(), KeychainError> {
        Err(KeychainError::Silent)
    }
}

pub fn draft(endpoint: &str, access: &str, secret: &str) -> ProfileDraft {
    ProfileDraft {
        id: None,
        name: "Test".into(),
        provider: "custom".into(),
        endpoint: endpoint.into(),
        region: "us-east-1".into(),
        addressing: Addressing::Path,
        access_key: access.into(),
        secret_key: secret.to_owned().into(),
        session_token: None,
        keep: Keep::Session,
        allow_http: false,
        options: Default::default(),
        client_key: None,
        keep_options: false,
    }
}

async fn tested(endpoint: &str, access: &str, secret: &str) -> ProfileTest {
    let home = tempfile::tempdir().unwrap();
    let app = App::open_with(home.path(), Arc::new(NoStore), LIMITS).unwrap();
    app.test_profile(&draft(endpoint, access, secret)).await
}

async fn failed(endpoint: &str) -> Failure {
    tested(endpoint, "AKIA", "secret").await.error.unwrap()
}

pub async fn wrong_keys() {
    let sandbox = Sandbox::start(Config::memory()).await.unwrap();
    let main = sandbox.main();
    let (endpoint, access) = (sandbox.endpoint(), main.access_key.as_str());
    let fine = tested(&endpoint, access, main.secret_key.expose()).await;
    assert_eq!((fine.buckets, fine.error), (Some(0), None));
    let secret = format!(" {} ", main.secret_key.expose());
    let spaced = tested(&format!(" {endpoint}/ "), &format!("{access}\n"), &secret).await;
    assert_eq!(spaced.error, None, "spaces around what was pasted do no harm");
    told("wrong secret", &tested(&endpoint, access, "wrong").await.error.unwrap());
    told("unknown key", &tested(&endpoint, "AKIANOBODY", "wrong").await.error.unwrap());
}

pub async fn wrong_addresses() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    told("closed port", &failed(&format!("http://{free}")).await);
    told("no such host", &failed("https://no-such-host.invalid").await);
}

pub async fn silence() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let short = Duration::from_millis(50);
    let patience =
        Patience { connect: short, answer: short, answer_to_body: short, ..Patience::default() };
    let started = Instant::now();
    let s3 = S3::connect_with(connection(&endpoint, "custom", Some(("AKIA", "x"))), patience).await;
    told("silence", &s3.list_buckets().await.unwrap_err().into());
    let (b, k) = (crate::support::bucket("bucket"), crate::support::key("k"));
    let put = s3.put_object(&b, &k, "x".into(), &Default::default(), None).await.unwrap_err();
    let get = s3.get_object(&b, &k, &Default::default()).await.unwrap_err();
    assert_eq!([put.class, get.class], [dipper_s3::Class::Timeout; 2]);
    assert!(started.elapsed() < Duration::from_secs(20));
}

pub async fn self_signed() {
    let made =
        rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()]).unwrap();
    let key = tokio_rustls::rustls::pki_types::PrivateKeyDer::Pkcs8(
        made.signing_key.serialize_der().into(),
    );
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = tokio_rustls::rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move { acceptor.accept(stream).await.map(drop) });
        }
    });
    told("self-signed", &failed(&format!("https://{address}")).await);
    told("self-signed", &failed(&format!("https://localhost:{}", address.port())).await);
    told("plain http on a TLS port", &failed(&format!("http://{address}")).await);
    server.abort();
}

pub async fn wrong_answers() {
    let elsewhere = Scripted::new(|_| {
        s3_error(400, "AuthorizationHeaderMalformed", "<Region>eu-central-1</Region>")
    })
    .await;
    let told_by = tested(&elsewhere.endpoint(), "AKIA", "x").await;
    assert_eq!(told_by.suggested_region.as_deref(), Some("eu-central-1"));
    told("wrong region", &told_by.error.unwrap());
    let page = Scripted::new(|_| portal()).await;
    told("a web page", &failed(&page.endpoint()).await);
    let clock = Scripted::new(|_| s3_error(403, "RequestTimeTooSkewed", "")).await;
    told("clock", &failed(&clock.endpoint()).await);
    let ceph = Scripted::new(|_| s3_error(403, "AccessDenied", "")).await;
    told("denied", &failed(&ceph.endpoint()).await);
}

pub async fn what_is_missing() {
    told("no address", &failed("  ").await);
    told("half a key", &tested("http://127.0.0.1:1", "AKIA", "").await.error.unwrap());
}
