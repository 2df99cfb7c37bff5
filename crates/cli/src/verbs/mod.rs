//! One file a verb, or a family of them.

mod access;
pub mod at;
pub mod batch;
pub mod capabilities;
pub mod cf;
pub mod configure;
pub mod cp;
pub mod del;
pub mod diff;
pub mod doctor;
pub mod document;
pub mod du;
pub mod find;
pub mod fixbucket;
pub mod get;
pub mod info;
pub mod jobs;
pub mod key;
pub mod locate;
mod ls;
mod made_links;
mod matching;
pub mod mb;
pub mod modify;
pub mod mpu;
pub mod peek;
pub mod policy;
pub mod presign;
mod profile;
mod profile_import;
mod put;
pub mod s3cmd;
pub mod sandbox;
pub mod setacl;
pub mod shell;
mod sifting;
pub mod sync;
mod targets;
pub mod tree;
pub mod undo;
pub mod vault;
pub mod versions;
pub mod watch;
pub mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dipper_app::{App, Code, Document, Failure, Job, JobState, Result, TransferFilter};
use dipper_types::{BucketName, JobId, S3Uri};

use self::document::Noun;
pub use self::words::rate;
use crate::args::{Args, PayerVerb, Verb};
use crate::connection;
use crate::exit::Ended;
use crate::output;
use crate::progress::Progress;

/// How soon a failure ends a job that is to stop with it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a verb needs.
pub struct Context<'a> {
    pub app: &'a Arc<App>,
    pub args: &'a Args,
    pub profile: String,
}

pub async fn run(app: &Arc<App>, args: &Args) -> Result<Ended> {
    match &args.verb {
        Verb::Profile(options) => return profile::run(app, args, options).await,
        Verb::Vault(options) => return vault::run(app, args, options).await,
        Verb::Key(options) if !options.action.needs_connection() => {
            return key::run(app, args, &options.action).await;
        }
        Verb::Jobs(options) => return jobs::run(app, args, options).await,
        Verb::Locate(options) => return locate::run(app, args, options).await,
        Verb::Configure(options) => return configure::run(app, args, options).await,
        Verb::DumpConfig(_) => return configure::dump(args),
        Verb::Presign(options) if options.list || !options.forget.is_empty() => {
            return made_links::run(app, args, options).await;
        }
        _ => {}
    }
    let profile = match connection::choose(app, args).await {
        Ok(profile) => profile,
        Err(failure) if connection::is_configuration(args, &failure) => {
            return Ok(Ended::Unconfigured(failure));
        }
        Err(failure) => return Err(failure),
    };
    crate::args_encryption::used_file(app, args)?;
    // Only who encrypts is to hear of what is wrong with it.
    let _ = crate::args_encryption::gpg_passphrase(app, args);
    let writes = matches!(
        args.verb,
        Verb::Put(_) | Verb::Pipe(_) | Verb::Sync(_) | Verb::Watch(_) | Verb::Cp(_) | Verb::Mv(_)
    );
    if writes && !app.protected_places(&profile)?.is_empty() {
        crate::passphrase::unlock(app, args).await?;
    } else if !app.keys()?.is_empty() {
        crate::passphrase::unlock_unasked(app, args).await?;
    }
    let context = Context { app, args, profile };
    match noun(&args.verb) {
        Some((noun, document, options)) => document::run(&context, noun, document, options).await,
        None => verb(&context).await,
    }
}

