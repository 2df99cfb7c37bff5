//! What an upload keeps of its file: with the object, and here for whoever compares the two later.

use std::fs::Metadata;
use std::sync::{Mutex, PoisonError};

use dipper_s3::ObjectHeaders;
use dipper_state::{Digest, FileState, SameObject, object_place};

use crate::attrs::Attrs;
use crate::spec::Preserve;
use crate::upload::Upload;

/// The file as it was when its bytes were read, and what they are.
pub(crate) type Seen = Mutex<Option<(FileState, Digest)>>;

impl Upload<'_> {
    pub fn keep(&self) -> Preserve {
        self.context.spec.keep()
    }

    /// The headers, with what the file has besides its bytes if that is to be kept.
    pub fn described(&self, meta: Option<&Metadata>, md5: Option<[u8; 16]>) -> ObjectHeaders {
        let mut headers = self.headers.clone();
        let (meta, md5) = match &self.sealed {
            Some(plain) => (Some(&plain.meta), Some(plain.md5)),
            None => (meta, md5),
        };
        if let Some(meta) = meta.filter(|_| self.keep().attributes) {
            Attrs::of(meta, md5).put(&mut headers);
        }
        headers
    }

    pub fn see(&self, meta: Option<&Metadata>, md5: Option<[u8; 16]>, crc64nvme: Option<&str>) {
        let (meta, md5, crc64nvme) = match &self.sealed {
            Some(plain) => (Some(&plain.meta), Some(plain.md5), None),
            None => (meta, md5, crc64nvme),
        };
        let file = meta.filter(|meta| self.keep().remember && meta.is_file());
        let digest = Digest { md5, crc64nvme: crc64nvme.map(str::to_owned), object: None };
        let now = self.context.engine.clock.now();
        let seen = file.and_then(FileState::of).filter(|file| file.is_settled(now));
        let seen = seen.map(|file| (file, digest));
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    /// The object is there, and is what was seen.
    pub fn remember(&self, etag: &str) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((file, mut digest)) = seen else { return };
        let place = object_place(&self.context.row.profile, &self.bucket, self.key.as_str());
        digest.object = Some(SameObject { place, etag: etag.to_owned() });
        self.context.engine.digests.note_soon(vec![(file, digest)]);
    }
}
