//! Which proxy leads to a host: the words of the environment, or a profile's own.

use std::net::IpAddr;

use base64::Engine as _;
use dipper_types::Secret;

use super::TransportError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Http,
    Https,
    /// Names are looked up there (`socks5h`), as they are with the other kinds.
    Socks5,
}

/// One proxy.
#[derive(Debug, Clone)]
pub struct Proxy {
    pub(super) kind: Kind,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<(String, Secret<String>)>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{given}' is not a proxy's address; write it like http://proxy.example.com:3128")]
pub struct BadProxy {
    /// Without a password.
    given: String,
}

impl Proxy {
    /// `[scheme://][user:password@]host[:port]`, as curl and everybody writes it.
    pub fn parse(text: &str) -> Result<Self, BadProxy> {
        let text = text.trim();
        let bad = || BadProxy { given: text.rsplit('@').next().unwrap_or("").to_owned() };
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let (kind, port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (Kind::Http, 3128),
            "https" => (Kind::Https, 443),
            "socks5" | "socks5h" => (Kind::Socks5, 1080),
            _ => return Err(bad()),
        };
        let rest = rest.trim_end_matches('/');
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        let uri: http::uri::Authority = place.parse().map_err(|_| bad())?;
        if uri.host().is_empty() || place.contains(['/', '?', '#']) {
            return Err(bad());
        }
        // A port that is written and can't be one is not quietly another.
        let written = place.strip_prefix(uri.host()).is_some_and(|rest| rest.starts_with(':'));
        let port = match (uri.port_u16(), written) {
            (Some(port), _) => port,
            (None, false) => port,
            (None, true) => return Err(bad()),
        };
        let plain = |text: &str| {
            percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
        };
        let user = user.map(|user| {
            let (name, password) = user.split_once(':').unwrap_or((user, ""));
            (plain(name), Secret::new(plain(password)))
        });
        let host = uri.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { kind, host, port, user })
    }

    /// For people: without the password.
    pub fn address(&self) -> String {
        let scheme = match self.kind {
            Kind::Http => "http",
            Kind::Https => "https",
            Kind::Socks5 => "socks5",
        };
        match self.host.contains(':') {
            true => format!("{scheme}://[{}]:{}", self.host, self.port),
            false => format!("{scheme}://{}:{}", self.host, self.port),
        }
    }

    /// The value of `Proxy-Authorization`.
    pub(super) fn basic(&self) -> Option<http::HeaderValue> {
        let (name, password) = self.user.as_ref()?;
        let pair = format!("{name}:{}", password.expose());
        let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        let mut value = http::HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    pub(super) fn unreachable(&self, source: TransportError) -> TransportError {
        TransportError::ProxyUnreachable {
            proxy: self.address(),
            source: std::sync::Arc::new(source),
        }
    }
}

/// Who goes through which proxy.
#[derive(Debug, Clone, Default)]
pub struct ProxyRules {
    http: Option<Proxy>,
    https: Option<Proxy>,
    /// `NO_PROXY`'s words: `*`, a name with all below it, an address, a network.
    except: Vec<String>,
    /// What a profile names is meant for its endpoint, also one on this machine.
    also_loopback: bool,
}

impl ProxyRules {
    pub fn none() -> Self {
        Self::default()
    }

    /// Everything goes through this one.
    pub fn always(proxy: Proxy) -> Self {
        Self {
            http: Some(proxy.clone()),
            https: Some(proxy),
            except: Vec::new(),
            also_loopback: true,
        }
    }

    /// `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY` in either case, the lower one first. A
    /// word that is no proxy is left out, with its name told.
    pub fn from_words(word: impl Fn(&str) -> Option<String>) -> (Self, Vec<BadProxy>) {
        let mut bad = Vec::new();
        let either = |name: &str| {
            word(&name.to_ascii_lowercase()).or_else(|| word(name)).filter(|w| !w.trim().is_empty())
        };
        let mut proxy = |name: &str| {
            let text = either(name)?;
            Proxy::parse(&text).map_err(|error| bad.push(error)).ok()
        };
        let all = proxy("ALL_PROXY");
        let https = proxy("HTTPS_PROXY").or_else(|| all.clone());
        // A web server sets HTTP_PROXY from a stranger's header when it runs a script.
        let script = word("REQUEST_METHOD").is_some();
        let http = if script { None } else { proxy("HTTP_PROXY") }.or(all);
        let except = either("NO_PROXY")
            .unwrap_or_default()
            .split([',', ' '])
            .map(|w| w.trim().to_ascii_lowercase())
            .filter(|w| !w.is_empty())
            .collect();
        (Self { http, https, except, also_loopback: false }, bad)
    }

