//! One file a verb, or a family of them.

mod access;
mod del;
mod get;
mod info;
mod jobs;
mod ls;
mod mb;
mod profile;
mod profile_import;
mod put;
pub mod sandbox;
mod setacl;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dipper_app::{App, Code, Failure, Job, JobState, Result};
use dipper_types::{BucketName, JobId, S3Uri};

use crate::args::{Args, Verb};
use crate::connection;
use crate::exit::Ended;
use crate::output;

/// What a verb needs.
pub struct Context<'a> {
    pub app: &'a Arc<App>,
    pub args: &'a Args,
    pub profile: String,
}

pub async fn run(app: &Arc<App>, args: &Args) -> Result<Ended> {
    match &args.verb {
        Verb::Profile(options) => return profile::run(app, args, options).await,
        Verb::Jobs(options) => return jobs::run(app, args, options).await,
        _ => {}
    }
    let profile = match connection::choose(app, args).await {
        Ok(profile) => profile,
        Err(failure) if connection::is_configuration(args, &failure) => {
            return Ok(Ended::Unconfigured(failure));
        }
        Err(failure) => return Err(failure),
    };
    let context = Context { app, args, profile };
    match &args.verb {
        Verb::Ls(options) => ls::run(&context, options).await,
        Verb::Put(options) => put::run(&context, options).await,
        Verb::Get(options) => get::run(&context, options).await,
        Verb::Del(options) => del::run(&context, options).await,
        Verb::Mb(options) => mb::make(&context, options).await,
        Verb::Rb(options) => mb::remove(&context, options).await,
        Verb::Setacl(options) => setacl::run(&context, options).await,
        Verb::Info(options) => info::run(&context, options).await,
        Verb::Access(options) => access::run(&context, options).await,
        Verb::Setpolicy(options) => access::set_policy(&context, options).await,
        Verb::Delpolicy(options) => access::delete_policy(&context, options).await,
        Verb::Profile(_) | Verb::Jobs(_) | Verb::Sandbox(_) => Ok(Ended::Well),
    }
}

impl Context<'_> {
    pub fn say(&self, text: &str) {
        if !self.args.quiet && !self.args.json {
            output::line(text);
        }
    }

    /// Waits for a job; Ctrl-C stops it cleanly and says how to go on.
    pub async fn wait(&self, id: JobId) -> Result<Job> {
        tokio::select! {
            job = self.app.wait_job(id) => job,
            _ = tokio::signal::ctrl_c() => {
                self.app.pause_for_exit().await;
                output::note(&format!("Stopped. `dipper jobs resume {id}` goes on."));
                Err(Failure::new(Code::Cancelled, "interrupted"))
            }
        }
    }

    /// Prints what failed of a job, and says how it ended as a whole.
    pub fn close(&self, job: &Job) -> Result<Ended> {
        let mut first = None;
        let mut start = 0;
        loop {
            let failed =
                self.app.transfers(job.id, dipper_app::TransferFilter::Failed, start, 500)?;
            for item in &failed.items {
                let Some(error) = item.error.clone().map(advised) else { continue };
                // A link is left out on purpose; a name that can't be a key is a file that is missing.
                let skipped = item.state == dipper_app::ItemState::Skipped;
                if skipped && error.code == Code::Unsupported {
                    if !self.args.quiet {
                        output::note(&format!("WARNING: skipped {}: {}", item.key, error.message));
                    }
                    continue;
                }
                let error = if skipped { named(error, &item.key) } else { error };
                if first.is_some() || job.files_done > 0 || job.files_failed > 1 {
                    output::failure(&error, self.args.json);
                }
                first.get_or_insert(error);
            }
            start += failed.items.len() as u64;
            if failed.items.is_empty() || start >= failed.total {
                break;
            }
        }
        match (job.state, first) {
            (JobState::Completed, None) => Ok(Ended::Well),
            (_, Some(error)) if job.files_done == 0 => Err(error),
            (_, Some(_)) => Ok(Ended::Partly),
            (_, None) => Err(job
                .error
                .clone()
                .unwrap_or_else(|| Failure::new(Code::Cancelled, "the job was cancelled"))),
        }
    }
}

/// What to do next, in this door's words.
fn advised(error: Failure) -> Failure {
    match error.code {
        Code::AlreadyExists if error.s3.is_none() => {
            error.with_hint("Use --force to overwrite it, or --skip-existing to leave it.")
        }
        _ => error,
    }
}

fn named(mut error: Failure, key: &str) -> Failure {
    error.message = format!("{key}: {}", error.message);
    error
}

/// As the journal has it: a job goes on in another folder, or in the window, with the same files.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| Failure::new(Code::LocalIo, format!("{}: {error}", path.display())))
}

/// As a person reads it: from here, where it lies below.
pub fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned))
        .unwrap_or_else(|| path.to_owned())
}

/// `s3://bucket` alone.
pub fn bucket_only(text: &str) -> Result<BucketName> {
    match S3Uri::parse(text)? {
        S3Uri::Bucket(bucket) => Ok(bucket),
        _ => Err(Failure::invalid(format!("'{text}' is not a bucket; write s3://BUCKET"))),
    }
}
