//! The versions under a key: putting one on top, marking it deleted, taking one out.

use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::body::Body;
use super::disk::Change;
use super::objects::{dropped_rows, hold, let_go};
use super::{Bucket, Fresh, Index, Store, StoreError, doc, read, write};
use crate::model::{NULL, Object, Versioning};

/// What a deletion did.
#[derive(Debug, Clone)]
pub(crate) enum Removed {
    /// There was nothing to do.
    Nothing,
    /// The object of a bucket without versions.
    Object(Arc<Object>),
    /// A version, or a marker, for good.
    Version(Arc<Object>),
    /// A marker was put on top.
    Marked(Arc<Object>),
}

/// Thirteen letters of order, so that a place in a listing is known even when the version that was
/// there is gone, and chance, so that nobody guesses one.
fn version_id(seq: u64) -> Result<Box<str>, StoreError> {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHIJKLMNOPQRSTUV";
    let order = (0..13).rev().map(|i| char::from(LETTERS[(seq >> (5 * i) & 31) as usize]));
    let chance = crate::account::letters(LETTERS, 19).map_err(|_| StoreError::Random)?;
    Ok((order.collect::<String>() + &chance).into())
}

/// The number in a version's id, for ids that were made here.
pub(crate) fn seq_of(id: &str) -> Option<u64> {
    (id.len() == 32).then(|| u64::from_str_radix(id.get(..13)?, 32).ok()).flatten()
}

fn put_row(bucket: &Bucket, key: &str, object: &Object) -> Result<Change, StoreError> {
    let (bucket, key, doc) = (bucket.name.clone(), key.to_owned(), doc(object)?);
    Ok(Change::PutObject { bucket, key, doc })
}

fn drop_row(bucket: &Bucket, key: &str) -> Change {
    Change::DropObject { bucket: bucket.name.clone(), key: key.to_owned() }
}

fn put_version(bucket: &Bucket, key: &str, object: &Object) -> Result<Change, StoreError> {
    let version = object.version_id().to_owned();
    let (bucket, key, doc) = (bucket.name.clone(), key.to_owned(), doc(object)?);
    Ok(Change::PutVersion { bucket, key, version, doc })
}

fn drop_version(bucket: &Bucket, key: &str, object: &Object) -> Change {
    let version = object.version_id().to_owned();
    Change::DropVersion { bucket: bucket.name.clone(), key: key.to_owned(), version }
}

impl Index {
    /// All versions of a key, newest first.
    pub(crate) fn versions(&self, key: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.objects.get(key).into_iter().chain(self.history.get(key).into_iter().flatten())
    }

    /// The first key from `from` on that has anything under it.
    pub(crate) fn first_key_from(&self, from: &str) -> Option<&str> {
        let range = (Bound::Included(from), Bound::Unbounded);
        let object = self.objects.range::<str, _>(range).next().map(|(key, _)| &**key);
        let older = self.history.range::<str, _>(range).next().map(|(key, _)| &**key);
        match (object, older) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn forget(&mut self, key: &str, gone: &Object) {
        if let Some(list) = self.history.get_mut(key) {
            list.retain(|v| v.version_id() != gone.version_id());
            if list.is_empty() {
                self.history.remove(key);
            }
        }
    }

    fn push(&mut self, key: &str, object: Arc<Object>) {
        self.history.entry(key.into()).or_default().insert(0, object);
    }

    pub(super) fn loaded(&mut self, key: &str, object: Arc<Object>) {
        self.history.entry(key.into()).or_default().push(object);
    }

    pub(super) fn sort_history(&mut self) {
        for list in self.history.values_mut() {
            list.sort_by_key(|v| std::cmp::Reverse(v.seq));
        }
    }
}

impl Bucket {
    pub(crate) fn is_empty(&self) -> bool {
        let index = read(&self.index);
        index.objects.is_empty() && index.history.is_empty()
    }

