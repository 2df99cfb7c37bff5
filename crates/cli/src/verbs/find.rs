//! Objects by name, size, age, class and tags: told, handed to a command, or deleted.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use clap::Args;
use dipper_app::{
    Bounds, Code, Document, Failure, Item, ListedAction, ListedObject, Result, Which, tags_of,
};
use dipper_types::{BucketName, Clock, ObjectKey, Prefix, S3Uri, SystemClock};
use serde_json::json;
use tokio::task::JoinHandle;

use super::del::told;
use super::matching::{Match, Matches, Meant, meant};
use super::targets::begun;
use super::{Context, del, words};
use crate::exit::Ended;
use crate::glob::Glob;
use crate::output::{json as json_line, line, name, note};
use crate::wanted::{Wanted, regex};

const WHICH: &str = "Which objects (all of it must hold)";
const WHAT: &str = "What to do with them (else: tell)";

#[derive(Debug, Args)]
#[command(override_usage = "dipper find [OPTIONS] s3://BUCKET[/PREFIX]…")]
pub struct Find {
    /// s3://BUCKET[/PREFIX], or a pattern
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// The last part of the key, such as '*.log'; given more than once: one of them
    #[arg(long, value_name = "GLOB", help_heading = WHICH)]
    pub name: Vec<String>,
    /// The same, capitals or not
    #[arg(long, value_name = "GLOB", help_heading = WHICH)]
    pub iname: Vec<String>,
    /// The whole key, such as 'logs/**/*.gz'
    #[arg(long, value_name = "GLOB", help_heading = WHICH)]
    pub path: Vec<String>,
    /// Somewhere in the key
    #[arg(long, value_name = "REGEX", help_heading = WHICH)]
    pub regex: Option<String>,
    /// So large or larger: 10k, 5m, 1g
    #[arg(long, value_name = "SIZE", help_heading = WHICH)]
    pub min_size: Option<String>,
    /// So large or smaller
    #[arg(long, value_name = "SIZE", help_heading = WHICH)]
    pub max_size: Option<String>,
    /// Exactly so large
    #[arg(long, value_name = "SIZE", help_heading = WHICH)]
    #[arg(conflicts_with_all = ["min_size", "max_size"])]
    pub size: Option<String>,
    /// Written so long ago or longer: 12h, 7d, 2w
    #[arg(long, value_name = "AGE", visible_alias = "older-than", help_heading = WHICH)]
    pub min_age: Option<String>,
    /// Written so long ago or later
    #[arg(long, value_name = "AGE", visible_alias = "newer-than", help_heading = WHICH)]
    pub max_age: Option<String>,
    /// STANDARD, GLACIER …; given more than once: one of them
    #[arg(long, value_name = "CLASS", help_heading = WHICH)]
    pub class: Vec<String>,
    /// KEY=VALUE, all of them; costs a request (GetObjectTagging) for each object that is left
    #[arg(long, value_name = "TAG", help_heading = WHICH)]
    pub tag: Vec<String>,
    /// Stop after so many
    #[arg(long, value_name = "NUM", help_heading = WHICH)]
    pub limit: Option<u64>,

    /// Run this for each, without a shell; {} is its URI. With + at the end: for as many as fit at once
    #[arg(long, value_name = "COMMAND", help_heading = WHAT)]
    #[arg(conflicts_with_all = ["delete", "print0"])]
    pub exec: Option<String>,
    /// Delete them, in one job, after all were found
    #[arg(long, help_heading = WHAT)]
    pub delete: bool,
    /// With --delete or --exec: say what would be done
    #[arg(short = 'n', long, help_heading = WHAT)]
    pub dry_run: bool,
    /// End each URI with a NUL instead of a new line
    #[arg(long, help_heading = WHAT)]
    #[arg(conflicts_with_all = ["json", "delete"])]
    pub print0: bool,
}

