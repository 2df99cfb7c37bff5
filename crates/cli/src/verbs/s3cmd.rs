//! s3cmd's own words for what `NOUN get|set|rm` does.

use std::path::PathBuf;

use clap::Args;
use dipper_app::{Code, Document, Failure, Result, Which, tags_of};
use dipper_types::{BucketName, Clock, SystemClock};
use serde_json::{Value, json};

use super::document::{Get, get, put, read, remove};
use super::targets::object_only;
use super::{Context, bucket_only, words};
use crate::args::Dry;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name};

#[derive(Debug, Args)]
pub struct FileUri {
    /// The document, JSON or XML
    pub file: String,
    /// s3://BUCKET
    pub uri: String,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, Args)]
pub struct Notification {
    #[command(flatten)]
    pub place: FileUri,
    /// Do not ask whether those who are told can be
    #[arg(long)]
    pub skip_destination_validation: bool,
}

#[derive(Debug, Args)]
pub struct UriWord {
    /// s3://BUCKET[/KEY]
    pub uri: String,
    pub value: String,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, Args)]
pub struct WordUri {
    /// ON or OFF
    pub value: String,
    /// s3://BUCKET/KEY
    pub uri: String,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, Args)]
pub struct RetentionUri {
    /// GOVERNANCE or COMPLIANCE
    pub mode: String,
    /// A date, or a span such as 30d
    pub until: String,
    /// s3://BUCKET/KEY
    pub uri: String,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, Args)]
pub struct WsCreate {
    /// s3://BUCKET
    pub uri: String,
    /// Name of the index document
    #[arg(long, default_value = "index.html")]
    pub ws_index: String,
    /// Name of the error document
    #[arg(long)]
    pub ws_error: Option<String>,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, Args)]
pub struct Payer {
    /// s3://BUCKET
    pub uri: String,
    /// Who asks pays
    #[arg(long)]
    pub requester_pays: bool,
    /// Say what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct Expire {
    /// s3://BUCKET
    pub uri: String,
    /// So many days after they were made
    #[arg(long, conflicts_with = "expiry_date")]
    pub expiry_days: Option<u32>,
    /// At this date
    #[arg(long)]
    pub expiry_date: Option<String>,
    /// Only what is below this prefix
    #[arg(long, default_value = "")]
    pub expiry_prefix: String,
    #[command(flatten)]
    pub dry: Dry,
}

#[derive(Debug, Args)]
pub struct Accesslog {
    /// s3://BUCKET
    pub uri: String,
    /// Where the logs go: s3://BUCKET/PREFIX
    #[arg(long, conflicts_with = "no_access_logging")]
    pub access_logging_target_prefix: Option<String>,
    /// Log no more
    #[arg(long)]
    pub no_access_logging: bool,
    #[command(flatten)]
    pub dry: Dry,
}

/// How the names of rules begin that `expire` makes.
const EXPIRE: &str = "dipper-expire-";

fn at(uri: &str) -> Get {
    Get { uri: uri.to_owned(), version_id: None, id: None }
}

pub async fn get_one(
    context: &Context<'_>,
    noun: &str,
    document: Document,
    uri: &str,
) -> Result<Ended> {
    get(context, noun, document, &at(uri)).await
}

pub async fn remove_one(
    context: &Context<'_>,
    noun: &str,
    document: Document,
    (uri, dry): (&str, Dry),
) -> Result<Ended> {
    remove(context, noun, document, &at(uri), dry.dry_run).await
}

pub async fn from_file(
    context: &Context<'_>,
    noun: &str,
    document: Document,
    options: &FileUri,
) -> Result<Ended> {
    from_file_of(context, noun, document, options, Which::default()).await
}

pub async fn notification(context: &Context<'_>, options: &Notification) -> Result<Ended> {
    let skip_validation = options.skip_destination_validation;
    let which = Which { skip_validation, ..Which::default() };
    from_file_of(context, "notification", Document::Notification, &options.place, which).await
}

async fn from_file_of(
    context: &Context<'_>,
    noun: &str,
    document: Document,
    options: &FileUri,
    which: Which<'_>,
) -> Result<Ended> {
    if options.file != "-" && !PathBuf::from(&options.file).is_file() {
        return Err(Failure::invalid(format!("there is no file '{}'", options.file)));
    }
    let text = read(document, std::slice::from_ref(&options.file))?;
    let bucket = bucket_only(&options.uri)?;
    let dry_run = options.dry.dry_run;
    put(context, noun, document, &bucket, which, &text, dry_run).await
}

