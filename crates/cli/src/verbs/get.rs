use std::path::Path;

use clap::Args;
use dipper_app::{
    Below, Chosen, Failure, Fetched, GetRequest, HeadRequest, Item, Job, ListedAction, OnExisting,
    Result, S3, TransferItem, download_path,
};
use dipper_types::{BucketName, JobId, ObjectKey, PartNumber, Prefix, S3Uri};
use serde_json::json;

use super::at::At;
use super::matching::{Match, Matches, Meant, meant, no_match};
use super::sifting::Sieve;
use super::targets::begun_if_any;
use super::{Context, absolute, shown, words};
use crate::args::Conflicts;
use crate::args_moving::FilterArgs;
use crate::exit::Ended;
use crate::glob::Glob;
use crate::output::{failure, json as json_line, line, name};
use crate::wanted::BoundsArgs;

#[derive(Debug, Args)]
#[command(override_usage = "dipper get [OPTIONS] s3://BUCKET/KEY… [FILE|FOLDER]")]
pub struct Get {
    /// Objects or patterns, and where they go, else here; `-` writes to standard output
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
    #[command(flatten)]
    pub bounds: BoundsArgs,
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
    /// What was encrypted before it was uploaded, as it is stored: nothing is decrypted
    #[arg(long, conflicts_with_all = ["range", "part"])]
    pub as_stored: bool,
    /// This version
    #[arg(long, value_name = "ID", conflicts_with = "recursive")]
    pub version_id: Option<String>,
    #[command(flatten)]
    pub at: At,
    /// Say what would be fetched
    #[arg(short = 'n', long)]
    pub dry_run: bool,
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
    let sieve = Sieve::of(&options.filters, uris)?.within(&options.bounds)?;
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
        let meant = match &options.version_id {
            Some(_) => Meant::Path(path),
            None => meant(context, &bucket, &path, options.recursive).await?,
        };
        let (many, sieve) = (uris.len() > 1, &sieve);
        let wanted = Wanted { options, bucket: &bucket, local, many, on_existing, sieve };
        let ended = match meant {
            Meant::Pattern(glob) => wanted.matches(context, &glob).await?,
            Meant::Path(path) if options.recursive => wanted.tree(context, &path).await?,
            Meant::Path(path) => wanted.single(context, &path).await?,
        };
        partly |= matches!(ended, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

/// Of what goes to standard output.
#[derive(Default)]
struct Piped {
    /// In S3, afterwards.
    delete: bool,
    as_stored: bool,
}

impl Get {
    fn piped(&self) -> Piped {
        Piped { delete: self.delete_after_fetch, as_stored: self.as_stored }
    }
}

/// What of a bucket, and where to.
struct Wanted<'a> {
    options: &'a Get,
    bucket: &'a BucketName,
    local: Option<&'a str>,
    many: bool,
    on_existing: OnExisting,
    sieve: &'a Sieve,
}

impl Wanted<'_> {
    fn folder_action(&self, folder: &str) -> Result<ListedAction> {
        Ok(ListedAction::Download {
            folder: absolute(Path::new(folder))?.into(),
            on_existing: self.on_existing,
            portable_names: self.options.portable_names,
            as_stored: self.options.as_stored,
        })
    }

    async fn single(&self, context: &Context<'_>, path: &str) -> Result<Ended> {
        let Self { options, bucket, local, .. } = self;
        let key = ObjectKey::new(path)?;
        let s3 = context.app.client(&context.profile).await?;
        let named = options.version_id.as_deref();
        let version_id = options.at.version(context, bucket, &key, named).await?;
        if !self.sieve.takes_named(context, bucket, &key, version_id.as_deref()).await? {
            return Ok(Ended::Well);
        }
        if options.range.is_some() || options.part.is_some() {
            return piece(&s3, options, bucket, (&key, version_id), *local).await;
        }
        let asked = HeadRequest { version_id: version_id.clone(), ..HeadRequest::default() };
        let head = s3.head_object_of(bucket, &key, &asked).await?;
        let item = Item { key: key.clone(), source: None, version_id, size: head.size };
        let is_folder =
            |text: &str| text.ends_with(['/', '\\']) || self.many || Path::new(text).is_dir();
        let action = match *local {
            Some("-") if options.dry_run => self.folder_action(".")?,
            Some("-") => {
                return to_stdout(context, bucket, item, options.piped()).await;
            }
            Some(text) if !is_folder(text) => {
                let file = absolute(Path::new(text))?.into_os_string();
                ListedAction::DownloadTo {
                    file,
                    on_existing: self.on_existing,
                    as_stored: options.as_stored,
                }
            }
            other => self.folder_action(other.unwrap_or("."))?,
        };
        let base = key.parent();
        if options.dry_run {
            return self.planned(context, &base, &action, &item).map(|()| Ended::Well);
        }
        let chosen = Chosen::from(vec![item]);
        let title = chosen.title();
        let (app, bucket) = (context.app, (*bucket).clone());
        let id = app.listed(&context.profile, bucket, base, title, chosen, action).await?;
        self.follow(context, id).await
    }

