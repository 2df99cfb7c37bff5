//! Carries out lifecycle rules, by the sandbox's clock. As S3 does, a rule's day ends at the next
//! midnight UTC. Objects move to another storage class whatever their size.

use std::sync::Arc;

use dipper_types::Timestamp;
use http::{HeaderMap, HeaderValue};
use s3s::dto::{self, BucketLifecycleConfiguration, LifecycleRule, Tag};
use s3s::{S3Error, s3_error};

use super::Server;
use super::answers::{http_date, moment};
use super::documents::{kept, name};
use super::lock::may_go;
use super::restore::midnight_after;
use crate::model::{BucketInfo, Detail, Object};
use crate::store::{Bucket, Removed};

fn rules(info: &BucketInfo) -> Vec<LifecycleRule> {
    let document: Option<BucketLifecycleConfiguration> = kept(info, name::LIFECYCLE);
    let rules = document.map(|d| d.rules).unwrap_or_default();
    rules.into_iter().filter(|r| r.status.as_str() == "Enabled").collect()
}

/// When something is due that began then.
fn due(began: Timestamp, days: Option<i32>, date: Option<&dto::Timestamp>) -> Option<Timestamp> {
    match (days, date) {
        (Some(days), _) => Some(midnight_after(began.secs() + i64::from(days) * 86_400)),
        (None, Some(date)) => Some(moment(date)),
        (None, None) => None,
    }
}

fn prefix_of(rule: &LifecycleRule) -> &str {
    let filter = rule.filter.as_ref();
    let and = filter.and_then(|f| f.and.as_ref());
    let prefix = rule.prefix.as_deref().or(filter.and_then(|f| f.prefix.as_deref()));
    prefix.or(and.and_then(|a| a.prefix.as_deref())).unwrap_or_default()
}

fn is_about(rule: &LifecycleRule, key: &str, object: &Object) -> bool {
    let filter = rule.filter.as_ref();
    let and = filter.and_then(|f| f.and.as_ref());
    let has = |tag: &Tag| {
        let (key, value) = (tag.key.as_deref().unwrap_or(""), tag.value.as_deref().unwrap_or(""));
        object.detail.tags.iter().any(|(k, v)| k == key && v == value)
    };
    let size = i64::try_from(object.size).unwrap_or(i64::MAX);
    let over = filter.and_then(|f| f.object_size_greater_than);
    let over = over.or(and.and_then(|a| a.object_size_greater_than));
    let under = filter.and_then(|f| f.object_size_less_than);
    let under = under.or(and.and_then(|a| a.object_size_less_than));
    key.starts_with(prefix_of(rule))
        && filter.and_then(|f| f.tag.as_ref()).is_none_or(has)
        && and.and_then(|a| a.tags.as_ref()).is_none_or(|tags| tags.iter().all(has))
        && over.is_none_or(|least| size > least)
        && under.is_none_or(|most| size < most)
}

/// `x-amz-expiration`: when a rule will delete the current object, and which.
pub(super) fn expiration_header(info: &BucketInfo, key: &str, object: &Object) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if !info.documents.contains_key(name::LIFECYCLE) {
        return headers;
    }
    let ends = rules(info).into_iter().filter(|r| is_about(r, key, object)).filter_map(|rule| {
        let expiration = rule.expiration.as_ref()?;
        let at = due(object.modified, expiration.days, expiration.date.as_ref())?;
        Some((at, rule.id.unwrap_or_default()))
    });
    if let Some((at, id)) = ends.min()
        && let Some(date) = http_date(at).as_ref().and_then(|d| d.to_str().ok())
        && let Ok(value) =
            HeaderValue::try_from(format!("expiry-date=\"{date}\", rule-id=\"{id}\""))
    {
        headers.insert("x-amz-expiration", value);
    }
    headers
}

/// What becomes of one version.
enum Fate {
    Stay,
    Delete,
    Move(String),
}

fn current_fate(rules: &[LifecycleRule], key: &str, object: &Object, now: Timestamp) -> Fate {
    let mut moves: Option<(Timestamp, String)> = None;
    for rule in rules.iter().filter(|r| is_about(r, key, object)) {
        let expiration = rule.expiration.as_ref();
        let ends = expiration.and_then(|e| due(object.modified, e.days, e.date.as_ref()));
        if ends.is_some_and(|at| at <= now) {
            return Fate::Delete;
        }
        for t in rule.transitions.iter().flatten() {
            let at = due(object.modified, t.days, t.date.as_ref()).filter(|at| *at <= now);
            let class = t.storage_class.as_ref().map(|c| c.as_str().to_owned());
            moves = moves.max(at.zip(class));
        }
    }
    to_class(object, moves)
}

/// `since`: when something newer came. `newer`: how many noncurrent versions are newer.
fn noncurrent_fate(
    rules: &[LifecycleRule],
    key: &str,
    object: &Object,
    (since, newer): (Timestamp, usize),
    now: Timestamp,
) -> Fate {
    let beyond = |kept: Option<i32>| newer >= usize::try_from(kept.unwrap_or(0)).unwrap_or(0);
    let mut moves: Option<(Timestamp, String)> = None;
    for rule in rules.iter().filter(|r| is_about(r, key, object)) {
        if let Some(ends) = &rule.noncurrent_version_expiration
            && beyond(ends.newer_noncurrent_versions)
            && due(since, ends.noncurrent_days, None).is_some_and(|at| at <= now)
        {
            return Fate::Delete;
        }
        for t in rule.noncurrent_version_transitions.iter().flatten() {
            let at = due(since, t.noncurrent_days, None).filter(|at| *at <= now);
            let class = t.storage_class.as_ref().map(|c| c.as_str().to_owned());
            if beyond(t.newer_noncurrent_versions) {
                moves = moves.max(at.zip(class));
            }
        }
    }
    if object.marker { Fate::Stay } else { to_class(object, moves) }
}