/// A word for a bucket, or for an object where the document can be one's.
pub async fn word(
    context: &Context<'_>,
    noun: &str,
    document: Document,
    (uri, dry): (&str, Dry),
    value: &[String],
) -> Result<Ended> {
    let dry_run = dry.dry_run;
    let text = words::document(document, value, SystemClock.now())?
        .ok_or_else(|| Failure::invalid(format!("'{}' says nothing here", value.join(" "))))?;
    if let Ok((bucket, key)) = object_only(uri) {
        return put(context, noun, document, &bucket, Which::from(&key), &text, dry_run).await;
    }
    let bucket = bucket_only(uri)?;
    put(context, noun, document, &bucket, Which::default(), &text, dry_run).await
}

pub async fn retention(context: &Context<'_>, options: &RetentionUri) -> Result<Ended> {
    let value = [options.mode.to_ascii_uppercase(), options.until.clone()];
    word(context, "retention", Document::Retention, (&options.uri, options.dry), &value).await
}

pub async fn website(context: &Context<'_>, options: &WsCreate) -> Result<Ended> {
    let value: Vec<String> =
        std::iter::once(options.ws_index.clone()).chain(options.ws_error.clone()).collect();
    word(context, "website", Document::Website, (&options.uri, options.dry), &value).await
}

pub async fn website_info(context: &Context<'_>, uri: &str) -> Result<Ended> {
    let bucket = bucket_only(uri)?;
    let (app, profile) = (context.app, &context.profile);
    let found = app.document(profile, &bucket, Document::Website, Which::default()).await?;
    let Some(text) = found.filter(|_| !context.args.json) else {
        if context.args.json {
            return get_one(context, "website", Document::Website, uri).await;
        }
        line(&format!("Bucket s3://{bucket}/: No website configuration found."));
        return Ok(Ended::Well);
    };
    let website: Value = serde_json::from_str(&text).unwrap_or_default();
    let s3 = app.client(profile).await?;
    line(&format!("Bucket s3://{bucket}/: Website configuration"));
    let url = s3.connection().website_url(bucket.as_str());
    line(&format!("Website endpoint: {}", url.as_deref().unwrap_or("None")));
    let index = website["indexDocument"]["suffix"].as_str();
    line(&format!("Index document:   {}", index.unwrap_or("None")));
    let error = website["errorDocument"]["key"].as_str();
    line(&format!("Error document:   {}", error.unwrap_or("None")));
    Ok(Ended::Well)
}

/// `gettagging`, a tag a line.
pub async fn tags(context: &Context<'_>, uri: &str) -> Result<Ended> {
    if context.args.json {
        return get_one(context, "tags", Document::Tagging, uri).await;
    }
    let (bucket, key) = match object_only(uri) {
        Ok((bucket, key)) => (bucket, Some(key)),
        Err(_) => (bucket_only(uri)?, None),
    };
    let which = key.as_ref().map(Which::from).unwrap_or_default();
    let (app, profile) = (context.app, &context.profile);
    let found = app.document(profile, &bucket, Document::Tagging, which).await?;
    let (place, kind) = match &key {
        Some(key) => (format!("s3://{bucket}/{key}"), "object"),
        None => (format!("s3://{bucket}/"), "bucket"),
    };
    let Some(text) = found else {
        let what = format!("{place} has no tags");
        return Err(Failure::new(Code::ObjectNotFound, what));
    };
    line(&format!("{} ({kind}):", name(&place)));
    for (key, value) in tags_of(&text) {
        line(&format!("\t{}:\t{}", name(&key), name(&value)));
    }
    Ok(Ended::Well)
}

pub async fn payer(context: &Context<'_>, options: &Payer) -> Result<Ended> {
    let value = if options.requester_pays { "requester" } else { "owner" };
    let place = (options.uri.as_str(), Dry { dry_run: options.dry_run });
    word(context, "payer", Document::RequestPayment, place, &[value.to_owned()]).await
}

