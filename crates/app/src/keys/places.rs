//! Places where everything that is uploaded is encrypted in one way, unless an upload says otherwise.

use std::sync::PoisonError;

use dipper_crypt::Format;
use dipper_state::PlaceRow;
use dipper_transfer::{Protected, Protection};
use dipper_types::{BucketName, ProfileId};

use super::{Chest, KeyKind, Known};
use crate::events::Changed;
use crate::{App, Failure, Result};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub profile: String,
    pub bucket: String,
    pub prefix: String,
    pub protection: Protection,
}

impl Place {
    /// `None`: a newer version wrote it.
    pub(super) fn of(row: PlaceRow) -> Option<Self> {
        let protection = match serde_json::from_str(&row.how) {
            Ok(protection) => protection,
            Err(error) => {
                tracing::warn!(bucket = row.bucket, %error, "a place's encryption can't be read");
                return None;
            }
        };
        Some(Self {
            profile: row.profile.to_string(),
            bucket: row.bucket,
            prefix: row.prefix,
            protection,
        })
    }
}

impl App {
    /// From now on, what is uploaded below a prefix (empty: all of the bucket) is encrypted so.
    pub async fn protect(
        &self,
        profile: &str,
        bucket: &BucketName,
        prefix: &str,
        protection: Protection,
    ) -> Result<()> {
        self.check_protection(&protection)?;
        let how = serde_json::to_string(&protection)
            .map_err(|error| Failure::invalid(error.to_string()))?;
        let row = PlaceRow {
            profile: ProfileId::new(profile),
            bucket: bucket.to_string(),
            prefix: prefix.to_owned(),
            how,
        };
        self.chest.table.protect(row).await?;
        self.chest.look()?;
        self.events.changed(Changed::Keys, Some(profile), Some(bucket.as_str()));
        Ok(())
    }

    /// What lies there already stays as it is.
    pub async fn unprotect(&self, profile: &str, bucket: &BucketName, prefix: &str) -> Result<()> {
        let profile_id = ProfileId::new(profile);
        if !self.chest.table.unprotect(&profile_id, bucket, prefix).await? {
            return Err(Failure::invalid(format!(
                "s3://{bucket}/{prefix} has no encryption of its own here"
            )));
        }
        self.chest.look()?;
        self.events.changed(Changed::Keys, Some(profile), Some(bucket.as_str()));
        Ok(())
    }

    /// Whether its keys are here, and can do it.
    pub fn check_protection(&self, protection: &Protection) -> Result<()> {
        let kinds = protection.keys().iter().map(|name| {
            let row = self.chest.table.get(name)?;
            row.and_then(|row| KeyKind::parse(&row.kind)).ok_or_else(|| super::no_key(name))
        });
        let kinds = kinds.collect::<Result<Vec<KeyKind>>>()?;
        let cant = |what: &str| Err(Failure::invalid(what));
        let format: Format = match protection {
            Protection::Server { .. } if kinds.iter().all(|kind| *kind == KeyKind::Customer) => {
                return Ok(());
            }
            Protection::Server { .. } => return cant("SSE-C takes a key of kind customer"),
            Protection::Client { seal } => seal
                .format
                .parse()
                .map_err(|e: dipper_crypt::Error| Failure::invalid(e.to_string()))?,
        };
        if kinds.is_empty() {
            return cant("a key is needed");
        }
        if !kinds.iter().all(|kind| super::crypt::encrypts(*kind, format)) {
            return Err(Failure::invalid(format!("this key can't encrypt as {format}")));
        }
        let several = format == Format::Age && !kinds.contains(&KeyKind::Passphrase);
        match kinds.len() > 1 && !several {
            true => cant("only public keys of age go together; a passphrase stands alone"),
            false => Ok(()),
        }
    }

    /// Places of all connections.
    pub fn places(&self) -> Result<Vec<Place>> {
        self.chest.look()?;
        let known = self.chest.known.read().unwrap_or_else(PoisonError::into_inner);
        Ok(known.places.clone())
    }

    /// Places of a connection.
    pub fn protected_places(&self, profile: &str) -> Result<Vec<Place>> {
        Ok(self.places()?.into_iter().filter(|place| place.profile == profile).collect())
    }
}

impl Chest {
    /// How what comes into a bucket is encrypted if nothing else is said.
    pub fn protected_in(&self, profile: &str, bucket: &str) -> Vec<Protected> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).protected_in(profile, bucket)
    }
}

impl Known {
    pub(super) fn protected_in(&self, profile: &str, bucket: &str) -> Vec<Protected> {
        let here = self.places.iter().filter(|p| p.profile == profile && p.bucket == bucket);
        here.map(|p| Protected { prefix: p.prefix.clone(), protection: p.protection.clone() })
            .collect()
    }
}
