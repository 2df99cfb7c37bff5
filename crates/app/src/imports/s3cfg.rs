//! s3cmd's `.s3cfg`: one connection, all sections read as one.

use std::collections::BTreeMap;

use super::{Found, Given, Import, ProxyChoice, Way, yes};
use crate::Addressing;
use dipper_types::Secret;

const ENCRYPTION: &str = "client-side encryption is not taken yet: what was encrypted stays so";
const OWN_WAY: &str = "transfers have their own settings here";
const BY_UPLOAD: &str = "it is chosen with each upload";

/// Settings that have no meaning here, and why.
const LEFT: &[(&[&str], &str)] = &[
    (&["gpg_command", "gpg_decrypt", "gpg_encrypt", "gpg_passphrase", "encrypt"], ENCRYPTION),
    (&["signature_v2"], "requests are always signed with version 4"),
    (
        &[
            "multipart_chunk_size_mb",
            "multipart_copy_chunk_size_mb",
            "enable_multipart",
            "limitrate",
            "max_retries",
            "socket_timeout",
            "throttle_max",
            "use_http_expect",
        ],
        OWN_WAY,
    ),
    (
        &[
            "storage_class",
            "reduced_redundancy",
            "acl_public",
            "mime_type",
            "default_mime_type",
            "add_headers",
            "server_side_encryption",
            "kms_key",
            "kms_key_id",
        ],
        BY_UPLOAD,
    ),
    (&["website_endpoint", "website_index", "website_error"], "websites are set up by bucket"),
    (&["cloudfront_host", "invalidate_on_cf"], "there is no CloudFront here"),
];

pub(super) fn read(given: &Given<'_>) -> Import {
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    let mut found = Found::new("s3cmd");
    for line in given.text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';', '[']) {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = value.trim();
        let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
        let value = match value.strip_prefix('$') {
            Some(name) if !name.is_empty() => match (given.variable)(name) {
                Some(value) => value,
                None => {
                    found.leave(key.trim(), "the environment has no such variable");
                    continue;
                }
            },
            _ => value.to_owned(),
        };
        // All sections are one, and later words win: as s3cmd has it.
        words.insert(key.trim().to_owned(), value);
    }
    let word = |key: &str| words.get(key).map(String::as_str).filter(|value| !value.is_empty());
    let flag = |key: &str, or: bool| word(key).map_or(or, yes);

    let host = word("host_base").unwrap_or("s3.amazonaws.com");
    let host = host.trim_start_matches("http://").trim_start_matches("https://");
    let region = match word("bucket_location").unwrap_or("US") {
        "US" => "us-east-1",
        "EU" => "eu-west-1",
        other => other,
    };
    found.draft.region = region.to_owned();
    if host == "s3.amazonaws.com" {
        found.draft.provider = "aws".into();
    } else {
        let scheme = if flag("use_https", true) { "https" } else { "http" };
        found.at(&format!("{scheme}://{host}"));
    }
    for key in ["host_base", "use_https", "bucket_location"] {
        if word(key).is_some() {
            found.take(key);
        }
    }
    if let Some(template) = word("host_bucket") {
        found.take("host_bucket");
        if !template.contains("%(bucket)s") {
            found.draft.addressing = Addressing::Path;
        }
    }
    keys(&mut found, &word);
    network(&mut found, given, &word, &flag);
    if flag("requester_pays", false) {
        found.draft.options.requester_pays = true;
        found.take("requester_pays");
    }
    for (keys, why) in LEFT {
        for key in *keys {
            // Its own defaults are written into every file: only what is switched on is a loss.
            let said = word(key).is_some_and(|v| !matches!(v, "False" | "false" | "no" | "0"));
            let default = matches!(*key, "gpg_command" | "gpg_encrypt" | "gpg_decrypt")
                && word("gpg_passphrase").is_none()
                && !flag("encrypt", false);
            if said && !default {
                found.leave(key, why);
            }
        }
    }
    if words.is_empty() {
        return Import { found: Vec::new(), notes: vec![super::left("file", "it says nothing")] };
    }
    Import { found: vec![found], notes: Vec::new() }
}

fn keys<'a>(found: &mut Found, word: &impl Fn(&str) -> Option<&'a str>) {
    match (word("access_key"), word("secret_key")) {
        (Some(access), Some(secret)) => {
            found.draft.access_key = access.to_owned();
            found.draft.secret_key = Secret::new(secret.to_owned());
            found.take("access_key");
            found.take("secret_key");
            if let Some(token) = word("access_token") {
                found.draft.session_token = Some(Secret::new(token.to_owned()));
                found.take("access_token");
            }
        }
        // Then s3cmd looks into the environment, too.
        _ => found.draft.options.sign_in = Way::Environment,
    }
}

fn network<'a>(
    found: &mut Found,
    given: &Given<'_>,
    word: &impl Fn(&str) -> Option<&'a str>,
    flag: &impl Fn(&str, bool) -> bool,
) {
    if let Some(host) = word("proxy_host") {
        let url = format!("http://{host}:{}", word("proxy_port").unwrap_or("3128"));
        found.draft.options.network.proxy = ProxyChoice::Url { url };
        found.take("proxy_host");
    }
    if let Some(name) = word("ca_certs_file") {
        match (given.file)(name) {
            Some(pem) => {
                found.draft.options.network.roots = Some(pem.expose().clone());
                found.take("ca_certs_file");
            }
            None => found.leave("ca_certs_file", "the file can't be read"),
        }
    }
    match (word("ssl_client_cert_file"), word("ssl_client_key_file")) {
        (Some(chain), Some(key)) => match ((given.file)(chain), (given.file)(key)) {
            (Some(chain), Some(key)) => {
                found.draft.options.network.client_certificate = Some(chain.expose().clone());
                found.draft.client_key = Some(key);
                found.take("ssl_client_cert_file");
                found.take("ssl_client_key_file");
            }
            _ => found.leave("ssl_client_cert_file", "the certificate or its key can't be read"),
        },
        (Some(_), None) => found.leave("ssl_client_cert_file", "its key is in no file"),
        _ => {}
    }
    for key in ["check_ssl_certificate", "check_ssl_hostname"] {
        if !flag(key, true) {
            found.leave(key, "certificates are checked; pin the server's one instead");
        }
    }
}
