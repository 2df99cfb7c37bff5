//! Keys for encryption, by name, and the places where everything is encrypted with one.
//!
//! Who may know a key's name finds it in the database; the key itself is sealed in the vault. A name
//! that begins with `file:` is a file that holds the key, for whoever has no vault.

mod crypt;
mod defaults;
mod locked;
mod paper;
mod places;
mod ring;
mod uses;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use dipper_state::{KeyRow, Keys, Vault};
use dipper_types::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::events::Changed;
use crate::{App, Code, Failure, Result};

pub use defaults::BucketDefault;
pub(crate) use locked::Locks;
pub use locked::{Lock, SealedBy};
pub use places::Place;
pub(crate) use ring::Ring;
pub use uses::KeyUses;

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// SSE-C: 256 bits that the server gets with each request.
    Customer,
    /// OpenPGP as `gpg -c` has it, or age.
    Passphrase,
    /// A key pair of age, or an SSH key: encrypts and decrypts.
    Age,
    /// Recipients of age: encrypts only.
    Recipients,
    /// The password of one of rclone's crypt remotes, and its second one in another line.
    Rclone,
}

impl KeyKind {
    pub const ALL: [Self; 5] =
        [Self::Customer, Self::Passphrase, Self::Age, Self::Recipients, Self::Rclone];

    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Passphrase => "passphrase",
            Self::Age => "age",
            Self::Recipients => "recipients",
            Self::Rclone => "rclone",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A key as everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    pub name: String,
    pub kind: KeyKind,
    pub created_at: Timestamp,
    pub places: Vec<Place>,
    /// What others encrypt with so that this key decrypts it, a line each.
    pub recipients: Option<String>,
}

/// Keys of the vault, those of this run only, and what is known without opening either.
pub(crate) struct Chest {
    table: Keys,
    vault: Arc<Vault>,
    /// Of this run only, and those that were opened in it.
    here: Mutex<HashMap<String, Secret<String>>>,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    /// Names of keys for SSE-C.
    customer: Vec<String>,
    places: Vec<Place>,
}

const FILE: &str = "file:";

fn sealed_as(name: &str) -> String {
    format!("key/{name}")
}

impl Chest {
    pub fn new(table: Keys, vault: Arc<Vault>) -> Result<Self> {
        let chest = Self { table, vault, here: Mutex::default(), known: RwLock::default() };
        chest.look()?;
        Ok(chest)
    }

    pub fn vault(&self) -> Arc<Vault> {
        Arc::clone(&self.vault)
    }

    /// Reads again which keys and places there are.
    fn look(&self) -> Result<()> {
        let rows = self.table.list()?;
        let of_vault = rows.into_iter().filter(|row| row.kind == KeyKind::Customer.name());
        let mut customer: Vec<String> = of_vault.map(|row| row.name).collect();
        let here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        customer.extend(here.keys().filter(|name| name.starts_with(FILE)).cloned());
        drop(here);
        let places = self.table.places()?.into_iter().filter_map(Place::of).collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { customer, places };
        Ok(())
    }

    /// The key's text. Asks the vault the first time.
    pub async fn secret(&self, name: &str) -> Result<Secret<String>> {
        {
            let here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(held) = here.get(name) {
                return Ok(held.clone());
            }
        }
        let found = match name.strip_prefix(FILE) {
            Some(path) => key_file(path)?,
            None => {
                let (vault, sealed) = (Arc::clone(&self.vault), sealed_as(name));
                let found = crate::vault::blocking(move || Ok(vault.get(&sealed)?)).await?;
                found.ok_or_else(|| no_key(name))?
            }
        };
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        here.insert(name.to_owned(), found.clone());
        Ok(found)
    }

    async fn add(&self, row: KeyRow, secret: Secret<String>) -> Result<()> {
        let name = row.name.clone();
        if self.table.get(&name)?.is_some() {
            return Err(taken(&name));
        }
        let (vault, sealed, kept) = (Arc::clone(&self.vault), sealed_as(&name), secret.clone());
        // The vault first: a name without its key would be a promise.
        crate::vault::blocking(move || Ok(vault.put(&sealed, &kept)?)).await?;
        if !self.table.add(row).await? {
            return Err(taken(&name));
        }
        self.here.lock().unwrap_or_else(PoisonError::into_inner).insert(name, secret);
        self.look()
    }
}

fn taken(name: &str) -> Failure {
    Failure::new(Code::AlreadyExists, format!("there is a key '{name}' already"))
        .with_hint("Choose another name: what was encrypted with the old one still needs it.")
}

fn no_key(name: &str) -> Failure {
    Failure::new(Code::KeyMissing, format!("there is no key '{name}' on this computer")).with_hint(
        "Add it under that name (`dipper key add`); `dipper key ls` lists those that are here.",
    )
}

fn key_file(path: &str) -> Result<Secret<String>> {
    let bytes = std::fs::read(path)
        .map(Zeroizing::new)
        .map_err(|error| Failure::new(Code::LocalIo, format!("{path}: {error}")))?;
    match customer_bytes(&bytes) {
        Some(key) => Ok(Secret::new(BASE64.encode(key.as_slice()))),
        None => Err(Failure::invalid(format!("{path} holds no key for SSE-C"))
            .with_hint("32 bytes, as they are or in base64 or hexadecimal.")),
    }
}

/// 32 bytes as they are, in base64 or in hexadecimal.
fn customer_bytes(given: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let whole = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).ok().map(Zeroizing::new);
    whole(given).or_else(|| {
        let text = paper::key_of(std::str::from_utf8(given).ok()?).trim();
        let decoded = match text.len() {
            64 => hex::decode(text).ok(),
            _ => BASE64.decode(text).ok(),
        };
        whole(&Zeroizing::new(decoded?))
    })
}