    async fn tree(&self, context: &Context<'_>, path: &str) -> Result<Ended> {
        // `-r` takes a folder, never a part of a name; its own name is left out after a slash.
        let prefix = Prefix::folder(path)?;
        let base = if path.ends_with('/') || path.is_empty() {
            prefix.clone()
        } else {
            prefix.parent().unwrap_or_default()
        };
        let nothing = || {
            let what = format!("there is nothing below s3://{}/{prefix}", self.bucket);
            Failure::new(dipper_app::Code::ObjectNotFound, what)
        };
        let at = self.options.at.moment()?;
        if at.is_some() || self.options.dry_run {
            let matches = Matches::below(context, self.bucket, prefix.as_str(), at).await?;
            let title = prefix.to_string();
            return match self.streamed(context, matches, base, title).await? {
                Some(ended) => Ok(ended),
                None if self.sieve.is_bounded() => Ok(Ended::Well),
                None => Err(nothing()),
            };
        }
        let below = vec![Below { prefix: prefix.to_string(), ..Below::default() }];
        let chosen = self.sieve.sifted(self.bucket, Chosen { below, ..Chosen::default() })?;
        // With a filter, nothing may be what was asked for.
        let sifted = chosen.below.iter().any(|below| below.sieve.is_some());
        let action = self.folder_action(self.local.unwrap_or("."))?;
        let title = chosen.title();
        let (app, bucket) = (context.app, self.bucket.clone());
        let id = app.listed(&context.profile, bucket, base, title, chosen, action).await?;
        let ended = self.follow(context, id).await?;
        if !sifted && context.was_empty(id)? { Err(nothing()) } else { Ok(ended) }
    }

    /// Below the folder that the pattern begins with, each keeps its path.
    async fn matches(&self, context: &Context<'_>, glob: &Glob) -> Result<Ended> {
        let recursive = self.options.recursive;
        let at = self.options.at.moment()?;
        let mut matches = Matches::of(context, self.bucket, glob, recursive, at).await?;
        let pieces = self.options.range.is_some() || self.options.part.is_some();
        let to_pipe = pieces || self.local == Some("-");
        let ended = if to_pipe && !self.options.dry_run {
            let mut ended = None;
            while let Some(Match { object, version_id }) = matches.next().await? {
                if !self.sieve.takes_listed(self.bucket, &object)? {
                    continue;
                }
                let key = ObjectKey::new(object.key)?;
                if pieces {
                    let s3 = context.app.client(&context.profile).await?;
                    let (options, which) = (self.options, (&key, version_id));
                    ended = Some(piece(&s3, options, self.bucket, which, self.local).await?);
                    continue;
                }
                let item = Item { key, source: None, version_id, size: object.size };
                let piped = self.options.piped();
                ended = Some(to_stdout(context, self.bucket, item, piped).await?);
            }
            ended
        } else {
            let base = Prefix::new(glob.base())?;
            self.streamed(context, matches, base, glob.text().to_owned()).await?
        };
        match ended {
            Some(ended) => Ok(ended),
            None if self.sieve.is_bounded() => Ok(Ended::Well),
            None => Err(no_match(self.bucket, glob)),
        }
    }

    /// Found first, then fetched: `None` where there is nothing.
    async fn streamed(
        &self,
        context: &Context<'_>,
        mut matches: Matches,
        base: Prefix,
        title: String,
    ) -> Result<Option<Ended>> {
        let action = self.folder_action(self.local.unwrap_or("."))?;
        let item = |Match { object, version_id }: Match| -> Result<Item> {
            let key = ObjectKey::new(object.key)?;
            Ok(Item { key, source: None, version_id, size: object.size })
        };
        if self.options.dry_run {
            let mut any = None;
            while let Some(found) = matches.next().await? {
                if !self.sieve.takes_listed(self.bucket, &found.object)? {
                    continue;
                }
                any = Some(Ended::Well);
                self.planned(context, &base, &action, &item(found)?)?;
            }
            return Ok(any);
        }
        let (app, profile) = (context.app, &context.profile);
        let mut draft = app.draft(profile, self.bucket, &base, title, action).await?;
        let filled = async {
            while let Some(found) = matches.next().await? {
                if self.sieve.takes_listed(self.bucket, &found.object)? {
                    draft.add(item(found)?).await?;
                }
            }
            Ok(())
        };
        let filled = filled.await;
        match begun_if_any(draft, filled).await? {
            Some(id) => self.follow(context, id).await.map(Some),
            None => Ok(None),
        }
    }

