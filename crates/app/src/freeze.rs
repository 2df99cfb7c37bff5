//! A selection, frozen: exactly the set that a confirmation shows and a job touches.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use dipper_s3::{ListRequest, S3};
use dipper_types::{BucketName, ObjectKey, Prefix};

use crate::listing::ListingId;
use crate::{App, Failure, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versioning {
    Unversioned,
    Versioned,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    pub token: u32,
    pub objects: u64,
    pub folders: u64,
    pub bytes: u64,
    pub sample: Vec<String>,
    pub versioning: Versioning,
}

#[derive(Debug, Clone)]
pub(crate) struct Set {
    pub profile: String,
    pub bucket: BucketName,
    pub prefix: Prefix,
    pub title: String,
    pub objects: Vec<(ObjectKey, u64)>,
}

const KEPT: u32 = 16;
const SAMPLE: usize = 5;

#[derive(Default)]
pub(crate) struct FrozenSets {
    inner: Mutex<(u32, HashMap<u32, Set>)>,
}

impl FrozenSets {
    fn add(&self, set: Set) -> u32 {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0 += 1;
        let token = inner.0;
        inner.1.insert(token, set);
        inner.1.retain(|t, _| t + KEPT > token);
        token
    }
}

/// Every object below a prefix, all pages.
pub(crate) async fn everything_below(
    s3: &S3,
    bucket: &BucketName,
    prefix: &str,
    mut found: impl FnMut(ObjectKey, u64),
) -> Result<()> {
    let request = ListRequest { prefix: prefix.to_owned(), ..ListRequest::default() };
    let mut listing = s3.list(bucket, request);
    while let Some(page) = listing.next().await? {
        for object in page.objects {
            found(ObjectKey::new(object.key)?, object.size);
        }
    }
    Ok(())
}

impl App {
    /// Looks into selected folders, counts, and keeps the set under a token.
    pub async fn freeze(&self, id: ListingId) -> Result<Frozen> {
        let listing = self.listings.get(id)?;
        let chosen = listing.chosen();
        if chosen.is_empty() {
            return Err(Failure::invalid("nothing is selected"));
        }
        let s3 = self.s3(&listing.profile).await?;
        let mut objects: BTreeMap<ObjectKey, u64> = BTreeMap::new();
        let mut folders = 0;
        for (key, size) in &chosen {
            match size {
                Some(size) => {
                    objects.insert(ObjectKey::new(key.clone())?, *size);
                }
                None => {
                    folders += 1;
                    everything_below(&s3, &listing.bucket, key, |key, size| {
                        objects.insert(key, size);
                    })
                    .await?;
                }
            }
        }
        let versioning = self.versioning(&s3, &listing.bucket).await;
        let name = |key: &str| key.strip_prefix(listing.prefix.as_str()).unwrap_or(key).to_owned();
        let sample: Vec<String> = chosen.iter().take(SAMPLE).map(|(key, _)| name(key)).collect();
        let title = match chosen.as_slice() {
            [(key, _)] => name(key),
            many => format!("{} items", many.len()),
        };
        let bytes = objects.values().sum();
        let count = objects.len() as u64;
        let token = self.frozen.add(Set {
            profile: listing.profile.clone(),
            bucket: listing.bucket.clone(),
            prefix: listing.prefix.clone(),
            title,
            objects: objects.into_iter().collect(),
        });
        Ok(Frozen { token, objects: count, folders, bytes, sample, versioning })
    }

    pub(crate) async fn versioning(&self, s3: &S3, bucket: &BucketName) -> Versioning {
        match s3.bucket_versioned(bucket).await {
            Ok(true) => Versioning::Versioned,
            Ok(false) => Versioning::Unversioned,
            Err(_) => Versioning::Unknown,
        }
    }

    pub(crate) fn frozen_set(&self, token: u32) -> Result<Set> {
        let inner = self.frozen.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1.get(&token).cloned().ok_or_else(gone)
    }

    pub(crate) fn take_frozen(&self, token: u32) -> Result<Set> {
        let mut inner = self.frozen.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1.remove(&token).ok_or_else(gone)
    }
}

fn gone() -> Failure {
    Failure::invalid("this selection is no longer at hand").with_hint("Select the items again.")
}
