use clap::Args;
use dipper_app::{
    AclDocument, Document, Failure, GranteeDocument, HeadRequest, ObjectHead, Result, S3, Which,
    tags_of,
};
use dipper_types::{BucketName, ObjectKey, S3Uri};
use serde_json::{Value, json};

use super::Context;
use super::at::At;
use super::matching::Objects;
use crate::exit::Ended;
use crate::output::{http_date, json as json_line, line, name};

#[derive(Debug, Args)]
pub struct Info {
    /// s3://BUCKET[/KEY], or a pattern
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Of this version
    #[arg(long, value_name = "ID")]
    pub version_id: Option<String>,
    #[command(flatten)]
    pub at: At,
    /// Also checksums and sizes of its parts
    #[arg(long)]
    pub attributes: bool,
}

pub async fn run(context: &Context<'_>, options: &Info) -> Result<Ended> {
    let s3 = context.app.client(&context.profile).await?;
    for uri in &options.uris {
        match S3Uri::parse(uri)? {
            S3Uri::Bucket(bucket) => about_bucket(context, &s3, &bucket).await?,
            S3Uri::Path(..) => {
                let version = options.version_id.as_deref();
                let mut objects = Objects::of(context, uri, version, &options.at).await?;
                while let Some((key, version)) = objects.next().await? {
                    let version = version.as_deref();
                    about_object(context, options, &s3, &objects.bucket, (&key, version)).await?;
                }
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
    let of = |document| async move {
        let (app, which) = (context.app, Which::default());
        let found = app.document(&context.profile, bucket, document, which).await;
        // Who may not ask, or a server that does not know it, has none to tell of.
        let text = found.ok().flatten()?;
        serde_json::from_str::<Value>(&text).ok()
    };
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
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).filter(|text| !text.is_empty()).unwrap_or("none").to_owned()
    };
    let payer = of(Document::RequestPayment).await;
    row("Payer:", &text(payer.as_ref().map(|value| &value["payer"])));
    let owner = of(Document::Ownership).await;
    row("Ownership:", &text(owner.as_ref().map(|value| &value["rules"][0]["objectOwnership"])));
    let versions = of(Document::Versioning).await;
    row("Versioning:", &text(versions.as_ref().map(|value| &value["status"])));
    expiration(of(Document::Lifecycle).await.as_ref());
    let block = of(Document::PublicAccessBlock).await;
    line(&format!("   Block Public Access: {}", blocked(block.as_ref())));
    row("Policy:", policy.as_deref().unwrap_or("none"));
    row("CORS:", &cors(of(Document::Cors).await));
    for (who, may) in acl.iter().flat_map(grants) {
        row("ACL:", &format!("{who}: {may}"));
    }
    Ok(())
}

/// The first rule that lets something expire, as s3cmd words it.
fn expiration(lifecycle: Option<&Value>) {
    let rules = lifecycle.and_then(|value| value["rules"].as_array());
    let rule = rules.into_iter().flatten().find(|rule| {
        rule["status"] == "Enabled"
            && (rule["expiration"]["days"].is_u64() || rule["expiration"]["date"].is_string())
    });
    let Some(rule) = rule else {
        line("   Expiration rule: none");
        return;
    };
    let prefix = rule["filter"]["prefix"].as_str().or(rule["prefix"].as_str()).unwrap_or_default();
    let which = match prefix {
        "" => "all objects in this bucket".to_owned(),
        prefix => format!("objects with key prefix '{prefix}'"),
    };
    let when = match &rule["expiration"]["days"] {
        Value::Number(days) => format!("in '{days}' day(s) after creation"),
        _ => format!("on '{}'", rule["expiration"]["date"].as_str().unwrap_or_default()),
    };
    line(&format!("   Expiration Rule: {} will expire {when}", name(&which)));
}

fn blocked(block: Option<&Value>) -> String {
    let names =
        ["blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets"];
    let on = names.iter().filter(|name| block.is_some_and(|block| block[**name] == true));
    let on: Vec<String> = on
        .map(|name| {
            let mut name = (*name).to_owned();
            name[..1].make_ascii_uppercase();
            name
        })
        .collect();
    if on.is_empty() { "none".to_owned() } else { on.join(",") }
}

fn cors(document: Option<Value>) -> String {
    let xml = document.and_then(|value| Document::Cors.write(&value.to_string()).ok());
    xml.unwrap_or_else(|| "none".to_owned())
}

async fn about_object(
    context: &Context<'_>,
    options: &Info,
    s3: &S3,
    bucket: &BucketName,
    (key, version): (&ObjectKey, Option<&str>),
) -> Result<()> {
    let version_id = version.map(str::to_owned);
    let asked = HeadRequest { version_id, ..HeadRequest::default() };
    let head = s3.head_object_of(bucket, key, &asked).await?;
    let acl = s3.object_acl(bucket, key).await.ok();
    let url = s3.connection().object_url(bucket.as_str(), key.as_str());
    let which = Which { key: Some(key), version_id: version, ..Which::default() };
    let tags = match head.tags {
        Some(0) => Vec::new(),
        _ => {
            let (app, profile) = (context.app, &context.profile);
            let text = app.document(profile, bucket, Document::Tagging, which).await;
            // Who may read an object may perhaps not read its tags.
            let text = text.ok().flatten();
            text.as_deref().map(tags_of).unwrap_or_default()
        }
    };
    let attributes = match options.attributes {
        true => Some(s3.object_attributes(bucket, key, version).await?),
        false => None,
    };
    if context.args.json {
        let mut object = object_json(bucket, key, &head, acl.as_ref(), &url);
        object["tags"] = tags.into_iter().map(|(k, v)| (k, Value::from(v))).collect::<Value>();
        if let Some(text) = attributes {
            object["attributes"] = serde_json::from_str(&text).unwrap_or_default();
        }
        json_line(&object);
        return Ok(());
    }
    line(&format!("s3://{bucket}/{} (object):", name(key.as_str())));
    row("File size:", &head.size.to_string());
    row("Last mod:", &head.modified.map(http_date).unwrap_or_default());
    row("MIME type:", head.headers.content_type.as_deref().unwrap_or("none"));
    row("Storage:", head.headers.storage_class.as_deref().unwrap_or("STANDARD"));
    let md5 = context.app.md5_of(&head);
    row("MD5 sum:", md5.as_deref().or(head.etag.as_deref()).unwrap_or("none"));
    row("SSE:", head.encryption.as_deref().unwrap_or("none"));
    let policy = s3.bucket_policy(bucket).await.ok().flatten();
    row("Policy:", policy.as_deref().unwrap_or("none"));
    let rules = context.app.document(&context.profile, bucket, Document::Cors, Which::default());
    let rules = rules.await.ok().flatten();
    row("CORS:", &cors(rules.and_then(|text| serde_json::from_str(&text).ok())));
    for checksum in &head.checksums {
        row(&format!("{}:", checksum.algorithm.name()), &checksum.value);
    }
    for (who, may) in acl.iter().flat_map(grants) {
        row("ACL:", &format!("{who}: {may}"));
    }
    row("URL:", &url);
    if let Some(version) = &head.version_id {
        row("Version:", version);
    }
    if let Some(restore) = &head.restore {
        row("Restore:", restore);
    }
    if let Some(retention) = &head.retention {
        let until = retention.until.map(|at| at.rfc3339()).unwrap_or_default();
        row("Retention:", &format!("{} until {until}", retention.mode));
    }
    if head.legal_hold {
        row("Legal hold:", "ON");
    }
    for (key, value) in &tags {
        row("Tag:", &format!("{key}={value}"));
    }
    if let Some(text) = attributes {
        row("Attributes:", &text);
    }
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
        "customerKey": head.customer_key,
        "contentLanguage": head.headers.content_language, "expires": head.headers.expires,
        "websiteRedirect": head.headers.website_redirect, "kmsKey": head.kms_key,
        "restore": head.restore, "archived": head.archived, "replication": head.replication,
        "legalHold": head.legal_hold, "retention": head.retention.as_ref().map(|r| json!({
            "mode": r.mode, "until": r.until.map(|at| at.rfc3339()),
        })),
        "versionId": head.version_id, "checksums": checksums, "metadata": metadata,
        "acl": grants_json(acl), "url": url,
    })
}
