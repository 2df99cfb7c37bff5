//! Which objects an address means, with and without `--recursive`.

use std::collections::BTreeMap;

use dipper_app::{
    Below, Chosen, Draft, Failure, Item, Job, ListedAction, ListedObject, Result, TransferFilter,
    TransferItem,
};
use dipper_types::{BucketName, JobId, ObjectKey, Prefix, S3Uri};

use super::Context;
use super::matching::{Matches, Meant, meant};
use super::sifting::Sieve;
use crate::exit::Ended;
use crate::glob::Glob;
use crate::output::note;

/// Of one bucket: objects by name, folders with everything below them, and patterns.
#[derive(Debug, Default)]
pub struct Targets {
    keys: Vec<ObjectKey>,
    below: Vec<Prefix>,
    globs: Vec<Glob>,
    recursive: bool,
}

impl Targets {
    fn add(&mut self, meant: Meant) -> Result<()> {
        match (meant, self.recursive) {
            (Meant::Path(path), true) => self.add_below(Prefix::folder(&path)?),
            (Meant::Path(path), false) => self.add_key(ObjectKey::new(path)?),
            (Meant::Pattern(glob), _) => self.globs.push(glob),
        }
        Ok(())
    }

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

    /// Whether the key was meant by a name, a folder, or one of the first patterns.
    fn covers(&self, key: &str, patterns: usize) -> bool {
        self.keys.iter().any(|known| known.as_str() == key)
            || self.below.iter().any(|outer| key.starts_with(outer.as_str()))
            || self.globs.iter().take(patterns).any(|glob| match self.recursive {
                true => glob.covers(key),
                false => glob.matches(key),
            })
    }

    /// Begins a job over all of them. What patterns mean is found first, and frozen; folders are
    /// listed while the job runs.
    pub async fn begin(
        &self,
        context: &Context<'_>,
        bucket: &BucketName,
        action: ListedAction,
        sieve: Option<&Sieve>,
    ) -> Result<JobId> {
        let (app, profile, root) = (context.app, &context.profile, Prefix::root());
        let chosen = Chosen::from(self);
        // Of single objects, size and age must be asked for.
        let asked = !self.keys.is_empty() && sieve.is_some_and(Sieve::is_bounded);
        if self.globs.is_empty() && !asked {
            let title = chosen.title();
            let chosen = match sieve {
                Some(sieve) => sieve.sifted(bucket, chosen)?,
                None => chosen,
            };
            return app.listed(profile, bucket.clone(), root, title, chosen, action).await;
        }
        let title =
            self.globs.first().map_or_else(|| chosen.title(), |glob| glob.text().to_owned());
        let mut draft = app.draft(profile, bucket, &root, title, action).await?;
        let mut each = self.each(context, bucket, sieve);
        let filled = async {
            while let Some((key, size)) = each.next().await? {
                draft.add(Item::from((key, size))).await?;
            }
            Ok(())
        };
        let filled = filled.await;
        begun(draft, filled).await
    }

    pub fn each<'a>(
        &'a self,
        context: &'a Context<'a>,
        bucket: &'a BucketName,
        sieve: Option<&'a Sieve>,
    ) -> Each<'a> {
        Each { context, bucket, targets: self, sieve, at: 0, open: None }
    }
}

/// A job whose objects are all known, or nothing at all.
pub async fn begun(draft: Draft, filled: Result<()>) -> Result<JobId> {
    match filled {
        Ok(()) => draft.begin().await,
        Err(failure) => {
            draft.give_up().await?;
            Err(failure)
        }
    }
}

/// The same; `None` where there is no object.
pub async fn begun_if_any(draft: Draft, filled: Result<()>) -> Result<Option<JobId>> {
    if draft.objects() == 0 {
        draft.give_up().await?;
        return filled.map(|()| None);
    }
    begun(draft, filled).await.map(Some)
}

/// An object, as far as it is known.
enum Meets {
    Named(ObjectKey),
    Listed(ListedObject),
}

/// The objects that are meant, one after the other, each once.
pub struct Each<'a> {
    context: &'a Context<'a>,
    bucket: &'a BucketName,
    targets: &'a Targets,
    sieve: Option<&'a Sieve>,
    at: usize,
    open: Option<Matches>,
}

