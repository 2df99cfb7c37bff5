use dipper_types::Secret;
use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt;

use super::{Answer, Dipper};
use crate::dto::{FlowId, ImportPreview, ImportRequest, ImportTake, ImportTaken};

/// Lets the user choose a file; its path stays here. `null`: they did not.
#[tauri::command]
#[specta::specta]
pub async fn import_choose(app: Dipper<'_>, handle: AppHandle) -> Answer<Option<u32>> {
    let chosen = tokio::task::spawn_blocking(move || handle.dialog().file().blocking_pick_file())
        .await
        .unwrap_or_default();
    Ok(chosen.and_then(|p| p.into_path().ok()).map(|path| app.stage_import(path)))
}

/// What a file holds, without its secrets. `decrypt_failed`: it wants a password.
#[tauri::command]
#[specta::specta]
pub async fn import_open(app: Dipper<'_>, req: ImportRequest) -> Answer<ImportPreview> {
    let password = req.password.map(Secret::new);
    Ok(app.open_import(req.kind.into(), req.file, password).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn import_take(app: Dipper<'_>, req: ImportTake) -> Answer<Vec<ImportTaken>> {
    let taken = app.take_open_import(req.id, req.names.as_deref()).await?;
    Ok(taken.into_iter().map(Into::into).collect())
}

/// Forgets what was read.
#[tauri::command]
#[specta::specta]
pub fn import_close(app: Dipper<'_>, req: FlowId) {
    app.close_import(req.id);
}
