use std::sync::{Arc, Mutex};

use dipper_state::{KeyStore, KeychainError};
use zeroize::Zeroizing;

use super::*;

#[derive(Default)]
struct Store(Mutex<Option<Vec<u8>>>);

impl KeyStore for Store {
    fn get(&self) -> std::result::Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        Ok(self.0.lock().unwrap().clone().map(Zeroizing::new))
    }

    fn set(&self, key: &[u8]) -> std::result::Result<(), KeychainError> {
        *self.0.lock().unwrap() = Some(key.to_vec());
        Ok(())
    }
}

fn draft(id: Option<&str>, keys: Option<(&str, &str)>, keep: Keep) -> ProfileDraft {
    let (access, secret) = keys.unwrap_or_default();
    ProfileDraft {
        id: id.map(str::to_owned),
        name: "Acme".into(),
        provider: "custom".into(),
        endpoint: "https://s3.example.org".into(),
        region: String::new(),
        addressing: Addressing::Auto,
        access_key: access.into(),
        secret_key: Secret::new(secret.into()),
        session_token: None,
        keep,
        allow_http: false,
        options: ProfileOptions::default(),
        client_key: None,
        keep_options: false,
    }
}

/// Otherwise the next connection of that name would inherit them, for an endpoint of its own.
#[tokio::test]
async fn keys_that_are_not_kept_any_more_leave_the_vault() {
    let home = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::default());
    let app = App::open_with(home.path(), store, dipper_transfer::Limits::default()).unwrap();
    let kept = |id: &str| kept_secrets(&app.connections.vault(), &ProfileId::new(id)).unwrap();
    let keys = Some(("AKIAACME", "secret"));

    let saved = app.save_profile(draft(None, keys, Keep::Vault)).await.unwrap();
    assert!(kept(&saved.id).is_some());
    app.save_profile(draft(Some(&saved.id), None, Keep::Session)).await.unwrap();
    assert!(kept(&saved.id).is_none());

    app.save_profile(draft(Some(&saved.id), keys, Keep::Vault)).await.unwrap();
    app.remove_profile(&saved.id).await.unwrap();
    assert!(kept(&saved.id).is_none());

    // What an older version left behind is not taken over.
    let left = Keys {
        access_key: "AKIAOLD".into(),
        secret_key: Secret::new("old".into()),
        session_token: None,
    };
    let left = Secrets { keys: Some(left), ..Secrets::default() };
    keep_secrets(&app.connections.vault(), &ProfileId::new("acme"), &left).unwrap();
    let guest = app.save_profile(draft(None, None, Keep::Vault)).await.unwrap();
    assert_eq!((guest.id.as_str(), kept("acme").is_none()), ("acme", true));
}

#[test]
fn a_hint_never_shows_a_whole_key() {
    assert_eq!(hint(""), None);
    assert_eq!(hint("short").as_deref(), Some("…"));
    assert_eq!(hint("AKIAIOSFODNN7EXAMPLE").as_deref(), Some("AKIA…MPLE"));
}
