//! Places where everything that is uploaded is encrypted in one way, unless an upload says otherwise.

use std::sync::PoisonError;

use dipper_s3::ServerSide;
use dipper_state::PlaceRow;
use dipper_transfer::{Protected, Protection};
use dipper_types::{BucketName, ProfileId};

use super::{Chest, Known};
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
        let keys = self.keys()?;
        let wanted = match &protection {
            Protection::Server { with: ServerSide::Customer { key } } => std::slice::from_ref(key),
            Protection::Server { .. } => &[],
            Protection::Client { seal } => &seal.keys,
        };
        if let Some(key) = wanted.iter().find(|key| !keys.iter().any(|known| known.name == **key)) {
            return Err(super::no_key(key));
        }
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

    /// Places of a connection.
    pub fn protected_places(&self, profile: &str) -> Result<Vec<Place>> {
        self.chest.look()?;
        let known = self.chest.known.read().unwrap_or_else(PoisonError::into_inner);
        Ok(known.places.iter().filter(|place| place.profile == profile).cloned().collect())
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
