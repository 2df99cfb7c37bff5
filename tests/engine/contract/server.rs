//! The servers that the behaviours are run on.

use std::sync::atomic::{AtomicU32, Ordering};

use dipper_s3::{Addressing, S3};
use dipper_sandbox::{Config, Sandbox};
use dipper_types::BucketName;

use crate::support::connection;

pub struct Keys {
    pub access: String,
    pub secret: String,
}

pub struct Server {
    pub endpoint: String,
    pub main: Keys,
    pub alt: Keys,
    pub kind: Kind,
    _own: Option<(Sandbox, Option<tempfile::TempDir>)>,
}

impl Server {
    async fn with(&self, keys: Option<(&str, &str)>) -> S3 {
        S3::connect(connection(&self.endpoint, self.kind.provider(), keys)).await
    }

    pub async fn main(&self) -> S3 {
        self.with(Some((&self.main.access, &self.main.secret))).await
    }

    pub async fn alt(&self) -> S3 {
        self.with(Some((&self.alt.access, &self.alt.secret))).await
    }

    pub async fn anyone(&self) -> S3 {
        self.with(None).await
    }

    pub async fn keys(&self, access: &str, secret: &str) -> S3 {
        self.with(Some((access, secret))).await
    }

    /// `main` on names such as `BUCKET.s3.localhost`. Only for what is not sent: nobody resolves them.
    pub async fn hosted(&self, addressing: Addressing) -> S3 {
        let port = self.endpoint.rsplit(':').next().unwrap();
        let endpoint = format!("http://s3.localhost:{port}");
        let keys = Some((self.main.access.as_str(), self.main.secret.as_str()));
        let mut connection = connection(&endpoint, self.kind.provider(), keys);
        connection.addressing = addressing;
        S3::connect(connection).await
    }

    /// `main` as a server that knows only version 1 of ListObjects has it.
    pub async fn first_version(&self) -> S3 {
        let keys = Some((self.main.access.as_str(), self.main.secret.as_str()));
        let mut connection = connection(&self.endpoint, self.kind.provider(), keys);
        let mut provider = dipper_s3::Provider::clone(&connection.provider);
        provider.list_version = 1;
        connection.provider = std::sync::Arc::new(provider);
        S3::connect(connection).await
    }

    /// What AWS and the sandbox say, and what others say instead (`docs/contract.md`).
    pub fn differs<T>(&self, aws: T, others: impl IntoIterator<Item = (Kind, T)>) -> T {
        others.into_iter().find(|(kind, _)| *kind == self.kind).map_or(aws, |(_, told)| told)
    }

    /// Whether it has keys such as this one (`docs/contract.md`).
    pub fn takes(&self, key: &str) -> bool {
        match self.kind {
            // It keeps objects as files below folders: their paths are cleaned, folders have no bytes.
            Kind::Seaweed => {
                let odd = |part| matches!(part, "" | "." | "..");
                !key.contains('\\') && !key.split('/').any(odd)
            }
            // Its web framework looks for a route, and finds none with a line feed.
            Kind::Moto => !key.contains('\n'),
            Kind::Memory | Kind::Folder | Kind::Rgw => true,
        }
    }

    /// A name that no other case and no earlier run has.
    pub fn name() -> BucketName {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("t-{:x}-{:x}-{count}", now.as_micros(), std::process::id());
        BucketName::check_new(&name).unwrap()
    }

    /// A new bucket of `main`.
    pub async fn bucket(&self) -> (S3, BucketName) {
        let (main, name) = (self.main().await, Self::name());
        main.create_bucket(&name, None).await.unwrap();
        (main, name)
    }

    /// A new bucket of `main` that keeps versions.
    pub async fn versioned(&self) -> (S3, BucketName) {
        let (main, name) = self.bucket().await;
        super::versions::set(&main, &name, "Enabled").await;
        (main, name)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Memory,
    Folder,
    Rgw,
    Seaweed,
    Moto,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Memory, Self::Folder, Self::Rgw, Self::Seaweed, Self::Moto];

    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "sandbox",
            Self::Folder => "sandbox-folder",
            Self::Rgw => "rgw",
            Self::Seaweed => "seaweed",
            Self::Moto => "moto",
        }
    }

    fn provider(self) -> &'static str {
        match self {
            Self::Memory | Self::Folder => "sandbox",
            Self::Seaweed => "seaweedfs",
            Self::Rgw => "ceph",
            Self::Moto => "custom",
        }
    }

    /// The variable that names its endpoint, and what it is.
    fn elsewhere(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Memory | Self::Folder => None,
            Self::Rgw => Some(("DIPPER_TEST_RGW", "Ceph RADOS Gateway")),
            Self::Seaweed => Some(("DIPPER_TEST_SEAWEED", "SeaweedFS")),
            Self::Moto => Some(("DIPPER_TEST_MOTO", "moto")),
        }
    }

    /// Why it can't be asked here.
    pub fn missing(self) -> Option<String> {
        let (variable, name) = self.elsewhere()?;
        if std::env::var_os(variable).is_some() {
            return None;
        }
        let why = std::env::var(format!("{variable}_MISSING"));
        Some(why.unwrap_or_else(|_| format!("no {name}: {variable} is not set")))
    }

    pub async fn start(self) -> Server {
        let own = |sandbox: Sandbox, folder| {
            let keys = |a: &dipper_sandbox::Account| Keys {
                access: a.access_key.clone(),
                secret: a.secret_key.expose().clone(),
            };
            Server {
                endpoint: sandbox.endpoint(),
                main: keys(sandbox.main()),
                alt: keys(sandbox.alt()),
                kind: self,
                _own: Some((sandbox, folder)),
            }
        };
        let fixed =
            |access: &str, secret: &str| Keys { access: access.into(), secret: secret.into() };
        match self.elsewhere() {
            None if self == Self::Memory => {
                own(Sandbox::start(Config::memory()).await.unwrap(), None)
            }
            None => {
                let folder = tempfile::tempdir().unwrap();
                let sandbox = Sandbox::start(Config::folder(folder.path())).await.unwrap();
                own(sandbox, Some(folder))
            }
            Some((variable, _)) => Server {
                endpoint: std::env::var(variable).unwrap(),
                main: fixed("MAINACCESSKEY0000001", "mainsecretkey00000000000000000000000001"),
                alt: fixed("ALTACCESSKEY00000002", "altsecretkey000000000000000000000000002"),
                kind: self,
                _own: None,
            },
        }
    }
}
