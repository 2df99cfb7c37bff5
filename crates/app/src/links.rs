//! Presigned links, with the expiry they really have, and the list of those that were made.

use std::time::Duration;

use dipper_s3::{FormField, PostForm, Presign, Presigned};
use dipper_state::LinkRow;
use dipper_types::{BucketName, ObjectKey, ProfileId, Timestamp};

use crate::{App, Failure, Result};

/// So much of an access key's id tells one from another of the same account.
const TOLD: usize = 4;

/// A link that was made, without what would let anybody use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeLink {
    pub id: i64,
    pub row: LinkRow,
    pub expired: bool,
}

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
        let link = s3.presign(bucket, key, what, lifetime, self.clock.now()).await;
        self.on_the_list(profile, bucket, key, what, link.map_err(signing)?).await
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
        let link = s3.presign(bucket, key, what, lifetime, now).await.map_err(signing)?;
        self.on_the_list(profile, bucket, key, what, link).await
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
        let made = s3.presign_post(bucket, form, lifetime, self.clock.now()).await;
        let (link, fields) = made.map_err(signing)?;
        let credential = fields.iter().find(|f| f.name.eq_ignore_ascii_case("x-amz-credential"));
        let signer = credential.and_then(|field| told(&field.value));
        self.put_on_list(profile, bucket, (&form.key, None), &link, signer).await?;
        Ok((link, fields))
    }

    /// Every link that was made with this data folder, the oldest first.
    pub fn made_links(&self) -> Result<Vec<MadeLink>> {
        let now = self.clock.now();
        let all = self.links.all()?.into_iter();
        Ok(all.map(|(id, row)| MadeLink { id, expired: row.expires_at <= now, row }).collect())
    }

    /// Takes links off the list; they work on until they end.
    pub async fn forget_links(&self, ids: Vec<i64>) -> Result<()> {
        Ok(self.links.forget(ids).await?)
    }

    /// A link that is handed out stands in the list.
    async fn on_the_list(
        &self,
        profile: &str,
        bucket: &BucketName,
        key: &ObjectKey,
        what: &Presign,
        link: Presigned,
    ) -> Result<Presigned> {
        let version = match what {
            Presign::Get { version_id, .. } | Presign::Delete { version_id } => version_id.clone(),
            _ => None,
        };
        let signer = signer(&link.url);
        self.put_on_list(profile, bucket, (key.as_str(), version), &link, signer).await?;
        Ok(link)
    }

    async fn put_on_list(
        &self,
        profile: &str,
        bucket: &BucketName,
        (key, version): (&str, Option<String>),
        link: &Presigned,
        signer: Option<String>,
    ) -> Result<()> {
        let id = ProfileId::new(profile);
        let connection = match self.profiles.get(&id)? {
            Some(row) => row.name,
            None => self.connections.body(&id)?.map_or_else(|| profile.to_owned(), |b| b.endpoint),
        };
        let row = LinkRow {
            made_at: self.clock.now(),
            method: link.method.to_owned(),
            bucket: bucket.to_string(),
            key: key.to_owned(),
            version,
            expires_at: link.expires,
            connection,
            signer,
        };
        Ok(self.links.note(row).await?)
    }
}

/// Whose key signed it: `X-Amz-Credential=ID/…` of version 4, `AWSAccessKeyId=ID` of version 2.
fn signer(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let value = query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        matches!(name, "X-Amz-Credential" | "AWSAccessKeyId").then_some(value)
    })?;
    told(value.split("%2F").next().unwrap_or(value))
}

/// The last characters of `ID` or `ID/…`.
fn told(credential: &str) -> Option<String> {
    let id = credential.split('/').next().unwrap_or(credential);
    let end: Vec<char> = id.chars().rev().take(TOLD).collect();
    // A name that is hardly longer would be told as a whole.
    (id.chars().count() > 2 * TOLD).then(|| end.into_iter().rev().collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_by_its_end() {
        let v4 =
            "http://h/b/k?X-Amz-Algorithm=x&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F2026%2Fx&y=z";
        assert_eq!(signer(v4).as_deref(), Some("MPLE"));
        assert_eq!(
            signer("http://h/k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&x=y").as_deref(),
            Some("MPLE")
        );
        assert_eq!(signer("http://h/k?AWSAccessKeyId=minio&x=y"), None);
        assert_eq!(signer("http://h/k"), None);
        assert_eq!(told("AKIAIOSFODNN7EXAMPLE/2026/x").as_deref(), Some("MPLE"));
    }
}