/// `NOUN get|set|rm`: all alike.
fn noun(verb: &Verb) -> Option<(&'static str, Document, &Noun)> {
    Some(match verb {
        Verb::Acl(options) => ("acl", Document::Acl, options),
        Verb::Ownership(options) => ("ownership", Document::Ownership, options),
        Verb::Block(options) => ("block", Document::PublicAccessBlock, options),
        Verb::Versioning(options) => ("versioning", Document::Versioning, options),
        Verb::Encryption(options) => ("encryption", Document::Encryption, options),
        Verb::Lifecycle(options) => ("lifecycle", Document::Lifecycle, options),
        Verb::Cors(options) => ("cors", Document::Cors, options),
        Verb::Website(options) => ("website", Document::Website, options),
        Verb::Logging(options) => ("logging", Document::Logging, options),
        Verb::Notification(options) => ("notification", Document::Notification, options),
        Verb::Tags(options) => ("tags", Document::Tagging, options),
        Verb::Lock(options) => ("lock", Document::ObjectLock, options),
        Verb::Retention(options) => ("retention", Document::Retention, options),
        Verb::Legalhold(options) => ("legalhold", Document::LegalHold, options),
        Verb::Replication(options) => ("replication", Document::Replication, options),
        Verb::Inventory(options) => ("inventory", Document::Inventory, options),
        Verb::Tiering(options) => ("tiering", Document::IntelligentTiering, options),
        Verb::Accelerate(options) => ("accelerate", Document::Accelerate, options),
        _ => return None,
    })
}

async fn verb(context: &Context<'_>) -> Result<Ended> {
    match &context.args.verb {
        Verb::Ls(options) => ls::run(context, options).await,
        Verb::La(options) => ls::everywhere(context, options).await,
        Verb::Du(options) => du::run(context, options).await,
        Verb::Cat(options) => peek::cat(context, options).await,
        Verb::Head(options) => peek::head(context, options).await,
        Verb::Tail(options) => peek::tail(context, options).await,
        Verb::Find(options) => find::run(context, options).await,
        Verb::Tree(options) => tree::run(context, options).await,
        Verb::Diff(options) => diff::diff(context, options).await,
        Verb::Check(options) => diff::check(context, options).await,
        Verb::Put(options) => put::run(context, options).await,
        Verb::Pipe(options) => put::pipe(context, options).await,
        Verb::Watch(options) => watch::run(context, options).await,
        Verb::Get(options) => get::run(context, options).await,
        Verb::Sync(options) => sync::run(context, options).await,
        Verb::Cp(options) => cp::run(context, options, false).await,
        Verb::Mv(options) => cp::run(context, options, true).await,
        Verb::Del(options) => del::run(context, options).await,
        Verb::Modify(options) => modify::run(context, options).await,
        Verb::Restore(options) => modify::restore(context, options).await,
        Verb::Mb(options) => mb::make(context, options).await,
        Verb::Rb(options) => mb::remove(context, options).await,
        Verb::Setacl(options) => setacl::run(context, options).await,
        Verb::Info(options) => info::run(context, options).await,
        Verb::Access(options) => access::run(context, options).await,
        Verb::Presign(options) => presign::run(context, options).await,
        Verb::Cflist(options) => cf::list(context, options).await,
        Verb::Cfinfo(options) => cf::info(context, options).await,
        Verb::Cfcreate(options) => cf::create(context, options).await,
        Verb::Cfmodify(options) => cf::modify(context, options).await,
        Verb::Cfdelete(options) => cf::delete(context, options).await,
        Verb::Cfinval(options) => cf::invalidate(context, options).await,
        Verb::Key(options) => key::run_at(context, &options.action).await,
        Verb::Cfinvalinfo(options) => cf::invalidations(context, options).await,
        Verb::Sign(options) => presign::sign(context, options).await,
        Verb::Fixbucket(options) => fixbucket::run(context, options).await,
        Verb::Signurl(options) => presign::signurl(context, options).await,
        Verb::Versions(options) => versions::list(context, options).await,
        Verb::RestoreVersion(options) => versions::restore(context, options).await,
        Verb::Undelete(options) => versions::undelete(context, options).await,
        Verb::Undo(options) => undo::run(context, options).await,
        Verb::Purge(options) => versions::purge(context, options).await,
        Verb::Multipart(options) => mpu::list(context, options).await,
        Verb::Listmp(options) => mpu::parts(context, options).await,
        Verb::Abortmp(options) => mpu::abort(context, options).await,
        Verb::Policy(options) => policy::run(context, options).await,
        Verb::Setpolicy(options) => access::set_policy(context, options).await,
        Verb::Delpolicy(options) => access::delete_policy(context, options).await,
        Verb::Payer(options) => payer(context, options).await,
        Verb::Doctor(options) => doctor::run(context, options).await,
        Verb::Capabilities(options) => capabilities::run(context, options),
        other => aliases(context, other).await,
    }
}

