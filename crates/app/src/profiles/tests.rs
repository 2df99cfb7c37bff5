use std::sync::{Arc, Mutex};

use dipper_state::{KeyStore, KeychainError};
use zeroize::Zeroizing;

use super::*;
use crate::Fix;

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

/// A crash between the writes of vault and profile leaves keys that belong elsewhere.
#[tokio::test]
async fn keys_of_another_endpoint_are_not_sent() {
    let home = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::default());
    let app = App::open_with(home.path(), store, dipper_transfer::Limits::default()).unwrap();
    let saved =
        app.save_profile(draft(None, Some(("AKIAACME", "secret")), Keep::Vault)).await.unwrap();
    app.client(&saved.id).await.unwrap();
    let vault = app.connections.vault();
    let id = ProfileId::new(saved.id.clone());
    let mut secrets = kept_secrets(&vault, &id).unwrap().unwrap();
    assert_eq!(secrets.endpoint.as_deref(), Some("https://s3.example.org"));
    secrets.endpoint = Some("https://other.example.org".into());
    keep_secrets(&vault, &id, &secrets).unwrap();
    app.connections.forget(&id);
    let error = app.client(&saved.id).await.unwrap_err();
    assert!(error.message.contains("another endpoint"), "{}", error.message);
    // What an older version sealed says nothing of endpoints, and is taken.
    let old = Secret::new(r#"["AKIAACME","secret",""]"#.to_owned());
    vault.put(&saved.id, &old).unwrap();
    app.client(&saved.id).await.unwrap();
}

/// A window that knows nothing of options does not take them away.
#[tokio::test]
async fn options_outlive_an_edit_and_their_secrets_stay_in_the_vault() {
    let home = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::default());
    let app = App::open_with(home.path(), store, dipper_transfer::Limits::default()).unwrap();
    let mut first = draft(None, Some(("AKIAACME", "secret")), Keep::Vault);
    first.options.network.proxy =
        ProxyChoice::Url { url: "http://me:hush@proxy.example:3128".into() };
    first.options.start = Some("photos/2026/".into());
    let saved = app.save_profile(first).await.unwrap();
    let url = "http://me@proxy.example:3128".to_owned();
    assert_eq!(saved.options.network.proxy, ProxyChoice::Url { url });
    let mut edit = draft(Some(&saved.id), None, Keep::Vault);
    edit.keep_options = true;
    let edited = app.save_profile(edit).await.unwrap();
    assert_eq!(edited.options, saved.options);
    let secrets =
        kept_secrets(&app.connections.vault(), &ProfileId::new(saved.id)).unwrap().unwrap();
    assert_eq!(secrets.proxy_password.unwrap().expose(), "hush");
    assert_eq!(secrets.keys.unwrap().access_key, "AKIAACME");
    let on_disk = std::fs::read_dir(home.path()).unwrap().flatten().filter(|f| f.path().is_file());
    for file in on_disk {
        let bytes = std::fs::read(file.path()).unwrap();
        assert!(!bytes.windows(4).any(|w| w == b"hush"), "{}", file.path().display());
    }
}

#[test]
fn a_hint_never_shows_a_whole_key() {
    assert_eq!(hint(""), None);
    assert_eq!(hint("short").as_deref(), Some("…"));
    assert_eq!(hint("AKIAIOSFODNN7EXAMPLE").as_deref(), Some("AKIA…MPLE"));
}

/// The doctor's change moves the keys along within one provider, and nowhere else.
#[tokio::test]
async fn a_mended_region_keeps_its_keys() {
    let home = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::default());
    let app = App::open_with(home.path(), store, dipper_transfer::Limits::default()).unwrap();
    let keys = Some(("AKIAACME", "secret"));
    let endpoint = |id: &str| {
        let kept = kept_secrets(&app.connections.vault(), &ProfileId::new(id)).unwrap();
        kept.map(|kept| (kept.endpoint, kept.keys.is_some()))
    };
    let to = Fix::Region("eu-central-1".into());

    let aws = ProfileDraft {
        provider: "aws".into(),
        endpoint: String::new(),
        region: "us-east-1".into(),
        ..draft(None, keys, Keep::Vault)
    };
    let aws = app.save_profile(aws).await.unwrap();
    app.mend(&aws.id, &to).await.unwrap();
    let mended = app.find_profile(&aws.id).await.unwrap().unwrap();
    assert_eq!(
        (mended.endpoint.as_str(), mended.region.as_str(), mended.kind),
        ("https://s3.eu-central-1.amazonaws.com", "eu-central-1", ProfileKind::Vault)
    );
    assert_eq!(endpoint(&aws.id), Some((Some(mended.endpoint), true)));

    // Here the region is by chance a part of the host's name.
    let own = ProfileDraft { region: "example".into(), ..draft(None, keys, Keep::Session) };
    let own = app.save_profile(own).await.unwrap();
    app.mend(&own.id, &to).await.unwrap();
    app.mend(&own.id, &Fix::Addressing(Addressing::Path)).await.unwrap();
    let mended = app.find_profile(&own.id).await.unwrap().unwrap();
    assert_eq!(mended.endpoint, "https://s3.example.org");
    assert_eq!((mended.addressing, mended.kind), (Addressing::Path, ProfileKind::Session));
    assert!(mended.access_key_hint.is_some(), "the keys of this run are still there");

    assert!(app.mend(&own.id, &Fix::Region("evil.example".into())).await.is_err());
    assert!(app.mend("sandbox", &to).await.is_err());
}
