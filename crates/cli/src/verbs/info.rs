use dipper_app::{AclDocument, Failure, GranteeDocument, ObjectHead, Result, S3};
use dipper_types::{BucketName, ObjectKey, S3Uri};
use serde_json::{Value, json};

use super::Context;
use crate::args::Uris;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name};

pub async fn run(context: &Context<'_>, options: &Uris) -> Result<Ended> {
    let s3 = context.app.client(&context.profile).await?;
    for uri in &options.uris {
        match S3Uri::parse(uri)? {
            S3Uri::Bucket(bucket) => about_bucket(context, &s3, &bucket).await?,
            S3Uri::Path(bucket, path) => {
                about_object(context, &s3, &bucket, &ObjectKey::new(path)?).await?
            }
            S3Uri::Service => return Err(Failure::invalid("an object or a bucket is needed")),
        }
    }
    Ok(Ended::Well)
}

fn grants(acl: &AclDocument) -> Vec<(String, String)> {
    acl.grants
        .iter()
        .map(|grant| {
            let who = match &grant.grantee {
                GranteeDocument::Canonical { id, name } => {
                    name.clone().unwrap_or_else(|| id.clone())
                }
                GranteeDocument::Group { uri } if uri.ends_with("/AllUsers") => "*anon*".to_owned(),
                GranteeDocument::Group { uri } => uri.clone(),
                GranteeDocument::Email { address } => address.clone(),
            };
            (who, grant.permission.clone())
        })
        .collect()
}

fn grants_json(acl: Option<&AclDocument>) -> Value {
    acl.map_or(Value::Null, |acl| {
        grants(acl)
            .into_iter()
            .map(|(who, may)| json!({ "grantee": who, "permission": may }))
            .collect()
    })
}

fn row(label: &str, value: &str) {
    line(&format!("   {label:11}{}", name(value)));
}

async fn about_bucket(context: &Context<'_>, s3: &S3, bucket: &BucketName) -> Result<()> {
    let location = s3.bucket_location(bucket).await?;
    let policy = s3.bucket_policy(bucket).await.ok().flatten();
    let acl = s3.bucket_acl(bucket).await.ok();
    let versioned = s3.bucket_versioned(bucket).await.ok();
    let access = context.app.bucket_access(&context.profile, bucket.as_str()).await?;
    if context.args.json {
        json_line(&json!({
            "type": "bucket", "bucket": bucket, "location": location, "policy": policy,
            "versioning": versioned, "acl": grants_json(acl.as_ref()), "exposure": access.exposure,
        }));
        return Ok(());
    }
    line(&format!("s3://{bucket}/ (bucket):"));
    row("Location:", &location);
    row("Versioning:", if versioned == Some(true) { " Enabled" } else { " none" });
    row("Policy:", policy.as_deref().unwrap_or("none"));
    for (who, may) in acl.iter().flat_map(grants) {
        row("ACL:", &format!("{who}: {may}"));
    }
    Ok(())
}

async fn about_object(
    context: &Context<'_>,
    s3: &S3,
    bucket: &BucketName,
    key: &ObjectKey,
) -> Result<()> {
    let head = s3.head_object(bucket, key).await?;
    let acl = s3.object_acl(bucket, key).await.ok();
    let url = s3.connection().object_url(bucket.as_str(), key.as_str());
    if context.args.json {
        json_line(&object_json(bucket, key, &head, acl.as_ref(), &url));
        return Ok(());
    }
    line(&format!("s3://{bucket}/{} (object):", name(key.as_str())));
    row("File size:", &head.size.to_string());
    row("Last mod:", &head.modified.map(|at| at.rfc3339()).unwrap_or_default());
    row("MIME type:", head.headers.content_type.as_deref().unwrap_or("none"));
    row("Storage:", head.headers.storage_class.as_deref().unwrap_or("STANDARD"));
    row("MD5 sum:", head.etag.as_deref().unwrap_or("none"));
    row("SSE:", head.encryption.as_deref().unwrap_or("none"));
    for checksum in &head.checksums {
        row(&format!("{}:", checksum.algorithm.name()), &checksum.value);
    }
    for (who, may) in acl.iter().flat_map(grants) {
        row("ACL:", &format!("{who}: {may}"));
    }
    row("URL:", &url);
    for (key, value) in &head.headers.metadata {
        line(&format!("   x-amz-meta-{}: {}", name(key), name(value)));
    }
    Ok(())
}

fn object_json(
    bucket: &BucketName,
    key: &ObjectKey,
    head: &ObjectHead,
    acl: Option<&AclDocument>,
    url: &str,
) -> Value {
    let checksums: serde_json::Map<String, Value> = head
        .checksums
        .iter()
        .map(|c| (c.algorithm.name().to_lowercase(), Value::from(c.value.clone())))
        .collect();
    let metadata: serde_json::Map<String, Value> =
        head.headers.metadata.iter().map(|(k, v)| (k.clone(), Value::from(v.clone()))).collect();
    json!({
        "type": "object", "bucket": bucket, "key": key, "size": head.size,
        "modified": head.modified.map(|at| at.rfc3339()), "etag": head.etag,
        "contentType": head.headers.content_type, "cacheControl": head.headers.cache_control,
        "contentDisposition": head.headers.content_disposition,
        "contentEncoding": head.headers.content_encoding,
        "storageClass": head.headers.storage_class, "encryption": head.encryption,
        "versionId": head.version_id, "checksums": checksums, "metadata": metadata,
        "acl": grants_json(acl), "url": url,
    })
}
