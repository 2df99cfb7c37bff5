//! What is picked out of more: by patterns, from a list of names, or because it has just been fetched.

use dipper_s3::{Class, HeadRequest, ListRequest, ObjectId, S3};
use dipper_state::{TransferFilter, TransferState};
use dipper_transfer::{Below, Bounds, Copy, Planned, Rules, Sieve, Stage, UploadJob};
use dipper_types::{BucketName, JobId, ObjectKey, Prefix, ProfileId, TransferId};
use futures::StreamExt;

use crate::freeze::everything_below;
use crate::jobs::Chosen;
use crate::{App, Code, Failure, Result};

const BATCH: usize = 500;
const AT_ONCE: usize = 16;

/// An object that was fetched, and how deleting it there went.
#[derive(Debug, Clone)]
pub struct Fetched {
    pub key: String,
    pub error: Option<Failure>,
}

/// Of the roots, the longest that a key lies below: its length.
pub fn cut_of(roots: &[String], key: &str) -> usize {
    roots.iter().filter(|root| key.starts_with(root.as_str())).map(String::len).max().unwrap_or(0)
}

impl Chosen {
    /// Without what the rules leave out. They look at the path below a root: the folder that an address
    /// names, or that the thing it names lies in. Sizes and ages are of what is below prefixes: those of
    /// single objects are not known here.
    pub fn sifted(mut self, rules: &Rules, bounds: Bounds, roots: &[String]) -> Result<Self> {
        if rules.is_empty() && bounds.is_none() {
            return Ok(self);
        }
        let mut filter = rules.filter()?;
        filter.forget_folders();
        let mut kept = Vec::with_capacity(self.items.len());
        for item in self.items {
            let key = item.source.as_ref().unwrap_or(&item.key).as_str();
            if !filter.excludes(&key[cut_of(roots, key)..])? {
                kept.push(item);
            }
        }
        self.items = kept;
        for Below { prefix, sieve, .. } in &mut self.below {
            let cut = cut_of(roots, prefix);
            *sieve = Some(Sieve { rules: rules.clone(), cut, bounds });
        }
        Ok(self)
    }
}

impl App {
    /// Sources with keys of their own (command line).
    pub async fn upload_sources(&self, job: UploadJob) -> Result<JobId> {
        if job.sources.is_empty() {
            return Err(Failure::invalid("there is nothing to upload"));
        }
        Ok(self.engine.submit_upload(job).await?)
    }

    /// Files that are named one by one. Their list goes into the journal as it is read; `None` where
    /// it has none.
    pub async fn upload_named(
        &self,
        job: UploadJob,
        named: impl Iterator<Item = Result<Planned>>,
    ) -> Result<Option<JobId>> {
        let stage = Stage::Upload {
            headers: job.headers,
            on_existing: job.on_existing,
            keep: job.keep,
            sending: Box::new(job.sending),
        };
        let id =
            self.engine.stage((job.profile, &job.bucket, &job.prefix), job.title, stage).await?;
        let (mut batch, mut any) = (Vec::with_capacity(BATCH), false);
        for one in named {
            match one {
                Ok(planned) => batch.push(planned),
                Err(failure) => {
                    self.engine.stage_undone(id).await?;
                    return Err(failure);
                }
            }
            any = true;
            if batch.len() >= BATCH {
                self.engine.stage_more(id, std::mem::take(&mut batch)).await?;
            }
        }
        if !any {
            self.engine.stage_undone(id).await?;
            return Ok(None);
        }
        self.engine.stage_more(id, batch).await?;
        self.engine.stage_done(id).await?;
        Ok(Some(id))
    }

