//! Signature Version 2, for servers that know no other: S3 Developer Guide, "Signing and authenticating
//! REST requests (AWS signature version 2)"; the code over the text is an HMAC-SHA1 (RFC 2104).
//!
//! The SDK signs as it always does; just before a request leaves, its signature is replaced by this one.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use dipper_types::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::Sha1;
use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

use crate::connection::Connection;
use crate::credentials::Wallet;

/// RFC 1123, as HTTP has it.
const DATE: &[FormatItem<'_>] = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

/// What of a query is signed.
const SIGNED: [&str; 34] = [
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "delete",
    "encryption",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

const UNRESERVED: &percent_encoding::AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Base64 of the HMAC-SHA1 of a text.
pub fn signature(secret: &str, text: &str) -> String {
    // HMAC takes a key of any length.
    let mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes());
    mac.map(|mac| BASE64.encode(mac.chain_update(text.as_bytes()).finalize().into_bytes()))
        .unwrap_or_default()
}

/// The text that is signed. `date` is the header's, or the second at which a link ends.
pub(crate) fn text(
    method: &str,
    headers: &[(String, String)],
    date: &str,
    resource: &str,
) -> String {
    let of = |wanted: &str| {
        let found = headers.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let mut own: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, value) in headers.iter().filter(|(name, _)| name.starts_with("x-amz-")) {
        match own.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value.trim()),
            None => own.push((name, vec![value.trim()])),
        }
    }
    own.sort_unstable_by_key(|(name, _)| *name);
    // What names its time itself leaves the line empty.
    let date = if own.iter().any(|(name, _)| *name == "x-amz-date") { "" } else { date };
    let mut text = format!("{method}\n{}\n{}\n{date}\n", of("content-md5"), of("content-type"));
    for (name, values) in own {
        text.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    text.push_str(resource);
    text
}

/// `/bucket/key?acl`: the path as it is sent, with the bucket that stands in the host's name.
pub(crate) fn resource(bucket: Option<&str>, path: &str, query: &str) -> String {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut signed: Vec<String> = query
        .split('&')
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=').map_or((pair, None), |(n, v)| (n, Some(v)));
            SIGNED.contains(&name).then(|| match value {
                // `?acl=` is how some clients write `?acl`.
                Some(value) if !value.is_empty() => format!("{name}={}", decoded(value)),
                _ => name.to_owned(),
            })
        })
        .collect();
    signed.sort();
    let bucket = bucket.map(|bucket| format!("/{bucket}")).unwrap_or_default();
    let path = if path.is_empty() { "/" } else { path };
    let mark = if signed.is_empty() { "" } else { "?" };
    format!("{bucket}{path}{mark}{}", signed.join("&"))
}

/// The bucket that stands before the endpoint's own host, if one does.
fn bucket_in<'a>(host: &'a str, own: &str) -> Option<&'a str> {
    let name = |host: &'a str| {
        host.rsplit_once(':').map_or(host, |(name, port)| {
            if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host }
        })
    };
    if own.is_empty() {
        let at = host.find(".s3.").or_else(|| host.find(".s3-"))?;
        return Some(&host[..at]);
    }
    let own = own.split(':').next().unwrap_or(own);
    name(host).strip_suffix(own)?.strip_suffix('.').filter(|bucket| !bucket.is_empty())
}

#[derive(Debug)]
pub(crate) struct SignV2 {
    wallet: Arc<Wallet>,
    /// The endpoint's own; empty for AWS's.
    host: String,
}

impl SignV2 {
    pub fn new(wallet: &Arc<Wallet>, connection: &Connection) -> Self {
        let host = connection.endpoint.split_once("://").map(|(_, host)| host.to_owned());
        Self { wallet: Arc::clone(wallet), host: host.unwrap_or_default() }
    }
}

#[dyn_dispatch_hint]
impl Intercept for SignV2 {
    fn name(&self) -> &'static str {
        "SignV2"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        components: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (access_key, secret) = self.wallet.at_hand().ok_or("there are no keys at hand")?;
        let now = components.time_source().map_or_else(SystemTime::now, |source| source.now());
        let date = OffsetDateTime::from(now).format(DATE)?;
        let request = context.request_mut();
        for name in ["authorization", "x-amz-date", "x-amz-content-sha256", "date"] {
            request.headers_mut().remove(name);
        }
        request.headers_mut().insert("date", date.clone());
        let headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let uri = request.uri();
        let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
        let (host, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let resource = resource(bucket_in(host, &self.host), path, query);
        let text = text(request.method(), &headers, &date, &resource);
        let signed = format!("AWS {access_key}:{}", signature(&secret, &text));
        request.headers_mut().insert("authorization", signed);
        Ok(())
    }
}

/// A link that carries its permission ("Query string request authentication alternative").
pub(crate) struct Link<'a> {
    pub method: &'a str,
    pub content_type: Option<&'a str>,
    /// What is asked besides: `response-content-type`, `versionId` …
    pub query: Vec<(&'a str, String)>,
    pub token: Option<&'a str>,
    pub expires: Timestamp,
}

