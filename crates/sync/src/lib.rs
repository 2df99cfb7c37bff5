//! What makes one tree like another: local → S3, S3 → local, S3 → S3.
//!
//! The planner is pure: [`merge`] joins two ordered streams in constant memory, [`judge`] tells whether
//! two things of one name are the same, [`Filter`] what is left out, [`may_delete`] whether anything may
//! go. The runner lists both sides, answers the planner's questions, and gives the engine its jobs.

mod copies;
mod filter;
mod guard;
mod judge;
mod merge;

pub use copies::{Copies, Original};
pub use filter::{Filter, FilterError, pattern_lines};
pub use guard::{Deletion, Found, Held, may_delete};
pub use judge::{Compare, Facts, More, Side, Verdict, Why, judge};
pub use merge::{Keyed, MergeError, Pair, merge, union};
