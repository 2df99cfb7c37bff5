use dipper_app::{Code, Failure};
use serde::Deserialize;
use specta::Type;
use tauri::ipc::Channel;
use tokio::sync::broadcast::error::RecvError;

use super::{Answer, Dipper};
use crate::desktop::clipboard;
use crate::dto::{AppInfo, Changed, Platform, Settings};

#[derive(Debug, Deserialize, Type)]
pub struct Text {
    pub text: String,
}

#[derive(Debug, Deserialize, Type)]
pub struct Url {
    pub url: String,
}

#[tauri::command]
#[specta::specta]
pub async fn app_info(app: Dipper<'_>) -> Answer<AppInfo> {
    Ok(AppInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        platform: Platform::this(),
        data_dir: app.home().display().to_string(),
        vault: app.vault_status().await?.into(),
    })
}

#[tauri::command]
#[specta::specta]
pub fn settings_get(app: Dipper<'_>) -> Answer<Settings> {
    Ok(app.settings()?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn settings_set(app: Dipper<'_>, req: Settings) -> Answer<()> {
    Ok(app.set_settings(req.into()).await?)
}

/// Tells "X changed, refetch" for as long as the page lives.
#[tauri::command]
#[specta::specta]
pub fn changed_watch(app: Dipper<'_>, channel: Channel<Changed>) {
    let mut changes = app.changes();
    tauri::async_runtime::spawn(async move {
        loop {
            match changes.recv().await {
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
                Ok(change) => {
                    if channel.send(change.into()).is_err() {
                        return;
                    }
                }
            }
        }
    });
}

#[tauri::command]
#[specta::specta]
pub async fn clipboard_write(req: Text) -> Answer<()> {
    let written = tokio::task::spawn_blocking(move || clipboard::write(req.text)).await;
    written.map_err(|_| Failure::new(Code::Internal, "the clipboard's task ended early"))??;
    Ok(())
}

/// Opens a web address in the browser; nothing else.
#[tauri::command]
#[specta::specta]
pub fn url_open(req: Url) -> Answer<()> {
    let web = req.url.parse::<tauri::Url>().is_ok_and(|u| matches!(u.scheme(), "http" | "https"));
    if !web {
        return Err(Failure::invalid("only web addresses can be opened").into());
    }
    open::that_detached(&req.url)
        .map_err(|error| Failure::new(Code::LocalIo, format!("no browser opened: {error}")).into())
}
