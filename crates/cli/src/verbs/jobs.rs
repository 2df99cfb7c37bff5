use std::sync::Arc;

use dipper_app::{App, Code, Failure, Job, JobKind, JobState, Result};
use dipper_types::JobId;
use serde_json::json;

use super::Context;
use crate::args::{Args, JobsAction, JobsVerb};
use crate::connection;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name};

pub async fn run(app: &Arc<App>, args: &Args, options: &JobsVerb) -> Result<Ended> {
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
            if !app.job(id)?.state.is_finished() {
                return Err(Failure::new(
                    Code::Conflict,
                    format!("job {id} runs in another process"),
                )
                .with_hint("Cancel it there: with Ctrl-C, or in the window."));
            }
        }
        JobsAction::Clear => app.clear_jobs().await?,
        JobsAction::Resume { job } => {
            let id = JobId::parse(job)?;
            let before = app.job(id)?;
            same_connection(app, args, &before).await?;
            app.resume_job(id).await?;
            if before.state.is_finished() {
                app.retry_job(id).await?;
            }
            let context = Context { app, args, profile: before.profile };
            let job = context.wait(id).await?;
            tell(args, &job);
            return context.close(&job);
        }
    }
    Ok(Ended::Well)
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

fn tell(args: &Args, job: &Job) {
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
        JobState::Completed => "completed",
        JobState::Failed => "failed",
        JobState::Cancelled => "cancelled",
    };
    if args.json {
        json_line(&json!({
            "type": "job", "id": job.id, "kind": kind, "state": state, "bucket": job.bucket,
            "title": job.title, "createdAt": job.created_at.rfc3339(),
            "filesTotal": job.files_total, "filesDone": job.files_done,
            "filesFailed": job.files_failed, "filesSkipped": job.files_skipped,
            "bytesTotal": job.bytes_total, "bytesDone": job.bytes_done,
        }));
        return;
    }
    line(&format!(
        "{:>6}  {kind:8}  {state:9}  {:>6} of {:<6}  s3://{}/  {}",
        job.id,
        job.files_done,
        job.files_total,
        job.bucket,
        name(&job.title)
    ));
}
