//! Jobs over objects that are there: copies, moves, changes, older versions, and whole buckets.

use dipper_s3::{VersionEntry, VersionRequest};
use dipper_transfer::{Change, Copy, Item, ListedAction};
use dipper_types::{BucketName, JobId, ObjectKey, Prefix, ProfileId};

use crate::jobs::Chosen;
use crate::{App, Failure, Result};

/// Which versions a purge takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purge {
    /// Everything, for ever.
    All,
    /// What is not the newest; delete markers that hide nothing else go, too.
    Noncurrent,
    /// Only the newest delete markers, so that what they hide is back.
    DeleteMarkers,
}

/// By key, the newest first: some servers tell all versions first, then all delete markers.
fn ordered(mut found: Vec<VersionEntry>) -> Vec<VersionEntry> {
    found.sort_by(|a, b| {
        a.key.cmp(&b.key).then(b.is_latest.cmp(&a.is_latest)).then(b.modified.cmp(&a.modified))
    });
    found
}

impl App {
    /// Copies (or moves) into a bucket, of this connection or another. Each item has the key it gets
    /// and the one it comes from.
    pub async fn copy(
        &self,
        profile: &str,
        bucket: &BucketName,
        prefix: &Prefix,
        chosen: impl Into<Chosen>,
        plan: Copy,
    ) -> Result<JobId> {
        let chosen = chosen.into();
        plan.edit.check().map_err(|e| Failure::invalid(e.to_string()))?;
        if chosen.is_empty() {
            return Err(Failure::invalid("there is nothing to copy"));
        }
        let (title, action) = (chosen.title(), ListedAction::Copy(plan));
        self.listed(profile, bucket.clone(), prefix.clone(), title, chosen, action).await
    }

    /// Changes objects where they are.
    pub async fn change(
        &self,
        profile: &str,
        bucket: &BucketName,
        chosen: impl Into<Chosen>,
        change: Change,
    ) -> Result<JobId> {
        let chosen = chosen.into();
        if let Change::Headers { edit } = &change {
            edit.check().map_err(|e| Failure::invalid(e.to_string()))?;
        }
        if chosen.is_empty() {
            return Err(Failure::invalid("there is nothing to change"));
        }
        let (title, action) = (chosen.title(), ListedAction::Change(change));
        self.listed(profile, bucket.clone(), Prefix::root(), title, chosen, action).await
    }

    /// The bucket with everything in it, for ever.
    pub async fn remove_bucket(&self, profile: &str, bucket: &BucketName) -> Result<JobId> {
        // A bucket that isn't there is told at once, not by a job.
        self.s3(profile).await?.head_bucket(bucket).await?;
        Ok(self.engine.submit_remove_bucket(ProfileId::new(profile), bucket).await?)
    }

    /// Every version and marker below a prefix (or of exactly one key), by key, the newest first.
    pub async fn versions(
        &self,
        profile: &str,
        bucket: &BucketName,
        prefix: &str,
        exactly: bool,
    ) -> Result<Vec<VersionEntry>> {
        let s3 = self.s3(profile).await?;
        if exactly {
            let answer = s3.object_versions(bucket, prefix).await;
            let found = self.noted(profile, bucket, "ListObjectVersions", answer).await?;
            return Ok(ordered(found));
        }
        let mut request = VersionRequest { prefix: prefix.to_owned(), ..VersionRequest::default() };
        let mut found = Vec::new();
        loop {
            let answer = s3.list_versions_page(bucket, &request).await;
            let page = self.noted(profile, bucket, "ListObjectVersions", answer).await?;
            found.extend(page.versions);
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(ordered(found)),
            }
        }
    }

    /// The versions that a purge would take.
    pub fn purged(versions: &[VersionEntry], purge: Purge) -> Vec<VersionEntry> {
        let taken = |at: usize, version: &VersionEntry| match purge {
            Purge::All => true,
            Purge::DeleteMarkers => version.is_latest && version.is_delete_marker,
            // A newest marker whose versions all go hides nothing any more.
            Purge::Noncurrent => {
                !version.is_latest
                    || (version.is_delete_marker
                        && (at == 0 || versions[at - 1].key != version.key))
            }
        };
        versions
            .iter()
            .enumerate()
            .filter(|(at, version)| taken(*at, version))
            .map(|(_, version)| version.clone())
            .collect()
    }

    /// Deletes versions and markers for ever.
    pub async fn delete_versions(
        &self,
        profile: &str,
        bucket: &BucketName,
        versions: Vec<VersionEntry>,
    ) -> Result<JobId> {
        let items: Vec<Item> = versions
            .into_iter()
            .map(|version| {
                Ok(Item {
                    key: ObjectKey::new(version.key)?,
                    source: None,
                    version_id: Some(version.version_id),
                    size: version.size,
                })
            })
            .collect::<Result<_>>()?;
        let chosen = Chosen::from(items);
        let title = chosen.title();
        self.listed(profile, bucket.clone(), Prefix::root(), title, chosen, ListedAction::Delete)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purges_take_what_they_say() {
        let version = |key: &str, id: &str, is_latest, is_delete_marker| VersionEntry {
            key: key.into(),
            version_id: id.into(),
            is_latest,
            is_delete_marker,
            size: 0,
            modified: None,
            etag: None,
            storage_class: None,
        };
        let all = [
            version("a", "2", true, false),
            version("a", "1", false, false),
            version("b", "2", true, true),
            version("b", "1", false, false),
        ];
        let of = |purge| -> Vec<String> {
            App::purged(&all, purge).iter().map(|v| format!("{}{}", v.key, v.version_id)).collect()
        };
        assert_eq!(of(Purge::All), ["a2", "a1", "b2", "b1"]);
        assert_eq!(of(Purge::Noncurrent), ["a1", "b2", "b1"]);
        assert_eq!(of(Purge::DeleteMarkers), ["b2"]);
    }
}
