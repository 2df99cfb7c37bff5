use std::collections::BTreeMap;

use dipper_app::{Failure, ListedAction, Result, TransferFilter};
use dipper_types::{BucketName, ObjectKey, Prefix, S3Uri};
use serde_json::json;

use super::Context;
use crate::args::Del;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name, note};

pub async fn run(context: &Context<'_>, options: &Del) -> Result<Ended> {
    // Every address first: nothing is deleted if one of them is wrong.
    let mut wanted: BTreeMap<BucketName, BTreeMap<ObjectKey, u64>> = BTreeMap::new();
    for uri in &options.uris {
        let (bucket, path) = match S3Uri::parse(uri)? {
            S3Uri::Path(bucket, path) => (bucket, path),
            S3Uri::Bucket(bucket) if options.recursive && options.force => (bucket, String::new()),
            S3Uri::Bucket(_) if options.recursive => {
                return Err(Failure::invalid(format!("'{uri}' is a whole bucket"))
                    .with_hint("Use --recursive --force to empty it."));
            }
            _ => {
                return Err(Failure::invalid(format!("'{uri}' names no object"))
                    .with_hint("Use --recursive for a folder, `rb` for a bucket."));
            }
        };
        let found = wanted.entry(bucket.clone()).or_default();
        if options.recursive {
            let prefix =
                if path.is_empty() || path.ends_with('/') { path } else { format!("{path}/") };
            let prefix = Prefix::new(prefix)?;
            found.extend(context.app.everything_below(&context.profile, &bucket, &prefix).await?);
        } else {
            found.insert(ObjectKey::new(path)?, 0);
        }
    }
    let mut partly = false;
    for (bucket, objects) in wanted {
        if options.dry_run {
            for key in objects.keys() {
                if context.args.json {
                    json_line(&json!({
                        "type": "delete", "bucket": bucket, "key": key, "dryRun": true,
                    }));
                    continue;
                }
                line(&format!("delete: 's3://{bucket}/{}'", name(key.as_str())));
            }
            continue;
        }
        if objects.is_empty() {
            note(&format!("WARNING: there is nothing to delete there in s3://{bucket}"));
            continue;
        }
        let title = match objects.keys().next() {
            Some(one) if objects.len() == 1 => one.name().to_owned(),
            _ => format!("{} items", objects.len()),
        };
        let objects = objects.into_iter().collect();
        let id = context
            .app
            .listed(
                &context.profile,
                bucket.clone(),
                Prefix::root(),
                title,
                objects,
                ListedAction::Delete,
            )
            .await?;
        let job = context.wait(id).await?;
        tell(context, &bucket, job.id)?;
        partly |= matches!(context.close(&job)?, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

fn tell(context: &Context<'_>, bucket: &BucketName, id: dipper_types::JobId) -> Result<()> {
    let mut start = 0;
    loop {
        let window = context.app.transfers(id, TransferFilter::All, start, 500)?;
        if window.items.is_empty() {
            return Ok(());
        }
        start += window.items.len() as u64;
        for item in window.items {
            if item.state != dipper_app::ItemState::Completed {
                continue;
            }
            if context.args.json {
                json_line(&json!({ "type": "delete", "bucket": bucket, "key": item.key }));
            } else {
                context.say(&format!("delete: 's3://{bucket}/{}'", name(&item.key)));
            }
        }
    }
}
