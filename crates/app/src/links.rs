//! Presigned links, with the expiry they really have.

use std::time::Duration;

use dipper_s3::{FormField, PostForm, Presign, Presigned};
use dipper_types::{BucketName, ObjectKey, Timestamp};

use crate::{App, Failure, Result};

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
        s3.presign(bucket, key, what, lifetime, self.clock.now()).await.map_err(signing)
    }

    /// A link that works until a moment, in whole seconds.
    pub async fn presign_until(
        &self,
        profile: &str,
        bucket: &BucketName,
        key: &ObjectKey,
        what: &Presign,
        until: Timestamp,
    ) -> Result<Presigned> {
        let s3 = self.s3(profile).await?;
        let now = Timestamp::from_secs(self.clock.now().secs());
        let left = u64::try_from(until.secs() - now.secs()).unwrap_or(0);
        if left == 0 {
            return Err(Failure::invalid("this expiry is in the past"));
        }
        let lifetime = Duration::from_secs(left);
        s3.presign(bucket, key, what, lifetime, now).await.map_err(signing)
    }

    /// Base64 of the HMAC-SHA1 of a text, by the connection's secret key (Signature Version 2).
    pub async fn sign_text(&self, profile: &str, text: &str) -> Result<String> {
        self.s3(profile).await?.sign_text(text).await.map_err(signing)
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
        s3.presign_post(bucket, form, lifetime, self.clock.now()).await.map_err(signing)
    }
}

/// No server has refused anything: what is wrong was asked for here.
fn signing(error: dipper_s3::Error) -> Failure {
    let message = error.context.message.clone();
    let mut failure = Failure::from(error);
    if failure.code == crate::Code::InvalidInput {
        failure.s3 = None;
        failure.message = message.unwrap_or(failure.message);
    }
    failure
}
