//! Who can do what: grants, policies, public access block and ownership give a verdict and its
//! deciding line.
//!
//! Pure: no I/O, no clock. The sandbox judges each request with [`evaluate`], and the app explains
//! with the same function; there is no second evaluator. What can't be decided here (a statement
//! with conditions, say) is [`Decision::Unknown`]: never shown as private, and never let in by a
//! server.

mod acl;
mod action;
mod canned;
mod context;
mod evaluate;
mod exposure;
mod json;
mod lines;
mod policy;
mod settings;
mod wildcard;

pub use acl::{Acl, Grant, Grantee, Permission};
pub use canned::CannedAcl;
pub use context::Context;
pub use evaluate::{Deciding, Decision, Principal, Request, Seen, Situation, Verdict, evaluate};
pub use exposure::{BucketExposure, ObjectExposure, Tri, exposure, object_exposure};
pub use lines::{Line, What, Who};
pub use policy::public::{acl_is_public, policy_is_public};
pub use policy::toggle::{Removal, has_public_read, with_public_read, without_public_read};
pub use policy::validate::validate;
pub use policy::{
    Condition, Effect, Patterns, Policy, PolicyError, PolicyPrincipal, Principals, Problem,
    Severity, Statement,
};
pub use settings::{BlockSetting, Ownership, PublicAccessBlock};
