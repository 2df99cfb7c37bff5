//! A bucket with versions, read as it was.

use clap::Args;
use dipper_app::{Code, Failure, Result, as_of};
use dipper_types::{BucketName, Clock, ObjectKey, SystemClock, Timestamp};

use super::{Context, words};
use crate::output::note;

#[derive(Debug, Clone, Default, Args)]
pub struct At {
    /// As it was then, in a bucket with versions: 2026-11-23T05:39:00Z, a date, or a span ago such as 2h
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
}

impl At {
    pub fn moment(&self) -> Result<Option<Timestamp>> {
        self.at.as_deref().map(|text| words::past(text, SystemClock.now())).transpose()
    }

    /// The version that is meant: the one that was named, or the one of that time.
    pub async fn version(
        &self,
        context: &Context<'_>,
        bucket: &BucketName,
        key: &ObjectKey,
        named: Option<&str>,
    ) -> Result<Option<String>> {
        let Some(at) = self.moment()? else { return Ok(named.map(str::to_owned)) };
        if named.is_some() {
            return Err(Failure::invalid("--version-id and --at each name a version")
                .with_hint("Leave out one of them."));
        }
        kept(context, bucket).await?;
        let all = context.app.versions(&context.profile, bucket, key.as_str(), true).await?;
        match as_of(&all, at) {
            Some(version) => Ok(Some(version.version_id.clone())),
            None => Err(Failure::new(
                Code::ObjectNotFound,
                format!("there was no object s3://{bucket}/{key} at {}", at.rfc3339()),
            )
            .with_hint("`dipper versions` lists what there was, and when.")),
        }
    }
}

/// A bucket without versions knows nothing of before.
pub async fn kept(context: &Context<'_>, bucket: &BucketName) -> Result<()> {
    if context.app.keeps_versions(&context.profile, bucket).await? == Some(false) {
        note(&format!(
            "WARNING: s3://{bucket} keeps no versions now: what was written over or deleted meanwhile \
             is missing"
        ));
    }
    Ok(())
}
