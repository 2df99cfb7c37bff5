//! A profile without its secrets, as it is stored; and the secrets, as they are sealed.

use std::time::Duration;

use dipper_s3::{
    Addressing, AssumeRole, Connection, Credentials, Fingerprint, Identity, Options, Provider,
    Proxy, ProxyRules, Sso, Transport, WebIdentity,
};
use dipper_types::Secret;
use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::{Code, Failure, Result};

/// How a profile signs in. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "camelCase")]
pub enum Way {
    /// By keys of its own; without any, requests are not signed.
    #[default]
    Keys,
    /// By whatever this machine has: environment, AWS files, container, instance.
    Environment,
    /// By a profile of the user's AWS files.
    AwsProfile {
        name: String,
    },
    Sso(SsoWay),
    Role(RoleWay),
    WebIdentity(WebIdentityWay),
    Instance {
        endpoint: Option<String>,
    },
}

/// IAM Identity Center.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SsoWay {
    pub start_url: String,
    pub region: String,
    /// A session of that name shares its token with the AWS CLI, and renews it.
    #[serde(default)]
    pub session: Option<String>,
    pub account_id: String,
    pub role_name: String,
    #[serde(default)]
    pub oidc_endpoint: Option<String>,
    #[serde(default)]
    pub portal_endpoint: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleWay {
    pub source: RoleSource,
    pub role_arn: String,
    #[serde(default)]
    pub external_id: Option<String>,
    #[serde(default)]
    pub session_name: Option<String>,
    #[serde(default)]
    pub duration_seconds: Option<u32>,
    #[serde(default)]
    pub mfa_serial: Option<String>,
    #[serde(default)]
    pub sts_endpoint: Option<String>,
    #[serde(default)]
    pub region: Option<String>,
}

/// With what a role is taken on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "camelCase")]
pub enum RoleSource {
    #[default]
    Keys,
    Environment,
    AwsProfile {
        name: String,
    },
    Instance,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebIdentityWay {
    pub token_file: String,
    pub role_arn: String,
    #[serde(default)]
    pub session_name: Option<String>,
    #[serde(default)]
    pub sts_endpoint: Option<String>,
    #[serde(default)]
    pub region: Option<String>,
}

impl SsoWay {
    pub fn sso(&self) -> Sso {
        Sso {
            start_url: self.start_url.clone(),
            region: self.region.clone(),
            session: self.session.clone(),
            account_id: self.account_id.clone(),
            role_name: self.role_name.clone(),
            oidc_endpoint: self.oidc_endpoint.clone(),
            portal_endpoint: self.portal_endpoint.clone(),
        }
    }
}

impl From<Sso> for SsoWay {
    fn from(sso: Sso) -> Self {
        Self {
            start_url: sso.start_url,
            region: sso.region,
            session: sso.session,
            account_id: sso.account_id,
            role_name: sso.role_name,
            oidc_endpoint: sso.oidc_endpoint,
            portal_endpoint: sso.portal_endpoint,
        }
    }
}

impl Way {
    /// Whether keys of the vault belong to it.
    pub fn takes_keys(&self) -> bool {
        match self {
            Self::Keys => true,
            Self::Role(role) => role.source == RoleSource::Keys,
            _ => false,
        }
    }

