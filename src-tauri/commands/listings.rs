use tauri::ipc::Channel;

use super::{Answer, Dipper};
use crate::dto::{
    AccessRequest, FindRequest, Frozen, ListingEvent, ListingOpen, ListingRef, RowAccess,
    RowWindow, RowsRequest, SelectRequest, Selection, ViewAnswer, ViewRequest,
};

#[tauri::command]
#[specta::specta]
pub async fn listing_open(
    app: Dipper<'_>,
    req: ListingOpen,
    channel: Channel<ListingEvent>,
) -> Answer<u32> {
    let tell = move |event: dipper_app::ListingEvent| {
        if let Err(error) = channel.send(event.into()) {
            tracing::debug!(%error, "the page is gone");
        }
    };
    Ok(app.open_listing(&req.profile, &req.bucket, &req.prefix, tell).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn listing_view(app: Dipper<'_>, req: ViewRequest) -> Answer<ViewAnswer> {
    let view = dipper_app::ViewRequest {
        sort: req.sort.into(),
        descending: req.descending,
        filter: req.filter,
    };
    let (generation, count) = app.view_listing(req.id, view)?;
    Ok(ViewAnswer { generation, count })
}

#[tauri::command]
#[specta::specta]
pub async fn listing_rows(app: Dipper<'_>, req: RowsRequest) -> Answer<RowWindow> {
    Ok(app.listing_rows(req.id, req.generation, req.start.into(), req.len)?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn listing_access(app: Dipper<'_>, req: AccessRequest) -> Answer<Vec<RowAccess>> {
    let found = app.rows_access(req.id, req.rows).await?;
    Ok(found.into_iter().map(Into::into).collect())
}

#[tauri::command]
#[specta::specta]
pub async fn listing_select(app: Dipper<'_>, req: SelectRequest) -> Answer<Selection> {
    Ok(app.select_rows(req.id, req.generation, req.op.into()).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn listing_find(app: Dipper<'_>, req: FindRequest) -> Answer<Option<u32>> {
    let found = app.find_row(req.id, req.generation, &req.text, req.from.into(), req.exact)?;
    Ok(found.and_then(|index| u32::try_from(index).ok()))
}

#[tauri::command]
#[specta::specta]
pub async fn listing_freeze(app: Dipper<'_>, req: ListingRef) -> Answer<Frozen> {
    Ok(app.freeze(req.id).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn listing_refresh(app: Dipper<'_>, req: ListingRef) -> Answer<()> {
    Ok(app.refresh_listing(req.id).await?)
}

#[tauri::command]
#[specta::specta]
pub fn listing_close(app: Dipper<'_>, req: ListingRef) {
    app.close_listing(req.id);
}
