//! The vault against a key store that can be lost, swapped, or absent.

#![expect(clippy::unwrap_used, clippy::clone_on_ref_ptr, reason = "a test may fail loudly")]

use std::sync::{Arc, Mutex};

use dipper_state::{KeyStore, KeychainError, Vault, VaultError, VaultState};
use dipper_types::Secret;
use zeroize::Zeroizing;

#[derive(Default)]
struct Store {
    key: Mutex<Option<Vec<u8>>>,
    absent: bool,
}

impl KeyStore for Store {
    fn get(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        match self.absent {
            true => Err(KeychainError::Silent),
            false => Ok(self.key.lock().unwrap().clone().map(Zeroizing::new)),
        }
    }

    fn set(&self, key: &[u8]) -> Result<(), KeychainError> {
        match self.absent {
            true => Err(KeychainError::Silent),
            false => {
                *self.key.lock().unwrap() = Some(key.to_vec());
                Ok(())
            }
        }
    }
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn read(vault: &Vault, name: &str) -> Option<String> {
    vault.get(name).unwrap().map(|s| s.expose().clone())
}

#[test]
fn what_is_sealed_comes_back_after_a_restart_and_is_not_on_disk() {
    let home = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::default());
    let vault = Vault::open(home.path(), store.clone()).unwrap();
    assert_eq!(vault.state().unwrap().0, VaultState::Empty);
    vault.put("one", &secret("CANARY-4711")).unwrap();
    vault.put("two", &secret("")).unwrap();
    drop(vault);
    let vault = Vault::open(home.path(), store).unwrap();
    assert_eq!(vault.state().unwrap().0, VaultState::Ready);
    assert_eq!(read(&vault, "one").as_deref(), Some("CANARY-4711"));
    assert_eq!(read(&vault, "two").as_deref(), Some(""));
    assert_eq!(read(&vault, "three"), None);
    for file in std::fs::read_dir(home.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(11).any(|w| w == b"CANARY-4711"));
    }
}

#[test]
fn a_lost_key_never_overwrites_what_is_sealed() {
    let home = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::default());
    let vault = Vault::open(home.path(), store.clone()).unwrap();
    vault.put("one", &secret("kept")).unwrap();
    vault.set_passphrase(&secret("open sesame")).unwrap();
    drop(vault);
    for lost in [None, Some(vec![7; 32])] {
        *store.key.lock().unwrap() = lost;
        let vault = Vault::open(home.path(), store.clone()).unwrap();
        assert_eq!(vault.state().unwrap().0, VaultState::KeyMissing);
        assert!(matches!(vault.put("one", &secret("new")), Err(VaultError::KeyMissing)));
        assert!(matches!(vault.get("one"), Err(VaultError::KeyMissing)));
        assert!(matches!(vault.unlock(&secret("wrong")), Err(VaultError::WrongPassphrase)));
        assert!(vault.has_passphrase().unwrap());
        vault.unlock(&secret("open sesame")).unwrap();
        assert_eq!(read(&vault, "one").as_deref(), Some("kept"));
    }
    // Unlocking gave the key back to the keychain.
    let vault = Vault::open(home.path(), store).unwrap();
    assert_eq!(vault.state().unwrap().0, VaultState::Ready);
}

#[test]
fn an_explicit_reset_starts_anew() {
    let home = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::default());
    Vault::open(home.path(), store.clone()).unwrap().put("one", &secret("kept")).unwrap();
    *store.key.lock().unwrap() = None;
    let vault = Vault::open(home.path(), store).unwrap();
    vault.reset().unwrap();
    assert_eq!(vault.state().unwrap().0, VaultState::Empty);
    vault.put("one", &secret("new")).unwrap();
    assert_eq!(read(&vault, "one").as_deref(), Some("new"));
}

#[test]
fn without_a_keychain_a_passphrase_alone_will_do() {
    let home = tempfile::tempdir().unwrap();
    let none = Arc::new(Store { absent: true, ..Store::default() });
    let vault = Vault::open(home.path(), none.clone()).unwrap();
    assert_eq!(vault.state().unwrap().0, VaultState::Unavailable);
    assert!(matches!(vault.put("one", &secret("x")), Err(VaultError::Keychain(_))));
    vault.set_passphrase(&secret("pass")).unwrap();
    vault.put("one", &secret("x")).unwrap();
    drop(vault);
    let vault = Vault::open(home.path(), none).unwrap();
    assert_eq!(vault.state().unwrap().0, VaultState::KeyMissing);
    vault.unlock(&secret("pass")).unwrap();
    assert_eq!(read(&vault, "one").as_deref(), Some("x"));
}

#[test]
fn two_vaults_agree_on_one_key() {
    let home = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::default());
    let vaults: Vec<_> = (0..4).map(|_| Vault::open(home.path(), store.clone()).unwrap()).collect();
    std::thread::scope(|scope| {
        for (at, vault) in vaults.iter().enumerate() {
            scope.spawn(move || vault.put(&at.to_string(), &secret("x")).unwrap());
        }
    });
    let fresh = Vault::open(home.path(), store).unwrap();
    for at in 0..4 {
        assert_eq!(read(&fresh, &at.to_string()).as_deref(), Some("x"));
    }
}

#[test]
fn a_swapped_or_flipped_row_is_damage() {
    let home = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::default());
    let vault = Vault::open(home.path(), store).unwrap();
    vault.put("one", &secret("first")).unwrap();
    vault.put("two", &secret("second")).unwrap();
    let raw = rusqlite::Connection::open(home.path().join("vault.db")).unwrap();
    raw.execute(
        "UPDATE sealed SET box = (SELECT box FROM sealed WHERE name = 'two') WHERE name = 'one'",
        [],
    )
    .unwrap();
    assert!(matches!(vault.get("one"), Err(VaultError::Damaged { .. })));
}
