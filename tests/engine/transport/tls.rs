use std::net::SocketAddr;
use std::sync::Arc;

use dipper_s3::{Class, Fingerprint, Identity, S3, Transport, Verify};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::support::connection;

const BUCKETS: &str = "<?xml version=\"1.0\"?><ListAllMyBucketsResult><Owner><ID>o</ID></Owner>\
                       <Buckets/></ListAllMyBucketsResult>";

pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub fn issue(&self, names: &[&str], use_for: ExtendedKeyUsagePurpose) -> (String, KeyPair) {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![use_for];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key)
    }

    /// A server's certificate of long ago.
    fn expired(&self, name: &str) -> (Vec<u8>, KeyPair) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (der(&certificate.pem()), key)
    }

    pub fn server(&self, names: &[&str]) -> (Vec<u8>, KeyPair) {
        let (pem, key) = self.issue(names, ExtendedKeyUsagePurpose::ServerAuth);
        (der(&pem), key)
    }
}

fn der(pem: &str) -> Vec<u8> {
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

/// An S3 server without buckets, over TLS; with an authority, for those who show its certificate.
pub async fn serve(leaf: Vec<u8>, key: &KeyPair, clients: Option<&Authority>) -> SocketAddr {
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(der(&authority.pem()).into()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        }
    };
    let config = builder.with_single_cert(vec![leaf.into()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(|_| async {
                    let answer = http::Response::new(Full::new(bytes::Bytes::from(BUCKETS)));
                    Ok::<_, std::convert::Infallible>(answer)
                });
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    address
}

pub async fn serve_expired(authority: &Authority, name: &str) -> SocketAddr {
    let (leaf, key) = authority.expired(name);
    serve(leaf, &key, None).await
}

pub async fn by(address: SocketAddr, host: &str, transport: Transport) -> S3 {
    let endpoint = format!("https://{host}:{}", address.port());
    let mut connection = connection(&endpoint, "custom", Some(("AKIA", "secret")));
    connection.options.transport = transport;
    S3::connect(connection).await
}

async fn refused(s3: &S3) -> dipper_s3::Certificate {
    let error = s3.list_buckets().await.unwrap_err();
    assert_eq!(error.class, Class::Tls, "{error}");
    *error.context.certificate.expect("the certificate is told")
}

pub async fn an_own_ca() {
    let authority = Authority::new();
    let (leaf, key) = authority.server(&["localhost"]);
    let fingerprint = Fingerprint::of(&leaf).to_string();
    let address = serve(leaf, &key, None).await;
    let shown = refused(&by(address, "localhost", Transport::default()).await).await;
    assert_eq!((shown.host.as_str(), shown.fingerprint), ("localhost", fingerprint));
    assert!(shown.reason.contains("vouches"), "{}", shown.reason);
    let with = Transport { roots: Some(authority.pem()), ..Transport::default() };
    by(address, "localhost", with.clone()).await.list_buckets().await.unwrap();
    // The name is checked as ever.
    let shown = refused(&by(address, "127.0.0.1", with.clone()).await).await;
    assert!(shown.reason.contains("another name"), "{}", shown.reason);
    let chain = Transport { verify: Verify::Chain, ..with };
    by(address, "127.0.0.1", chain).await.list_buckets().await.unwrap();
    let chain = Transport { verify: Verify::Chain, ..Transport::default() };
    refused(&by(address, "127.0.0.1", chain).await).await;
}

pub async fn a_client_certificate() {
    let authority = Authority::new();
    let (leaf, key) = authority.server(&["localhost"]);
    let address = serve(leaf, &key, Some(&authority)).await;
    let without = Transport { roots: Some(authority.pem()), ..Transport::default() };
    assert!(by(address, "localhost", without.clone()).await.list_buckets().await.is_err());
    let (chain, own) = authority.issue(&["me"], ExtendedKeyUsagePurpose::ClientAuth);
    let identity = Identity { chain: chain.clone(), key: own.serialize_pem().into() };
    let with = Transport { identity: Some(identity), ..without.clone() };
    with.check().unwrap();
    by(address, "localhost", with).await.list_buckets().await.unwrap();
    // A key of somebody else's is told before anything is sent.
    let other = KeyPair::generate().unwrap();
    let identity = Identity { chain, key: other.serialize_pem().into() };
    let wrong = Transport { identity: Some(identity), ..without };
    assert!(wrong.check().unwrap_err().to_string().contains("belong together"));
    let error = by(address, "localhost", wrong).await.list_buckets().await.unwrap_err();
    assert_eq!(error.class, Class::Tls);
}

pub async fn a_pin() {
    let made = rcgen::generate_simple_self_signed(vec!["elsewhere".into()]).unwrap();
    let leaf = made.cert.der().to_vec();
    let pin = Fingerprint::of(&leaf);
    let address = serve(leaf, &made.signing_key, None).await;
    // What is offered to be pinned is what works as the pin.
    let shown = refused(&by(address, "127.0.0.1", Transport::default()).await).await;
    assert_eq!(Fingerprint::parse(&shown.fingerprint), Some(pin));
    let pinned = Transport { pin: Some(pin), ..Transport::default() };
    by(address, "127.0.0.1", pinned.clone()).await.list_buckets().await.unwrap();
    // Another certificate at the same place is another server.
    let other = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    let moved = serve(other.cert.der().to_vec(), &other.signing_key, None).await;
    refused(&by(moved, "127.0.0.1", pinned).await).await;
}

pub async fn unchecked_on_demand() {
    let made = rcgen::generate_simple_self_signed(vec!["elsewhere".into()]).unwrap();
    let address = serve(made.cert.der().to_vec(), &made.signing_key, None).await;
    refused(&by(address, "127.0.0.1", Transport::default()).await).await;
    let unchecked = Transport { verify: Verify::Nothing, ..Transport::default() };
    by(address, "127.0.0.1", unchecked).await.list_buckets().await.unwrap();
    // A pool of its own: whoever checks is not given its connections.
    refused(&by(address, "127.0.0.1", Transport::default()).await).await;
}
