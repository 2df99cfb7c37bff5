//! MinIO's client: `~/.mc/config.json`.

use std::collections::BTreeMap;

use dipper_types::Secret;
use serde::Deserialize;

use super::{Found, Given, Import, left};
use crate::{Addressing, Failure, Result};

#[derive(Deserialize)]
struct Config {
    #[serde(default, alias = "hosts")]
    aliases: BTreeMap<String, Alias>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alias {
    #[serde(default)]
    url: String,
    #[serde(default)]
    access_key: String,
    #[serde(default)]
    secret_key: String,
    #[serde(default)]
    session_token: Option<String>,
    #[serde(default)]
    api: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    lookup: String,
}

/// What `mc` puts into every new file, with a MinIO key that everybody knows.
const EXAMPLES: &[&str] = &["play", "gcs", "s3", "local"];

pub(super) fn read(given: &Given<'_>) -> Result<Import> {
    let config: Config = serde_json::from_str(given.text).map_err(|error| {
        Failure::invalid(format!("this is no configuration of mc (line {})", error.line()))
    })?;
    let mut import = Import::default();
    for (name, alias) in config.aliases {
        let blank = alias.access_key.is_empty() || alias.access_key.starts_with("YOUR-ACCESS-KEY");
        if blank && EXAMPLES.contains(&name.as_str()) {
            import.notes.push(left(name, "it is mc's own example, without keys"));
            continue;
        }
        let mut found = Found::new(&name);
        found.provide("minio");
        found.at(&alias.url);
        found.take("url");
        if let Some((head, place)) = alias.url.rsplit_once('@') {
            // `https://KEY:SECRET@host`, as MC_HOST_… has it.
            let (scheme, user) = head.split_once("://").unwrap_or(("https", head));
            found.at(&format!("{scheme}://{place}"));
            keys(&mut found, user);
        }
        if !alias.access_key.is_empty() && !alias.secret_key.is_empty() {
            found.draft.access_key = alias.access_key;
            found.draft.secret_key = Secret::new(alias.secret_key);
            found.take("accessKey");
            found.take("secretKey");
        }
        if let Some(token) = alias.session_token.filter(|token| !token.is_empty()) {
            found.draft.session_token = Some(Secret::new(token));
            found.take("sessionToken");
        }
        let lookup = if alias.lookup.is_empty() { alias.path } else { alias.lookup };
        found.draft.addressing = match lookup.to_ascii_lowercase().as_str() {
            "path" | "on" => Addressing::Path,
            "dns" | "off" => Addressing::Virtual,
            _ => Addressing::Auto,
        };
        if alias.api.eq_ignore_ascii_case("s3v2") {
            found.leave("api", "requests are always signed with version 4");
        }
        import.found.push(found);
    }
    Ok(import)
}

fn keys(found: &mut Found, user: &str) {
    let plain =
        |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut parts = user.splitn(3, ':');
    if let (Some(access), Some(secret)) = (parts.next(), parts.next()) {
        found.draft.access_key = plain(access);
        found.draft.secret_key = Secret::new(plain(secret));
        found.draft.session_token = parts.next().map(|token| Secret::new(plain(token)));
        found.take("url's keys");
    }
}
