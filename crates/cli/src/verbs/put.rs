use std::path::{Path, PathBuf};

use dipper_app::{
    Code, Failure, ObjectHeaders, OnExisting, Planned, Preserve, Result, Rules, Sending, Sieve,
    UploadJob, UploadSkip, UploadSource, Walked, Walking, tags_header, tags_json,
};
use dipper_types::{
    BucketName, Clock, JobId, ObjectKey, Prefix, ProfileId, S3Uri, SystemClock, Timestamp,
};
use serde_json::json;
use tokio::io::AsyncReadExt;

use super::cf::{self, CfArgs};
use super::targets::object_only;
use super::{Context, absolute, shown, words};
use crate::args::{HeaderArgs, Pipe, Put};
use crate::args_moving::names;
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
    let headers = headers(context, &options.headers, &options.tag).await?;
    words::limit_rate(context.app, options.limit_rate.as_deref())?;
    let (rules, bounds) = (options.filters.rules()?, options.bounds.bounds()?);
    if files == ["-"] && bounds.is_any() {
        return Err(Failure::invalid("standard input has no size and no age yet"));
    }
    let mut job = UploadJob {
        profile: ProfileId::new(context.profile.as_str()),
        bucket: bucket.clone(),
        prefix: Prefix::root(),
        title: match files {
            [one] => one.clone(),
            many => format!("{} items", many.len()),
        },
        sources: Vec::new(),
        headers,
        on_existing: options.conflicts.rule().unwrap_or(OnExisting::Overwrite),
        keep: options.keep.keep(),
        sending: Sending {
            follow_links: options.follow_symlinks,
            adopt: options.adopt.adopt(),
            places: options.headers.encrypt.places(),
            seal: options.headers.encrypt.seal(context.app, context.args).await?,
            ..options.send.sending()
        },
    };
    if files == ["-"] && options.dry_run {
        return planned_pipe(context, &bucket, &path);
    }
    if files == ["-"] {
        return from_stdin(context, options.cf, &path, job).await;
    }
    let nothing = || Failure::invalid("there is nothing to upload");
    if options.files_from.is_some() {
        let listed = listed(context, options, files, &path)?;
        if options.dry_run {
            return planned_list(context, &bucket, listed);
        }
        return match context.app.upload_named(job, listed).await? {
            Some(id) => follow(context, options.cf, id, &bucket).await,
            None if bounds.is_any() => Ok(Ended::Well),
            None => Err(nothing()),
        };
    }
    job.sources = sources(options, files, &path)?;
    if job.sending.adopt.is_some() && (files.len() > 1 || options.recursive) {
        return Err(Failure::invalid("an unfinished upload is one file's"));
    }
    if rules.is_empty() && bounds.is_none() {
        if options.dry_run {
            return planned(context, options, &job);
        }
        let id = context.app.upload_sources(job).await?;
        return follow(context, options.cf, id, &bucket).await;
    }
    // A file with a key of its own is looked at by its own name.
    let named = !path.is_empty() && !path.ends_with('/');
    match files {
        [one] if named && rules.filter()?.excludes(&file_name(Path::new(one))?)? => {
            return Err(nothing());
        }
        _ => {
            let rules = if named { Rules::default() } else { rules.clone() };
            job.sending.sieve = Some(Sieve { rules, cut: path.len(), bounds });
        }
    }
    if options.dry_run {
        return planned(context, options, &job);
    }
    let id = context.app.upload_sources(job).await?;
    let ended = follow(context, options.cf, id, &bucket).await?;
    // That nothing is so large or so old is no mistake.
    let mistake = !rules.is_empty() && bounds.is_none() && context.was_empty(id)?;
    if mistake { Err(nothing()) } else { Ok(ended) }
}

/// Tells of each file that is up.
async fn follow(
    context: &Context<'_>,
    options: CfArgs,
    id: JobId,
    bucket: &BucketName,
) -> Result<Ended> {
    let ended = context
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
        .await?;
    match cf::after(context, options, bucket, &[id]).await? {
        Ended::Well => Ok(ended),
        partly => Ok(partly),
    }
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
        // What a link leads to, where links are followed.
        let meta = match options.follow_symlinks && meta.is_symlink() {
            true => std::fs::metadata(&local)
                .map_err(|error| Failure::new(Code::LocalIo, format!("{text}: {error}")))?,
            false => meta,
        };
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

/// `--files-from`: files of one folder, by name.
fn listed<'a>(
    context: &'a Context<'_>,
    options: &'a Put,
    files: &[String],
    path: &'a str,
) -> Result<impl Iterator<Item = Result<Planned>> + 'a> {
    let roots = sources(options, files, path)?;
    let ([folder], [root], Some(list)) = (files, roots.as_slice(), &options.files_from) else {
        return Err(Failure::invalid("a list of files is for one folder"));
    };
    if !Path::new(folder).is_dir() {
        return Err(Failure::invalid(format!("{folder} is no folder"))
            .with_hint("A list of files is for the folder that they are in."));
    }
    let filter = options.filters.rules()?.filter()?;
    let (bounds, now) = (options.bounds.bounds()?, SystemClock.now());
    let (base, key) = (PathBuf::from(&root.path), root.key.clone());
    Ok(names(list)?.filter_map(move |name| {
        let one = || -> Result<Option<(String, PathBuf, u64)>> {
            let name = name?;
            let key = format!("{key}{name}");
            if filter.excludes(&key[path.len()..])? {
                return Ok(None);
            }
            let local = base.join(&name);
            // What is not there goes on, so that its own line says so.
            let meta = std::fs::metadata(&local).ok().filter(|_| bounds.is_any());
            let modified =
                |meta: &std::fs::Metadata| meta.modified().ok().map(Timestamp::from_system);
            if meta.is_some_and(|meta| !bounds.hold(meta.len(), modified(&meta), now)) {
                return Ok(None);
            }
            Ok(found(context, local, options.follow_symlinks)
                .map(|(local, size)| (key, local, size)))
        };
        match one() {
            Ok(None) => None,
            Ok(Some((key, local, size))) => {
                Some(ObjectKey::new(key).map_err(Failure::from).map(|key| Planned {
                    key,
                    local: Some(local),
                    source: None,
                    size,
                }))
            }
            Err(failure) => Some(Err(failure)),
        }
    }))
}

