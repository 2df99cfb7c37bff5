use dipper_app as app;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{IpcError, RowKind, SortColumn};

#[derive(Debug, Clone, Deserialize, Type)]
pub struct SearchRequest {
    /// Words, all of which a key has.
    pub text: String,
    pub profile: Option<String>,
    pub bucket: Option<String>,
}

impl From<SearchRequest> for app::Search {
    fn from(r: SearchRequest) -> Self {
        Self { text: r.text, profile: r.profile, bucket: r.bucket, ..Self::default() }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct FoundNames {
    pub id: u32,
    #[specta(type = u32)]
    pub count: u64,
    #[specta(type = u32)]
    pub bytes: u64,
    /// When what was listed longest ago was listed.
    pub oldest: Option<String>,
    /// False: a newer search ended this one.
    pub whole: bool,
}

impl From<app::FoundNames> for FoundNames {
    fn from(f: app::FoundNames) -> Self {
        Self {
            id: f.id,
            count: f.count,
            bytes: f.bytes,
            oldest: f.oldest.map(|at| at.rfc3339()),
            whole: f.whole,
        }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct HitsRequest {
    pub id: u32,
    pub start: u32,
    pub len: u32,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct FoundOrder {
    pub id: u32,
    pub sort: SortColumn,
    pub descending: bool,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    pub profile: String,
    pub bucket: String,
    pub key: String,
    pub kind: RowKind,
    #[specta(type = Option<u32>)]
    pub size: Option<u64>,
    pub modified: Option<String>,
    pub storage_class: Option<String>,
    pub listed_at: String,
}

impl From<app::Hit> for Hit {
    fn from(h: app::Hit) -> Self {
        Self {
            profile: h.profile,
            bucket: h.bucket,
            key: h.key,
            kind: h.kind.into(),
            size: h.size,
            modified: h.modified.map(|at| at.rfc3339()),
            storage_class: h.class,
            listed_at: h.listed_at.rfc3339(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct IndexedBucket {
    pub profile: String,
    pub bucket: String,
    #[specta(type = u32)]
    pub names: u64,
}

impl From<app::IndexedBucket> for IndexedBucket {
    fn from(b: app::IndexedBucket) -> Self {
        Self { profile: b.profile, bucket: b.bucket, names: b.rows }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum IndexingEvent {
    Listed {
        #[specta(type = u32)]
        count: u64,
    },
    Ended {
        error: Option<IpcError>,
    },
}

impl From<app::IndexingEvent> for IndexingEvent {
    fn from(event: app::IndexingEvent) -> Self {
        match event {
            app::IndexingEvent::Listed(count) => Self::Listed { count },
            app::IndexingEvent::Ended(ended) => Self::Ended { error: ended.err().map(Into::into) },
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
pub struct IndexingId {
    pub id: u32,
}

/// A search to use again.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct SavedSearch {
    pub name: String,
    pub text: String,
    pub profile: Option<String>,
    pub bucket: Option<String>,
}

impl From<app::SavedSearch> for SavedSearch {
    fn from(s: app::SavedSearch) -> Self {
        Self { name: s.name, text: s.text, profile: s.profile, bucket: s.bucket }
    }
}

impl From<SavedSearch> for app::SavedSearch {
    fn from(s: SavedSearch) -> Self {
        Self { name: s.name, text: s.text, profile: s.profile, bucket: s.bucket }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct SavedName {
    pub name: String,
}