impl Link<'_> {
    /// `url` is the object's own; `path` as in it, with the bucket if it is not in the host.
    pub fn signed(&self, access_key: &str, secret: &str, url: &str, resource_path: &str) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        let pairs: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let query = pairs.join("&");
        let mut headers = Vec::new();
        if let Some(kind) = self.content_type {
            headers.push(("content-type".to_owned(), kind.to_owned()));
        }
        if let Some(token) = self.token {
            headers.push(("x-amz-security-token".to_owned(), token.to_owned()));
        }
        let ends = self.expires.secs().to_string();
        let resource = resource(None, resource_path, &query);
        let signed = signature(secret, &text(self.method, &headers, &ends, &resource));
        let mut link = format!(
            "{url}?AWSAccessKeyId={}&Expires={ends}&Signature={}",
            encoded(access_key),
            encoded(&signed)
        );
        if let Some(token) = self.token {
            link.push_str(&format!("&x-amz-security-token={}", encoded(token)));
        }
        for pair in pairs {
            link.push('&');
            link.push_str(&pair);
        }
        link
    }
}

/// As long as it can be said in a link.
pub(crate) const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn headers(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The examples of the developer guide.
    #[test]
    fn the_guides_examples_are_signed_alike() {
        let upload = [
            ("content-md5", "4gJE4saaMU4BqNR0kLY+lw=="),
            ("content-type", "application/x-download"),
            ("x-amz-meta-reviewedby", "joe@johnsmith.net"),
            ("x-amz-meta-reviewedby", "jane@johnsmith.net"),
            ("x-amz-meta-filechecksum", "0x02661779"),
            ("x-amz-meta-checksumalgorithm", "crc32"),
            ("x-amz-acl", "public-read"),
            ("content-encoding", "gzip"),
        ];
        for (method, headers_, date, bucket, path, query, want) in [
            (
                "GET",
                &[][..],
                "Tue, 27 Mar 2007 19:36:42 +0000",
                Some("johnsmith"),
                "/photos/puppy.jpg",
                "",
                "bWq2s1WEIj+Ydj0vQ697zp+IXMU=",
            ),
            (
                "PUT",
                &[("content-type", "image/jpeg"), ("content-length", "94328")],
                "Tue, 27 Mar 2007 21:15:45 +0000",
                Some("johnsmith"),
                "/photos/puppy.jpg",
                "",
                "MyyxeRY7whkBe+bq8fHCL/2kKUg=",
            ),
            (
                "GET",
                &[],
                "Tue, 27 Mar 2007 19:42:41 +0000",
                Some("johnsmith"),
                "/",
                "prefix=photos&max-keys=50&marker=puppy",
                "htDYFYduRNen8P9ZfE/s9SuKy0U=",
            ),
            (
                "GET",
                &[],
                "Tue, 27 Mar 2007 19:44:46 +0000",
                Some("johnsmith"),
                "/",
                "acl",
                "c2WLPFtWHVgbEmeEG93a4cG37dM=",
            ),
            (
                "PUT",
                &upload,
                "Tue, 27 Mar 2007 21:06:08 +0000",
                Some("static.johnsmith.net"),
                "/db-backup.dat.gz",
                "",
                "ilyl83RwaSoYIEdixDQcA4OnAnc=",
            ),
            (
                "GET",
                &[],
                "Wed, 28 Mar 2007 01:29:59 +0000",
                None,
                "/",
                "",
                "qGdzdERIC03wnaRNKh6OqZehG9s=",
            ),
            (
                "GET",
                &[],
                "Wed, 28 Mar 2007 01:49:49 +0000",
                None,
                "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
                "",
                "DNEZGsoieTZ92F3bUfSPQcbGmlM=",
            ),
        ] {
            let text = text(method, &headers(headers_), date, &resource(bucket, path, query));
            assert_eq!(signature(SECRET, &text), want, "{text}");
        }
    }

    #[test]
    fn a_link_as_the_guide_has_it() {
        let link = Link {
            method: "GET",
            content_type: None,
            query: Vec::new(),
            token: None,
            expires: Timestamp::from_secs(1_175_139_620),
        };
        assert_eq!(
            link.signed(
                "AKIAIOSFODNN7EXAMPLE",
                SECRET,
                "http://johnsmith.s3.amazonaws.com/photos/puppy.jpg",
                "/johnsmith/photos/puppy.jpg"
            ),
            "http://johnsmith.s3.amazonaws.com/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE\
             &Expires=1175139620&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D"
        );
    }

    #[test]
    fn what_is_asked_is_signed_in_order_and_decoded() {
        assert_eq!(
            resource(None, "/b/k", "x-id=GetObject&versionId=a%2Fb&response-content-type=text%2Fx"),
            "/b/k?response-content-type=text/x&versionId=a/b"
        );
        assert_eq!(resource(Some("b"), "", "uploads="), "/b/?uploads");
    }

    #[test]
    fn buckets_in_hosts() {
        for (host, own, bucket) in [
            ("b.s3.localhost:7480", "s3.localhost:7480", Some("b")),
            ("s3.localhost:7480", "s3.localhost:7480", None),
            ("127.0.0.1:80", "127.0.0.1:80", None),
            ("a.b.s3.example.com", "s3.example.com", Some("a.b")),
            ("b.s3.eu-west-1.amazonaws.com", "", Some("b")),
            ("s3.eu-west-1.amazonaws.com", "", None),
        ] {
            assert_eq!(bucket_in(host, own), bucket, "{host}");
        }
    }
}
