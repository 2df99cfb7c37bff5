//! What is known of a pair, and what is asked for: the file is read, the object looked at. What was
//! learnt is remembered.

use dipper_s3::{ChecksumAlgorithm, Class, ObjectHead};
use dipper_state::{Digest, Digests, FileState, SameObject, object_place};
use dipper_transfer::{Attrs, digest, kept_mtime, md5_of};
use dipper_types::{ObjectKey, Timestamp};

use crate::error::SyncError;
use crate::item::{At, Item, Ledger, Note, Store};
use crate::judge::{Compare, Facts, More, Side, Verdict, Why, judge};

pub(crate) enum Looked {
    Same(Why),
    Differs(Why),
    /// It went meanwhile, or can't be read: told, and left alone.
    Left,
}

/// Compares two items, with all it takes.
pub(crate) async fn compare(
    (source, target): (&Item, &Item),
    (rules, now): (Compare, Timestamp),
    digests: &Digests,
    ledger: &Ledger,
) -> Result<Looked, SyncError> {
    let mut one = known(source, target, digests)?;
    let mut other = known(target, source, digests)?;
    let mut looked: Option<String> = None;
    loop {
        let (facts, item) = match judge(&one, &other, rules) {
            Verdict::Same(why) => {
                if let (Why::Md5 | Why::Checksum, Some(etag)) = (why, &looked) {
                    let about = Remembered { etag, now, digests };
                    about.note(source, target);
                    about.note(target, source);
                }
                return Ok(Looked::Same(why));
            }
            Verdict::Differs(why) => return Ok(Looked::Differs(why)),
            Verdict::Ask(Side::Source) => (&mut one, source),
            Verdict::Ask(Side::Target) => (&mut other, target),
        };
        match &item.at {
            At::Local { .. } => match read(item, digests, now).await? {
                Ok(digest) => {
                    facts.md5 = digest.md5;
                    facts.crc64nvme = digest.crc64nvme;
                }
                Err(error) => {
                    let what = item.key.clone();
                    ledger.note(Note::Unreadable { what, error });
                    return Ok(Looked::Left);
                }
            },
            At::Remote { store, key, .. } => match look(store, key).await? {
                There::Head(head) => {
                    looked = head.etag.clone();
                    about(&head, facts);
                }
                There::Hidden => {}
                There::Gone => {
                    let (what, error) = (item.key.clone(), "it is not there any more".to_owned());
                    ledger.note(Note::Unreadable { what, error });
                    return Ok(Looked::Left);
                }
            },
        }
        facts.more = More::Nothing;
    }
}

/// The MD5 of a file, remembered or read.
pub(crate) async fn md5(
    item: &Item,
    digests: &Digests,
    now: Timestamp,
) -> Result<Result<Option<[u8; 16]>, String>, SyncError> {
    let At::Local { state, .. } = &item.at else { return Ok(Ok(None)) };
    let known = state.as_ref().map(|state| digests.known(state)).transpose()?.flatten();
    if let Some(md5) = known.and_then(|known| known.md5) {
        return Ok(Ok(Some(md5)));
    }
    Ok(read(item, digests, now).await?.map(|digest| digest.md5))
}

fn known(item: &Item, other: &Item, digests: &Digests) -> Result<Facts, SyncError> {
    let facts = Facts { size: item.size, ..Facts::default() };
    Ok(match &item.at {
        At::Local { mtime_ns, state, .. } => {
            let digest = state.as_ref().map(|state| digests.known(state)).transpose()?.flatten();
            let digest = digest.unwrap_or_default();
            let place = place(other);
            let object = digest.object.filter(|object| Some(&object.place) == place.as_ref());
            let whole = digest.md5.is_some() && digest.crc64nvme.is_some();
            Facts {
                mtime_ns: Some(*mtime_ns),
                etag: object.map(|object| object.etag),
                md5: digest.md5,
                crc64nvme: digest.crc64nvme,
                more: if whole { More::Nothing } else { More::Read },
                ..facts
            }
        }
        At::Remote { etag, modified, .. } => Facts {
            stored_ns: modified.map(ns),
            md5: etag.as_deref().and_then(md5_of),
            etag: etag.clone(),
            more: More::Look,
            ..facts
        },
    })
}

fn place(item: &Item) -> Option<String> {
    let At::Remote { store, key, .. } = &item.at else { return None };
    Some(object_place(&store.profile, &store.bucket, key.as_str()))
}

fn ns(at: Timestamp) -> i64 {
    at.millis().saturating_mul(1_000_000)
}

/// What HeadObject tells, in the place of what the listing did.
fn about(head: &ObjectHead, facts: &mut Facts) {
    // Metadata may have been copied with other bytes: a size that differs gives that away.
    let attrs = Attrs::of_head(head);
    facts.size = head.size;
    facts.etag.clone_from(&head.etag);
    facts.stored_ns = head.modified.map(ns);
    facts.mtime_ns = kept_mtime(head);
    facts.md5 = match head.etag_md5() {
        Some(etag) => md5_of(etag),
        None => attrs.and_then(|attrs| attrs.md5),
    };
    let crc = head.checksums.iter().find(|checksum| {
        checksum.full_object && checksum.algorithm == ChecksumAlgorithm::Crc64nvme
    });
    facts.crc64nvme = crc.map(|crc| crc.value.clone());
}

enum There {
    Head(Box<ObjectHead>),
    /// Keys that may only list and write: then the listing must do.
    Hidden,
    Gone,
}

async fn look(store: &Store, key: &ObjectKey) -> Result<There, SyncError> {
    match store.s3.head_object(&store.bucket, key).await {
        Ok(head) => Ok(There::Head(Box::new(head))),
        Err(error) if error.class == Class::ObjectNotFound => Ok(There::Gone),
        Err(error) if error.class == Class::AccessDenied => Ok(There::Hidden),
        Err(error) => Err(error.into()),
    }
}

/// The inner error is the file's own, in words.
async fn read(
    item: &Item,
    digests: &Digests,
    now: Timestamp,
) -> Result<Result<Digest, String>, SyncError> {
    let At::Local { path, .. } = &item.at else { return Ok(Ok(Digest::default())) };
    let path = path.clone();
    let read = tokio::task::spawn_blocking(move || digest(&path)).await;
    Ok(match read.map_err(|_| SyncError::Panicked)? {
        Ok(read) => {
            let digest =
                Digest { md5: Some(read.md5), crc64nvme: Some(read.crc64nvme), object: None };
            if let Some(state) = FileState::of(&read.meta).filter(|state| state.is_settled(now)) {
                digests.note_soon(vec![(state, digest.clone())]);
            }
            Ok(digest)
        }
        Err(error) => Err(error.to_string()),
    })
}

struct Remembered<'a> {
    etag: &'a str,
    now: Timestamp,
    digests: &'a Digests,
}

impl Remembered<'_> {
    /// The next run need not look at the object again.
    fn note(&self, item: &Item, other: &Item) {
        let At::Local { state: Some(state), .. } = &item.at else { return };
        let settled = state.is_settled(self.now);
        let Some(place) = place(other).filter(|_| settled) else { return };
        let object = Some(SameObject { place, etag: self.etag.to_owned() });
        self.digests.note_soon(vec![(*state, Digest { object, ..Digest::default() })]);
    }
}
