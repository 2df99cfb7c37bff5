//! How what is uploaded is encrypted: as the job says, else as the place does where it comes to lie.

use dipper_s3::ServerSide;
use serde::{Deserialize, Serialize};

use crate::sealed::Seal;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Protection {
    /// By the server.
    Server { with: ServerSide },
    /// Here, before it leaves.
    Client { seal: Seal },
}

impl Protection {
    /// The names of the keys that it needs.
    pub fn keys(&self) -> &[String] {
        match self {
            Self::Server { with: ServerSide::Customer { key } } => std::slice::from_ref(key),
            Self::Server { .. } => &[],
            Self::Client { seal } => &seal.keys,
        }
    }

    /// Whether it needs the key of this name.
    pub fn uses(&self, name: &str) -> bool {
        self.keys().iter().any(|key| key == name)
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
    asked.or_else(|| match protection_of(places, key)? {
        Protection::Server { with } => Some(with.clone()),
        Protection::Client { .. } => None,
    })
}

/// What is encrypted here.
pub(crate) fn client_side(asked: Option<&Seal>, places: &[Protected], key: &str) -> Option<Seal> {
    asked.cloned().or_else(|| match protection_of(places, key)? {
        Protection::Client { seal } => Some(seal.clone()),
        Protection::Server { .. } => None,
    })
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
