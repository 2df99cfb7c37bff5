use std::sync::Arc;

use tauri::ipc::Channel;

use super::{Answer, Dipper};
use crate::dto::{BucketRef, CheckupId, DoctorEvent, Mend};

/// Tries the connection out on a bucket. It runs to its end, or until it is stopped.
#[tauri::command]
#[specta::specta]
pub async fn doctor_start(
    app: Dipper<'_>,
    req: BucketRef,
    channel: Channel<DoctorEvent>,
) -> Answer<u32> {
    // The page may be gone: it still cleans up.
    let tell = move |event: dipper_app::CheckupEvent| drop(channel.send(event.into()));
    Ok(Arc::clone(&app).start_checkup(req.profile, req.bucket, tell))
}

#[tauri::command]
#[specta::specta]
pub fn doctor_stop(app: Dipper<'_>, req: CheckupId) {
    app.stop_checkup(req.id);
}

#[tauri::command]
#[specta::specta]
pub async fn doctor_mend(app: Dipper<'_>, req: Mend) -> Answer<()> {
    Ok(app.mend(&req.profile, &req.fix.into()).await?)
}
