use std::path::{Path, PathBuf};

use dipper_app::{
    Code, Failure, ObjectHeaders, OnExisting, Preserve, Result, UploadSkip, UploadSource, Walked,
    tags_header, tags_json, walk_uploads,
};
use dipper_types::{BucketName, ObjectKey, Prefix, S3Uri};
use serde_json::json;
use tokio::io::AsyncReadExt;

use super::targets::object_only;
use super::{Context, absolute, shown, words};
use crate::args::{HeaderArgs, Pipe, Put};
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};

pub async fn run(context: &Context<'_>, options: &Put) -> Result<Ended> {
    let Some((target, files)) = options.paths.split_last() else {
        return Err(Failure::invalid("nothing to upload"));
    };
    let (bucket, path) = match S3Uri::parse(target)? {
        S3Uri::Bucket(bucket) => (bucket, String::new()),
        S3Uri::Path(bucket, path) => (bucket, path),
        S3Uri::Service => return Err(Failure::invalid("a bucket is needed: s3://BUCKET[/PREFIX]")),
    };
    let headers = headers(&options.headers, &options.tag)?;
    words::limit_rate(context.app, options.limit_rate.as_deref())?;
    let on_existing = options.conflicts.rule().unwrap_or(OnExisting::Overwrite);
    if files == ["-"] && options.dry_run {
        return planned_pipe(context, &bucket, &path);
    }
    if files == ["-"] {
        return from_stdin(context, &bucket, &path, headers, on_existing).await;
    }
    let sources = sources(options, files, &path)?;
    if options.dry_run {
        return planned(context, &bucket, &sources, options.keep.keep_dirs);
    }
    let title = match files {
        [one] => one.clone(),
        many => format!("{} items", many.len()),
    };
    send(context, sources, &bucket, title, headers, on_existing, options.keep.keep()).await
}

async fn send(
    context: &Context<'_>,
    sources: Vec<UploadSource>,
    bucket: &BucketName,
    title: String,
    headers: ObjectHeaders,
    on_existing: OnExisting,
    keep: Preserve,
) -> Result<Ended> {
    let id = context
        .app
        .upload_sources(
            sources,
            &context.profile,
            bucket.as_str(),
            &Prefix::root(),
            title,
            headers,
            on_existing,
            keep,
        )
        .await?;
    context
        .follow(id, |job, number, item| {
            let local = item.local.as_deref().map(shown).unwrap_or_default();
            if context.args.json {
                json_line(&json!({
                    "type": "upload", "local": local.display().to_string(), "bucket": bucket,
                    "key": item.key, "size": item.size, "verifiedBy": item.verified,
                }));
            } else {
                context.say(&format!(
                    "upload: '{}' -> 's3://{bucket}/{}'  [{number} of {}]",
                    name(&local.display().to_string()),
                    name(&item.key),
                    job.files_total
                ));
            }
        })
        .await
}

/// s3cmd's rules: one file to a key or below a prefix, several below a prefix; `dir` with its name,
/// `dir/` without.
fn sources(options: &Put, files: &[String], path: &str) -> Result<Vec<UploadSource>> {
    let below = path.is_empty() || path.ends_with('/');
    let mut sources = Vec::with_capacity(files.len());
    for text in files {
        let local = PathBuf::from(text);
        let meta = std::fs::symlink_metadata(&local).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Failure::invalid(format!("{text}: there is no such file or folder"))
                    .with_hint("Check the path.")
            }
            _ => Failure::new(Code::LocalIo, format!("{text}: {error}")),
        })?;
        if meta.is_dir() && !options.recursive {
            return Err(Failure::invalid(format!("{text} is a folder"))
                .with_hint("Use --recursive to upload it."));
        }
        let own =
            if text.ends_with('/') && meta.is_dir() { String::new() } else { file_name(&local)? };
        let key = match (meta.is_dir(), below) {
            (true, true) if own.is_empty() => path.to_owned(),
            (true, true) => format!("{path}{own}/"),
            (true, false) => {
                return Err(Failure::invalid("a folder's target must end in '/'"));
            }
            (false, true) => format!("{path}{own}"),
            (false, false) if files.len() == 1 => path.to_owned(),
            (false, false) => {
                return Err(Failure::invalid("the target of several files must end in '/'"));
            }
        };
        sources.push(UploadSource { path: absolute(&local)?.into_os_string(), key });
    }
    Ok(sources)
}

