//! What a download became, remembered for whoever compares the two later.

use std::fs::{File, Metadata};
use std::sync::Arc;

use dipper_state::{Digest, FileState, SameObject, object_place};
use dipper_types::BucketName;

use crate::attrs::md5_of;
use crate::engine::JobContext;
use crate::spec::Spec;

/// A whole, verified file, before it got its name.
pub(crate) struct Came {
    file: Arc<File>,
    before: Metadata,
}

impl Came {
    /// `None` where nobody wants to know later.
    pub fn of(spec: &Spec, file: &Arc<File>) -> Option<Self> {
        let before = spec.keep().remember.then(|| file.metadata().ok()).flatten()?;
        Some(Self { file: Arc::clone(file), before })
    }

    /// It has its name now, which changed one of its times.
    pub fn remember(
        self,
        context: &JobContext,
        bucket: &BucketName,
        key: &str,
        etag: &str,
        verified: &str,
    ) {
        let Ok(now) = self.file.metadata() else { return };
        // Somebody else may have written to it already.
        let same =
            now.len() == self.before.len() && now.modified().ok() == self.before.modified().ok();
        let Some(file) = FileState::of(&now).filter(|_| same) else { return };
        let place = object_place(&context.row.profile, bucket, key);
        let digest = Digest {
            md5: if verified == "md5" { md5_of(etag) } else { None },
            crc64nvme: None,
            object: Some(SameObject { place, etag: etag.to_owned() }),
        };
        context.engine.digests.note_soon(vec![(file, digest)]);
    }
}
