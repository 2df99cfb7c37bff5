use super::{Answer, Dipper};
use crate::dto::{NewFolder, ObjectInfo, ObjectPublic, ObjectRef};

#[tauri::command]
#[specta::specta]
pub async fn folder_create(app: Dipper<'_>, req: NewFolder) -> Answer<()> {
    Ok(app.create_folder(&req.profile, &req.bucket, &req.prefix, &req.name).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn object_info(app: Dipper<'_>, req: ObjectRef) -> Answer<ObjectInfo> {
    Ok(app.object_info(&req.profile, &req.bucket, &req.key).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn object_set_public(app: Dipper<'_>, req: ObjectPublic) -> Answer<ObjectInfo> {
    Ok(app.set_object_public(&req.profile, &req.bucket, &req.key, req.public).await?.into())
}
