//! An object of that name is there already: does the file still go up, and under which condition?

use std::sync::Arc;

use dipper_s3::{Class, Guard, ObjectHead};
use dipper_state::{Outcome, TransferRow};
use dipper_types::{BucketName, ObjectKey};

use crate::conflict::{self, mtime_ns, same_bytes, stays};
use crate::engine::JobContext;
use crate::error::TransferError;
use crate::fs::numbered;
use crate::plan::part_size_of;
use crate::retry;
use crate::spec::OnExisting;

pub(crate) enum Existing {
    /// It is this file already: it was sent before the job stopped, and its end was not yet written.
    Sent(Outcome),
    /// The object does, for this reason.
    Stays(&'static str),
    /// The file goes up, perhaps under another key, on this condition.
    Free(Box<TransferRow>, Guard),
}

/// A server that takes our requests has a clock no further off (S3 itself allows as much).
const SKEW_MS: i64 = 15 * 60 * 1000;

/// `report (1000).pdf` is nobody's wish.
const MOST_COPIES: u32 = 1000;

pub(crate) fn uri(context: &JobContext, transfer: &TransferRow) -> String {
    format!("s3://{}/{}", context.row.bucket, transfer.key)
}

pub(crate) async fn decide(
    context: &Arc<JobContext>,
    transfer: &TransferRow,
    rule: OnExisting,
) -> Result<Existing, TransferError> {
    let free =
        |transfer: &TransferRow, guard| Ok(Existing::Free(Box::new(transfer.clone()), guard));
    // An upload that was begun had been decided; what came since is still not written over.
    if rule == OnExisting::Overwrite || transfer.upload.is_some() {
        use OnExisting::{KeepBoth, Refuse, Skip};
        let if_absent = matches!(rule, Refuse | Skip | KeepBoth);
        return free(transfer, Guard { if_absent, ..Guard::default() });
    }
    let Some(head) = there(context, &transfer.key).await? else {
        return free(transfer, Guard::absent());
    };
    if let Some(done) = sent(context, transfer, &head).await? {
        return Ok(Existing::Sent(done));
    }
    if rule == OnExisting::Refuse {
        return Err(TransferError::Exists { path: uri(context, transfer).into() });
    }
    if rule == OnExisting::KeepBoth {
        for copy in 2..MOST_COPIES {
            let key = numbered_key(&transfer.key, copy);
            if there(context, &key).await?.is_none() {
                context.engine.journal.set_key(transfer.id, key.clone()).await?;
                return free(&TransferRow { key, ..transfer.clone() }, Guard::absent());
            }
        }
        return Err(TransferError::Exists { path: uri(context, transfer).into() });
    }
    let path = transfer.local.clone().unwrap_or_default();
    let etag = head.etag.clone();
    let stays = tokio::task::spawn_blocking(move || {
        let meta = std::fs::symlink_metadata(&path).map_err(TransferError::local("read", &path))?;
        let (from, to) = ((meta.len(), mtime_ns(&meta)), (head.size, conflict::modified_ns(&head)));
        stays(rule, from, to, || same_bytes(&path, &head))
    });
    match stays.await.map_err(|_| TransferError::Panicked)?? {
        Some(reason) => Ok(Existing::Stays(reason)),
        // Only what was looked at is replaced.
        None => free(transfer, Guard { if_absent: false, if_match: etag }),
    }
}

/// Whether what lies there is what we sent before the job stopped: it is no older than the job, and
/// proven to have the file's bytes. Size alone says nothing.
async fn sent(
    context: &Arc<JobContext>,
    transfer: &TransferRow,
    head: &ObjectHead,
) -> Result<Option<Outcome>, TransferError> {
    let since = context.row.created_at.millis().saturating_sub(SKEW_MS);
    let older = head.modified.is_some_and(|at| at.millis() < since);
    let Some(path) = transfer.local.clone().filter(|_| !older && context.is_doubtful(transfer.id))
    else {
        return Ok(None);
    };
    let asked = context.spec.sending().and_then(|sending| sending.part_size);
    let piece = part_size_of(head.size, asked, &context.s3.connection().provider);
    let (of, size, etag) = (head.clone(), head.size, head.etag.clone());
    let proven = tokio::task::spawn_blocking(move || conflict::proven(&path, &of, piece));
    let verified = proven.await.map_err(|_| TransferError::Panicked)??;
    Ok(verified.map(|by| Outcome::Done { size, verified: by.to_owned(), etag, local: None }))
}

/// What lies under the key.
pub(crate) async fn there(
    context: &Arc<JobContext>,
    key: &str,
) -> Result<Option<ObjectHead>, TransferError> {
    let (bucket, key) = (BucketName::new(context.row.bucket.clone())?, ObjectKey::new(key)?);
    retry::run(context.policy(), context.cancel.clone(), |_| async {
        match context.s3.head_object(&bucket, &key).await {
            Ok(head) => Ok(Some(head)),
            Err(error) if error.class == Class::ObjectNotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    })
    .await
}

/// The last segment gets the number, as a file's name does.
fn numbered_key(key: &str, copy: u32) -> String {
    let (folder, name) = key.split_at(key.rfind('/').map_or(0, |slash| slash + 1));
    format!("{folder}{}", numbered(std::path::Path::new(name), copy).display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_gets_the_number() {
        for (key, want) in [
            ("report.pdf", "report (2).pdf"),
            ("a.b/report", "a.b/report (2)"),
            ("/x.y.z", "/x.y (2).z"),
            ("a/.hidden", "a/.hidden (2)"),
        ] {
            assert_eq!(numbered_key(key, 2), want);
        }
    }
}
