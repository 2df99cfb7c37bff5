//! What a job was asked to do, as it is kept in the journal.

use std::ffi::OsString;

use dipper_s3::ObjectHeaders;
use dipper_types::{BucketName, ObjectKey, Prefix, ProfileId};
use serde::{Deserialize, Serialize};

/// What happens to a local file that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnExisting {
    /// The new one gets a number: `report (2).pdf`.
    KeepBoth,
    Overwrite,
    Refuse,
}

/// Files and folders to be uploaded below a prefix.
#[derive(Debug, Clone)]
pub struct UploadJob {
    pub profile: ProfileId,
    pub bucket: BucketName,
    pub prefix: Prefix,
    pub title: String,
    pub sources: Vec<UploadSource>,
    pub headers: ObjectHeaders,
}

/// One root: where it lies, and the key it gets (a folder's ends in `/` or is empty).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UploadSource {
    pub path: OsString,
    pub key: String,
}

/// Objects known by name: to be downloaded or deleted.
#[derive(Debug, Clone)]
pub struct ListedJob {
    pub profile: ProfileId,
    pub bucket: BucketName,
    pub prefix: Prefix,
    pub title: String,
    pub objects: Vec<(ObjectKey, u64)>,
    pub action: ListedAction,
}

#[derive(Debug, Clone)]
pub enum ListedAction {
    /// Into this folder, by the part of the key after the job's prefix.
    Download {
        folder: OsString,
        on_existing: OnExisting,
    },
    /// One object to exactly this file.
    DownloadTo {
        file: OsString,
        on_existing: OnExisting,
    },
    Delete,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Spec {
    Upload { sources: Vec<UploadSource>, headers: ObjectHeaders },
    Download { folder: OsString, on_existing: OnExisting },
    DownloadTo { file: OsString, on_existing: OnExisting },
    Delete,
}
