//! What this machine says about proxies and sign-in: the only reading of its environment.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use dipper_s3::{Connection, Prompt, Proxy, ProxyRules, SignIn, Verify};

/// The environment and home, as far as connections care.
#[derive(Clone, Default)]
pub struct Machine {
    pub proxies: ProxyRules,
    pub aws_config: Option<PathBuf>,
    pub aws_credentials: Option<PathBuf>,
    pub sso_cache: Option<PathBuf>,
    pub(crate) prompt: Option<Arc<dyn Prompt>>,
    over: Arc<Mutex<NetworkOverride>>,
}

/// What a command line says about the way, for this run and every connection.
#[derive(Debug, Clone, Default)]
pub struct NetworkOverride {
    pub proxy: Option<Proxy>,
    /// PEM certificates trusted besides the system's.
    pub roots: Option<String>,
    pub verify: Verify,
    /// Sign as old servers want it.
    pub signature_v2: bool,
    /// Where CloudFront answers, if not at AWS.
    pub cloudfront: Option<String>,
}

impl Machine {
    pub fn of_process() -> Self {
        let word = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (proxies, bad) = ProxyRules::from_words(word);
        for error in bad {
            tracing::warn!(%error, "a proxy of the environment is left out");
        }
        let aws = crate::home_folder().map(|home| home.join(".aws"));
        let file = |variable: &str, name: &str| {
            word(variable).map(PathBuf::from).or_else(|| aws.as_ref().map(|aws| aws.join(name)))
        };
        Self {
            proxies,
            aws_config: file("AWS_CONFIG_FILE", "config"),
            aws_credentials: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            sso_cache: aws.as_ref().map(|aws| aws.join("sso").join("cache")),
            prompt: None,
            over: Arc::default(),
        }
    }

    pub(crate) fn sign_in(&self) -> SignIn {
        SignIn {
            aws_config: self.aws_config.clone(),
            aws_credentials: self.aws_credentials.clone(),
            sso_cache: self.sso_cache.clone(),
            prompt: self.prompt.clone(),
            ..SignIn::default()
        }
    }

    pub(crate) fn set_override(&self, over: NetworkOverride) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = over;
    }

    pub(crate) fn overrides(&self) -> NetworkOverride {
        self.over.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts what the command line says over what a profile says.
    pub(crate) fn overridden(&self, mut connection: Connection) -> Connection {
        let over = self.overrides();
        connection.options.signature_v2 |= over.signature_v2;
        if over.cloudfront.is_some() {
            connection.options.cloudfront = over.cloudfront;
        }
        let transport = &mut connection.options.transport;
        if let Some(proxy) = over.proxy {
            transport.proxy = ProxyRules::always(proxy);
        }
        if let Some(more) = over.roots {
            let mut roots = transport.roots.take().unwrap_or_default();
            roots.push('\n');
            roots.push_str(&more);
            transport.roots = Some(roots);
        }
        if over.verify != Verify::Full {
            transport.verify = over.verify;
        }
        connection
    }
}

impl crate::App {
    /// For this run, whatever the profiles say.
    pub fn override_network(&self, over: NetworkOverride) {
        self.connections.machine.set_override(over);
        self.connections.forget_clients();
    }
}
