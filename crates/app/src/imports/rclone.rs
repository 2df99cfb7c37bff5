//! rclone's `rclone.conf`, also encrypted.

use base64::Engine as _;
use crypto_secretbox::aead::{Aead as _, KeyInit as _};
use crypto_secretbox::{Nonce, XSalsa20Poly1305};
use dipper_types::Secret;
use sha2::{Digest as _, Sha256};

use super::{Found, Given, Import, Way, ini, left, yes};
use crate::{Addressing, Code, Failure, Result};

const MARK: &str = "RCLONE_ENCRYPT_V";

/// rclone's names of providers, and ours.
const PROVIDERS: &[(&str, &str)] = &[
    ("AWS", "aws"),
    ("GCS", "gcs"),
    ("Dreamhost", "dreamobjects"),
    ("Cloudflare", "r2"),
    ("Wasabi", "wasabi"),
    ("Minio", "minio"),
    ("DigitalOcean", "digitalocean"),
    ("Hetzner", "hetzner"),
    ("OVHcloud", "ovh"),
    ("Scaleway", "scaleway"),
    ("Ceph", "ceph"),
];

pub(super) fn read(given: &Given<'_>) -> Result<Import> {
    let encrypted = given
        .text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    let opened;
    let text = match encrypted {
        Some(line) if line.starts_with(MARK) => {
            opened = open(given.text, given.password)?;
            opened.expose().as_str()
        }
        _ => given.text,
    };
    let mut import = Import::default();
    let mut sections = ini(text);
    // As rclone has it: the later section of a name wins.
    let mut at = sections.len();
    while at > 0 {
        at -= 1;
        let name = sections[at].0.clone();
        if sections[at + 1..].iter().any(|(other, _)| *other == name) {
            sections.remove(at);
            import.notes.push(left(format!("[{name}]"), "it stands twice: the later one counts"));
        }
    }
    for (name, words) in &sections {
        let word = |key: &str| {
            let found = words.iter().rev().find(|(k, _)| k == key);
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        match word("type") {
            Some("s3") => import.found.push(remote(name, words, &word)),
            Some(_) => import.notes.push(left(format!("[{name}]"), "it is not S3")),
            None => import.notes.push(left(format!("[{name}]"), "it has no type")),
        }
    }
    Ok(import)
}

fn remote<'a>(
    name: &str,
    words: &[(String, String)],
    word: &impl Fn(&str) -> Option<&'a str>,
) -> Found {
    let mut found = Found::new(name);
    if let Some(provider) = word("provider") {
        match PROVIDERS.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(provider)) {
            Some((_, ours)) => found.provide(ours),
            None => found.draft.provider = "custom".into(),
        }
        found.take("provider");
    }
    if let Some(region) = word("region") {
        if region != "other-v2-signature" {
            found.draft.region = region.to_owned();
            found.take("region");
        } else {
            found.leave("region", "requests are always signed with version 4");
        }
    }
    match word("endpoint") {
        Some(endpoint) => {
            let provider = found.draft.provider.clone();
            found.at(endpoint);
            if provider != "custom" {
                found.draft.provider = provider;
            }
            found.take("endpoint");
        }
        None if found.draft.provider == "aws" => {}
        None => {
            let known = crate::providers().into_iter().find(|p| p.id == found.draft.provider);
            let template = known.map(|p| p.endpoint.clone()).unwrap_or_default();
            let region = found.draft.region.clone();
            found.draft.endpoint = template.replace("{region}", &region);
        }
    }
    if word("env_auth").is_some_and(yes) {
        found.draft.options.sign_in = match word("profile") {
            Some(profile) => Way::AwsProfile { name: profile.to_owned() },
            None => Way::Environment,
        };
        found.take("env_auth");
    } else if let (Some(access), Some(secret)) = (word("access_key_id"), word("secret_access_key"))
    {
        found.draft.access_key = access.to_owned();
        found.draft.secret_key = Secret::new(secret.to_owned());
        found.draft.session_token = word("session_token").map(|t| Secret::new(t.to_owned()));
        found.take("access_key_id");
        found.take("secret_access_key");
    }
    match word("force_path_style").map(yes) {
        Some(true) => found.draft.addressing = Addressing::Path,
        Some(false) => found.draft.addressing = Addressing::Virtual,
        None => {}
    }
    if let Some(role) = word("role_arn") {
        let source = match &found.draft.options.sign_in {
            Way::AwsProfile { name } => crate::RoleSource::AwsProfile { name: name.clone() },
            Way::Environment => crate::RoleSource::Environment,
            _ => crate::RoleSource::Keys,
        };
        found.draft.options.sign_in = Way::Role(crate::RoleWay {
            source,
            role_arn: role.to_owned(),
            external_id: word("role_external_id").map(str::to_owned),
            session_name: word("role_session_name").map(str::to_owned),
            ..crate::RoleWay::default()
        });
        found.take("role_arn");
    }
    let options = &mut found.draft.options;
    options.requester_pays = word("requester_pays").is_some_and(yes);
    options.dual_stack = word("use_dual_stack").is_some_and(yes);
    options.accelerate = word("use_accelerate_endpoint").is_some_and(yes);
    const KNOWN: &[&str] = &[
        "type",
        "provider",
        "region",
        "endpoint",
        "env_auth",
        "profile",
        "access_key_id",
        "secret_access_key",
        "session_token",
        "force_path_style",
        "role_arn",
        "role_external_id",
        "role_session_name",
        "requester_pays",
        "use_dual_stack",
        "use_accelerate_endpoint",
        "location_constraint",
        "description",
    ];
    for (key, value) in words {
        if KNOWN.contains(&key.as_str()) || value.is_empty() {
            continue;
        }
        let why = match key.as_str() {
            "acl"
            | "bucket_acl"
            | "storage_class"
            | "server_side_encryption"
            | "sse_kms_key_id" => "it is chosen with each upload",
            "sse_customer_key" | "sse_customer_key_base64" | "sse_customer_algorithm" => {
                "keys of one's own for encryption are not taken yet"
            }
            "v2_auth" => "requests are always signed with version 4",
            "shared_credentials_file" => "only the user's own AWS files are read",
            _ => "it has no meaning here",
        };
        found.leave(key, why);
    }
    found
}

