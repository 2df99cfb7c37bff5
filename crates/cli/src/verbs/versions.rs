//! Older versions: seen, fetched back, and deleted for ever.

use clap::Args;
use dipper_app::{App, Failure, Item, ObjectChange, Purge, Result, VersionEntry};
use dipper_types::BucketName;
use serde_json::json;

use super::Context;
use super::del::{delete, told};
use super::targets::{object_only, place};
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note, size, time};

#[derive(Debug, Args)]
pub struct Versions {
    /// s3://BUCKET[/KEY], with --recursive everything below
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Everything below a folder or in a bucket
    #[arg(short, long)]
    pub recursive: bool,
    /// Sizes in kB, MB, GB
    #[arg(short = 'H', long)]
    pub human_readable_sizes: bool,
}

#[derive(Debug, Args)]
pub struct RestoreVersion {
    /// s3://BUCKET/KEY
    pub uri: String,
    /// The version that becomes the newest; the one before the newest, if none
    #[arg(long, value_name = "ID")]
    pub version_id: Option<String>,
    /// Say what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// s3://BUCKET[/KEY]
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Everything below a folder
    #[arg(short, long)]
    pub recursive: bool,
    /// Allow a whole bucket
    #[arg(short, long)]
    pub force: bool,
    /// Also the newest versions: nothing is left
    #[arg(long)]
    pub all: bool,
    /// Say what would be deleted
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct Undelete {
    /// s3://BUCKET/KEY
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Everything below a folder or in a bucket
    #[arg(short, long)]
    pub recursive: bool,
    /// Say what would come back
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

async fn found(
    context: &Context<'_>,
    uri: &str,
    recursive: bool,
) -> Result<(BucketName, Vec<VersionEntry>)> {
    let (bucket, path) = place(uri)?;
    if path.is_empty() && !recursive {
        return Err(Failure::invalid(format!("'{uri}' is a whole bucket"))
            .with_hint("Use --recursive for everything in it."));
    }
    let prefix = match recursive {
        true => dipper_types::Prefix::folder(&path)?.as_str().to_owned(),
        false => path,
    };
    let found = context.app.versions(&context.profile, &bucket, &prefix, !recursive).await?;
    Ok((bucket, found))
}

pub async fn list(context: &Context<'_>, options: &Versions) -> Result<Ended> {
    for uri in &options.uris {
        let (bucket, versions) = found(context, uri, options.recursive).await?;
        if versions.is_empty() {
            return Err(Failure::new(
                dipper_app::Code::ObjectNotFound,
                format!("there are no versions at {uri}"),
            ));
        }
        for version in versions {
            if context.args.json {
                json_line(&json!({
                    "type": if version.is_delete_marker { "deleteMarker" } else { "version" },
                    "bucket": bucket, "key": version.key, "versionId": version.version_id,
                    "isLatest": version.is_latest, "size": version.size, "etag": version.etag,
                    "modified": version.modified.map(|at| at.rfc3339()),
                    "storageClass": version.storage_class,
                }));
                continue;
            }
            let what = match version.is_delete_marker {
                true => format!("{:>12}", "DELETED"),
                false => size(version.size, options.human_readable_sizes),
            };
            let mark = if version.is_latest { "*" } else { " " };
            line(&format!(
                "{:16} {what} {mark} {:32}  s3://{bucket}/{}",
                time(version.modified),
                version.version_id,
                name(&version.key)
            ));
        }
    }
    Ok(Ended::Well)
}

pub async fn restore(context: &Context<'_>, options: &RestoreVersion) -> Result<Ended> {
    let (bucket, key) = object_only(&options.uri)?;
    let versions = context.app.versions(&context.profile, &bucket, key.as_str(), true).await?;
    let none = || {
        let code = dipper_app::Code::VersionNotFound;
        Failure::new(code, format!("s3://{bucket}/{key} has no such version to go back to"))
            .with_hint("`dipper versions` lists what there is.")
    };
    let chosen = match &options.version_id {
        Some(id) => versions.iter().find(|v| v.version_id == *id && !v.is_delete_marker),
        None => versions.iter().find(|v| !v.is_latest && !v.is_delete_marker),
    };
    let chosen = chosen.ok_or_else(none)?;
    let told = |id: &str| {
        if context.args.json {
            json_line(
                &json!({ "type": "restoreVersion", "bucket": bucket, "key": key, "versionId": id }),
            );
        } else {
            context
                .say(&format!("restore: 's3://{bucket}/{}' from version {id}", name(key.as_str())));
        }
    };
    if options.dry_run {
        told(&chosen.version_id);
        return Ok(Ended::Well);
    }
    let item = Item {
        key: key.clone(),
        source: None,
        version_id: Some(chosen.version_id.clone()),
        size: chosen.size,
    };
    let change = ObjectChange::RestoreVersion;
    let id = context.app.change(&context.profile, &bucket, vec![item], change).await?;
    context.follow(id, |_, _, _| told(&chosen.version_id)).await
}

pub async fn purge(context: &Context<'_>, options: &PurgeArgs) -> Result<Ended> {
    let which = if options.all { Purge::All } else { Purge::Noncurrent };
    for uri in &options.uris {
        if place(uri)?.1.is_empty() && !(options.recursive && options.force) {
            return Err(Failure::invalid(format!("'{uri}' is a whole bucket"))
                .with_hint("Use --recursive --force to purge it."));
        }
    }
    take(context, &options.uris, options.recursive, which, options.dry_run).await
}

pub async fn undelete(context: &Context<'_>, options: &Undelete) -> Result<Ended> {
    let which = Purge::DeleteMarkers;
    take(context, &options.uris, options.recursive, which, options.dry_run).await
}

async fn take(
    context: &Context<'_>,
    uris: &[String],
    recursive: bool,
    which: Purge,
    dry_run: bool,
) -> Result<Ended> {
    let mut partly = false;
    for uri in uris {
        let (bucket, versions) = found(context, uri, recursive).await?;
        let taken = App::purged(&versions, which);
        if taken.is_empty() {
            note(&format!("WARNING: there is nothing of that kind at {uri}"));
            continue;
        }
        if dry_run {
            for version in &taken {
                told(context, &bucket, &version.key, Some(&version.version_id), true);
            }
            continue;
        }
        let items = taken
            .into_iter()
            .map(|version| {
                Ok(Item {
                    key: dipper_types::ObjectKey::new(version.key)?,
                    source: None,
                    version_id: Some(version.version_id),
                    size: version.size,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        partly |= matches!(delete(context, bucket, items).await?, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}
