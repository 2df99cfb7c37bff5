use std::path::PathBuf;

use dipper_state::{KeyFile, VaultError, VaultState};
use dipper_types::Secret;

use crate::events::Changed;
use crate::{App, Code, Failure, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultStanding {
    Ready,
    Empty,
    Unavailable,
    KeyMissing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultStatus {
    pub state: VaultStanding,
    pub reason: Option<String>,
    pub has_passphrase: bool,
}

const SHORTEST: usize = 8;

impl App {
    /// How the vault stands. Asks the keychain, which may take seconds.
    pub async fn vault_status(&self) -> Result<VaultStatus> {
        let vault = self.connections.vault();
        blocking(move || {
            let (state, why) = vault.state()?;
            let state = match state {
                VaultState::Ready => VaultStanding::Ready,
                VaultState::Empty => VaultStanding::Empty,
                VaultState::Unavailable => VaultStanding::Unavailable,
                VaultState::KeyMissing => VaultStanding::KeyMissing,
            };
            let reason = why.map(|why| Failure::from(dipper_state::VaultError::from(why)).message);
            Ok(VaultStatus { state, reason, has_passphrase: vault.has_passphrase()? })
        })
        .await
    }

    pub async fn set_vault_passphrase(&self, passphrase: Secret<String>) -> Result<()> {
        if passphrase.expose().chars().count() < SHORTEST {
            return Err(Failure::invalid("a passphrase has at least 8 characters"));
        }
        let vault = self.connections.vault();
        blocking(move || Ok(vault.set_passphrase(&passphrase)?)).await?;
        self.events.changed(Changed::Vault, None, None);
        Ok(())
    }

    pub async fn unlock_vault(&self, passphrase: Secret<String>) -> Result<VaultStatus> {
        let vault = self.connections.vault();
        blocking(move || Ok(vault.unlock(&passphrase)?)).await?;
        self.connections.forget_clients();
        self.events.changed(Changed::Vault, None, None);
        self.vault_status().await
    }

    /// Whether the vault's key lies in clear in a file beside it.
    pub fn has_key_file(&self) -> bool {
        KeyFile::of(&self.home).is_there()
    }

    /// From now on, the vault's key lies in clear in a file: whoever reads the data folder reads the
    /// credentials. The caller has asked the user.
    pub async fn make_key_file(&self) -> Result<PathBuf> {
        if self.vault_status().await?.state == VaultStanding::KeyMissing {
            return Err(Failure::from(VaultError::KeyMissing));
        }
        let (vault, file) = (self.connections.vault(), KeyFile::of(&self.home));
        let path = file.path().to_owned();
        blocking(move || {
            let failed = |error: std::io::Error| {
                Failure::new(Code::LocalIo, format!("{}: {error}", file.path().display()))
            };
            file.create().map_err(failed)?;
            vault.hand_over().inspect_err(|_| drop(file.remove()))?;
            Ok(())
        })
        .await?;
        self.events.changed(Changed::Vault, None, None);
        Ok(path)
    }

    /// Only where the key can still be had otherwise.
    pub async fn remove_key_file(&self) -> Result<()> {
        let (vault, file) = (self.connections.vault(), KeyFile::of(&self.home));
        if !blocking(move || Ok(vault.has_passphrase()?)).await? {
            return Err(Failure::invalid("without its key file, nothing would open the vault")
                .with_hint("Set a passphrase first: `dipper vault passphrase`."));
        }
        blocking(move || {
            file.remove().map_err(|error| {
                Failure::new(Code::LocalIo, format!("{}: {error}", file.path().display()))
            })
        })
        .await?;
        self.events.changed(Changed::Vault, None, None);
        Ok(())
    }

    /// Whether a passphrase opens the vault. Asks no keychain.
    pub async fn vault_has_passphrase(&self) -> Result<bool> {
        let vault = self.connections.vault();
        blocking(move || Ok(vault.has_passphrase()?)).await
    }

    /// Forgets every sealed credential. The caller has asked the user.
    pub async fn reset_vault(&self) -> Result<VaultStatus> {
        let vault = self.connections.vault();
        blocking(move || Ok(vault.reset()?)).await?;
        self.connections.forget_clients();
        self.events.changed(Changed::Vault, None, None);
        self.vault_status().await
    }
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Failure::new(Code::Internal, "a task ended early"))?
}
