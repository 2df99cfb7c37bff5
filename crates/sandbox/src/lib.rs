//! An S3 server in-process: durable in a folder, or in memory.
//!
//! "Try it without an account" and the tests' server. Two accounts, `main` and `alt`, with random
//! keys; anonymous and presigned requests; every request is judged by [`dipper_access::evaluate`].
//!
//! - HTTP, XML and signatures are the `s3s` crate's; what a request means is in `ops`.
//! - What is stored is an index in memory (`store`). With a folder, each change is first in SQLite
//!   and its bodies are in files, then it is in the index: what was acknowledged survives a kill.
//! - One process owns a folder, by an OS lock. Others find it with [`running`] and connect.

mod account;
mod checksum;
mod clock;
mod error;
mod faults;
mod folder;
mod judge;
mod model;
mod ops;
mod serve;
mod store;

pub use account::Account;
pub use error::SandboxError;
pub use faults::{Fault, Faults, Mix, Paging, When};
pub use folder::{Running, running};
pub use serve::{Config, Sandbox, Storage};