async fn payer(context: &Context<'_>, options: &PayerVerb) -> Result<Ended> {
    match (&options.action, &options.words) {
        (Some(action), _) => {
            document::act(context, "payer", Document::RequestPayment, action).await
        }
        (None, Some(words)) => s3cmd::payer(context, words).await,
        (None, None) => Err(Failure::invalid("a bucket is needed: s3://BUCKET")),
    }
}

/// s3cmd's words for the nouns above.
async fn aliases(context: &Context<'_>, verb: &Verb) -> Result<Ended> {
    use s3cmd::{from_file, get_one, remove_one, word};
    let c = context;
    match verb {
        Verb::Gettagging(o) => s3cmd::tags(c, &o.uri).await,
        Verb::Settagging(o) => {
            word(c, "tags", Document::Tagging, (&o.uri, o.dry), std::slice::from_ref(&o.value))
                .await
        }
        Verb::Deltagging(o) => remove_one(c, "tags", Document::Tagging, (&o.uri, o.dry)).await,
        Verb::Getcors(o) => get_one(c, "cors", Document::Cors, &o.uri).await,
        Verb::Setcors(o) => from_file(c, "cors", Document::Cors, o).await,
        Verb::Delcors(o) => remove_one(c, "cors", Document::Cors, (&o.uri, o.dry)).await,
        Verb::Getlifecycle(o) => get_one(c, "lifecycle", Document::Lifecycle, &o.uri).await,
        Verb::Setlifecycle(o) => from_file(c, "lifecycle", Document::Lifecycle, o).await,
        Verb::Dellifecycle(o) => {
            remove_one(c, "lifecycle", Document::Lifecycle, (&o.uri, o.dry)).await
        }
        Verb::Getnotification(o) => {
            get_one(c, "notification", Document::Notification, &o.uri).await
        }
        Verb::Setnotification(o) => s3cmd::notification(c, o).await,
        Verb::Delnotification(o) => {
            remove_one(c, "notification", Document::Notification, (&o.uri, o.dry)).await
        }
        Verb::Setversioning(o) => {
            word(
                c,
                "versioning",
                Document::Versioning,
                (&o.uri, o.dry),
                std::slice::from_ref(&o.value),
            )
            .await
        }
        Verb::Setownership(o) => {
            word(
                c,
                "ownership",
                Document::Ownership,
                (&o.uri, o.dry),
                std::slice::from_ref(&o.value),
            )
            .await
        }
        Verb::Setblockpublicaccess(o) => {
            word(
                c,
                "block",
                Document::PublicAccessBlock,
                (&o.uri, o.dry),
                std::slice::from_ref(&o.value),
            )
            .await
        }
        Verb::Setobjectlegalhold(o) => {
            word(
                c,
                "legalhold",
                Document::LegalHold,
                (&o.uri, o.dry),
                std::slice::from_ref(&o.value),
            )
            .await
        }
        Verb::Setobjectretention(o) => s3cmd::retention(c, o).await,
        Verb::WsCreate(o) => s3cmd::website(c, o).await,
        Verb::WsDelete(o) => remove_one(c, "website", Document::Website, (&o.uri, o.dry)).await,
        Verb::WsInfo(o) => s3cmd::website_info(c, &o.uri).await,
        Verb::Expire(o) => s3cmd::expire(c, o).await,
        Verb::Accesslog(o) => s3cmd::accesslog(c, o).await,
        // Those that need no connection, or have many, were dealt with before.
        _ => Ok(Ended::Well),
    }
}

