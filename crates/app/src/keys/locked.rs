//! How an object is encrypted, as its headers say, and what of that is still known when a listing shows
//! its row: nobody is asked for a badge.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use dipper_s3::{ObjectHead, ServerSide};
use dipper_transfer::{Protection, format_of, protection_of};
use dipper_types::{BucketName, ObjectKey, Timestamp};

use super::{KeyKind, crypt};
use crate::{App, Result};

/// Encrypted before it was uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBy {
    /// `openpgp`, `age` or `rclone`
    pub format: String,
    /// Keys of the vault that may open it. Which one does is only known once it was tried.
    pub keys: Vec<String>,
}

/// More than what every service does with every object by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lock {
    Kms,
    Dsse,
    Customer,
    OpenPgp,
    Age,
    Rclone,
}

impl Lock {
    fn of_server(with: &ServerSide) -> Option<Self> {
        match with {
            ServerSide::S3 => None,
            ServerSide::Kms { .. } => Some(Self::Kms),
            ServerSide::Dsse { .. } => Some(Self::Dsse),
            ServerSide::Customer { .. } => Some(Self::Customer),
        }
    }

    fn of_format(format: &str) -> Option<Self> {
        match format {
            "openpgp" => Some(Self::OpenPgp),
            "age" => Some(Self::Age),
            "rclone" => Some(Self::Rclone),
            _ => None,
        }
    }

    fn of_head(head: &ObjectHead) -> Option<Self> {
        let here = format_of(head).and_then(|format| Self::of_format(format.as_str()));
        here.or_else(|| Self::of_server(&head.server_side()?))
    }
}

type Name = (String, String, String);

/// Of objects that were looked at in this run. Bounded: what falls out has no badge any more.
#[derive(Default)]
pub(crate) struct Locks(Mutex<HashMap<Name, Seen>>);

/// Size, time, and how it was encrypted.
type Seen = (u64, Option<Timestamp>, Option<Lock>);

const MOST: usize = 10_000;

impl Locks {
    fn note(&self, name: Name, head: &ObjectHead) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(name, (head.size, head.modified, Lock::of_head(head)));
    }

    /// Of the object as it lies there now.
    pub fn known(
        &self,
        (profile, bucket, key): (&str, &str, &str),
        size: Option<u64>,
        modified: Option<Timestamp>,
    ) -> Option<Lock> {
        let name = (profile.to_owned(), bucket.to_owned(), key.to_owned());
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, at, lock) = known.get(&name)?;
        // A HEAD tells whole seconds, a listing more.
        let seconds = |at: Timestamp| at.millis().div_euclid(1000);
        let same = Some(*of) == size && at.map(seconds) == modified.map(seconds);
        lock.filter(|_| same)
    }
}

impl App {
    /// What its headers say; remembered for its row.
    pub(crate) fn note_lock(
        &self,
        profile: &str,
        bucket: &BucketName,
        key: &ObjectKey,
        head: &ObjectHead,
    ) -> Result<Option<SealedBy>> {
        self.locks.note((profile.to_owned(), bucket.to_string(), key.to_string()), head);
        let Some(format) = format_of(head) else { return Ok(None) };
        let opens = |kind: &str| KeyKind::parse(kind).is_some_and(|k| crypt::opens(k, format));
        let keys = self.chest.table.list()?.into_iter().filter(|row| opens(&row.kind));
        let keys = keys.map(|row| row.name).collect();
        Ok(Some(SealedBy { format: format.as_str().to_owned(), keys }))
    }

    /// How what comes into a folder is encrypted, as this computer's places say.
    pub(crate) fn place_lock(&self, profile: &str, bucket: &str, prefix: &str) -> Option<Lock> {
        let places = self.chest.protected_in(profile, bucket);
        match protection_of(&places, prefix)? {
            Protection::Server { with } => Lock::of_server(with),
            Protection::Client { seal } => Lock::of_format(&seal.format),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_holds_while_the_object_stays() {
        let locks = Locks::default();
        let at = Some(Timestamp::from_millis(5_000));
        let head = |method: &str| ObjectHead {
            size: 3,
            modified: at,
            encryption: Some(method.into()),
            ..ObjectHead::default()
        };
        let name = |key: &str| ("p".to_owned(), "b".to_owned(), key.to_owned());
        locks.note(name("k"), &head("aws:kms"));
        locks.note(name("s3"), &head("AES256"));
        let known = |key, size, at| locks.known(("p", "b", key), Some(size), at);
        assert_eq!(known("k", 3, Some(Timestamp::from_millis(5_900))), Some(Lock::Kms));
        assert_eq!(known("k", 4, at), None, "it was replaced");
        assert_eq!(known("k", 3, Some(Timestamp::from_millis(9_000))), None, "it was replaced");
        assert_eq!(known("s3", 3, at), None, "every object has that");
        assert_eq!(known("other", 3, at), None);
    }
}
