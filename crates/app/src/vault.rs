use dipper_state::VaultState;
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
