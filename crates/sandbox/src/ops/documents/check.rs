//! What S3 refuses in a document.

use std::collections::HashSet;

use s3s::dto::*;
use s3s::{S3Error, S3Result, s3_error};

use crate::model::{BucketInfo, Versioning};
use crate::ops::Server;
use crate::ops::put::STORAGE_CLASSES;

type Checked = S3Result<()>;

pub(super) fn malformed() -> S3Error {
    s3_error!(
        MalformedXML,
        "The XML you provided was not well-formed or did not validate against our published schema"
    )
}

fn must(good: bool) -> Checked {
    if good { Ok(()) } else { Err(malformed()) }
}

macro_rules! invalid {
    ($($message:tt)*) => {
        Err(s3_error!(InvalidArgument, $($message)*))
    };
}

pub(super) fn cors(_: &Server, _: &BucketInfo, document: &mut CORSConfiguration) -> Checked {
    must((1..=100).contains(&document.cors_rules.len()))?;
    for rule in &document.cors_rules {
        must(!rule.allowed_methods.is_empty() && !rule.allowed_origins.is_empty())?;
        must(rule.id.as_ref().is_none_or(|id| id.len() <= 255))?;
        for method in &rule.allowed_methods {
            if !["GET", "PUT", "POST", "DELETE", "HEAD"].contains(&method.as_str()) {
                return Err(s3_error!(
                    InvalidRequest,
                    "Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                ));
            }
        }
        let headers = rule.allowed_headers.iter().flatten().map(|h| (h, "AllowedHeader"));
        let origins = rule.allowed_origins.iter().map(|o| (o, "AllowedOrigin"));
        for (pattern, what) in origins.chain(headers) {
            if pattern.matches('*').count() > 1 {
                return Err(s3_error!(
                    InvalidRequest,
                    "{what} \"{pattern}\" can not have more than one wildcard."
                ));
            }
        }
        if let Some(wild) = rule.expose_headers.iter().flatten().find(|h| h.contains('*')) {
            return Err(s3_error!(
                InvalidRequest,
                "ExposeHeader \"{wild}\" contains wildcard. We currently do not support wildcard \
                 for ExposeHeader."
            ));
        }
    }
    Ok(())
}

pub(super) fn website(_: &Server, _: &BucketInfo, document: &mut WebsiteConfiguration) -> Checked {
    let rest = document.error_document.is_some() || document.routing_rules.is_some();
    match (&document.redirect_all_requests_to, &document.index_document) {
        (Some(_), Some(_)) => {
            return invalid!("A value for IndexDocument Suffix is not allowed with a redirect.");
        }
        (Some(to), None) => {
            if rest {
                return invalid!(
                    "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
                );
            }
            if to.host_name.is_empty() {
                return invalid!("A host name must be provided in RedirectAllRequestsTo");
            }
        }
        (None, None) => {
            return invalid!(
                "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
            );
        }
        (None, Some(index)) if index.suffix.is_empty() || index.suffix.contains('/') => {
            return invalid!("The IndexDocument Suffix is not well formed");
        }
        (None, Some(_)) => {}
    }
    if document.error_document.as_ref().is_some_and(|e| e.key.is_empty()) {
        return invalid!("The ErrorDocument Key is not well formed");
    }
    let rules = document.routing_rules.iter().flatten();
    for rule in rules {
        let to = &rule.redirect;
        if to.replace_key_with.is_some() && to.replace_key_prefix_with.is_some() {
            return invalid!("You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
        }
        let code = to.http_redirect_code.as_deref().map(str::parse::<u16>);
        if code.is_some_and(|code| !code.is_ok_and(|c| (301..=308).contains(&c))) {
            return invalid!("The provided HTTP redirect code is not valid. Valid codes are 3XX.");
        }
    }
    must(document.routing_rules.as_ref().is_none_or(|rules| (1..=50).contains(&rules.len())))
}

pub(super) fn tagging(_: &Server, _: &BucketInfo, document: &mut Tagging) -> Checked {
    let mut names = HashSet::new();
    if document.tag_set.len() > 50 {
        return invalid!("Bucket tag count cannot be greater than 50");
    }
    for tag in &document.tag_set {
        let (key, value) = (tag.key.as_deref().unwrap_or(""), tag.value.as_deref().unwrap_or(""));
        if key.starts_with("aws:") {
            return Err(s3_error!(InvalidTag, "System tags cannot be added/updated by requester"));
        }
        if !(1..=128).contains(&key.chars().count()) {
            return Err(s3_error!(InvalidTag, "The TagKey you have provided is invalid"));
        }
        if value.chars().count() > 256 {
            return Err(s3_error!(InvalidTag, "The TagValue you have provided is invalid"));
        }
        if !names.insert(key) {
            return Err(s3_error!(InvalidTag, "Cannot provide multiple Tags with the same key"));
        }
    }
    Ok(())
}

pub(super) fn encryption(
    _: &Server,
    _: &BucketInfo,
    document: &mut ServerSideEncryptionConfiguration,
) -> Checked {
    let [rule] = &document.rules[..] else { return Err(malformed()) };
    let default = rule.apply_server_side_encryption_by_default.as_ref().ok_or_else(malformed)?;
    match (default.sse_algorithm.as_str(), &default.kms_master_key_id) {
        ("AES256", Some(_)) => invalid!(
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or \
             aws:kms:dsse"
        ),
        ("AES256" | "aws:kms" | "aws:kms:dsse", _) => Ok(()),
        _ => Err(malformed()),
    }
}

pub(super) fn replication(
    _: &Server,
    info: &BucketInfo,
    document: &mut ReplicationConfiguration,
) -> Checked {
    if info.versioning != Some(Versioning::Enabled) {
        return Err(s3_error!(
            InvalidRequest,
            "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
        ));
    }
    must((1..=1000).contains(&document.rules.len()))?;
    let mut ids = HashSet::new();
    for rule in &document.rules {
        must(["Enabled", "Disabled"].contains(&rule.status.as_str()))?;
        must(rule.id.as_ref().is_none_or(|id| id.len() <= 255 && ids.insert(id.clone())))?;
        if !rule.destination.bucket.starts_with("arn:") {
            return invalid!("Invalid bucket ARN.");
        }
    }
    Ok(())
}

pub(super) fn logging(
    server: &Server,
    info: &BucketInfo,
    document: &mut BucketLoggingStatus,
) -> Checked {
    let Some(enabled) = &document.logging_enabled else { return Ok(()) };
    let target = server.bucket(&enabled.target_bucket).ok();
    if target.is_none_or(|bucket| bucket.state().info.owner != info.owner) {
        return Err(s3_error!(
            InvalidTargetBucketForLogging,
            "The target bucket for logging does not exist or is not owned by you."
        ));
    }
    Ok(())
}

pub(super) fn notification(
    _: &Server,
    _: &BucketInfo,
    document: &mut NotificationConfiguration,
) -> Checked {
    let topics = document.topic_configurations.iter().flatten().map(|c| (&c.topic_arn, &c.events));
    let queues = document.queue_configurations.iter().flatten().map(|c| (&c.queue_arn, &c.events));
    let functions = document
        .lambda_function_configurations
        .iter()
        .flatten()
        .map(|c| (&c.lambda_function_arn, &c.events));
    for (arn, events) in topics.chain(queues).chain(functions) {
        if !arn.starts_with("arn:") {
            return invalid!("The ARN could not be parsed");
        }
        must(!events.is_empty())?;
        if events.iter().any(|e| !e.as_ref().starts_with("s3:")) {
            return invalid!("A specified event is not supported for notifications");
        }
    }
    Ok(())
}

pub(super) fn payer(
    _: &Server,
    _: &BucketInfo,
    document: &mut RequestPaymentConfiguration,
) -> Checked {
    must(["BucketOwner", "Requester"].contains(&document.payer.as_str()))
}

pub(super) fn acceleration(
    _: &Server,
    _: &BucketInfo,
    document: &mut AccelerateConfiguration,
) -> Checked {
    let status = document.status.as_ref().map(BucketAccelerateStatus::as_str);
    must(status.is_some_and(|s| ["Enabled", "Suspended"].contains(&s)))
}

pub(super) fn lock(document: &ObjectLockConfiguration) -> Checked {
    let enabled = document.object_lock_enabled.as_ref().map(ObjectLockEnabled::as_str);
    must(enabled == Some("Enabled"))?;
    let Some(rule) = &document.rule else { return Ok(()) };
    let default = rule.default_retention.as_ref().ok_or_else(malformed)?;
    let mode = default.mode.as_ref().map(ObjectLockRetentionMode::as_str);
    must(mode.is_some_and(|m| ["GOVERNANCE", "COMPLIANCE"].contains(&m)))?;
    must(default.days.is_some() != default.years.is_some())?;
    let in_range = default.days.is_none_or(|d| (1..=36_500).contains(&d))
        && default.years.is_none_or(|y| (1..=100).contains(&y));
    if !in_range {
        return invalid!("Default retention period must be a positive integer value.");
    }
    Ok(())
}

pub(super) fn lifecycle(document: &mut BucketLifecycleConfiguration) -> Checked {
    must((1..=1000).contains(&document.rules.len()))?;
    let mut ids = HashSet::new();
    for (i, rule) in document.rules.iter_mut().enumerate() {
        let made = || format!("rule-{}", i + 1);
        let id = rule.id.get_or_insert_with(made);
        if id.len() > 255 {
            return invalid!("ID length should not exceed allowed limit of 255");
        }
        if !ids.insert(id.clone()) {
            return invalid!("RuleId must be unique. Found same ID for more than one rule");
        }
        lifecycle_rule(rule)?;
    }
    Ok(())
}

fn lifecycle_rule(rule: &LifecycleRule) -> Checked {
    must(["Enabled", "Disabled"].contains(&rule.status.as_str()))?;
    must(rule.filter.is_some() != rule.prefix.is_some())?;
    if let Some(filter) = &rule.filter {
        let parts = [
            filter.and.is_some(),
            filter.prefix.is_some(),
            filter.tag.is_some(),
            filter.object_size_greater_than.is_some(),
            filter.object_size_less_than.is_some(),
        ];
        must(parts.iter().filter(|p| **p).count() <= 1)?;
    }
    let transitions = rule.transitions.iter().flatten();
    let older = rule.noncurrent_version_transitions.iter().flatten();
    let nothing = rule.expiration.is_none()
        && rule.noncurrent_version_expiration.is_none()
        && rule.abort_incomplete_multipart_upload.is_none()
        && transitions.clone().next().is_none()
        && older.clone().next().is_none();
    if nothing {
        return Err(s3_error!(
            InvalidRequest,
            "At least one action needs to be specified in a rule"
        ));
    }
    let positive = |days: Option<i32>, of: &str| match days {
        Some(days) if days <= 0 => invalid!("'{of}' for lifecycle must be a positive integer"),
        _ => Ok(()),
    };
    if let Some(expiration) = &rule.expiration {
        let ways = [
            expiration.days.is_some(),
            expiration.date.is_some(),
            expiration.expired_object_delete_marker.is_some(),
        ];
        must(ways.iter().filter(|w| **w).count() == 1)?;
        positive(expiration.days, "Days in Expiration action")?;
        midnight(expiration.date.as_ref())?;
    }
    if let Some(expiration) = &rule.noncurrent_version_expiration {
        must(expiration.noncurrent_days.is_some())?;
        positive(expiration.noncurrent_days, "NoncurrentDays")?;
    }
    if let Some(abort) = &rule.abort_incomplete_multipart_upload {
        positive(abort.days_after_initiation, "DaysAfterInitiation")?;
        let tags = rule
            .filter
            .as_ref()
            .is_some_and(|f| f.tag.is_some() || f.and.as_ref().is_some_and(|a| a.tags.is_some()));
        if tags {
            return Err(s3_error!(
                InvalidRequest,
                "AbortIncompleteMultipartUpload cannot be specified with Tags."
            ));
        }
    }
    for transition in transitions {
        must(transition.days.is_some() != transition.date.is_some())?;
        midnight(transition.date.as_ref())?;
        storage_class(transition.storage_class.as_ref(), transition.days)?;
        let expires = rule.expiration.as_ref().and_then(|e| e.days);
        if let (Some(expires), Some(moves)) = (expires, transition.days)
            && expires <= moves
        {
            return invalid!(
                "'Days' in the Expiration action for filter must be greater than 'Days' in the \
                 Transition action"
            );
        }
    }
    for transition in older {
        storage_class(transition.storage_class.as_ref(), transition.noncurrent_days)?;
    }
    Ok(())
}

fn midnight(date: Option<&s3s::dto::Timestamp>) -> Checked {
    let at = date.map(|d| time::OffsetDateTime::from(d.clone()));
    if at.is_some_and(|at| at.unix_timestamp() % 86_400 != 0) {
        return invalid!("'Date' must be at midnight GMT");
    }
    Ok(())
}

fn storage_class(class: Option<&TransitionStorageClass>, days: Option<i32>) -> Checked {
    let class = class.map(TransitionStorageClass::as_str).ok_or_else(malformed)?;
    must(class != "STANDARD" && STORAGE_CLASSES.contains(&class))?;
    if matches!(class, "STANDARD_IA" | "ONEZONE_IA") && days.is_some_and(|d| d < 30) {
        return invalid!(
            "'Days' in Transition action must be greater than or equal to 30 for storageClass \
             '{class}'"
        );
    }
    if days.is_some_and(|d| d < 0) {
        return invalid!("'Days' in Transition action must be nonnegative");
    }
    Ok(())
}
