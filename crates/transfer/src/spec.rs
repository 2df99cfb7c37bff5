//! What a job was asked to do, as it is kept in the journal.

use std::ffi::OsString;

use dipper_s3::{ChecksumWish, ObjectHeaders, S3, ServerSide, Visibility};
use dipper_types::{BucketName, ObjectKey, Prefix, ProfileId};
use serde::{Deserialize, Serialize};

use crate::filter::Sieve;
use crate::protect::Protected;
use crate::sealed::Seal;

/// What happens to what is already there under that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnExisting {
    /// The new one gets a number: `report (2).pdf`.
    KeepBoth,
    Overwrite,
    /// Counts as failed.
    Refuse,
    /// The other one stays.
    Skip,
    /// It is replaced by what was changed later.
    Newer,
    /// It is replaced by what has another size.
    SizeDiffers,
    /// It is replaced by what has other bytes, by checksum or MD5; what can't be told counts as other.
    Differs,
}

/// What is kept of files besides their bytes, and of folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Preserve {
    /// Times, mode and owner, as `x-amz-meta-s3cmd-attrs`: written on the way up, brought back on the
    /// way down.
    pub attributes: bool,
    /// With them the MD5 of a file that goes up in parts, for which it is read once more. That of a
    /// file in one request costs nothing and is always there.
    pub md5: bool,
    /// An empty folder becomes a key that ends in `/` and has no bytes.
    pub empty_folders: bool,
    /// What a file was and which object it equals is kept here, so that a later sync need not look.
    pub remember: bool,
}

/// How files are found and sent, where it is not as usual.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Sending {
    /// What is left out of folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sieve: Option<Sieve>,
    pub follow_links: bool,
    /// Bytes of a part; files up to this size go up in one request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_size: Option<u64>,
    /// In one request, however large.
    pub whole: bool,
    pub types: Types,
    /// Another client's unfinished upload is gone on with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adopt: Option<Adopt>,
    /// Encrypted here, before it leaves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<Seal>,
    /// How what lies in some places is encrypted if the headers don't say it. `None`: to be asked for
    /// when the job is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<Vec<Protected>>,
    /// What uploads carry, in the place of what the provider is sent anyway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<ChecksumWish>,
}

/// What content type a file gets where none is named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Types {
    /// It is not guessed by the name.
    pub no_guess: bool,
    /// Where it can't be guessed; else the server says what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// Endings of names, without a dot, whose types say that the text is UTF-8.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub utf8: Vec<String>,
}

/// Which unfinished upload of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adopt {
    /// The only one there is; without any, a new one is begun.
    Only,
    This(String),
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
    pub on_existing: OnExisting,
    pub keep: Preserve,
    pub sending: Sending,
}

/// One root: where it lies, and the key it gets (a folder's ends in `/` or is empty).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UploadSource {
    pub path: OsString,
    pub key: String,
}

/// Objects known by name, and what happens to them.
#[derive(Debug, Clone)]
pub struct ListedJob {
    pub profile: ProfileId,
    pub bucket: BucketName,
    pub prefix: Prefix,
    pub title: String,
    pub objects: Vec<Item>,
    /// Listed while the first of it is being dealt with.
    pub below: Vec<Below>,
    pub action: ListedAction,
}

/// Everything whose key begins with a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Below {
    pub prefix: String,
    /// Of a copy: how many bytes of each key are left out, and what comes in their place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<(usize, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sieve: Option<Sieve>,
}

/// An object, or one version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Of a copy: the key it gets.
    pub key: ObjectKey,
    /// Of a copy: the key it has now.
    pub source: Option<ObjectKey>,
    pub version_id: Option<String>,
    pub size: u64,
}

impl From<(ObjectKey, u64)> for Item {
    fn from((key, size): (ObjectKey, u64)) -> Self {
        Self { key, source: None, version_id: None, size }
    }
}

