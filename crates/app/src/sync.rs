//! One tree made like another: what was said becomes a plan, and the plan a run of jobs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dipper_s3::ObjectHeaders;
use dipper_state::Instance;
use dipper_sync::{
    Action, Begun, Compare, Deletion, Held, Ledger, Note, Removed, Request, Run, Scope, Source,
    Store, SyncError, Target,
};
use dipper_transfer::{Bounds, Filter, FilterError, HeaderEdit, Preserve, Sending};
use dipper_types::{ObjectKey, Prefix, ProfileId, S3Uri};

use crate::{App, Code, Failure, Result};

/// What is to be made like what. Places are paths or `s3://BUCKET[/PATH]`: with a slash at its end, what
/// is in it is meant, else the thing itself, with its name.
pub struct SyncAsked {
    pub sources: Vec<String>,
    pub target: String,
    pub filter: Filter,
    /// Of the sources.
    pub limits: Bounds,
    pub compare: Compare,
    pub deletion: Deletion,
    pub headers: ObjectHeaders,
    pub edit: HeaderEdit,
    pub preserve: Preserve,
    pub follow_links: bool,
    /// How files go up; its sieve and its links are not asked.
    pub sending: Sending,
    /// Only these, as paths below the only source.
    pub files_from: Option<Vec<String>>,
    pub dry_run: bool,
}

/// A plan that is ready.
pub struct SyncRun {
    run: Run,
    ledger: Arc<Ledger>,
    /// Things that are the same on both sides.
    pub same: u64,
}

impl From<SyncError> for Failure {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::S3(error) => error.into(),
            SyncError::Transfer(error) => error.into(),
            SyncError::State(error) => error.into(),
            SyncError::Name(error) => error.into(),
            SyncError::Filter(error) => error.into(),
            SyncError::Held(Held::EmptySource) => Self::invalid(Held::EmptySource.to_string())
                .with_hint("Check the source. --force deletes everything from the target."),
            SyncError::Spill { ref source } => {
                let message = format!("{error}: {source}");
                Self::new(Code::LocalIo, message)
            }
            other => Self::new(Code::Internal, other.to_string()),
        }
    }
}

impl From<FilterError> for Failure {
    fn from(error: FilterError) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Self::invalid(format!("{error}{}", cause.unwrap_or_default()))
    }
}

impl App {
    /// Lists and compares both sides, and tells each action. What an earlier run of the same left
    /// behind when it was cut off is finished first.
    pub async fn sync(
        &self,
        profile: &str,
        asked: SyncAsked,
        mut tell: impl FnMut(Action) + Send,
    ) -> Result<SyncRun> {
        let request = self.sync_request(profile, asked).await?;
        if !request.dry_run {
            self.finish_left(profile, &request.title).await?;
        }
        let ledger = Arc::new(Ledger::default());
        let plan = dipper_sync::plan(&self.engine, request, Arc::clone(&ledger), &mut tell).await?;
        let same = plan.same;
        Ok(SyncRun { run: Run::new(&self.engine, plan), ledger, same })
    }

    async fn finish_left(&self, profile: &str, title: &str) -> Result<()> {
        for job in self.engine.journal().jobs()? {
            let same = job.title == title && job.profile.as_str() == profile;
            let left = same && !job.state.is_finished();
            if left && !Instance::is_alive(&self.home, &job.owner) {
                self.resume_job(job.id).await?;
                self.wait_job(job.id).await?;
            }
        }
        Ok(())
    }

    async fn sync_request(&self, profile: &str, asked: SyncAsked) -> Result<Request> {
        let SyncAsked { sources, target, mut filter, files_from, .. } = asked;
        let remote = sources.iter().filter(|source| S3Uri::is_s3(source)).count();
        if sources.is_empty() {
            return Err(Failure::invalid("there is nothing to sync"));
        }
        if remote > 0 && remote < sources.len() {
            return Err(Failure::invalid("the sources must all be files, or all be in S3"));
        }
        if remote == 0 && !S3Uri::is_s3(&target) {
            return Err(Failure::invalid("one side must be in S3: s3://BUCKET[/FOLDER/]")
                .with_hint("From files to files, use rsync or the like."));
        }
        if files_from.is_some() && (remote > 0 || sources.len() > 1 || asked.deletion.removed) {
            return Err(Failure::invalid(
                "a list of files is for one folder here, and deletes nothing",
            ));
        }
        let store = |bucket| async {
            let profile_id = ProfileId::new(profile);
            let s3 = self.s3(profile).await?;
            Ok::<_, Failure>(Arc::new(Store { profile: profile_id, s3, bucket }))
        };
        let mut title: Vec<String> = Vec::new();
        let mut wanted = Vec::new();
        let mut target_name = None;
        for source in &sources {
            if S3Uri::is_s3(source) {
                let (bucket, path) = bucket_and_path(source)?;
                title.push(source.clone());
                let (base, scopes) = Scope::of(&path)?;
                wanted.push(Source::Objects { store: store(bucket).await?, base, scopes });
                continue;
            }
            let (path, key) = local_source(source)?;
            let lone = sources.len() == 1 && !key.is_empty() && !key.ends_with('/');
            target_name = lone.then(|| key.clone());
            title.push(path.display().to_string() + if key.is_empty() { "/" } else { "" });
            let only = files_from.clone().map(|mut only| {
                only.sort();
                only.dedup();
                Arc::new(only)
            });
            wanted.push(Source::Files { path, key, only });
        }
        if remote > 0 {
            filter.forget_folders();
        }
        let to = if S3Uri::is_s3(&target) {
            let (bucket, path) = bucket_and_path(&target)?;
            let folder = path.is_empty() || path.ends_with('/');
            let prefix = match (folder, target_name) {
                (true, _) => Prefix::new(path)?,
                // One file, and the key it gets.
                (false, Some(_)) => {
                    let key = ObjectKey::new(path)?;
                    if let Some(Source::Files { key: own, .. }) = wanted.first_mut() {
                        key.name().clone_into(own);
                    }
                    key.parent()
                }
                (false, None) => {
                    return Err(Failure::invalid("the target must end in '/'")
                        .with_hint(format!("Write {target}/ for what is to be a folder there.")));
                }
            };
            Target::Objects { store: store(bucket).await?, prefix }
        } else {
            let path = absolute(Path::new(&target))?;
            if path.is_file() {
                return Err(Failure::invalid(format!("{target} is a file, and no folder")));
            }
            Target::Folder(path)
        };
        check_overlap(&wanted, &to)?;
        let to_name = match &to {
            Target::Folder(path) => path.display().to_string(),
            Target::Objects { .. } => target,
        };
        Ok(Request {
            title: format!("{} → {to_name}", title.join(", ")),
            sources: wanted,
            target: to,
            filter: Arc::new(filter),
            limits: asked.limits,
            compare: asked.compare,
            deletion: asked.deletion,
            headers: asked.headers,
            edit: asked.edit,
            preserve: asked.preserve,
            follow_links: asked.follow_links,
            sending: asked.sending,
            dry_run: asked.dry_run,
            now: self.clock.now(),
        })
    }
}

