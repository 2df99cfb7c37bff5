//! Cyberduck's bookmarks: property lists. Their secrets are in the system's keychain, not in them.

use plist::{Dictionary, Value};

use super::{Found, Given, Import, left};
use crate::{Failure, Result};

pub(super) fn read(given: &Given<'_>) -> Result<Import> {
    // A document type could name entities without end; a bookmark's names none.
    if given.text.contains("<!ENTITY") {
        return Err(Failure::invalid("this bookmark defines entities: it is not read"));
    }
    let value = Value::from_reader_xml(given.text.as_bytes())
        .map_err(|_| Failure::invalid("this is no bookmark of Cyberduck"))?;
    let mut import = Import::default();
    match value {
        Value::Dictionary(words) => one(&words, &mut import),
        Value::Array(all) => {
            for words in all.iter().filter_map(Value::as_dictionary) {
                one(words, &mut import);
            }
        }
        _ => return Err(Failure::invalid("this is no bookmark of Cyberduck")),
    }
    Ok(import)
}

fn one(words: &Dictionary, import: &mut Import) {
    let word = |key: &str| {
        words.get(key).and_then(Value::as_string).map(str::trim).filter(|text| !text.is_empty())
    };
    let host = word("Hostname").unwrap_or_default();
    let name = word("Nickname").unwrap_or(host);
    let protocol = word("Protocol").unwrap_or_default();
    if !matches!(protocol, "s3" | "s3-http" | "s3-https" | "s3-path-style" | "googlestorage-xml") {
        import.notes.push(left(name, "it is not S3"));
        return;
    }
    let mut found = Found::new(name);
    let plain = protocol == "s3-http";
    let scheme = if plain { "http" } else { "https" };
    let usual = if plain { "80" } else { "443" };
    let endpoint = match word("Port").filter(|port| *port != usual) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    found.at(&endpoint);
    found.take("Hostname");
    if protocol == "s3-path-style" {
        found.draft.addressing = crate::Addressing::Path;
    }
    if let Some(region) = word("Region") {
        found.draft.region = region.to_owned();
        found.take("Region");
    }
    if let Some(path) = word("Path").map(|path| path.trim_matches('/')).filter(|p| !p.is_empty()) {
        let folder = path.contains('/');
        found.draft.options.start = Some(if folder { format!("{path}/") } else { path.to_owned() });
        found.take("Path");
    }
    match word("Username") {
        Some("anonymous") | None => {}
        Some(user) => {
            found.draft.access_key = user.to_owned();
            found.take("Username");
            found.leave("password", "it is in the system's keychain: enter the secret key here");
            found.unusable = Some(format!(
                "the secret key of '{}' is in Cyberduck's keychain; add the connection and enter it",
                super::shown(user)
            ));
        }
    }
    if word("Client Certificate").is_some() {
        found.leave("Client Certificate", "it is in the system's keychain");
    }
    import.found.push(found);
}
