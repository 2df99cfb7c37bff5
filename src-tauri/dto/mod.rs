//! Wire types: what crosses to the window. camelCase, RFC 3339, bytes as numbers, null for absent.
//!
//! No type here that goes outward has a field for a secret.

mod access;
mod buckets;
mod doctor;
mod error;
mod keys;
mod listing;
mod objects;
mod profiles;
mod search;
mod settings;
mod sign_in;
mod transfers;

pub use access::*;
pub use buckets::*;
pub use doctor::*;
pub use error::*;
pub use keys::*;
pub use listing::*;
pub use objects::*;
pub use profiles::*;
pub use search::*;
pub use settings::*;
pub use sign_in::*;
pub use transfers::*;

/// Two enums with the same variants, one way or both.
macro_rules! mirror {
    ($own:ident, $theirs:path, { $($variant:ident),* $(,)? }) => {
        impl From<$theirs> for $own {
            fn from(value: $theirs) -> Self {
                match value { $(<$theirs>::$variant => Self::$variant),* }
            }
        }
    };
    (both $own:ident, $theirs:path, { $($variant:ident),* $(,)? }) => {
        $crate::dto::mirror!($own, $theirs, { $($variant),* });
        impl From<$own> for $theirs {
            fn from(value: $own) -> Self {
                match value { $($own::$variant => <$theirs>::$variant),* }
            }
        }
    };
}
pub(crate) use mirror;
