//! s3cmd signs for the region `US` until it is told better, and s3s refuses what is not spelled as
//! a region before it looks at anything else. AWS answers such a request with the right region,
//! and so does this.

use http::{HeaderValue, Request, StatusCode};
use s3s::{Body, HttpResponse};

/// The answer to a request whose signature's region is no region.
pub(super) fn check<B>(request: &Request<B>) -> Option<HttpResponse> {
    let region = signed_for(request)?;
    let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !region.is_empty() && region.bytes().all(fine) {
        return None;
    }
    Some(wrong("us-east-1"))
}

/// The answer that names the right region.
pub(super) fn wrong(region: &'static str) -> HttpResponse {
    let answer = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\
         <Code>AuthorizationHeaderMalformed</Code>\
         <Message>The authorization header is malformed; the region is wrong; expecting \
         '{region}'</Message><Region>{region}</Region></Error>"
    );
    let mut response = HttpResponse::new(Body::from(answer));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    headers.insert("x-amz-bucket-region", HeaderValue::from_static(region));
    response
}

/// The region in `Credential=KEY/DATE/REGION/s3/aws4_request`.
fn signed_for<B>(request: &Request<B>) -> Option<&str> {
    let header = request.headers().get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let scope = header.split_once("Credential=")?.1.split([',', ' ']).next()?;
    scope.rsplit('/').nth(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (credential, refused) in [
            ("AKIA/20260101/us-east-1/s3/aws4_request", false),
            ("AKIA/20260101/eu-central-1/s3/aws4_request", false),
            ("AKIA/20260101/US/s3/aws4_request", true),
            ("AKIA/20260101//s3/aws4_request", true),
        ] {
            let value = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host");
            let request = Request::builder().header("authorization", value).body(()).unwrap();
            assert_eq!(check(&request).is_some(), refused, "{credential}");
        }
        let anonymous = Request::builder().body(()).unwrap();
        assert!(check(&anonymous).is_none());
    }
}
