use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use dipper_types::JobId;
use tauri::AppHandle;
use tauri::ipc::Channel;
use tauri_plugin_dialog::DialogExt;

use super::{Answer, Dipper};
use crate::dto::{
    DownloadRequest, FolderChoice, ItemsRequest, JobRef, Token, TransferItems, TransferUpdate,
};

/// Jobs count up from 1 on one machine; JavaScript's numbers hold them all.
pub fn job_number(id: JobId) -> i32 {
    i32::try_from(id.get()).unwrap_or(i32::MAX)
}

fn job(number: i32) -> JobId {
    JobId::new(number.into())
}

#[tauri::command]
#[specta::specta]
pub async fn download_choose(app: Dipper<'_>, handle: AppHandle) -> Answer<Option<FolderChoice>> {
    let chosen = tokio::task::spawn_blocking(move || handle.dialog().file().blocking_pick_folder())
        .await
        .unwrap_or_default();
    let Some(path) = chosen.and_then(|p| p.into_path().ok()) else { return Ok(None) };
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Some(FolderChoice { handle: app.stage_folder(path), name }))
}

#[tauri::command]
#[specta::specta]
pub async fn download_start(app: Dipper<'_>, req: DownloadRequest) -> Answer<i32> {
    Ok(job_number(app.start_download(req.token, req.folder).await?))
}

#[tauri::command]
#[specta::specta]
pub async fn delete_start(app: Dipper<'_>, req: Token) -> Answer<i32> {
    Ok(job_number(app.start_delete(req.token).await?))
}

/// A page that loads anew watches anew; the earlier watch ends.
static WATCH: AtomicU32 = AtomicU32::new(0);

#[tauri::command]
#[specta::specta]
pub fn transfer_watch(app: Dipper<'_>, channel: Channel<TransferUpdate>) {
    let own = WATCH.fetch_add(1, Ordering::Relaxed) + 1;
    let app = Arc::clone(&app);
    tauri::async_runtime::spawn(async move {
        let watched = app
            .watch_jobs(|update| {
                WATCH.load(Ordering::Relaxed) == own && channel.send(update.into()).is_ok()
            })
            .await;
        if let Err(error) = watched {
            tracing::error!(%error, "transfers can't be watched");
        }
    });
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_items(app: Dipper<'_>, req: ItemsRequest) -> Answer<TransferItems> {
    Ok(app.transfers(job(req.job), req.only.into(), req.start.into(), req.len)?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_cancel(app: Dipper<'_>, req: JobRef) -> Answer<()> {
    Ok(app.cancel_job(job(req.job)).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_retry(app: Dipper<'_>, req: JobRef) -> Answer<()> {
    Ok(app.retry_job(job(req.job)).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_clear(app: Dipper<'_>) -> Answer<()> {
    Ok(app.clear_jobs().await?)
}
