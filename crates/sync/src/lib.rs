//! What makes one tree like another: local → S3, S3 → local, S3 → S3.
//!
//! The planner's rules are pure: [`Merge`] joins two ordered streams in constant memory, [`judge`] tells
//! whether two things of one name are the same, [`Filter`] what is left out, [`may_delete`] whether
//! anything may go. [`plan`] lists both sides, answers the rules' questions, and keeps what is to be done
//! in the journal; [`Run`] has the engine do it, one job after the other.

mod contrast;
mod copies;
mod decide;
mod error;
mod facts;
mod fs;
mod guard;
mod item;
mod judge;
mod local;
mod merge;
mod plan;
mod remote;
mod run;
mod stages;

pub use contrast::{Counts, Finding, How, Tree, contrast};
pub use copies::{Copies, Original};
pub use error::SyncError;
pub use fs::Removed;
pub use guard::{Deletion, Found, Held, may_delete};
pub use item::{Ledger, Note, Store};
pub use judge::{Compare, Facts, More, Side, Verdict, Why, judge};
pub use merge::{Keyed, Merge, MergeError, Pair, union};
pub use plan::{Action, Plan, Request, Source, Target, What, plan};
pub use remote::Scope;
pub use run::{Begun, Run};
pub use stages::Phase;
