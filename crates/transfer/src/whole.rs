//! A file of any size in one request: read once for what proves it, and once more to be sent.

use std::sync::Arc;

use bytes::Bytes;
use dipper_s3::Payload;
use dipper_state::Fingerprint;
use md5::{Digest, Md5};

use crate::error::TransferError;
use crate::fs;
use crate::hash::Crc;
use crate::origin::Open;
use crate::small::Small;
use crate::upload::{Upload, Verified};

impl Upload<'_> {
    /// The server compares what it gets with the MD5 or the checksum, so that a change in between is
    /// found.
    pub async fn put_whole(
        &self,
        open: &Open,
        before: Fingerprint,
    ) -> Result<Verified, TransferError> {
        let Open::File(file, path) = open else { return Err(TransferError::Panicked) };
        let (source, name) = (Arc::clone(file), path.clone());
        let hashed = tokio::task::spawn_blocking(move || {
            let (crc, mut md5) = (Crc::Crc64nvme, Md5::new());
            let mut sum = crc.digest(b"");
            fs::each_block(&source, 0, before.size, |block| {
                md5.update(block);
                sum = crc.combine(sum, crc.digest(block), block.len() as u64);
            })
            .map_err(TransferError::local("read", &name))?;
            Ok::<_, TransferError>((md5.finalize().into(), crc.base64(sum)))
        });
        let (md5, crc64) = hashed.await.map_err(|_| TransferError::Panicked)??;
        open.unchanged(before, &self.context.policy(), &self.context.cancel).await?;
        let file = Arc::clone(file);
        let read = move |first: u64, len: usize| {
            let mut block = vec![0; len];
            fs::read_at(&file, &mut block, first).map(|()| Bytes::from(block))
        };
        let bytes = Payload::Read { read: Arc::new(read), size: before.size };
        let meta = open.metadata();
        let sent = self.put(Small { bytes, md5, crc64 }, before.size, meta.as_ref()).await;
        // What was sent is what was hashed, or this says why it was not.
        open.unchanged(before, &self.context.policy(), &self.context.cancel).await?;
        sent
    }
}
