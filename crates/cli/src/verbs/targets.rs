//! Which objects an address means, with and without `--recursive`.

use std::collections::BTreeMap;

use dipper_app::{Below, Chosen, Failure, Item, Job, Result, TransferFilter, TransferItem};
use dipper_types::{BucketName, JobId, ObjectKey, Prefix, S3Uri};

use super::Context;
use crate::exit::Ended;
use crate::output::note;

/// Of one bucket: objects by name, and folders with everything below them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Targets {
    keys: Vec<ObjectKey>,
    below: Vec<Prefix>,
}

impl Targets {
    /// Each object once.
    fn add_below(&mut self, prefix: Prefix) {
        let covers = |outer: &Prefix, inner: &str| inner.starts_with(outer.as_str());
        if self.below.iter().any(|outer| covers(outer, prefix.as_str())) {
            return;
        }
        self.below.retain(|inner| !covers(&prefix, inner.as_str()));
        self.keys.retain(|key| !covers(&prefix, key.as_str()));
        self.below.push(prefix);
    }

    fn add_key(&mut self, key: ObjectKey) {
        let covered = self.below.iter().any(|outer| key.as_str().starts_with(outer.as_str()));
        if !covered && !self.keys.contains(&key) {
            self.keys.push(key);
        }
    }
}

impl From<&Targets> for Chosen {
    fn from(targets: &Targets) -> Self {
        let items = targets.keys.iter().map(|key| Item::from((key.clone(), 0))).collect();
        let below = targets.below.iter();
        let below =
            below.map(|prefix| Below { prefix: prefix.to_string(), ..Below::default() }).collect();
        Self { items, below }
    }
}

/// Every address first: nothing is done if one of them is wrong, or names a bucket that is not there.
pub async fn targets(
    context: &Context<'_>,
    uris: &[String],
    recursive: bool,
) -> Result<BTreeMap<BucketName, Targets>> {
    let wanted = parsed(uris, recursive)?;
    if wanted.len() > 1 {
        let s3 = context.app.client(&context.profile).await?;
        for bucket in wanted.keys() {
            s3.head_bucket(bucket).await?;
        }
    }
    Ok(wanted)
}

fn parsed(uris: &[String], recursive: bool) -> Result<BTreeMap<BucketName, Targets>> {
    let mut wanted: BTreeMap<BucketName, Targets> = BTreeMap::new();
    for uri in uris {
        let (bucket, path) = match S3Uri::parse(uri)? {
            S3Uri::Path(bucket, path) => (bucket, path),
            S3Uri::Bucket(bucket) if recursive => (bucket, String::new()),
            _ => {
                return Err(Failure::invalid(format!("'{uri}' names no object"))
                    .with_hint("Use --recursive for everything below it."));
            }
        };
        let of_bucket = wanted.entry(bucket).or_default();
        match recursive {
            true => of_bucket.add_below(Prefix::folder(&path)?),
            false => of_bucket.add_key(ObjectKey::new(path)?),
        }
    }
    Ok(wanted)
}

pub fn nothing_there(verb: &str, bucket: &BucketName) {
    note(&format!("WARNING: there is nothing to {verb} there in s3://{bucket}"));
}

/// What the addresses mean now, key by key: for dry runs, and for what is done one by one.
pub async fn expanded(
    context: &Context<'_>,
    bucket: &BucketName,
    targets: &Targets,
    verb: &str,
) -> Result<Vec<ObjectKey>> {
    let mut keys = targets.keys.clone();
    for prefix in &targets.below {
        let below = context.app.everything_below(&context.profile, bucket, prefix).await?;
        keys.extend(below.into_iter().map(|(key, _)| key));
    }
    if keys.is_empty() {
        nothing_there(verb, bucket);
    }
    Ok(keys)
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

    /// Whether a job turned out to have nothing to do.
    pub fn was_empty(&self, id: JobId) -> Result<bool> {
        Ok(self.app.job(id)?.files_total == 0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_object_is_meant_once() {
        let of = |uris: &[&str], recursive| {
            let uris: Vec<String> = uris.iter().map(|&uri| uri.to_owned()).collect();
            parsed(&uris, recursive).unwrap().into_values().next().unwrap()
        };
        let prefixes = |targets: Targets| -> Vec<String> {
            targets.below.iter().map(ToString::to_string).collect()
        };
        let nested = ["s3://one/a/b", "s3://one/a/", "s3://one/ab", "s3://one/a/c/"];
        assert_eq!(prefixes(of(&nested, true)), ["a/", "ab/"]);
        assert_eq!(prefixes(of(&["s3://one", "s3://one/x"], true)), [""]);
        assert_eq!(of(&["s3://one/x", "s3://one/x"], false).keys.len(), 1);
        assert!(parsed(&["s3://one".into()], false).is_err());
    }
}
