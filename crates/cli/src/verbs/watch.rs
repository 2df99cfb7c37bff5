//! A folder here, kept in S3 as it changes: a sync at the start, and then of what changed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use dipper_app::{Code, Failure, Result};
use dipper_types::S3Uri;
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecursiveMode, Watcher};

use super::sync::{self, Sync};
use super::{Context, words};
use crate::exit::Ended;
use crate::output;

#[derive(Debug, Args)]
#[command(override_usage = "dipper watch [OPTIONS] FOLDER s3://BUCKET[/FOLDER]")]
#[command(
    after_help = "Everything in the folder is kept below the target, until Ctrl-C. A file goes up once it \
                  has rested. Without --delete-removed nothing is ever deleted; with it, and when \
                  something went here, the whole is compared as by `sync --delete-removed`, with its \
                  guards: not if the folder is empty or something could not be read, and not more \
                  than --max-delete."
)]
pub struct Watch {
    #[command(flatten)]
    pub sync: Sync,
    /// How long a file must not have changed before it goes up
    #[arg(long, value_name = "SPAN", default_value = "2s")]
    pub settle: String,
    /// The same as --delete-removed
    #[arg(long)]
    pub delete: bool,
}

/// Changes by name while they are this few, else everything is looked at.
const NAMES: usize = 10_000;
const TICK: Duration = Duration::from_millis(100);
/// After a failure everything is looked at again: at first so soon, then less and less often.
const AGAIN: Duration = Duration::from_secs(5);
const AGAIN_AT_MOST: Duration = Duration::from_secs(300);

struct Changed {
    since: Instant,
    /// Size and time, when it was looked at last.
    seen: Option<(u64, SystemTime)>,
}

/// What changed and is not in S3 yet.
#[derive(Default)]
struct Waiting {
    files: HashMap<PathBuf, Changed>,
    /// Something may have changed whose name is not known.
    all: Option<Instant>,
    /// Something went.
    gone: Option<Instant>,
    broken: Option<String>,
}

impl Waiting {
    fn event(&mut self, event: notify::Result<notify::Event>) {
        let now = Instant::now();
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                // What was missed is found by looking at everything.
                self.all = Some(now);
                if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) {
                    self.broken = Some(error.to_string());
                }
                return;
            }
        };
        let written = AccessKind::Close(AccessMode::Write);
        match event.kind {
            EventKind::Access(kind) if kind != written => return,
            _ if event.need_rescan() => self.all = Some(now),
            _ => {}
        }
        for path in event.paths {
            self.files.insert(path, Changed { since: now, seen: None });
        }
        if self.files.len() > NAMES {
            self.files.clear();
            self.all = Some(now);
        }
    }

    /// What has rested long enough: the names to look at, or everything.
    fn rested(&mut self, settle: Duration) -> Rested {
        let mut rested = Rested::default();
        let half = settle / 2;
        let mut done = Vec::new();
        for (path, changed) in &mut self.files {
            if changed.since.elapsed() < half {
                continue;
            }
            let Ok(meta) = std::fs::symlink_metadata(path) else {
                self.gone = Some(Instant::now());
                done.push(path.clone());
                continue;
            };
            if meta.is_dir() {
                // Moved in as a whole: what is in it was told by nobody.
                self.all = Some(Instant::now());
                done.push(path.clone());
                continue;
            }
            let now = (meta.len(), meta.modified().unwrap_or(SystemTime::UNIX_EPOCH));
            if changed.seen.replace(now) == Some(now) {
                rested.files.push(path.clone());
                done.push(path.clone());
            } else {
                changed.since = Instant::now();
            }
        }
        for path in done {
            self.files.remove(&path);
        }
        let over = |since: &mut Option<Instant>| {
            since.take_if(|since| since.elapsed() >= settle).is_some()
        };
        rested.all = over(&mut self.all);
        rested.gone = over(&mut self.gone);
        rested
    }
}

#[derive(Default)]
struct Rested {
    files: Vec<PathBuf>,
    all: bool,
    gone: bool,
}

pub async fn run(context: &Context<'_>, options: &Watch) -> Result<Ended> {
    let [folder, target] = options.sync.places.as_slice() else {
        return Err(Failure::invalid("a folder and a target are needed"));
    };
    if S3Uri::is_s3(folder) || !S3Uri::is_s3(target) {
        return Err(Failure::invalid("a folder here is watched, and kept in S3")
            .with_hint("dipper watch FOLDER s3://BUCKET/FOLDER/"));
    }
    let settle = words::span(&options.settle)?;
    // As the system names it when it tells of changes.
    let root = Path::new(folder).canonicalize().ok().filter(|root| root.is_dir());
    let root = root.ok_or_else(|| {
        Failure::invalid(format!("{folder} is no folder")).with_hint("Check the path.")
    })?;
    let mut sync = options.sync.clone();
    sync.places = vec![with_slash(folder), with_slash(target)];
    sync.delete_removed |= options.delete;
    if sync.dry_run {
        return sync::run(context, &sync).await;
    }
    let waiting = Arc::new(Mutex::new(Waiting::default()));
    let shared = Arc::clone(&waiting);
    let told = move |event: notify::Result<notify::Event>| lock(&shared).event(event);
    let failed = |error: notify::Error| {
        Failure::new(Code::LocalIo, format!("{folder} can't be watched: {error}"))
    };
    // Before the first sync: what changes during it is not missed.
    let mut watcher = notify::recommended_watcher(told).map_err(failed)?;
    watcher.watch(&root, RecursiveMode::Recursive).map_err(failed)?;
    context.say(&format!("Watching {}; Ctrl-C ends it", output::name(&root.display().to_string())));
    let kept = Kept { context, sync, root, settle, waiting };
    tokio::select! {
        ended = kept.forever() => ended,
        _ = tokio::signal::ctrl_c() => {
            context.app.pause_for_exit().await;
            context.say("Stopped");
            Ok(Ended::Well)
        }
    }
}

