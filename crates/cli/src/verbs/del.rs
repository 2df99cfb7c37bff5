use clap::Args;
use dipper_app::{Chosen, Failure, ListedAction, Result};
use dipper_types::{BucketName, JobId, Prefix, S3Uri};
use serde_json::json;

use super::Context;
use super::targets::{Targets, nothing_there, object_only, targets};
use crate::exit::Ended;
use crate::output::{json as json_line, line, name};

#[derive(Debug, Args)]
pub struct Del {
    /// s3://BUCKET/KEY, or a pattern such as s3://BUCKET/logs/**/*.gz
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Everything below a folder
    #[arg(short, long)]
    pub recursive: bool,
    /// Allow to empty a whole bucket
    #[arg(short, long)]
    pub force: bool,
    /// Say what would be deleted
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// This version, for ever
    #[arg(long, value_name = "ID", conflicts_with = "recursive")]
    pub version_id: Option<String>,
    /// Also a version under governance retention, if these keys may
    #[arg(long, requires = "version_id")]
    pub bypass_governance: bool,
}

pub async fn run(context: &Context<'_>, options: &Del) -> Result<Ended> {
    if let Some(version) = &options.version_id {
        return one_version(context, options, version).await;
    }
    for uri in &options.uris {
        match S3Uri::parse(uri)? {
            S3Uri::Bucket(_) if options.recursive && !options.force => {
                return Err(Failure::invalid(format!("'{uri}' is a whole bucket"))
                    .with_hint("Use --recursive --force to empty it."));
            }
            S3Uri::Path(..) => {}
            S3Uri::Bucket(_) if options.recursive => {}
            _ => {
                return Err(Failure::invalid(format!("'{uri}' names no object"))
                    .with_hint("Use --recursive for a folder, `rb` for a bucket."));
            }
        }
    }
    let mut partly = false;
    for (bucket, objects) in targets(context, &options.uris, options.recursive).await? {
        if options.dry_run {
            dry_run(context, &bucket, &objects).await?;
            continue;
        }
        let id = objects.begin(context, &bucket, ListedAction::Delete).await?;
        partly |= matches!(follow(context, &bucket, id).await?, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

async fn dry_run(context: &Context<'_>, bucket: &BucketName, objects: &Targets) -> Result<()> {
    let (mut each, mut any) = (objects.each(context, bucket), false);
    while let Some((key, _)) = each.next().await? {
        any = true;
        told(context, bucket, key.as_str(), None, true);
    }
    if !any {
        nothing_there("delete", bucket);
    }
    Ok(())
}

/// Deletes keys or versions in a job, and says which.
pub async fn delete(
    context: &Context<'_>,
    bucket: BucketName,
    chosen: impl Into<Chosen>,
) -> Result<Ended> {
    let action = ListedAction::Delete;
    let chosen = chosen.into();
    let title = chosen.title();
    let id = context
        .app
        .listed(&context.profile, bucket.clone(), Prefix::root(), title, chosen, action)
        .await?;
    follow(context, &bucket, id).await
}

/// Waits for a job that deletes, and says what it does.
pub async fn follow(context: &Context<'_>, bucket: &BucketName, id: JobId) -> Result<Ended> {
    let ended = context
        .follow(id, |_, _, item| {
            told(context, bucket, &item.key, item.version.as_deref(), false);
        })
        .await?;
    if context.was_empty(id)? {
        nothing_there("delete", bucket);
    }
    Ok(ended)
}

async fn one_version(context: &Context<'_>, options: &Del, version: &str) -> Result<Ended> {
    for uri in &options.uris {
        let (bucket, key) = object_only(uri)?;
        if !options.dry_run {
            let s3 = context.app.client(&context.profile).await?;
            let object =
                dipper_app::ObjectId { key: key.clone(), version_id: Some(version.to_owned()) };
            s3.delete_version(&bucket, &object, options.bypass_governance).await?;
        }
        told(context, &bucket, key.as_str(), Some(version), options.dry_run);
    }
    Ok(Ended::Well)
}

pub fn told(
    context: &Context<'_>,
    bucket: &BucketName,
    key: &str,
    version: Option<&str>,
    dry_run: bool,
) {
    if context.args.json {
        let mut event = json!({ "type": "delete", "bucket": bucket, "key": key });
        if let Some(version) = version {
            event["versionId"] = version.into();
        }
        if dry_run {
            event["dryRun"] = true.into();
        }
        json_line(&event);
        return;
    }
    let version = version.map(|v| format!("  ({v})")).unwrap_or_default();
    let text = format!("delete: 's3://{bucket}/{}'{version}", name(key));
    if dry_run { line(&text) } else { context.say(&text) }
}
