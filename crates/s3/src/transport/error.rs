use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

/// What a server showed that was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    pub host: String,
    /// SHA-256 of the leaf, as [`Fingerprint`](super::Fingerprint) prints it.
    pub fingerprint: String,
    /// Why it was refused, in words.
    pub reason: String,
}

/// Why a server could not be reached, or its answer not be taken.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    #[error("the name {host} can't be found")]
    Name {
        host: String,
        #[source]
        source: Arc<io::Error>,
    },
    #[error("{host}:{port} can't be reached")]
    Connect {
        host: String,
        port: u16,
        #[source]
        source: Arc<io::Error>,
    },
    #[error("connecting to {host}:{port} took too long")]
    ConnectTimeout { host: String, port: u16 },
    #[error("the proxy {proxy} can't be reached")]
    ProxyUnreachable {
        proxy: String,
        #[source]
        source: Arc<TransportError>,
    },
    #[error("the proxy {proxy} wants a user name and a password (407)")]
    ProxyAuthentication { proxy: String },
    #[error("the proxy {proxy} refused to connect to {target} ({status})")]
    ProxyRefused { proxy: String, target: String, status: u16 },
    #[error("what answers at {proxy} doesn't speak as a proxy does")]
    NotAProxy { proxy: String },
    #[error("the certificate of {host} is not accepted: {reason}", host = certificate.host, reason = certificate.reason)]
    Certificate { certificate: Box<Certificate> },
    #[error("no secure connection to {host}")]
    Handshake {
        host: String,
        #[source]
        source: Arc<io::Error>,
    },
    #[error("{what}")]
    BadPem { what: &'static str },
    #[error("no byte came or went for {seconds} s")]
    Stalled { seconds: u64 },
    #[error("the answer is larger than {limit} bytes, which no answer of this kind is")]
    TooLarge { limit: u64 },
}

impl TransportError {
    pub(crate) fn is_timeout(&self) -> bool {
        matches!(self, Self::ConnectTimeout { .. } | Self::Stalled { .. })
    }

    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Self::Certificate { .. } | Self::Handshake { .. } | Self::BadPem { .. })
    }

    /// Whether somebody else may get through later: a certificate does not mend itself.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Name { .. }
                | Self::Connect { .. }
                | Self::ConnectTimeout { .. }
                | Self::ProxyUnreachable { .. }
                | Self::Stalled { .. }
        )
    }

    pub(crate) fn is_proxy(&self) -> bool {
        matches!(
            self,
            Self::ProxyUnreachable { .. }
                | Self::ProxyAuthentication { .. }
                | Self::ProxyRefused { .. }
                | Self::NotAProxy { .. }
        )
    }

    pub(crate) fn in_chain<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        crate::error::chain(error).find_map(|cause| {
            cause
                .downcast_ref::<Self>()
                .or_else(|| cause.downcast_ref::<Arc<Self>>().map(|shared| &**shared))
        })
    }
}
