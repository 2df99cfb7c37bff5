//! What S3 is to us: behaviours as functions over a server, run on every server there is.
//! Where the sandbox and a real server differ on purpose is in `docs/contract.md`.

mod access;
mod buckets;
mod errors;
mod listing;
mod multipart;
mod objects;

use std::sync::atomic::{AtomicU32, Ordering};

use dipper_s3::S3;
use dipper_sandbox::{Config, Sandbox};
use dipper_types::BucketName;
use futures::future::BoxFuture;
use libtest_mimic::Trial;

use crate::support::{connection, trial, unless};

pub struct Keys {
    pub access: String,
    pub secret: String,
}

pub struct Server {
    pub endpoint: String,
    pub main: Keys,
    pub alt: Keys,
    provider: &'static str,
    _own: Option<(Sandbox, Option<tempfile::TempDir>)>,
}

impl Server {
    async fn with(&self, keys: Option<(&str, &str)>) -> S3 {
        S3::connect(connection(&self.endpoint, self.provider, keys)).await
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

    /// What AWS and the sandbox say, and what Ceph says instead (`docs/contract.md`).
    pub fn differs<T>(&self, aws: T, ceph: T) -> T {
        if self.provider == "ceph" { ceph } else { aws }
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
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Memory,
    Folder,
    Rgw,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Memory => "sandbox",
            Self::Folder => "sandbox-folder",
            Self::Rgw => "rgw",
        }
    }

    /// Why it can't be asked here.
    fn missing(self) -> Option<String> {
        if self != Self::Rgw || std::env::var_os("DIPPER_TEST_RGW").is_some() {
            return None;
        }
        let why = std::env::var("DIPPER_TEST_RGW_MISSING");
        Some(why.unwrap_or_else(|_| "no Ceph RADOS Gateway: DIPPER_TEST_RGW is not set".into()))
    }

    async fn start(self) -> Server {
        let own = |sandbox: Sandbox, folder| {
            let keys = |a: &dipper_sandbox::Account| Keys {
                access: a.access_key.clone(),
                secret: a.secret_key.expose().clone(),
            };
            Server {
                endpoint: sandbox.endpoint(),
                main: keys(sandbox.main()),
                alt: keys(sandbox.alt()),
                provider: "sandbox",
                _own: Some((sandbox, folder)),
            }
        };
        let fixed =
            |access: &str, secret: &str| Keys { access: access.into(), secret: secret.into() };
        match self {
            Self::Memory => own(Sandbox::start(Config::memory()).await.unwrap(), None),
            Self::Folder => {
                let folder = tempfile::tempdir().unwrap();
                let sandbox = Sandbox::start(Config::folder(folder.path())).await.unwrap();
                own(sandbox, Some(folder))
            }
            Self::Rgw => Server {
                endpoint: std::env::var("DIPPER_TEST_RGW").unwrap(),
                main: fixed("MAINACCESSKEY0000001", "mainsecretkey00000000000000000000000001"),
                alt: fixed("ALTACCESSKEY00000002", "altsecretkey000000000000000000000000002"),
                provider: "ceph",
                _own: None,
            },
        }
    }
}

type Run = fn(std::sync::Arc<Server>) -> BoxFuture<'static, ()>;

macro_rules! cases {
    ($($module:ident { $($name:ident),* $(,)? })*) => {
        &[$($((
            concat!(stringify!($module), "::", stringify!($name)),
            |server| Box::pin(async move { $module::$name(&server).await }),
        )),*),*]
    };
}

const CASES: &[(&str, Run)] = cases! {
    buckets {
        made_listed_found_deleted,
        a_missing_bucket_is_named,
        a_full_bucket_stays,
        a_name_that_is_taken,
        no_versions_unless_asked_for,
    }
    objects {
        what_is_put_is_got,
        nothing_is_something,
        ranges,
        only_the_object_that_was_meant,
        headers_and_metadata_stay,
        a_second_put_replaces,
        only_if_absent,
        odd_keys,
        the_longest_key,
        deleting_what_is_not_there,
        a_thousand_at_once,
        wrong_sums_are_refused,
    }
    listing {
        pages,
        by_folder,
        starting_after,
        nothing_there,
        keys_that_xml_cannot_say,
        folders_and_pages,
    }
    multipart {
        parts_become_one,
        aborted_leaves_nothing,
        an_upload_that_is_not_there,
        wrong_parts_are_refused,
        parts_are_listed,
        the_last_of_a_number_counts,
        some_parts_are_enough,
        odd_keys_in_uploads,
    }
    access {
        private_is_private,
        an_object_made_public,
        public_from_the_start,
        a_public_bucket_opens_its_names_only,
        acls_say_who_owns,
        a_policy_opens_and_closes,
        a_policy_for_a_folder,
        a_policy_for_one_account,
        a_denial_wins,
        what_is_no_policy,
        a_policy_without_sense,
        no_policy_is_no_error,
        blocks_and_ownership,
    }
    errors {
        a_wrong_secret,
        an_unknown_key,
        missing_things_by_name,
        not_yours,
        a_range_beyond_the_end,
        a_large_body_that_is_refused,
    }
};

/// What a server has no word for.
const UNSUPPORTED: &[(Kind, &str, &str)] = &[
    (Kind::Rgw, "access::blocks_and_ownership", "Ceph 16 has no ownership controls"),
    (Kind::Rgw, "access::a_policy_without_sense", "Ceph 16 takes any JSON object for a policy"),
    (Kind::Rgw, "multipart::some_parts_are_enough", "Ceph 16 wants every part that was sent"),
];

pub fn trials() -> Vec<Trial> {
    let mut trials = vec![trial("contract::sandbox::access::as_aws_makes_buckets", || {
        access::as_aws_makes_buckets()
    })];
    for kind in [Kind::Memory, Kind::Folder, Kind::Rgw] {
        for (name, run) in CASES {
            let unsupported = UNSUPPORTED
                .iter()
                .find(|(k, n, _)| *k == kind && n == name)
                .map(|(_, _, why)| (*why).to_owned());
            let case = trial(format!("contract::{}::{name}", kind.name()), move || async move {
                run(std::sync::Arc::new(kind.start().await)).await;
            });
            trials.push(unless(unsupported.or_else(|| kind.missing()), case));
        }
    }
    trials
}