fn check_name(name: &str) -> Result<()> {
    let fits = !name.is_empty()
        && name.len() <= 64
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' '))
        && name.trim() == name;
    match fits {
        true => Ok(()),
        false => Err(Failure::invalid(format!("'{name}' can't be a key's name"))
            .with_hint("Letters, digits, spaces, '-', '_' and '.', up to 64.")),
    }
}

impl App {
    /// Keys by name. No secret is read.
    pub fn keys(&self) -> Result<Vec<KeyInfo>> {
        self.chest.look()?;
        let known = self.chest.known.read().unwrap_or_else(PoisonError::into_inner);
        let info = |row: KeyRow| {
            let kind = KeyKind::parse(&row.kind)?;
            let places = known.places.iter().filter(|p| p.protection.uses(&row.name)).cloned();
            Some(KeyInfo {
                kind,
                created_at: row.created_at,
                places: places.collect(),
                recipients: crypt::recipients(&row.about),
                name: row.name,
            })
        };
        Ok(self.chest.table.list()?.into_iter().filter_map(info).collect())
    }

    /// A key of any kind, from its text, or made here where that can be.
    pub async fn keep_key(
        &self,
        name: &str,
        kind: KeyKind,
        given: Option<Secret<String>>,
    ) -> Result<()> {
        match kind {
            KeyKind::Customer => {
                let given = given.map(|text| Secret::new(text.expose().clone().into_bytes()));
                self.add_customer_key(name, given).await
            }
            kind => self.add_crypt_key(name, kind, given).await.map(drop),
        }
    }

    /// A key for SSE-C: made here, or (base64, hexadecimal or 32 bytes) from elsewhere.
    pub async fn add_customer_key(&self, name: &str, given: Option<Secret<Vec<u8>>>) -> Result<()> {
        check_name(name)?;
        let key = match given {
            Some(given) => customer_bytes(given.expose()).ok_or_else(|| {
                Failure::invalid("a key for SSE-C has 32 bytes")
                    .with_hint("As they are, or in base64 or hexadecimal.")
            })?,
            None => {
                let mut made = Zeroizing::new([0; 32]);
                getrandom::fill(made.as_mut_slice())
                    .map_err(|_| Failure::new(Code::Internal, "no randomness from the system"))?;
                made
            }
        };
        let secret = Secret::new(BASE64.encode(key.as_slice()));
        self.add_key(name, KeyKind::Customer, secret, "{}".to_owned()).await
    }

    async fn add_key(
        &self,
        name: &str,
        kind: KeyKind,
        secret: Secret<String>,
        about: String,
    ) -> Result<()> {
        let row = KeyRow {
            name: name.to_owned(),
            kind: kind.name().to_owned(),
            about,
            created_at: self.clock.now(),
        };
        self.chest.add(row, secret).await?;
        self.events.changed(Changed::Keys, None, None);
        Ok(())
    }

    /// A file with a key for SSE-C, for this run. Its name is told.
    pub fn use_key_file(&self, path: &std::path::Path) -> Result<String> {
        let full = std::path::absolute(path)
            .map_err(|error| Failure::new(Code::LocalIo, format!("{}: {error}", path.display())))?;
        let text = full.to_str().ok_or_else(|| {
            Failure::invalid(format!("{}: a key file's path is Unicode", full.display()))
        })?;
        let (name, secret) = (format!("{FILE}{text}"), key_file(text)?);
        self.chest.here.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), secret);
        self.chest.look()?;
        Ok(name)
    }

    /// The key as it is kept elsewhere: on paper, in another program.
    pub async fn export_key(&self, name: &str) -> Result<Secret<String>> {
        if self.chest.table.get(name)?.is_none() {
            return Err(no_key(name));
        }
        self.chest.secret(name).await
    }

    /// What was encrypted with it can't be read here any more. The caller has asked the user.
    ///
    /// # Errors
    /// `Conflict` where a place is still encrypted with it by default.
    pub async fn remove_key(&self, name: &str) -> Result<()> {
        let info = self.keys()?.into_iter().find(|key| key.name == name);
        let info = info.ok_or_else(|| no_key(name))?;
        if let Some(place) = info.places.first() {
            return Err(Failure::new(
                Code::Conflict,
                format!(
                    "everything new in s3://{}/{} is encrypted with '{name}'",
                    place.bucket, place.prefix
                ),
            )
            .with_hint("Give that place another key first, or none."));
        }
        self.chest.table.remove(name).await?;
        let (vault, sealed) = (self.connections.vault(), sealed_as(name));
        crate::vault::blocking(move || Ok(vault.remove(&sealed)?)).await?;
        self.chest.here.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.chest.look()?;
        self.events.changed(Changed::Keys, None, None);
        Ok(())
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod forms {
    use super::*;

    #[test]
    fn a_customers_key_in_each_form() {
        let key = [7_u8; 32];
        let base64 = format!("{}\n", BASE64.encode(key));
        for given in [key.to_vec(), base64.into_bytes(), hex::encode(key).into_bytes()] {
            assert_eq!(*customer_bytes(&given).unwrap(), key);
        }
        for bad in [&b""[..], b"short", &[7; 31], b"not base64 at all, but of some length ......"] {
            assert!(customer_bytes(bad).is_none());
        }
    }

    #[test]
    fn names_of_keys() {
        for good in ["a", "Backup 2026", "müller.work_1"] {
            check_name(good).unwrap();
        }
        for bad in ["", " a", "a/b", "file:x", "a\nb", &"x".repeat(65)] {
            check_name(bad).unwrap_err();
        }
    }
}
