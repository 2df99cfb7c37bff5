use super::{Answer, Dipper};
use crate::dto::{Bucket, BucketRef, NewBucket, ProfileId};

#[tauri::command]
#[specta::specta]
pub async fn bucket_list(app: Dipper<'_>, req: ProfileId) -> Answer<Vec<Bucket>> {
    Ok(app.buckets(&req.profile).await?.into_iter().map(Into::into).collect())
}

#[tauri::command]
#[specta::specta]
pub async fn bucket_create(app: Dipper<'_>, req: NewBucket) -> Answer<()> {
    Ok(app.create_bucket(&req.profile, &req.name, req.region.as_deref()).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn bucket_delete(app: Dipper<'_>, req: BucketRef) -> Answer<()> {
    Ok(app.delete_bucket(&req.profile, &req.bucket).await?)
}