    pub(crate) fn credentials(&self, keys: Option<Keys>) -> Credentials {
        match self {
            Self::Keys => of_keys(keys),
            Self::Environment => Credentials::Environment { aws_profile: None },
            Self::AwsProfile { name } => Credentials::AwsProfile { name: name.clone() },
            Self::Sso(sso) => Credentials::Sso(sso.sso()),
            Self::Role(role) => Credentials::AssumeRole(Box::new(AssumeRole {
                source: match &role.source {
                    RoleSource::Keys => of_keys(keys),
                    RoleSource::Environment => Credentials::Environment { aws_profile: None },
                    RoleSource::AwsProfile { name } => {
                        Credentials::AwsProfile { name: name.clone() }
                    }
                    RoleSource::Instance => Credentials::Instance { endpoint: None },
                },
                role_arn: role.role_arn.clone(),
                external_id: role.external_id.clone(),
                session_name: role.session_name.clone(),
                duration: role.duration_seconds.map(|s| Duration::from_secs(s.into())),
                mfa_serial: role.mfa_serial.clone(),
                sts_endpoint: role.sts_endpoint.clone(),
                region: role.region.clone(),
            })),
            Self::WebIdentity(web) => Credentials::WebIdentity(WebIdentity {
                token_file: web.token_file.clone().into(),
                role_arn: web.role_arn.clone(),
                session_name: web.session_name.clone(),
                sts_endpoint: web.sts_endpoint.clone(),
                region: web.region.clone(),
            }),
            Self::Instance { endpoint } => Credentials::Instance { endpoint: endpoint.clone() },
        }
    }
}

fn of_keys(keys: Option<Keys>) -> Credentials {
    match keys {
        Some(keys) => Credentials::Keys {
            access_key: keys.access_key,
            secret_key: keys.secret_key,
            session_token: keys.session_token,
        },
        None => Credentials::Anonymous,
    }
}

#[derive(Clone)]
pub(crate) struct Keys {
    pub access_key: String,
    pub secret_key: Secret<String>,
    pub session_token: Option<Secret<String>>,
}

/// Which proxy a profile goes through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "use", rename_all = "camelCase")]
pub enum ProxyChoice {
    /// What the environment says.
    #[default]
    Environment,
    None,
    /// `http://[user@]host:port`, its password in the vault.
    Url {
        url: String,
    },
}

/// The way to a profile's server. Nothing of it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Network {
    pub proxy: ProxyChoice,
    /// PEM certificates trusted besides the system's.
    pub roots: Option<String>,
    /// PEM; its key is in the vault.
    pub client_certificate: Option<String>,
    /// SHA-256 of the one certificate that is taken although nobody vouches for it.
    pub pin: Option<String>,
}

/// Everything about a profile that most do without.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProfileOptions {
    pub sign_in: Way,
    pub network: Network,
    /// `BUCKET` or `BUCKET/PREFIX/`: where keys begin that may not list buckets.
    pub start: Option<String>,
    pub requester_pays: bool,
    pub fips: bool,
    pub dual_stack: bool,
    pub accelerate: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Body {
    pub provider: String,
    pub endpoint: String,
    pub region: String,
    pub addressing: Addressing,
    #[serde(default)]
    pub access_key_hint: Option<String>,
    #[serde(default)]
    pub anonymous: bool,
    #[serde(default)]
    pub options: ProfileOptions,
}