#[derive(Debug, Clone)]
pub enum ListedAction {
    /// Into this folder, by the part of the key after the job's prefix.
    Download {
        folder: OsString,
        on_existing: OnExisting,
        /// Names that every system can store, not only this one.
        portable_names: bool,
        /// What was encrypted before it was uploaded stays so.
        as_stored: bool,
    },
    /// One object to exactly this file.
    DownloadTo {
        file: OsString,
        on_existing: OnExisting,
        as_stored: bool,
    },
    /// Versions for ever; keys as the bucket has it (a delete marker, or for ever).
    Delete,
    /// Into the job's profile and bucket.
    Copy(Copy),
    Change(Change),
}

/// Where a copy comes from, and what is not taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Copy {
    pub profile: ProfileId,
    pub bucket: BucketName,
    /// The source is deleted once its copy is proven.
    #[serde(default)]
    pub move_away: bool,
    /// Without one the source's class is kept.
    #[serde(default)]
    pub storage_class: Option<String>,
    #[serde(default)]
    pub visibility: Visibility,
    #[serde(default)]
    pub edit: HeaderEdit,
    /// Of the copies at the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<ServerSide>,
    /// As [`Sending::places`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Vec<Protected>>,
    /// Nothing is written over (servers that know conditional writes).
    #[serde(default)]
    pub if_absent: bool,
}

/// What changes of an object that stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Change {
    /// Content headers and user metadata.
    Headers {
        edit: HeaderEdit,
    },
    StorageClass {
        class: String,
    },
    /// At the server, with another key or in another way.
    Encryption {
        with: ServerSide,
    },
    /// A canned ACL.
    Acl {
        canned: String,
    },
    /// These in the place of all the object has.
    Tags {
        tags: Vec<(String, String)>,
    },
    Restore {
        days: u32,
        tier: Option<String>,
    },
    LegalHold {
        on: bool,
    },
    /// `until` in RFC 3339.
    Retention {
        mode: String,
        until: String,
        bypass_governance: bool,
    },
    /// An older version becomes the newest, by a copy of it.
    RestoreVersion,
}

/// Headers to set and to remove, by the names HTTP gives them (`content-type`, `x-amz-meta-colour`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HeaderEdit {
    pub set: Vec<(String, String)>,
    pub remove: Vec<String>,
}

/// A header that can't be set on an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no header that an object keeps")]
pub struct NoSuchHeader(pub String);

impl HeaderEdit {
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }

    /// # Errors
    /// The first name that is no header of an object.
    pub fn check(&self) -> Result<(), NoSuchHeader> {
        let mut scratch = ObjectHeaders::default();
        let names = self.set.iter().map(|(name, _)| name).chain(&self.remove);
        for name in names {
            if !put(&mut scratch, name, None) {
                return Err(NoSuchHeader(name.clone()));
            }
        }
        Ok(())
    }

    /// The headers as they are after the edit.
    pub fn apply(&self, headers: &ObjectHeaders) -> ObjectHeaders {
        let mut edited = headers.clone();
        for name in &self.remove {
            put(&mut edited, name, None);
        }
        for (name, value) in &self.set {
            put(&mut edited, name, Some(value));
        }
        edited
    }
}