impl Context<'_> {
    /// Whether the verb is one of s3cmd's for what a noun does here: its words are s3cmd's, too.
    pub fn is_s3cmds(&self) -> bool {
        use Verb as V;
        matches!(
            &self.args.verb,
            V::Settagging(_)
                | V::Deltagging(_)
                | V::Setcors(_)
                | V::Delcors(_)
                | V::Setlifecycle(_)
                | V::Dellifecycle(_)
                | V::Setnotification(_)
                | V::Delnotification(_)
                | V::Setversioning(_)
                | V::Setownership(_)
                | V::Setblockpublicaccess(_)
                | V::Setobjectlegalhold(_)
                | V::Setobjectretention(_)
                | V::WsCreate(_)
                | V::WsDelete(_)
        ) || matches!(&self.args.verb, V::Payer(payer) if payer.action.is_none())
    }

    pub fn say(&self, text: &str) {
        if !self.args.quiet && !self.args.json {
            output::line(text);
        }
    }

    /// `--stop-on-error`: the first file that fails ends all.
    fn stops_on_error(&self) -> bool {
        match &self.args.verb {
            Verb::Put(options) => options.stop_on_error,
            Verb::Get(options) => options.stop_on_error,
            Verb::Sync(options) => options.stop_on_error,
            _ => false,
        }
    }

    async fn ended(&self, id: JobId) -> Result<Job> {
        let ended = self.app.wait_job(id);
        tokio::pin!(ended);
        loop {
            tokio::select! {
                job = &mut ended => return job,
                () = tokio::time::sleep(LOOK_EVERY), if self.stops_on_error() => {
                    if self.app.job(id)?.files_failed > 0 {
                        self.app.cancel_job(id).await?;
                    }
                }
            }
        }
    }

    /// Waits for a job; Ctrl-C stops it cleanly and says how to go on.
    pub async fn wait(&self, id: JobId) -> Result<Job> {
        let mut progress = Progress::of(self.args);
        let ended = tokio::select! {
            job = self.ended(id) => Some(job),
            () = progress.show(self.app, id) => None,
            _ = tokio::signal::ctrl_c() => None,
        };
        progress.end(ended.as_ref().and_then(|job| job.as_ref().ok()));
        if let Some(job) = ended {
            return job;
        }
        tokio::select! {
            () = self.app.pause_for_exit() => {}
            // What is journaled stays, also for whoever can't wait.
            _ = tokio::signal::ctrl_c() => {}
        }
        output::note(&format!("Stopped. `dipper jobs resume {id}` goes on."));
        Err(Failure::new(Code::Cancelled, "interrupted"))
    }

    /// What to do next, in this door's words.
    fn advised(&self, error: Failure) -> Failure {
        let here = matches!(self.args.verb, Verb::Get(_));
        match error.code {
            Code::AlreadyExists if error.s3.is_none() && here => {
                error.with_hint("Use --force to overwrite it, or --skip-existing to leave it.")
            }
            Code::AlreadyExists if error.s3.is_none() => {
                error.with_hint("--on-existing says what happens to what is there already.")
            }
            _ => error,
        }
    }

    /// Prints what failed of a job, and says how it ended as a whole.
    pub fn close(&self, job: &Job) -> Result<Ended> {
        let mut first = None;
        self.each_item(job, TransferFilter::Failed, |item| {
            let Some(error) = item.error.clone().map(|error| self.advised(error)) else { return };
            // A link is left out on purpose; a name that can't be a key is a file that is missing.
            let skipped = item.state == dipper_app::ItemState::Skipped;
            if skipped && error.code == Code::Unsupported {
                if !self.args.quiet {
                    output::note(&format!("WARNING: skipped {}: {}", item.key, error.message));
                }
                return;
            }
            let error = if skipped { named(error, &item.key) } else { error };
            if first.is_some() || job.files_done > 0 || job.files_failed > 1 {
                output::failure(&error, self.args.json);
            }
            first.get_or_insert(error);
        })?;
        match (job.state, first) {
            (JobState::Completed, None) => Ok(Ended::Well),
            (JobState::Paused, _) => {
                let error = job.error.clone();
                Err(error
                    .unwrap_or_else(|| Failure::new(Code::Cancelled, "the job is paused"))
                    .with_hint(format!("`dipper jobs resume {}` goes on.", job.id)))
            }
            (_, Some(error)) if job.files_done == 0 => Err(error),
            (_, Some(_)) => Ok(Ended::Partly),
            (_, None) => Err(job
                .error
                .clone()
                .unwrap_or_else(|| Failure::new(Code::Cancelled, "the job was cancelled"))),
        }
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