    /// Plans to move each object below a prefix that `rename` gives another key. `None`: there is none.
    pub async fn plan_moves(
        &self,
        profile: &str,
        bucket: &BucketName,
        prefix: &Prefix,
        plan: Copy,
        rename: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<JobId>> {
        let s3 = self.s3(profile).await?;
        let place = (ProfileId::new(profile), bucket, prefix);
        let job = self.engine.stage(place, bucket.to_string(), Stage::Copy(plan)).await?;
        let planned = async {
            let prefix = prefix.to_string();
            let request = ListRequest { prefix, ..ListRequest::default() };
            let (mut found, mut any) = (s3.list(bucket, request), false);
            while let Some(page) = found.next().await? {
                let mut batch = Vec::new();
                for object in page.objects {
                    let Some(to) = rename(&object.key) else { continue };
                    let source = (ObjectKey::new(object.key)?, object.etag);
                    let (key, size) = (ObjectKey::new(to)?, object.size);
                    batch.push(Planned { key, local: None, source: Some(source), size });
                }
                any |= !batch.is_empty();
                self.engine.stage_more(job, batch).await?;
            }
            Ok::<bool, Failure>(any)
        };
        match planned.await {
            Ok(true) => Ok(Some(job)),
            Ok(false) => {
                self.engine.stage_undone(job).await?;
                Ok(None)
            }
            Err(failure) => {
                self.engine.stage_undone(job).await?;
                Err(failure)
            }
        }
    }

    /// Begins a job that was only planned.
    pub async fn begin_planned(&self, job: JobId) -> Result<()> {
        Ok(self.engine.stage_done(job).await?)
    }

    /// Tells each object below a prefix, as it is listed.
    pub async fn each_below(
        &self,
        profile: &str,
        bucket: &BucketName,
        prefix: &Prefix,
        tell: impl FnMut(ObjectKey, u64),
    ) -> Result<()> {
        let s3 = self.s3(profile).await?;
        everything_below(&s3, bucket, prefix.as_str(), tell).await
    }

    /// Deletes in S3 what a download brought here whole and proven, unless it has changed since.
    pub async fn delete_fetched(&self, job: JobId, mut tell: impl FnMut(Fetched)) -> Result<()> {
        let Some(row) = self.engine.journal().job(job)? else { return Ok(()) };
        let (s3, bucket) = (self.s3(row.profile.as_str()).await?, BucketName::new(row.bucket)?);
        let mut after = TransferId::new(0);
        loop {
            let journal = self.engine.journal();
            let rows = journal.transfers_after(job, TransferFilter::All, after, 1000)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let done = rows.into_iter().filter(|row| row.state == TransferState::Completed);
            let mut ended = futures::stream::iter(done)
                .map(|row| fetched(&s3, &bucket, row.key, row.version, row.etag))
                .buffered(AT_ONCE);
            while let Some(one) = ended.next().await {
                tell(one);
            }
        }
    }
}

async fn fetched(
    s3: &S3,
    bucket: &BucketName,
    key: String,
    version_id: Option<String>,
    etag: Option<String>,
) -> Fetched {
    let deleted = async {
        let name = ObjectKey::new(key.as_str())?;
        let request = HeadRequest { version_id: version_id.clone(), ..HeadRequest::default() };
        let now = match s3.head_object_of(bucket, &name, &request).await {
            Err(error) if error.class == Class::ObjectNotFound => return Ok(()),
            head => head?,
        };
        let folder = key.ends_with('/') && etag.is_none() && now.size == 0;
        if !folder && (now.etag.is_none() || now.etag != etag) {
            let what = format!("s3://{bucket}/{key} has changed since it was fetched");
            return Err(Failure::new(Code::SourceChanged, what)
                .with_hint("It was not deleted. Fetch it again."));
        }
        s3.delete_version(bucket, &ObjectId { key: name, version_id }, false).await?;
        Ok(())
    };
    Fetched { error: deleted.await.err(), key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_at_the_longest_root() {
        let roots = ["".to_owned(), "a/".to_owned(), "a/b/".to_owned()];
        for (key, cut) in [("x", 0), ("a/x", 2), ("a/b/x", 4), ("ab/x", 0)] {
            assert_eq!(cut_of(&roots, key), cut, "{key}");
        }
    }

    #[test]
    fn what_is_named_is_sifted_at_once_and_folders_later() {
        let rules = Rules { exclude: vec!["a*".into()], ..Rules::default() };
        let chosen = Chosen {
            items: vec![
                (ObjectKey::new("p/ab").unwrap(), 0).into(),
                (ObjectKey::new("p/b").unwrap(), 0).into(),
            ],
            below: vec![Below { prefix: "q/r/".into(), ..Below::default() }],
        };
        let sifted = chosen.sifted(&rules, Bounds::default(), &["p/".into(), "q/".into()]).unwrap();
        assert_eq!(sifted.items.len(), 1);
        assert_eq!(sifted.below[0].sieve.as_ref().unwrap().cut, 2);
    }
}
