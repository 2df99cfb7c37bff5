//! The way to a server: one connector of our own for every client.
//!
//! HTTP/1.1 over rustls. Connections are kept alive and shared by all that go the same way (proxy,
//! roots, client certificate, pin). No redirect is followed, an answer that is no object's bytes is
//! capped, headers are capped, and what makes no progress is given up: progress is watched, never
//! total time.

mod connect;
mod dial;
mod error;
mod guard;
mod proxy;
mod tls;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::config::SharedHttpClient;
use dipper_types::Secret;
use sha2::{Digest as _, Sha256};

pub use error::{Certificate, TransportError};
pub(crate) use guard::Naming;
pub use proxy::{BadProxy, Proxy, ProxyRules};
pub use tls::Fingerprint;

/// How far a server's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Verify {
    #[default]
    Full,
    /// The chain, but not the name.
    Chain,
    /// Nothing. Anybody on the way can read and change all of it.
    Nothing,
}

/// A certificate of one's own, shown to servers that ask for one.
#[derive(Debug, Clone)]
pub struct Identity {
    /// PEM, the leaf first.
    pub chain: String,
    /// PEM, unencrypted.
    pub key: Secret<String>,
}

/// The way to a server. Equal ways share their connections.
#[derive(Debug, Clone, Default)]
pub struct Transport {
    pub proxy: ProxyRules,
    /// PEM certificates that are trusted besides the system's.
    pub roots: Option<String>,
    pub identity: Option<Identity>,
    /// This one certificate is taken even though nobody vouches for it.
    pub pin: Option<Fingerprint>,
    pub verify: Verify,
}

/// How long a server may be silent.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub connect: Duration,
    /// No byte either way for so long, and the connection is dead.
    pub answer: Duration,
    /// The same after a body has gone up, which may still lie in this machine's buffers.
    pub answer_to_body: Duration,
    /// The same for calls that a server works on before it answers: completing, copying.
    pub work: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            answer_to_body: Duration::from_secs(300),
            work: Duration::from_secs(600),
        }
    }
}

impl Transport {
    /// Whether its certificates and keys can be used at all.
    pub fn check(&self) -> Result<(), TransportError> {
        tls::config(self).map(drop)
    }

    /// The way to hosts that are not the profile's own: same proxy and roots, no exception.
    pub(crate) fn for_others(&self) -> Self {
        Self { proxy: self.proxy.clone(), roots: self.roots.clone(), ..Self::default() }
    }

    /// What makes two ways the same, without keeping a secret.
    fn digest(&self, connect: Duration) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        self.proxy.describe(&mut add);
        add(self.roots.as_deref().unwrap_or("").as_bytes());
        if let Some(identity) = &self.identity {
            add(identity.chain.as_bytes());
            add(identity.key.expose().as_bytes());
        }
        add(self.pin.as_ref().map_or(&[][..], |pin| pin.bytes()));
        add(&[self.verify as u8]);
        add(&connect.as_nanos().to_le_bytes());
        hash.finalize().into()
    }
}

/// The client for a way: its pool is the process's.
pub(crate) fn client(transport: &Transport, patience: Patience) -> SharedHttpClient {
    static POOLS: LazyLock<Mutex<HashMap<[u8; 32], Arc<connect::Pool>>>> =
        LazyLock::new(Mutex::default);
    let digest = transport.digest(patience.connect);
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let pool = pools
        .entry(digest)
        .or_insert_with(|| Arc::new(connect::Pool::new(transport, patience.connect)));
    SharedHttpClient::new(connect::Client::new(Arc::clone(pool), patience))
}
