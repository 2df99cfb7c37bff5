//! Keys for what is encrypted on this machine, in the forms that people have them.

use std::sync::PoisonError;

use dipper_crypt::{
    AgeIdentity, AgeRecipients, DecryptKeys, EncryptKey, Error, Format, RcloneKeys, reveal,
};
use dipper_transfer::Seal;
use dipper_types::Secret;
use serde_json::{Value, json};

use super::{Chest, FILE, KeyKind, check_name, no_key};
use crate::{App, Code, Failure, Result};

/// A passphrase of this run, from an `.s3cfg`.
const RUN: &str = "run:";

fn wrong(error: &Error) -> Failure {
    Failure::invalid(error.to_string())
}

/// Whether a key of this kind encrypts in this format.
pub(super) fn encrypts(kind: KeyKind, format: Format) -> bool {
    match format {
        Format::OpenPgp => kind == KeyKind::Passphrase,
        Format::Age => {
            matches!(kind, KeyKind::Passphrase | KeyKind::Age | KeyKind::Recipients)
        }
        Format::Rclone => kind == KeyKind::Rclone,
    }
}

/// Whether a key of this kind may open a file of this format.
pub(super) fn opens(kind: KeyKind, format: Format) -> bool {
    encrypts(kind, format) && kind != KeyKind::Recipients
}

/// As it was kept beside the key.
pub(super) fn recipients(about: &str) -> Option<String> {
    let about: Value = serde_json::from_str(about).ok()?;
    about.get("recipients")?.as_str().map(str::to_owned)
}

/// The password of a crypt remote and the second one, in plain text or as rclone's own file has them
/// (`obscured:`).
fn rclone(text: &Secret<String>) -> Result<RcloneKeys> {
    let plain = |line: &str| match line.strip_prefix("obscured:") {
        Some(obscured) => reveal(&Secret::new(obscured.to_owned())).map_err(|error| wrong(&error)),
        None => Ok(Secret::new(line.to_owned())),
    };
    let mut lines = text.expose().lines();
    let password = plain(lines.next().unwrap_or_default())?;
    let second = lines.next().filter(|line| !line.is_empty()).map(plain).transpose()?;
    RcloneKeys::derive(&password, second.as_ref()).map_err(|error| wrong(&error))
}

impl Chest {
    /// Kind and text of a key.
    async fn opened(&self, name: &str) -> Result<(KeyKind, Secret<String>)> {
        let kind = match self.table.get(name)? {
            Some(row) => KeyKind::parse(&row.kind).ok_or_else(|| no_key(name))?,
            None if name.starts_with(RUN) => KeyKind::Passphrase,
            None => return Err(no_key(name)),
        };
        Ok((kind, self.secret(name).await?))
    }

    /// What files are encrypted with.
    pub async fn encrypt_key(&self, seal: &Seal) -> Result<EncryptKey> {
        let format: Format = seal.format.parse().map_err(|error| wrong(&error))?;
        let mut lines = Vec::new();
        for name in &seal.keys {
            let (kind, secret) = self.opened(name).await?;
            match (kind, format) {
                (KeyKind::Passphrase, Format::OpenPgp) => return Ok(EncryptKey::OpenPgp(secret)),
                (KeyKind::Passphrase, Format::Age) => return Ok(EncryptKey::AgePassphrase(secret)),
                (KeyKind::Rclone, Format::Rclone) => {
                    return Ok(EncryptKey::Rclone(rclone(&secret)?));
                }
                (KeyKind::Recipients, Format::Age) => lines.push(secret.expose().clone()),
                (KeyKind::Age, Format::Age) => {
                    let row = self.table.get(name)?;
                    let own = row.and_then(|row| recipients(&row.about));
                    lines.push(own.ok_or_else(|| no_key(name))?);
                }
                _ => {
                    return Err(Failure::invalid(format!(
                        "'{name}' is a key of kind {}, which can't encrypt as {format}",
                        kind.name()
                    )));
                }
            }
        }
        let all = AgeRecipients::parse(&lines.join("\n")).map_err(|error| wrong(&error))?;
        Ok(EncryptKey::AgeRecipients(all))
    }

