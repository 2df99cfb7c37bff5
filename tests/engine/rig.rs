//! An engine at work: a home of its own, one client, a sink that remembers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dipper_app::Failure;
use dipper_s3::{ListRequest, ObjectHeaders, S3};
use dipper_sandbox::{Account, Config, Sandbox};
use dipper_state::{Db, JobRow, JobState, TransferFilter, TransferRow, TransferState};
use dipper_transfer::{
    Connections, Engine, Limits, ListedAction, ListedJob, OnExisting, Preserve, Sink, Stored,
    TransferError, UploadJob, UploadSource,
};
use dipper_types::{BucketName, JobId, Prefix, ProfileId, SystemClock};
use futures::future::BoxFuture;

use crate::support::{bucket, client, key};

struct One(S3);

impl Connections for One {
    fn s3<'a>(&'a self, _: &'a ProfileId) -> BoxFuture<'a, Result<S3, TransferError>> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

#[derive(Default)]
pub struct Told {
    pub stored: Mutex<Vec<Stored>>,
}

impl Sink for Told {
    fn job_changed(&self, _: JobId) {}

    fn stored(&self, object: Stored) {
        self.stored.lock().unwrap().push(object);
    }

    fn describe(&self, error: &TransferError) -> String {
        serde_json::to_string(&Failure::from(error)).unwrap()
    }
}

/// Quick to give up, and without waiting.
pub const LIMITS: Limits = Limits {
    jobs: 2,
    files: 4,
    parts: 2,
    bytes_in_flight: 64 << 20,
    single_copy: 5 << 30,
    attempts: 4,
    patience: Duration::ZERO,
    first_pause: Duration::from_millis(4),
};

pub struct Rig {
    pub engine: Arc<Engine>,
    pub told: Arc<Told>,
}

impl Rig {
    pub fn open(home: &Path, s3: S3) -> Self {
        Self::with(home, s3, LIMITS)
    }

    pub fn with(home: &Path, s3: S3, limits: Limits) -> Self {
        Self::over(&Db::open(home).unwrap(), s3, limits)
    }

    pub fn over(db: &Db, s3: S3, limits: Limits) -> Self {
        let told = Arc::new(Told::default());
        let sink = Arc::clone(&told) as Arc<dyn Sink>;
        let engine =
            Engine::new(db, Arc::new(One(s3)), sink, Arc::new(SystemClock), limits).unwrap();
        Self { engine, told }
    }

    /// Each path as a source under the key beside it.
    pub async fn begin_upload(&self, to: &BucketName, sources: &[(&Path, &str)]) -> JobId {
        self.begin_upload_with(to, sources, ObjectHeaders::default()).await
    }

    pub async fn begin_upload_with(
        &self,
        to: &BucketName,
        sources: &[(&Path, &str)],
        headers: ObjectHeaders,
    ) -> JobId {
        let sources = sources
            .iter()
            .map(|(path, key)| UploadSource { path: path.into(), key: (*key).to_owned() })
            .collect();
        let job = UploadJob {
            profile: ProfileId::new("p"),
            bucket: to.clone(),
            prefix: Prefix::root(),
            title: "up".into(),
            sources,
            headers,
            on_existing: OnExisting::Overwrite,
            keep: Preserve::default(),
            sending: Default::default(),
        };
        self.engine.submit_upload(job).await.unwrap()
    }

    /// One source, where something may lie under its key.
    pub async fn begin_upload_where(
        &self,
        to: &BucketName,
        (path, key): (&Path, &str),
        on_existing: OnExisting,
    ) -> JobId {
        let job = UploadJob {
            profile: ProfileId::new("p"),
            bucket: to.clone(),
            prefix: Prefix::root(),
            title: "up".into(),
            sources: vec![UploadSource { path: path.into(), key: key.to_owned() }],
            headers: ObjectHeaders::default(),
            on_existing,
            keep: Default::default(),
            sending: Default::default(),
        };
        self.engine.submit_upload(job).await.unwrap()
    }

    pub async fn upload(&self, to: &BucketName, sources: &[(&Path, &str)]) -> JobRow {
        let id = self.begin_upload(to, sources).await;
        self.ended(id).await
    }

    pub async fn begin_listed(
        &self,
        of: &BucketName,
        prefix: &str,
        objects: &[(&str, u64)],
        action: ListedAction,
    ) -> JobId {
        let job = ListedJob {
            profile: ProfileId::new("p"),
            bucket: of.clone(),
            prefix: Prefix::new(prefix).unwrap(),
            title: "listed".into(),
            objects: objects.iter().map(|(k, size)| (key(k), *size).into()).collect(),
            below: Vec::new(),
            action,
        };
        self.engine.submit_listed(job).await.unwrap()
    }

