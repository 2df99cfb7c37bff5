use std::fmt;

use serde::{Deserialize, Serialize};

/// An access control list: who owns the thing, and what others may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl {
    /// The owner's canonical id.
    pub owner: String,
    pub grants: Vec<Grant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Grant {
    pub grantee: Grantee,
    pub permission: Permission,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Grantee {
    /// One account, by canonical id.
    Canonical { id: String },
    /// S3's group `AllUsers`: signed in or not.
    Everyone,
    /// S3's group `AuthenticatedUsers`: any account in the world.
    Authenticated,
    /// S3's group `LogDelivery`.
    LogDelivery,
    /// An account by e-mail address, where a server has those.
    Email { address: String },
}

impl Grantee {
    const GROUPS: &str = "http://acs.amazonaws.com/groups/";

    /// The group's URI in S3's XML and grant headers.
    pub fn uri(&self) -> Option<String> {
        let name = match self {
            Self::Everyone => "global/AllUsers",
            Self::Authenticated => "global/AuthenticatedUsers",
            Self::LogDelivery => "s3/LogDelivery",
            Self::Canonical { .. } | Self::Email { .. } => return None,
        };
        Some(format!("{}{name}", Self::GROUPS))
    }

    pub fn from_uri(uri: &str) -> Option<Self> {
        match uri.strip_prefix(Self::GROUPS)? {
            "global/AllUsers" => Some(Self::Everyone),
            "global/AuthenticatedUsers" => Some(Self::Authenticated),
            "s3/LogDelivery" => Some(Self::LogDelivery),
            _ => None,
        }
    }

    /// A group that anyone in the world can be in.
    pub const fn is_public(&self) -> bool {
        matches!(self, Self::Everyone | Self::Authenticated)
    }
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Canonical { id } => id,
            Self::Everyone => "AllUsers",
            Self::Authenticated => "AuthenticatedUsers",
            Self::LogDelivery => "LogDelivery",
            Self::Email { address } => address,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Permission {
    Read,
    Write,
    ReadAcp,
    WriteAcp,
    FullControl,
}

impl Permission {
    pub const ALL: [Self; 5] =
        [Self::Read, Self::Write, Self::ReadAcp, Self::WriteAcp, Self::FullControl];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::ReadAcp => "READ_ACP",
            Self::WriteAcp => "WRITE_ACP",
            Self::FullControl => "FULL_CONTROL",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    /// Whether a grant of `self` gives `wanted`.
    pub fn gives(self, wanted: Self) -> bool {
        self == wanted || self == Self::FullControl
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.grantee, self.permission)
    }
}

impl Acl {
    /// S3's `private`: the owner has full control, nobody else has anything.
    pub fn private(owner: impl Into<String>) -> Self {
        let owner = owner.into();
        let grantee = Grantee::Canonical { id: owner.clone() };
        Self { owner, grants: vec![Grant { grantee, permission: Permission::FullControl }] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_uris_read_back() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.name()), Some(permission));
        }
        for group in [Grantee::Everyone, Grantee::Authenticated, Grantee::LogDelivery] {
            assert_eq!(Grantee::from_uri(&group.uri().unwrap()), Some(group));
        }
        assert_eq!(Grantee::from_uri("http://example.com/AllUsers"), None);
    }
}
