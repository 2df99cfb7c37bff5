use serde::{Deserialize, Serialize};

use crate::evaluate::Deciding;
use crate::exposure::Tri;

/// Whom a line is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum Who {
    /// Signed in or not.
    Everyone,
    /// Any account in the world.
    Authenticated,
    Owner {
        id: String,
    },
    /// Another account, or a service: as the grant or the statement writes it.
    Other {
        name: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    ReadObjects,
    ListNames,
    WriteObjects,
    ReadAcl,
    WriteAcl,
}

impl What {
    pub const ALL: [Self; 5] =
        [Self::ReadObjects, Self::ListNames, Self::WriteObjects, Self::ReadAcl, Self::WriteAcl];

    /// The action that stands for it, on a bucket.
    pub(crate) const fn bucket_action(self) -> &'static str {
        match self {
            Self::ReadObjects => "s3:GetObject",
            Self::ListNames => "s3:ListBucket",
            Self::WriteObjects => "s3:PutObject",
            Self::ReadAcl => "s3:GetBucketAcl",
            Self::WriteAcl => "s3:PutBucketAcl",
        }
    }

    pub(crate) const fn object_action(self) -> Option<&'static str> {
        match self {
            Self::ReadObjects => Some("s3:GetObject"),
            Self::ReadAcl => Some("s3:GetObjectAcl"),
            Self::WriteAcl => Some("s3:PutObjectAcl"),
            Self::ListNames | Self::WriteObjects => None,
        }
    }

    /// Whether the target is an object in the bucket.
    pub(crate) const fn on_objects(self) -> bool {
        matches!(self, Self::ReadObjects | Self::WriteObjects)
    }
}

/// One line of the answer to "who can do what here".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub who: Who,
    pub what: What,
    /// The keys it is about: a prefix, or a pattern with `*` and `?` where it isn't one. Empty: all.
    pub prefix: String,
    /// `No` where a grant has no effect, or for what is denied.
    pub allowed: Tri,
    /// What decides it.
    pub by: Deciding,
    /// The source in words of S3: `AllUsers READ`, `statement "PublicRead"`.
    pub detail: String,
}
