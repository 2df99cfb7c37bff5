//! One tree made like another: local → S3, S3 → local, S3 → S3, with s3cmd's options.

use std::path::{Path, PathBuf};
use std::sync::mpsc;

use clap::Args;
use dipper_app::{
    Begun, Code, Compare, Deletion, Failure, Filter, ItemState, Job, JobKind, ObjectHeaders, Phase,
    Preserve, Removed, Result, Sending, SyncAction, SyncAsked, SyncNote, SyncRun, SyncWhat,
    TransferFilter,
};
use dipper_types::{BucketName, JobId, S3Uri};
use serde_json::{Value, json};

use super::cf::{self, CfArgs};
use super::get::delete_fetched;
use super::{Context, shown, words};
use crate::args::HeaderArgs;
use crate::args_moving::{FilterArgs, SendArgs, names};
use crate::exit::Ended;
use crate::output::{self, json as json_line, line, name, note};
use crate::wanted::BoundsArgs;

const FILTERS: &str = "Which files (see docs/sync.md)";
const DELETING: &str = "Deleting";

#[derive(Debug, Clone, Args)]
#[command(override_usage = "dipper sync [OPTIONS] SOURCE… TARGET")]
pub struct Sync {
    /// Files, folders or s3://BUCKET[/PATH], and where they go; with a slash at its end, what is in it
    #[arg(required = true, num_args = 2.., value_name = "PLACE")]
    pub places: Vec<String>,
    /// Say what would be done; with --json also why
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Leave what is there, without a look at it
    #[arg(long)]
    pub skip_existing: bool,
    /// Compare sizes and contents (the default)
    #[arg(long, overrides_with = "no_check_md5")]
    pub check_md5: bool,
    /// Compare sizes only
    #[arg(long)]
    pub no_check_md5: bool,
    /// Stop with the first file that fails
    #[arg(long)]
    pub stop_on_error: bool,
    /// Folders, always; for s3cmd's sake
    #[arg(short, long, hide = true)]
    pub recursive: bool,
    /// Follow symbolic links
    #[arg(short = 'F', long)]
    pub follow_symlinks: bool,
    /// Keep times, mode and owner on the way up, bring them back on the way down (the default)
    #[arg(short, long, overrides_with = "no_preserve")]
    pub preserve: bool,
    /// Only the bytes
    #[arg(long)]
    pub no_preserve: bool,
    /// An empty folder becomes an object that ends in '/'
    #[arg(long, visible_alias = "empty-folders")]
    pub keep_dirs: bool,

    /// Delete from the target what the source does not have
    #[arg(long, help_heading = DELETING, overrides_with = "no_delete_removed")]
    pub delete_removed: bool,
    /// Delete nothing (the default)
    #[arg(long, help_heading = DELETING)]
    pub no_delete_removed: bool,
    /// All or, if there are more, none
    #[arg(long, value_name = "NUM", help_heading = DELETING)]
    pub max_delete: Option<u64>,
    /// Delete even if the source is empty
    #[arg(short, long, help_heading = DELETING)]
    pub force: bool,
    /// What happens anyway
    #[arg(long, hide = true)]
    pub delete_after: bool,
    #[arg(long, hide = true)]
    pub delay_updates: bool,

    #[command(flatten)]
    pub filters: FilterArgs,
    /// Only the files that are named in it, a line each; `-` reads standard input
    #[arg(long, value_name = "FILE", help_heading = FILTERS)]
    pub files_from: Option<PathBuf>,

    /// Make this place like the source, too
    #[arg(long, value_name = "PLACE")]
    pub add_destination: Vec<String>,
    /// Delete in S3 what was downloaded, whole and verified
    #[arg(long)]
    pub delete_after_fetch: bool,
    #[command(flatten)]
    pub bounds: BoundsArgs,
    #[command(flatten)]
    pub headers: HeaderArgs,
    #[command(flatten)]
    pub send: SendArgs,
    #[command(flatten)]
    pub cf: CfArgs,
    /// At most so much a second, such as 500k or 2m
    #[arg(long, value_name = "RATE")]
    pub limit_rate: Option<String>,
    /// s3cmd's; what files were is remembered without it
    #[arg(long, value_name = "FILE", hide = true)]
    pub cache_file: Option<PathBuf>,
}

