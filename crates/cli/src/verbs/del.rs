use std::collections::BTreeMap;

use clap::Args;
use dipper_app::{Chosen, Draft, Failure, Item, ListedAction, Result};
use dipper_types::{BucketName, JobId, Prefix, S3Uri};
use serde_json::json;

use super::Context;
use super::sifting::Sieve;
use super::targets::{Targets, nothing_there, object_only, targets};
use crate::args_moving::FilterArgs;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};
use crate::wanted::BoundsArgs;

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
    /// All or, if there are more, none
    #[arg(long, value_name = "NUM")]
    pub max_delete: Option<u64>,
    #[command(flatten)]
    pub filters: FilterArgs,
    #[command(flatten)]
    pub bounds: BoundsArgs,
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
        if options.bounds.bounds()?.is_any() {
            return Err(Failure::invalid(
                "a version that is named is deleted whatever its size and age",
            )
            .with_hint("Leave out --version-id, or --min-size and its kin."));
        }
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
    let sieve = Sieve::of(&options.filters, &options.uris)?.within(&options.bounds)?;
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
        let id = objects.begin(context, &bucket, ListedAction::Delete, Some(&sieve)).await?;
        partly |= matches!(follow(context, &bucket, id).await?, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

async fn dry_run(
    context: &Context<'_>,
    sieve: &Sieve,
    bucket: &BucketName,
    objects: &Targets,
) -> Result<()> {
    let (mut each, mut any) = (objects.each(context, bucket, Some(sieve)), false);
    while let Some((key, _)) = each.next().await? {
        any = true;
        told(context, bucket, key.as_str(), None, true);
    }
    if !any {
        nothing_there("delete", bucket);
    }
    Ok(())
}

/// All of it is counted before any of it is deleted, and no more is deleted than was counted.
async fn at_most(
    context: &Context<'_>,
    sieve: &Sieve,
    most: u64,
    wanted: BTreeMap<BucketName, Targets>,
) -> Result<Ended> {
    let mut drafts: Vec<(BucketName, Draft)> = Vec::new();
    let mut failed = None;
    for (bucket, objects) in wanted {
        let (app, title) = (context.app, Chosen::from(&objects).title());
        let action = ListedAction::Delete;
        let root = Prefix::root();
        let mut draft = app.draft(&context.profile, &bucket, &root, title, action).await?;
        let mut each = objects.each(context, &bucket, Some(sieve));
        let filled = async {
            while let Some((key, size)) = each.next().await? {
                draft.add(Item::from((key, size))).await?;
            }
            Ok::<_, Failure>(())
        };
        failed = failed.or(filled.await.err());
        drafts.push((bucket, draft));
    }
    let count: u64 = drafts.iter().map(|(_, draft)| draft.objects()).sum();
    if count > most || failed.is_some() {
        for (_, draft) in drafts {
            draft.give_up().await?;
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        note(&format!("WARNING: {count} would be deleted, but at most {most} may: none was"));
        return Ok(Ended::Well);
    }
    let mut partly = false;
    for (bucket, draft) in drafts {
        if draft.objects() == 0 {
            nothing_there("delete", &bucket);
            draft.give_up().await?;
            continue;
        }
        let id = draft.begin().await?;
        partly |= matches!(follow(context, &bucket, id).await?, Ended::Partly);
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
