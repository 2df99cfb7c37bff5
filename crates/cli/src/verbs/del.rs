use std::collections::BTreeMap;

use clap::Args;
use dipper_app::{Chosen, Failure, ListedAction, Result, TransferItem};
use dipper_types::{BucketName, JobId, ObjectKey, Prefix, S3Uri};
use serde_json::json;

use super::Context;
use super::sifting::Sieve;
use super::targets::{Targets, nothing_there, object_only, targets};
use crate::args_moving::FilterArgs;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};

#[derive(Debug, Args)]
pub struct Del {
    /// s3://BUCKET/KEY
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Everything below a folder
    #[arg(short, long)]
    pub recursive: bool,
    /// Allow to empty a whole bucket
    #[arg(short, long)]
    pub force: bool,
    /// All or, if there are more, none
    #[arg(long, value_name = "NUM")]
    pub max_delete: Option<u64>,
    #[command(flatten)]
    pub filters: FilterArgs,
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
    let sieve = Sieve::of(&options.filters, &options.uris)?;
    let wanted = targets(context, &options.uris, options.recursive).await?;
    if options.dry_run {
        for (bucket, objects) in &wanted {
            dry_run(context, &sieve, bucket, objects).await?;
        }
        return Ok(Ended::Well);
    }
    if let Some(most) = options.max_delete {
        return at_most(context, &sieve, most, wanted).await;
    }
    let mut partly = false;
    for (bucket, objects) in wanted {
        let chosen = sieve.sifted(&bucket, &objects)?;
        partly |= matches!(delete(context, bucket, chosen).await?, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

async fn dry_run(
    context: &Context<'_>,
    sieve: &Sieve,
    bucket: &BucketName,
    objects: &Targets,
) -> Result<()> {
    let chosen = Chosen::from(objects);
    let (mut any, mut slow) = (false, None);
    let mut tell = |key: &str| match sieve.takes(bucket, key) {
        Ok(true) => {
            any = true;
            told(context, bucket, key, None, true);
        }
        Ok(false) => {}
        Err(error) => slow = Some(error),
    };
    chosen.items.iter().for_each(|item| tell(item.key.as_str()));
    for below in &chosen.below {
        let prefix = Prefix::new(below.prefix.as_str())?;
        let each = |key: ObjectKey, _| tell(key.as_str());
        context.app.each_below(&context.profile, bucket, &prefix, each).await?;
    }
    if !any {
        nothing_there("delete", bucket);
    }
    slow.map_or(Ok(()), Err)
}

/// All of it is counted before any of it is deleted, and no more is deleted than was counted.
async fn at_most(
    context: &Context<'_>,
    sieve: &Sieve,
    most: u64,
    wanted: BTreeMap<BucketName, Targets>,
) -> Result<Ended> {
    let (mut planned, mut count, mut failed) = (Vec::new(), 0_u64, None);
    for (bucket, objects) in wanted {
        let chosen = sieve.sifted(&bucket, &objects)?;
        match context.app.plan_deletion(&context.profile, &bucket, chosen).await {
            Ok((job, more)) => {
                count += more;
                planned.push((bucket, job, more));
            }
            Err(failure) => failed = Some(failure),
        }
    }
    if count > most || failed.is_some() {
        for (_, job, _) in planned {
            context.app.drop_planned(job).await?;
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        note(&format!("WARNING: {count} would be deleted, but at most {most} may: none was"));
        return Ok(Ended::Well);
    }
    let mut partly = false;
    for (bucket, job, count) in planned {
        if count == 0 {
            nothing_there("delete", &bucket);
            context.app.drop_planned(job).await?;
            continue;
        }
        context.app.begin_planned(job).await?;
        partly |= matches!(followed(context, &bucket, job).await?, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
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
    let ended = followed(context, &bucket, id).await?;
    if context.was_empty(id)? {
        nothing_there("delete", &bucket);
    }
    Ok(ended)
}

async fn followed(context: &Context<'_>, bucket: &BucketName, id: JobId) -> Result<Ended> {
    let told =
        |item: &TransferItem| told(context, bucket, &item.key, item.version.as_deref(), false);
    context.follow(id, |_, _, item| told(item)).await
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
