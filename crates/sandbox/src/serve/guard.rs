//! Web pages can reach loopback. What a page of another site sends is refused before anything
//! else is looked at:
//!
//! - A `Host` that is not this machine (DNS rebinding makes a page's own name point here).
//! - An `Origin` that is not on this machine, `null` included: scripts of other sites.
//! - `Sec-Fetch-Site: cross-site`, unless it is a navigation: images, frames' resources. A link to
//!   a public object still opens.
//!
//! S3 clients send none of the latter two.

use http::Request;
use s3s::{S3Error, S3ErrorCode, s3_error};

use super::host::bucket_of;

pub(super) fn check<B>(request: &Request<B>) -> Result<(), S3Error> {
    let header = |name: &str| request.headers().get(name).map(|value| value.to_str().ok());
    let foreign_host = || {
        let code = S3ErrorCode::InvalidHostHeader;
        let mut error = S3Error::with_message(
            code,
            "The sandbox answers to 127.0.0.1, localhost and BUCKET.localhost only.",
        );
        error.set_status_code(http::StatusCode::BAD_REQUEST);
        error
    };
    let mut hosts = request.headers().get_all(http::header::HOST).iter();
    let host = hosts.next().and_then(|value| value.to_str().ok()).ok_or_else(foreign_host)?;
    let authority = request.uri().authority().map(|a| a.as_str());
    let ours = |host: &str| bucket_of(host).is_ok();
    if hosts.next().is_some() || !ours(host) || !authority.is_none_or(ours) {
        return Err(foreign_host());
    }
    let foreign_page = || s3_error!(AccessDenied, "The sandbox does not serve other sites' pages.");
    match header("origin") {
        None => {}
        Some(Some(origin)) if local_origin(origin) => {}
        Some(_) => return Err(foreign_page()),
    }
    let cross_site = header("sec-fetch-site").flatten() == Some("cross-site");
    if cross_site && header("sec-fetch-mode").flatten() != Some("navigate") {
        return Err(foreign_page());
    }
    Ok(())
}

/// A page served from this machine. (A page that Tauri serves has `tauri://localhost` or
/// `http://tauri.localhost`.)
fn local_origin(origin: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, host)| bucket_of(host).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (headers, passes) in [
            (&[("host", "127.0.0.1:1")][..], true),
            (&[], false),
            (&[("host", "evil.example")], false),
            (&[("host", "127.0.0.1"), ("host", "evil.example")], false),
            (&[("host", "127.0.0.1"), ("origin", "https://evil.example")], false),
            (&[("host", "127.0.0.1"), ("origin", "null")], false),
            (&[("host", "127.0.0.1"), ("origin", "http://localhost:5173")], true),
            (&[("host", "127.0.0.1"), ("origin", "tauri://localhost")], true),
            (&[("host", "127.0.0.1"), ("sec-fetch-site", "cross-site")], false),
            (
                &[
                    ("host", "127.0.0.1"),
                    ("sec-fetch-site", "cross-site"),
                    ("sec-fetch-mode", "navigate"),
                ],
                true,
            ),
            (&[("host", "b.localhost"), ("sec-fetch-site", "none")], true),
        ] {
            let mut request = Request::builder().uri("/b/k");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request = request.body(()).unwrap();
            assert_eq!(check(&request).is_ok(), passes, "{headers:?}");
        }
        let absolute = Request::builder().uri("http://evil.example/b").header("host", "localhost");
        assert!(check(&absolute.body(()).unwrap()).is_err());
    }
}
