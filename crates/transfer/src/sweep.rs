//! Uploads whose ids never came: the answer to their creation was lost, or the process ended before it
//! was written down. Nobody else will abort them, and nothing of another client's may be aborted.
//!
//! The journal knows when each was asked for. The server's clock is known by the upload whose id did
//! come: what the journal says of it, beside what the server says.

use dipper_s3::UploadEntry;
use dipper_state::Intent;
use dipper_types::{TransferId, UploadId};

use crate::error::TransferError;
use crate::upload::Upload;

/// A request that nobody waits for any more is carried out within this time, or never.
const LATE_MS: i64 = 10_000;
/// Servers tell whole seconds, and answer some time after they have begun.
const TOLERANCE_MS: i64 = 3_000;
/// First pauses (a quarter of a second) between two looks at an upload without parts.
const PATIENCE: u32 = 20;

impl Upload<'_> {
    /// Aborts the upload of this key that was asked for by this transfer, whose id never came, and that
    /// has no part. `keep` is the one whose id did. Where there are several, somebody else may be at
    /// work, too: all are left, and it is told.
    pub async fn sweep(&self, transfer: TransferId, keep: &UploadId) {
        let journal = &self.context.engine.journal;
        let intent = match journal.upload_intent(transfer) {
            Ok(Some(intent)) => intent,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(key = %self.key, %error, "what was asked for can't be read");
                return;
            }
        };
        match self.try_sweep(&intent, keep).await {
            // Cut off: the next run looks again.
            Err(TransferError::Cancelled) => return,
            Err(error) => {
                tracing::warn!(key = %self.key, %error, "open uploads could not be looked through");
            }
            Ok(()) => {}
        }
        if let Err(error) = journal.forget_intent(transfer).await {
            tracing::warn!(key = %self.key, %error, "the journal could not be written");
        }
    }

    async fn try_sweep(&self, intent: &Intent, keep: &UploadId) -> Result<(), TransferError> {
        let s3 = &self.context.s3;
        let open = s3.list_uploads(&self.bucket, self.key.as_str()).await?;
        let found = lost(&open, self.key.as_str(), keep.as_str(), intent);
        let one = match found.as_slice() {
            [] => return Ok(()),
            [one] => UploadId::new(one.upload_id.clone()),
            several => {
                tracing::warn!(
                    key = %self.key, uploads = several.len(),
                    "several open uploads may be ours: none is aborted"
                );
                return Ok(());
            }
        };
        // Whoever has just begun it will have sent something a moment later; a dead process will not.
        for pause in [0, PATIENCE] {
            let pause = self.context.engine.limits.first_pause * pause;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.context.cancel.cancelled() => return Err(TransferError::Cancelled),
            }
            if !s3.list_parts(&self.bucket, &self.key, &one).await?.is_empty() {
                tracing::info!(key = %self.key, "an open upload is somebody else's: it has parts");
                return Ok(());
            }
        }
        tracing::info!(key = %self.key, upload = one.as_str(), "aborts an upload whose id never came");
        Ok(s3.abort_upload(&self.bucket, &self.key, &one).await?)
    }
}

/// Which of a key's uploads may be those that were asked for and never answered.
fn lost<'a>(
    open: &'a [UploadEntry],
    key: &str,
    keep: &str,
    intent: &Intent,
) -> Vec<&'a UploadEntry> {
    let kept = open.iter().find(|upload| upload.key == key && upload.upload_id == keep);
    // Without it the server's clock is not known, and nothing can be told.
    let Some((kept, ours)) = kept.zip(intent.answered) else { return Vec::new() };
    let Some(theirs) = kept.started else { return Vec::new() };
    let ahead = theirs.millis().saturating_sub(ours.millis());
    let mut found: Vec<&UploadEntry> = Vec::new();
    // The last one was answered.
    for pair in intent.asked.windows(2) {
        let [asked, next] = pair else { continue };
        let first = asked.millis().saturating_sub(TOLERANCE_MS);
        let last = asked.millis().saturating_add(LATE_MS).min(next.millis());
        let last = last.saturating_add(TOLERANCE_MS);
        found.extend(open.iter().filter(|upload| {
            let at = upload.started.map(|at| at.millis().saturating_sub(ahead));
            upload.key == key
                && upload.upload_id != keep
                && upload.initiator == kept.initiator
                && at.is_some_and(|at| (first..=last).contains(&at))
        }));
    }
    found.sort_by(|a, b| a.upload_id.cmp(&b.upload_id));
    found.dedup_by(|a, b| a.upload_id == b.upload_id);
    found
}

#[cfg(test)]
mod tests {
    use dipper_types::Timestamp;

    use super::*;

    /// The server's clock is four minutes ahead.
    const AHEAD: i64 = 240;

    fn upload(id: &str, key: &str, at: i64) -> UploadEntry {
        UploadEntry {
            key: key.into(),
            upload_id: id.into(),
            started: Some(Timestamp::from_secs(at + AHEAD)),
            storage_class: None,
            initiator: Some("me".into()),
        }
    }

    fn found(open: &[UploadEntry], asked: &[i64]) -> Vec<String> {
        let asked: Vec<_> = asked.iter().copied().map(Timestamp::from_secs).collect();
        let intent = Intent { answered: asked.last().copied(), asked };
        lost(open, "k", "kept", &intent).iter().map(|upload| upload.upload_id.clone()).collect()
    }

    #[test]
    fn only_what_was_asked_for_then() {
        // Asked for at 1000 by a process that died, and again at 9000.
        for (at, ours) in [(995, false), (998, true), (1001, true), (1012, true), (1014, false)] {
            let open = [upload("kept", "k", 9000), upload("x", "k", at)];
            assert_eq!(found(&open, &[1000, 9000]), if ours { &["x"][..] } else { &[] }, "{at}");
        }
        // What another client begins between two quick tries is not ours after the second.
        let open = [upload("kept", "k", 1004), upload("x", "k", 1008)];
        assert!(found(&open, &[1000, 1004]).is_empty());
        assert!(found(&[upload("kept", "k", 1000), upload("x", "k", 1000)], &[1000]).is_empty());
    }

    #[test]
    fn what_tells_nothing_is_left() {
        let kept = upload("kept", "k", 9000);
        let ours = upload("x", "k", 1000);
        assert_eq!(found(&[kept.clone(), ours.clone()], &[1000, 9000]), ["x"]);
        let unlike = [
            UploadEntry { key: "k2".into(), ..ours.clone() },
            UploadEntry { started: None, ..ours.clone() },
            UploadEntry { initiator: Some("you".into()), ..ours.clone() },
        ];
        for other in unlike {
            assert!(found(&[kept.clone(), other.clone()], &[1000, 9000]).is_empty(), "{other:?}");
        }
        assert!(
            found(std::slice::from_ref(&ours), &[1000, 9000]).is_empty(),
            "no clock to compare with"
        );
        let timeless = UploadEntry { started: None, ..kept.clone() };
        assert!(found(&[timeless, ours.clone()], &[1000, 9000]).is_empty());
        let two = [kept, ours, upload("y", "k", 1001)];
        assert_eq!(found(&two, &[1000, 9000]).len(), 2, "and so none is aborted");
    }
}
