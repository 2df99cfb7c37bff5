use dipper_types::{BucketName, Secret};
use tauri::AppHandle;
use tauri_plugin_dialog::DialogExt;

use super::{Answer, Dipper};
use crate::dto::{
    BucketDefault, BucketDefaultSet, BucketRef, Key, KeyName, KeyUses, NewKey, PlaceSet,
    ProtectedPlace,
};

#[tauri::command]
#[specta::specta]
pub async fn key_list(app: Dipper<'_>) -> Answer<Vec<Key>> {
    Ok(app.keys()?.into_iter().map(Into::into).collect())
}

#[tauri::command]
#[specta::specta]
pub async fn key_add(app: Dipper<'_>, req: NewKey) -> Answer<()> {
    Ok(app.keep_key(&req.name, req.kind.into(), req.secret.map(Secret::new)).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn key_uses(app: Dipper<'_>, req: KeyName) -> Answer<KeyUses> {
    Ok(app.key_uses(&req.name)?.into())
}

/// To a file that is asked for here: the key itself never comes to the page. False where nobody chose.
#[tauri::command]
#[specta::specta]
pub async fn key_export(app: Dipper<'_>, handle: AppHandle, req: KeyName) -> Answer<bool> {
    let dialog = handle.dialog().file().set_file_name(format!("dipper-key-{}.txt", req.name));
    let chosen =
        tokio::task::spawn_blocking(move || dialog.blocking_save_file()).await.unwrap_or_default();
    let Some(path) = chosen.and_then(|p| p.into_path().ok()) else { return Ok(false) };
    app.export_key_to(&req.name, &path).await?;
    Ok(true)
}

#[tauri::command]
#[specta::specta]
pub async fn key_remove(app: Dipper<'_>, req: KeyName) -> Answer<()> {
    Ok(app.remove_key(&req.name).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn place_list(app: Dipper<'_>) -> Answer<Vec<ProtectedPlace>> {
    Ok(app.places()?.into_iter().map(Into::into).collect())
}

#[tauri::command]
#[specta::specta]
pub async fn place_set(app: Dipper<'_>, req: PlaceSet) -> Answer<()> {
    let bucket = BucketName::new(req.bucket).map_err(dipper_app::Failure::from)?;
    match req.protection {
        Some(how) => app.protect(&req.profile, &bucket, &req.prefix, how.into()).await?,
        None => app.unprotect(&req.profile, &bucket, &req.prefix).await?,
    }
    Ok(())
}

#[tauri::command]
#[specta::specta]
pub async fn bucket_default(app: Dipper<'_>, req: BucketRef) -> Answer<BucketDefault> {
    Ok(app.bucket_default(&req.profile, &req.bucket).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn bucket_default_set(app: Dipper<'_>, req: BucketDefaultSet) -> Answer<BucketDefault> {
    let way = req.way.map(Into::into);
    Ok(app.set_bucket_default(&req.profile, &req.bucket, way).await?.into())
}
