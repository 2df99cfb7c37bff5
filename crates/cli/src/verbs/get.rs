use std::path::Path;

use dipper_app::{Failure, ListedAction, OnExisting, Result, TransferFilter};
use dipper_types::{BucketName, ObjectKey, Prefix, S3Uri};
use serde_json::json;

use super::{Context, absolute, shown};
use crate::args::Get;
use crate::exit::Ended;
use crate::output::{json as json_line, name};

pub async fn run(context: &Context<'_>, options: &Get) -> Result<Ended> {
    let (uris, local) = match options.paths.split_last() {
        Some((last, rest)) if !rest.is_empty() && !S3Uri::is_s3(last) => {
            (rest, Some(last.as_str()))
        }
        _ => (options.paths.as_slice(), None),
    };
    let on_existing = if options.force { OnExisting::Overwrite } else { OnExisting::Refuse };
    let mut partly = false;
    for uri in uris {
        let (bucket, path) = match S3Uri::parse(uri)? {
            S3Uri::Path(bucket, path) => (bucket, path),
            S3Uri::Bucket(bucket) if options.recursive => (bucket, String::new()),
            _ => {
                return Err(Failure::invalid(format!("'{uri}' names no object"))
                    .with_hint("Use --recursive to download a whole bucket."));
            }
        };
        let ended = if options.recursive {
            tree(context, options, &bucket, &path, local, on_existing).await?
        } else {
            single(context, options, &bucket, &path, local, uris.len() > 1, on_existing).await?
        };
        partly |= matches!(ended, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

async fn single(
    context: &Context<'_>,
    options: &Get,
    bucket: &BucketName,
    path: &str,
    local: Option<&str>,
    many: bool,
    on_existing: OnExisting,
) -> Result<Ended> {
    let key = ObjectKey::new(path)?;
    let s3 = context.app.client(&context.profile).await?;
    let head = s3.head_object(bucket, &key).await?;
    let (folder, action) = match local {
        Some("-") => {
            return to_stdout(context, bucket, &key).await;
        }
        Some(text) if text.ends_with(['/', '\\']) || many || Path::new(text).is_dir() => {
            let folder = absolute(Path::new(text))?;
            (Some(folder.clone()), ListedAction::Download { folder: folder.into(), on_existing })
        }
        Some(text) => {
            let file = absolute(Path::new(text))?.into_os_string();
            (None, ListedAction::DownloadTo { file, on_existing })
        }
        None => {
            let folder = absolute(Path::new("."))?;
            (Some(folder.clone()), ListedAction::Download { folder: folder.into(), on_existing })
        }
    };
    let prefix = key.parent();
    if options.skip_existing {
        let there = match (&folder, local) {
            (Some(folder), _) => folder.join(key.name()).exists(),
            (None, Some(file)) => Path::new(file).exists(),
            (None, None) => false,
        };
        if there {
            return Ok(Ended::Well);
        }
    }
    fetch(context, bucket, prefix, vec![(key, head.size)], action, local).await
}

async fn tree(
    context: &Context<'_>,
    options: &Get,
    bucket: &BucketName,
    path: &str,
    local: Option<&str>,
    on_existing: OnExisting,
) -> Result<Ended> {
    // `-r` takes a folder, never a part of a name; its own name is left out after a slash.
    let prefix =
        if path.is_empty() || path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
    let prefix = Prefix::new(prefix)?;
    let base = if path.ends_with('/') || path.is_empty() {
        prefix.clone()
    } else {
        prefix.parent().unwrap_or_default()
    };
    let folder = absolute(Path::new(local.unwrap_or(".")))?;
    let mut objects = context.app.everything_below(&context.profile, bucket, &prefix).await?;
    if objects.is_empty() {
        return Err(Failure::new(
            dipper_app::Code::ObjectNotFound,
            format!("there is nothing below s3://{bucket}/{prefix}"),
        ));
    }
    if options.skip_existing {
        objects.retain(|(key, _)| {
            let relative = key.as_str().strip_prefix(base.as_str()).unwrap_or(key.as_str());
            !folder.join(relative).exists()
        });
    }
    let action = ListedAction::Download { folder: folder.into(), on_existing };
    fetch(context, bucket, base, objects, action, local).await
}

async fn fetch(
    context: &Context<'_>,
    bucket: &BucketName,
    base: Prefix,
    objects: Vec<(ObjectKey, u64)>,
    action: ListedAction,
    named: Option<&str>,
) -> Result<Ended> {
    let here = if matches!(named, None | Some(".")) { "./" } else { "" };
    if objects.is_empty() {
        return Ok(Ended::Well);
    }
    let title = match objects.as_slice() {
        [(one, _)] => one.name().to_owned(),
        many => format!("{} items", many.len()),
    };
    let id =
        context.app.listed(&context.profile, bucket.clone(), base, title, objects, action).await?;
    let job = context.wait(id).await?;
    let mut number = 0;
    loop {
        let window = context.app.transfers(id, TransferFilter::All, number, 500)?;
        if window.items.is_empty() {
            break;
        }
        for item in window.items {
            number += 1;
            if item.state != dipper_app::ItemState::Completed {
                continue;
            }
            let local = item.local.map(|local| shown(&local)).unwrap_or_default();
            let here = if local.is_relative() { here } else { "" };
            let local = format!("{here}{}", local.display());
            if context.args.json {
                json_line(&json!({
                    "type": "download", "bucket": bucket, "key": item.key, "local": local,
                    "size": item.size, "verifiedBy": item.verified,
                }));
            } else {
                context.say(&format!(
                    "download: 's3://{bucket}/{}' -> '{}'  [{number} of {}]",
                    name(&item.key),
                    name(&local),
                    job.files_total
                ));
            }
        }
    }
    context.close(&job)
}

/// Through a verified file of ours: nothing unproven reaches the pipe.
async fn to_stdout(context: &Context<'_>, bucket: &BucketName, key: &ObjectKey) -> Result<Ended> {
    let failed = |error: std::io::Error| {
        Failure::new(dipper_app::Code::LocalIo, format!("standard output: {error}"))
    };
    let folder = tempfile::tempdir_in(context.app.home()).map_err(failed)?;
    let file = folder.path().join("object");
    let action =
        ListedAction::DownloadTo { file: file.clone().into(), on_existing: OnExisting::Refuse };
    let id = context
        .app
        .listed(
            &context.profile,
            bucket.clone(),
            Prefix::root(),
            key.name().to_owned(),
            vec![(key.clone(), 0)],
            action,
        )
        .await?;
    let job = context.wait(id).await?;
    let ended = context.close(&job)?;
    let mut source = std::fs::File::open(&file).map_err(failed)?;
    match std::io::copy(&mut source, &mut std::io::stdout().lock()) {
        // Who reads has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ended),
        Err(error) => Err(failed(error)),
        Ok(_) => Ok(ended),
    }
}
