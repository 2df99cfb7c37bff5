use dipper_app as app;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{AccessLine, Encryption, Exposure, OffReason};

#[derive(Debug, Clone, Deserialize, Type)]
pub struct ObjectRef {
    pub profile: String,
    pub bucket: String,
    pub key: String,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct ObjectPublic {
    pub profile: String,
    pub bucket: String,
    pub key: String,
    pub public: bool,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ObjectInfo {
    pub bucket: String,
    pub key: String,
    #[specta(type = u32)]
    pub size: u64,
    pub modified: Option<String>,
    pub etag: Option<String>,
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub storage_class: Option<String>,
    pub version_id: Option<String>,
    pub encryption: Encryption,
    pub checksums: Vec<(String, String)>,
    pub metadata: Vec<(String, String)>,
    pub s3_uri: String,
    pub url: String,
    pub exposure: Exposure,
    pub lines: Vec<AccessLine>,
    pub acl_off: Option<OffReason>,
}

impl From<app::ObjectInfo> for ObjectInfo {
    fn from(o: app::ObjectInfo) -> Self {
        let encryption = Encryption::of(&o.head, o.sealed);
        let head = o.head;
        Self {
            s3_uri: format!("s3://{}/{}", o.bucket, o.key),
            bucket: o.bucket,
            key: o.key,
            size: head.size,
            modified: head.modified.map(|at| at.rfc3339()),
            etag: head.etag,
            content_type: head.headers.content_type,
            cache_control: head.headers.cache_control,
            content_disposition: head.headers.content_disposition,
            content_encoding: head.headers.content_encoding,
            storage_class: head.headers.storage_class,
            version_id: head.version_id,
            encryption,
            checksums: head
                .checksums
                .into_iter()
                .map(|c| (c.algorithm.name().to_owned(), c.value))
                .collect(),
            metadata: head.headers.metadata,
            url: o.url,
            exposure: o.exposure.into(),
            lines: o.lines.into_iter().map(Into::into).collect(),
            acl_off: o.acl_off.map(Into::into),
        }
    }
}
