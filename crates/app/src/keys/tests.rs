//! Keys, places and what comes of them, on the sandbox.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use dipper_state::{JobState, KeyStore, KeychainError};
use dipper_transfer::{Limits, OnExisting, Protection, Seal};
use dipper_types::BucketName;
use zeroize::Zeroizing;

use super::*;
use crate::{Lock, SelectOp, ServerSide, UploadOptions, UploadProtection};

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

/// An app on its own sandbox, with a bucket and a passphrase named `phrase`.
struct Rig {
    home: tempfile::TempDir,
    app: Arc<App>,
    profile: String,
}

const PHRASE: &str = "a long enough passphrase";

impl Rig {
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let app = App::open_with(home.path(), Arc::<Store>::default(), Limits::default()).unwrap();
        let profile = app.start_sandbox().await.unwrap().id;
        app.create_bucket(&profile, "box", None).await.unwrap();
        let phrase = Some(Secret::new(PHRASE.to_owned()));
        app.keep_key("phrase", KeyKind::Passphrase, phrase).await.unwrap();
        Self { home, app, profile }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    async fn upload(&self, name: &str, prefix: &str) {
        std::fs::write(self.path(name), format!("this is {name}")).unwrap();
        let handle = self.app.stage(vec![self.path(name)]).handle;
        let options = self.app.upload_options(&self.profile, "box").unwrap();
        let on_existing = OnExisting::Overwrite;
        let id =
            self.app.start_upload(handle, &self.profile, "box", prefix, options, on_existing).await;
        self.done(id.unwrap()).await;
    }

    async fn done(&self, id: dipper_types::JobId) {
        let job = self.app.wait_job(id).await.unwrap();
        assert_eq!((job.state, job.files_failed), (JobState::Completed, 0), "{job:?}");
    }

    async fn info(&self, key: &str) -> crate::ObjectInfo {
        self.app.object_info(&self.profile, "box", key).await.unwrap()
    }

    /// A listing with everything in it selected.
    async fn all(&self, prefix: &str) -> u32 {
        let id = self.app.open_listing(&self.profile, "box", prefix, |_| {}).await.unwrap();
        self.app.select_rows(id, 0, SelectOp::All).await.unwrap();
        id
    }

    async fn options(&self, protection: UploadProtection) -> Result<()> {
        let options = UploadOptions { protection, ..UploadOptions::default() };
        self.app.set_upload_options(&self.profile, "box", &options).await
    }

    async fn protect(&self, prefix: &str, protection: Protection) -> Result<()> {
        let bucket = BucketName::new("box").unwrap();
        self.app.protect(&self.profile, &bucket, prefix, protection).await
    }
}

fn here(format: &str, keys: &[&str]) -> Protection {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    Protection::Client { seal: Seal { format: format.into(), keys } }
}

fn server(with: ServerSide) -> Protection {
    Protection::Server { with }
}

fn kms() -> ServerSide {
    ServerSide::Kms { key: Some("alias/mine".into()), bucket_key: Some(true) }
}

