use super::{Answer, Dipper};
use crate::dto::{Profile, ProfileDraft, ProfileId, ProfileTest, Provider, providers};

#[tauri::command]
#[specta::specta]
pub fn provider_list() -> Vec<Provider> {
    providers()
}

#[tauri::command]
#[specta::specta]
pub async fn profile_list(app: Dipper<'_>) -> Answer<Vec<Profile>> {
    Ok(app.profiles().await?.into_iter().map(Into::into).collect())
}

#[tauri::command]
#[specta::specta]
pub async fn profile_save(app: Dipper<'_>, req: ProfileDraft) -> Answer<Profile> {
    Ok(app.save_profile(req.into()).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn profile_test(app: Dipper<'_>, req: ProfileDraft) -> Answer<ProfileTest> {
    Ok(app.test_profile(&req.into()).await.into())
}

#[tauri::command]
#[specta::specta]
pub async fn profile_remove(app: Dipper<'_>, req: ProfileId) -> Answer<()> {
    Ok(app.remove_profile(&req.profile).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn sandbox_start(app: Dipper<'_>) -> Answer<Profile> {
    Ok(app.start_sandbox().await?.into())
}
