//! Uploads that nobody finished: s3cmd's `multipart`, `listmp` and `abortmp`, and those by age.

use clap::Args;
use dipper_app::{Result, UploadEntry};
use dipper_types::UploadId;
use serde_json::json;

use super::targets::{object_only, place};
use super::{Context, words};
use crate::exit::Ended;
use crate::output::{failure, json as json_line, line, name};

#[derive(Debug, Args)]
pub struct Multipart {
    /// s3://BUCKET[/PREFIX]
    pub uri: String,
    /// Abort those that began longer ago than this (7d, 12h …)
    #[arg(long, value_name = "AGE")]
    pub abort_older_than: Option<String>,
    /// Say what would be aborted
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct OneUpload {
    /// s3://BUCKET/KEY
    pub uri: String,
    /// The upload's id
    pub id: String,
}

#[derive(Debug, Args)]
pub struct Abort {
    #[command(flatten)]
    pub upload: OneUpload,
    /// Say what would be aborted, if it is there
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

fn told(context: &Context<'_>, bucket: &str, upload: &UploadEntry, kind: &str) {
    if context.args.json {
        json_line(&json!({
            "type": kind, "bucket": bucket, "key": upload.key, "uploadId": upload.upload_id,
            "startedAt": upload.started.map(|at| at.rfc3339()), "initiator": upload.initiator,
            "storageClass": upload.storage_class,
        }));
        return;
    }
    let started = upload.started.map(|at| at.rfc3339()).unwrap_or_default();
    line(&format!("{started}\ts3://{bucket}/{}\t{}", name(&upload.key), upload.upload_id));
}

pub async fn list(context: &Context<'_>, options: &Multipart) -> Result<Ended> {
    let (bucket, prefix) = place(&options.uri)?;
    let Some(age) = &options.abort_older_than else {
        let found = context.app.uploads(&context.profile, &bucket, &prefix).await?;
        if !context.args.json && !context.args.quiet {
            line(&format!("s3://{bucket}/"));
            line("Initiated\tPath\tId");
        }
        for upload in &found {
            told(context, bucket.as_str(), upload, "upload");
        }
        return Ok(Ended::Well);
    };
    let age = words::span(age)?;
    let stale = context.app.stale_uploads(&context.profile, &bucket, &prefix, age).await?;
    if options.dry_run {
        for upload in &stale {
            told(context, bucket.as_str(), upload, "abort");
        }
        return Ok(Ended::Well);
    }
    let mut failed = false;
    for ended in context.app.abort_uploads(&context.profile, &bucket, stale).await? {
        match &ended.error {
            None => told(context, bucket.as_str(), &ended.upload, "abort"),
            Some(error) => {
                failed = true;
                failure(error, context.args.json);
            }
        }
    }
    Ok(if failed { Ended::Partly } else { Ended::Well })
}

pub async fn parts(context: &Context<'_>, options: &OneUpload) -> Result<Ended> {
    let (bucket, key) = object_only(&options.uri)?;
    let s3 = context.app.client(&context.profile).await?;
    let parts = s3.list_parts(&bucket, &key, &UploadId::new(options.id.clone())).await?;
    if !context.args.json && !context.args.quiet {
        line("LastModified\t\t\tPartNumber\tETag\tSize");
    }
    for part in parts {
        if context.args.json {
            json_line(&json!({
                "type": "part", "partNumber": part.number.get(), "etag": part.etag,
                "size": part.size, "modified": part.modified.map(|at| at.rfc3339()),
            }));
            continue;
        }
        let modified = part.modified.map(|at| at.rfc3339()).unwrap_or_default();
        line(&format!("{modified}\t{}\t\"{}\"\t{}", part.number.get(), part.etag, part.size));
    }
    Ok(Ended::Well)
}

pub async fn abort(context: &Context<'_>, options: &Abort) -> Result<Ended> {
    let (bucket, key) = object_only(&options.upload.uri)?;
    let id = UploadId::new(options.upload.id.clone());
    let s3 = context.app.client(&context.profile).await?;
    // An id that is wrong should be told, though aborting what is gone succeeds.
    s3.list_parts(&bucket, &key, &id).await?;
    if !options.dry_run {
        s3.abort_upload(&bucket, &key, &id).await?;
    }
    if context.args.json {
        let mut event = json!({
            "type": "abort", "bucket": bucket, "key": key, "uploadId": options.upload.id,
        });
        if options.dry_run {
            event["dryRun"] = true.into();
        }
        json_line(&event);
    } else if options.dry_run {
        line(&format!("abort: s3://{bucket}/{}", name(key.as_str())));
    } else {
        context.say(&format!("s3://{bucket}/{}", name(key.as_str())));
    }
    Ok(Ended::Well)
}
