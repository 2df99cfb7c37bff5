//! Presigned links, with the expiry they really have.

use std::time::Duration;

use dipper_s3::{FormField, PostForm, Presign, Presigned};
use dipper_types::{BucketName, ObjectKey};

use crate::{App, Result};

impl App {
    pub async fn presign(
        &self,
        profile: &str,
        bucket: &BucketName,
        key: &ObjectKey,
        what: &Presign,
        lifetime: Duration,
    ) -> Result<Presigned> {
        let s3 = self.s3(profile).await?;
        Ok(s3.presign(bucket, key, what, lifetime, self.clock.now()).await?)
    }

    /// A form for uploads from a browser: where it posts to, and its hidden fields.
    pub async fn presign_post(
        &self,
        profile: &str,
        bucket: &BucketName,
        form: &PostForm,
        lifetime: Duration,
    ) -> Result<(Presigned, Vec<FormField>)> {
        let s3 = self.s3(profile).await?;
        Ok(s3.presign_post(bucket, form, lifetime, self.clock.now()).await?)
    }
}
