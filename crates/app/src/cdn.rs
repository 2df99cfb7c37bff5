//! CloudFront before buckets: distributions, and what they are to fetch anew.

use std::time::Duration;

use dipper_s3::{Cdn, Distribution, DistributionEdit, Invalidation, PATHS_AT_ONCE};
use dipper_types::BucketName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{App, Code, Failure, Result};

/// A switched-off distribution can be deleted when that is everywhere: a quarter of an hour, at times.
const DEPLOYED_WITHIN: Duration = Duration::from_secs(60 * 60);
const FIRST_LOOK: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What stays as it is in a path (CloudFront Developer Guide, "What you need to know when invalidating").
const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'*');

/// The path that stands for a key: what is below it, where it is a folder or the whole bucket.
pub fn cdn_path(key: &str) -> String {
    let folder = key.is_empty() || key.ends_with('/');
    format!("/{}{}", utf8_percent_encode(key, PATH), if folder { "*" } else { "" })
}

/// Of exactly this key, though it ends in `/`.
pub fn cdn_exact(key: &str) -> String {
    format!("/{}", utf8_percent_encode(key, PATH))
}

/// A word that no other request has.
fn reference() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(Code::Internal, format!("no random numbers: {error}")))?;
    Ok(format!("dipper-{}", hex::encode(bytes)))
}

impl App {
    async fn cdn(&self, profile: &str) -> Result<Cdn> {
        Ok(self.s3(profile).await?.cdn())
    }

    pub async fn distributions(&self, profile: &str) -> Result<Vec<Distribution>> {
        Ok(self.cdn(profile).await?.distributions().await?)
    }

    pub async fn distribution(&self, profile: &str, id: &str) -> Result<Distribution> {
        Ok(self.cdn(profile).await?.distribution(id).await?)
    }

    /// Those that stand before a bucket.
    ///
    /// # Errors
    /// `ObjectNotFound` where there is none.
    pub async fn distributions_of(
        &self,
        profile: &str,
        bucket: &BucketName,
    ) -> Result<Vec<Distribution>> {
        let mut all = self.distributions(profile).await?;
        all.retain(|one| one.serves(bucket.as_str()));
        if all.is_empty() {
            let what = format!("no CloudFront distribution stands before s3://{bucket}");
            return Err(Failure::new(Code::ObjectNotFound, what)
                .with_hint("`dipper cflist` lists them, `dipper cfcreate` makes one."));
        }
        Ok(all)
    }

    pub async fn create_distribution(
        &self,
        profile: &str,
        bucket: &BucketName,
        edit: &DistributionEdit,
    ) -> Result<Distribution> {
        Ok(self.cdn(profile).await?.create(bucket.as_str(), &reference()?, edit).await?)
    }

    pub async fn modify_distribution(
        &self,
        profile: &str,
        id: &str,
        edit: &DistributionEdit,
    ) -> Result<Distribution> {
        Ok(self.cdn(profile).await?.modify(id, edit).await?)
    }

    /// Switches it off if it is on, waits until that is so everywhere, and deletes it. `waits` is told
    /// when there is something to wait for.
    pub async fn delete_distribution(
        &self,
        profile: &str,
        id: &str,
        waits: impl FnOnce(),
    ) -> Result<()> {
        let cdn = self.cdn(profile).await?;
        let mut now = cdn.distribution(id).await?;
        if now.enabled {
            let off = DistributionEdit { enabled: Some(false), ..DistributionEdit::default() };
            now = cdn.modify(id, &off).await?;
        }
        let (mut pause, mut waited, mut waits) = (FIRST_LOOK, Duration::ZERO, Some(waits));
        while now.status != "Deployed" {
            if waited > DEPLOYED_WITHIN {
                let what = format!("{id} is off, but not yet everywhere after an hour");
                return Err(Failure::new(Code::Timeout, what).with_hint("Delete it again later."));
            }
            if let Some(waits) = waits.take() {
                waits();
            }
            tokio::time::sleep(pause).await;
            waited += pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
            now = cdn.distribution(id).await?;
        }
        Ok(cdn.delete(id, now.etag.as_deref()).await?)
    }

    /// Asks for paths to be fetched anew, in as many requests as are needed.
    pub async fn invalidate(
        &self,
        profile: &str,
        id: &str,
        paths: &[String],
    ) -> Result<Vec<Invalidation>> {
        let cdn = self.cdn(profile).await?;
        let mut asked = Vec::new();
        for batch in paths.chunks(PATHS_AT_ONCE) {
            asked.push(cdn.invalidate(id, &reference()?, batch.to_vec()).await?);
        }
        Ok(asked)
    }

    pub async fn invalidation(
        &self,
        profile: &str,
        id: &str,
        invalidation: &str,
    ) -> Result<Invalidation> {
        Ok(self.cdn(profile).await?.invalidation(id, invalidation).await?)
    }

    /// Each with its paths.
    pub async fn invalidations(&self, profile: &str, id: &str) -> Result<Vec<Invalidation>> {
        let cdn = self.cdn(profile).await?;
        let mut all = Vec::new();
        for one in cdn.invalidations(id).await? {
            all.push(cdn.invalidation(id, &one.id).await?);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_keys() {
        for (key, path) in
            [("a b/ü.txt", "/a%20b/%C3%BC.txt"), ("dir/", "/dir/*"), ("", "/*"), ("a*", "/a*")]
        {
            assert_eq!(cdn_path(key), path);
        }
        assert_eq!(cdn_exact("dir/"), "/dir/");
    }
}
