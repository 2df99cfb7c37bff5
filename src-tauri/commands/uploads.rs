use std::sync::Arc;

use tauri::ipc::Channel;
use tauri::{AppHandle, WebviewWindow};
use tauri_plugin_dialog::DialogExt;

use super::{Answer, Dipper};
use crate::desktop::drop;
use crate::dto::{
    BucketRef, Choose, DropEvent, Replaces, Staged, UploadChoose, UploadOptions, UploadOptionsSet,
    UploadPlace, UploadRequest,
};

/// Tells of files over the window for as long as the page lives.
#[tauri::command]
#[specta::specta]
pub fn drop_watch(app: Dipper<'_>, window: WebviewWindow, channel: Channel<DropEvent>) {
    drop::watch(&window, Arc::clone(&app), channel);
}

/// The system's dialog. `None` where it was closed without a choice.
#[tauri::command]
#[specta::specta]
pub async fn upload_choose(
    app: Dipper<'_>,
    handle: AppHandle,
    req: UploadChoose,
) -> Answer<Option<Staged>> {
    let chosen = tokio::task::spawn_blocking(move || match req.what {
        Choose::Files => handle.dialog().file().blocking_pick_files(),
        Choose::Folder => handle.dialog().file().blocking_pick_folders(),
    })
    .await
    .unwrap_or_default();
    let paths: Vec<_> =
        chosen.unwrap_or_default().into_iter().filter_map(|p| p.into_path().ok()).collect();
    Ok((!paths.is_empty()).then(|| app.stage(paths).into()))
}

#[tauri::command]
#[specta::specta]
pub fn upload_options(app: Dipper<'_>, req: BucketRef) -> Answer<UploadOptions> {
    Ok(app.upload_options(&req.profile, &req.bucket)?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn upload_options_set(app: Dipper<'_>, req: UploadOptionsSet) -> Answer<()> {
    Ok(app.set_upload_options(&req.profile, &req.bucket, &req.options.into()).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn upload_replaces(app: Dipper<'_>, req: UploadPlace) -> Answer<Replaces> {
    Ok(app.upload_replaces(req.handle, &req.profile, &req.bucket, &req.prefix).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn upload_start(app: Dipper<'_>, req: UploadRequest) -> Answer<i32> {
    let on_existing = req.on_existing.into();
    let options = req.options.into();
    let id = app
        .start_upload(req.handle, &req.profile, &req.bucket, &req.prefix, options, on_existing)
        .await?;
    Ok(super::transfers::job_number(id))
}
