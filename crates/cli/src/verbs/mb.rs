use dipper_app::Result;
use serde_json::json;

use super::{Context, bucket_only};
use crate::args::{Mb, Rb};
use crate::exit::Ended;
use crate::output::json as json_line;

pub async fn make(context: &Context<'_>, options: &Mb) -> Result<Ended> {
    for uri in &options.uris {
        let bucket = bucket_only(uri)?;
        let region = options.bucket_location.as_deref();
        context.app.create_bucket(&context.profile, bucket.as_str(), region).await?;
        told(context, "create", bucket.as_str(), "created");
    }
    Ok(Ended::Well)
}

pub async fn remove(context: &Context<'_>, options: &Rb) -> Result<Ended> {
    for uri in &options.uris {
        let bucket = bucket_only(uri)?;
        context.app.delete_bucket(&context.profile, bucket.as_str()).await?;
        told(context, "remove", bucket.as_str(), "removed");
    }
    Ok(Ended::Well)
}

fn told(context: &Context<'_>, kind: &str, bucket: &str, word: &str) {
    if context.args.json {
        json_line(&json!({ "type": kind, "bucket": bucket }));
    } else {
        context.say(&format!("Bucket 's3://{bucket}/' {word}"));
    }
}
