use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    #[error("'{given}' is not a {what} id")]
    Malformed { what: &'static str, given: String },
    #[error("a part number is 1 to 10000, not {given}")]
    PartNumber { given: i32 },
}

/// An opaque text given by a server or made by us: never looked into, only compared and sent back.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// Names one saved connection on this machine. Lower-case letters, digits and dashes.
    ProfileId
);
text_id!(
    /// A multipart upload's id, as CreateMultipartUpload answered it.
    UploadId
);
text_id!(
    /// An object version's id. The literal `null` is a version, too.
    VersionId
);

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            pub const fn new(id: i64) -> Self {
                Self(id)
            }

            pub const fn get(self) -> i64 {
                self.0
            }

            /// Reads the decimal form that [`fmt::Display`] writes.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                text.parse()
                    .ok()
                    .filter(|id| *id > 0)
                    .map(Self)
                    .ok_or_else(|| IdError::Malformed { what: $what, given: text.to_owned() })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id!(
    /// What the user asked for: a job in the journal. Counts up, never used again.
    JobId,
    "job"
);
number_id!(
    /// One object moved, inside a job.
    TransferId,
    "transfer"
);

/// A part's place in a multipart upload: 1 to 10,000 (S3 API, UploadPart).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartNumber(i32);

impl PartNumber {
    pub const MAX: i32 = 10_000;

    pub fn new(number: i32) -> Result<Self, IdError> {
        if (1..=Self::MAX).contains(&number) {
            Ok(Self(number))
        } else {
            Err(IdError::PartNumber { given: number })
        }
    }

    pub const fn get(self) -> i32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_numbers_have_bounds() {
        assert!(PartNumber::new(0).is_err());
        assert_eq!(PartNumber::new(10_000).unwrap().get(), 10_000);
        assert!(PartNumber::new(10_001).is_err());
    }

    #[test]
    fn job_ids_read_what_they_write() {
        assert_eq!(JobId::parse("7"), Ok(JobId::new(7)));
        assert!(JobId::parse("0").is_err());
        assert!(JobId::parse("seven").is_err());
    }
}