    /// A line of a dry run.
    fn planned(
        &self,
        context: &Context<'_>,
        base: &Prefix,
        action: &ListedAction,
        item: &Item,
    ) -> Result<()> {
        let key = item.key.as_str();
        let local = match action {
            ListedAction::DownloadTo { file, .. } => std::path::PathBuf::from(file),
            ListedAction::Download { folder, .. } => {
                let below = key.strip_prefix(base.as_str()).unwrap_or(key);
                let portable = self.options.portable_names;
                download_path(Path::new(folder), below, portable).unwrap_or_default()
            }
            _ => std::path::PathBuf::new(),
        };
        let there = local.exists();
        let local = self.shown_here(&local);
        let bucket = self.bucket;
        let skipped = there && self.on_existing == OnExisting::Skip;
        if context.args.json {
            json_line(&json!({
                "type": "download", "bucket": bucket, "key": key, "local": local,
                "size": item.size, "exists": there, "dryRun": true,
            }));
        } else if skipped {
            line(&format!("skip: 's3://{bucket}/{}' -> '{}' (exists)", name(key), name(&local)));
        } else {
            let refused = there && self.on_existing == OnExisting::Refuse;
            let note = if refused { "  (exists: refused without --force)" } else { "" };
            line(&format!("download: 's3://{bucket}/{}' -> '{}'{note}", name(key), name(&local)));
        }
        Ok(())
    }

    /// A path as a person reads it.
    fn shown_here(&self, local: &Path) -> String {
        let here = if matches!(self.local, None | Some(".")) { "./" } else { "" };
        let local = shown(local);
        let here = if local.is_relative() { here } else { "" };
        format!("{here}{}", local.display())
    }

    async fn follow(&self, context: &Context<'_>, id: JobId) -> Result<Ended> {
        let bucket = self.bucket;
        let told = |job: &Job, number: u64, item: &TransferItem| {
            let local = self.shown_here(&item.local.clone().unwrap_or_default());
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
        };
        let ended = context.follow(id, told).await?;
        if !self.options.delete_after_fetch {
            return Ok(ended);
        }
        Ok(match delete_fetched(context, id, bucket, "fetch").await? {
            Ended::Partly => Ended::Partly,
            _ => ended,
        })
    }
}

/// Some bytes, straight through: nothing but their number proves them.
async fn piece(
    s3: &S3,
    options: &Get,
    bucket: &BucketName,
    (key, version_id): (&ObjectKey, Option<String>),
    local: Option<&str>,
) -> Result<Ended> {
    if !matches!(local, None | Some("-")) {
        return Err(Failure::invalid("--range and --part write to standard output")
            .with_hint("Redirect it: dipper get --range 0-99 s3://BUCKET/KEY > FILE"));
    }
    let part = options.part.map(PartNumber::new).transpose()?;
    let asked = HeadRequest { version_id: version_id.clone(), ..HeadRequest::default() };
    let head = s3.head_object_of(bucket, key, &asked).await?;
    let range = options.range.as_deref().map(|text| range(text, head.size)).transpose()?;
    let request = GetRequest { range, part, if_match: head.etag, version_id, checksums: false };
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
    let item = Item { key, source: None, version_id, size };
    to_stdout(context, bucket, item, Piped::default()).await
}

/// Through a verified file of ours: nothing unproven reaches the pipe.
async fn to_stdout(
    context: &Context<'_>,
    bucket: &BucketName,
    item: Item,
    piped: Piped,
) -> Result<Ended> {
    let failed = |error: std::io::Error| {
        Failure::new(dipper_app::Code::LocalIo, format!("standard output: {error}"))
    };
    let folder = tempfile::tempdir_in(context.app.home()).map_err(failed)?;
    let file = folder.path().join("object");
    let action = ListedAction::DownloadTo {
        file: file.clone().into(),
        on_existing: OnExisting::Refuse,
        as_stored: piped.as_stored,
    };
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
    let copied = std::io::copy(&mut source, &mut std::io::stdout().lock());
    match copied {
        // Who reads has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ended),
        Err(error) => Err(failed(error)),
        Ok(_) if piped.delete => delete_fetched(context, id, bucket, "fetch").await,
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
