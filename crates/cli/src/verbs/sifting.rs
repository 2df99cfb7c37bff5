//! Which of the objects that addresses mean are taken.

use dipper_app::{Chosen, Failure, Filter, Result, Rules, cut_of};
use dipper_types::{BucketName, S3Uri};

use crate::args_moving::FilterArgs;

/// Patterns, and from where on keys are looked at.
pub struct Sieve {
    rules: Rules,
    filter: Filter,
    /// Of each address, the bucket and what is not looked at: all up to the last slash, of a pattern
    /// the one before its first star.
    roots: Vec<(BucketName, String)>,
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
        Ok(Self { rules, filter, roots })
    }

    fn roots(&self, bucket: &BucketName) -> Vec<String> {
        let of = self.roots.iter().filter(|(of, _)| of == bucket);
        of.map(|(_, root)| root.clone()).collect()
    }

    pub fn sifted(&self, bucket: &BucketName, chosen: impl Into<Chosen>) -> Result<Chosen> {
        chosen.into().sifted(&self.rules, &self.roots(bucket))
    }

    /// Whether a single key is taken.
    pub fn takes(&self, bucket: &BucketName, key: &str) -> Result<bool> {
        let cut = cut_of(&self.roots(bucket), key);
        Ok(!self.filter.excludes(&key[cut..]).map_err(Failure::from)?)
    }
}
