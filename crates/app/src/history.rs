//! A bucket as it was: the versions of each key, one key after the other, with a page in memory.

use dipper_s3::{S3, VersionEntry, VersionRequest};
use dipper_types::{BucketName, Timestamp};

use crate::{App, Result};

/// All versions and delete markers below a prefix, by key.
pub struct Histories {
    s3: S3,
    bucket: BucketName,
    /// `None` behind the last page.
    request: Option<VersionRequest>,
    waiting: Vec<VersionEntry>,
}

impl App {
    pub async fn histories(
        &self,
        profile: &str,
        bucket: &BucketName,
        prefix: &str,
    ) -> Result<Histories> {
        let s3 = self.s3(profile).await?;
        let request =
            Some(VersionRequest { prefix: prefix.to_owned(), ..VersionRequest::default() });
        Ok(Histories { s3, bucket: bucket.clone(), request, waiting: Vec::new() })
    }

    /// Whether a bucket keeps versions now; `None` where these keys may not know.
    pub async fn keeps_versions(&self, profile: &str, bucket: &BucketName) -> Result<Option<bool>> {
        let s3 = self.s3(profile).await?;
        Ok(s3.bucket_versioned(bucket).await.ok())
    }
}

impl Histories {
    /// Those of the next key, the newest first.
    pub async fn next(&mut self) -> Result<Option<Vec<VersionEntry>>> {
        loop {
            let first = self.waiting.last().map(|version| version.key.as_str());
            let other = self.waiting.iter().rev().position(|v| Some(v.key.as_str()) != first);
            let whole = match (other, &self.request) {
                (Some(count), _) => count,
                (None, None) if self.waiting.is_empty() => return Ok(None),
                (None, None) => self.waiting.len(),
                (None, Some(request)) => {
                    let page = self.s3.list_versions_page(&self.bucket, request).await?;
                    let request = page
                        .next
                        .map(|next| VersionRequest { after: Some(next), ..request.clone() });
                    self.request = request;
                    self.waiting.reverse();
                    self.waiting.extend(page.versions);
                    newest_first(&mut self.waiting);
                    // Taken from the end.
                    self.waiting.reverse();
                    continue;
                }
            };
            let rest = self.waiting.len() - whole;
            let mut versions = self.waiting.split_off(rest);
            versions.reverse();
            return Ok(Some(versions));
        }
    }
}

/// By key: some servers tell all versions of a page first, then all delete markers.
fn newest_first(found: &mut [VersionEntry]) {
    found.sort_by(|a, b| {
        a.key.cmp(&b.key).then(b.is_latest.cmp(&a.is_latest)).then(b.modified.cmp(&a.modified))
    });
}

/// The version of a key that was to be read at a moment; `None` where there was none yet, or it was
/// deleted.
pub fn as_of(newest_first: &[VersionEntry], at: Timestamp) -> Option<&VersionEntry> {
    let then = newest_first.iter().find(|version| version.modified.is_some_and(|m| m <= at));
    then.filter(|version| !version.is_delete_marker)
}

/// What takes a key back to how it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// It is as it was.
    Nothing,
    /// There was none: what is there now gets a delete marker.
    Delete,
    /// Only delete markers came after it: these go.
    Undelete(Vec<VersionEntry>),
    /// This one becomes the newest again, by a copy.
    Restore(VersionEntry),
}

/// To a moment.
pub fn back_to(newest_first: &[VersionEntry], at: Timestamp) -> Back {
    let then = newest_first.iter().position(|version| version.modified.is_some_and(|m| m <= at));
    back(newest_first, then)
}

/// By one step: the last write or deletion is undone.
pub fn back_one(newest_first: &[VersionEntry]) -> Back {
    let markers = newest_first.iter().take_while(|version| version.is_delete_marker).count();
    let before = markers.max(1);
    if markers > 0 && before >= newest_first.len() {
        return Back::Nothing;
    }
    back(newest_first, (before < newest_first.len()).then_some(before))
}

fn back(newest_first: &[VersionEntry], then: Option<usize>) -> Back {
    let Some(now) = newest_first.first() else { return Back::Nothing };
    let wanted = then.map(|at| (at, &newest_first[at])).filter(|(_, v)| !v.is_delete_marker);
    let Some((at, wanted)) = wanted else {
        return if now.is_delete_marker { Back::Nothing } else { Back::Delete };
    };
    let after = &newest_first[..at];
    // It may have been taken back before: that made a copy with the same bytes.
    let same = !now.is_delete_marker && now.etag == wanted.etag && now.size == wanted.size;
    if after.is_empty() || (same && now.etag.is_some()) {
        return Back::Nothing;
    }
    match after.iter().all(|version| version.is_delete_marker) {
        true => Back::Undelete(after.to_vec()),
        false => Back::Restore(wanted.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(id: &str, secs: i64, is_latest: bool, is_delete_marker: bool) -> VersionEntry {
        VersionEntry {
            key: "k".into(),
            version_id: id.into(),
            is_latest,
            is_delete_marker,
            size: 0,
            modified: Some(Timestamp::from_secs(secs)),
            etag: None,
            storage_class: None,
        }
    }

    #[test]
    fn what_there_was() {
        let mut all = vec![
            version("1", 10, false, false),
            version("3", 30, false, false),
            version("4", 40, true, true),
            version("2", 20, false, true),
        ];
        newest_first(&mut all);
        let ids: Vec<&str> = all.iter().map(|v| v.version_id.as_str()).collect();
        assert_eq!(ids, ["4", "3", "2", "1"]);
        let of = |secs| as_of(&all, Timestamp::from_secs(secs)).map(|v| v.version_id.as_str());
        assert_eq!(
            [of(9), of(10), of(19), of(25), of(30), of(99)],
            [None, Some("1"), Some("1"), None, Some("3"), None]
        );
    }

    #[test]
    fn the_way_back() {
        let all = [
            version("4", 40, true, true),
            version("3", 30, false, false),
            version("2", 20, false, true),
            version("1", 10, false, false),
        ];
        let to = |secs| back_to(&all, Timestamp::from_secs(secs));
        assert_eq!(to(99), Back::Nothing);
        assert_eq!(to(35), Back::Undelete(vec![all[0].clone()]));
        assert_eq!(to(25), Back::Nothing, "deleted then as now");
        assert_eq!(to(15), Back::Restore(all[3].clone()));
        assert_eq!(to(5), Back::Nothing);
        assert_eq!(back_to(&all[1..], Timestamp::from_secs(25)), Back::Delete);
        assert_eq!(back_to(&[], Timestamp::from_secs(25)), Back::Nothing);
        assert_eq!(back_one(&all), Back::Undelete(vec![all[0].clone()]));
        assert_eq!(back_one(&all[1..]), Back::Delete);
        assert_eq!(back_one(&all[2..]), Back::Undelete(vec![all[2].clone()]));
        assert_eq!(back_one(&all[3..]), Back::Delete);
        assert_eq!(back_one(&all[..1]), Back::Nothing);
        let over = [version("2", 20, true, false), version("1", 10, false, false)];
        assert_eq!(back_one(&over), Back::Restore(over[1].clone()));
        let copied = |id, secs, latest| VersionEntry {
            etag: Some("same".into()),
            ..version(id, secs, latest, false)
        };
        let again = [copied("3", 30, true), version("2", 20, false, false), copied("1", 10, false)];
        assert_eq!(back_to(&again, Timestamp::from_secs(15)), Back::Nothing);
    }
}
