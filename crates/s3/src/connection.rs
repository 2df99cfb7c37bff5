//! What a client needs to know to speak to one endpoint as one identity.

use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::credentials::{Credentials, SignIn};
use crate::encryption::KeyRing;
use crate::provider::Provider;
use crate::transport::Transport;

/// Where a bucket's name goes in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    /// Virtual host where the name and the endpoint allow it.
    Auto,
    /// `https://endpoint/bucket/key`
    Path,
    /// `https://bucket.endpoint/key`
    Virtual,
}

#[derive(Debug, Clone)]
pub struct Connection {
    /// Scheme, host, port; no path beyond `/`. Empty means the SDK's own AWS endpoints.
    pub endpoint: String,
    pub region: String,
    pub addressing: Addressing,
    pub provider: Arc<Provider>,
    pub credentials: Credentials,
    pub options: Options,
}

impl Options {
    pub(crate) fn aws_variant(&self) -> bool {
        self.fips || self.dual_stack || self.accelerate
    }
}

/// What only some connections need.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub transport: Transport,
    pub sign_in: SignIn,
    /// AWS endpoints with FIPS 140 modules.
    pub fips: bool,
    /// AWS endpoints that are reached by IPv6, too.
    pub dual_stack: bool,
    /// AWS Transfer Acceleration, for buckets that have it on.
    pub accelerate: bool,
    /// Say in each request that this account pays for it.
    pub requester_pays: bool,
    /// Where CloudFront answers, if not at AWS.
    pub cloudfront: Option<String>,
    /// Sign as servers of before Signature Version 4 want it.
    pub signature_v2: bool,
    /// Keys for SSE-C.
    pub customer_keys: KeyRing,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    #[error("an endpoint is needed, for example https://s3.example.com")]
    Missing,
    #[error(
        "'{given}' is not an address; write it like https://s3.example.com or http://127.0.0.1:9000"
    )]
    Malformed { given: String },
    #[error("an endpoint has no path, query or user name; '{given}' does")]
    Extra { given: String },
    #[error("the endpoint still has a gap: {gap}")]
    Gap { gap: &'static str },
}

impl Connection {
    /// Checks and tidies what a user typed: adds `https://`, drops a closing slash.
    pub fn endpoint_from_text(text: &str) -> Result<String, EndpointError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EndpointError::Missing);
        }
        for gap in ["{region}", "{account}"] {
            if text.contains(gap) {
                return Err(EndpointError::Gap { gap });
            }
        }
        let malformed = || EndpointError::Malformed { given: text.to_owned() };
        let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let uri: http::Uri = full.parse().map_err(|_| malformed())?;
        let scheme =
            uri.scheme_str().filter(|s| matches!(*s, "http" | "https")).ok_or_else(malformed)?;
        let authority = uri.authority().ok_or_else(malformed)?;
        if authority.as_str().contains('@')
            || !matches!(uri.path(), "" | "/")
            || uri.query().is_some()
        {
            return Err(EndpointError::Extra { given: text.to_owned() });
        }
        if authority.host().is_empty() {
            return Err(malformed());
        }
        Ok(format!("{scheme}://{authority}"))
    }

    pub fn is_https(&self) -> bool {
        self.endpoint.is_empty() || self.endpoint.starts_with("https://")
    }

    /// Plain http to another machine.
    pub fn is_insecure(&self) -> bool {
        !self.is_https() && !is_loopback(&self.endpoint)
    }

    /// Whether it leads to AWS itself, whose hosts follow AWS's rules.
    pub fn is_at_aws(&self) -> bool {
        let host = self.host().to_ascii_lowercase();
        let host = host.split(':').next().unwrap_or_default();
        self.provider.is_aws()
            && [".amazonaws.com", ".amazonaws.com.cn"].iter().any(|end| host.ends_with(end))
    }

    fn host(&self) -> String {
        self.endpoint.split_once("://").map_or_else(
            || format!("s3.{}.amazonaws.com", self.region),
            |(_, authority)| authority.to_owned(),
        )
    }

    fn scheme(&self) -> &'static str {
        if self.is_https() { "https" } else { "http" }
    }

    /// Whether this bucket is addressed by path: asked for, or the name cannot stand in a host name,
    /// or the host is an address.
    pub(crate) fn path_style(&self, bucket: &str) -> bool {
        let host = self.host();
        let name = host.rsplit_once(':').map_or(host.as_str(), |(h, _)| h);
        let is_address =
            name.parse::<IpAddr>().is_ok() || name.starts_with('[') || name == "localhost";
        let dotted = bucket.contains('.') && self.is_https();
        let odd = dipper_types::BucketName::check_new(bucket).is_err();
        match self.addressing {
            Addressing::Path => true,
            Addressing::Virtual => odd || dotted,
            Addressing::Auto => is_address || odd || dotted,
        }
    }

    /// The bucket itself.
    pub fn bucket_url(&self, bucket: &str) -> String {
        self.object_url(bucket, "")
    }

    /// Where the bucket answers as a website, where the provider has such addresses.
    pub fn website_url(&self, bucket: &str) -> Option<String> {
        let pattern = self.provider.website.as_ref()?;
        Some(pattern.replace("{bucket}", bucket).replace("{region}", &self.region))
    }

    /// Where an anonymous GET finds the object.
    pub fn object_url(&self, bucket: &str, key: &str) -> String {
        let key = percent_encoding::utf8_percent_encode(key, KEY);
        let (scheme, host) = (self.scheme(), self.host());
        if self.path_style(bucket) {
            format!("{scheme}://{host}/{bucket}/{key}")
        } else {
            format!("{scheme}://{bucket}.{host}/{key}")
        }
    }
}

