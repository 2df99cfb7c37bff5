//! The composition root: one function a use case. What both doors call.
//!
//! [`App`] holds everything; each file here adds the functions of one noun. Failures leave as
//! [`Failure`]: a stable code, the words of the cause, and what to do next.

mod access;
mod buckets;
mod cdn;
mod changes;
mod connect;
mod contrast;
mod doctor;
mod documents;
mod draft;
mod events;
mod failure;
mod freeze;
mod history;
mod home;
mod imports;
mod indexing;
mod jobs;
mod keys;
mod links;
mod listing;
mod machine;
mod objects;
mod picked;
mod profile_body;
mod profiles;
mod prompts;
mod queue;
mod rates;
mod replaces;
mod sandbox;
mod search;
mod settings;
mod sign_in;
mod staging;
mod sync;
mod uploads;
mod vault;

pub use access::{
    AccessLine, AclOff, BucketAccess, Exposure, Off, PolicyCheck, PublicChange, PublicPreview,
    PublicWhat, What, Who,
};
pub use buckets::BucketSummary;
pub use cdn::{cdn_exact, cdn_path};
pub use changes::Purge;
pub use connect::Known;
pub use contrast::Contrast;
pub use dipper_access::{Problem as PolicyProblem, Severity};
pub use dipper_s3::ChecksumWish;
pub use dipper_s3::{
    Account, AwsProfileEntry, Connection, Credentials, DeviceCode, Identity, Options, Prompt,
    Proxy, ProxyRules, Question, SsoSessionEntry, Transport, Verify,
};
pub use dipper_s3::{
    AclDocument, Addressing, Document, DocumentError, FormField, GetRequest, HeadRequest,
    ListedPart, Listing, NewBucket, ObjectId, OwnershipSetting, PostForm, Presign, Presigned,
    Retention, UploadEntry, VersionEntry, VersionRequest, Which, tags_header, tags_json, tags_of,
};
pub use dipper_s3::{Distribution, DistributionEdit, Invalidation, PATHS_AT_ONCE};
pub use dipper_s3::{
    GrantDocument, GranteeDocument, ListPage, ListRequest, ListedObject, ObjectHead, ObjectHeaders,
    PublicAccessBlockSetting, S3, ServerSide, Visibility, provider_of_endpoint, providers,
};
pub use dipper_sandbox as sandbox_server;
pub use dipper_state::{JobKind, JobState, Priority, TransferFilter, TransferState};
pub use dipper_sync::{
    Action as SyncAction, Begun, Compare, Counts, Deletion, Finding as TreeFinding, How,
    Note as SyncNote, Phase, Removed, Side, What as SyncWhat, Why as SyncWhy,
};
pub use dipper_transfer::{
    Adopt, Below, Bounds, Change as ObjectChange, Copy, Filter, FilterError, Found as Walked,
    HeaderEdit, Item, ListedAction, OnExisting, Planned, Preserve, Protected, Protection, Rules,
    Seal, Sending, Sieve, Skip as UploadSkip, Types, UploadJob, UploadSource, Walking,
    pattern_lines,
};
pub use doctor::{CheckupEvent, Doctor, Finding, Fix, Outcome as DoctorOutcome};
pub use documents::Capability;
pub use draft::Draft;
pub use events::{Change, Changed};
pub use failure::{Certificate, Code, Failure, Retry, S3Context};
pub use freeze::{Frozen, Versioning};
pub use history::{Back, Histories, as_of, back_one, back_to};
pub use home::{data_folder, home_folder};
pub use imports::{Found, Import, ImportKind, Note, Taken};
pub use indexing::IndexingEvent;
pub use jobs::{Chosen, ItemState, Job, JobUpdate, TransferItem, TransferItems, TransferTotals};
pub use keys::{BucketDefault, KeyInfo, KeyKind, KeyUses, Lock, Place, SealedBy};
pub use links::MadeLink;
pub use listing::{
    ListingEvent, ListingId, Row, RowAccess, RowKind, RowWindow, SelectOp, Selection, SortColumn,
    ViewRequest,
};
pub use machine::{Machine, NetworkOverride};
pub use objects::ObjectInfo;
pub use picked::{Fetched, cut_of};
pub use profile_body::{
    Network, ProfileOptions, ProxyChoice, RoleSource, RoleWay, SsoWay, Way, WebIdentityWay,
};
pub use profiles::{Keep, Profile, ProfileDraft, ProfileKind, ProfileTest};
pub use prompts::OpenPrompt;
pub use queue::{ReportFormat, ReportRow, Speed, SpeedRule};
pub use rates::Moving;
pub use replaces::{Replaces, download_path};
pub use search::{FoundNames, Hit, IndexedBucket, SavedSearch, Search};
pub use settings::{Density, Settings, Theme, UploadOptions, UploadProtection};
pub use sign_in::{DeviceFlow, SignInState, SignInStatus};
pub use staging::{Handle, Staged};
pub use sync::{SyncAsked, SyncRun};
pub use uploads::Aborted;
pub use vault::{VaultStanding, VaultStatus};

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use dipper_state::{
    Capabilities, Db, Index, KeyFile, KeyFileOr, KeyStore, Keys, Links, OsKeychain, Profiles,
    SettingsTable, Vault,
};
use dipper_transfer::{Engine, Limits};
use dipper_types::{Clock, SystemClock};

