//! How what is uploaded is encrypted: as the job says, else as the place does where it comes to lie.

use dipper_s3::ServerSide;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Protection {
    /// By the server.
    Server { with: ServerSide },
}

impl Protection {
    /// Whether it needs the key of this name.
    pub fn uses(&self, name: &str) -> bool {
        match self {
            Self::Server { with: ServerSide::Customer { key } } => key == name,
            Self::Server { .. } => false,
        }
    }
}

/// Everything below a prefix is protected in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protected {
    pub prefix: String,
    pub protection: Protection,
}

/// Of all that a key lies below, the longest.
pub fn protection_of<'a>(places: &'a [Protected], key: &str) -> Option<&'a Protection> {
    let around = places.iter().filter(|place| key.starts_with(&place.prefix));
    around.max_by_key(|place| place.prefix.len()).map(|place| &place.protection)
}

/// What the server is asked for.
pub(crate) fn server_side(
    asked: Option<ServerSide>,
    places: &[Protected],
    key: &str,
) -> Option<ServerSide> {
    let of_place = |protection: &Protection| match protection {
        Protection::Server { with } => with.clone(),
    };
    asked.or_else(|| protection_of(places, key).map(of_place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_counts() {
        let place = |prefix: &str, with| Protected {
            prefix: prefix.into(),
            protection: Protection::Server { with },
        };
        let places = [place("", ServerSide::S3), place("a/", ServerSide::Dsse { key: None })];
        assert_eq!(server_side(None, &places, "x"), Some(ServerSide::S3));
        assert_eq!(server_side(None, &places, "a/x"), Some(ServerSide::Dsse { key: None }));
        let asked = ServerSide::Customer { key: "k".into() };
        assert_eq!(server_side(Some(asked.clone()), &places, "a/x"), Some(asked));
        assert_eq!(server_side(None, &places[1..], "x"), None);
    }
}
