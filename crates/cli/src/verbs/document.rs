//! What buckets and objects are set to: `dipper NOUN get|set|rm URI`, one pattern for all.

use std::io::Read;

use clap::{Args, Subcommand};
use dipper_app::{Code, Document, Failure, Result, Which};
use dipper_types::{BucketName, Clock, ObjectKey, S3Uri, SystemClock};
use serde_json::{Value, json};

use super::{Context, words};
use crate::args::Dry;
use crate::exit::Ended;
use crate::output::{json as json_line, line};

/// The largest document that is read from a file.
const LARGEST: u64 = 4 << 20;

#[derive(Debug, Args)]
pub struct Noun {
    #[command(subcommand)]
    pub action: Action,
}

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show it
    Get(Get),
    /// Set it, from a file (JSON or XML), from standard input (-), or in words
    Set(Set),
    /// Remove it
    Rm(Rm),
}

#[derive(Debug, Args)]
pub struct Rm {
    #[command(flatten)]
    pub what: Get,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, Args)]
pub struct Get {
    /// s3://BUCKET[/KEY]
    pub uri: String,
    /// Of this version
    #[arg(long, value_name = "ID")]
    pub version_id: Option<String>,
    /// Which one, where a bucket has several (inventory, tiering)
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
}

#[derive(Debug, Args)]
pub struct Set {
    #[command(flatten)]
    pub what: Get,
    /// FILE, `-`, or words, such as `enable`, `AES256`, KEY=VALUE …
    #[arg(required = true, value_name = "VALUE")]
    pub value: Vec<String>,
    /// Shorten governance retention, if these keys may
    #[arg(long)]
    pub bypass_governance: bool,
    /// Say what would be set
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

pub async fn run(
    context: &Context<'_>,
    noun: &str,
    document: Document,
    options: &Noun,
) -> Result<Ended> {
    act(context, noun, document, &options.action).await
}

pub async fn act(
    context: &Context<'_>,
    noun: &str,
    document: Document,
    action: &Action,
) -> Result<Ended> {
    match action {
        Action::Get(what) => get(context, noun, document, what).await,
        Action::Set(set) => {
            let text = read(document, &set.value)?;
            let (bucket, key) = parse(document, &set.what.uri)?;
            let which = Which {
                bypass_governance: set.bypass_governance,
                ..which(&set.what, key.as_ref())
            };
            put(context, noun, document, &bucket, which, &text, set.dry_run).await
        }
        Action::Rm(rm) => remove(context, noun, document, &rm.what, rm.dry.dry_run).await,
    }
}

fn which<'a>(what: &'a Get, key: Option<&'a ObjectKey>) -> Which<'a> {
    Which {
        key,
        version_id: what.version_id.as_deref(),
        id: what.id.as_deref(),
        ..Which::default()
    }
}

fn parse(document: Document, uri: &str) -> Result<(BucketName, Option<ObjectKey>)> {
    let of_objects = matches!(document, Document::LegalHold | Document::Retention);
    let of_both = matches!(document, Document::Acl | Document::Tagging);
    match S3Uri::parse(uri)? {
        S3Uri::Bucket(bucket) if !of_objects => Ok((bucket, None)),
        S3Uri::Path(bucket, path) if of_objects || of_both => {
            Ok((bucket, Some(ObjectKey::new(path)?)))
        }
        _ if of_objects => {
            Err(Failure::invalid(format!("'{uri}' is no object"))
                .with_hint("Write s3://BUCKET/KEY."))
        }
        _ => Err(Failure::invalid(format!("'{uri}' is no bucket")).with_hint("Write s3://BUCKET.")),
    }
}

/// A file, standard input, or what the words mean.
pub fn read(document: Document, value: &[String]) -> Result<String> {
    let file = match value {
        [one] if one == "-" || std::path::Path::new(one).is_file() => Some(one),
        _ => None,
    };
    if let Some(file) = file {
        let failed = |e: std::io::Error| Failure::new(Code::LocalIo, format!("{file}: {e}"));
        let mut text = String::new();
        let mut source: Box<dyn Read> = match file.as_str() {
            "-" => Box::new(std::io::stdin().lock()),
            path => Box::new(std::fs::File::open(path).map_err(failed)?),
        };
        source.by_ref().take(LARGEST).read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    if let [text] = value
        && text.trim_start().starts_with(['{', '<'])
    {
        return Ok(text.clone());
    }
    words::document(document, value, SystemClock.now())?.ok_or_else(|| {
        Failure::invalid(format!("there is no file '{}', and it is no document", value.join(" ")))
    })
}

pub async fn get(
    context: &Context<'_>,
    noun: &str,
    document: Document,
    what: &Get,
) -> Result<Ended> {
    let (bucket, key) = parse(document, &what.uri)?;
    let which = which(what, key.as_ref());
    let found = context.app.document(&context.profile, &bucket, document, which).await?;
    let Some(text) = found else {
        let place = shown(&bucket, key.as_ref());
        return Err(Failure::new(Code::ObjectNotFound, format!("{place} has no {noun} set")));
    };
    let value: Value = serde_json::from_str(&text)
        .map_err(|e| Failure::new(Code::Internal, format!("a document that is no JSON: {e}")))?;
    if context.args.json {
        json_line(&event(noun, &bucket, key.as_ref(), &value));
    } else {
        // What is printed can be edited and set again.
        line(&serde_json::to_string_pretty(&value).unwrap_or(text));
    }
    Ok(Ended::Well)
}

pub async fn put(
    context: &Context<'_>,
    noun: &str,
    document: Document,
    bucket: &BucketName,
    which: Which<'_>,
    text: &str,
    dry_run: bool,
) -> Result<Ended> {
    let xml = document.write(text).map_err(|e| {
        Failure::invalid(format!("the {noun} document can't be set: {e}")).with_hint(format!(
            "`dipper {noun} get` shows what one looks like; docs/buckets.md has examples."
        ))
    })?;
    if dry_run && context.args.json {
        let mut event = event(noun, bucket, which.key, &Value::from(xml));
        event["dryRun"] = true.into();
        json_line(&event);
        return Ok(Ended::Well);
    }
    if dry_run {
        line(&xml);
        return Ok(Ended::Well);
    }
    context.app.set_document(&context.profile, bucket, document, which, text).await?;
    told(context, noun, bucket, which.key, "set");
    Ok(Ended::Well)
}

/// As s3cmd words it, where its verb was used; nothing, where it says nothing.
fn s3cmds(noun: &str, word: &str) -> Option<&'static str> {
    Some(match (noun, word) {
        ("tags", "set") => "Tagging updated",
        ("tags", _) => "Tagging deleted",
        ("cors", "set") => return None,
        ("cors", _) => "CORS deleted",
        ("lifecycle", "set") => "Lifecycle Policy updated",
        ("lifecycle", _) => "Lifecycle Policy deleted",
        ("notification", "set") => "Notification Policy updated",
        ("notification", _) => "Notification Policy deleted",
        ("versioning", _) => "Versioning status updated",
        ("ownership", _) => "Bucket Object Ownership updated",
        ("block", _) => "Block Public Access updated",
        ("payer", _) => "Payer updated",
        _ => return None,
    })
}

pub async fn remove(
    context: &Context<'_>,
    noun: &str,
    document: Document,
    what: &Get,
    dry_run: bool,
) -> Result<Ended> {
    if !document.can_be_deleted() {
        return Err(Failure::invalid(format!("{noun} can't be removed, only set")));
    }
    let (bucket, key) = parse(document, &what.uri)?;
    let which = which(what, key.as_ref());
    if dry_run {
        if context.args.json {
            json_line(&json!({
                "type": noun, "bucket": bucket, "key": key, "done": "removed", "dryRun": true,
            }));
        } else {
            line(&format!("{}: {noun} would be removed", shown(&bucket, key.as_ref())));
        }
        return Ok(Ended::Well);
    }
    context.app.remove_document(&context.profile, &bucket, document, which).await?;
    told(context, noun, &bucket, key.as_ref(), "removed");
    Ok(Ended::Well)
}

fn shown(bucket: &BucketName, key: Option<&ObjectKey>) -> String {
    match key {
        Some(key) => format!("s3://{bucket}/{key}"),
        None => format!("s3://{bucket}/"),
    }
}

fn event(noun: &str, bucket: &BucketName, key: Option<&ObjectKey>, value: &Value) -> Value {
    json!({ "type": noun, "bucket": bucket, "key": key, "document": value })
}

fn told(
    context: &Context<'_>,
    noun: &str,
    bucket: &BucketName,
    key: Option<&ObjectKey>,
    word: &str,
) {
    if context.args.json {
        json_line(&json!({ "type": noun, "bucket": bucket, "key": key, "done": word }));
    } else if context.is_s3cmds() {
        match (noun, word) {
            ("website", "set") => {
                context.say(&format!("Bucket 's3://{bucket}/': website configuration created."));
            }
            ("website", _) => {
                context.say(&format!("Bucket 's3://{bucket}/': website configuration deleted."));
            }
            _ => {
                if let Some(words) = s3cmds(noun, word) {
                    context.say(&format!("{}: {words}", shown(bucket, key)));
                }
            }
        }
    } else {
        context.say(&format!("{}: {noun} {word}", shown(bucket, key)));
    }
}