    pub async fn begin_download(
        &self,
        of: &BucketName,
        objects: &[(&str, u64)],
        folder: &Path,
    ) -> JobId {
        let on_existing = OnExisting::Overwrite;
        self.begin_listed(
            of,
            "",
            objects,
            ListedAction::Download {
                folder: folder.into(),
                on_existing,
                portable_names: false,
                as_stored: false,
            },
        )
        .await
    }

    pub async fn download(
        &self,
        of: &BucketName,
        objects: &[(&str, u64)],
        folder: &Path,
    ) -> JobRow {
        let id = self.begin_download(of, objects, folder).await;
        self.ended(id).await
    }

    pub async fn ended(&self, id: JobId) -> JobRow {
        self.engine.wait_idle().await;
        self.engine.journal().job(id).unwrap().unwrap()
    }

    pub fn items(&self, id: JobId) -> Vec<TransferRow> {
        self.engine.journal().transfers(id, TransferFilter::All, 0, 10_000).unwrap().1
    }

    /// In the word that the code has everywhere.
    pub fn code(&self, job: &JobRow) -> String {
        serde_json::to_value(self.failure(job).code).unwrap().as_str().unwrap().to_owned()
    }

    /// How the only item of a job failed.
    pub fn failure(&self, job: &JobRow) -> Failure {
        assert_eq!(job.state, JobState::Failed, "{job:?}");
        let items = self.items(job.id);
        let failed: Vec<_> = items.iter().filter(|i| i.state == TransferState::Failed).collect();
        assert_eq!(failed.len(), 1, "{items:?}");
        serde_json::from_str(failed[0].error.as_deref().unwrap()).unwrap()
    }
}

/// A sandbox with a bucket `bucket`, and folders that go with the trial.
pub struct Place {
    pub sandbox: Sandbox,
    pub s3: S3,
    pub bucket: BucketName,
    pub folder: tempfile::TempDir,
}

impl Place {
    pub async fn new() -> Self {
        Self::of(Config::memory(), tempfile::tempdir().unwrap()).await
    }

    /// Durable, in a folder of its own.
    pub async fn durable() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::of(Config::folder(folder.path().join("server")), folder).await
    }

    async fn of(config: Config, folder: tempfile::TempDir) -> Self {
        let sandbox = Sandbox::start(config).await.unwrap();
        let s3 = client(&sandbox.endpoint(), sandbox.main()).await;
        let bucket = bucket("bucket");
        s3.create_bucket(&bucket, None).await.unwrap();
        for name in ["home", "src", "dst"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { sandbox, s3, bucket, folder }
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub fn src(&self) -> PathBuf {
        self.folder.path().join("src")
    }

    pub fn dst(&self) -> PathBuf {
        self.folder.path().join("dst")
    }

    pub fn rig(&self) -> Rig {
        Rig::open(&self.home(), self.s3.clone())
    }

    pub fn main(&self) -> &Account {
        self.sandbox.main()
    }

    /// A file among the sources.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.src().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub async fn put(&self, name: &str, bytes: &[u8]) {
        let bytes = bytes::Bytes::copy_from_slice(bytes);
        let request = dipper_s3::PutRequest::default();
        self.s3.put_object(&self.bucket, &key(name), bytes, &request, None).await.unwrap();
    }

    /// Every object, with its bytes.
    pub async fn objects(&self) -> Vec<(String, Vec<u8>)> {
        let page = self.s3.list_page(&self.bucket, &ListRequest::default()).await.unwrap();
        assert!(page.next.is_none());
        let mut all = Vec::new();
        for object in page.objects {
            let name = key(&object.key);
            let got = self.s3.get_object(&self.bucket, &name, &Default::default()).await.unwrap();
            all.push((object.key, got.collect(1 << 30).await.unwrap()));
        }
        all
    }

    pub async fn keys(&self) -> Vec<String> {
        self.objects().await.into_iter().map(|(key, _)| key).collect()
    }

    pub async fn open_uploads(&self) -> usize {
        self.s3.list_uploads(&self.bucket, "").await.unwrap().len()
    }
}

/// Waits for what must come soon.
pub async fn until<F, Fut>(what: &str, mut seen: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    for _ in 0..2000 {
        if seen().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never: {what}");
}