fn with_slash(place: &str) -> String {
    if place.ends_with('/') { place.to_owned() } else { format!("{place}/") }
}

fn lock(waiting: &Mutex<Waiting>) -> std::sync::MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Kept<'a> {
    context: &'a Context<'a>,
    sync: Sync,
    root: PathBuf,
    settle: Duration,
    waiting: Arc<Mutex<Waiting>>,
}

impl Kept<'_> {
    async fn forever(&self) -> Result<Ended> {
        let mut again = AGAIN;
        let mut next_try: Option<Instant> = None;
        self.whole(&mut next_try, &mut again).await?;
        loop {
            tokio::time::sleep(TICK).await;
            let rested = {
                let mut waiting = lock(&self.waiting);
                if let Some(error) = waiting.broken.take() {
                    return Err(Failure::new(Code::LocalIo, error).with_hint(
                        "There are more folders than this system lets a program watch.",
                    ));
                }
                waiting.rested(self.settle)
            };
            if !self.root.is_dir() {
                let root = self.root.display();
                return Err(Failure::new(Code::LocalIo, format!("{root} is not there any more"))
                    .with_hint("Nothing was deleted in S3."));
            }
            let retry = next_try.is_some_and(|at| at <= Instant::now());
            let gone = rested.gone && self.sync.delete_removed;
            if rested.all || gone || retry {
                self.whole(&mut next_try, &mut again).await?;
            } else if !rested.files.is_empty() {
                match self.names(rested.files) {
                    Some(names) if names.is_empty() => {}
                    Some(names) => {
                        let ended = sync::files(self.context, &self.sync, names).await;
                        self.look(ended, &mut next_try, &mut again)?;
                    }
                    None => self.whole(&mut next_try, &mut again).await?,
                }
            }
        }
    }

    async fn whole(&self, next_try: &mut Option<Instant>, again: &mut Duration) -> Result<()> {
        *next_try = None;
        let ended = sync::run(self.context, &self.sync).await;
        self.look(ended, next_try, again)
    }

    /// What fails is told, and tried again later; only what was asked wrongly ends it.
    fn look(
        &self,
        ended: Result<Ended>,
        next_try: &mut Option<Instant>,
        again: &mut Duration,
    ) -> Result<()> {
        match ended {
            Ok(Ended::Well) => *again = AGAIN,
            Ok(_) => {
                *next_try = Some(Instant::now() + *again);
                *again = (*again * 2).min(AGAIN_AT_MOST);
            }
            Err(failure) if ends_it(failure.code) => return Err(failure),
            Err(failure) => {
                output::failure(&failure, self.context.args.json);
                output::note(&format!("NOTE: tried again in {} seconds", again.as_secs()));
                *next_try = Some(Instant::now() + *again);
                *again = (*again * 2).min(AGAIN_AT_MOST);
            }
        }
        Ok(())
    }

    /// As paths below the root; `None` where one can't be said so.
    fn names(&self, paths: Vec<PathBuf>) -> Option<Vec<String>> {
        let mut names = Vec::with_capacity(paths.len());
        for path in paths {
            let below = path.strip_prefix(&self.root).ok()?;
            let parts: Option<Vec<&str>> =
                below.components().map(|part| part.as_os_str().to_str()).collect();
            let name = parts?.join("/");
            // What downloads write under until it is whole.
            let last = name.rsplit('/').next().unwrap_or_default();
            if !(last.starts_with(".dipper-") && last.ends_with(".part")) {
                names.push(name);
            }
        }
        Some(names)
    }
}

fn ends_it(code: Code) -> bool {
    matches!(
        code,
        Code::InvalidInput
            | Code::Cancelled
            | Code::BucketNotFound
            | Code::Unauthenticated
            | Code::AccessDenied
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventKind, path: &Path) -> notify::Result<notify::Event> {
        Ok(notify::Event::new(kind).add_path(path.to_owned()))
    }

    #[test]
    fn a_file_goes_when_it_rests() {
        use notify::event::{CreateKind, DataChange, ModifyKind};
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "a").unwrap();
        let mut waiting = Waiting::default();
        waiting.event(event(EventKind::Create(CreateKind::File), &file));
        let settle = Duration::ZERO;
        assert!(waiting.rested(Duration::from_secs(60)).files.is_empty(), "too soon");
        assert!(waiting.rested(settle).files.is_empty(), "looked at once only");
        std::fs::write(&file, "ab").unwrap();
        assert!(waiting.rested(settle).files.is_empty(), "it still grows");
        assert_eq!(waiting.rested(settle).files, std::slice::from_ref(&file));
        assert!(waiting.rested(settle).files.is_empty(), "once only");
        // Reading changes nothing.
        waiting.event(event(EventKind::Access(AccessKind::Read), &file));
        assert!(waiting.files.is_empty());
        waiting.event(event(EventKind::Modify(ModifyKind::Data(DataChange::Any)), &file));
        std::fs::remove_file(&file).unwrap();
        let rested = waiting.rested(settle);
        assert!(rested.gone && rested.files.is_empty());
        waiting.event(event(EventKind::Create(CreateKind::Folder), folder.path()));
        assert!(waiting.rested(settle).all);
    }

    #[test]
    fn too_many_names_mean_everything() {
        let mut waiting = Waiting::default();
        for n in 0..=NAMES {
            waiting.event(event(EventKind::Any, Path::new(&format!("/{n}"))));
        }
        assert!(waiting.files.is_empty() && waiting.all.is_some());
    }
}
