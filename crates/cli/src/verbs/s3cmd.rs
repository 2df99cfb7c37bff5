//! s3cmd's own words for what `NOUN get|set|rm` does.

use std::path::PathBuf;

use clap::Args;
use dipper_app::{Document, Failure, Result, Which};
use dipper_types::{Clock, SystemClock};
use serde_json::json;

use super::document::{Get, get, put, read, remove};
use super::targets::object_only;
use super::{Context, bucket_only, words};
use crate::exit::Ended;
use crate::output::line;

#[derive(Debug, Args)]
pub struct FileUri {
    /// The document, JSON or XML
    pub file: String,
    /// s3://BUCKET
    pub uri: String,
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
}

#[derive(Debug, Args)]
pub struct WordUri {
    /// ON or OFF
    pub value: String,
    /// s3://BUCKET/KEY
    pub uri: String,
}

#[derive(Debug, Args)]
pub struct RetentionUri {
    /// GOVERNANCE or COMPLIANCE
    pub mode: String,
    /// A date, or a span such as 30d
    pub until: String,
    /// s3://BUCKET/KEY
    pub uri: String,
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
}

#[derive(Debug, Args)]
pub struct Payer {
    /// s3://BUCKET
    pub uri: String,
    /// Who asks pays
    #[arg(long)]
    pub requester_pays: bool,
}

#[derive(Debug, Args)]
pub struct Expire {
    /// s3://BUCKET
    pub uri: String,
    /// So many days after they were made
    #[arg(long, conflicts_with = "expiry_date", required_unless_present = "expiry_date")]
    pub expiry_days: Option<u32>,
    /// At this date
    #[arg(long)]
    pub expiry_date: Option<String>,
    /// Only what is below this prefix
    #[arg(long, default_value = "")]
    pub expiry_prefix: String,
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
}

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
    uri: &str,
) -> Result<Ended> {
    remove(context, noun, document, &at(uri)).await
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
    put(context, noun, document, &bucket, which, &text, false).await
}

/// A word for a bucket, or for an object where the document can be one's.
pub async fn word(
    context: &Context<'_>,
    noun: &str,
    document: Document,
    uri: &str,
    value: &[String],
) -> Result<Ended> {
    let text = words::document(document, value, SystemClock.now())?
        .ok_or_else(|| Failure::invalid(format!("'{}' says nothing here", value.join(" "))))?;
    if let Ok((bucket, key)) = object_only(uri) {
        return put(context, noun, document, &bucket, Which::from(&key), &text, false).await;
    }
    let bucket = bucket_only(uri)?;
    put(context, noun, document, &bucket, Which::default(), &text, false).await
}

pub async fn retention(context: &Context<'_>, options: &RetentionUri) -> Result<Ended> {
    let value = [options.mode.to_ascii_uppercase(), options.until.clone()];
    word(context, "retention", Document::Retention, &options.uri, &value).await
}

pub async fn website(context: &Context<'_>, options: &WsCreate) -> Result<Ended> {
    let value: Vec<String> =
        std::iter::once(options.ws_index.clone()).chain(options.ws_error.clone()).collect();
    word(context, "website", Document::Website, &options.uri, &value).await?;
    if !context.args.json && !context.args.quiet {
        let bucket = bucket_only(&options.uri)?;
        let s3 = context.app.client(&context.profile).await?;
        if let Some(url) = s3.connection().website_url(bucket.as_str()) {
            line(&format!("Website endpoint: {url}"));
        }
    }
    Ok(Ended::Well)
}

pub async fn payer(context: &Context<'_>, options: &Payer) -> Result<Ended> {
    let value = if options.requester_pays { "requester" } else { "owner" };
    word(context, "payer", Document::RequestPayment, &options.uri, &[value.to_owned()]).await
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
    let id = format!("dipper-expire-{}", options.expiry_prefix);
    let rule = json!({
        "id": id, "status": "Enabled", "filter": { "prefix": options.expiry_prefix },
        "expiration": expiration,
    });
    let which = Which::default();
    let known = context.app.document(&context.profile, &bucket, Document::Lifecycle, which).await?;
    let mut rules: Vec<serde_json::Value> = known
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .and_then(|value| value["rules"].as_array().cloned())
        .unwrap_or_default();
    rules.retain(|rule| rule["id"] != id);
    rules.push(rule);
    let text = json!({ "rules": rules }).to_string();
    put(context, "lifecycle", Document::Lifecycle, &bucket, which, &text, false).await
}

pub async fn accesslog(context: &Context<'_>, options: &Accesslog) -> Result<Ended> {
    let bucket = bucket_only(&options.uri)?;
    let Some(target) = &options.access_logging_target_prefix else {
        if options.no_access_logging {
            return remove_one(context, "logging", Document::Logging, &options.uri).await;
        }
        return get_one(context, "logging", Document::Logging, &options.uri).await;
    };
    let (to, prefix) = super::targets::place(target)?;
    let text = json!({ "loggingEnabled": { "targetBucket": to, "targetPrefix": prefix } });
    let which = Which::default();
    put(context, "logging", Document::Logging, &bucket, which, &text.to_string(), false).await
}
