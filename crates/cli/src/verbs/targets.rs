//! Which objects an address means, with and without `--recursive`.

use std::collections::BTreeMap;

use dipper_app::{Failure, Item, Job, Result, TransferFilter, TransferItem};
use dipper_types::{BucketName, JobId, ObjectKey, Prefix, S3Uri};

use super::Context;
use crate::exit::Ended;
use crate::output::note;

/// By bucket, each object once, with its size where that is known.
pub type Targets = BTreeMap<BucketName, BTreeMap<ObjectKey, u64>>;

/// Every address first: nothing is done if one of them is wrong.
pub async fn targets(
    context: &Context<'_>,
    uris: &[String],
    recursive: bool,
    verb: &str,
) -> Result<Targets> {
    let mut wanted = Targets::new();
    for uri in uris {
        let (bucket, path) = match S3Uri::parse(uri)? {
            S3Uri::Path(bucket, path) => (bucket, path),
            S3Uri::Bucket(bucket) if recursive => (bucket, String::new()),
            _ => {
                return Err(Failure::invalid(format!("'{uri}' names no object"))
                    .with_hint("Use --recursive for everything below it."));
            }
        };
        let found = wanted.entry(bucket.clone()).or_default();
        if recursive {
            let prefix = Prefix::folder(&path)?;
            found.extend(context.app.everything_below(&context.profile, &bucket, &prefix).await?);
        } else {
            found.insert(ObjectKey::new(path)?, 0);
        }
    }
    for (bucket, objects) in &wanted {
        if objects.is_empty() {
            note(&format!("WARNING: there is nothing to {verb} there in s3://{bucket}"));
        }
    }
    wanted.retain(|_, objects| !objects.is_empty());
    Ok(wanted)
}

pub fn items(objects: BTreeMap<ObjectKey, u64>) -> Vec<Item> {
    objects.into_iter().map(Item::from).collect()
}

/// An object, not a bucket.
pub fn object_only(text: &str) -> Result<(BucketName, ObjectKey)> {
    match S3Uri::parse(text)? {
        S3Uri::Path(bucket, path) => Ok((bucket, ObjectKey::new(path)?)),
        _ => Err(Failure::invalid(format!("'{text}' is no object; write s3://BUCKET/KEY"))),
    }
}

/// A bucket, or what is below a prefix of it.
pub fn place(text: &str) -> Result<(BucketName, String)> {
    match S3Uri::parse(text)? {
        S3Uri::Bucket(bucket) => Ok((bucket, String::new())),
        S3Uri::Path(bucket, path) => Ok((bucket, path)),
        S3Uri::Service => Err(Failure::invalid("a bucket is needed: s3://BUCKET[/PREFIX]")),
    }
}

impl Context<'_> {
    /// Waits for a job, tells of each transfer that is done, then of what failed.
    pub async fn follow(
        &self,
        id: JobId,
        mut tell: impl FnMut(&Job, u64, &TransferItem),
    ) -> Result<Ended> {
        let job = self.wait(id).await?;
        self.each_item(&job, TransferFilter::All, |number, item| {
            if item.state == dipper_app::ItemState::Completed {
                tell(&job, number, item);
            }
        })?;
        self.close(&job)
    }

    /// Every transfer of a job, with its number from 1.
    pub fn each_item(
        &self,
        job: &Job,
        filter: TransferFilter,
        mut tell: impl FnMut(u64, &TransferItem),
    ) -> Result<()> {
        let mut number = 0;
        loop {
            let window = self.app.transfers(job.id, filter, number, 500)?;
            if window.items.is_empty() {
                return Ok(());
            }
            for item in &window.items {
                number += 1;
                tell(number, item);
            }
        }
    }
}
