use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use tokio::sync::RwLock as AsyncRwLock;

use super::disk::Change;
use super::objects::{dropped_rows, hold, let_go};
use super::{Body, Bucket, Fresh, Store, StoreError, doc, read, write};
use crate::model::{Object, Part, UploadInfo};

#[derive(Debug)]
pub(crate) struct Upload {
    pub id: String,
    pub key: String,
    pub info: UploadInfo,
    parts: RwLock<BTreeMap<i32, Arc<Part>>>,
    /// Read while a part comes in; written while the upload ends.
    gate: AsyncRwLock<()>,
    ended: AtomicBool,
}

impl Upload {
    pub(super) fn new(id: &str, key: &str, info: UploadInfo) -> Self {
        Self {
            id: id.to_owned(),
            key: key.to_owned(),
            info,
            parts: RwLock::default(),
            gate: AsyncRwLock::new(()),
            ended: AtomicBool::new(false),
        }
    }

    pub(crate) fn parts(&self) -> BTreeMap<i32, Arc<Part>> {
        read(&self.parts).clone()
    }

    pub(super) fn loaded(&self, number: i32, part: Part) {
        hold(&part.body);
        write(&self.parts).insert(number, Arc::new(part));
    }

    fn still_on(&self) -> Result<(), StoreError> {
        if self.ended.load(Ordering::SeqCst) { Err(StoreError::NoSuchUpload) } else { Ok(()) }
    }
}

impl Bucket {
    pub(crate) fn upload(&self, key: &str, id: &str) -> Option<Arc<Upload>> {
        read(&self.uploads).get(&(key.to_owned(), id.to_owned())).cloned()
    }

    pub(crate) fn uploads(&self) -> Vec<Arc<Upload>> {
        read(&self.uploads).values().cloned().collect()
    }

    pub(super) fn add_upload(&self, upload: Upload) -> Arc<Upload> {
        let upload = Arc::new(upload);
        let name = (upload.key.clone(), upload.id.clone());
        write(&self.uploads).insert(name, Arc::clone(&upload));
        upload
    }
}

impl Store {
    pub(crate) async fn create_upload(
        self: &Arc<Self>,
        bucket: &Arc<Bucket>,
        key: &str,
        id: String,
        info: UploadInfo,
    ) -> Result<(), StoreError> {
        let (store, bucket, key) = (Arc::clone(self), Arc::clone(bucket), key.to_owned());
        self.whole(async move {
            let _in = bucket.gate.read().await;
            bucket.open_for(&key)?;
            let put = || {
                let (id, bucket, key) = (id.clone(), bucket.name.clone(), key.clone());
                Ok(vec![Change::PutUpload { id, bucket, key, doc: doc(&info)? }])
            };
            store.commit(put).await?;
            bucket.add_upload(Upload::new(&id, &key, info));
            Ok(())
        })
        .await
    }

    pub(crate) async fn put_part(
        self: &Arc<Self>,
        upload: &Arc<Upload>,
        number: i32,
        part: Part,
        fresh: Fresh,
    ) -> Result<(), StoreError> {
        let (store, upload) = (Arc::clone(self), Arc::clone(upload));
        self.whole(async move {
            let _in = upload.gate.read().await;
            upload.still_on()?;
            let before = read(&upload.parts).get(&number).cloned();
            let put = || {
                let mut changes: Vec<Change> = fresh.changes().collect();
                if let Some(before) = &before {
                    changes.extend(dropped_rows(&before.body, &part.body));
                }
                changes.push(Change::PutPart {
                    upload: upload.id.clone(),
                    number,
                    doc: doc(&part)?,
                });
                Ok(changes)
            };
            store.commit(put).await?;
            hold(&part.body);
            if let Some(before) = write(&upload.parts).insert(number, Arc::new(part)) {
                let_go(&before.body);
            }
            Ok(())
        })
        .await
    }

    /// Turns an upload into an object. `make` sees the parts and what is under the key now.
    pub(crate) async fn complete<E>(
        self: &Arc<Self>,
        bucket: &Arc<Bucket>,
        upload: &Arc<Upload>,
        make: impl FnOnce(&BTreeMap<i32, Arc<Part>>, Option<&Object>) -> Result<Object, E>
        + Send
        + 'static,
    ) -> Result<Arc<Object>, E>
    where
        E: From<StoreError> + Send + 'static,
    {
        let (store, bucket, upload) = (Arc::clone(self), Arc::clone(bucket), Arc::clone(upload));
        self.whole(async move {
            let _in = bucket.gate.read().await;
            let _end = upload.gate.write().await;
            let _turn = bucket.stripe(&upload.key).lock().await;
            upload.still_on()?;
            let before = bucket.open_for(&upload.key)?;
            let parts = upload.parts();
            let object = make(&parts, before.as_deref())?;
            let mut more = vec![Change::DropUpload { id: upload.id.clone() }];
            for part in parts.values() {
                more.extend(dropped_rows(&part.body, &object.body));
            }
            let fresh = Fresh::shared(object.body.clone());
            let object = store.place(&bucket, &upload.key, object, fresh, more).await?;
            end(&bucket, &upload);
            Ok(object)
        })
        .await
    }

    pub(crate) async fn abort(
        self: &Arc<Self>,
        bucket: &Arc<Bucket>,
        upload: &Arc<Upload>,
    ) -> Result<(), StoreError> {
        let (store, bucket, upload) = (Arc::clone(self), Arc::clone(bucket), Arc::clone(upload));
        self.whole(async move { store.drop_upload(&bucket, &upload).await }).await
    }

    pub(super) async fn drop_upload(
        &self,
        bucket: &Bucket,
        upload: &Upload,
    ) -> Result<(), StoreError> {
        let _end = upload.gate.write().await;
        upload.still_on()?;
        let drop = || {
            let mut changes = vec![Change::DropUpload { id: upload.id.clone() }];
            for part in upload.parts().values() {
                changes.extend(dropped_rows(&part.body, &Body::default()));
            }
            Ok(changes)
        };
        self.commit(drop).await?;
        end(bucket, upload);
        Ok(())
    }
}

/// Takes an upload out of the index. Its parts' files go, where no object has them.
fn end(bucket: &Bucket, upload: &Upload) {
    upload.ended.store(true, Ordering::SeqCst);
    write(&bucket.uploads).remove(&(upload.key.clone(), upload.id.clone()));
    for part in std::mem::take(&mut *write(&upload.parts)).values() {
        let_go(&part.body);
    }
}