fn file_name(path: &Path) -> Result<String> {
    let real = if path.file_name().is_none() { path.canonicalize().ok() } else { None };
    real.as_deref()
        .unwrap_or(path)
        .file_name()
        .and_then(|n| n.to_str())
        .map(str::to_owned)
        .ok_or_else(|| Failure::invalid(format!("the name of {} can't be a key", path.display())))
}

/// Standard input has no size and can't be read twice: it goes through a file of ours.
async fn from_stdin(
    context: &Context<'_>,
    bucket: &BucketName,
    path: &str,
    headers: ObjectHeaders,
    on_existing: OnExisting,
) -> Result<Ended> {
    if path.is_empty() || path.ends_with('/') {
        return Err(Failure::invalid("standard input needs a whole key: s3://BUCKET/KEY"));
    }
    let key = ObjectKey::new(path)?;
    let failed =
        |error: std::io::Error| Failure::new(Code::LocalIo, format!("standard input: {error}"));
    let mut spool = tempfile::NamedTempFile::new_in(context.app.home()).map_err(failed)?;
    let mut buffer = vec![0; 1 << 20];
    let mut input = tokio::io::stdin();
    loop {
        let read = input.read(&mut buffer).await.map_err(failed)?;
        if read == 0 {
            break;
        }
        std::io::Write::write_all(&mut spool, &buffer[..read]).map_err(failed)?;
    }
    let source = UploadSource { path: spool.path().as_os_str().to_owned(), key: key.into() };
    // The times and rights are those of a file of ours.
    let keep = Preserve::default();
    send(context, vec![source], bucket, "standard input".into(), headers, on_existing, keep).await
}

fn headers(headers: &HeaderArgs, tags: &[String]) -> Result<ObjectHeaders> {
    let tags = tags_header(&tags_json(&words::tags(tags)?));
    Ok(ObjectHeaders { tags, ..headers.headers()? })
}

/// `put -` by another name.
pub async fn pipe(context: &Context<'_>, options: &Pipe) -> Result<Ended> {
    let (bucket, key) = object_only(&options.uri)?;
    let headers = headers(&options.headers, &options.tag)?;
    words::limit_rate(context.app, options.limit_rate.as_deref())?;
    if options.dry_run {
        return planned_pipe(context, &bucket, key.as_str());
    }
    let on_existing = options.conflicts.rule().unwrap_or(OnExisting::Overwrite);
    from_stdin(context, &bucket, key.as_str(), headers, on_existing).await
}

fn planned_pipe(context: &Context<'_>, bucket: &BucketName, key: &str) -> Result<Ended> {
    would(context, "standard input", bucket, key, None);
    Ok(Ended::Well)
}

/// What an upload would find, as it finds it.
fn planned(
    context: &Context<'_>,
    bucket: &BucketName,
    sources: &[UploadSource],
    empty_folders: bool,
) -> Result<Ended> {
    let mut unreadable = false;
    walk_uploads(sources, &mut |found| {
        match found {
            Walked::File { path, key, size } => {
                would(context, &shown(&path).display().to_string(), bucket, &key, Some(size));
            }
            Walked::EmptyFolder { path, key } if empty_folders && !key.is_empty() => {
                would(context, &shown(&path).display().to_string(), bucket, &key, Some(0));
            }
            Walked::EmptyFolder { .. } => {}
            Walked::Skipped { path, why, .. } => {
                let (why, is_link) = match why {
                    UploadSkip::Symlink => ("a symbolic link", true),
                    UploadSkip::Special => ("no regular file", true),
                    UploadSkip::Unreadable(_) => ("it can't be read", false),
                    _ => ("its name can't be a key", false),
                };
                unreadable |= !is_link;
                note(&format!("WARNING: skipped {}: {why}", shown(&path).display()));
            }
        }
        true
    });
    Ok(if unreadable { Ended::Partly } else { Ended::Well })
}

fn would(context: &Context<'_>, local: &str, bucket: &BucketName, key: &str, size: Option<u64>) {
    if context.args.json {
        json_line(&json!({
            "type": "upload", "local": local, "bucket": bucket, "key": key, "size": size,
            "dryRun": true,
        }));
    } else {
        line(&format!("upload: '{}' -> 's3://{bucket}/{}'", name(local), name(key)));
    }
}