fn to_class(object: &Object, moves: Option<(Timestamp, String)>) -> Fate {
    match moves {
        Some((_, class)) if object.detail.storage_class.as_deref() != Some(&class) => {
            Fate::Move(class)
        }
        _ => Fate::Stay,
    }
}

/// Something else came in between: the next pass looks at it.
fn overtaken() -> S3Error {
    s3_error!(OperationAborted, "A conflicting operation came in between")
}

impl Server {
    /// One pass over all buckets. Gives the number of changes.
    pub(crate) async fn run_lifecycle(&self) -> u64 {
        let mut changes = 0;
        for bucket in self.store.buckets() {
            let rules = rules(&bucket.state().info);
            if rules.is_empty() {
                continue;
            }
            changes += self.abort_old_uploads(&bucket, &rules).await;
            let mut key = Some(String::new());
            while let Some(from) = key {
                let versions: Option<(String, Vec<Arc<Object>>)> = {
                    let index = bucket.index();
                    let found = index.first_key_from(&from).map(str::to_owned);
                    found.map(|k| {
                        let versions = index.versions(&k).cloned().collect();
                        (k, versions)
                    })
                };
                let Some((found, versions)) = versions else { break };
                changes += self.age(&bucket, &rules, &found, &versions).await;
                key = Some(found + "\0");
            }
        }
        changes
    }

    async fn age(
        &self,
        bucket: &Arc<Bucket>,
        rules: &[LifecycleRule],
        key: &str,
        versions: &[Arc<Object>],
    ) -> u64 {
        let now = self.now();
        let mut changes = 0;
        for (i, version) in versions.iter().enumerate() {
            let fate = match i {
                0 if version.marker => {
                    let alone = versions.len() == 1
                        && rules.iter().any(|r| {
                            let ends = r.expiration.as_ref();
                            let told = ends.and_then(|e| e.expired_object_delete_marker);
                            let old = ends
                                .and_then(|e| due(version.modified, e.days, None))
                                .is_some_and(|at| at <= now);
                            key.starts_with(prefix_of(r)) && (told == Some(true) || old)
                        });
                    if alone { Fate::Delete } else { Fate::Stay }
                }
                0 => current_fate(rules, key, version, now),
                _ => {
                    let since = versions[i - 1].modified;
                    noncurrent_fate(rules, key, version, (since, i - 1), now)
                }
            };
            let done = match fate {
                Fate::Stay => continue,
                Fate::Delete => self.expire(bucket, key, version, i == 0).await,
                Fate::Move(class) => self.transition(bucket, key, version, class).await,
            };
            match done {
                Ok(()) => changes += 1,
                Err(error) => tracing::debug!(key, ?error, "a rule was not carried out"),
            }
        }
        changes
    }

    async fn expire(
        &self,
        bucket: &Arc<Bucket>,
        key: &str,
        version: &Arc<Object>,
        current: bool,
    ) -> Result<(), S3Error> {
        let now = self.now();
        let marker = Object::marker(&bucket.state().info.owner, now);
        // A current object gets a marker where there are versions; all else goes for good.
        let named = (!current || version.marker).then(|| version.version_id().to_owned());
        let (seen, for_good) = (Arc::clone(version), named.is_some());
        let check = move |there: Option<&Object>| {
            let there = there.filter(|o| o.seq == seen.seq && o.etag == seen.etag);
            let there = there.filter(|o| o.modified == seen.modified).ok_or_else(overtaken)?;
            if for_good { may_go(there, now, false) } else { Ok(()) }
        };
        let removed = self.store.remove(bucket, key, named.as_deref(), marker, check).await?;
        if matches!(removed, Removed::Nothing) { Err(overtaken()) } else { Ok(()) }
    }

    async fn transition(
        &self,
        bucket: &Arc<Bucket>,
        key: &str,
        version: &Object,
        class: String,
    ) -> Result<(), S3Error> {
        let change = move |detail: &mut Detail| {
            detail.storage_class = Some(class);
            detail.restore = None;
            Ok::<_, S3Error>(())
        };
        let id = version.version_id();
        self.store.change_object(bucket, key, Some(id), change).await.map(|_| ())
    }

    async fn abort_old_uploads(&self, bucket: &Arc<Bucket>, rules: &[LifecycleRule]) -> u64 {
        let now = self.now();
        let mut changes = 0;
        for upload in bucket.uploads() {
            let old = rules.iter().filter(|r| upload.key.starts_with(prefix_of(r))).any(|rule| {
                let days = rule.abort_incomplete_multipart_upload.as_ref();
                let days = days.and_then(|a| a.days_after_initiation);
                due(upload.info.initiated, days, None).is_some_and(|at| at <= now)
            });
            if old && self.store.abort(bucket, &upload).await.is_ok() {
                changes += 1;
            }
        }
        changes
    }
}
