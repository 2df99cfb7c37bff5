//! Buckets as web sites, on `BUCKET.s3-website.localhost`: index and error documents, redirects and
//! routing rules. Everything is read as anybody would read it; nothing is written.

use http::header::{CONTENT_TYPE, HOST, LOCATION};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use hyper::body::Incoming;
use s3s::dto::{Redirect, RoutingRule, WebsiteConfiguration};
use s3s::service::S3Service;
use s3s::{Body, HttpError, HttpResponse};

use super::host::name_of;
use crate::judge::Peer;
use crate::ops::documents::{kept, name};
use crate::store::Store;

const DOMAIN: &str = ".s3-website.localhost";

/// The bucket whose site a host name is.
pub(super) fn site_of(host: &str) -> Option<String> {
    let name = name_of(host).to_ascii_lowercase();
    name.strip_suffix(DOMAIN).filter(|bucket| !bucket.is_empty()).map(str::to_owned)
}

pub(super) struct Site<'a> {
    pub store: &'a Store,
    pub service: &'a S3Service,
    pub peer: Option<Peer>,
    pub bucket: String,
    /// Host and port as they were asked for.
    pub host: String,
}

impl Site<'_> {
    pub(super) async fn answer(
        &self,
        request: &Request<Incoming>,
    ) -> Result<HttpResponse, HttpError> {
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            return Ok(page(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"));
        }
        let Some(bucket) = self.store.bucket(&self.bucket) else {
            return Ok(page(StatusCode::NOT_FOUND, "NoSuchBucket"));
        };
        let state = bucket.state();
        let Some(site) = kept::<WebsiteConfiguration>(&state.info, name::WEBSITE) else {
            return Ok(page(StatusCode::NOT_FOUND, "NoSuchWebsiteConfiguration"));
        };
        let key = request.uri().path().trim_start_matches('/').to_owned();
        if let Some(to) = &site.redirect_all_requests_to {
            let scheme = to.protocol.as_ref().map_or("http", |p| p.as_str());
            return Ok(moved(301, &format!("{scheme}://{}/{key}", to.host_name)));
        }
        let rules = site.routing_rules.unwrap_or_default();
        if let Some(rule) = rules.iter().find(|r| applies(r, &key, None)) {
            return Ok(self.redirected(&rule.redirect, rule, &key));
        }
        let suffix = site.index_document.map(|i| i.suffix).unwrap_or_default();
        let wanted = if key.is_empty() || key.ends_with('/') {
            format!("{key}{suffix}")
        } else {
            key.clone()
        };
        let mut response = self.fetch(request, &wanted).await?;
        if response.status().is_client_error() && wanted == key {
            // A folder without its slash.
            let inside = self.fetch(request, &format!("{key}/{suffix}")).await?;
            if inside.status().is_success() {
                return Ok(moved(302, &format!("/{key}/")));
            }
        }
        if let Some(to) = response.headers_mut().remove("x-amz-website-redirect-location") {
            return Ok(moved(301, to.to_str().unwrap_or("/")));
        }
        let status = response.status();
        if !status.is_client_error() {
            return Ok(response);
        }
        let code = status.as_u16();
        if let Some(rule) = rules.iter().find(|r| applies(r, &key, Some(code))) {
            return Ok(self.redirected(&rule.redirect, rule, &key));
        }
        if let Some(document) = site.error_document {
            let mut shown = self.fetch(request, &document.key).await?;
            if shown.status().is_success() {
                *shown.status_mut() = status;
                return Ok(shown);
            }
        }
        let told = if status == StatusCode::NOT_FOUND { "NoSuchKey" } else { "AccessDenied" };
        Ok(page(status, told))
    }

    /// An object as anybody reads it. The key is as it stands in an address.
    async fn fetch(
        &self,
        request: &Request<Incoming>,
        key: &str,
    ) -> Result<HttpResponse, HttpError> {
        let mut asked = Request::new(Body::empty());
        *asked.method_mut() = request.method().clone();
        let uri = format!("/{}/{key}", self.bucket);
        *asked.uri_mut() = Uri::try_from(uri).map_err(|e| HttpError::new(Box::new(e)))?;
        for name in
            ["range", "if-match", "if-none-match", "if-modified-since", "referer", "user-agent"]
        {
            if let Some(value) = request.headers().get(name) {
                asked.headers_mut().insert(name, value.clone());
            }
        }
        asked.headers_mut().insert(HOST, HeaderValue::from_static("127.0.0.1"));
        if let Some(peer) = self.peer {
            asked.extensions_mut().insert(peer);
        }
        self.service.call(asked).await
    }

    fn redirected(&self, to: &Redirect, rule: &RoutingRule, key: &str) -> HttpResponse {
        let prefix = rule.condition.as_ref().and_then(|c| c.key_prefix_equals.as_deref());
        let rest = key.strip_prefix(prefix.unwrap_or_default()).unwrap_or(key);
        let key = match (&to.replace_key_with, &to.replace_key_prefix_with) {
            (Some(whole), _) => whole.clone(),
            (None, Some(prefix)) => format!("{prefix}{rest}"),
            (None, None) => key.to_owned(),
        };
        let scheme = to.protocol.as_ref().map_or("http", |p| p.as_str());
        let host = to.host_name.as_deref().unwrap_or(&self.host);
        let code = to.http_redirect_code.as_deref().and_then(|c| c.parse().ok()).unwrap_or(301);
        moved(code, &format!("{scheme}://{host}/{key}"))
    }
}

/// Whether a rule is about this key, before (`None`) or after an error.
fn applies(rule: &RoutingRule, key: &str, error: Option<u16>) -> bool {
    let Some(condition) = &rule.condition else {
        return error.is_none();
    };
    let prefix = condition.key_prefix_equals.as_deref();
    let code = condition.http_error_code_returned_equals.as_deref();
    let code = code.map(|c| c.parse::<u16>().ok());
    prefix.is_none_or(|p| key.starts_with(p))
        && code.is_none_or(|c| c == error)
        && (code.is_some() || error.is_none())
}

fn moved(code: u16, to: &str) -> HttpResponse {
    let mut response = HttpResponse::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::MOVED_PERMANENTLY);
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}

/// A page of S3's own kind.
fn page(status: StatusCode, code: &str) -> HttpResponse {
    let text = format!(
        "<html>\n<head><title>{status}</title></head>\n<body>\n<h1>{status}</h1>\n<ul>\n\
         <li>Code: {code}</li>\n</ul>\n</body>\n</html>\n"
    );
    let mut response = HttpResponse::new(Body::from(text));
    *response.status_mut() = status;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response
}