pub async fn run(context: &Context<'_>, options: &Sync) -> Result<Ended> {
    // Standard input can be read once only.
    let only = match &options.files_from {
        Some(file) => Some(names(file)?.collect::<Result<Vec<_>>>()?),
        None => None,
    };
    synced(context, options, only, options.delete_removed).await
}

/// Only these, as paths below the only source; deletes nothing.
pub async fn files(context: &Context<'_>, options: &Sync, only: Vec<String>) -> Result<Ended> {
    synced(context, options, Some(only), false).await
}

async fn synced(
    context: &Context<'_>,
    options: &Sync,
    only: Option<Vec<String>>,
    delete_removed: bool,
) -> Result<Ended> {
    let Some((first, sources)) = options.places.split_last() else { return Ok(Ended::Well) };
    if options.cache_file.is_some() && !context.args.quiet {
        note("NOTE: --cache-file is not used: what files were is remembered without it.");
    }
    words::limit_rate(context.app, options.limit_rate.as_deref())?;
    if options.delete_after_fetch && (options.delete_removed || !options.add_destination.is_empty())
    {
        return Err(Failure::invalid("what is deleted after it was fetched can't be synced again"));
    }
    let rules = options.filters.rules()?;
    let mut partly = false;
    for target in std::iter::once(first).chain(&options.add_destination) {
        let which = Which { filter: rules.filter()?, only: only.clone(), delete_removed };
        partly |= matches!(to(context, options, sources, target, which).await?, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

/// Which files, and whether what is there besides goes.
struct Which {
    filter: Filter,
    only: Option<Vec<String>>,
    delete_removed: bool,
}

async fn to(
    context: &Context<'_>,
    options: &Sync,
    sources: &[String],
    target: &str,
    which: Which,
) -> Result<Ended> {
    let mut copies = options.headers.edit()?;
    if let Some(kind) = &options.headers.mime_type {
        copies.set.push(("content-type".into(), kind.clone()));
    }
    let encryption = options.headers.encrypt.server_side(context.app, context.args).await?;
    let seal = options.headers.encrypt.seal(context.app, context.args).await?;
    let asked = SyncAsked {
        sources: sources.to_vec(),
        target: target.to_owned(),
        filter: which.filter,
        limits: options.bounds.bounds()?,
        compare: Compare { content: !options.no_check_md5, skip_existing: options.skip_existing },
        deletion: Deletion {
            removed: which.delete_removed,
            max: options.max_delete,
            force: options.force,
        },
        headers: ObjectHeaders { encryption, ..options.headers.headers()? },
        edit: copies,
        preserve: Preserve {
            attributes: !options.no_preserve,
            md5: !options.no_preserve && !options.no_check_md5,
            empty_folders: options.keep_dirs,
            remember: true,
        },
        follow_links: options.follow_symlinks,
        sending: Sending {
            places: options.headers.encrypt.places(),
            seal,
            ..options.send.sending()
        },
        files_from: which.only,
        dry_run: options.dry_run,
    };
    let place = Place::of(target)?;
    let show = |action: SyncAction| {
        if options.dry_run {
            planned(context, &place, &action);
        }
    };
    let run = context.app.sync(&context.profile, asked, show).await?;
    tell(context, run.notes());
    if options.dry_run {
        let ended = if run.left_out() > 0 { Ended::Partly } else { Ended::Well };
        run.give_up().await?;
        return Ok(ended);
    }
    let progress = Progress {
        context,
        options,
        target: place.bucket.as_ref(),
        sent: Vec::new(),
        done: 0,
        error: None,
    };
    progress.all(run).await
}

/// Where an object of the target is.
struct Place {
    bucket: Option<BucketName>,
}

impl Place {
    fn of(target: &str) -> Result<Self> {
        if !S3Uri::is_s3(target) {
            return Ok(Self { bucket: None });
        }
        match S3Uri::parse(target)? {
            S3Uri::Bucket(bucket) | S3Uri::Path(bucket, _) => Ok(Self { bucket: Some(bucket) }),
            S3Uri::Service => Err(Failure::invalid("a bucket is needed: s3://BUCKET[/FOLDER/]")),
        }
    }

    fn uri(&self, key: &str) -> String {
        let bucket = self.bucket.as_ref().map_or("", BucketName::as_str);
        format!("s3://{bucket}/{}", name(key))
    }
}

/// A line of a dry run.
fn planned(context: &Context<'_>, place: &Place, action: &SyncAction) {
    let local = action.local.as_deref().map(|path| shown(path).display().to_string());
    let local = local.unwrap_or_default();
    let to = action.to.as_ref().map(|key| place.uri(key.as_str())).unwrap_or_default();
    let from = action.from.as_ref();
    let from = from.map(|(bucket, key)| format!("s3://{bucket}/{}", name(key.as_str())));
    let from = from.unwrap_or_default();
    if context.args.json {
        let (word, one, other) = match action.what {
            SyncWhat::Upload => ("upload", Some(&local), Some(&to)),
            SyncWhat::Download => ("download", Some(&from), Some(&local)),
            SyncWhat::Copy => ("copy", Some(&from), Some(&to)),
            SyncWhat::DeleteObject => ("delete", None, Some(&to)),
            SyncWhat::DeleteFile => ("delete", None, Some(&local)),
        };
        json_line(&json!({
            "type": word, "from": one, "to": other, "size": action.size,
            "why": action.why.word(), "dryRun": true,
        }));
        return;
    }
    let local = name(&local);
    line(&match action.what {
        SyncWhat::Upload => format!("upload: '{local}' -> '{to}'"),
        SyncWhat::Download => format!("download: '{from}' -> '{local}'"),
        SyncWhat::Copy => format!("remote copy: '{from}' -> '{to}'"),
        SyncWhat::DeleteObject => format!("delete: '{to}'"),
        SyncWhat::DeleteFile => format!("delete: '{local}'"),
    });
}

fn tell(context: &Context<'_>, notes: Vec<SyncNote>) {
    for found in notes {
        let path = |path: &Path| shown(path).display().to_string();
        let text = match &found {
            SyncNote::Link(link) => format!("skipped {}: a symbolic link", path(link)),
            SyncNote::Loop(link) => format!("skipped {}: it leads back to itself", path(link)),
            SyncNote::Special(file) => format!("skipped {}: no regular file", path(file)),
            SyncNote::Name(file) => format!("skipped {}: its name can't be a key", path(file)),
            SyncNote::Stranger(file) => {
                format!("left {} alone: no object would get this name", path(file))
            }
            SyncNote::Missing(file) => format!("skipped {}: it is not there", path(file)),
            SyncNote::Unreadable { what, error } => format!("{what}: {error}"),
            SyncNote::NoCopies => "too many objects to look for copies among them".to_owned(),
            SyncNote::Held(held) => held.to_string(),
        };
        let harmless = matches!(
            found,
            SyncNote::Link(_) | SyncNote::Special(_) | SyncNote::Stranger(_) | SyncNote::NoCopies
        );
        if !(harmless && context.args.quiet) {
            note(&format!("WARNING: {text}"));
        }
    }
}

struct Progress<'a> {
    context: &'a Context<'a>,
    options: &'a Sync,
    /// The bucket that is synced to, if it is one, and the jobs that brought something there.
    target: Option<&'a BucketName>,
    sent: Vec<JobId>,
    done: u64,
    /// The first one.
    error: Option<Failure>,
}

impl Progress<'_> {
    async fn all(mut self, mut run: SyncRun) -> Result<Ended> {
        while let Some(begun) = run.next().await? {
            tell(self.context, run.notes());
            let job = self.context.wait(begun.job).await?;
            self.done += job.files_done;
            self.items(&job, begun)?;
            if begun.phase != Phase::Delete && self.target.is_some() {
                self.sent.push(job.id);
            }
            if self.options.delete_after_fetch && job.kind == JobKind::Download {
                let bucket = BucketName::new(job.bucket.clone())?;
                let ended = delete_fetched(self.context, job.id, &bucket, "syncing").await?;
                if matches!(ended, Ended::Partly) {
                    self.error.get_or_insert(Failure::new(Code::Internal, ""));
                }
            }
            if begun.has_second_try {
                continue;
            }
            match self.context.close(&job) {
                Ok(Ended::Well) => {}
                Err(failure) if failure.code == Code::Cancelled && !self.options.stop_on_error => {
                    return Err(failure);
                }
                Err(failure) => {
                    self.error.get_or_insert(failure);
                }
                Ok(_) => {
                    self.error.get_or_insert(Failure::new(Code::Internal, ""));
                }
            }
            if self.options.stop_on_error && self.error.is_some() {
                tell(self.context, run.notes());
                run.give_up().await?;
                return self.end(0);
            }
        }
        tell(self.context, run.notes());
        let left_out = run.left_out();
        let (told, removed) = mpsc::channel::<Removed>();
        run.remove_files(move |one| {
            let _ = told.send(one);
        })
        .await?;
        for one in removed {
            self.removed(&one);
        }
        self.fetched_anew().await?;
        self.end(left_out)
    }

    async fn fetched_anew(&mut self) -> Result<()> {
        let Some(bucket) = self.target else { return Ok(()) };
        let ended = cf::after(self.context, self.options.cf, bucket, &self.sent).await?;
        if matches!(ended, Ended::Partly) {
            self.error.get_or_insert(Failure::new(Code::Internal, ""));
        }
        Ok(())
    }

    fn end(self, left_out: u64) -> Result<Ended> {
        match self.error {
            None if left_out == 0 => Ok(Ended::Well),
            None => Ok(Ended::Partly),
            // Its files were told of one by one.
            Some(failure) if failure.message.is_empty() => Ok(Ended::Partly),
            Some(failure) if self.done == 0 => Err(failure),
            Some(failure) => {
                output::failure(&failure, self.context.args.json);
                Ok(Ended::Partly)
            }
        }
    }

    fn items(&self, job: &Job, begun: Begun) -> Result<()> {
        let from = match self.options.places.get(begun.source) {
            Some(uri) if begun.phase == Phase::Move && S3Uri::is_s3(uri) => Place::of(uri)?,
            _ => Place { bucket: Some(BucketName::new(job.bucket.clone())?) },
        };
        let mut number = 0;
        self.context.each_item(job, TransferFilter::All, |item| {
            number += 1;
            if item.state != ItemState::Completed {
                return;
            }
            let local = item.local.as_deref().map(|path| shown(path).display().to_string());
            let local = local.unwrap_or_default();
            let of = format!("[{number} of {}]", job.files_total);
            let key = &item.key;
            if self.context.args.json {
                let mut told: Value = json!({
                    "bucket": job.bucket, "key": key, "size": item.size,
                    "verifiedBy": item.verified,
                });
                told["type"] = word(job.kind).into();
                if let Some(source) = &item.source {
                    told["source"] = from.uri(source).into();
                }
                if !local.is_empty() {
                    told["local"] = local.into();
                }
                json_line(&told);
                return;
            }
            let (uri, local) = (format!("s3://{}/{}", job.bucket, name(key)), name(&local));
            let text = match (begun.phase, job.kind) {
                (Phase::Delete, _) => format!("delete: '{uri}'"),
                (_, JobKind::Upload) => format!("upload: '{local}' -> '{uri}'  {of}"),
                (_, JobKind::Download) => format!("download: '{uri}' -> '{local}'  {of}"),
                _ => {
                    let source = item.source.as_deref().unwrap_or(key);
                    format!("remote copy: '{}' -> '{uri}'  {of}", from.uri(source))
                }
            };
            self.context.say(&text);
        })
    }

    fn removed(&mut self, one: &Removed) {
        let local = shown(&one.path).display().to_string();
        if let Some(error) = &one.error {
            let failure = Failure::new(Code::LocalIo, format!("delete {local}: {error}"));
            self.error.get_or_insert(failure);
            return;
        }
        self.done += 1;
        if self.context.args.json {
            json_line(&json!({ "type": "delete", "local": local }));
        } else {
            self.context.say(&format!("delete: '{}'", name(&local)));
        }
    }
}

fn word(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Upload => "upload",
        JobKind::Download => "download",
        JobKind::Delete => "delete",
        _ => "copy",
    }
}
