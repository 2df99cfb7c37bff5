use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use dipper_app::ReportFormat;
use dipper_types::JobId;
use tauri::AppHandle;
use tauri::ipc::Channel;
use tauri_plugin_dialog::DialogExt;

use super::{Answer, Dipper};
use crate::dto::{
    DownloadPlace, DownloadRequest, EncryptionRequest, FolderChoice, ItemsRequest, JobRef,
    JobSpeed, MoveRequest, PriorityRequest, Replaces, RetryItems, Speed, Token, TransferItems,
    TransferUpdate,
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
pub async fn download_replaces(app: Dipper<'_>, req: DownloadPlace) -> Answer<Replaces> {
    Ok(app.download_replaces(req.token, req.folder).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn download_start(app: Dipper<'_>, req: DownloadRequest) -> Answer<i32> {
    let DownloadRequest { token, folder, on_existing, as_stored } = req;
    Ok(job_number(app.start_download(token, folder, on_existing.into(), as_stored).await?))
}

#[tauri::command]
#[specta::specta]
pub async fn delete_start(app: Dipper<'_>, req: Token) -> Answer<i32> {
    Ok(job_number(app.start_delete(req.token).await?))
}

/// At the server, each by a copy onto itself.
#[tauri::command]
#[specta::specta]
pub async fn encryption_start(app: Dipper<'_>, req: EncryptionRequest) -> Answer<i32> {
    Ok(job_number(app.start_encryption(req.token, req.way.into()).await?))
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
pub async fn transfer_retry_items(app: Dipper<'_>, req: RetryItems) -> Answer<()> {
    let items: Vec<i64> = req.items.iter().copied().map(i64::from).collect();
    app.retry_items(job(req.job), &items).await?;
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_repeat(app: Dipper<'_>, req: JobRef) -> Answer<i32> {
    Ok(job_number(app.repeat_job(job(req.job)).await?))
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_pause(app: Dipper<'_>, req: JobRef) -> Answer<()> {
    Ok(app.pause_job(job(req.job)).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_resume(app: Dipper<'_>, req: JobRef) -> Answer<()> {
    Ok(app.unpause_job(job(req.job)).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_pause_all(app: Dipper<'_>) -> Answer<()> {
    Ok(app.pause_all().await?)
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_resume_all(app: Dipper<'_>) -> Answer<()> {
    Ok(app.unpause_all().await?)
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_priority(app: Dipper<'_>, req: PriorityRequest) -> Answer<()> {
    Ok(app.set_job_priority(job(req.job), req.priority.into()).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_move(app: Dipper<'_>, req: MoveRequest) -> Answer<()> {
    Ok(app.move_job(job(req.job), req.before.map(job)).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_speed(app: Dipper<'_>, req: JobSpeed) -> Answer<()> {
    Ok(app.set_job_speed(job(req.job), req.limit.map(u64::from)).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn speed_get(app: Dipper<'_>) -> Answer<Speed> {
    Ok(app.speed()?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn speed_set(app: Dipper<'_>, req: Speed) -> Answer<()> {
    Ok(app.set_speed(req.into()).await?)
}

/// Where to, is asked here. False where nobody chose a place.
#[tauri::command]
#[specta::specta]
pub async fn transfer_report(app: Dipper<'_>, handle: AppHandle, req: JobRef) -> Answer<bool> {
    let name = format!("dipper-job-{}.csv", req.job);
    let dialog = handle.dialog().file().set_file_name(name);
    let dialog = dialog.add_filter("CSV", &["csv"]).add_filter("JSON lines", &["jsonl", "json"]);
    let chosen =
        tokio::task::spawn_blocking(move || dialog.blocking_save_file()).await.unwrap_or_default();
    let Some(path) = chosen.and_then(|p| p.into_path().ok()) else { return Ok(false) };
    let json = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("json") || e.eq_ignore_ascii_case("jsonl"));
    let format = if json { ReportFormat::Json } else { ReportFormat::Csv };
    let (app, id) = (Arc::clone(&app), job(req.job));
    let written = tokio::task::spawn_blocking(move || app.export_report(id, &path, format)).await;
    written.unwrap_or_else(|_| {
        Err(dipper_app::Failure::new(dipper_app::Code::Internal, "the report"))
    })?;
    Ok(true)
}

#[tauri::command]
#[specta::specta]
pub async fn transfer_clear(app: Dipper<'_>) -> Answer<()> {
    Ok(app.clear_jobs().await?)
}
