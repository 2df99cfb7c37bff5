use std::sync::Arc;

use dipper_app::Question;
use tauri::ipc::Channel;

use super::{Answer, Dipper};
use crate::dto::{
    AwsFiles, DeviceEnd, DeviceFlow, FlowId, OpenPrompt, ProfileId, PromptAnswer, SignInStatus,
    SsoAccount, SsoWay,
};

/// What is known without asking anybody.
#[tauri::command]
#[specta::specta]
pub async fn session_status(app: Dipper<'_>, req: ProfileId) -> Answer<SignInStatus> {
    Ok(app.sign_in_status(&req.profile).await?.into())
}

/// Signs in now. It ends when the user has answered (`prompt_list`), so it may take minutes.
#[tauri::command]
#[specta::specta]
pub async fn session_renew(app: Dipper<'_>, req: ProfileId) -> Answer<SignInStatus> {
    Ok(app.sign_in(&req.profile).await?.into())
}

/// Forgets the token of IAM Identity Center, for the AWS CLI, too.
#[tauri::command]
#[specta::specta]
pub async fn session_end(app: Dipper<'_>, req: ProfileId) -> Answer<()> {
    Ok(app.sign_out(&req.profile).await?)
}

/// Asks for a code that the user confirms in a browser (`url_open`).
#[tauri::command]
#[specta::specta]
pub async fn device_start(app: Dipper<'_>, req: SsoWay) -> Answer<DeviceFlow> {
    Ok(app.begin_device_flow(&req.into()).await?.into())
}

/// Tells once how a device flow ended.
#[tauri::command]
#[specta::specta]
pub fn device_watch(app: Dipper<'_>, req: FlowId, channel: Channel<DeviceEnd>) {
    let app = Arc::clone(&app);
    tauri::async_runtime::spawn(async move {
        let ended = app.end_of_device_flow(req.id).await;
        // The page may be gone.
        let _ = channel.send(ended.into());
    });
}

#[tauri::command]
#[specta::specta]
pub fn device_cancel(app: Dipper<'_>, req: FlowId) {
    app.cancel_device_flow(req.id);
}

/// The accounts and roles to choose from, once the device flow has ended well.
#[tauri::command]
#[specta::specta]
pub async fn sso_accounts(app: Dipper<'_>, req: SsoWay) -> Answer<Vec<SsoAccount>> {
    Ok(app.sso_accounts(&req.into()).await?.into_iter().map(Into::into).collect())
}

#[tauri::command]
#[specta::specta]
pub async fn aws_profiles(app: Dipper<'_>) -> Answer<AwsFiles> {
    Ok(app.aws_profiles().await?.into())
}

/// Questions that wait for the user. `signIn` of `changed_watch` says when to look.
#[tauri::command]
#[specta::specta]
pub fn prompt_list(app: Dipper<'_>) -> Vec<OpenPrompt> {
    let open = app.prompts().into_iter();
    open.filter_map(|prompt| match prompt.question {
        Question::Mfa { serial, role_arn } => Some(OpenPrompt { id: prompt.id, serial, role_arn }),
        _ => None,
    })
    .collect()
}

#[tauri::command]
#[specta::specta]
pub fn prompt_answer(app: Dipper<'_>, req: PromptAnswer) {
    app.answer_prompt(req.id, req.clone().secret());
}