/// False where there is no such header.
fn put(headers: &mut ObjectHeaders, name: &str, value: Option<&String>) -> bool {
    let name = name.trim().to_ascii_lowercase();
    let place = match name.as_str() {
        "content-type" => &mut headers.content_type,
        "cache-control" => &mut headers.cache_control,
        "content-disposition" => &mut headers.content_disposition,
        "content-encoding" => &mut headers.content_encoding,
        "content-language" => &mut headers.content_language,
        "expires" => &mut headers.expires,
        "x-amz-website-redirect-location" => &mut headers.website_redirect,
        other => {
            let Some(meta) = other.strip_prefix("x-amz-meta-").filter(|m| !m.is_empty()) else {
                return false;
            };
            headers.metadata.retain(|(known, _)| !known.eq_ignore_ascii_case(meta));
            if let Some(value) = value {
                headers.metadata.push((meta.to_owned(), value.clone()));
            }
            return true;
        }
    };
    *place = value.cloned();
    true
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Spec {
    Upload {
        sources: Vec<UploadSource>,
        headers: ObjectHeaders,
        #[serde(default = "overwrite")]
        on_existing: OnExisting,
        #[serde(default)]
        keep: Preserve,
        #[serde(default)]
        sending: Box<Sending>,
    },
    Download {
        folder: OsString,
        on_existing: OnExisting,
        #[serde(default)]
        portable_names: bool,
        #[serde(default)]
        keep: Preserve,
        #[serde(default)]
        as_stored: bool,
    },
    DownloadTo {
        file: OsString,
        on_existing: OnExisting,
        #[serde(default)]
        as_stored: bool,
    },
    Delete,
    Copy(Copy),
    Change(Change),
    /// Every version, marker and upload of the bucket, then the bucket.
    RemoveBucket,
}

/// What the journal keeps of a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    #[serde(flatten)]
    pub spec: Spec,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<Below>,
}

impl From<Spec> for Order {
    fn from(spec: Spec) -> Self {
        Self { spec, below: Vec::new() }
    }
}

impl Spec {
    pub fn keep(&self) -> Preserve {
        match self {
            Self::Upload { keep, .. } | Self::Download { keep, .. } => *keep,
            _ => Preserve::default(),
        }
    }

    /// Whether a download leaves what is encrypted as it is.
    pub fn as_stored(&self) -> bool {
        matches!(
            self,
            Self::Download { as_stored: true, .. } | Self::DownloadTo { as_stored: true, .. }
        )
    }

    /// Where places with encryption of their own are wanted and not known yet.
    pub fn places(&mut self) -> Option<&mut Vec<Protected>> {
        let places = match self {
            Self::Upload { sending, .. } => &mut sending.places,
            Self::Copy(copy) => &mut copy.places,
            _ => return None,
        };
        match places {
            Some(_) => None,
            None => Some(places.insert(Vec::new())),
        }
    }

    /// The connection, as this job uses it.
    pub fn connected(&self, s3: S3) -> S3 {
        match self.sending().and_then(|sending| sending.checksum) {
            Some(wish) => s3.with_checksum(wish),
            None => s3,
        }
    }

    pub fn sending(&self) -> Option<&Sending> {
        match self {
            Self::Upload { sending, .. } => Some(sending),
            _ => None,
        }
    }
}

/// As jobs of before had it.
fn overwrite() -> OnExisting {
    OnExisting::Overwrite
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_edited() {
        let before = ObjectHeaders {
            content_type: Some("text/plain".into()),
            cache_control: Some("no-cache".into()),
            metadata: vec![("colour".into(), "blue".into()), ("size".into(), "9".into())],
            ..ObjectHeaders::default()
        };
        let edit = HeaderEdit {
            set: vec![
                ("Content-Type".into(), "text/html".into()),
                ("x-amz-meta-Colour".into(), "red".into()),
            ],
            remove: vec!["cache-control".into(), "x-amz-meta-none".into()],
        };
        edit.check().unwrap();
        let after = edit.apply(&before);
        assert_eq!(after.content_type.as_deref(), Some("text/html"));
        assert_eq!(after.cache_control, None);
        assert_eq!(
            after.metadata,
            [("size".into(), "9".into()), ("colour".to_owned(), "red".to_owned())]
        );
    }

    #[test]
    fn other_headers_are_refused() {
        for name in ["content-length", "x-amz-acl", "x-amz-meta-", ""] {
            let edit = HeaderEdit { remove: vec![name.into()], ..HeaderEdit::default() };
            assert_eq!(edit.check(), Err(NoSuchHeader(name.into())));
        }
    }
}
