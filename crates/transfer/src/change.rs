//! What changes of an object that stays where it is. Headers and class can only be changed by a copy
//! of the object onto itself; what such a copy would lose is kept: ACL, tags, encryption.

use std::sync::Arc;

use dipper_s3::{Class, CopyRequest, Document, ObjectHeaders, Retention, S3, Which, tags_json};
use dipper_state::{Outcome, TransferRow};
use dipper_types::{BucketName, ObjectKey};

use crate::copy::{Job, inherited};
use crate::engine::JobContext;
use crate::error::TransferError;
use crate::origin::Remote;
use crate::progress::Active;
use crate::retry;
use crate::spec::Change;

pub(crate) async fn object(
    context: &Arc<JobContext>,
    transfer: &TransferRow,
    change: &Change,
    active: &Arc<Active>,
) -> Result<Outcome, TransferError> {
    let bucket = BucketName::new(context.row.bucket.clone())?;
    let key = ObjectKey::new(transfer.key.clone())?;
    let by_copy = matches!(
        change,
        Change::Headers { .. }
            | Change::StorageClass { .. }
            | Change::Encryption { .. }
            | Change::RestoreVersion
    );
    if by_copy {
        let remote = Remote {
            s3: context.s3.clone(),
            bucket,
            key,
            version_id: transfer.version.clone(),
            server_side: true,
        };
        return onto_itself(context, transfer, change, &remote, active).await;
    }
    let which =
        Which { key: Some(&key), version_id: transfer.version.as_deref(), ..Which::default() };
    retry::run(context.policy(), context.cancel.clone(), |_| async {
        set(&context.s3, &bucket, which, change).await.map_err(TransferError::from)
    })
    .await?;
    let size = transfer.size.unwrap_or(0);
    active.add(size);
    Ok(Outcome::Done { size, verified: "changed".into(), etag: None, local: None })
}

async fn set(
    s3: &S3,
    bucket: &BucketName,
    which: Which<'_>,
    change: &Change,
) -> Result<(), dipper_s3::Error> {
    match change {
        Change::Acl { canned } => s3.set_canned_acl(bucket, which, canned).await,
        Change::Tags { tags } if tags.is_empty() => {
            s3.delete_document(bucket, Document::Tagging, which).await
        }
        Change::Tags { tags } => {
            s3.put_document(bucket, Document::Tagging, which, &tags_json(tags)).await
        }
        Change::LegalHold { on } => {
            let hold = format!(r#"{{"status":"{}"}}"#, if *on { "ON" } else { "OFF" });
            s3.put_document(bucket, Document::LegalHold, which, &hold).await
        }
        Change::Retention { mode, until, bypass_governance } => {
            let document = serde_json::json!({ "mode": mode, "retainUntilDate": until });
            let which = Which { bypass_governance: *bypass_governance, ..which };
            s3.put_document(bucket, Document::Retention, which, &document.to_string()).await
        }
        Change::Restore { days, tier } => {
            let Some(key) = which.key else { return Ok(()) };
            let asked =
                s3.restore_object(bucket, key, which.version_id, *days, tier.as_deref()).await;
            match asked {
                // Asked for already: it comes.
                Err(error)
                    if error.context.s3_code.as_deref() == Some("RestoreAlreadyInProgress") =>
                {
                    Ok(())
                }
                asked => asked,
            }
        }
        Change::Headers { .. }
        | Change::StorageClass { .. }
        | Change::Encryption { .. }
        | Change::RestoreVersion => Ok(()),
    }
}

async fn onto_itself(
    context: &Arc<JobContext>,
    transfer: &TransferRow,
    change: &Change,
    remote: &Remote,
    active: &Arc<Active>,
) -> Result<Outcome, TransferError> {
    let head = remote.head(&context.policy(), &context.cancel).await?;
    let mut headers = head.headers.clone();
    match change {
        Change::Headers { edit } => headers = edit.apply(&headers),
        Change::StorageClass { class } => headers.storage_class = Some(class.clone()),
        _ => {}
    }
    let with = match change {
        Change::Encryption { with } => Some(with.clone()),
        _ => inherited(&head, true),
    };
    let class = headers.storage_class.clone();
    let same_class = class.as_deref().unwrap_or("STANDARD")
        == head.headers.storage_class.as_deref().unwrap_or("STANDARD");
    let same_encryption = with.is_none() || with == head.server_side();
    let same = same_class && same_encryption && headers == head.headers;
    if remote.version_id.is_none() && same {
        return Ok(Outcome::Skipped { reason: "unchanged".into() });
    }
    let acl = grants(context, remote).await?;
    headers.encryption.clone_from(&with);
    let request = CopyRequest {
        headers: Some(ObjectHeaders { storage_class: None, ..headers.clone() }),
        storage_class: class,
        tags: None,
        encryption: with,
        if_absent: false,
    };
    let job = Job { context, transfer, remote, head: &head, active };
    let outcome = job.run(headers, request).await?;
    let which = Which::from(&remote.key);
    let again = |document, text: String| async move {
        retry::run(context.policy(), context.cancel.clone(), |_| async {
            Ok(remote.s3.put_document(&remote.bucket, document, which, &text).await?)
        })
        .await
    };
    if let Some(acl) = acl {
        again(Document::Acl, acl).await?;
    }
    if let Some(Retention { mode, until: Some(until) }) = &head.retention {
        let kept = serde_json::json!({ "mode": mode, "retainUntilDate": until.rfc3339() });
        again(Document::Retention, kept.to_string()).await?;
    }
    if head.legal_hold {
        again(Document::LegalHold, r#"{"status":"ON"}"#.to_owned()).await?;
    }
    Ok(outcome)
}

/// The ACL, where it says more than that the owner may do everything.
///
/// # Errors
/// An ACL that can't be read can't be kept, so nothing is changed.
async fn grants(
    context: &Arc<JobContext>,
    remote: &Remote,
) -> Result<Option<String>, TransferError> {
    let which = Which {
        key: Some(&remote.key),
        version_id: remote.version_id.as_deref(),
        ..Which::default()
    };
    let policy = context.policy();
    let read = retry::run(policy, context.cancel.clone(), |_| async {
        let document = remote.s3.document(&remote.bucket, Document::Acl, which).await;
        match document {
            Err(error) if matches!(error.class, Class::Unsupported | Class::AclDisabled) => {
                Ok(None)
            }
            document => Ok(document?),
        }
    })
    .await?;
    Ok(read.filter(|text| dipper_s3::has_grants(text)))
}
