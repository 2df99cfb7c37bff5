use dipper_s3::{Class, NewBucket};
use dipper_types::{BucketName, ObjectKey, Prefix, Timestamp};

use crate::events::Changed;
use crate::{App, Result};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketSummary {
    pub name: String,
    pub created_at: Option<Timestamp>,
    pub region: Option<String>,
}

impl App {
    pub async fn buckets(&self, profile: &str) -> Result<Vec<BucketSummary>> {
        let listed = match self.s3(profile).await?.list_buckets().await {
            // Keys that may not list buckets begin with the one that their profile names.
            Err(error) if error.class == Class::AccessDenied => match self.start_of(profile)? {
                Some(start) => {
                    let name = start.split('/').next().unwrap_or_default().to_owned();
                    return Ok(vec![BucketSummary { name, created_at: None, region: None }]);
                }
                None => return Err(error.into()),
            },
            listed => listed?,
        };
        let mut found: Vec<BucketSummary> = listed
            .into_iter()
            .map(|b| BucketSummary { name: b.name, created_at: b.created_at, region: b.region })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    pub async fn create_bucket(
        &self,
        profile: &str,
        name: &str,
        region: Option<&str>,
    ) -> Result<()> {
        let new = NewBucket { region: region.map(str::to_owned), ..NewBucket::default() };
        self.create_bucket_with(profile, name, &new).await
    }

    /// With object lock, ownership or an ACL from the start.
    pub async fn create_bucket_with(
        &self,
        profile: &str,
        name: &str,
        new: &NewBucket,
    ) -> Result<()> {
        let name = BucketName::check_new(name)?;
        let s3 = self.s3(profile).await?;
        let provider = &s3.connection().provider;
        if let Some(why) = provider.bucket_names.refusal(name.as_str()) {
            let what = format!("{} takes no bucket '{name}': {why}", provider.name);
            return Err(crate::Failure::invalid(what));
        }
        s3.create_bucket_with(&name, new).await?;
        self.events.changed(Changed::Buckets, Some(profile), Some(name.as_str()));
        Ok(())
    }

    /// Only an empty bucket.
    pub async fn delete_bucket(&self, profile: &str, name: &str) -> Result<()> {
        let name = BucketName::new(name)?;
        self.s3(profile).await?.delete_bucket(&name).await?;
        self.forget_index(profile, Some(name.as_str()))?;
        self.access_cache.forget(profile, name.as_str());
        self.events.changed(Changed::Buckets, Some(profile), Some(name.as_str()));
        Ok(())
    }

    /// Puts an empty folder marker. A name may have slashes inside, but no empty part.
    pub async fn create_folder(
        &self,
        profile: &str,
        bucket: &str,
        prefix: &str,
        name: &str,
    ) -> Result<()> {
        let name = name.trim_matches('/');
        if name.is_empty() || name.split('/').any(str::is_empty) {
            return Err(crate::Failure::invalid("a folder needs a name"));
        }
        let (bucket, prefix) = (BucketName::new(bucket)?, Prefix::new(prefix)?);
        let key: ObjectKey = prefix.key(&format!("{name}/"))?;
        let request = dipper_s3::PutRequest {
            headers: dipper_s3::ObjectHeaders {
                content_type: Some("application/x-directory".into()),
                ..Default::default()
            },
            ..Default::default()
        };
        let s3 = self.s3(profile).await?;
        s3.put_object(&bucket, &key, bytes::Bytes::new(), &request, None).await?;
        self.listings.stored(profile, bucket.as_str(), key.as_str(), Some(0), self.clock.now());
        Ok(())
    }
}
