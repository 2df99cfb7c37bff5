use dipper_app as app;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Exposure, IpcError, Lock, mirror};

#[derive(Debug, Clone, Deserialize, Type)]
pub struct ListingOpen {
    pub profile: String,
    pub bucket: String,
    pub prefix: String,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct ListingRef {
    pub id: u32,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ListingEvent {
    pub generation: u32,
    #[specta(type = u32)]
    pub loaded: u64,
    #[specta(type = u32)]
    pub count: u64,
    pub complete: bool,
    pub listed_at: Option<String>,
    pub error: Option<IpcError>,
}

impl From<app::ListingEvent> for ListingEvent {
    fn from(e: app::ListingEvent) -> Self {
        Self {
            generation: e.generation,
            loaded: e.loaded,
            count: e.count,
            complete: e.complete,
            listed_at: e.listed_at.map(|at| at.rfc3339()),
            error: e.error.map(Into::into),
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SortColumn {
    Name,
    Size,
    Modified,
    StorageClass,
}

impl From<SortColumn> for app::SortColumn {
    fn from(c: SortColumn) -> Self {
        match c {
            SortColumn::Name => Self::Name,
            SortColumn::Size => Self::Size,
            SortColumn::Modified => Self::Modified,
            SortColumn::StorageClass => Self::StorageClass,
        }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct ViewRequest {
    pub id: u32,
    pub sort: SortColumn,
    pub descending: bool,
    pub filter: String,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct ViewAnswer {
    pub generation: u32,
    #[specta(type = u32)]
    pub count: u64,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct RowsRequest {
    pub id: u32,
    pub generation: u32,
    pub start: u32,
    pub len: u32,
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum RowKind {
    Object,
    Folder,
}

mirror!(RowKind, app::RowKind, { Object, Folder });

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    #[specta(type = u32)]
    pub id: u64,
    pub kind: RowKind,
    pub name: String,
    pub key: String,
    #[specta(type = Option<u32>)]
    pub size: Option<u64>,
    pub modified: Option<String>,
    pub storage_class: Option<String>,
    pub selected: bool,
}

impl From<app::Row> for Row {
    fn from(r: app::Row) -> Self {
        Self {
            id: r.id,
            kind: r.kind.into(),
            name: r.name,
            key: r.key,
            size: r.size,
            modified: r.modified.map(|at| at.rfc3339()),
            storage_class: r.storage_class,
            selected: r.selected,
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct RowWindow {
    pub stale: bool,
    pub generation: u32,
    #[specta(type = u32)]
    pub start: u64,
    pub rows: Vec<Row>,
}

impl From<app::RowWindow> for RowWindow {
    fn from(w: app::RowWindow) -> Self {
        Self {
            stale: w.stale,
            generation: w.generation,
            start: w.start,
            rows: w.rows.into_iter().map(Into::into).collect(),
        }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct AccessRequest {
    pub id: u32,
    #[specta(type = Vec<u32>)]
    pub rows: Vec<u64>,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct RowAccess {
    #[specta(type = u32)]
    pub id: u64,
    pub exposure: Exposure,
    /// Of an object: how it is encrypted, if it was looked at. Of a folder: how what comes into it is.
    pub lock: Option<Lock>,
}

impl From<app::RowAccess> for RowAccess {
    fn from(r: app::RowAccess) -> Self {
        Self { id: r.id, exposure: r.exposure.into(), lock: r.lock.map(Into::into) }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "camelCase", tag = "op")]
pub enum SelectOp {
    Only { index: u32 },
    Toggle { index: u32 },
    Range { from: u32, to: u32, add: bool },
    All,
    Invert,
    None,
}

impl From<SelectOp> for app::SelectOp {
    fn from(op: SelectOp) -> Self {
        match op {
            SelectOp::Only { index } => Self::Only { index: index.into() },
            SelectOp::Toggle { index } => Self::Toggle { index: index.into() },
            SelectOp::Range { from, to, add } => {
                Self::Range { from: from.into(), to: to.into(), add }
            }
            SelectOp::All => Self::All,
            SelectOp::Invert => Self::Invert,
            SelectOp::None => Self::None,
        }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct SelectRequest {
    pub id: u32,
    pub generation: u32,
    pub op: SelectOp,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct Selection {
    #[specta(type = u32)]
    pub count: u64,
    #[specta(type = u32)]
    pub folders: u64,
    #[specta(type = u32)]
    pub bytes: u64,
    pub complete: bool,
    #[specta(type = Option<Vec<u32>>)]
    pub ids: Option<Vec<u64>>,
}

impl From<app::Selection> for Selection {
    fn from(s: app::Selection) -> Self {
        Self {
            count: s.count,
            folders: s.folders,
            bytes: s.bytes,
            complete: s.complete,
            ids: s.ids,
        }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct FindRequest {
    pub id: u32,
    pub generation: u32,
    pub text: String,
    pub from: u32,
    /// The whole name, as it is; otherwise how it begins.
    pub exact: bool,
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Versioning {
    Unversioned,
    Versioned,
    Unknown,
}

mirror!(Versioning, app::Versioning, { Unversioned, Versioned, Unknown });

#[derive(Debug, Clone, Serialize, Type)]
pub struct Frozen {
    pub token: u32,
    #[specta(type = u32)]
    pub objects: u64,
    #[specta(type = u32)]
    pub folders: u64,
    #[specta(type = u32)]
    pub bytes: u64,
    pub sample: Vec<String>,
    pub versioning: Versioning,
}

impl From<app::Frozen> for Frozen {
    fn from(f: app::Frozen) -> Self {
        Self {
            token: f.token,
            objects: f.objects,
            folders: f.folders,
            bytes: f.bytes,
            sample: f.sample,
            versioning: f.versioning.into(),
        }
    }
}
