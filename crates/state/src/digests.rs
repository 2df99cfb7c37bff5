//! What files were when they were last read: so that nobody reads them again to learn that nothing
//! changed. Known by device and inode, and only as long as size and both times are what they were.

use dipper_types::{BucketName, ProfileId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Db, StateError};

/// Which state of which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileState {
    pub device: u64,
    pub inode: u64,
    pub size: u64,
    pub mtime_ns: i64,
    pub ctime_ns: i64,
}

impl FileState {
    /// `None` where the system tells no inodes: then nothing is remembered.
    #[cfg(unix)]
    pub fn of(meta: &std::fs::Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let ns = |secs: i64, nanos: i64| secs.saturating_mul(1_000_000_000).saturating_add(nanos);
        Some(Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.len(),
            mtime_ns: ns(meta.mtime(), meta.mtime_nsec()),
            ctime_ns: ns(meta.ctime(), meta.ctime_nsec()),
        })
    }

    /// Systems count time in steps: a file that was written to just now may be again, and look the same.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        const STEP_NS: i64 = 20_000_000;
        let latest = self.mtime_ns.max(self.ctime_ns);
        now.millis().saturating_mul(1_000_000).saturating_sub(latest) > STEP_NS
    }

    #[cfg(not(unix))]
    pub fn of(_: &std::fs::Metadata) -> Option<Self> {
        None
    }
}

/// What was learnt of a file in that state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Digest {
    pub md5: Option<[u8; 16]>,
    /// Base64 of the CRC-64/NVME.
    pub crc64nvme: Option<String>,
    /// An object that had the same bytes, and its ETag then.
    pub object: Option<SameObject>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameObject {
    /// See [`object_place`].
    pub place: String,
    pub etag: String,
}

/// An object's name among those of all connections.
pub fn object_place(profile: &ProfileId, bucket: &BucketName, key: &str) -> String {
    format!("{}/{}/{key}", profile.as_str(), bucket.as_str())
}

#[derive(Clone)]
pub struct Digests(Db);

impl Digests {
    pub fn new(db: &Db) -> Self {
        Self(db.clone())
    }

    /// What was known of the same state and is not told again stays.
    pub async fn note(&self, found: Vec<(FileState, Digest)>) -> Result<(), StateError> {
        self.0.write(move |c| note(c, &found)).await
    }

    /// As [`Self::note`], without waiting for it: nothing is lost with it but time. It comes before
    /// every write that is asked for later.
    pub fn note_soon(&self, found: Vec<(FileState, Digest)>) {
        self.0.write_soon(move |c| note(c, &found));
    }

    /// What is known of a file that is still in that state.
    pub fn known(&self, file: &FileState) -> Result<Option<Digest>, StateError> {
        self.0.read(|c| {
            c.prepare_cached(
                "SELECT md5, crc64nvme, place, etag FROM digests WHERE device = ?1 AND inode = ?2
                 AND size = ?3 AND mtime_ns = ?4 AND ctime_ns = ?5",
            )?
            .query_row(
                params![
                    file.device.cast_signed(),
                    file.inode.cast_signed(),
                    file.size.cast_signed(),
                    file.mtime_ns,
                    file.ctime_ns
                ],
                |row| {
                    let object = match (row.get(2)?, row.get(3)?) {
                        (Some(place), Some(etag)) => Some(SameObject { place, etag }),
                        _ => None,
                    };
                    Ok(Digest { md5: row.get(0)?, crc64nvme: row.get(1)?, object })
                },
            )
            .optional()
        })
    }
}

fn note(c: &Connection, found: &[(FileState, Digest)]) -> rusqlite::Result<()> {
    let mut changed = c.prepare_cached(
        "DELETE FROM digests WHERE device = ?1 AND inode = ?2
         AND (size, mtime_ns, ctime_ns) != (?3, ?4, ?5)",
    )?;
    let mut note = c.prepare_cached(
        "INSERT INTO digests VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (device, inode) DO UPDATE SET
         md5 = coalesce(excluded.md5, md5),
         crc64nvme = coalesce(excluded.crc64nvme, crc64nvme),
         place = coalesce(excluded.place, place), etag = coalesce(excluded.etag, etag)",
    )?;
    for (file, digest) in found {
        changed.execute(params![
            file.device.cast_signed(),
            file.inode.cast_signed(),
            file.size.cast_signed(),
            file.mtime_ns,
            file.ctime_ns,
        ])?;
        let object = digest.object.as_ref();
        note.execute(params![
            file.device.cast_signed(),
            file.inode.cast_signed(),
            file.size.cast_signed(),
            file.mtime_ns,
            file.ctime_ns,
            digest.md5,
            digest.crc64nvme,
            object.map(|object| &object.place),
            object.map(|object| &object.etag),
        ])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn known_only_while_nothing_changed() {
        let folder = tempfile::tempdir().unwrap();
        let digests = Digests::new(&Db::open(folder.path()).unwrap());
        let file =
            FileState { device: 1 << 63, inode: u64::MAX, size: 5, mtime_ns: -7, ctime_ns: 9 };
        assert_eq!(digests.known(&file).unwrap(), None);
        let md5 = Digest { md5: Some([3; 16]), ..Digest::default() };
        digests.note(vec![(file, md5.clone())]).await.unwrap();
        assert_eq!(digests.known(&file).unwrap(), Some(md5.clone()));
        let object = Some(SameObject { place: "p/b/k".into(), etag: "e-2".into() });
        let seen = Digest { object: object.clone(), ..Digest::default() };
        digests.note(vec![(file, seen.clone())]).await.unwrap();
        assert_eq!(digests.known(&file).unwrap(), Some(Digest { object, ..md5 }));
        for other in [
            FileState { size: 6, ..file },
            FileState { mtime_ns: -8, ..file },
            FileState { ctime_ns: 10, ..file },
            FileState { inode: 1, ..file },
        ] {
            assert_eq!(digests.known(&other).unwrap(), None, "{other:?}");
        }
        let changed = FileState { ctime_ns: 10, ..file };
        digests.note(vec![(changed, seen.clone())]).await.unwrap();
        assert_eq!(digests.known(&changed).unwrap(), Some(seen), "the old MD5 is another file's");
        assert_eq!(digests.known(&file).unwrap(), None);
    }
}
