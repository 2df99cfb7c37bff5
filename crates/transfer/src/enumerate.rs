//! What an upload job has to do: found in a stream, journaled in batches, while the first files move.

use std::collections::HashSet;
use std::sync::Arc;

use dipper_state::NewTransfer;
use tokio::sync::Notify;

use crate::engine::JobContext;
use crate::error::TransferError;
use crate::source::{Found, Skip, walk};
use crate::spec::UploadSource;

const PLAN_BATCH: usize = 500;

/// Walks the sources on a thread of its own and journals what it finds in batches.
pub(crate) async fn run(
    context: Arc<JobContext>,
    sources: Vec<UploadSource>,
    more: Arc<Notify>,
) -> Result<(), TransferError> {
    let (tell, mut told) = tokio::sync::mpsc::channel::<Vec<Found>>(4);
    let cancel = context.cancel.clone();
    let empty_folders = context.spec.keep().empty_folders;
    // A plan that was cut off goes on behind what it has.
    let mut known = match context.progress.counts().files_total {
        0 => HashSet::new(),
        _ => context.engine.journal.keys(context.row.id)?,
    };
    let walker = tokio::task::spawn_blocking(move || {
        let mut batch = Vec::new();
        walk(&sources, &mut |found| {
            batch.push(found);
            if batch.len() >= PLAN_BATCH {
                return tell.blocking_send(std::mem::take(&mut batch)).is_ok()
                    && !cancel.is_cancelled();
            }
            true
        });
        let _ = tell.blocking_send(batch);
    });
    while let Some(batch) = told.recv().await {
        let sink = &context.engine.sink;
        let mut found = Vec::with_capacity(batch.len());
        let (mut bytes, mut skipped) = (0, 0);
        for item in batch {
            let unwanted = |key: &str| !empty_folders || key.is_empty();
            if matches!(&item, Found::EmptyFolder { key, .. } if unwanted(key)) {
                continue;
            }
            if !known.is_empty() && known.remove(item.key()) {
                continue;
            }
            found.push(match item {
                Found::File { path, key, size } => {
                    bytes += size;
                    NewTransfer {
                        key,
                        local: Some(path),
                        size: Some(size),
                        ..NewTransfer::default()
                    }
                }
                Found::EmptyFolder { path, key } => {
                    NewTransfer { key, local: Some(path), size: Some(0), ..NewTransfer::default() }
                }
                Found::Skipped { path, key, why: Skip::Unreadable(kind) } => {
                    // Left in the queue: reading it again says why it can't be read, in its own row.
                    tracing::info!(path = %path.display(), ?kind, "can't be read");
                    NewTransfer { key, local: Some(path), ..NewTransfer::default() }
                }
                Found::Skipped { path, key, why } => {
                    skipped += 1;
                    let reason = match why {
                        Skip::Symlink => "symlink",
                        Skip::Special => "special",
                        Skip::NotUnicode => "not_unicode",
                        _ => "key_too_long",
                    };
                    NewTransfer {
                        key,
                        local: Some(path),
                        skipped: Some(reason.into()),
                        ..NewTransfer::default()
                    }
                }
            });
        }
        let total = found.len() as u64;
        context.engine.journal.add_transfers(context.row.id, found).await?;
        context.progress.update(|counts| {
            counts.files_total += total;
            counts.files_skipped += skipped;
            counts.bytes_total += bytes;
        });
        sink.job_changed(context.row.id);
        more.notify_one();
    }
    walker.await.map_err(|_| TransferError::Panicked)?;
    if !context.cancel.is_cancelled() {
        context.engine.journal.set_planned(context.row.id).await?;
        context.progress.update(|counts| counts.planned = true);
    }
    Ok(())
}