impl Body {
    pub fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|_| Failure::new(Code::Database, "a saved connection can't be read"))
    }

    /// Whether the vault has something of it.
    pub fn has_secrets(&self) -> bool {
        let network = &self.options.network;
        let by_keys = self.options.sign_in.takes_keys() && !self.anonymous;
        let proxy = matches!(&network.proxy, ProxyChoice::Url { url } if url.contains('@'));
        by_keys || proxy || network.client_certificate.is_some()
    }

    pub fn is_insecure(&self) -> bool {
        self.endpoint.starts_with("http://") && !dipper_s3::is_loopback(&self.endpoint)
    }

    pub fn connection(&self, secrets: Secrets, machine: &Machine) -> Result<Connection> {
        let options = &self.options;
        let transport = self.transport(&secrets, machine)?;
        Ok(Connection {
            endpoint: self.endpoint.clone(),
            region: self.region.clone(),
            addressing: self.addressing,
            provider: Provider::by_id(&self.provider),
            credentials: options.sign_in.credentials(secrets.keys),
            options: Options {
                transport,
                sign_in: machine.sign_in(),
                fips: options.fips,
                dual_stack: options.dual_stack,
                accelerate: options.accelerate,
                requester_pays: options.requester_pays,
                signature_v2: false,
                cloudfront: None,
                customer_keys: dipper_s3::KeyRing::default(),
            },
        })
    }

    fn transport(&self, secrets: &Secrets, machine: &Machine) -> Result<Transport> {
        let network = &self.options.network;
        let proxy = match &network.proxy {
            ProxyChoice::Environment => machine.proxies.clone(),
            ProxyChoice::None => ProxyRules::none(),
            ProxyChoice::Url { url } => {
                let password = secrets.proxy_password.as_ref().map(|p| p.expose().as_str());
                ProxyRules::always(proxy(url, password)?)
            }
        };
        let identity = match (&network.client_certificate, &secrets.client_key) {
            (Some(chain), Some(key)) => Some(Identity { chain: chain.clone(), key: key.clone() }),
            (Some(_), None) => {
                return Err(Failure::new(
                    Code::KeychainUnavailable,
                    "the key of the client certificate is not in the vault any more",
                )
                .with_hint("Edit the connection and choose the key again."));
            }
            (None, _) => None,
        };
        let pin = match network.pin.as_deref() {
            None => None,
            Some(text) => Some(Fingerprint::parse(text).ok_or_else(|| {
                Failure::invalid("a pin is the SHA-256 fingerprint of a certificate: 64 hex digits")
            })?),
        };
        Ok(Transport { proxy, roots: network.roots.clone(), identity, pin, ..Transport::default() })
    }
}

/// A proxy's address, with the password that is kept elsewhere.
pub(crate) fn proxy(url: &str, password: Option<&str>) -> Result<Proxy> {
    let invalid = |error: dipper_s3::BadProxy| Failure::invalid(error.to_string());
    match (password, url.rsplit_once('@')) {
        (Some(password), Some((user, place))) => {
            let encoded =
                percent_encoding::utf8_percent_encode(password, percent_encoding::NON_ALPHANUMERIC);
            let with = Secret::new(format!("{user}:{encoded}@{place}"));
            Proxy::parse(with.expose()).map_err(invalid)
        }
        _ => Proxy::parse(url).map_err(invalid),
    }
}

/// The address for the profile, and the password for the vault.
pub(crate) fn split_proxy(url: &str) -> (String, Option<Secret<String>>) {
    let Some((head, place)) = url.rsplit_once('@') else { return (url.to_owned(), None) };
    let (scheme, user) = match head.split_once("://") {
        Some((scheme, user)) => (format!("{scheme}://"), user),
        None => (String::new(), head),
    };
    match user.split_once(':') {
        Some((name, password)) => {
            let plain = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
            let password = Secret::new(plain.into_owned());
            (format!("{scheme}{name}@{place}"), Some(password))
        }
        None => (url.to_owned(), None),
    }
}

/// What the vault has of a profile.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    pub keys: Option<Keys>,
    pub client_key: Option<Secret<String>>,
    pub proxy_password: Option<Secret<String>>,
    /// Where they may be sent. Absent in entries of older versions.
    pub endpoint: Option<String>,
}

/// As it is sealed. An older version wrote `[access key, secret key, token]`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sealed {
    #[serde(default)]
    access_key: String,
    #[serde(default)]
    secret_key: String,
    #[serde(default)]
    session_token: String,
    #[serde(default)]
    client_key: Option<String>,
    #[serde(default)]
    proxy_password: Option<String>,
    endpoint: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Old([String; 3]),
    Sealed(Sealed),
}

impl Secrets {
    pub fn is_empty(&self) -> bool {
        self.keys.is_none() && self.client_key.is_none() && self.proxy_password.is_none()
    }