    /// A version by its id, or what is on top: an object or a marker.
    pub(crate) fn find(&self, key: &str, version: Option<&str>) -> Option<Arc<Object>> {
        let index = read(&self.index);
        match version {
            None => index.versions(key).next().cloned(),
            Some(id) => index.versions(key).find(|v| v.version_id() == id).cloned(),
        }
    }
}

impl Store {
    fn next_seq(&self) -> u64 {
        self.last_seq.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Puts an object or a marker on top: makes durable, then shows. The key's turn must be held.
    pub(super) async fn place(
        &self,
        bucket: &Bucket,
        key: &str,
        mut object: Object,
        fresh: Fresh,
        more: Vec<Change>,
    ) -> Result<Arc<Object>, StoreError> {
        let versioning = bucket.state().info.versioning;
        if versioning.is_some() {
            object.seq = self.next_seq();
        }
        if versioning == Some(Versioning::Enabled) {
            object.version = Some(version_id(object.seq)?);
        }
        object.body = fresh.body.clone();
        let current = bucket.object(key);
        // The null version is replaced by a null version; any other stays.
        let gone = match object.version {
            None => bucket.find(key, Some(NULL)),
            Some(_) => None,
        };
        let demoted = current.clone().filter(|c| gone.as_ref().is_none_or(|g| !Arc::ptr_eq(g, c)));
        let old = gone.clone().filter(|g| current.as_ref().is_none_or(|c| !Arc::ptr_eq(g, c)));
        let changes = || {
            let mut changes: Vec<Change> = fresh.changes().collect();
            if let Some(gone) = &gone {
                changes.extend(dropped_rows(&gone.body, &object.body));
            }
            if let Some(old) = &old {
                changes.push(drop_version(bucket, key, old));
            }
            if let Some(demoted) = &demoted {
                changes.push(put_version(bucket, key, demoted)?);
            }
            if object.marker {
                changes.push(put_version(bucket, key, &object)?);
                changes.extend(current.is_some().then(|| drop_row(bucket, key)));
            } else {
                changes.push(put_row(bucket, key, &object)?);
            }
            changes.extend(more);
            Ok(changes)
        };
        self.commit(changes).await?;
        let object = Arc::new(object);
        hold(&object.body);
        {
            let mut index = write(&bucket.index);
            if let Some(old) = &old {
                index.forget(key, old);
            }
            if let Some(demoted) = demoted {
                index.push(key, demoted);
            }
            if object.marker {
                index.objects.remove(key);
                index.push(key, Arc::clone(&object));
            } else {
                index.objects.insert(key.into(), Arc::clone(&object));
            }
        }
        if let Some(gone) = gone {
            let_go(&gone.body);
        }
        Ok(object)
    }

    /// Puts a version back in its own place, changed. The key's turn must be held.
    pub(super) async fn rewrite(
        &self,
        bucket: &Bucket,
        key: &str,
        object: Object,
    ) -> Result<Arc<Object>, StoreError> {
        let current = bucket.object(key).is_some_and(|c| c.version == object.version);
        let changes = || {
            Ok(vec![if current {
                put_row(bucket, key, &object)?
            } else {
                put_version(bucket, key, &object)?
            }])
        };
        self.commit(changes).await?;
        let object = Arc::new(object);
        let mut index = write(&bucket.index);
        if current {
            index.objects.insert(key.into(), Arc::clone(&object));
        } else if let Some(list) = index.history.get_mut(key)
            && let Some(place) = list.iter_mut().find(|v| v.version == object.version)
        {
            *place = Arc::clone(&object);
        }
        Ok(object)
    }

    /// Deletes: for good where there are no versions or one is named, else by a marker. `check`
    /// sees what is there now.
    pub(crate) async fn remove<E>(
        self: &Arc<Self>,
        bucket: &Arc<Bucket>,
        key: &str,
        version: Option<&str>,
        marker: Object,
        check: impl FnOnce(Option<&Object>) -> Result<(), E> + Send + 'static,
    ) -> Result<Removed, E>
    where
        E: From<StoreError> + Send + 'static,
    {
        let (store, bucket, key) = (Arc::clone(self), Arc::clone(bucket), key.to_owned());
        let version = version.map(str::to_owned);
        self.whole(async move {
            let _in = bucket.gate.read().await;
            let _turn = bucket.stripe(&key).lock().await;
            let current = bucket.open_for(&key)?;
            let before = match &version {
                None => current,
                Some(id) => bucket.find(&key, Some(id)),
            };
            check(before.as_deref())?;
            let versioned = bucket.state().info.versioning.is_some();
            if version.is_none() && versioned {
                let put = store.place(&bucket, &key, marker, Fresh::default(), Vec::new());
                return Ok(Removed::Marked(put.await?));
            }
            let Some(before) = before else {
                return Ok(Removed::Nothing);
            };
            store.take_out(&bucket, &key, &before).await?;
            Ok(if version.is_some() { Removed::Version(before) } else { Removed::Object(before) })
        })
        .await
    }

    /// Removes one version for good. What was below it may come to light.
    async fn take_out(
        &self,
        bucket: &Bucket,
        key: &str,
        gone: &Arc<Object>,
    ) -> Result<(), StoreError> {
        let (was_current, next) = {
            let index = read(&bucket.index);
            let current = index.objects.get(key).is_some_and(|c| c.version == gone.version);
            let top = index.versions(key).next().is_some_and(|v| v.version == gone.version);
            let next = index.versions(key).find(|v| v.version != gone.version);
            (current, next.filter(|n| top && !n.marker).cloned())
        };
        let changes = || {
            let mut changes = dropped_rows(&gone.body, &Body::default());
            changes.push(if was_current {
                drop_row(bucket, key)
            } else {
                drop_version(bucket, key, gone)
            });
            if let Some(next) = &next {
                changes.push(drop_version(bucket, key, next));
                changes.push(put_row(bucket, key, next)?);
            }
            Ok(changes)
        };
        self.commit(changes).await?;
        {
            let mut index = write(&bucket.index);
            if was_current {
                index.objects.remove(key);
            } else {
                index.forget(key, gone);
            }
            if let Some(next) = next {
                index.forget(key, &next);
                index.objects.insert(key.into(), next);
            }
        }
        let_go(&gone.body);
        Ok(())
    }
}
