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
                let more = columns(options, "", "");
                let _ = writeln!(text, "{:16} {:>width$}{more}  s3://{bucket}/{folder}", "", "DIR");
            }
        }
        let md5s = match options.list_md5 {
            true => context.app.md5s(&context.profile, bucket, &page.objects).await?,
            false => Vec::new(),
        };
        for (at, object) in page.objects.iter().enumerate() {
            if left == 0 {
                more = true;
                break;
            }
            left -= 1;
            let md5 = md5s.get(at).and_then(Option::as_deref);
            row(context, options, bucket, (object, md5), &mut text);
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
    (object, md5): (&ListedObject, Option<&str>),
    text: &mut String,
) {
    if context.args.json {
        let mut object = json!({
            "type": "object",
            "bucket": bucket,
            "key": object.key,
            "size": object.size,
            "modified": object.modified.map(|at| at.rfc3339()),
            "etag": object.etag,
            "storageClass": object.storage_class.as_deref(),
        });
        if options.list_md5 {
            object["md5"] = md5.into();
        }
        let _ = writeln!(text, "{object}");
        return;
    }
    let bytes = size(object.size, options.human_readable_sizes);
    // Where nobody knows the MD5, the ETag says as much as there is.
    let tag = md5.or(object.etag.as_deref()).unwrap_or_default();
    let more = columns(options, tag, object.storage_class.as_deref().unwrap_or_default());
    let at = time(object.modified);
    let _ = writeln!(text, "{at:16} {bytes}{more}  s3://{bucket}/{}", name(&object.key));
}

/// What `-l` and `--list-md5` say besides.
fn columns(options: &Ls, tag: &str, class: &str) -> String {
    match (options.long_listing, options.list_md5) {
        (true, _) => format!("  {tag:35}  {class:11}"),
        (false, true) => format!("  {tag:35}"),
        (false, false) => String::new(),
    }
}

fn cut(options: &Ls) -> Result<()> {
    note(&format!("WARNING: there is more; shown are {} rows", options.limit.unwrap_or(0)));
    Ok(())
}
