//! What users run into: one clear message each with what to do next, nothing half-written, nothing
//! outside the chosen folder. The words are in [`TABLE`], once.

mod connecting;
mod local;
mod names;

pub use connecting::{NoStore, draft};
use dipper_app::{Code, Failure};
use libtest_mimic::Trial;

use crate::support::{trial, unless};

type Words = (&'static str, Code, &'static str, Option<&'static str>);

/// Case, code, message (`…` stands for addresses, paths and numbers), beginning of the hint.
const TABLE: &[Words] = &[
    (
        "wrong secret",
        Code::Unauthenticated,
        "ListBuckets: SignatureDoesNotMatch (403): …",
        Some("The secret key does not fit the access key id."),
    ),
    (
        "unknown key",
        Code::Unauthenticated,
        "ListBuckets: InvalidAccessKeyId (403): …",
        Some("This access key id is unknown here."),
    ),
    ("closed port", Code::Network, "ListBuckets: …", Some("Check the endpoint's address and port")),
    (
        "no such host",
        Code::Network,
        "ListBuckets: …",
        Some("Check the endpoint's address and port"),
    ),
    ("silence", Code::Timeout, "ListBuckets: …", Some("The server did not answer in time.")),
    (
        "self-signed",
        Code::Tls,
        "ListBuckets: …",
        Some("This machine doesn't trust the server's certificate."),
    ),
    (
        "plain http on a TLS port",
        Code::Network,
        "ListBuckets: …",
        Some("Check the endpoint's address and port"),
    ),
    (
        "wrong region",
        Code::WrongRegion,
        "ListBuckets: AuthorizationHeaderMalformed (400): …",
        Some("The server says that the region is eu-central-1."),
    ),
    (
        "a web page",
        Code::Network,
        "ListBuckets: HTTP 200: …",
        Some("What answers there doesn't speak S3"),
    ),
    (
        "clock",
        Code::ClockSkew,
        "ListBuckets: RequestTimeTooSkewed (403): …",
        Some("This machine's clock is off."),
    ),
    (
        "denied",
        Code::AccessDenied,
        "ListBuckets: AccessDenied (403): …",
        Some("Check the access key id and the secret key."),
    ),
    (
        "no address",
        Code::InvalidInput,
        "an endpoint is needed, for example https://s3.example.com",
        Some("It looks like https://s3.example.com"),
    ),
    ("half a key", Code::InvalidInput, "the secret key is missing", None),
    (
        "missing bucket",
        Code::BucketNotFound,
        "PutObject s3://none-here/f: NoSuchBucket (404): …",
        Some("Check the bucket's name"),
    ),
    (
        "file gone",
        Code::LocalIo,
        "read …: No such file or directory (os error 2)",
        Some("The file has been moved or deleted."),
    ),
    (
        "file unreadable",
        Code::LocalIo,
        "read …: Permission denied (os error 13)",
        Some("Check the permissions of the file"),
    ),
    (
        "file changes",
        Code::SourceChanged,
        "… changed while it was being uploaded",
        Some("Retry when nobody writes to it."),
    ),
    (
        "disk full",
        Code::DiskFull,
        "write …: No space left on device (os error 28)",
        Some("Make room on the disk, then retry."),
    ),
    (
        "folder is a file",
        Code::LocalIo,
        "create folder …: not a directory",
        Some("Here a file and a folder want the same name."),
    ),
    (
        "link leads out",
        Code::InvalidInput,
        "… leads out of the chosen folder",
        Some("A link in the chosen folder leads elsewhere."),
    ),
    (
        "name too long",
        Code::InvalidInput,
        "this key can't be a file here: a part of the name would need … bytes on disk; at most 255 are possible",
        Some("Copy the object to a shorter name"),
    ),
    ("exists", Code::AlreadyExists, "… exists already", Some("Choose another name")),
];

/// `…` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    for (at, piece) in pattern.split('…').enumerate() {
        match rest.find(piece) {
            Some(0) => rest = &rest[piece.len()..],
            Some(found) if at > 0 => rest = &rest[found + piece.len()..],
            _ => return false,
        }
    }
    rest.is_empty() || pattern.ends_with('…')
}

#[track_caller]
fn told(case: &str, failure: &Failure) {
    let (_, code, message, hint) = TABLE.iter().find(|(name, ..)| *name == case).unwrap();
    assert_eq!(failure.code, *code, "{case}: {failure:?}");
    assert!(fits(message, &failure.message), "{case}: {failure:?}");
    let begins = failure.hint.as_deref().unwrap_or("");
    assert!(
        hint.is_some() != begins.is_empty() && begins.starts_with(hint.unwrap_or("")),
        "{case}: {failure:?}"
    );
}

macro_rules! trials {
    ($($module:ident { $($name:ident),* $(,)? })*) => {
        vec![$($(
            trial(concat!("bad_input::", stringify!($module), "::", stringify!($name)), $module::$name)
        ),*),*]
    };
}

pub fn trials() -> Vec<Trial> {
    let mut all = trials! {
        connecting { wrong_keys, wrong_addresses, silence, self_signed, wrong_answers, what_is_missing }
        local {
            a_file_that_vanishes,
            a_file_that_keeps_growing,
            a_file_that_grew_once,
            a_file_that_shrank_once,
            a_file_that_keeps_shrinking,
            no_bucket_there,
            a_folder_that_is_a_file,
            what_exists_stays,
        }
        names { keys_that_climb_stay_inside, links_that_lead_out_are_refused, names_too_long_for_a_disk }
    };
    let root = std::fs::metadata("/root").is_ok_and(|_| std::fs::read_dir("/root").is_ok());
    all.push(unless(
        root.then(|| "root reads every file".to_owned()),
        trial("bad_input::local::an_unreadable_file", local::an_unreadable_file),
    ));
    all.push(unless(
        (!root).then(|| "only root can mount a small disk".to_owned()),
        trial("bad_input::local::a_full_disk", local::a_full_disk),
    ));
    all
}