use crate::connect::Connections;
use crate::events::Events;
use crate::listing::Listings;

pub type Result<T> = std::result::Result<T, Failure>;

/// Everything that Dipper is, without a window.
pub struct App {
    home: PathBuf,
    clock: Arc<dyn Clock>,
    profiles: Profiles,
    settings: SettingsTable,
    capabilities: Capabilities,
    links: Links,
    connections: Arc<Connections>,
    chest: Arc<keys::Chest>,
    locks: keys::Locks,
    engine: Arc<Engine>,
    events: Arc<Events>,
    prompts: Arc<prompts::Prompts>,
    flows: sign_in::DeviceFlows,
    desk: imports::Desk,
    listings: Arc<Listings>,
    index: Arc<Index>,
    searches: search::Searches,
    indexings: indexing::Indexings,
    staged: staging::Stage,
    frozen: freeze::FrozenSets,
    rates: Arc<rates::Rates>,
    /// Of this process only; it comes before the settings'.
    speed_here: Mutex<Option<Speed>>,
    sandbox: sandbox::Keeper,
    access_cache: access::Cache,
    checkups: doctor::Checkups,
}

/// Users' own provider files, in `providers` of the data folder. One that can't be used is told in
/// the log; its connections are then like any other service's.
fn own_providers(home: &Path) {
    let Ok(folder) = std::fs::read_dir(home.join("providers")) else { return };
    for entry in folder.flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        if !file.ends_with(".toml") {
            continue;
        }
        let read = std::fs::read_to_string(entry.path()).map_err(|e| e.to_string());
        let taken =
            read.and_then(|text| dipper_s3::add_provider(&file, &text).map_err(|e| e.to_string()));
        if let Err(error) = taken {
            tracing::warn!(file, error, "a provider's file was left out");
        }
    }
}

impl App {
    /// Opens the data folder. Must be called inside a tokio runtime. Takes up no job: see
    /// [`App::resume_jobs`].
    pub fn open(home: &Path) -> Result<Arc<Self>> {
        let keys = KeyFileOr::new(KeyFile::of(home), OsKeychain::default());
        Self::open_with(home, Arc::new(keys), Limits::default())
    }

    pub fn open_with(home: &Path, keys: Arc<dyn KeyStore>, limits: Limits) -> Result<Arc<Self>> {
        Self::open_on(home, keys, limits, Machine::of_process())
    }

    pub fn open_on(
        home: &Path,
        keys: Arc<dyn KeyStore>,
        limits: Limits,
        mut machine: Machine,
    ) -> Result<Arc<Self>> {
        let db = Db::open(home)?;
        own_providers(home);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let profiles = Profiles::new(&db);
        let events = Arc::new(Events::default());
        let prompts = prompts::Prompts::new(Arc::clone(&events));
        machine.prompt = Some(Arc::clone(&prompts) as Arc<dyn Prompt>);
        let listings = Arc::new(Listings::default());
        let sandbox = sandbox::Keeper::new(home);
        let vault = Arc::new(Vault::open(home, keys)?);
        let chest = Arc::new(keys::Chest::new(Keys::new(&db), vault)?);
        let connections = Arc::new(Connections::new(
            profiles.clone(),
            Arc::clone(&chest),
            sandbox.clone(),
            machine,
        ));
        let sink = Arc::new(jobs::EngineSink {
            events: Arc::clone(&events),
            listings: Arc::clone(&listings),
        });
        let engine = Engine::new(
            &db,
            Arc::clone(&connections) as Arc<dyn dipper_transfer::Connections>,
            sink,
            Arc::clone(&clock),
            limits,
        )?;
        let rates = rates::Rates::start(&engine);
        let app = Arc::new(Self {
            home: home.to_owned(),
            clock,
            profiles,
            settings: SettingsTable::new(&db),
            capabilities: Capabilities::new(&db),
            links: Links::new(&db),
            connections,
            chest,
            locks: keys::Locks::default(),
            engine,
            events,
            prompts,
            flows: sign_in::DeviceFlows::default(),
            desk: imports::Desk::default(),
            listings,
            index: Arc::new(Index::new(home)),
            searches: search::Searches::default(),
            indexings: indexing::Indexings::default(),
            staged: staging::Stage::default(),
            frozen: freeze::FrozenSets::default(),
            rates,
            speed_here: Mutex::default(),
            sandbox,
            access_cache: access::Cache::default(),
            checkups: doctor::Checkups::default(),
        });
        app.keep_speed();
        Ok(app)
    }

    /// The timetable's limit, looked up each half minute.
    fn keep_speed(self: &Arc<Self>) {
        let app = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(std::time::Duration::from_secs(30));
            loop {
                tick.tick().await;
                let Some(app) = app.upgrade() else { return };
                app.apply_speed();
            }
        });
    }

    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Lets go of running jobs; the journal knows how to go on.
    pub async fn pause_for_exit(&self) {
        self.engine.stop().await;
    }

    /// Lets go of running jobs and stops the sandbox, if this process runs it.
    pub async fn close(&self) {
        self.engine.stop().await;
        self.sandbox.stop().await;
    }
}
