use std::sync::Arc;

use tauri::WebviewWindow;
use tauri::ipc::Channel;

use super::{Answer, Dipper};
use crate::dto::{
    BucketRef, FoundNames, FoundOrder, Hit, HitsRequest, IndexedBucket, IndexingEvent, IndexingId,
    SavedName, SavedSearch, SearchRequest,
};

#[tauri::command]
#[specta::specta]
pub async fn search_open(
    app: Dipper<'_>,
    window: WebviewWindow,
    req: SearchRequest,
) -> Answer<FoundNames> {
    Ok(Arc::clone(&app).open_search(window.label(), req.into()).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn search_rows(
    app: Dipper<'_>,
    window: WebviewWindow,
    req: HitsRequest,
) -> Answer<Vec<Hit>> {
    let hits = app.found(window.label(), req.id, req.start.into(), req.len)?;
    Ok(hits.into_iter().map(Into::into).collect())
}

#[tauri::command]
#[specta::specta]
pub async fn search_sort(app: Dipper<'_>, window: WebviewWindow, req: FoundOrder) -> Answer<()> {
    Ok(app.sort_found(window.label(), req.id, req.sort.into(), req.descending)?)
}

#[tauri::command]
#[specta::specta]
pub fn search_close(app: Dipper<'_>, window: WebviewWindow) {
    app.close_search(window.label());
}

/// The buckets that names are known of.
#[tauri::command]
#[specta::specta]
pub async fn index_list(app: Dipper<'_>) -> Answer<Vec<IndexedBucket>> {
    Ok(app.indexed()?.into_iter().map(Into::into).collect())
}

/// Lists a whole bucket for the index. It runs to its end, or until it is stopped.
#[tauri::command]
#[specta::specta]
pub async fn index_refresh(
    app: Dipper<'_>,
    req: BucketRef,
    channel: Channel<IndexingEvent>,
) -> Answer<u32> {
    // The page may be gone: what is listed is kept all the same.
    let tell = move |event: dipper_app::IndexingEvent| drop(channel.send(event.into()));
    Ok(Arc::clone(&app).start_indexing(req.profile, req.bucket, String::new(), tell))
}

#[tauri::command]
#[specta::specta]
pub fn index_stop(app: Dipper<'_>, req: IndexingId) {
    app.stop_indexing(req.id);
}

#[tauri::command]
#[specta::specta]
pub async fn index_forget(app: Dipper<'_>, req: BucketRef) -> Answer<()> {
    Ok(app.forget_index(&req.profile, Some(&req.bucket))?)
}

#[tauri::command]
#[specta::specta]
pub async fn search_saved(app: Dipper<'_>) -> Answer<Vec<SavedSearch>> {
    Ok(app.saved_searches()?.into_iter().map(Into::into).collect())
}

#[tauri::command]
#[specta::specta]
pub async fn search_save(app: Dipper<'_>, req: SavedSearch) -> Answer<()> {
    Ok(app.save_search(req.into()).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn search_forget(app: Dipper<'_>, req: SavedName) -> Answer<()> {
    Ok(app.remove_search(&req.name).await?)
}