pub async fn run(context: &Context<'_>, options: &Find) -> Result<Ended> {
    let wanted = wanted(options)?;
    let exec = options.exec.as_deref().map(Exec::new).transpose()?;
    let tags = words::tags(&options.tag)?;
    let mut places = Vec::new();
    for uri in &options.uris {
        places.push(match S3Uri::parse(uri)? {
            S3Uri::Bucket(bucket) => (bucket, Meant::Path(String::new())),
            S3Uri::Path(bucket, path) => {
                let meant = meant(context, &bucket, &path, true).await?;
                (bucket, meant)
            }
            S3Uri::Service => {
                return Err(Failure::invalid("a bucket is needed: s3://BUCKET[/PREFIX]"));
            }
        });
    }
    let mut doing = Doing { context, options, exec, left: options.limit.unwrap_or(u64::MAX) };
    let mut partly = false;
    for (bucket, meant) in &places {
        let matches = match meant {
            Meant::Path(prefix) => Matches::below(context, bucket, prefix, None).await?,
            Meant::Pattern(glob) => Matches::of(context, bucket, glob, true, None).await?,
        };
        let found = Found {
            context,
            bucket,
            wanted: &wanted,
            matches,
            tags: &tags,
            asked: VecDeque::new(),
            over: false,
        };
        partly |= matches!(doing.all(bucket, found).await?, Ended::Partly);
    }
    partly |= doing.rest()?;
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

fn wanted(options: &Find) -> Result<Wanted> {
    let mut names = Vec::new();
    for (texts, ignored) in [(&options.name, false), (&options.iname, true)] {
        for text in texts {
            names.push(Glob::with_case(text, ignored)?);
        }
    }
    let paths = options.path.iter().map(|text| Glob::new(text)).collect::<Result<_>>()?;
    let size = |text: &Option<String>| text.as_deref().map(words::bytes).transpose();
    let age = |text: &Option<String>| text.as_deref().map(words::span).transpose();
    let exactly = size(&options.size)?;
    Ok(Wanted {
        names,
        paths,
        regex: options.regex.as_deref().map(regex).transpose()?,
        limits: Bounds {
            min_size: exactly.or(size(&options.min_size)?),
            max_size: exactly.or(size(&options.max_size)?),
            min_age: age(&options.min_age)?,
            max_age: age(&options.max_age)?,
        },
        classes: options.class.clone(),
    })
}

/// Tags are asked for this many objects at once.
const AT_ONCE: usize = 16;

type Asked = JoinHandle<Result<Option<ListedObject>>>;

/// The objects that are wanted, in the order of their keys.
struct Found<'a> {
    context: &'a Context<'a>,
    bucket: &'a BucketName,
    wanted: &'a Wanted,
    matches: Matches,
    tags: &'a [(String, String)],
    /// Those whose tags are being looked at.
    asked: VecDeque<Asked>,
    over: bool,
}

impl Found<'_> {
    async fn next(&mut self) -> Result<Option<ListedObject>> {
        if self.tags.is_empty() {
            return self.listed().await;
        }
        loop {
            while !self.over && self.asked.len() < AT_ONCE {
                match self.listed().await? {
                    Some(object) => self.ask(object),
                    None => self.over = true,
                }
            }
            let Some(asked) = self.asked.pop_front() else { return Ok(None) };
            let ended = asked.await;
            let ended = ended.map_err(|_| Failure::new(Code::Internal, "a task ended early"))?;
            if let Some(object) = ended? {
                return Ok(Some(object));
            }
        }
    }

    async fn listed(&mut self) -> Result<Option<ListedObject>> {
        let now = SystemClock.now();
        while let Some(Match { object, .. }) = self.matches.next().await? {
            if self.wanted.has(&object, now) {
                return Ok(Some(object));
            }
        }
        Ok(None)
    }

    fn ask(&mut self, object: ListedObject) {
        let (app, profile) = (Arc::clone(self.context.app), self.context.profile.clone());
        let (bucket, wanted) = (self.bucket.clone(), self.tags.to_vec());
        self.asked.push_back(tokio::spawn(async move {
            let key = ObjectKey::new(object.key.clone())?;
            let which = Which { key: Some(&key), ..Which::default() };
            let text = app.document(&profile, &bucket, Document::Tagging, which).await?;
            let has = text.as_deref().map(tags_of).unwrap_or_default();
            Ok(wanted.iter().all(|tag| has.contains(tag)).then_some(object))
        }));
    }
}

impl Drop for Found<'_> {
    fn drop(&mut self) {
        self.asked.iter().for_each(JoinHandle::abort);
    }
}

struct Doing<'a> {
    context: &'a Context<'a>,
    options: &'a Find,
    exec: Option<Exec>,
    left: u64,
}

