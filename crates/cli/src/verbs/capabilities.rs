//! What the server was seen to know and not to know, with its own words.

use clap::Args;
use dipper_app::Result;
use serde_json::json;

use super::{Context, bucket_only};
use crate::exit::Ended;
use crate::output::{json as json_line, line, name};

#[derive(Debug, Args)]
pub struct CapabilitiesArgs {
    /// s3://BUCKET; else of all buckets
    pub uri: Option<String>,
}

pub fn run(context: &Context<'_>, options: &CapabilitiesArgs) -> Result<Ended> {
    let bucket = options.uri.as_deref().map(bucket_only).transpose()?;
    let bucket = bucket.as_ref().map(dipper_types::BucketName::as_str);
    for known in context.app.capabilities(&context.profile, bucket)? {
        if context.args.json {
            json_line(&json!({
                "type": "capability", "bucket": known.bucket, "operation": known.operation,
                "supported": known.supported, "reason": known.reason,
                "seenAt": known.seen_at.map(|at| at.rfc3339()),
            }));
            continue;
        }
        let word = if known.supported { "yes" } else { "no" };
        let reason = known.reason.map(|r| format!("  {}", name(&r))).unwrap_or_default();
        line(&format!("{:40} {word:4}s3://{}{reason}", known.operation, known.bucket));
    }
    Ok(Ended::Well)
}