impl SyncRun {
    /// The next job, begun; wait for it, then ask again. `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Begun>> {
        Ok(self.run.next().await?)
    }

    /// What is to be said so far.
    pub fn notes(&self) -> Vec<Note> {
        self.ledger.take()
    }

    /// How much could not be read, or can't be synced.
    pub fn left_out(&self) -> u64 {
        self.ledger.troubles() + self.ledger.unable()
    }

    /// Deletes files here, after the last job.
    pub async fn remove_files(self, tell: impl FnMut(Removed) + Send + 'static) -> Result<()> {
        let ledger = Arc::clone(&self.ledger);
        for note in self.run.remove_files(tell).await? {
            ledger.note(note);
        }
        Ok(())
    }

    /// Nothing more is begun.
    pub async fn give_up(self) -> Result<()> {
        Ok(self.run.give_up().await?)
    }
}

fn bucket_and_path(uri: &str) -> Result<(dipper_types::BucketName, String)> {
    match S3Uri::parse(uri)? {
        S3Uri::Bucket(bucket) => Ok((bucket, String::new())),
        S3Uri::Path(bucket, path) => Ok((bucket, path)),
        S3Uri::Service => Err(Failure::invalid("a bucket is needed: s3://BUCKET[/FOLDER/]")),
    }
}

/// The path, and the key that it gets below the target.
fn local_source(text: &str) -> Result<(PathBuf, String)> {
    let path = absolute(Path::new(text))?;
    let meta = std::fs::metadata(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::invalid(format!("{text}: there is no such file or folder"))
                .with_hint("Check the path.")
        }
        _ => Failure::new(Code::LocalIo, format!("{text}: {error}")),
    })?;
    let name = Path::new(text).file_name();
    let contents = meta.is_dir() && (text.ends_with(['/', '\\']) || text.ends_with("/."));
    let Some(name) = name.filter(|_| !contents) else { return Ok((path, String::new())) };
    let name = name.to_str().ok_or_else(|| {
        Failure::invalid(format!("the name of {} can't be a key", path.display()))
    })?;
    let slash = if meta.is_dir() { "/" } else { "" };
    Ok((path, format!("{name}{slash}")))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| Failure::new(Code::LocalIo, format!("{}: {error}", path.display())))
}

/// What is copied into itself would grow with every run, or be deleted by it.
fn check_overlap(sources: &[Source], target: &Target) -> Result<()> {
    let Target::Objects { store: to, prefix } = target else { return Ok(()) };
    for source in sources {
        let Source::Objects { store: from, base, scopes } = source else { continue };
        if (&from.profile, &from.bucket) != (&to.profile, &to.bucket) {
            continue;
        }
        for scope in scopes {
            let into = scope.within(base.as_str()).under(prefix.as_str());
            let (from, to) = (scope.prefix(), into.prefix());
            let inside = from.starts_with(to) || to.starts_with(from);
            let below = matches!(scope, Scope::Below(_));
            if from == to || (below && inside) {
                return Err(Failure::invalid("the source and the target lie in each other"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_path_means() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| format!("{}/{name}", root.path().display());
        std::fs::create_dir(root.path().join("dir")).unwrap();
        std::fs::write(root.path().join("file"), "").unwrap();
        for (text, key) in
            [("dir", "dir/"), ("dir/", ""), ("dir/.", ""), ("file", "file"), (".", "")]
        {
            assert_eq!(local_source(&at(text)).unwrap().1, key, "{text}");
        }
        assert_eq!(local_source(".").unwrap().1, "");
        assert!(local_source(&at("none")).is_err());
    }
}
