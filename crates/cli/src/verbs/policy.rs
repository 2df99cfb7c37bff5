//! The bucket policy: shown, set, removed, and whether it makes the bucket public.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use dipper_app::{Code, Document, Failure, Result, Which};
use serde_json::{Value, json};

use super::{Context, access, bucket_only};
use crate::args::{Delpolicy, Dry, Setpolicy};
use crate::exit::Ended;
use crate::output::{json as json_line, line};

#[derive(Debug, Args)]
pub struct PolicyVerb {
    #[command(subcommand)]
    pub action: PolicyAction,
}

#[derive(Debug, Subcommand)]
pub enum PolicyAction {
    /// Show it
    Get { uri: String },
    /// Set it from a JSON file
    Set {
        uri: String,
        file: PathBuf,
        #[command(flatten)]
        dry: Dry,
    },
    /// Remove it
    Rm {
        uri: String,
        #[command(flatten)]
        dry: Dry,
    },
    /// Whether S3 calls the bucket public by it
    Status { uri: String },
}

pub async fn run(context: &Context<'_>, options: &PolicyVerb) -> Result<Ended> {
    match &options.action {
        PolicyAction::Get { uri } => get(context, uri).await,
        PolicyAction::Set { uri, file, dry } => {
            let set = Setpolicy { file: file.clone(), uri: uri.clone(), dry: *dry };
            access::set_policy(context, &set).await
        }
        PolicyAction::Rm { uri, dry } => {
            let which = Delpolicy { uris: vec![uri.clone()], dry: *dry };
            access::delete_policy(context, &which).await
        }
        PolicyAction::Status { uri } => status(context, uri).await,
    }
}

async fn get(context: &Context<'_>, uri: &str) -> Result<Ended> {
    let bucket = bucket_only(uri)?;
    let s3 = context.app.client(&context.profile).await?;
    let Some(text) = s3.bucket_policy(&bucket).await? else {
        return Err(Failure::new(
            Code::ObjectNotFound,
            format!("s3://{bucket}/ has no policy set"),
        ));
    };
    // A server may keep what is no JSON; it is shown as it is.
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.as_str()));
    if context.args.json {
        json_line(&json!({ "type": "policy", "bucket": bucket, "document": value }));
    } else {
        line(&serde_json::to_string_pretty(&value).unwrap_or(text));
    }
    Ok(Ended::Well)
}

async fn status(context: &Context<'_>, uri: &str) -> Result<Ended> {
    let bucket = bucket_only(uri)?;
    let which = Which::default();
    let (app, profile) = (context.app, &context.profile);
    let found = app.document(profile, &bucket, Document::PolicyStatus, which).await?;
    let public = found
        .and_then(|text| serde_json::from_str::<Value>(&text).ok())
        .and_then(|value| value["isPublic"].as_bool());
    if context.args.json {
        json_line(&json!({ "type": "policyStatus", "bucket": bucket, "isPublic": public }));
        return Ok(Ended::Well);
    }
    let word = match public {
        Some(true) => "public",
        Some(false) => "not public",
        None => "no policy",
    };
    line(&format!("s3://{bucket}/: {word}"));
    Ok(Ended::Well)
}