impl Each<'_> {
    pub async fn next(&mut self) -> Result<Option<(ObjectKey, u64)>> {
        while let Some(found) = self.any().await? {
            let taken = match (self.sieve, &found) {
                (None, _) => true,
                (Some(sieve), Meets::Named(key)) => {
                    sieve.takes_named(self.context, self.bucket, key, None).await?
                }
                (Some(sieve), Meets::Listed(object)) => sieve.takes_listed(self.bucket, object)?,
            };
            match found {
                _ if !taken => {}
                Meets::Named(key) => return Ok(Some((key, 0))),
                Meets::Listed(object) => {
                    return Ok(Some((ObjectKey::new(object.key)?, object.size)));
                }
            }
        }
        Ok(None)
    }

    async fn any(&mut self) -> Result<Option<Meets>> {
        let Targets { keys, below, globs, recursive } = self.targets;
        loop {
            if let Some(key) = keys.get(self.at) {
                self.at += 1;
                return Ok(Some(Meets::Named(key.clone())));
            }
            let folder = self.at - keys.len();
            let pattern = folder.checked_sub(below.len());
            if self.open.is_none() {
                self.open = match (below.get(folder), pattern.and_then(|at| globs.get(at))) {
                    (Some(prefix), _) => Some(
                        Matches::below(self.context, self.bucket, prefix.as_str(), None).await?,
                    ),
                    (_, Some(glob)) => {
                        Some(Matches::of(self.context, self.bucket, glob, *recursive, None).await?)
                    }
                    _ => return Ok(None),
                };
            }
            let Some(open) = &mut self.open else { return Ok(None) };
            while let Some(found) = open.next().await? {
                let object = found.object;
                let before = pattern.is_some_and(|at| self.targets.covers(&object.key, at));
                if !before {
                    return Ok(Some(Meets::Listed(object)));
                }
            }
            (self.at, self.open) = (self.at + 1, None);
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
    let parsed = parsed(uris, recursive)?;
    let mut wanted: BTreeMap<BucketName, Targets> = BTreeMap::new();
    for (bucket, _) in &parsed {
        let new = || Targets { recursive, ..Targets::default() };
        wanted.entry(bucket.clone()).or_insert_with(new);
    }
    if wanted.len() > 1 {
        let s3 = context.app.client(&context.profile).await?;
        for bucket in wanted.keys() {
            s3.head_bucket(bucket).await?;
        }
    }
    for (bucket, path) in parsed {
        let meant = meant(context, &bucket, &path, recursive).await?;
        wanted.entry(bucket).or_default().add(meant)?;
    }
    Ok(wanted)
}

fn parsed(uris: &[String], recursive: bool) -> Result<Vec<(BucketName, String)>> {
    let each = uris.iter().map(|uri| match S3Uri::parse(uri)? {
        S3Uri::Path(bucket, path) => {
            // Whatever it means: it must be one that a key can have.
            match recursive {
                true => drop(Prefix::folder(&path)?),
                false => drop(ObjectKey::new(path.clone())?),
            }
            Ok((bucket, path))
        }
        S3Uri::Bucket(bucket) if recursive => Ok((bucket, String::new())),
        _ => Err(Failure::invalid(format!("'{uri}' names no object"))
            .with_hint("Use --recursive for everything below it.")),
    });
    each.collect()
}

pub fn nothing_there(verb: &str, bucket: &BucketName) {
    note(&format!("WARNING: there is nothing to {verb} there in s3://{bucket}"));
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
            let mut targets = Targets { recursive, ..Targets::default() };
            for (_, path) in parsed(&uris, recursive).unwrap() {
                let pattern = Glob::is(&path).then(|| Glob::new(&path).unwrap());
                targets.add(pattern.map_or(Meant::Path(path), Meant::Pattern)).unwrap();
            }
            targets
        };
        let prefixes = |targets: Targets| -> Vec<String> {
            targets.below.iter().map(ToString::to_string).collect()
        };
        let nested = ["s3://one/a/b", "s3://one/a/", "s3://one/ab", "s3://one/a/c/"];
        assert_eq!(prefixes(of(&nested, true)), ["a/", "ab/"]);
        assert_eq!(prefixes(of(&["s3://one", "s3://one/x"], true)), [""]);
        assert_eq!(of(&["s3://one/x", "s3://one/x"], false).keys.len(), 1);
        assert!(parsed(&["s3://one".into()], false).is_err());
        let mixed = of(&["s3://one/x", "s3://one/a*", "s3://one/*b"], false);
        assert!(mixed.covers("x", 0) && !mixed.covers("ab", 0) && mixed.covers("ab", 1));
        assert!(!mixed.covers("a/b", 2));
        assert!(of(&["s3://one/a*", "s3://one/*b"], true).covers("a/b", 1));
    }
}