    pub fn is_none(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    pub(super) fn choose(&self, https: bool, host: &str, port: u16) -> Option<&Proxy> {
        let proxy = if https { self.https.as_ref() } else { self.http.as_ref() }?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let here = host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if here && !self.also_loopback {
            return None;
        }
        (!self.except.iter().any(|word| excepts(word, &host, port))).then_some(proxy)
    }

    pub(super) fn describe(&self, add: &mut impl FnMut(&[u8])) {
        for proxy in [&self.http, &self.https] {
            let Some(proxy) = proxy else {
                add(b"");
                continue;
            };
            add(proxy.address().as_bytes());
            if let Some((name, password)) = &proxy.user {
                add(name.as_bytes());
                add(password.expose().as_bytes());
            }
        }
        add(self.except.join(",").as_bytes());
        add(&[u8::from(self.also_loopback)]);
    }
}

fn excepts(word: &str, host: &str, port: u16) -> bool {
    if word == "*" {
        return true;
    }
    let ip = host.parse::<IpAddr>().ok();
    if let (Some(ip), Some((network, bits))) = (ip, word.split_once('/')) {
        return match (network.parse::<IpAddr>(), bits.parse::<u32>()) {
            (Ok(network), Ok(bits)) => within(ip, network, bits),
            _ => false,
        };
    }
    let bare = word.trim_start_matches('[').trim_end_matches(']');
    if ip.is_some() && bare.parse::<IpAddr>().ok() == ip {
        return true;
    }
    let (name, only) = match word.rsplit_once(':') {
        Some((name, only)) if only.parse::<u16>().is_ok() && !name.contains(':') => {
            (name, only.parse().ok())
        }
        _ => (word, None),
    };
    if only.is_some_and(|only: u16| only != port) {
        return false;
    }
    let name = name.trim_start_matches('*').trim_start_matches('.');
    !name.is_empty()
        && (host == name || host.strip_suffix(name).is_some_and(|head| head.ends_with('.')))
}

fn within(ip: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(ip) & mask == u32::from(network) & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(ip) & mask == u128::from(network) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_read_as_curl_reads_them() {
        for (text, want, user) in [
            ("proxy:8080", "http://proxy:8080", None),
            ("http://proxy/", "http://proxy:3128", None),
            ("https://proxy", "https://proxy:443", None),
            ("socks5h://u:p%40ss@[::1]:1", "socks5://[::1]:1", Some(("u", "p@ss"))),
            ("http://a@b", "http://b:3128", Some(("a", ""))),
        ] {
            let proxy = Proxy::parse(text).unwrap();
            assert_eq!(proxy.address(), want);
            let got = proxy.user.as_ref().map(|(n, p)| (n.as_str(), p.expose().as_str()));
            assert_eq!(got, user, "{text}");
        }
        for bad in ["", "ftp://x", "http://", "http://u:secret@h:99999", "a b"] {
            let error = Proxy::parse(bad).expect_err(bad);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    fn rules(words: &[(&str, &str)]) -> ProxyRules {
        let words: Vec<(String, String)> =
            words.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        let (rules, bad) = ProxyRules::from_words(move |name| {
            words.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
        });
        assert!(bad.is_empty());
        rules
    }

    #[test]
    fn the_environment_s_words() {
        let rules = rules(&[
            ("HTTPS_PROXY", "upper:1"),
            ("https_proxy", "lower:2"),
            ("ALL_PROXY", "socks5://all:3"),
            ("NO_PROXY", "corp.example, .inner.example:9000,10.0.0.0/8 ,fd00::/8,192.0.2.7"),
        ]);
        let via = |https, host: &str, port| rules.choose(https, host, port).map(Proxy::address);
        assert_eq!(via(true, "s3.example.com", 443).as_deref(), Some("http://lower:2"));
        assert_eq!(via(false, "s3.example.com", 80).as_deref(), Some("socks5://all:3"));
        for (host, port) in [
            ("corp.example", 443),
            ("b.CORP.example", 443),
            ("inner.example", 9000),
            ("x.inner.example", 9000),
            ("10.1.2.3", 443),
            ("[fd12::1]", 443),
            ("192.0.2.7", 1),
            ("localhost", 1),
            ("s3.localhost", 1),
            ("127.8.8.8", 1),
            ("::1", 1),
        ] {
            assert_eq!(via(true, host, port), None, "{host}");
        }
        for (host, port) in
            [("notcorp.example", 443), ("inner.example", 443), ("11.1.2.3", 443), ("fe80::1", 443)]
        {
            assert!(via(true, host, port).is_some(), "{host}");
        }
    }

    #[test]
    fn a_script_s_stranger_sets_no_proxy() {
        let evil = rules(&[("HTTP_PROXY", "evil:1"), ("REQUEST_METHOD", "GET")]);
        assert!(evil.choose(false, "s3.example.com", 80).is_none());
        assert!(rules(&[("NO_PROXY", "*"), ("ALL_PROXY", "p")]).choose(true, "h", 1).is_none());
    }

    #[test]
    fn a_profile_s_own_proxy_is_for_every_host() {
        let rules = ProxyRules::always(Proxy::parse("p:1").unwrap());
        assert!(rules.choose(false, "127.0.0.1", 9000).is_some());
        assert!(ProxyRules::none().choose(true, "h", 1).is_none());
    }
}