#[tokio::test]
async fn a_key_goes_to_paper_and_comes_back() {
    let rig = Rig::new().await;
    rig.app.keep_key("mine", KeyKind::Customer, None).await.unwrap();
    for (name, kind) in [("mine", KeyKind::Customer), ("phrase", KeyKind::Passphrase)] {
        let paper = rig.path("paper.txt");
        std::fs::write(&paper, "what lay there before").unwrap();
        rig.app.export_key_to(name, &paper).await.unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(paper.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        let text = std::fs::read_to_string(&paper).unwrap();
        assert!(text.contains(&format!("# Name: {name}\n")), "{text}");
        rig.app.keep_key("back", kind, Some(Secret::new(text))).await.unwrap();
        let key = |name| rig.app.export_key(name);
        let (was, is) = (key(name).await.unwrap(), key("back").await.unwrap());
        assert_eq!(was.expose(), is.expose());
        rig.app.remove_key("back").await.unwrap();
    }
    let left: Vec<_> = std::fs::read_dir(rig.home.path()).unwrap().flatten().collect();
    assert!(!left.iter().any(|file| file.file_name().to_string_lossy().contains("dipper-new")));
    let missing = rig.app.export_key_to("nobody", Path::new("x")).await.unwrap_err();
    assert_eq!(missing.code, Code::KeyMissing);
}

#[tokio::test]
async fn what_needs_a_key_is_told_before_it_goes() {
    let rig = Rig::new().await;
    let seal = here("openpgp", &["phrase"]);
    rig.protect("safe/", seal.clone()).await.unwrap();
    rig.options(UploadProtection::With { protection: seal }).await.unwrap();
    let uses = rig.app.key_uses("phrase").unwrap();
    assert_eq!(uses.places[0].prefix, "safe/");
    assert_eq!(uses.uploads, [(rig.profile.clone(), "box".to_owned())]);
    assert!(uses.jobs.is_empty());
    assert_eq!(rig.app.remove_key("phrase").await.unwrap_err().code, Code::Conflict);
    let bucket = BucketName::new("box").unwrap();
    rig.app.unprotect(&rig.profile, &bucket, "safe/").await.unwrap();
    rig.app.remove_key("phrase").await.unwrap();
    assert_eq!(rig.app.key_uses("phrase").unwrap_err().code, Code::KeyMissing);
}

#[tokio::test]
async fn a_rule_needs_keys_that_can_do_it() {
    let rig = Rig::new().await;
    rig.app.keep_key("mine", KeyKind::Customer, None).await.unwrap();
    rig.app.keep_key("pair", KeyKind::Age, None).await.unwrap();
    rig.app.keep_key("other", KeyKind::Age, None).await.unwrap();
    for (bad, code) in [
        (here("openpgp", &["nobody"]), Code::KeyMissing),
        (here("openpgp", &["pair"]), Code::InvalidInput),
        (here("openpgp", &[]), Code::InvalidInput),
        (here("zip", &["phrase"]), Code::InvalidInput),
        (here("age", &["pair", "phrase"]), Code::InvalidInput),
        (server(ServerSide::Customer { key: "pair".into() }), Code::InvalidInput),
    ] {
        let refused = rig.protect("", bad.clone()).await.unwrap_err();
        assert_eq!(refused.code, code, "{bad:?}");
        let refused = rig.options(UploadProtection::With { protection: bad }).await.unwrap_err();
        assert_eq!(refused.code, code);
    }
    for good in [
        here("age", &["pair", "other"]),
        here("age", &["phrase"]),
        server(ServerSide::Customer { key: "mine".into() }),
        server(kms()),
    ] {
        rig.protect("", good).await.unwrap();
    }
    assert_eq!(rig.app.places().unwrap().len(), 1);
}

#[tokio::test]
async fn uploads_are_encrypted_as_is_asked_else_as_the_place_says() {
    let rig = Rig::new().await;
    rig.protect("", here("openpgp", &["phrase"])).await.unwrap();
    rig.upload("one", "d/").await;
    let info = rig.info("d/one").await;
    let sealed = info.sealed.expect("as the place says");
    assert_eq!((sealed.format.as_str(), &sealed.keys[..]), ("openpgp", &["phrase".to_owned()][..]));
    rig.options(UploadProtection::None).await.unwrap();
    rig.upload("two", "d/").await;
    assert!(rig.info("d/two").await.sealed.is_none());
    rig.options(UploadProtection::With { protection: server(kms()) }).await.unwrap();
    rig.upload("three", "d/").await;
    let info = rig.info("d/three").await;
    assert!(info.sealed.is_none(), "not both");
    assert_eq!(info.head.server_side(), Some(kms()));

    // What was looked at has its badge; a folder has that of its rule.
    let id = rig.all("d/").await;
    let window = rig.app.listing_rows(id, 1, 0, 10);
    let rows = match window.unwrap() {
        window if window.stale => rig.app.listing_rows(id, window.generation, 0, 10).unwrap().rows,
        window => window.rows,
    };
    let told = rig.app.rows_access(id, rows.iter().map(|row| row.id).collect()).await.unwrap();
    let lock = |name: &str| {
        let row = rows.iter().find(|row| row.name == name).unwrap();
        told.iter().find(|told| told.id == row.id).unwrap().lock
    };
    let locks = (lock("one"), lock("two"), lock("three"));
    assert_eq!(locks, (Some(Lock::OpenPgp), None, Some(Lock::Kms)));

    // As it is stored, and as it was.
    for (as_stored, wanted) in [(true, None), (false, Some("this is one"))] {
        let folder = tempfile::tempdir().unwrap();
        let frozen = rig.app.freeze(id).await.unwrap();
        let to = rig.app.stage_folder(folder.path().to_owned());
        let job = rig.app.start_download(frozen.token, to, OnExisting::Refuse, as_stored).await;
        rig.done(job.unwrap()).await;
        let bytes = std::fs::read(folder.path().join("one")).unwrap();
        assert_eq!(bytes == b"this is one", wanted.is_some());
        assert_eq!(std::fs::read(folder.path().join("two")).unwrap(), b"this is two");
    }
}

#[tokio::test]
async fn what_is_there_is_encrypted_anew_at_the_server() {
    let rig = Rig::new().await;
    rig.upload("one", "d/").await;
    rig.upload("two", "d/e/").await;
    rig.upload("out", "").await;
    let id = rig.all("d/").await;
    let frozen = rig.app.freeze(id).await.unwrap();
    assert_eq!((frozen.objects, frozen.folders), (2, 1));
    // A key that is not there is told before anything is done, and the selection is still at hand.
    let nobody = ServerSide::Customer { key: "nobody".into() };
    let refused = rig.app.start_encryption(frozen.token, nobody).await.unwrap_err();
    assert_eq!(refused.code, Code::KeyMissing);
    rig.done(rig.app.start_encryption(frozen.token, kms()).await.unwrap()).await;
    for key in ["d/one", "d/e/two"] {
        assert_eq!(rig.info(key).await.head.server_side(), Some(kms()), "{key}");
    }
    assert_ne!(rig.info("out").await.head.server_side(), Some(kms()));
}

#[tokio::test]
async fn a_bucket_has_its_own_default() {
    let rig = Rig::new().await;
    let get = || rig.app.bucket_default(&rig.profile, "box");
    let set = |with| rig.app.set_bucket_default(&rig.profile, "box", with);
    assert_eq!(get().await.unwrap().with, None);
    for with in [ServerSide::S3, kms(), ServerSide::Dsse { key: None }] {
        assert_eq!(set(Some(with.clone())).await.unwrap().with, Some(with));
    }
    let customer = Some(ServerSide::Customer { key: "phrase".into() });
    assert_eq!(set(customer).await.unwrap_err().code, Code::InvalidInput);
    assert_eq!(set(None).await.unwrap(), BucketDefault::default());
    assert_eq!(get().await.unwrap(), BucketDefault::default());
}

#[tokio::test]
async fn a_customers_key_that_is_gone_is_told_as_such() {
    let rig = Rig::new().await;
    rig.app.keep_key("mine", KeyKind::Customer, None).await.unwrap();
    let customer = ServerSide::Customer { key: "mine".into() };
    let protection = server(customer.clone());
    rig.options(UploadProtection::With { protection }).await.unwrap();
    rig.upload("one", "").await;
    assert_eq!(rig.info("one").await.head.server_side(), Some(customer));
    rig.app.remove_key("mine").await.unwrap();
    let failed = rig.app.object_info(&rig.profile, "box", "one").await.unwrap_err();
    assert_eq!(failed.code, Code::KeyMissing, "{failed:?}");
}
