use dipper_types::Secret;

use super::{Answer, Dipper};
use crate::dto::{Passphrase, VaultStatus};

#[tauri::command]
#[specta::specta]
pub async fn vault_status(app: Dipper<'_>) -> Answer<VaultStatus> {
    Ok(app.vault_status().await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn vault_set_passphrase(app: Dipper<'_>, req: Passphrase) -> Answer<()> {
    Ok(app.set_vault_passphrase(Secret::new(req.passphrase)).await?)
}

#[tauri::command]
#[specta::specta]
pub async fn vault_unlock(app: Dipper<'_>, req: Passphrase) -> Answer<VaultStatus> {
    Ok(app.unlock_vault(Secret::new(req.passphrase)).await?.into())
}

#[tauri::command]
#[specta::specta]
pub async fn vault_reset(app: Dipper<'_>) -> Answer<VaultStatus> {
    Ok(app.reset_vault().await?.into())
}
