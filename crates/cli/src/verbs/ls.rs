use std::fmt::Write;

use dipper_app::{ListRequest, ListedObject, Result};
use dipper_types::{BucketName, S3Uri, Timestamp};
use serde_json::json;

use super::Context;
use super::matching::{Match, Matches, Meant, meant};
use crate::args::Ls;
use crate::exit::Ended;
use crate::glob::Glob;
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
            S3Uri::Bucket(bucket) => listed(context, options, &bucket, "", None).await?,
            S3Uri::Path(bucket, path) => {
                // A star at the end is what a listing does anyway, also with s3cmd.
                let bare = path.strip_suffix('*').filter(|_| !context.args.raw);
                let prefix = bare.filter(|bare| !Glob::is(bare));
                match prefix {
                    Some(prefix) => listed(context, options, &bucket, prefix, None).await?,
                    None => match meant(context, &bucket, &path, false).await? {
                        Meant::Path(path) => listed(context, options, &bucket, &path, None).await?,
                        Meant::Pattern(glob) => {
                            let prefix = glob.prefix().to_owned();
                            listed(context, options, &bucket, &prefix, Some(&glob)).await?;
                        }
                    },
                }
            }
        }
    }
    Ok(Ended::Well)
}

async fn listed(
    context: &Context<'_>,
    options: &Ls,
    bucket: &BucketName,
    prefix: &str,
    glob: Option<&Glob>,
) -> Result<()> {
    match options.at.moment()? {
        None => objects(context, options, bucket, prefix, glob).await,
        Some(at) => before(context, options, bucket, (prefix, glob), at).await,
    }
}

/// Of every bucket, one after the other.
pub async fn everywhere(context: &Context<'_>, options: &Ls) -> Result<Ended> {
    if !options.uris.is_empty() {
        return run(context, options).await;
    }
    for bucket in context.app.buckets(&context.profile).await? {
        listed(context, options, &BucketName::new(bucket.name)?, "", None).await?;
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
    glob: Option<&Glob>,
) -> Result<()> {
    let s3 = context.app.client(&context.profile).await?;
    let request = ListRequest {
        prefix: prefix.to_owned(),
        by_folder: !options.recursive && glob.is_none_or(Glob::is_one_level),
        ..ListRequest::default()
    };
    let mut left = options.limit.unwrap_or(u64::MAX);
    let mut listing = s3.list(bucket, request);
    while let Some(page) = listing.next().await? {
        let mut more = false;
        let mut text = String::with_capacity(page.objects.len() * 96);
        let folder_hits = |folder: &&String| {
            glob.is_none_or(|glob| folder.strip_suffix('/').is_some_and(|name| glob.matches(name)))
        };
        for folder in page.common_prefixes.iter().filter(folder_hits) {
            if left == 0 {
                more = true;
                break;
            }
            left -= 1;
            folder_row(context, options, bucket, folder, &mut text);
        }
        let md5s = match options.list_md5 {
            true => context.app.md5s(&context.profile, bucket, &page.objects).await?,
            false => Vec::new(),
        };
        let hits = |(_, object): &(usize, &ListedObject)| hits(options, glob, &object.key);
        for (at, object) in page.objects.iter().enumerate().filter(hits) {
            if left == 0 {
                more = true;
                break;
            }
            left -= 1;
            let md5 = md5s.get(at).and_then(Option::as_deref);
            row(context, options, bucket, (object, None, md5), &mut text);
        }
        // A page at a time: a line at a time would be a system call each.
        print(&text);
        if more {
            return cut(options);
        }
    }
    Ok(())
}

fn hits(options: &Ls, glob: Option<&Glob>, key: &str) -> bool {
    glob.is_none_or(|glob| if options.recursive { glob.covers(key) } else { glob.matches(key) })
}

/// As it was: folders are told where their first object comes.
async fn before(
    context: &Context<'_>,
    options: &Ls,
    bucket: &BucketName,
    (prefix, glob): (&str, Option<&Glob>),
    at: Timestamp,
) -> Result<()> {
    let mut found = Matches::below(context, bucket, prefix, Some(at)).await?;
    let (mut text, mut rows, mut last) = (String::new(), 0, String::new());
    let by_folder = !options.recursive && glob.is_none_or(Glob::is_one_level);
    while let Some(Match { object, version_id }) = found.next().await? {
        let rest = object.key.get(prefix.len()..).unwrap_or_default();
        let folder = rest.find('/').filter(|_| by_folder).map(|at| prefix.len() + at + 1);
        let folder = folder.and_then(|end| object.key.get(..end));
        let wanted = match folder {
            Some(folder) if folder == last => false,
            Some(folder) => {
                folder.clone_into(&mut last);
                glob.is_none_or(|glob| glob.matches(folder.trim_end_matches('/')))
            }
            None => hits(options, glob, &object.key),
        };
        if !wanted {
            continue;
        }
        if options.limit.is_some_and(|limit| rows >= limit) {
            print(&text);
            return cut(options);
        }
        rows += 1;
        match folder {
            Some(folder) => folder_row(context, options, bucket, folder, &mut text),
            None => {
                row(context, options, bucket, (&object, version_id.as_deref(), None), &mut text);
            }
        }
        if text.len() > 64 * 1024 {
            print(&text);
            text.clear();
        }
    }
    print(&text);
    Ok(())
}

fn folder_row(
    context: &Context<'_>,
    options: &Ls,
    bucket: &BucketName,
    folder: &str,
    text: &mut String,
) {
    if context.args.json {
        let folder = json!({ "type": "folder", "bucket": bucket, "prefix": folder });
        let _ = writeln!(text, "{folder}");
        return;
    }
    let width = if options.human_readable_sizes { 6 } else { 12 };
    let folder = name(folder);
    let more = columns(options, "", "");
    let _ = writeln!(text, "{:16} {:>width$}{more}  s3://{bucket}/{folder}", "", "DIR");
}

fn row(
    context: &Context<'_>,
    options: &Ls,
    bucket: &BucketName,
    (object, version_id, md5): (&ListedObject, Option<&str>, Option<&str>),
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
        if let Some(version) = version_id {
            object["versionId"] = version.into();
        }
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