    /// All that may open a file of this format.
    ///
    /// # Errors
    /// Why there is none: a locked vault, or no such key.
    pub async fn decrypt_keys(&self, format: Format) -> Result<DecryptKeys> {
        let rows = self.table.list()?;
        let mut names: Vec<String> = rows.into_iter().map(|row| row.name).collect();
        {
            let here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
            names.extend(here.keys().filter(|name| name.starts_with(RUN)).cloned());
        }
        let (mut keys, mut missing) = (DecryptKeys::new(), None);
        for name in names.iter().filter(|name| !name.starts_with(FILE)) {
            let row = self.table.get(name)?;
            let kind = row.map_or(Some(KeyKind::Passphrase), |row| KeyKind::parse(&row.kind));
            let Some(kind) = kind.filter(|kind| opens(*kind, format)) else { continue };
            let secret = match self.secret(name).await {
                Ok(secret) => secret,
                Err(failure) => {
                    missing = missing.or(Some(failure));
                    continue;
                }
            };
            keys = match kind {
                KeyKind::Passphrase => keys.with_passphrase(secret),
                KeyKind::Rclone => keys.with_rclone(rclone(&secret)?),
                _ => {
                    let own = AgeIdentity::parse(&secret, None).map_err(|error| wrong(&error))?;
                    keys.with_identities(own)
                }
            };
        }
        if !keys.is_empty() {
            return Ok(keys);
        }
        Err(missing.unwrap_or_else(|| {
            let what = format!("it is encrypted ({format}), and there is no key for that here");
            Failure::new(Code::KeyMissing, what).with_hint(
                "Add the key (`dipper key add`), or fetch it as it is stored (`dipper get --as-stored`).",
            )
        }))
    }
}

impl App {
    /// A key for encryption here, from its text; a key pair of age is made where none is given. Tells
    /// what others encrypt with, where there is such a thing.
    pub async fn add_crypt_key(
        &self,
        name: &str,
        kind: KeyKind,
        given: Option<Secret<String>>,
    ) -> Result<Option<String>> {
        check_name(name)?;
        let given = given.map(|text| match super::paper::key_of(text.expose()) {
            key if key.len() == text.expose().len() => text,
            key => Secret::new(key.to_owned()),
        });
        let needed = || Failure::invalid(format!("a key of kind {} must be given", kind.name()));
        let (secret, recipients) = match (kind, given) {
            (KeyKind::Customer, _) => return Err(needed()),
            (KeyKind::Age, None) => {
                let (secret, recipient) = AgeIdentity::generate();
                (secret, Some(recipient))
            }
            (KeyKind::Age, Some(text)) => {
                let own = AgeIdentity::parse(&text, None).map_err(|error| wrong(&error))?;
                let all: Option<Vec<String>> = own.iter().map(AgeIdentity::recipient).collect();
                let all = all.ok_or_else(|| Failure::invalid("this key names no recipient"))?;
                (text, Some(all.join("\n")))
            }
            (_, None) => return Err(needed()),
            (KeyKind::Recipients, Some(text)) => {
                let all = AgeRecipients::parse(text.expose()).map_err(|error| wrong(&error))?;
                (text, Some(all.to_string()))
            }
            (KeyKind::Rclone, Some(text)) => {
                rclone(&text)?;
                (text, None)
            }
            (KeyKind::Passphrase, Some(text)) => {
                let line = text.expose().trim_end_matches(['\r', '\n']).to_owned();
                if line.is_empty() || line.contains(['\n', '\r', '\0']) {
                    return Err(Failure::invalid("a passphrase is one line"));
                }
                (Secret::new(line), None)
            }
        };
        let about = match &recipients {
            Some(recipients) => json!({ "recipients": recipients }),
            None => json!({}),
        };
        self.add_key(name, kind, secret, about.to_string()).await?;
        Ok(recipients)
    }

    /// A passphrase of this run. Its name is told.
    pub fn use_passphrase(&self, from: &str, passphrase: Secret<String>) -> String {
        let name = format!("{RUN}{from}");
        let mut here = self.chest.here.lock().unwrap_or_else(PoisonError::into_inner);
        here.insert(name.clone(), passphrase);
        name
    }

    /// In which format keys encrypt: as is asked, or as their kind has it.
    pub fn seal(&self, keys: &[String], format: Option<&str>) -> Result<Seal> {
        let mut natural = None;
        for name in keys {
            let kind = match self.chest.table.get(name)? {
                Some(row) => KeyKind::parse(&row.kind),
                None if name.starts_with(RUN) => Some(KeyKind::Passphrase),
                None => None,
            };
            natural = natural.or(match kind.ok_or_else(|| no_key(name))? {
                KeyKind::Customer => {
                    return Err(Failure::invalid(format!("'{name}' is a key for SSE-C"))
                        .with_hint(format!("--sse-c={name} has the server encrypt with it.")));
                }
                KeyKind::Passphrase => Some(Format::OpenPgp),
                KeyKind::Age | KeyKind::Recipients => Some(Format::Age),
                KeyKind::Rclone => Some(Format::Rclone),
            });
        }
        let named = format.map(str::parse).transpose().map_err(|error: Error| wrong(&error))?;
        let format: Format =
            named.or(natural).ok_or_else(|| Failure::invalid("a key is needed"))?;
        Ok(Seal { format: format.as_str().to_owned(), keys: keys.to_vec() })
    }
}