/// Everything but unreserved characters and `/` (RFC 3986; SigV4's URI encoding).
pub(crate) const KEY: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Whether the endpoint is this machine, so that plain http leaves nothing on a wire.
pub fn is_loopback(endpoint: &str) -> bool {
    let Ok(uri) = endpoint.parse::<http::Uri>() else { return false };
    let Some(host) = uri.host() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(endpoint: &str, addressing: Addressing) -> Connection {
        Connection {
            endpoint: endpoint.into(),
            region: "eu-west-1".into(),
            addressing,
            provider: Provider::by_id("custom"),
            credentials: Credentials::Anonymous,
            options: Options::default(),
        }
    }

    #[test]
    fn endpoints_are_tidied_or_refused() {
        for (given, want) in [
            ("s3.example.com", "https://s3.example.com"),
            (" https://s3.example.com/ ", "https://s3.example.com"),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("http://[::1]:9000/", "http://[::1]:9000"),
        ] {
            assert_eq!(Connection::endpoint_from_text(given).as_deref(), Ok(want), "{given}");
        }
        for bad in [
            "",
            "ftp://x",
            "https://",
            "https://a b",
            "https://u:p@host",
            "https://h/path",
            "https://h/?q",
            "https://{account}.r2.x",
        ] {
            assert!(Connection::endpoint_from_text(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback() {
        for yes in
            ["http://127.0.0.1:1", "http://localhost", "http://[::1]:2", "http://s3.localhost:3"]
        {
            assert!(is_loopback(yes), "{yes}");
        }
        for no in [
            "http://10.0.0.1",
            "http://example.com",
            "http://localhost.example.com",
            "http://127.0.0.1.nip.io",
        ] {
            assert!(!is_loopback(no), "{no}");
        }
    }

    #[test]
    fn public_urls_follow_the_addressing() {
        let https = "https://s3.example.com";
        for (endpoint, addressing, bucket, want) in [
            (https, Addressing::Path, "b", "https://s3.example.com/b/a%20%2B%C3%BC/x"),
            (https, Addressing::Auto, "bucket", "https://bucket.s3.example.com/a%20%2B%C3%BC/x"),
            (
                https,
                Addressing::Auto,
                "my.bucket",
                "https://s3.example.com/my.bucket/a%20%2B%C3%BC/x",
            ),
            (
                https,
                Addressing::Virtual,
                "Bad_Name",
                "https://s3.example.com/Bad_Name/a%20%2B%C3%BC/x",
            ),
            (
                "http://127.0.0.1:80",
                Addressing::Auto,
                "bucket",
                "http://127.0.0.1:80/bucket/a%20%2B%C3%BC/x",
            ),
            (
                "",
                Addressing::Auto,
                "bucket",
                "https://bucket.s3.eu-west-1.amazonaws.com/a%20%2B%C3%BC/x",
            ),
        ] {
            assert_eq!(connection(endpoint, addressing).object_url(bucket, "a +ü/x"), want);
        }
    }
}
