use clap::Args;
use dipper_app::{NewBucket, OwnershipSetting, Result};
use dipper_types::BucketName;
use serde_json::json;

use super::{Context, bucket_only};
use crate::exit::Ended;
use crate::output::{json as json_line, line};

#[derive(Debug, Args)]
pub struct Mb {
    /// s3://BUCKET
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Where the bucket is made; else in the connection's region
    #[arg(
        id = "region",
        long = "bucket-location",
        visible_alias = "region",
        value_name = "REGION"
    )]
    pub bucket_location: Option<String>,
    /// Versions can be locked against deletion (switches versioning on, for ever)
    #[arg(long)]
    pub object_lock: bool,
    /// Whether ACLs count: enforced (they don't), preferred, writer
    #[arg(long, value_name = "WHO", value_parser = ownership)]
    pub ownership: Option<OwnershipSetting>,
    /// Everyone may list the names
    #[arg(short = 'P', long)]
    pub acl_public: bool,
    /// Say what would be made
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct Rb {
    /// s3://BUCKET
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// With everything in it: every version, delete marker and unfinished upload
    #[arg(short, long)]
    pub recursive: bool,
    /// The same (s3cmd wants both)
    #[arg(short, long)]
    pub force: bool,
    /// Say what would be removed
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

fn ownership(text: &str) -> std::result::Result<OwnershipSetting, String> {
    match text.to_ascii_lowercase().as_str() {
        "enforced" | "bucketownerenforced" => Ok(OwnershipSetting::BucketOwnerEnforced),
        "preferred" | "bucketownerpreferred" => Ok(OwnershipSetting::BucketOwnerPreferred),
        "writer" | "objectwriter" => Ok(OwnershipSetting::ObjectWriter),
        _ => Err("enforced, preferred or writer".into()),
    }
}

pub async fn make(context: &Context<'_>, options: &Mb) -> Result<Ended> {
    for uri in &options.uris {
        let bucket = bucket_only(uri)?;
        if options.dry_run {
            planned(context, "create", &bucket, "");
            continue;
        }
        let new = NewBucket {
            region: options.bucket_location.clone(),
            object_lock: options.object_lock,
            ownership: options.ownership,
            acl: options.acl_public.then(|| "public-read".to_owned()),
        };
        context.app.create_bucket_with(&context.profile, bucket.as_str(), &new).await?;
        told(context, "create", bucket.as_str(), "created");
    }
    Ok(Ended::Well)
}

pub async fn remove(context: &Context<'_>, options: &Rb) -> Result<Ended> {
    let whole = options.recursive || options.force;
    let mut partly = false;
    for uri in &options.uris {
        let bucket = bucket_only(uri)?;
        if options.dry_run {
            let what = if whole { "with everything in it" } else { "if it is empty" };
            planned(context, "remove", &bucket, what);
            continue;
        }
        if !whole {
            context.app.delete_bucket(&context.profile, bucket.as_str()).await?;
            told(context, "remove", bucket.as_str(), "removed");
            continue;
        }
        let id = context.app.remove_bucket(&context.profile, &bucket).await?;
        match context.follow(id, |_, _, _| {}).await? {
            Ended::Well => told(context, "remove", bucket.as_str(), "removed"),
            _ => partly = true,
        }
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

fn planned(context: &Context<'_>, kind: &str, bucket: &BucketName, how: &str) {
    if context.args.json {
        json_line(&json!({ "type": kind, "bucket": bucket, "dryRun": true }));
    } else {
        line(format!("{kind}: 's3://{bucket}/' {how}").trim_end());
    }
}

fn told(context: &Context<'_>, kind: &str, bucket: &str, word: &str) {
    if context.args.json {
        json_line(&json!({ "type": kind, "bucket": bucket }));
    } else {
        context.say(&format!("Bucket 's3://{bucket}/' {word}"));
    }
}
