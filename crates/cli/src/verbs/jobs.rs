use std::path::PathBuf;
use std::sync::Arc;

use clap::{Subcommand, ValueEnum};
use dipper_app::{App, Code, Failure, Job, JobKind, JobState, Priority, ReportFormat, Result};
use dipper_types::JobId;
use serde_json::json;

use super::{Context, words};
use crate::args::Args;
use crate::connection;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name};

#[derive(Debug, clap::Args)]
pub struct JobsVerb {
    #[command(subcommand)]
    pub verb: JobsAction,
    /// Say which jobs it would be done with
    #[arg(short = 'n', long, global = true)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PriorityWord {
    Low,
    Normal,
    High,
}

#[derive(Debug, Subcommand)]
pub enum JobsAction {
    /// List jobs
    Ls,
    /// Go on with what was cut off or paused, or do again what failed
    Resume { job: String },
    /// Do again what failed
    Retry {
        job: String,
        /// Only these files, by the number that `report --json` gives them
        #[arg(long, value_name = "NUM")]
        item: Vec<i64>,
    },
    /// The same again, as a new job
    Repeat { job: String },
    /// Stop a job so that it can go on
    Pause { job: String },
    /// Stop a job; what it has done stays
    Cancel { job: String },
    /// low, normal or high
    Priority { job: String, priority: PriorityWord },
    /// Let a waiting job go before another one, or behind all
    Move {
        job: String,
        #[arg(long, value_name = "JOB")]
        before: Option<String>,
    },
    /// At most so much a second, such as 500k or 2m; `off` for no limit
    Limit { job: String, rate: String },
    /// Every file, and how it ended: as CSV, or as JSON lines with --json
    Report {
        job: String,
        /// Write it here
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Forget finished jobs
    Clear,
}

pub async fn run(app: &Arc<App>, args: &Args, options: &JobsVerb) -> Result<Ended> {
    if options.dry_run && planned(app, args, &options.verb)? {
        return Ok(Ended::Well);
    }
    // These need their connection's keys.
    if let JobsAction::Repeat { .. } | JobsAction::Retry { .. } | JobsAction::Resume { .. } =
        &options.verb
    {
        crate::passphrase::unlock(app, args).await?;
    }
    match &options.verb {
        JobsAction::Ls => {
            for job in app.jobs()? {
                tell(args, &job);
            }
        }
        JobsAction::Cancel { job } => {
            let id = JobId::parse(job)?;
            app.job(id)?;
            app.cancel_job(id).await?;
            asked(app, id, |job| job.state.is_finished()).await?;
        }
        JobsAction::Clear => app.clear_jobs().await?,
        JobsAction::Pause { job } => {
            let id = known(app, job)?;
            app.pause_job(id).await?;
            asked(app, id, |job| job.state == JobState::Paused || job.state.is_finished()).await?;
        }
        JobsAction::Priority { job, priority } => {
            let priority = match priority {
                PriorityWord::Low => Priority::Low,
                PriorityWord::Normal => Priority::Normal,
                PriorityWord::High => Priority::High,
            };
            app.set_job_priority(known(app, job)?, priority).await?;
        }
        JobsAction::Move { job, before } => {
            let before = before.as_deref().map(|job| known(app, job)).transpose()?;
            app.move_job(known(app, job)?, before).await?;
        }
        JobsAction::Limit { job, rate } => {
            let limit = if rate == "off" { None } else { Some(words::rate(rate)?) };
            app.set_job_speed(known(app, job)?, limit).await?;
        }
        JobsAction::Report { job, output } => {
            let id = known(app, job)?;
            let format = if args.json { ReportFormat::Json } else { ReportFormat::Csv };
            match output {
                Some(path) => app.export_report(id, path, format)?,
                None => app.write_report(id, &mut std::io::stdout().lock(), format)?,
            }
        }
        JobsAction::Repeat { job } => {
            let before = app.job(known(app, job)?)?;
            same_connection(app, args, &before).await?;
            let new = app.repeat_job(before.id).await?;
            return followed(app, args, &before, new).await;
        }
        JobsAction::Retry { job, item } => {
            let before = app.job(known(app, job)?)?;
            same_connection(app, args, &before).await?;
            if item.is_empty() {
                app.retry_job(before.id).await?;
            } else if app.retry_items(before.id, item).await? == 0 {
                return Err(Failure::invalid(format!(
                    "none of these files of job {} failed or was skipped",
                    before.id
                ))
                .with_hint("`dipper jobs report` lists them with their numbers."));
            }
            return followed(app, args, &before, before.id).await;
        }
        JobsAction::Resume { job } => {
            let id = JobId::parse(job)?;
            let before = app.job(id)?;
            same_connection(app, args, &before).await?;
            if before.elsewhere && before.state == JobState::Paused {
                app.unpause_job(id).await?;
                return asked(app, id, |job| job.state != JobState::Paused).await;
            }
            app.resume_job(id).await?;
            app.unpause_job(id).await?;
            if before.state.is_finished() {
                app.retry_job(id).await?;
            }
            // Two may ask at once: one of them has it.
            app.expect_own(id)?;
            return followed(app, args, &before, id).await;
        }
    }
    Ok(Ended::Well)
}

/// Says what would be done; false where nothing would be but to tell.
fn planned(app: &App, args: &Args, verb: &JobsAction) -> Result<bool> {
    use JobsAction as A;
    let (word, job) = match verb {
        A::Ls | A::Report { output: None, .. } => return Ok(false),
        A::Clear => {
            for job in app.jobs()?.iter().filter(|job| job.state.is_finished()) {
                would(args, "clear", job);
            }
            return Ok(true);
        }
        A::Resume { job } => ("resume", job),
        A::Retry { job, .. } => ("retry", job),
        A::Repeat { job } => ("repeat", job),
        A::Pause { job } => ("pause", job),
        A::Cancel { job } => ("cancel", job),
        A::Priority { job, .. } => ("priority", job),
        A::Move { job, before } => {
            before.as_deref().map(|job| known(app, job)).transpose()?;
            ("move", job)
        }
        A::Limit { job, rate } => {
            if rate != "off" {
                words::rate(rate)?;
            }
            ("limit", job)
        }
        A::Report { job, .. } => ("report", job),
    };
    would(args, word, &app.job(JobId::parse(job)?)?);
    Ok(true)
}

fn would(args: &Args, word: &str, job: &Job) {
    if args.json {
        let mut all = described(job);
        all["would"] = word.into();
        all["dryRun"] = true.into();
        return json_line(&all);
    }
    line(&format!("{word}: job {}  {}", job.id, name(&job.title)));
}

fn known(app: &App, text: &str) -> Result<JobId> {
    let id = JobId::parse(text)?;
    app.job(id).map(|job| job.id)
}

/// Waits a little until the process that has the job has done as it was asked.
async fn asked(app: &App, id: JobId, done: impl Fn(&Job) -> bool) -> Result<Ended> {
    for _ in 0..50 {
        let job = app.job(id)?;
        if done(&job) {
            return Ok(Ended::Well);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err(Failure::new(
        Code::Conflict,
        format!("the process that runs job {id} has not answered yet"),
    )
    .with_hint("It was asked; look at `dipper jobs ls` in a moment."))
}

async fn followed(app: &Arc<App>, args: &Args, before: &Job, id: JobId) -> Result<Ended> {
    let context = Context { app, args, profile: before.profile.clone() };
    let job = context.wait(id).await?;
    tell(args, &job);
    context.close(&job)
}

/// A job goes on with the connection it was made with: a saved one is at hand, one from a file or the
/// environment is named again.
async fn same_connection(app: &Arc<App>, args: &Args, job: &Job) -> Result<()> {
    if app.profiles().await?.iter().any(|profile| profile.id == job.profile) {
        return Ok(());
    }
    if connection::choose(app, args).await.is_ok_and(|chosen| chosen == job.profile) {
        return Ok(());
    }
    Err(Failure::invalid(format!("job {} was made with another connection", job.id))
        .with_hint("Name the same .s3cfg with -c, or set the same environment."))
}

fn kind_and_state(job: &Job) -> (&'static str, &'static str) {
    let kind = match job.kind {
        JobKind::Upload => "upload",
        JobKind::Download => "download",
        JobKind::Delete => "delete",
        JobKind::Copy => "copy",
        JobKind::Change => "change",
    };
    let state = match job.state {
        JobState::Queued => "queued",
        JobState::Running => "running",
        JobState::Waiting => "waiting",
        JobState::Paused => "paused",
        JobState::Completed => "completed",
        JobState::Failed => "failed",
        JobState::Cancelled => "cancelled",
    };
    (kind, state)
}

fn described(job: &Job) -> serde_json::Value {
    let (kind, state) = kind_and_state(job);
    json!({
        "type": "job", "id": job.id, "kind": kind, "state": state, "bucket": job.bucket,
        "title": job.title, "createdAt": job.created_at.rfc3339(),
        "filesTotal": job.files_total, "filesDone": job.files_done,
        "filesFailed": job.files_failed, "filesSkipped": job.files_skipped,
        "bytesTotal": job.bytes_total, "bytesDone": job.bytes_done,
    })
}

fn tell(args: &Args, job: &Job) {
    if args.json {
        return json_line(&described(job));
    }
    let (kind, state) = kind_and_state(job);
    line(&format!(
        "{:>6}  {kind:8}  {state:9}  {:>6} of {:<6}  s3://{}/  {}",
        job.id,
        job.files_done,
        job.files_total,
        job.bucket,
        name(&job.title)
    ));
}
