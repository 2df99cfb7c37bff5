//! Signature version 2 of a bucket: boto3 asks for `/bucket` and signs `/bucket/`, others sign what
//! they ask for. S3 takes both, s3s the latter: so the former is tried first.

use http::header::AUTHORIZATION;
use http::{Request, Uri};

/// The address with a slash at the end of the bucket, if the signature may be of that.
pub(super) fn with_slash<B>(request: &Request<B>) -> Option<Uri> {
    let header = request.headers().get(AUTHORIZATION).and_then(|v| v.to_str().ok());
    let query = request.uri().query().unwrap_or_default();
    let presigned = || query.contains("AWSAccessKeyId=") && query.contains("Signature=");
    if !header.map_or_else(presigned, |h| h.starts_with("AWS ")) {
        return None;
    }
    let path = request.uri().path();
    let bucket = path.strip_prefix('/').filter(|b| !b.is_empty() && !b.contains('/'))?;
    let target = match request.uri().query() {
        Some(query) => format!("/{bucket}/?{query}"),
        None => format!("/{bucket}/"),
    };
    Uri::try_from(target).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (uri, authorization, expected) in [
            ("/b", "AWS key:sig", Some("/b/")),
            ("/b?acl", "AWS key:sig", Some("/b/?acl")),
            ("/b/", "AWS key:sig", None),
            ("/b/k", "AWS key:sig", None),
            ("/", "AWS key:sig", None),
            ("/b", "AWS4-HMAC-SHA256 x", None),
            ("/b?AWSAccessKeyId=a&Signature=s", "", Some("/b/?AWSAccessKeyId=a&Signature=s")),
            ("/b", "", None),
        ] {
            let mut request = Request::builder().uri(uri);
            if !authorization.is_empty() {
                request = request.header("authorization", authorization);
            }
            let found = with_slash(&request.body(()).unwrap()).map(|u| u.to_string());
            assert_eq!(found.as_deref(), expected, "{uri} {authorization}");
        }
    }
}
