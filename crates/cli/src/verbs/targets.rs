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

/// How far the transfers of a job have been told of.
#[derive(Default)]
struct Told {
    after: i64,
    number: u64,
}

/// Transfers are told of this often while their job runs.
const TELL_EVERY: std::time::Duration = std::time::Duration::from_millis(200);
const WINDOW: u32 = 1000;

impl Context<'_> {
    /// Waits for a job and tells of each transfer that is done, in the job's order, as soon as all
    /// before it have ended; then of what failed.
    pub async fn follow(
        &self,
        id: JobId,
        mut tell: impl FnMut(&Job, u64, &TransferItem),
    ) -> Result<Ended> {
        let mut told = Told::default();
        let ended = self.wait(id);
        tokio::pin!(ended);
        loop {
            tokio::select! {
                job = &mut ended => {
                    let job = job?;
                    self.tell_more(&job, true, &mut told, &mut tell)?;
                    return self.close(&job);
                }
                () = tokio::time::sleep(TELL_EVERY) => {
                    let job = self.app.job(id)?;
                    // Before, nobody knows of how many it is one.
                    if !job.planning {
                        self.tell_more(&job, false, &mut told, &mut tell)?;
                    }
                }
            }
        }
    }

    fn tell_more(
        &self,
        job: &Job,
        ended: bool,
        told: &mut Told,
        tell: &mut impl FnMut(&Job, u64, &TransferItem),
    ) -> Result<()> {
        use dipper_app::ItemState;
        loop {
            let filter = TransferFilter::All;
            let items = self.app.transfers_after(job.id, filter, told.after, WINDOW)?;
            if items.is_empty() {
                return Ok(());
            }
            for item in &items {
                let waits = matches!(
                    item.state,
                    ItemState::Queued | ItemState::Running | ItemState::Verifying
                );
                if waits && !ended {
                    return Ok(());
                }
                (told.after, told.number) = (item.id, told.number + 1);
                if item.state == ItemState::Completed {
                    tell(job, told.number, item);
                }
            }
        }
    }

    /// Every transfer of a job.
    pub fn each_item(
        &self,
        job: &Job,
        filter: TransferFilter,
        mut tell: impl FnMut(&TransferItem),
    ) -> Result<()> {
        let mut after = 0;
        loop {
            let items = self.app.transfers_after(job.id, filter, after, WINDOW)?;
            let Some(last) = items.last() else { return Ok(()) };
            after = last.id;
            items.iter().for_each(&mut tell);
        }
    }
}
