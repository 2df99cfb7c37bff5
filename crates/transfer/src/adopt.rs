//! An unfinished upload that another client began, s3cmd for one: what of it is this file's is kept, and
//! the rest is sent.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dipper_s3::ListedPart;
use dipper_state::{Fingerprint, PartRow};
use dipper_types::UploadId;
use md5::{Digest, Md5};

use crate::error::TransferError;
use crate::fs;
use crate::hash::Crc;
use crate::origin::Open;
use crate::plan::{self, SINGLE_MAX, copy_part_size, part_size_of};
use crate::spec::{Adopt, Sending};
use crate::upload::Upload;

impl Upload<'_> {
    fn sending(&self) -> Option<&Sending> {
        self.context.spec.sending()
    }

    fn wanted(&self) -> Option<&Adopt> {
        self.sending().and_then(|sending| sending.adopt.as_ref())
    }

    /// Files up to this size go up in one request, from memory.
    pub fn single_max(&self) -> u64 {
        match self.sending() {
            Some(Sending { adopt: Some(_), .. }) => 0,
            Some(Sending { part_size: Some(part), whole: false, .. }) => SINGLE_MAX.min(*part),
            _ => SINGLE_MAX,
        }
    }

    pub fn is_whole(&self) -> bool {
        self.sending().is_some_and(|sending| sending.whole)
    }

    /// The size of parts. That of an upload that was taken over is its own.
    pub fn piece(&self, total: u64) -> Result<u64, TransferError> {
        let (engine, provider) = (&self.context.engine, &self.context.s3.connection().provider);
        if self.server_side() {
            return Ok(copy_part_size(total, provider).min(engine.limits.single_copy.max(1)));
        }
        if self.wanted().is_some()
            && let Some(row) = engine.journal.transfer(self.transfer.id)?
            && let (Some(_), Some(theirs)) = (row.upload, row.part_size)
        {
            return Ok(theirs);
        }
        Ok(part_size_of(total, self.sending().and_then(|sending| sending.part_size), provider))
    }

    /// The upload that is to be gone on with, and its parts that are this file's. Sets the size of its
    /// parts.
    pub async fn adopt(
        &self,
        open: &Open,
        before: Fingerprint,
        size: &mut u64,
    ) -> Result<Option<(UploadId, Vec<PartRow>)>, TransferError> {
        let (Some(wanted), Open::File(file, path)) = (self.wanted(), open) else { return Ok(None) };
        let (engine, s3) = (&self.context.engine, &self.context.s3);
        let upload = match wanted {
            Adopt::This(id) => UploadId::new(id.clone()),
            Adopt::Only => {
                let own = engine.journal.open_uploads()?;
                let mut open = s3.list_uploads(&self.bucket, self.key.as_str()).await?;
                open.retain(|one| one.key == self.key.as_str() && !own.contains(&one.upload_id));
                match open.as_slice() {
                    [] => return Ok(None),
                    [one] => UploadId::new(one.upload_id.clone()),
                    several => {
                        return Err(TransferError::SeveralUploads { count: several.len() });
                    }
                }
            }
        };
        let there = s3.list_parts(&self.bucket, &self.key, &upload).await?;
        // All but the last are equal.
        if let Some(theirs) = there.iter().map(|part| part.size).max().filter(|most| *most > 0) {
            *size = theirs;
        }
        let (file, path, piece) = (Arc::clone(file), path.clone(), *size);
        self.plain.store(s3.by_crc() && there.iter().all(|part| !part.by_crc), Ordering::Relaxed);
        let kept =
            tokio::task::spawn_blocking(move || same(&file, &path, there, before.size, piece));
        let kept = kept.await.map_err(|_| TransferError::Panicked)??;
        let id = self.transfer.id;
        engine.journal.begin_upload(id, upload.clone(), piece, before, engine.clock.now()).await?;
        for part in &kept {
            engine.journal.add_part(id, part.clone()).await?;
        }
        tracing::info!(key = %self.key, parts = kept.len(), "goes on with another client's upload");
        Ok(Some((upload, kept)))
    }
}

/// The parts that have the file's bytes, by the MD5 that their ETags are.
fn same(
    file: &File,
    path: &Path,
    there: Vec<ListedPart>,
    total: u64,
    piece: u64,
) -> Result<Vec<PartRow>, TransferError> {
    let mut kept = Vec::new();
    for part in there {
        let number = u64::from(part.number.get().unsigned_abs());
        if number > plan::count(total, piece) {
            continue;
        }
        let (first, len) = plan::span(total, piece, number);
        if part.size != len {
            continue;
        }
        let (crc, mut md5) = (Crc::Crc64nvme, Md5::new());
        let mut sum = crc.digest(b"");
        fs::each_block(file, first, len, |block| {
            md5.update(block);
            sum = crc.combine(sum, crc.digest(block), block.len() as u64);
        })
        .map_err(TransferError::local("read", path))?;
        if hex::encode(md5.finalize()).eq_ignore_ascii_case(&part.etag) {
            let checksum = Some(crc.base64(sum));
            kept.push(PartRow { number: part.number, etag: part.etag, checksum, size: len });
        }
    }
    Ok(kept)
}
