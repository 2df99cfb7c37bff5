use dipper_s3::{Class, ListedObject, ObjectHead, S3};
use dipper_transfer::Attrs;
use dipper_types::{BucketName, ObjectKey};
use futures::StreamExt;

use crate::access::{AccessLine, Exposure, Off};
use crate::{App, Result, SealedBy};

/// One object, explained.
#[derive(Debug, Clone)]
pub struct ObjectInfo {
    pub bucket: String,
    pub key: String,
    pub head: ObjectHead,
    pub url: String,
    pub exposure: Exposure,
    pub lines: Vec<AccessLine>,
    pub acl_off: Option<Off>,
    /// Encrypted before it was uploaded.
    pub sealed: Option<SealedBy>,
}

/// Objects that are asked about at once.
const AT_ONCE: usize = 16;

impl App {
    /// The MD5 of each: its ETag where that is one, else what was kept with it when it was uploaded.
    pub async fn md5s(
        &self,
        profile: &str,
        bucket: &BucketName,
        objects: &[ListedObject],
    ) -> Result<Vec<Option<String>>> {
        let s3 = &self.s3(profile).await?;
        let asked = objects.iter().map(|object| async move {
            let tag = object.etag.clone();
            if tag.as_deref().is_none_or(|tag| !tag.contains('-')) {
                return Ok(tag);
            }
            let head = s3.head_object(bucket, &ObjectKey::new(object.key.as_str())?).await;
            let head = match head {
                // It went while it was listed.
                Err(error) if error.class == Class::ObjectNotFound => return Ok(None),
                head => head?,
            };
            Ok::<_, crate::Failure>(
                Attrs::of_head(&head).and_then(|attrs| attrs.md5).map(hex::encode),
            )
        });
        let mut answers = futures::stream::iter(asked).buffered(AT_ONCE);
        let mut all = Vec::with_capacity(objects.len());
        while let Some(answer) = answers.next().await {
            all.push(answer?);
        }
        Ok(all)
    }

    /// The MD5 of an object's bytes, as it was kept with it or as its ETag is one.
    pub fn md5_of(&self, head: &ObjectHead) -> Option<String> {
        let kept = Attrs::of_head(head).and_then(|attrs| attrs.md5).map(hex::encode);
        kept.or_else(|| head.etag_md5().map(str::to_owned))
    }

    pub async fn object_info(&self, profile: &str, bucket: &str, key: &str) -> Result<ObjectInfo> {
        let (bucket, key) = (BucketName::new(bucket)?, ObjectKey::new(key)?);
        let s3 = self.s3(profile).await?;
        let head = s3.head_object(&bucket, &key).await?;
        self.explain(profile, &s3, bucket, key, head).await
    }

    async fn explain(
        &self,
        profile: &str,
        s3: &S3,
        bucket: BucketName,
        key: ObjectKey,
        head: ObjectHead,
    ) -> Result<ObjectInfo> {
        let sealed = self.note_lock(profile, &bucket, &key, &head)?;
        let access = self.object_access(profile, s3, &bucket, &key).await;
        Ok(ObjectInfo {
            url: s3.connection().object_url(bucket.as_str(), key.as_str()),
            bucket: bucket.to_string(),
            key: key.to_string(),
            head,
            exposure: access.exposure,
            lines: access.lines,
            acl_off: access.acl_off,
            sealed,
        })
    }

    /// Sets the object's ACL to `public-read` or `private`.
    pub async fn set_object_public(
        &self,
        profile: &str,
        bucket: &str,
        key: &str,
        public: bool,
    ) -> Result<ObjectInfo> {
        let (bucket_name, key_name) = (BucketName::new(bucket)?, ObjectKey::new(key)?);
        self.s3(profile).await?.set_object_acl(&bucket_name, &key_name, public).await?;
        self.listings.forget_access(profile, bucket, Some(key));
        self.object_info(profile, bucket, key).await
    }
}
