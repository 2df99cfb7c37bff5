use dipper_app::{ListRequest, Result};
use dipper_types::{BucketName, S3Uri};
use serde_json::json;

use super::Context;
use crate::args::Ls;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note, size, time};

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
    let mut request = ListRequest {
        prefix: prefix.to_owned(),
        by_folder: !options.recursive,
        ..ListRequest::default()
    };
    let mut left = options.limit.unwrap_or(u64::MAX);
    loop {
        let page = s3.list_page(bucket, &request).await?;
        for folder in &page.common_prefixes {
            if left == 0 {
                return cut(options);
            }
            left -= 1;
            if context.args.json {
                json_line(&json!({ "type": "folder", "bucket": bucket, "prefix": folder }));
            } else {
                let width = if options.human_readable_sizes { 6 } else { 12 };
                line(&format!("{:16} {:>width$}  s3://{bucket}/{}", "", "DIR", name(folder)));
            }
        }
        for object in &page.objects {
            if left == 0 {
                return cut(options);
            }
            left -= 1;
            if context.args.json {
                json_line(&json!({
                    "type": "object",
                    "bucket": bucket,
                    "key": object.key,
                    "size": object.size,
                    "modified": object.modified.map(|at| at.rfc3339()),
                    "etag": object.etag,
                    "storageClass": object.storage_class,
                }));
                continue;
            }
            let bytes = size(object.size, options.human_readable_sizes);
            let long = if options.long_listing {
                format!(
                    "  {:35}  {:11}",
                    object.etag.as_deref().unwrap_or_default(),
                    object.storage_class.as_deref().unwrap_or_default()
                )
            } else {
                String::new()
            };
            line(&format!(
                "{:16} {bytes}{long}  s3://{bucket}/{}",
                time(object.modified),
                name(&object.key)
            ));
        }
        match page.next {
            Some(next) => request.token = Some(next),
            None => return Ok(()),
        }
    }
}

fn cut(options: &Ls) -> Result<()> {
    note(&format!("WARNING: there is more; shown are {} rows", options.limit.unwrap_or(0)));
    Ok(())
}
