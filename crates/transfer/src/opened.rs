//! Downloads of what was encrypted before it was uploaded: the whole, proven ciphertext is decrypted, and
//! what comes out of it gets the name.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use dipper_crypt::{DecryptKeys, Format};
use dipper_s3::ObjectHead;
use dipper_state::Outcome;

use crate::download::{Download, blocking};
use crate::error::TransferError;
use crate::pool::Buffer;
use crate::{attrs, fs, sealed};

impl Download<'_> {
    /// In which format the object is to be decrypted.
    pub fn format_of(&self, head: &ObjectHead) -> Option<Format> {
        sealed::format_of(head).filter(|_| !self.context.spec.as_stored())
    }

    /// The bytes of a small object as they were before they were encrypted, if they were.
    pub async fn plain(
        &self,
        head: &ObjectHead,
        bytes: Buffer,
    ) -> Result<(Bytes, u64), TransferError> {
        let Some(format) = self.format_of(head) else {
            let size = bytes.as_ref().len() as u64;
            return Ok((Bytes::Came(bytes), size));
        };
        let keys = self.context.engine.connections.decrypt_keys(format).await?;
        let (head, target) = (head.clone(), self.target.clone());
        blocking(move || {
            let mut plain = Vec::new();
            let mut cipher = bytes.as_ref();
            let size = sealed::open((format, &keys), &head, &mut cipher, &mut plain, &target)?;
            Ok((Bytes::Opened(plain), size))
        })
        .await
    }

    /// Decrypts the whole, proven file into another one, which gets the name.
    pub async fn open_sealed(
        &self,
        (format, keys, about): (Format, DecryptKeys, ObjectHead),
        partial: PathBuf,
        verified: &'static str,
        etag: String,
    ) -> Result<Outcome, TransferError> {
        let (root, cipher, keep) = (self.root.clone(), partial.clone(), self.context.spec.keep());
        let (plain, target) = (fs::opened(&partial), self.target.clone());
        let path = plain.clone();
        let opened = blocking(move || {
            let mut from = File::open(&cipher).map_err(TransferError::local("read", &cipher))?;
            let file = fs::create_partial(&root, &path, None)?;
            let done = sealed::open((format, &keys), &about, &mut from, &file, &target);
            let size = done.inspect_err(|_| drop(std::fs::remove_file(&path)))?;
            attrs::restore(&file, &path, &about, keep);
            Ok((Arc::new(file), size))
        });
        let (file, size) = match opened.await {
            Ok(opened) => opened,
            Err(error) => {
                self.give_up(&partial, &error);
                return Err(error);
            }
        };
        let done = self.publish(plain, file, size, verified, Some(etag)).await;
        // Until the plaintext has its name, the ciphertext is what a later run goes on with.
        if done.is_ok() {
            let _ = std::fs::remove_file(&partial);
        }
        done
    }
}

/// Of a small object.
pub(crate) enum Bytes {
    Came(Buffer),
    Opened(Vec<u8>),
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Came(buffer) => buffer.as_ref(),
            Self::Opened(plain) => plain,
        }
    }
}
