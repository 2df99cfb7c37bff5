//! Deletes exactly the keys of the job, a thousand at a time; one by one where a server can't.

use std::collections::HashMap;
use std::sync::Arc;

use dipper_s3::{Class, DeleteFailure, ObjectId, S3};
use dipper_state::{Outcome, TransferRow};
use dipper_types::{BucketName, ObjectKey, TransferId};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use crate::engine::{JobContext, count, finish};
use crate::enumerate::Planning;
use crate::error::TransferError;
use crate::retry;
use crate::sink::Stored;

const BATCH: u32 = 1000;
const SINGLES: usize = 16;
const BATCHES: usize = 4;

/// What is queued, and what `planning` still finds, a full batch at a time.
pub(crate) async fn run(
    context: &Arc<JobContext>,
    mut planning: Planning,
) -> Result<(), TransferError> {
    let bucket = BucketName::new(context.row.bucket.clone())?;
    let mut after = TransferId::new(0);
    let size = BATCH.min(context.s3.connection().provider.multi_delete.max(1).into());
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < BATCHES && !context.cancel.is_cancelled() {
            let rows = context.engine.journal.queued(context.row.id, after, size)?;
            let waits = planning.goes_on() && rows.len() < size as usize;
            let Some(last) = rows.last().filter(|_| !waits) else { break };
            after = last.id;
            under_way.push(batch(context, &bucket, rows).boxed());
        }
        if under_way.is_empty() && (!planning.goes_on() || context.cancel.is_cancelled()) {
            return planning.ended();
        }
        tokio::select! {
            Some(done) = under_way.next() => match done {
                Ok(()) | Err(TransferError::Cancelled) => {}
                Err(error) => return Err(error),
            },
            () = planning.more(), if planning.goes_on() => {}
            () = context.cancel.cancelled(), if under_way.is_empty() => {}
        }
    }
}

async fn batch(
    context: &Arc<JobContext>,
    bucket: &BucketName,
    rows: Vec<TransferRow>,
) -> Result<(), TransferError> {
    let keys: Vec<ObjectId> = rows.iter().map(object_of).collect::<Result<_, _>>()?;
    let policy = context.policy();
    let mut s3 = context.s3.clone();
    let answer = loop {
        let since = context.engine.connections.sign_ins();
        let answer = together(policy.clone(), context, &s3, bucket, &keys).await;
        match answer {
            Err(error) if error.needs_sign_in() => match context.signed_in_again(since).await {
                Some(renewed) => s3 = renewed,
                None if context.cancel.is_cancelled() => break Err(TransferError::Cancelled),
                None => break Err(error),
            },
            answer => break answer,
        }
    };
    let outcomes: Vec<(TransferId, Outcome)> = match answer {
        Ok(Some(failures)) => {
            let failures: HashMap<(&str, Option<&str>), &DeleteFailure> =
                failures.iter().map(|f| ((f.key.as_str(), f.version_id.as_deref()), f)).collect();
            rows.iter()
                .map(|row| {
                    let outcome = match failures.get(&(row.key.as_str(), row.version.as_deref())) {
                        None => done(row),
                        Some(f) => Outcome::Failed {
                            error: context.engine.sink.describe(&TransferError::S3(
                                dipper_s3::Error::of_code(
                                    "DeleteObjects",
                                    bucket.as_str(),
                                    &row.key,
                                    &f.s3_code,
                                    &f.message,
                                ),
                            )),
                        },
                    };
                    (row.id, outcome)
                })
                .collect()
        }
        Ok(None) => singles(context, &s3, bucket, &rows).await,
        Err(TransferError::Cancelled) => return Err(TransferError::Cancelled),
        Err(error) => {
            let text = context.engine.sink.describe(&error);
            rows.iter().map(|row| (row.id, Outcome::Failed { error: text.clone() })).collect()
        }
    };
    if !finish(context, outcomes.clone()).await {
        return Ok(());
    }
    // One by one, some may have been cut off: rows and outcomes are matched by id.
    let by_id: HashMap<TransferId, &TransferRow> = rows.iter().map(|row| (row.id, row)).collect();
    context.progress.update(|counts| {
        for (id, outcome) in &outcomes {
            count(counts, outcome, by_id.get(id).and_then(|row| row.size).unwrap_or(0));
        }
    });
    for (id, outcome) in &outcomes {
        if let (Outcome::Done { .. }, Some(row)) = (outcome, by_id.get(id)) {
            context.engine.sink.stored(Stored {
                profile: context.row.profile.clone(),
                bucket: context.row.bucket.clone(),
                key: row.key.clone(),
                size: None,
            });
        }
    }
    context.engine.sink.job_changed(context.row.id);
    Ok(())
}

fn object_of(row: &TransferRow) -> Result<ObjectId, TransferError> {
    Ok(ObjectId { key: ObjectKey::new(row.key.clone())?, version_id: row.version.clone() })
}

/// `None`: this server can't delete many at once.
async fn together(
    policy: retry::Policy,
    context: &JobContext,
    s3: &S3,
    bucket: &BucketName,
    keys: &[ObjectId],
) -> Result<Option<Vec<DeleteFailure>>, TransferError> {
    retry::run(policy, context.cancel.clone(), |_| async {
        match s3.delete_objects(bucket, keys).await {
            Ok(failures) => Ok(Some(failures)),
            // A server that can't delete many at once will not learn it.
            Err(error)
                if matches!(
                    error.class,
                    Class::Unsupported | Class::InvalidInput | Class::ChecksumMismatch
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    })
    .await
}

fn done(row: &TransferRow) -> Outcome {
    Outcome::Done {
        size: row.size.unwrap_or(0),
        verified: "deleted".into(),
        etag: None,
        local: None,
    }
}

async fn singles(
    context: &Arc<JobContext>,
    s3: &S3,
    bucket: &BucketName,
    rows: &[TransferRow],
) -> Vec<(TransferId, Outcome)> {
    let mut each = Vec::with_capacity(rows.len());
    for row in rows {
        each.push(single(context, s3, bucket, row).boxed());
    }
    futures::stream::iter(each)
        .buffered(SINGLES)
        .filter_map(|ended| async { ended })
        .collect()
        .await
}

async fn single(
    context: &Arc<JobContext>,
    s3: &S3,
    bucket: &BucketName,
    row: &TransferRow,
) -> Option<(TransferId, Outcome)> {
    let policy = context.policy();
    let deleted = retry::run(policy, context.cancel.clone(), |_| async {
        let object = object_of(row)?;
        Ok(s3.delete_version(bucket, &object, false).await.map(drop)?)
    })
    .await;
    let outcome = match deleted {
        Ok(()) => done(row),
        // Cut off, not failed: it stays in the queue.
        Err(TransferError::Cancelled) => return None,
        Err(error) => Outcome::Failed { error: context.engine.sink.describe(&error) },
    };
    Some((row.id, outcome))
}
