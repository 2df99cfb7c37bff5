use std::fmt::Write;

use dipper_app::{ListRequest, ListedObject, Result};
use dipper_types::{BucketName, S3Uri};
use serde_json::json;

use super::Context;
use crate::args::Ls;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note, print, size, time};

pub async fn run(context: &Context<'_>, options: &Ls) -> Result<Ended> {
    if options.uris.is_empty() {
        return buckets(context).await;
    }
    for uri in &options.uris {
        match S3Uri::parse(uri)? {
            S3Uri::Service => {
                buckets(context).await?;
            }
            S3Uri::Bucket(bucket) => objects(context, options, &bucket, "").await?,
            S3Uri::Path(bucket, path) => {
                let prefix = path.strip_suffix('*').unwrap_or(&path);
                objects(context, options, &bucket, prefix).await?;
            }
        }
    }
    Ok(Ended::Well)
}

/// Of every bucket, one after the other.
pub async fn everywhere(context: &Context<'_>, options: &Ls) -> Result<Ended> {
    if !options.uris.is_empty() {
        return run(context, options).await;
    }
    for bucket in context.app.buckets(&context.profile).await? {
        objects(context, options, &BucketName::new(bucket.name)?, "").await?;
        if !context.args.json {
            line("");
        }
    }
    Ok(Ended::Well)
}

async fn buckets(context: &Context<'_>) -> Result<Ended> {
    for bucket in context.app.buckets(&context.profile).await? {
        if context.args.json {
            json_line(&json!({
                "type": "bucket",
                "name": bucket.name,
                "createdAt": bucket.created_at.map(|at| at.rfc3339()),
            }));
        } else {
            line(&format!("{:16}  s3://{}", time(bucket.created_at), name(&bucket.name)));
        }
    }
    Ok(Ended::Well)
}

async fn objects(
    context: &Context<'_>,
    options: &Ls,
    bucket: &BucketName,
    prefix: &str,
) -> Result<()> {
    let s3 = context.app.client(&context.profile).await?;
    let request = ListRequest {
        prefix: prefix.to_owned(),
        by_folder: !options.recursive,
        ..ListRequest::default()
    };
    let mut left = options.limit.unwrap_or(u64::MAX);
    let mut listing = s3.list(bucket, request);
    while let Some(page) = listing.next().await? {
        let mut more = false;
        let mut text = String::with_capacity(page.objects.len() * 96);
        for folder in &page.common_prefixes {
            if left == 0 {
                more = true;
                break;
            }
            left -= 1;
            if context.args.json {
                let folder = json!({ "type": "folder", "bucket": bucket, "prefix": folder });
                let _ = writeln!(text, "{folder}");
            } else {
                let width = if options.human_readable_sizes { 6 } else { 12 };
                let folder = name(folder);
                let _ = writeln!(text, "{:16} {:>width$}  s3://{bucket}/{folder}", "", "DIR");
            }
        }
        for object in &page.objects {
            if left == 0 {
                more = true;
                break;
            }
            left -= 1;
            row(context, options, bucket, object, &mut text);
        }
        // A page at a time: a line at a time would be a system call each.
        print(&text);
        if more {
            return cut(options);
        }
    }
    Ok(())
}

fn row(
    context: &Context<'_>,
    options: &Ls,
    bucket: &BucketName,
    object: &ListedObject,
    text: &mut String,
) {
    if context.args.json {
        let object = json!({
            "type": "object",
            "bucket": bucket,
            "key": object.key,
            "size": object.size,
            "modified": object.modified.map(|at| at.rfc3339()),
            "etag": object.etag,
            "storageClass": object.storage_class.as_deref(),
        });
        let _ = writeln!(text, "{object}");
        return;
    }
    let bytes = size(object.size, options.human_readable_sizes);
    let _ = write!(text, "{:16} {bytes}", time(object.modified));
    if options.long_listing {
        let _ = write!(
            text,
            "  {:35}  {:11}",
            object.etag.as_deref().unwrap_or_default(),
            object.storage_class.as_deref().unwrap_or_default()
        );
    }
    let _ = writeln!(text, "  s3://{bucket}/{}", name(&object.key));
}

fn cut(options: &Ls) -> Result<()> {
    note(&format!("WARNING: there is more; shown are {} rows", options.limit.unwrap_or(0)));
    Ok(())
}
