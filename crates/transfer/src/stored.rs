//! What the server says that it has stored, beside what was sent.

use dipper_s3::Class;
use dipper_state::PartRow;
use dipper_types::UploadId;

use crate::error::TransferError;
use crate::hash::{Crc, multipart_etag};
use crate::origin::expect;
use crate::retry;
use crate::upload::Upload;

/// By what, and the ETag.
type Proven = (&'static str, String);

/// What a small file is.
pub(crate) struct Ours<'a> {
    pub size: u64,
    pub md5: [u8; 16],
    pub crc64: Option<&'a str>,
}

impl Upload<'_> {
    /// What is under the key, if it is what we send: by its checksum or its MD5, never by size alone.
    pub async fn lies_there(&self, ours: &Ours<'_>) -> Result<Option<Proven>, TransferError> {
        let head = match self.context.s3.head_object(&self.bucket, &self.key).await {
            // Who may only write can't look; it goes up again.
            Err(error) if matches!(error.class, Class::ObjectNotFound | Class::AccessDenied) => {
                return Ok(None);
            }
            head => head?,
        };
        if head.size != ours.size {
            return Ok(None);
        }
        let etag = head.etag.clone().unwrap_or_default();
        let theirs = crate::hash::provable(&head.checksums);
        if let (Some(crc64), Some((Crc::Crc64nvme, theirs))) = (ours.crc64, theirs) {
            return Ok((theirs.value == crc64).then_some(("crc64nvme", etag)));
        }
        let md5 =
            head.etag_md5().is_some_and(|tag| tag.eq_ignore_ascii_case(&hex::encode(ours.md5)));
        Ok(md5.then_some(("md5", etag)))
    }

    pub async fn is_gone(&self, upload: &UploadId) -> bool {
        let parts = self.context.s3.list_parts(&self.bucket, &self.key, upload).await;
        parts.is_err_and(|error| error.class == Class::UploadNotFound)
    }

    /// Whether what lies under the key now is what these parts make.
    pub async fn is_ours(&self, parts: &[PartRow], size: u64) -> Result<bool, TransferError> {
        match self.context.s3.head_object(&self.bucket, &self.key).await {
            Ok(head) => {
                // Where both tell a checksum, that decides: an ETag may be anything.
                let theirs = crate::hash::provable(&head.checksums);
                if let (Some(ours), Some((Crc::Crc64nvme, theirs))) =
                    (crate::hash::Crc::Crc64nvme.of_parts(parts), theirs)
                {
                    return Ok(head.size == size && theirs.value == ours);
                }
                let etag = multipart_etag(parts.iter().map(|p| p.etag.as_str()));
                Ok(head.size == size && etag.is_some() && head.etag == etag)
            }
            Err(error) if error.class == Class::ObjectNotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// HEAD after the upload: what is there must be what was sent, as far as the server can say.
    pub async fn compare_head(
        &self,
        size: u64,
        etag: Option<&str>,
        crc64: Option<&str>,
    ) -> Result<(&'static str, String), TransferError> {
        let head = retry::run(self.context.policy(), self.context.cancel.clone(), |_| async {
            Ok(self.context.s3.head_object(&self.bucket, &self.key).await?)
        })
        .await?;
        if head.size != size {
            return Err(TransferError::Mismatch {
                what: "the size of what was stored",
                expected: size.to_string(),
                got: head.size.to_string(),
            });
        }
        let stored =
            crate::hash::provable(&head.checksums).filter(|(crc, _)| *crc == Crc::Crc64nvme);
        if let (Some(ours), Some((_, theirs))) = (crc64, stored) {
            expect("the checksum of what was stored", ours, &theirs.value)?;
            return Ok(("crc64nvme", head.etag.unwrap_or_default()));
        }
        let proof = match (etag, head.etag.as_deref()) {
            (Some(ours), Some(theirs)) if ours == theirs => "etag",
            _ => "size",
        };
        Ok((proof, head.etag.unwrap_or_default()))
    }
}
