//! Moves objects: journaled queue, parts, resume, verification.
//!
//! [`Engine::submit_upload`] and [`Engine::submit_listed`] write a job into the journal and run it;
//! [`Engine::resume`] takes up what an ended process left. The engine reports through its [`Sink`]
//! and answers [`Engine::snapshots`]; it draws no progress and asks no question.

mod adopt;
mod attrs;
mod bounds;
mod bucket;
mod came;
mod change;
mod conflict;
mod control;
mod copy;
mod delete;
mod digest;
mod download;
mod engine;
mod enumerate;
mod error;
mod existing;
mod file_up;
mod filter;
mod fs;
mod hash;
mod hedge;
mod kept;
mod lanes;
mod layout;
mod opened;
mod origin;
mod plan;
mod pool;
mod progress;
mod proof;
mod protect;
mod publish;
mod retry;
mod sealed;
mod sink;
mod small;
mod source;
mod spec;
mod spelling;
mod stage;
mod stored;
mod submit;
mod sweep;
mod throttle;
mod turns;
mod types;
mod upload;
mod uses;
mod waiting;
mod whole;

pub use attrs::{Attrs, md5_of};
pub use bounds::Bounds;
pub use conflict::kept_mtime;
pub use digest::{FileDigest, digest};
pub use engine::{Engine, Limits};
pub use error::TransferError;
pub use filter::{Filter, FilterError, Rules, Sieve, pattern_lines};
pub use hash::crc64nvme;
pub use plan::{PART_MIN, SINGLE_MAX, part_size};
pub use progress::{ActiveSnapshot, JobSnapshot};
pub use protect::{Protected, Protection, protection_of};
pub use sealed::{Seal, format_of};
pub use sink::{Connections, Sink, Stored};
pub use source::{Found, Skip, Walking, walk};
pub use spec::{
    Adopt, Below, Change, Copy, HeaderEdit, Item, ListedAction, ListedJob, NoSuchHeader,
    OnExisting, Preserve, Sending, Types, UploadJob, UploadSource,
};
pub use stage::{Planned, Stage};
pub use uses::keys_needed;
