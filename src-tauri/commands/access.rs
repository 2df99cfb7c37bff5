use super::{Answer, Dipper};
use crate::dto::{
    BucketAccess, BucketRef, PolicyCheck, PolicyPut, PolicyText, PublicChange, PublicPreview,
};

#[tauri::command]
#[specta::specta]
pub async fn bucket_access(app: Dipper<'_>, req: BucketRef) -> Answer<BucketAccess> {
    Ok(app.bucket_access(&req.profile, &req.bucket).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn public_preview(app: Dipper<'_>, req: PublicChange) -> Answer<PublicPreview> {
    Ok(app.preview_public(&req.into()).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn public_set(app: Dipper<'_>, req: PublicChange) -> Answer<BucketAccess> {
    Ok(app.set_public(&req.into()).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn acl_enable(app: Dipper<'_>, req: BucketRef) -> Answer<BucketAccess> {
    Ok(app.enable_acls(&req.profile, &req.bucket).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn public_access_allow(app: Dipper<'_>, req: BucketRef) -> Answer<BucketAccess> {
    Ok(app.allow_public_access(&req.profile, &req.bucket).await?.into())
}

#[tauri::command]
#[specta::specta]
pub fn policy_check(app: Dipper<'_>, req: PolicyText) -> PolicyCheck {
    app.check_policy(&req.bucket, &req.text).into()
}

#[tauri::command]
#[specta::specta]
pub async fn policy_put(app: Dipper<'_>, req: PolicyPut) -> Answer<BucketAccess> {
    Ok(app.put_policy(&req.profile, &req.bucket, &req.text).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn policy_delete(app: Dipper<'_>, req: BucketRef) -> Answer<BucketAccess> {
    Ok(app.delete_policy(&req.profile, &req.bucket).await?.into())
}
