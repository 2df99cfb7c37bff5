//! The shared vocabulary: names, ids, secrets, clock. No I/O.
//!
//! A word means the same thing in every crate because it is one type here. Names are checked once,
//! where they enter; after that a `BucketName` is a bucket name.

mod clock;
mod ids;
mod names;
mod secret;

pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use ids::{IdError, JobId, PartNumber, ProfileId, TransferId, UploadId, VersionId};
pub use names::{BucketName, NameError, ObjectKey, ObjectRef, Prefix, S3Uri};
pub use secret::Secret;
