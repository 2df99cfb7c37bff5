use dipper_app as app;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{IpcError, UploadProtection, Versioning, mirror};

#[derive(Debug, Clone, Serialize, Type)]
pub struct Staged {
    pub handle: u32,
    #[specta(type = u32)]
    pub files: u64,
    #[specta(type = u32)]
    pub folders: u64,
    #[specta(type = u32)]
    pub bytes: u64,
    pub names: Vec<String>,
    pub counting: bool,
}

impl From<app::Staged> for Staged {
    fn from(s: app::Staged) -> Self {
        Self {
            handle: s.handle,
            files: s.files,
            folders: s.folders,
            bytes: s.bytes,
            names: s.names,
            counting: s.counting,
        }
    }
}

/// Positions are in CSS pixels of the page.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase", tag = "phase")]
pub enum DropEvent {
    Enter { x: i32, y: i32, staged: Staged },
    Over { x: i32, y: i32 },
    Leave,
    Drop { x: i32, y: i32, staged: Staged },
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Visibility {
    Private,
    Public,
}

mirror!(both Visibility, app::Visibility, { Private, Public });

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UploadOptions {
    pub visibility: Visibility,
    pub storage_class: Option<String>,
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub metadata: Vec<(String, String)>,
    pub protection: UploadProtection,
}

impl From<app::UploadOptions> for UploadOptions {
    fn from(o: app::UploadOptions) -> Self {
        let h = o.headers;
        Self {
            protection: o.protection.into(),
            visibility: h.visibility.into(),
            storage_class: h.storage_class,
            content_type: h.content_type,
            cache_control: h.cache_control,
            metadata: h.metadata,
        }
    }
}

impl From<UploadOptions> for app::UploadOptions {
    fn from(o: UploadOptions) -> Self {
        let filled = |text: Option<String>| text.filter(|t| !t.trim().is_empty());
        let headers = app::ObjectHeaders {
            visibility: o.visibility.into(),
            storage_class: filled(o.storage_class),
            content_type: filled(o.content_type),
            cache_control: filled(o.cache_control),
            metadata: o.metadata,
            ..app::ObjectHeaders::default()
        };
        Self { headers, protection: o.protection.into() }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct UploadOptionsSet {
    pub profile: String,
    pub bucket: String,
    pub options: UploadOptions,
}

#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct UploadRequest {
    pub handle: u32,
    pub profile: String,
    pub bucket: String,
    pub prefix: String,
    pub options: UploadOptions,
    pub on_existing: OnExisting,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct UploadPlace {
    pub handle: u32,
    pub profile: String,
    pub bucket: String,
    pub prefix: String,
}

/// What an upload or a download would write over.
#[derive(Debug, Clone, Serialize, Type)]
pub struct Replaces {
    #[specta(type = u32)]
    pub count: u64,
    pub more: bool,
    pub sample: Vec<String>,
    pub versioning: Versioning,
}

impl From<app::Replaces> for Replaces {
    fn from(r: app::Replaces) -> Self {
        Self { count: r.count, more: r.more, sample: r.sample, versioning: r.versioning.into() }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Choose {
    Files,
    Folder,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct UploadChoose {
    pub what: Choose,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct FolderChoice {
    pub handle: u32,
    pub name: String,
}

#[derive(Debug, Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DownloadRequest {
    pub token: u32,
    pub folder: u32,
    pub on_existing: OnExisting,
    /// What was encrypted before it was uploaded stays so.
    pub as_stored: bool,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct DownloadPlace {
    pub token: u32,
    pub folder: u32,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct Token {
    pub token: u32,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct JobRef {
    pub job: i32,
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum JobKind {
    Upload,
    Download,
    Delete,
    Copy,
    Change,
}

mirror!(JobKind, app::JobKind, { Upload, Download, Delete, Copy, Change });

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum JobState {
    Queued,
    Running,
    Waiting,
    Paused,
    Completed,
    Failed,
    Cancelled,
}

mirror!(JobState, app::JobState, {
    Queued, Running, Waiting, Paused, Completed, Failed, Cancelled
});

#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Priority {
    Low,
    Normal,
    High,
}

mirror!(both Priority, app::Priority, { Low, Normal, High });

#[derive(Debug, Clone, Copy, Deserialize, Type)]
pub struct PriorityRequest {
    pub job: i32,
    pub priority: Priority,
}

/// Before another job, or behind all.
#[derive(Debug, Clone, Copy, Deserialize, Type)]
pub struct MoveRequest {
    pub job: i32,
    pub before: Option<i32>,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct RetryItems {
    pub job: i32,
    pub items: Vec<i32>,
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
pub struct JobSpeed {
    pub job: i32,
    /// Bytes a second.
    pub limit: Option<u32>,
}

/// How fast all jobs together may be, and when.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct Speed {
    /// Bytes a second, when no rule says otherwise.
    #[specta(type = Option<u32>)]
    pub limit: Option<u64>,
    /// The first that holds at a moment counts.
    pub timetable: Vec<SpeedRule>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct SpeedRule {
    /// 1 is Monday; none means every day.
    pub days: Vec<u8>,
    /// Minutes since midnight, in this machine's time.
    pub from: u16,
    pub to: u16,
    #[specta(type = Option<u32>)]
    pub limit: Option<u64>,
}

impl From<app::Speed> for Speed {
    fn from(speed: app::Speed) -> Self {
        let rule =
            |r: app::SpeedRule| SpeedRule { days: r.days, from: r.from, to: r.to, limit: r.limit };
        Self { limit: speed.limit, timetable: speed.timetable.into_iter().map(rule).collect() }
    }
}

impl From<Speed> for app::Speed {
    fn from(speed: Speed) -> Self {
        let rule =
            |r: SpeedRule| app::SpeedRule { days: r.days, from: r.from, to: r.to, limit: r.limit };
        Self { limit: speed.limit, timetable: speed.timetable.into_iter().map(rule).collect() }
    }
}

/// What happens to what is there already under that name.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum OnExisting {
    #[default]
    Overwrite,
    Skip,
    Newer,
    SizeDiffers,
    Differs,
    KeepBoth,
    Refuse,
}

mirror!(both OnExisting, app::OnExisting, {
    Overwrite, Skip, Newer, SizeDiffers, Differs, KeepBoth, Refuse
});

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    #[specta(type = u32)]
    pub id: i64,
    pub kind: JobKind,
    pub state: JobState,
    pub profile: String,
    pub profile_name: String,
    pub bucket: String,
    pub prefix: String,
    pub title: String,
    pub created_at: String,
    pub finished_at: Option<String>,
    #[specta(type = u32)]
    pub files_total: u64,
    #[specta(type = u32)]
    pub files_done: u64,
    #[specta(type = u32)]
    pub files_failed: u64,
    #[specta(type = u32)]
    pub files_skipped: u64,
    #[specta(type = u32)]
    pub bytes_total: u64,
    #[specta(type = u32)]
    pub bytes_done: u64,
    #[specta(type = u32)]
    pub rate: u64,
    #[specta(type = Option<u32>)]
    pub seconds_left: Option<u64>,
    pub planning: bool,
    pub error: Option<IpcError>,
    pub priority: Priority,
    #[specta(type = u32)]
    pub position: i64,
    /// Bytes a second.
    #[specta(type = Option<u32>)]
    pub speed_limit: Option<u64>,
    /// Another running Dipper has it.
    pub elsewhere: bool,
}

impl From<app::Job> for Job {
    fn from(j: app::Job) -> Self {
        Self {
            id: j.id.get(),
            kind: j.kind.into(),
            state: j.state.into(),
            profile: j.profile,
            profile_name: j.profile_name,
            bucket: j.bucket,
            prefix: j.prefix,
            title: j.title,
            created_at: j.created_at.rfc3339(),
            finished_at: j.finished_at.map(|at| at.rfc3339()),
            files_total: j.files_total,
            files_done: j.files_done,
            files_failed: j.files_failed,
            files_skipped: j.files_skipped,
            bytes_total: j.bytes_total,
            bytes_done: j.bytes_done,
            rate: j.rate,
            seconds_left: j.seconds_left,
            planning: j.planning,
            error: j.error.map(Into::into),
            priority: j.priority.into(),
            position: j.position,
            speed_limit: j.speed_limit,
            elsewhere: j.elsewhere,
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TransferTotals {
    #[specta(type = u32)]
    pub running: u64,
    #[specta(type = u32)]
    pub queued: u64,
    #[specta(type = u32)]
    pub bytes_total: u64,
    #[specta(type = u32)]
    pub bytes_done: u64,
    #[specta(type = u32)]
    pub rate: u64,
    #[specta(type = Option<u32>)]
    pub seconds_left: Option<u64>,
}

/// Complete on the first message; later what changed.
#[derive(Debug, Clone, Serialize, Type)]
pub struct TransferUpdate {
    pub jobs: Vec<Job>,
    #[specta(type = Vec<u32>)]
    pub removed: Vec<i64>,
    pub totals: TransferTotals,
}

impl From<app::JobUpdate> for TransferUpdate {
    fn from(u: app::JobUpdate) -> Self {
        Self {
            jobs: u.jobs.into_iter().map(Into::into).collect(),
            removed: u.removed.into_iter().map(|id| id.get()).collect(),
            totals: TransferTotals {
                running: u.totals.running,
                queued: u.totals.queued,
                bytes_total: u.totals.bytes_total,
                bytes_done: u.totals.bytes_done,
                rate: u.totals.rate,
                seconds_left: u.totals.seconds_left,
            },
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Only {
    All,
    Failed,
    Active,
}

impl From<Only> for app::TransferFilter {
    fn from(only: Only) -> Self {
        match only {
            Only::All => Self::All,
            Only::Failed => Self::Failed,
            Only::Active => Self::Unfinished,
        }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct ItemsRequest {
    pub job: i32,
    pub start: u32,
    pub len: u32,
    pub only: Only,
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ItemState {
    Queued,
    Running,
    Verifying,
    Completed,
    Failed,
    Skipped,
    Cancelled,
}

mirror!(ItemState, app::ItemState, {
    Queued, Running, Verifying, Completed, Failed, Skipped, Cancelled
});

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TransferItem {
    #[specta(type = u32)]
    pub id: i64,
    pub name: String,
    pub key: String,
    pub state: ItemState,
    #[specta(type = Option<u32>)]
    pub size: Option<u64>,
    #[specta(type = u32)]
    pub bytes_done: u64,
    #[specta(type = u32)]
    pub rate: u64,
    #[specta(type = Option<u32>)]
    pub seconds_left: Option<u64>,
    pub verified: Option<String>,
    pub error: Option<IpcError>,
}

impl From<app::TransferItem> for TransferItem {
    fn from(i: app::TransferItem) -> Self {
        let name = i.key.trim_end_matches('/').rsplit('/').next().unwrap_or(&i.key).to_owned();
        Self {
            id: i.id,
            name,
            key: i.key,
            state: i.state.into(),
            size: i.size,
            bytes_done: i.bytes_done,
            rate: i.rate,
            seconds_left: i.seconds_left,
            verified: i.verified,
            error: i.error.map(Into::into),
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct TransferItems {
    #[specta(type = u32)]
    pub total: u64,
    pub items: Vec<TransferItem>,
}

impl From<app::TransferItems> for TransferItems {
    fn from(t: app::TransferItems) -> Self {
        Self { total: t.total, items: t.items.into_iter().map(Into::into).collect() }
    }
}