impl Doing<'_> {
    async fn all(&mut self, bucket: &BucketName, mut found: Found<'_>) -> Result<Ended> {
        if self.options.delete && !self.options.dry_run {
            return self.delete(bucket, found).await;
        }
        let mut failed = false;
        while self.left > 0
            && let Some(object) = found.next().await?
        {
            self.left -= 1;
            let uri = format!("s3://{bucket}/{}", object.key);
            match &mut self.exec {
                Some(exec) => failed |= !exec.with(uri, self.options.dry_run)?,
                None if self.options.delete => told(self.context, bucket, &object.key, None, true),
                None => self.tell(bucket, &object, &uri)?,
            }
        }
        Ok(if failed { Ended::Partly } else { Ended::Well })
    }

    fn tell(&self, bucket: &BucketName, object: &ListedObject, uri: &str) -> Result<()> {
        if self.options.print0 {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(uri.as_bytes()).and_then(|()| out.write_all(b"\0"));
            return written
                .map_err(|error| Failure::new(Code::LocalIo, format!("standard output: {error}")));
        }
        if self.context.args.json {
            json_line(&json!({
                "type": "object", "bucket": bucket, "key": object.key, "size": object.size,
                "modified": object.modified.map(|at| at.rfc3339()), "etag": object.etag,
                "storageClass": object.storage_class.as_deref(),
            }));
        } else {
            line(&name(uri));
        }
        Ok(())
    }

    /// All are found before the first one goes.
    async fn delete(&mut self, bucket: &BucketName, mut found: Found<'_>) -> Result<Ended> {
        let (app, profile) = (self.context.app, &self.context.profile);
        let (root, action) = (Prefix::root(), ListedAction::Delete);
        let mut draft = app.draft(profile, bucket, &root, "find --delete".into(), action).await?;
        let filled = async {
            while self.left > 0
                && let Some(object) = found.next().await?
            {
                self.left -= 1;
                let key = ObjectKey::new(object.key)?;
                draft.add(Item::from((key, object.size))).await?;
            }
            Ok(())
        };
        let filled = filled.await;
        if filled.is_ok() && draft.objects() == 0 {
            draft.give_up().await?;
            return Ok(Ended::Well);
        }
        let objects = draft.objects();
        let id = begun(draft, filled).await?;
        if !self.context.args.quiet && !self.context.args.json {
            note(&format!("NOTE: {objects} objects of s3://{bucket} are deleted, as job {id}"));
        }
        del::follow(self.context, bucket, id).await
    }

    /// What is left of a command that takes many at once: true where it failed.
    fn rest(&mut self) -> Result<bool> {
        let dry_run = self.options.dry_run;
        self.exec.as_mut().map_or(Ok(false), |exec| exec.flush(dry_run).map(|well| !well))
    }
}

/// A command without a shell.
struct Exec {
    words: Vec<String>,
    /// As many as fit at once.
    many: bool,
    waiting: Vec<String>,
    size: usize,
}

/// Far below what any system takes as arguments.
const ARGUMENTS: usize = 96 * 1024;

impl Exec {
    fn new(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            Failure::invalid(format!("'{text}' is no command: {why}"))
                .with_hint("Write it like --exec 'echo {}' or --exec 'rm-from-index {} +'.")
        };
        let mut words = shell_words::split(text).map_err(|error| bad(&error.to_string()))?;
        let many = words.last().is_some_and(|last| last == "+");
        if many {
            words.pop();
        }
        if words.is_empty() {
            return Err(bad("it is empty"));
        }
        if !words.iter().any(|word| word.contains("{}")) {
            words.push("{}".to_owned());
        }
        if many && !words.iter().any(|word| word == "{}") {
            return Err(bad("with + there must be a {} that is a word of its own"));
        }
        Ok(Self { words, many, waiting: Vec::new(), size: 0 })
    }

    /// Whether it went well, as far as it ran.
    fn with(&mut self, uri: String, dry_run: bool) -> Result<bool> {
        if !self.many {
            let words = self.words.iter().map(|word| word.replace("{}", &uri)).collect();
            return run_one(words, dry_run);
        }
        self.size += uri.len() + 1;
        self.waiting.push(uri);
        match self.size >= ARGUMENTS {
            true => self.flush(dry_run),
            false => Ok(true),
        }
    }

    fn flush(&mut self, dry_run: bool) -> Result<bool> {
        let waiting = std::mem::take(&mut self.waiting);
        self.size = 0;
        if waiting.is_empty() {
            return Ok(true);
        }
        let mut words = Vec::new();
        for word in &self.words {
            match word.as_str() {
                "{}" => words.extend(waiting.iter().cloned()),
                other => words.push(other.to_owned()),
            }
        }
        run_one(words, dry_run)
    }
}

/// Its output is ours; it gets no input.
fn run_one(words: Vec<String>, dry_run: bool) -> Result<bool> {
    let shown = shell_words::join(&words);
    if dry_run {
        line(&name(&shown));
        return Ok(true);
    }
    let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
    let Some((program, arguments)) = words.split_first() else { return Ok(true) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let status = tokio::task::block_in_place(|| command.status());
    let status = status.map_err(|error| {
        Failure::new(Code::LocalIo, format!("{}: {error}", program.to_string_lossy()))
            .with_hint("Check the command's name and its path.")
    })?;
    if !status.success() {
        note(&format!("ERROR: {shown}: {status}"));
    }
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_without_a_shell() {
        let of = |text| Exec::new(text).map(|exec| (exec.words, exec.many));
        let words = |list: &[&str]| list.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert_eq!(of("echo 'a b' {}").unwrap(), (words(&["echo", "a b", "{}"]), false));
        assert_eq!(of("echo").unwrap(), (words(&["echo", "{}"]), false));
        assert_eq!(of("echo {} +").unwrap(), (words(&["echo", "{}"]), true));
        for bad in ["", "+", "echo 'open", "echo x{} +"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
