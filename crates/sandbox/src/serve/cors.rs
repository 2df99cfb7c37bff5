//! A bucket's CORS rules: preflights are answered, and answers say whom they are for. Pages of this
//! machine only get this far; `guard` refuses all others, rules or not.

use http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderName, HeaderValue, ORIGIN,
    VARY,
};
use http::{HeaderMap, Method, Request, StatusCode};
use s3s::dto::{CORSConfiguration, CORSRule};
use s3s::{Body, HttpError, HttpResponse, S3Error, s3_error};

use super::front::refusal;
use super::host::bucket_of;
use crate::ops::documents::{kept, name};
use crate::store::Store;

/// What a page asks for.
pub(super) struct Page {
    origin: String,
    method: String,
    headers: Vec<String>,
    bucket: String,
    pub preflight: bool,
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The bucket that a request is about: of its host, or the first part of its path.
pub(super) fn bucket_in<B>(request: &Request<B>) -> Option<String> {
    let host = request.headers().get(http::header::HOST)?.to_str().ok()?;
    if let Ok(Some(bucket)) = bucket_of(host) {
        return Some(bucket.to_owned());
    }
    let first = request.uri().path().trim_start_matches('/').split('/').next()?;
    Some(first.to_owned()).filter(|f| !f.is_empty())
}

impl Page {
    /// Of a request that a page sent.
    pub(super) fn of<B>(request: &Request<B>) -> Option<Self> {
        let headers = request.headers();
        let origin = text(headers, ORIGIN)?;
        let preflight = request.method() == Method::OPTIONS;
        let asked = text(headers, ACCESS_CONTROL_REQUEST_METHOD);
        let method = if preflight { asked? } else { request.method().to_string() };
        let wanted = text(headers, ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
        let wanted = wanted.split(',').map(|h| h.trim().to_ascii_lowercase());
        let headers = wanted.filter(|h| !h.is_empty()).collect();
        Some(Self { origin, method, headers, bucket: bucket_in(request)?, preflight })
    }

    fn fits(&self, rule: &CORSRule) -> bool {
        let allowed = rule.allowed_headers.as_deref().unwrap_or_default();
        rule.allowed_origins.iter().any(|o| like(o, &self.origin))
            && rule.allowed_methods.contains(&self.method)
            && self.headers.iter().all(|h| allowed.iter().any(|a| like(&a.to_ascii_lowercase(), h)))
    }

    /// The first rule that allows it.
    fn rule(&self, store: &Store) -> Option<CORSRule> {
        let state = store.bucket(&self.bucket)?.state();
        let document: CORSConfiguration = kept(&state.info, name::CORS)?;
        document.cors_rules.into_iter().find(|rule| self.fits(rule))
    }

    /// The answer to a preflight.
    pub(super) fn answer(&self, store: &Store) -> Result<HttpResponse, HttpError> {
        let Some(rule) = self.rule(store) else {
            return refusal(forbidden());
        };
        let mut response = HttpResponse::new(Body::empty());
        let headers = response.headers_mut();
        self.allow(&rule, headers);
        let methods: Vec<&str> = rule.allowed_methods.iter().map(String::as_str).collect();
        set(headers, "access-control-allow-methods", &methods.join(", "));
        if !self.headers.is_empty() {
            set(headers, "access-control-allow-headers", &self.headers.join(", "));
        }
        if let Some(seconds) = rule.max_age_seconds {
            set(headers, "access-control-max-age", &seconds.to_string());
        }
        Ok(response)
    }

    /// Says on an answer whom it is for.
    pub(super) fn tell(&self, store: &Store, headers: &mut HeaderMap) {
        if let Some(rule) = self.rule(store) {
            self.allow(&rule, headers);
        }
    }

    fn allow(&self, rule: &CORSRule, headers: &mut HeaderMap) {
        if rule.allowed_origins.iter().any(|o| o == "*") {
            set(headers, "access-control-allow-origin", "*");
        } else {
            set(headers, "access-control-allow-origin", &self.origin);
            set(headers, "access-control-allow-credentials", "true");
        }
        if let Some(exposed) = rule.expose_headers.as_ref().filter(|e| !e.is_empty()) {
            set(headers, "access-control-expose-headers", &exposed.join(", "));
        }
        headers.insert(
            VARY,
            HeaderValue::from_static(
                "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
            ),
        );
    }
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn forbidden() -> S3Error {
    let mut error = s3_error!(
        AccessDenied,
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution of \
         Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers \
         are not whitelisted by the resource's CORS spec."
    );
    error.set_status_code(StatusCode::FORBIDDEN);
    error
}

/// One star stands for any text.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => {
            text.len() >= head.len() + tail.len() && text.starts_with(head) && text.ends_with(tail)
        }
    }
}