    pub fn unsealed(text: &Secret<String>) -> Result<Self> {
        let entry: Entry = serde_json::from_str(text.expose())
            .map_err(|_| Failure::new(Code::DecryptFailed, "the vault's entry can't be read"))?;
        let keys = |access_key: String, secret: String, token: String| {
            (!access_key.is_empty()).then(|| Keys {
                access_key,
                secret_key: Secret::new(secret),
                session_token: (!token.is_empty()).then(|| Secret::new(token)),
            })
        };
        Ok(match entry {
            Entry::Old([access_key, secret, token]) => {
                Self { keys: keys(access_key, secret, token), ..Self::default() }
            }
            Entry::Sealed(sealed) => Self {
                keys: keys(sealed.access_key, sealed.secret_key, sealed.session_token),
                client_key: sealed.client_key.map(Secret::new),
                proxy_password: sealed.proxy_password.map(Secret::new),
                endpoint: sealed.endpoint,
            },
        })
    }

    pub fn sealed(&self) -> Result<Secret<String>> {
        let plain = |secret: &Option<Secret<String>>| secret.as_ref().map(|s| s.expose().clone());
        let keys = self.keys.as_ref();
        let sealed = Sealed {
            access_key: keys.map(|k| k.access_key.clone()).unwrap_or_default(),
            secret_key: keys.map(|k| k.secret_key.expose().clone()).unwrap_or_default(),
            session_token: keys.and_then(|k| plain(&k.session_token)).unwrap_or_default(),
            client_key: plain(&self.client_key),
            proxy_password: plain(&self.proxy_password),
            endpoint: self.endpoint.clone(),
        };
        serde_json::to_string(&sealed)
            .map(Secret::new)
            .map_err(|_| Failure::new(Code::Internal, "keys that can't be written"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_version_saved_is_read() {
        let old = r#"{"provider":"custom","endpoint":"https://h","region":"r","addressing":"auto","accessKeyHint":"A…B"}"#;
        let body = Body::read(old).unwrap();
        assert_eq!(body.options, ProfileOptions::default());
        let text = serde_json::to_string(&body).unwrap();
        assert_eq!(Body::read(&text).unwrap(), body);
        let old = Secrets::unsealed(&Secret::new(r#"["AK","SK",""]"#.into())).unwrap();
        assert_eq!(old.keys.as_ref().unwrap().access_key, "AK");
        assert_eq!(old.endpoint, None);
        let new = Secrets { endpoint: Some("https://h".into()), ..old };
        let read = Secrets::unsealed(&new.sealed().unwrap()).unwrap();
        assert_eq!(read.endpoint.as_deref(), Some("https://h"));
        assert_eq!(read.keys.unwrap().secret_key.expose(), "SK");
        assert!(Secrets::unsealed(&Secret::new("?".into())).is_err());
    }

    #[test]
    fn every_way_comes_back_as_it_was_saved() {
        for way in [
            Way::Keys,
            Way::Environment,
            Way::AwsProfile { name: "p".into() },
            Way::Sso(SsoWay { start_url: "https://s".into(), ..SsoWay::default() }),
            Way::Role(RoleWay {
                source: RoleSource::AwsProfile { name: "b".into() },
                role_arn: "arn".into(),
                ..RoleWay::default()
            }),
            Way::WebIdentity(WebIdentityWay::default()),
            Way::Instance { endpoint: None },
        ] {
            let text = serde_json::to_string(&way).unwrap();
            assert_eq!(serde_json::from_str::<Way>(&text).unwrap(), way, "{text}");
        }
    }

    #[test]
    fn a_proxy_s_password_is_kept_apart() {
        let (url, password) = split_proxy("http://me:p%40ss@proxy:3128");
        assert_eq!(
            (url.as_str(), password.unwrap().expose().as_str()),
            ("http://me@proxy:3128", "p@ss")
        );
        assert_eq!(split_proxy("proxy:1").0, "proxy:1");
        assert_eq!(
            proxy("http://me@proxy:3128", Some("p@:ss")).unwrap().address(),
            "http://proxy:3128"
        );
    }
}
