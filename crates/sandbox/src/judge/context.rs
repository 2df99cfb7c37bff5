//! What a request tells about itself: the keys that a policy's conditions ask for, and the further
//! actions that its headers need.

use std::net::SocketAddr;

use dipper_access::Context;
use dipper_types::Timestamp;
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use s3s::access::S3AccessContext;

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub SocketAddr);

/// Headers whose condition key is their name.
const HEADERS: [&str; 15] = [
    "x-amz-acl",
    "x-amz-content-sha256",
    "x-amz-copy-source",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-metadata-directive",
    "x-amz-object-ownership",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
];

/// Headers whose condition key is called otherwise.
const RENAMED: [(&str, &str); 7] = [
    ("referer", "aws:Referer"),
    ("user-agent", "aws:UserAgent"),
    ("if-match", "s3:if-match"),
    ("if-none-match", "s3:if-none-match"),
    ("x-amz-object-lock-mode", "s3:object-lock-mode"),
    ("x-amz-object-lock-legal-hold", "s3:object-lock-legal-hold"),
    ("x-amz-object-lock-retain-until-date", "s3:object-lock-retain-until-date"),
];

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

pub(super) fn of(cx: &mut S3AccessContext<'_>, now: Timestamp) -> Context {
    let peer = cx.extensions_mut().get::<Peer>().copied();
    let headers = cx.headers();
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let mut context = Context::whole()
        .with("aws:SecureTransport", "false")
        .with("aws:CurrentTime", now.rfc3339())
        .with("aws:EpochTime", now.secs().to_string())
        .with("aws:RequestedRegion", "us-east-1");
    if let Some(Peer(address)) = peer {
        context = context.with("aws:SourceIp", address.ip().to_canonical().to_string());
    }
    for name in HEADERS {
        if let Some(value) = header(name) {
            context = context.with(&format!("s3:{name}"), value);
        }
    }
    for (name, key) in RENAMED {
        if let Some(value) = header(name) {
            context = context.with(key, value);
        }
    }
    let query = cx.uri().query().unwrap_or_default();
    let mut signed = header("authorization").map(|a| (a.starts_with("AWS4"), "REST-HEADER"));
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "prefix" | "delimiter" | "max-keys" => {
                context = context.with(&format!("s3:{name}"), decoded(value));
            }
            "versionId" => context = context.with("s3:VersionId", decoded(value)),
            "X-Amz-Signature" => signed = Some((true, "REST-QUERY-STRING")),
            "Signature" => signed = Some((false, "REST-QUERY-STRING")),
            _ => {}
        }
    }
    if let Some((four, kind)) = signed {
        let version = if four { "AWS4-HMAC-SHA256" } else { "AWS" };
        context = context.with("s3:signatureversion", version).with("s3:authType", kind);
    }
    for pair in header("x-amz-tagging").into_iter().flat_map(|t| t.split('&')) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decoded(name);
        context = context
            .with(&format!("s3:RequestObjectTag/{name}"), decoded(value))
            .with("s3:RequestObjectTagKeys", name);
    }
    context
}

/// The actions that a request needs beside its own.
pub(super) fn more_actions(
    operation: &str,
    version: bool,
    headers: &HeaderMap,
) -> Vec<&'static str> {
    let has = |name: &str| headers.contains_key(name);
    let makes = matches!(operation, "PutObject" | "CopyObject" | "CreateMultipartUpload");
    let mut more = Vec::new();
    if makes && headers.keys().any(|n| is_acl(n.as_str())) {
        more.push("s3:PutObjectAcl");
    }
    if makes && has("x-amz-tagging") {
        more.push("s3:PutObjectTagging");
    }
    if makes && has("x-amz-object-lock-mode") {
        more.push("s3:PutObjectRetention");
    }
    if makes && has("x-amz-object-lock-legal-hold") {
        more.push("s3:PutObjectLegalHold");
    }
    if operation == "GetObjectAttributes" {
        more.push(if version { "s3:GetObjectVersion" } else { "s3:GetObject" });
    }
    more
}

pub(crate) fn is_acl(header: &str) -> bool {
    header == "x-amz-acl" || header.starts_with("x-amz-grant-")
}
