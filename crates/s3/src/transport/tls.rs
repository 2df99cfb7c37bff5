//! TLS as a profile wants it: the system's roots and its own, a certificate of one's own, a pin.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use sha2::{Digest as _, Sha256};

use super::{Certificate, Transport, TransportError, Verify};

/// SHA-256 of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }

    /// Hex digits, with or without colons, also behind `SHA256:` as tools print it.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text
            .rsplit_once('=')
            .map_or(text, |(_, digits)| digits)
            .trim_start_matches("SHA256:")
            .trim_start_matches("sha256:");
        let digits: String = digits.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
        Some(Self(hex::decode(digits).ok()?.try_into().ok()?))
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if at == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

/// Looked up once: reading them costs tens of milliseconds.
fn system_roots() -> &'static RootCertStore {
    static ROOTS: LazyLock<RootCertStore> = LazyLock::new(|| {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a root certificate of the system can't be read");
        }
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(found.certs);
        store
    });
    &ROOTS
}

/// What a connection is made with. Each connection takes a copy, to be told of its certificate.
pub(super) struct Tls {
    config: ClientConfig,
    judge: Judge,
}

pub(super) fn config(transport: &Transport) -> Result<Tls, TransportError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = system_roots().clone();
    if let Some(pem) = &transport.roots {
        let mut any = false;
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate
                .map_err(|_| TransportError::BadPem { what: "the CA file can't be read as PEM" })?;
            roots.add(certificate).map_err(|_| TransportError::BadPem {
                what: "the CA file holds something that is no certificate",
            })?;
            any = true;
        }
        if !any {
            return Err(TransportError::BadPem { what: "the CA file holds no certificate" });
        }
    }
    let roots = Arc::new(roots);
    let chain = match roots.is_empty() {
        // A system without roots still reaches pinned servers.
        true => None,
        false => {
            WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider))
                .build()
                .ok()
        }
    };
    let judge = Judge {
        chain,
        roots,
        provider: Arc::clone(&provider),
        pin: transport.pin,
        verify: transport.verify,
        refused: Arc::default(),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| TransportError::BadPem { what: "no version of TLS is possible here" })?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(judge.clone()));
    let mut config = match &transport.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain: Vec<_> = CertificateDer::pem_slice_iter(identity.chain.as_bytes())
                .collect::<Result<_, _>>()
                .map_err(|_| TransportError::BadPem {
                    what: "the client certificate can't be read as PEM",
                })?;
            if chain.is_empty() {
                return Err(TransportError::BadPem {
                    what: "the client certificate's file holds no certificate",
                });
            }
            let key = PrivateKeyDer::from_pem_slice(identity.key.expose().as_bytes()).map_err(
                |_| TransportError::BadPem {
                    what: "the client certificate's key can't be read: it must be PEM without a passphrase",
                },
            )?;
            builder.with_client_auth_cert(chain, key).map_err(|_| TransportError::BadPem {
                what: "the client certificate and its key do not belong together",
            })?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls { config, judge })
}

impl Tls {
    /// For one handshake, and where to look if it fails.
    pub fn once(&self) -> (Arc<ClientConfig>, Refused) {
        let judge = Judge { refused: Arc::default(), ..self.judge.clone() };
        let refused = Refused(Arc::clone(&judge.refused));
        let mut config = self.config.clone();
        config.dangerous().set_certificate_verifier(Arc::new(judge));
        (Arc::new(config), refused)
    }
}

#[derive(Default)]
pub(super) struct Refused(Arc<Mutex<Option<Certificate>>>);

impl Refused {
    pub fn take(&self) -> Option<Certificate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[derive(Clone)]
struct Judge {
    chain: Option<Arc<WebPkiServerVerifier>>,
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
    pin: Option<Fingerprint>,
    verify: Verify,
    refused: Arc<Mutex<Option<Certificate>>>,
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").field("pin", &self.pin).field("verify", &self.verify).finish()
    }
}

impl Judge {
    fn judged(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        if self.pin.is_some_and(|pin| pin == Fingerprint::of(leaf)) {
            return Ok(());
        }
        match (self.verify, &self.chain) {
            (Verify::Nothing, _) => Ok(()),
            (Verify::Chain, _) => verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(leaf)?,
                &self.roots,
                between,
                now,
                self.provider.signature_verification_algorithms.all,
            ),
            (Verify::Full, Some(chain)) => {
                chain.verify_server_cert(leaf, between, name, ocsp, now).map(drop)
            }
            (Verify::Full, None) => {
                Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer))
            }
        }
    }
}

/// In words, what is wrong with a certificate.
fn reason(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(why) = error else { return error.to_string() };
    match why {
        CertificateError::UnknownIssuer => "nobody that this machine trusts vouches for it".into(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".into()
        }
        CertificateError::Revoked => "it was revoked".into(),
        // What a server shows that made its own certificate without an end-entity's marks.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "it was signed by itself".into()
        }
        other => format!("{other:?}"),
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.judged(leaf, between, name, ocsp, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(error) => {
                let certificate = Certificate {
                    host: name.to_str().into_owned(),
                    fingerprint: Fingerprint::of(leaf).to_string(),
                    reason: reason(&error),
                };
                let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
                *refused = Some(certificate);
                Err(error)
            }
        }
    }

    // Whoever holds the certificate's key signs the handshake, whatever is thought of the certificate.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_tools_print_them() {
        let one = Fingerprint::of(b"certificate");
        let text = one.to_string();
        assert_eq!(text.len(), 95);
        let openssl = format!("sha256 Fingerprint={text}");
        for text in [text.as_str(), &text.replace(':', "").to_lowercase(), &openssl] {
            assert_eq!(Fingerprint::parse(text), Some(one), "{text}");
        }
        assert_eq!(Fingerprint::parse("AB:CD"), None);
        assert_eq!(Fingerprint::parse(""), None);
    }

    #[test]
    fn what_is_no_certificate_is_told() {
        for (roots, word) in
            [("", "holds no certificate"), ("-----BEGIN CERTIFICATE-----\n?", "CA file")]
        {
            let transport = Transport { roots: Some(roots.into()), ..Transport::default() };
            let error = transport.check().unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
        assert!(Transport::default().check().is_ok());
    }
}