/// `RCLONE_ENCRYPT_V0:`, then base64 of a nonce of 24 bytes and a NaCl secret box.
fn open(text: &str, password: Option<&Secret<String>>) -> Result<Secret<String>> {
    let damaged = || Failure::new(Code::DecryptFailed, "the encrypted file is damaged");
    let (_, rest) = text.split_once(MARK).ok_or_else(damaged)?;
    let Some(body) = rest.strip_prefix("0:") else {
        return Err(Failure::new(
            Code::Unsupported,
            "this file is encrypted in a newer way than is known here",
        ));
    };
    let Some(password) = password else {
        return Err(Failure::new(Code::DecryptFailed, "this file is encrypted")
            .with_hint("Give the password that rclone asks for."));
    };
    let packed: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let sealed = base64::engine::general_purpose::STANDARD.decode(packed).map_err(|_| damaged())?;
    if sealed.len() < 24 + 16 {
        return Err(damaged());
    }
    let phrase = Secret::new(format!("[{}][rclone-config]", password.expose()));
    let key: [u8; 32] = Sha256::digest(phrase.expose().as_bytes()).into();
    let (nonce, sealed) = sealed.split_at(24);
    let nonce: [u8; 24] = nonce.try_into().map_err(|_| damaged())?;
    let plain =
        XSalsa20Poly1305::new(&key.into()).decrypt(&Nonce::from(nonce), sealed).map_err(|_| {
            Failure::new(Code::DecryptFailed, "the password does not open this file")
                .with_hint("It is the one that rclone asks for, not one of a service.")
        })?;
    String::from_utf8(plain).map(Secret::new).map_err(|_| damaged())
}
