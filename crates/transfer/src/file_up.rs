//! One file up: what lies under its key already, what it says of itself, and whether it is encrypted
//! before it leaves.

use std::sync::Arc;

use dipper_s3::{Class, Guard, ObjectHeaders};
use dipper_state::{Outcome, TransferRow};

use crate::engine::JobContext;
use crate::error::TransferError;
use crate::existing::{self, Existing};
use crate::origin::Origin;
use crate::progress::Active;
use crate::protect;
use crate::sealed;
use crate::spec::OnExisting;
use crate::upload::{send, tell};

pub(crate) async fn file(
    context: &Arc<JobContext>,
    transfer: &TransferRow,
    headers: &ObjectHeaders,
    on_existing: OnExisting,
    active: &Arc<Active>,
) -> Result<Outcome, TransferError> {
    let mut headers = headers.clone();
    let sending = context.spec.sending();
    let places = sending.and_then(|sending| sending.places.as_deref()).unwrap_or_default();
    headers.encryption = protect::server_side(headers.encryption, places, &transfer.key);
    let types = sending.map(|sending| sending.types.clone()).unwrap_or_default();
    let file = transfer.local.as_deref().and_then(|path| path.to_str()).unwrap_or_default();
    let asked = headers.content_type.clone();
    headers.content_type = types.of(&transfer.key, file, headers.content_type);
    let seal = sending.and_then(|sending| sending.seal.as_ref());
    let seal = protect::client_side(seal, places, &transfer.key);
    if let Some(seal) = &seal {
        sealed::mark(&mut headers, asked.as_ref(), seal);
    }
    let (transfer, guard) = match existing::decide(context, transfer, on_existing).await? {
        Existing::Stays(reason) => return Ok(Outcome::Skipped { reason: reason.to_owned() }),
        Existing::Sent(done) => {
            if let Outcome::Done { size, .. } = &done {
                active.add(*size);
                tell(context, transfer, *size);
            }
            return Ok(done);
        }
        Existing::Free(transfer, guard) => (transfer, guard),
    };
    let spool = match &seal {
        Some(seal) => Some(sealed::spool(context, &transfer, seal).await?),
        None => None,
    };
    let path = spool.as_ref().map(|spool| spool.path.clone()).or_else(|| transfer.local.clone());
    let what =
        (Origin::File(path.unwrap_or_default()), spool.as_ref().map(|s| Arc::clone(&s.plain)));
    let sent = match send(context, &transfer, headers.clone(), guard, what.clone(), active).await {
        // It came while this one was on its way.
        Err(TransferError::S3(error)) if error.class == Class::PreconditionFailed => {
            match on_existing {
                OnExisting::Skip => {
                    Ok(Outcome::Skipped { reason: crate::conflict::EXISTS.to_owned() })
                }
                OnExisting::Refuse | OnExisting::KeepBoth => {
                    Err(TransferError::Exists { path: existing::uri(context, &transfer).into() })
                }
                _ => Err(TransferError::ObjectChanged),
            }
        }
        // A server without conditional writes: what could be asked was asked before.
        Err(TransferError::S3(error))
            if error.class == Class::Unsupported && on_existing != OnExisting::Overwrite =>
        {
            send(context, &transfer, headers, Guard::default(), what, active).await
        }
        sent => sent,
    };
    // What goes on later goes on with the same bytes.
    let goes_on =
        matches!(&sent, Err(e) if matches!(e, TransferError::Cancelled) || e.is_transient());
    if let Some(spool) = spool.filter(|_| !goes_on) {
        let _ = std::fs::remove_file(spool.path);
    }
    sent
}