/// One rule is added, or takes the place of an earlier one that `expire` made for the same prefix.
pub async fn expire(context: &Context<'_>, options: &Expire) -> Result<Ended> {
    let bucket = bucket_only(&options.uri)?;
    let mut expiration = json!({});
    if let Some(days) = options.expiry_days {
        expiration["days"] = days.into();
    }
    if let Some(date) = &options.expiry_date {
        expiration["date"] = words::until(date, SystemClock.now())?.rfc3339().into();
    }
    let id = format!("{EXPIRE}{}", options.expiry_prefix);
    let rule = json!({
        "id": id, "status": "Enabled", "filter": { "prefix": options.expiry_prefix },
        "expiration": expiration,
    });
    let which = Which::default();
    if options.expiry_days.is_none() && options.expiry_date.is_none() {
        return match options.expiry_prefix.as_str() {
            "" => no_expiry(context, &bucket).await,
            _ => Err(Failure::invalid("--expiry-days or --expiry-date is needed")),
        };
    }
    let known = context.app.document(&context.profile, &bucket, Document::Lifecycle, which).await?;
    let mut rules: Vec<Value> = known
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
        .and_then(|value| value["rules"].as_array().cloned())
        .unwrap_or_default();
    rules.retain(|rule| rule["id"] != id);
    rules.push(rule);
    if options.dry.dry_run {
        let text = json!({ "rules": rules }).to_string();
        return put(context, "lifecycle", Document::Lifecycle, &bucket, which, &text, true).await;
    }
    set_rules(context, &bucket, &rules).await?;
    expiring(context, &bucket, "set");
    Ok(Ended::Well)
}

fn expiring(context: &Context<'_>, bucket: &BucketName, word: &str) {
    if context.args.json {
        json_line(&json!({ "type": "lifecycle", "bucket": bucket, "key": null, "done": word }));
    } else {
        context.say(&format!("Bucket 's3://{bucket}/': expiration configuration is {word}."));
    }
}

async fn set_rules(context: &Context<'_>, bucket: &BucketName, rules: &[Value]) -> Result<()> {
    let (app, profile, which) = (context.app, &context.profile, Which::default());
    if rules.is_empty() {
        return app.remove_document(profile, bucket, Document::Lifecycle, which).await;
    }
    let text = json!({ "rules": rules }).to_string();
    app.set_document(profile, bucket, Document::Lifecycle, which, &text).await
}

/// Without days and date: the rules that `expire` made go, and no other.
async fn no_expiry(context: &Context<'_>, bucket: &BucketName) -> Result<Ended> {
    let (app, which) = (context.app, Which::default());
    let known = app.document(&context.profile, bucket, Document::Lifecycle, which).await?;
    let rules = known.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let mut rules = rules.and_then(|all| all["rules"].as_array().cloned()).unwrap_or_default();
    let before = rules.len();
    rules.retain(|rule| !rule["id"].as_str().is_some_and(|id| id.starts_with(EXPIRE)));
    if rules.len() < before {
        set_rules(context, bucket, &rules).await?;
    }
    expiring(context, bucket, "deleted");
    Ok(Ended::Well)
}

pub async fn accesslog(context: &Context<'_>, options: &Accesslog) -> Result<Ended> {
    let bucket = bucket_only(&options.uri)?;
    let Some(target) = &options.access_logging_target_prefix else {
        if options.no_access_logging {
            if options.dry.dry_run {
                let place = (options.uri.as_str(), options.dry);
                return remove_one(context, "logging", Document::Logging, place).await;
            }
            let which = Which::default();
            let app = context.app;
            app.remove_document(&context.profile, &bucket, Document::Logging, which).await?;
        }
        return logging(context, &bucket).await;
    };
    let (to, prefix) = super::targets::place(target)?;
    let text = json!({ "loggingEnabled": { "targetBucket": to, "targetPrefix": prefix } });
    let which = Which::default();
    let (app, text) = (context.app, text.to_string());
    if options.dry.dry_run {
        return put(context, "logging", Document::Logging, &bucket, which, &text, true).await;
    }
    app.set_document(&context.profile, &bucket, Document::Logging, which, &text).await?;
    logging(context, &bucket).await
}

/// Where the log goes, as it is now.
async fn logging(context: &Context<'_>, bucket: &BucketName) -> Result<Ended> {
    let (app, which) = (context.app, Which::default());
    let found = app.document(&context.profile, bucket, Document::Logging, which).await?;
    let value: Value = found.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let enabled = &value["loggingEnabled"];
    if context.args.json {
        json_line(&json!({
            "type": "logging", "bucket": bucket, "key": null, "document": value,
        }));
        return Ok(Ended::Well);
    }
    line(&format!("Access logging for: s3://{bucket}/"));
    line(&format!("   Logging Enabled: {}", if enabled.is_object() { "True" } else { "False" }));
    if let Some(to) = enabled["targetBucket"].as_str() {
        let prefix = enabled["targetPrefix"].as_str().unwrap_or_default();
        line(&format!("     Target prefix: s3://{to}/{prefix}"));
    }
    Ok(Ended::Well)
}