/// The file itself and its size. What is not there goes up all the same, so that its own line says so.
fn found(context: &Context<'_>, local: PathBuf, follow: bool) -> Option<(PathBuf, u64)> {
    let own = std::fs::symlink_metadata(&local);
    let link = own.as_ref().is_ok_and(std::fs::Metadata::is_symlink);
    if link && !follow {
        if !context.args.quiet {
            note(&format!("WARNING: skipped {}: a symbolic link", shown(&local).display()));
        }
        return None;
    }
    match if link { std::fs::metadata(&local) } else { own } {
        Ok(meta) if meta.is_dir() => None,
        Ok(meta) if link => Some((local.canonicalize().unwrap_or(local), meta.len())),
        Ok(meta) => Some((local, meta.len())),
        Err(_) => Some((local, 0)),
    }
}

/// Standard input has no size and can't be read twice: it goes through a file of ours.
async fn from_stdin(
    context: &Context<'_>,
    options: CfArgs,
    path: &str,
    mut job: UploadJob,
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
    job.sources = vec![UploadSource { path: spool.path().as_os_str().to_owned(), key: key.into() }];
    job.title = "standard input".into();
    // The times and rights are those of a file of ours.
    job.keep = Preserve::default();
    let bucket = job.bucket.clone();
    let id = context.app.upload_sources(job).await?;
    follow(context, options, id, &bucket).await
}

async fn headers(
    context: &Context<'_>,
    headers: &HeaderArgs,
    tags: &[String],
) -> Result<ObjectHeaders> {
    let tags = tags_header(&tags_json(&words::tags(tags)?));
    let encryption = headers.encrypt.server_side(context.app, context.args).await?;
    Ok(ObjectHeaders { tags, encryption, ..headers.headers()? })
}

/// `put -` by another name.
pub async fn pipe(context: &Context<'_>, options: &Pipe) -> Result<Ended> {
    let (bucket, key) = object_only(&options.uri)?;
    let headers = headers(context, &options.headers, &options.tag).await?;
    words::limit_rate(context.app, options.limit_rate.as_deref())?;
    if options.dry_run {
        return planned_pipe(context, &bucket, key.as_str());
    }
    let job = UploadJob {
        profile: ProfileId::new(context.profile.as_str()),
        bucket,
        prefix: Prefix::root(),
        title: "standard input".into(),
        sources: Vec::new(),
        headers,
        on_existing: options.conflicts.rule().unwrap_or(OnExisting::Overwrite),
        keep: Preserve::default(),
        sending: Sending {
            places: options.headers.encrypt.places(),
            seal: options.headers.encrypt.seal(context.app, context.args).await?,
            ..Sending::default()
        },
    };
    from_stdin(context, CfArgs::default(), key.as_str(), job).await
}

fn planned_pipe(context: &Context<'_>, bucket: &BucketName, key: &str) -> Result<Ended> {
    would(context, "standard input", bucket, key, None);
    Ok(Ended::Well)
}

/// What a list names.
fn planned_list(
    context: &Context<'_>,
    bucket: &BucketName,
    listed: impl Iterator<Item = Result<Planned>>,
) -> Result<Ended> {
    for one in listed {
        let Planned { key, local, size, .. } = one?;
        let local = shown(&local.unwrap_or_default()).display().to_string();
        would(context, &local, bucket, key.as_str(), Some(size));
    }
    Ok(Ended::Well)
}

/// What an upload would find, as it finds it.
fn planned(context: &Context<'_>, options: &Put, job: &UploadJob) -> Result<Ended> {
    let (bucket, empty_folders) = (&job.bucket, options.keep.keep_dirs);
    let mut unreadable = false;
    let walking = Walking::new(&job.sending, SystemClock.now())?;
    let walked = walking.walk(&job.sources, &mut |found| {
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
    walked.map_err(|error| Failure::invalid(error.to_string()))?;
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
