use std::path::Path;

use clap::Args;
use dipper_app::{
    Below, Chosen, Failure, Fetched, GetRequest, HeadRequest, Item, ListedAction, OnExisting,
    Result, S3,
};
use dipper_types::{BucketName, JobId, ObjectKey, PartNumber, Prefix, S3Uri};
use serde_json::json;

use super::sifting::Sieve;
use super::{Context, absolute, shown, words};
use crate::args::Conflicts;
use crate::args_moving::FilterArgs;
use crate::exit::Ended;
use crate::output::{failure, json as json_line, name};

#[derive(Debug, Args)]
#[command(override_usage = "dipper get [OPTIONS] s3://BUCKET/KEY… [FILE|FOLDER]")]
pub struct Get {
    /// Objects, and where they go, else here; `-` writes to standard output
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// Everything below a folder or in a bucket
    #[arg(short, long)]
    pub recursive: bool,
    /// Overwrite local files
    #[arg(short, long)]
    pub force: bool,
    /// Leave local files that are there
    #[arg(long)]
    pub skip_existing: bool,
    /// Fetch what is not whole here; a file that is, by its bytes, is left
    #[arg(long = "continue", conflicts_with_all = ["force", "skip_existing"])]
    pub continue_get: bool,
    #[command(flatten)]
    pub conflicts: Conflicts,
    #[command(flatten)]
    pub filters: FilterArgs,
    /// Delete in S3 what is here, whole and verified
    #[arg(long, conflicts_with_all = ["range", "part"])]
    pub delete_after_fetch: bool,
    /// Stop with the first file that fails
    #[arg(long)]
    pub stop_on_error: bool,
    /// Names that every system can store: what Windows refuses is written %XX
    #[arg(long)]
    pub portable_names: bool,
    /// At most so much a second, such as 500k or 2m
    #[arg(long, value_name = "RATE")]
    pub limit_rate: Option<String>,
    /// This version
    #[arg(long, value_name = "ID", conflicts_with = "recursive")]
    pub version_id: Option<String>,
    /// Only these bytes to standard output: FIRST-LAST or FIRST-
    #[arg(long, value_name = "RANGE", conflicts_with_all = ["recursive", "part"])]
    pub range: Option<String>,
    /// Only this part, as it was uploaded, to standard output
    #[arg(long, value_name = "NUM", conflicts_with = "recursive")]
    pub part: Option<i32>,
}

pub async fn run(context: &Context<'_>, options: &Get) -> Result<Ended> {
    let (uris, local) = match options.paths.split_last() {
        Some((last, rest)) if !rest.is_empty() && !S3Uri::is_s3(last) => {
            (rest, Some(last.as_str()))
        }
        _ => (options.paths.as_slice(), None),
    };
    let on_existing = options.conflicts.rule().unwrap_or(match options.skip_existing {
        true => OnExisting::Skip,
        false if options.continue_get => OnExisting::Differs,
        false if options.force => OnExisting::Overwrite,
        false => OnExisting::Refuse,
    });
    words::limit_rate(context.app, options.limit_rate.as_deref())?;
    let sieve = Sieve::of(&options.filters, uris)?;
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
            tree(context, options, &sieve, (&bucket, &path), local, on_existing).await?
        } else if !sieve.takes(&bucket, &path)? {
            Ended::Well
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
    if options.range.is_some() || options.part.is_some() {
        return piece(&s3, options, bucket, &key, local).await;
    }
    let version_id = options.version_id.clone();
    let asked = HeadRequest { version_id: version_id.clone(), ..HeadRequest::default() };
    let head = s3.head_object_of(bucket, &key, &asked).await?;
    let item = Item { key: key.clone(), source: None, version_id, size: head.size };
    let action = match local {
        Some("-") => {
            return to_stdout(context, bucket, item, options.delete_after_fetch).await;
        }
        Some(text) if text.ends_with(['/', '\\']) || many || Path::new(text).is_dir() => {
            let folder = absolute(Path::new(text))?;
            ListedAction::Download {
                folder: folder.into(),
                on_existing,
                portable_names: options.portable_names,
            }
        }
        Some(text) => {
            let file = absolute(Path::new(text))?.into_os_string();
            ListedAction::DownloadTo { file, on_existing }
        }
        None => {
            let folder = absolute(Path::new("."))?;
            ListedAction::Download {
                folder: folder.into(),
                on_existing,
                portable_names: options.portable_names,
            }
        }
    };
    let prefix = key.parent();
    fetch(context, options, bucket, prefix, vec![item].into(), action, local).await
}

async fn tree(
    context: &Context<'_>,
    options: &Get,
    sieve: &Sieve,
    (bucket, path): (&BucketName, &str),
    local: Option<&str>,
    on_existing: OnExisting,
) -> Result<Ended> {
    // `-r` takes a folder, never a part of a name; its own name is left out after a slash.
    let prefix = Prefix::folder(path)?;
    let base = if path.ends_with('/') || path.is_empty() {
        prefix.clone()
    } else {
        prefix.parent().unwrap_or_default()
    };
    let folder = absolute(Path::new(local.unwrap_or(".")))?;
    let action = ListedAction::Download {
        folder: folder.into(),
        on_existing,
        portable_names: options.portable_names,
    };
    let below = vec![Below { prefix: prefix.to_string(), ..Below::default() }];
    let chosen = sieve.sifted(bucket, Chosen { below, ..Chosen::default() })?;
    fetch(context, options, bucket, base, chosen, action, local).await
}

