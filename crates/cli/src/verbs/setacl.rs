use dipper_app::{Failure, Result};
use dipper_types::{ObjectKey, Prefix, S3Uri};
use serde_json::json;

use super::Context;
use crate::args::Setacl;
use crate::exit::Ended;
use crate::output::{json as json_line, name};

pub async fn run(context: &Context<'_>, options: &Setacl) -> Result<Ended> {
    if options.acl_public == options.acl_private {
        return Err(Failure::invalid("say which: --acl-public or --acl-private"));
    }
    let public = options.acl_public;
    let s3 = context.app.client(&context.profile).await?;
    for uri in &options.uris {
        let (bucket, path) = match S3Uri::parse(uri)? {
            S3Uri::Bucket(bucket) if !options.recursive => {
                s3.set_bucket_acl(&bucket, public).await?;
                told(context, &format!("s3://{bucket}/"), public, 1, 1);
                continue;
            }
            S3Uri::Bucket(bucket) => (bucket, String::new()),
            S3Uri::Path(bucket, path) => (bucket, path),
            S3Uri::Service => return Err(Failure::invalid("an object or a bucket is needed")),
        };
        let keys: Vec<ObjectKey> = if options.recursive {
            let prefix =
                if path.is_empty() || path.ends_with('/') { path } else { format!("{path}/") };
            let below = context
                .app
                .everything_below(&context.profile, &bucket, &Prefix::new(prefix)?)
                .await?;
            below.into_iter().map(|(key, _)| key).collect()
        } else {
            vec![ObjectKey::new(path)?]
        };
        for (at, key) in keys.iter().enumerate() {
            s3.set_object_acl(&bucket, key, public).await?;
            told(context, &format!("s3://{bucket}/{key}"), public, at + 1, keys.len());
        }
    }
    Ok(Ended::Well)
}

fn told(context: &Context<'_>, uri: &str, public: bool, number: usize, total: usize) {
    if context.args.json {
        json_line(
            &json!({ "type": "acl", "uri": uri, "acl": if public { "public-read" } else { "private" } }),
        );
    } else {
        let word = if public { "Public" } else { "Private" };
        context.say(&format!("{}: ACL set to {word}  [{number} of {total}]", name(uri)));
    }
}
