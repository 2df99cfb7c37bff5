use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::body::{Body, Slice, Source};
use super::disk::Change;
use super::{Bucket, Fresh, Store, StoreError, doc, read, write};
use crate::model::{Detail, Object};

/// Marks a body as held by the index, or no more. A file that nobody holds is removed.
pub(super) fn hold(body: &Body) {
    body.files().for_each(|blob| blob.hold());
}

pub(super) fn let_go(body: &Body) {
    body.files().for_each(|blob| blob.let_go());
}

/// Rows of `old` that `new` has no more.
pub(super) fn dropped_rows(old: &Body, new: &Body) -> Vec<Change> {
    old.rows()
        .filter(|row| !new.rows().any(|r| r == *row))
        .map(|id| Change::DropSmall { id })
        .collect()
}

impl Store {
    /// Puts an object if `check` has nothing against it. `check` sees what is there now. Where the
    /// bucket has versions, what was there stays as one.
    pub(crate) async fn put<E>(
        self: &Arc<Self>,
        bucket: &Arc<Bucket>,
        key: &str,
        object: Object,
        fresh: Fresh,
        check: impl FnOnce(Option<&Object>) -> Result<(), E> + Send + 'static,
    ) -> Result<Arc<Object>, E>
    where
        E: From<StoreError> + Send + 'static,
    {
        let (store, bucket, key) = (Arc::clone(self), Arc::clone(bucket), key.to_owned());
        self.whole(async move {
            let _in = bucket.gate.read().await;
            let _turn = bucket.stripe(&key).lock().await;
            let before = bucket.open_for(&key)?;
            check(before.as_deref())?;
            Ok(store.place(&bucket, &key, object, fresh, Vec::new()).await?)
        })
        .await
    }

    /// Changes what a version says about itself: ACL, tags, retention.
    pub(crate) async fn change_object<E>(
        self: &Arc<Self>,
        bucket: &Arc<Bucket>,
        key: &str,
        version: Option<&str>,
        change: impl FnOnce(&mut Detail) -> Result<(), E> + Send + 'static,
    ) -> Result<Arc<Object>, E>
    where
        E: From<StoreError> + Send + 'static,
    {
        let (store, bucket, key) = (Arc::clone(self), Arc::clone(bucket), key.to_owned());
        let version = version.map(str::to_owned);
        self.whole(async move {
            let _in = bucket.gate.read().await;
            let _turn = bucket.stripe(&key).lock().await;
            bucket.open_for(&key)?;
            let before = match bucket.find(&key, version.as_deref()) {
                Some(found) if found.marker && version.is_some() => {
                    return Err(StoreError::DeleteMarker.into());
                }
                Some(found) if !found.marker => found,
                _ if version.is_some() => return Err(StoreError::NoSuchVersion.into()),
                _ => return Err(StoreError::NoSuchKey.into()),
            };
            let mut detail = (*before.detail).clone();
            change(&mut detail)?;
            let object = Object { detail: Arc::new(detail), ..(*before).clone() };
            Ok(store.rewrite(&bucket, &key, object).await?)
        })
        .await
    }

    /// A body's range, ready to stream. `None` if it was replaced in the meantime: look again.
    pub(crate) async fn slices(
        &self,
        body: &Body,
        start: u64,
        end: u64,
    ) -> Result<Option<Vec<Slice>>, StoreError> {
        let mut slices = body.slice(start, end);
        for slice in &mut slices {
            if let (Source::Row(row), Some(kept)) = (&slice.source, &self.kept) {
                match kept.disk.small(*row).await? {
                    Some(bytes) => slice.source = Source::Memory(bytes),
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(slices))
    }

    /// Puts many tiny objects that share their detail and body. For [`crate::Sandbox::seed`].
    pub(crate) async fn seed(
        self: &Arc<Self>,
        bucket: &Arc<Bucket>,
        objects: Vec<(String, Object)>,
    ) -> Result<(), StoreError> {
        let (store, bucket) = (Arc::clone(self), Arc::clone(bucket));
        self.whole(async move {
            // Alone: no key is in the middle of a change.
            let _alone = bucket.gate.write().await;
            if bucket.gone.load(Ordering::SeqCst) {
                return Err(StoreError::NoSuchBucket);
            }
            let put = || {
                let mut changes = Vec::with_capacity(objects.len());
                for (key, object) in &objects {
                    if let Some(before) = bucket.object(key) {
                        changes.extend(dropped_rows(&before.body, &object.body));
                    }
                    let (bucket, key) = (bucket.name.clone(), key.clone());
                    changes.push(Change::PutObject { bucket, key, doc: doc(object)? });
                }
                Ok(changes)
            };
            store.commit(put).await?;
            let mut index = write(&bucket.index);
            for (key, object) in objects {
                if let Some(before) = index.objects.insert(key.into(), Arc::new(object)) {
                    let_go(&before.body);
                }
            }
            Ok(())
        })
        .await
    }
}

impl Bucket {
    /// What is under a key, if things can still be put in here.
    pub(super) fn open_for(&self, key: &str) -> Result<Option<Arc<Object>>, StoreError> {
        if self.gone.load(Ordering::SeqCst) {
            return Err(StoreError::NoSuchBucket);
        }
        Ok(read(&self.index).objects.get(key).cloned())
    }
}