/// Some bytes, straight through: nothing but their number proves them.
async fn piece(
    s3: &S3,
    options: &Get,
    bucket: &BucketName,
    key: &ObjectKey,
    local: Option<&str>,
) -> Result<Ended> {
    if !matches!(local, None | Some("-")) {
        return Err(Failure::invalid("--range and --part write to standard output")
            .with_hint("Redirect it: dipper get --range 0-99 s3://BUCKET/KEY > FILE"));
    }
    let part = options.part.map(PartNumber::new).transpose()?;
    let asked = HeadRequest { version_id: options.version_id.clone(), ..HeadRequest::default() };
    let head = s3.head_object_of(bucket, key, &asked).await?;
    let range = options.range.as_deref().map(|text| range(text, head.size)).transpose()?;
    let request = GetRequest {
        range,
        part,
        if_match: head.etag,
        version_id: options.version_id.clone(),
        checksums: false,
    };
    let failed = |error: std::io::Error| {
        Failure::new(dipper_app::Code::LocalIo, format!("standard output: {error}"))
    };
    let mut download = s3.get_object(bucket, key, &request).await?;
    let (announced, mut came) = (download.len, 0);
    while let Some(bytes) = download.next().await {
        let bytes = bytes?;
        came += bytes.len() as u64;
        match std::io::Write::write_all(&mut std::io::stdout().lock(), &bytes) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(Ended::Well),
            written => written.map_err(failed)?,
        }
    }
    if came != announced {
        let what = format!("{announced} bytes were announced, {came} came");
        return Err(Failure::new(dipper_app::Code::ChecksumMismatch, what));
    }
    Ok(Ended::Well)
}

/// First byte and length.
fn range(text: &str, size: u64) -> Result<(u64, u64)> {
    let bad = || {
        Failure::invalid(format!("'{text}' is no range of an object of {size} bytes"))
            .with_hint("Write FIRST-LAST or FIRST-, counting from 0.")
    };
    let (first, last) = text.split_once('-').ok_or_else(bad)?;
    let first: u64 = first.parse().map_err(|_| bad())?;
    let last: u64 = match last {
        "" => size.saturating_sub(1),
        last => last.parse().map_err(|_| bad())?,
    };
    if first > last || first >= size {
        return Err(bad());
    }
    Ok((first, last.min(size - 1) - first + 1))
}

async fn fetch(
    context: &Context<'_>,
    options: &Get,
    bucket: &BucketName,
    base: Prefix,
    chosen: Chosen,
    action: ListedAction,
    named: Option<&str>,
) -> Result<Ended> {
    let here = if matches!(named, None | Some(".")) { "./" } else { "" };
    // With a filter, nothing may be what was asked for.
    let whole = chosen.below.first().filter(|below| below.sieve.is_none());
    let (title, below) = (chosen.title(), whole.map(|below| below.prefix.clone()));
    let id =
        context.app.listed(&context.profile, bucket.clone(), base, title, chosen, action).await?;
    let ended = context
        .follow(id, |job, number, item| {
            let local = item.local.as_deref().map(shown).unwrap_or_default();
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
        })
        .await?;
    let ended = match options.delete_after_fetch {
        true => match delete_fetched(context, id, bucket, "fetch").await? {
            Ended::Partly => Ended::Partly,
            _ => ended,
        },
        false => ended,
    };
    match below {
        Some(prefix) if context.was_empty(id)? => Err(Failure::new(
            dipper_app::Code::ObjectNotFound,
            format!("there is nothing below s3://{bucket}/{prefix}"),
        )),
        _ => Ok(ended),
    }
}

/// A whole object to standard output.
pub async fn whole(
    context: &Context<'_>,
    bucket: &BucketName,
    key: ObjectKey,
    version_id: Option<String>,
) -> Result<Ended> {
    let s3 = context.app.client(&context.profile).await?;
    let asked = HeadRequest { version_id: version_id.clone(), ..HeadRequest::default() };
    let size = s3.head_object_of(bucket, &key, &asked).await?.size;
    to_stdout(context, bucket, Item { key, source: None, version_id, size }, false).await
}

/// Through a verified file of ours: nothing unproven reaches the pipe.
async fn to_stdout(
    context: &Context<'_>,
    bucket: &BucketName,
    item: Item,
    delete: bool,
) -> Result<Ended> {
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
            item.key.name().to_owned(),
            vec![item],
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
        Ok(_) if delete => delete_fetched(context, id, bucket, "fetch").await,
        Ok(_) => Ok(ended),
    }
}

/// `--delete-after-fetch`: what is here, proven, is deleted there.
pub async fn delete_fetched(
    context: &Context<'_>,
    id: JobId,
    bucket: &BucketName,
    after: &str,
) -> Result<Ended> {
    let mut partly = false;
    let tell = |one: Fetched| match one.error {
        Some(error) => {
            partly = true;
            failure(&error, context.args.json);
        }
        None if context.args.json => {
            json_line(&json!({ "type": "delete", "bucket": bucket, "key": one.key }));
        }
        None => {
            let key = name(&one.key);
            context.say(&format!("File 's3://{bucket}/{key}' removed after {after}"));
        }
    };
    context.app.delete_fetched(id, tell).await?;
    Ok(if partly { Ended::Partly } else { Ended::Well })
}
