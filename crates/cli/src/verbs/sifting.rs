//! Which of the objects that addresses mean are taken.

use dipper_app::{
    Bounds, Chosen, Failure, Filter, HeadRequest, ListedObject, Result, Rules, cut_of,
};
use dipper_types::{BucketName, Clock, ObjectKey, S3Uri, SystemClock, Timestamp};

use super::Context;
use crate::args_moving::FilterArgs;
use crate::wanted::BoundsArgs;

/// Patterns, from where on keys are looked at, and how large and old objects may be.
pub struct Sieve {
    rules: Rules,
    filter: Filter,
    /// Of each address, the bucket and what is not looked at: all up to the last slash, of a pattern
    /// the one before its first star.
    roots: Vec<(BucketName, String)>,
    bounds: Bounds,
    now: Timestamp,
}

impl Sieve {
    pub fn of(options: &FilterArgs, uris: &[String]) -> Result<Self> {
        let rules = options.rules()?;
        let mut filter = rules.filter()?;
        filter.forget_folders();
        let mut roots = Vec::new();
        for uri in uris {
            if let S3Uri::Path(bucket, path) = S3Uri::parse(uri)? {
                let literal = path.find(['*', '?']).unwrap_or(path.len());
                let root = path[..literal].rfind('/').map_or(0, |slash| slash + 1);
                roots.push((bucket, path[..root].to_owned()));
            }
        }
        let (bounds, now) = (Bounds::default(), SystemClock.now());
        Ok(Self { rules, filter, roots, bounds, now })
    }

    /// Only what is so large and so old.
    pub fn within(mut self, options: &BoundsArgs) -> Result<Self> {
        self.bounds = options.bounds()?;
        Ok(self)
    }

    /// Whether a key alone does not tell.
    pub fn is_bounded(&self) -> bool {
        self.bounds.is_any()
    }

    fn roots(&self, bucket: &BucketName) -> Vec<String> {
        let of = self.roots.iter().filter(|(of, _)| of == bucket);
        of.map(|(_, root)| root.clone()).collect()
    }

    /// Of single objects, size and age are not looked at.
    pub fn sifted(&self, bucket: &BucketName, chosen: impl Into<Chosen>) -> Result<Chosen> {
        chosen.into().sifted(&self.rules, self.bounds, &self.roots(bucket))
    }

    /// Whether a single key is taken, as far as its name tells.
    pub fn takes(&self, bucket: &BucketName, key: &str) -> Result<bool> {
        let cut = cut_of(&self.roots(bucket), key);
        Ok(!self.filter.excludes(&key[cut..]).map_err(Failure::from)?)
    }

    pub fn is_within(&self, size: u64, modified: Option<Timestamp>) -> bool {
        self.bounds.hold(size, modified, self.now)
    }

    /// Whether an object that was listed is taken.
    pub fn takes_listed(&self, bucket: &BucketName, object: &ListedObject) -> Result<bool> {
        Ok(self.is_within(object.size, object.modified) && self.takes(bucket, &object.key)?)
    }

    /// Whether an object is taken that is only known by its name: it is asked, if need be.
    pub async fn takes_named(
        &self,
        context: &Context<'_>,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<&str>,
    ) -> Result<bool> {
        if !self.takes(bucket, key.as_str())? {
            return Ok(false);
        }
        if !self.is_bounded() {
            return Ok(true);
        }
        let version_id = version_id.map(str::to_owned);
        let asked = HeadRequest { version_id, ..HeadRequest::default() };
        let s3 = context.app.client(&context.profile).await?;
        let head = s3.head_object_of(bucket, key, &asked).await?;
        Ok(self.is_within(head.size, head.modified))
    }
}
