//! Files up: one request for small ones, parallel parts for large ones, compared with what the server
//! says it stored.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use dipper_s3::{Class, Integrity, ObjectHeaders, PartRef, PutRequest, S3};
use dipper_state::{Fingerprint, Journal, Outcome, PartRow, TransferRow};
use dipper_types::{BucketName, ObjectKey, PartNumber, UploadId};
use futures::{FutureExt, StreamExt};
use md5::{Digest, Md5};

use crate::engine::{JobContext, set_size};
use crate::error::TransferError;
use crate::hash::{Crc, multipart_etag};
use crate::plan::{self, SINGLE_MAX, part_size};
use crate::progress::{Active, Attempt};
use crate::sink::Stored;
use crate::source::fingerprint;
use crate::{fs, retry};

/// A file that changes under us is read once more; then it is reported.
const CHANGES: u32 = 2;

pub(crate) async fn file(
    context: &Arc<JobContext>,
    transfer: &TransferRow,
    headers: &ObjectHeaders,
    active: &Arc<Active>,
) -> Result<Outcome, TransferError> {
    let job = Upload::of(context, transfer, headers, active)?;
    let mut round = 0;
    let (size, verified, etag) = loop {
        round += 1;
        match job.once(round == 1).await {
            Err(TransferError::SourceChanged { .. }) if round < CHANGES => {}
            Err(error) => {
                job.give_up(&error).await;
                return Err(error);
            }
            Ok(done) => break done,
        }
    };
    context.engine.sink.stored(Stored {
        profile: context.row.profile.clone(),
        bucket: context.row.bucket.clone(),
        key: transfer.key.clone(),
        size: Some(size),
    });
    Ok(Outcome::Done { size, verified: verified.to_owned(), etag: Some(etag) })
}

/// Aborts what a transfer left open and forgets it. An upload that is gone counts as aborted.
pub(crate) async fn abort(
    journal: &Journal,
    s3: &S3,
    bucket: &str,
    transfer: &TransferRow,
) -> Result<(), TransferError> {
    if let Some(upload) = &transfer.upload {
        let bucket = BucketName::new(bucket)?;
        let key = ObjectKey::new(transfer.key.clone())?;
        s3.abort_upload(&bucket, &key, upload).await?;
    }
    Ok(journal.end_upload(transfer.id).await?)
}

struct Upload<'a> {
    context: &'a Arc<JobContext>,
    transfer: &'a TransferRow,
    headers: ObjectHeaders,
    active: &'a Arc<Active>,
    bucket: BucketName,
    key: ObjectKey,
    path: PathBuf,
}

/// How it was verified, and the ETag.
type Verified = (u64, &'static str, String);

impl<'a> Upload<'a> {
    fn of(
        context: &'a Arc<JobContext>,
        transfer: &'a TransferRow,
        headers: &ObjectHeaders,
        active: &'a Arc<Active>,
    ) -> Result<Self, TransferError> {
        let path = transfer.local.clone().unwrap_or_default();
        let mut headers = headers.clone();
        if headers.content_type.is_none() {
            headers.content_type =
                mime_guess::from_path(&transfer.key).first_raw().map(str::to_owned);
        }
        Ok(Self {
            context,
            transfer,
            headers,
            active,
            bucket: BucketName::new(context.row.bucket.clone())?,
            key: ObjectKey::new(transfer.key.clone())?,
            path,
        })
    }

    /// What a later try can't go on with is not left open on the server.
    async fn give_up(&self, error: &TransferError) {
        let (engine, s3) = (&self.context.engine, &self.context.s3);
        let local =
            matches!(error, TransferError::SourceChanged { .. } | TransferError::Local { .. });
        let open = engine.journal.transfer(self.transfer.id).ok().flatten();
        if let Some(row) = open.filter(|row| local && row.upload.is_some())
            && let Err(error) = abort(&engine.journal, s3, self.bucket.as_str(), &row).await
        {
            tracing::warn!(key = row.key, %error, "an open upload could not be aborted");
        }
    }

    fn changed(&self) -> TransferError {
        TransferError::SourceChanged { path: self.path.clone() }
    }

    async fn once(&self, may_resume: bool) -> Result<Verified, TransferError> {
        let (file, before) = open(&self.path).await?;
        set_size(self.context, self.active, self.transfer.size.unwrap_or(0), before.size);
        if before.size <= SINGLE_MAX {
            // It may have been larger when an earlier round began.
            if let Some(row) = self.context.engine.journal.transfer(self.transfer.id)?
                && row.upload.is_some()
            {
                let (journal, s3) = (&self.context.engine.journal, &self.context.s3);
                abort(journal, s3, self.bucket.as_str(), &row).await?;
            }
            self.single(file, before).await
        } else {
            self.multipart(file, before, may_resume).await
        }
    }

    async fn single(
        &self,
        file: Arc<File>,
        before: Fingerprint,
    ) -> Result<Verified, TransferError> {
        let engine = &self.context.engine;
        let _budget = engine.reserve(before.size).await?;
        let crc = self.context.s3.connection().provider.integrity == Integrity::Crc64nvme;
        let path = self.path.clone();
        let (bytes, md5, crc64) = tokio::task::spawn_blocking(move || {
            let bytes = read_piece(&file, &path, 0, before.size)?;
            // Growth shows in the fingerprint, shrinking in the read.
            same(&file, &path, before)?;
            let md5: [u8; 16] = Md5::digest(&bytes).into();
            let crc64 = crc.then(|| Crc::Crc64nvme.base64(Crc::Crc64nvme.digest(&bytes)));
            Ok::<_, TransferError>((bytes, md5, crc64))
        })
        .await
        .map_err(|_| TransferError::Panicked)??;
        let request = PutRequest {
            headers: self.headers.clone(),
            crc64nvme: crc64.clone(),
            md5: Some(md5),
            if_absent: false,
        };
        let stored = retry::run(engine.policy(), self.context.cancel.clone(), |_| async {
            let attempt = Attempt::new(self.active);
            let sent = attempt.counter();
            let stored = self
                .context
                .s3
                .put_object(&self.bucket, &self.key, bytes.clone(), &request, Some(&sent))
                .await?;
            let plain = matches!(stored.encryption.as_deref(), None | Some("AES256"));
            if plain && is_md5(&stored.etag) {
                expect("the ETag of what was stored", &hex::encode(md5), &stored.etag)?;
            }
            if let (Some(ours), Some(theirs)) = (&crc64, &stored.crc64nvme) {
                expect("the checksum of what was stored", ours, theirs)?;
            }
            attempt.keep();
            Ok(stored)
        })
        .await?;
        let by_md5 = is_md5(&stored.etag) && stored.etag.eq_ignore_ascii_case(&hex::encode(md5));
        let verified = if stored.crc64nvme.is_some() && crc64.is_some() {
            "crc64nvme"
        } else if by_md5 {
            "md5"
        } else {
            self.compare_head(before.size, None, crc64.as_deref()).await?
        };
        Ok((before.size, verified, stored.etag))
    }

    async fn multipart(
        &self,
        file: Arc<File>,
        before: Fingerprint,
        may_resume: bool,
    ) -> Result<Verified, TransferError> {
        let (engine, s3) = (&self.context.engine, &self.context.s3);
        let size = part_size(before.size, &s3.connection().provider);
        let (upload, mut done) = match self.resumable(before, size, may_resume).await? {
            Some(found) => found,
            None => (self.begin(before, size).await?, Vec::new()),
        };
        for part in &done {
            self.active.add(part.size);
        }
        let parts = plan::count(before.size, size);
        let missing: Vec<u64> = (1..=parts)
            .filter(|n| !done.iter().any(|p| u64::from(p.number.get().unsigned_abs()) == *n))
            .collect();
        let sent = self.send(missing, &file, &upload, before.size, size).await?;
        done.extend(sent);
        done.sort_by_key(|part| part.number);
        let path = self.path.clone();
        let unchanged = tokio::task::spawn_blocking(move || same(&file, &path, before))
            .await
            .map_err(|_| TransferError::Panicked)?;
        if let Err(error) = unchanged {
            s3.abort_upload(&self.bucket, &self.key, &upload).await?;
            engine.journal.end_upload(self.transfer.id).await?;
            return Err(error);
        }
        self.active.verifying.store(true, Ordering::Relaxed);
        let verified = self.complete(&upload, &done, before.size).await?;
        engine.journal.end_upload(self.transfer.id).await?;
        Ok(verified)
    }

    /// Where the session ends in between, no new part begins, but those under way are waited for:
    /// they carry the session's signature already, and would otherwise be sent twice.
    async fn send(
        &self,
        missing: Vec<u64>,
        file: &Arc<File>,
        upload: &UploadId,
        total: u64,
        size: u64,
    ) -> Result<Vec<PartRow>, TransferError> {
        let over = AtomicBool::new(false);
        let mut parts = futures::stream::iter(missing)
            .map(|number| {
                let over = &over;
                async move {
                    if over.load(Ordering::Relaxed) {
                        return Err(TransferError::Cancelled);
                    }
                    self.part(file, upload, total, size, number).await
                }
                .boxed()
            })
            .buffer_unordered(self.context.engine.limits.parts.max(1));
        let (mut sent, mut ended) = (Vec::new(), None);
        while let Some(part) = parts.next().await {
            match part {
                Ok(part) => sent.push(part),
                Err(error) if error.needs_sign_in() => {
                    over.store(true, Ordering::Relaxed);
                    ended.get_or_insert(error);
                }
                Err(_) if ended.is_some() => {}
                Err(error) => return Err(error),
            }
        }
        match ended {
            Some(error) => Err(error),
            None => Ok(sent),
        }
    }

    /// The upload an earlier run began, with the parts that both the journal and the server have.
    async fn resumable(
        &self,
        now: Fingerprint,
        size: u64,
        may_resume: bool,
    ) -> Result<Option<(UploadId, Vec<PartRow>)>, TransferError> {
        let (engine, s3) = (&self.context.engine, &self.context.s3);
        // The row as it is now: an earlier round of this run may have begun an upload.
        let Some(row) = engine.journal.transfer(self.transfer.id)? else { return Ok(None) };
        let Some(upload) = row.upload.clone() else { return Ok(None) };
        if !may_resume || row.fingerprint != Some(now) || row.part_size != Some(size) {
            abort(&engine.journal, s3, self.bucket.as_str(), &row).await?;
            return Ok(None);
        }
        let known = engine.journal.parts(self.transfer.id)?;
        match s3.list_parts(&self.bucket, &self.key, &upload).await {
            Ok(there) => {
                let both = known
                    .into_iter()
                    .filter(|k| {
                        there
                            .iter()
                            .any(|t| t.number == k.number && t.etag == k.etag && t.size == k.size)
                    })
                    .collect();
                Ok(Some((upload, both)))
            }
            // Finished by a Complete whose answer was lost, or aborted by somebody: the parts tell.
            Err(error) if error.class == Class::UploadNotFound => {
                let all = known.len() as u64 == plan::count(now.size, size);
                if all && self.is_ours(&known, now.size).await? {
                    return Ok(Some((upload, known)));
                }
                engine.journal.end_upload(self.transfer.id).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn begin(&self, before: Fingerprint, size: u64) -> Result<UploadId, TransferError> {
        let engine = &self.context.engine;
        let upload = retry::run(engine.policy(), self.context.cancel.clone(), |_| async {
            Ok(self.context.s3.create_upload(&self.bucket, &self.key, &self.headers).await?)
        })
        .await?;
        engine.journal.begin_upload(self.transfer.id, upload.clone(), size, before).await?;
        Ok(upload)
    }

    async fn part(
        &self,
        file: &Arc<File>,
        upload: &UploadId,
        total: u64,
        size: u64,
        number: u64,
    ) -> Result<PartRow, TransferError> {
        let engine = &self.context.engine;
        let (first, len) = plan::span(total, size, number);
        let _budget = tokio::select! {
            budget = engine.reserve(len) => budget?,
            () = self.context.cancel.cancelled() => return Err(TransferError::Cancelled),
        };
        let (file, path) = (Arc::clone(file), self.path.clone());
        let (bytes, crc) = tokio::task::spawn_blocking(move || {
            let bytes = read_piece(&file, &path, first, len)?;
            let crc = Crc::Crc64nvme.base64(Crc::Crc64nvme.digest(&bytes));
            Ok::<_, TransferError>((bytes, crc))
        })
        .await
        .map_err(|_| TransferError::Panicked)??;
        let number = PartNumber::new(i32::try_from(number).unwrap_or(i32::MAX))
            .map_err(|_| self.changed())?;
        let part = retry::run(engine.policy(), self.context.cancel.clone(), |_| async {
            let attempt = Attempt::new(self.active);
            let sent = attempt.counter();
            let part = self
                .context
                .s3
                .upload_part(
                    &self.bucket,
                    &self.key,
                    upload,
                    number,
                    bytes.clone(),
                    Some(&crc),
                    Some(&sent),
                )
                .await?;
            attempt.keep();
            Ok(part)
        })
        .await?;
        let row = PartRow { number, etag: part.etag, checksum: Some(crc), size: len };
        engine.journal.add_part(self.transfer.id, row.clone()).await?;
        Ok(row)
    }

    async fn complete(
        &self,
        upload: &UploadId,
        parts: &[PartRow],
        size: u64,
    ) -> Result<Verified, TransferError> {
        let s3 = &self.context.s3;
        let crc = s3.connection().provider.integrity == Integrity::Crc64nvme;
        let full = crc.then(|| whole(parts)).flatten();
        let refs: Vec<PartRef> = parts
            .iter()
            .map(|part| PartRef {
                number: part.number,
                etag: part.etag.clone(),
                crc64nvme: part.checksum.clone().filter(|_| crc),
            })
            .collect();
        retry::run(self.context.engine.policy(), self.context.cancel.clone(), |attempt| {
            let (refs, full) = (&refs, &full);
            async move {
                let done = s3
                    .complete_upload(&self.bucket, &self.key, upload, refs, full.as_deref(), size)
                    .await;
                match done {
                    Ok(_) => Ok(()),
                    // The answer to an earlier attempt, or to an earlier run's, was lost on its way.
                    // Ceph then says InternalError instead of NoSuchUpload.
                    Err(error)
                        if (error.class == Class::UploadNotFound
                            || attempt > 0
                                && error.class.is_transient()
                                && self.is_gone(upload).await)
                            && self.is_ours(parts, size).await? =>
                    {
                        Ok(())
                    }
                    Err(error) => Err(error.into()),
                }
            }
        })
        .await?;
        let expected = multipart_etag(parts.iter().map(|p| p.etag.as_str()));
        let verified = self.compare_head(size, expected.as_deref(), full.as_deref()).await?;
        let head = s3.head_object(&self.bucket, &self.key).await?;
        Ok((size, verified, head.etag.unwrap_or_default()))
    }

    async fn is_gone(&self, upload: &UploadId) -> bool {
        let parts = self.context.s3.list_parts(&self.bucket, &self.key, upload).await;
        parts.is_err_and(|error| error.class == Class::UploadNotFound)
    }

    /// Whether what lies under the key now is what these parts make.
    async fn is_ours(&self, parts: &[PartRow], size: u64) -> Result<bool, TransferError> {
        match self.context.s3.head_object(&self.bucket, &self.key).await {
            Ok(head) => {
                let etag = multipart_etag(parts.iter().map(|p| p.etag.as_str()));
                Ok(head.size == size && etag.is_some() && head.etag == etag)
            }
            Err(error) if error.class == Class::ObjectNotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// HEAD after the upload: what is there must be what was sent, as far as the server can say.
    async fn compare_head(
        &self,
        size: u64,
        etag: Option<&str>,
        crc64: Option<&str>,
    ) -> Result<&'static str, TransferError> {
        let head =
            retry::run(self.context.engine.policy(), self.context.cancel.clone(), |_| async {
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
            return Ok("crc64nvme");
        }
        match (etag, head.etag.as_deref()) {
            (Some(ours), Some(theirs)) if ours == theirs => Ok("etag"),
            _ => Ok("size"),
        }
    }
}

fn expect(what: &'static str, expected: &str, got: &str) -> Result<(), TransferError> {
    if expected.eq_ignore_ascii_case(got) {
        return Ok(());
    }
    Err(TransferError::Mismatch { what, expected: expected.to_owned(), got: got.to_owned() })
}

fn is_md5(etag: &str) -> bool {
    etag.len() == 32 && etag.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The whole object's CRC from its parts'.
fn whole(parts: &[PartRow]) -> Option<String> {
    let crc = Crc::Crc64nvme;
    let mut all = 0;
    for (at, part) in parts.iter().enumerate() {
        let value = crc.read(part.checksum.as_deref()?)?;
        all = if at == 0 { value } else { crc.combine(all, value, part.size) };
    }
    Some(crc.base64(all))
}

async fn open(path: &Path) -> Result<(Arc<File>, Fingerprint), TransferError> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || {
        // Opening a FIFO would wait for its writer: look first.
        let meta = std::fs::symlink_metadata(&path).map_err(TransferError::local("read", &path))?;
        if !meta.is_file() {
            let source = std::io::Error::new(std::io::ErrorKind::InvalidInput, "not a file");
            return Err(TransferError::Local { op: "read", path, source });
        }
        let file = File::open(&path).map_err(TransferError::local("read", &path))?;
        let meta = file.metadata().map_err(TransferError::local("read", &path))?;
        Ok((Arc::new(file), fingerprint(&meta)))
    })
    .await
    .map_err(|_| TransferError::Panicked)?
}

/// The open file and the name must both still be what they were.
fn same(file: &File, path: &Path, before: Fingerprint) -> Result<(), TransferError> {
    let open = file.metadata().map_err(TransferError::local("read", path))?;
    let changed = || TransferError::SourceChanged { path: path.to_owned() };
    let named = std::fs::symlink_metadata(path).map_err(|_| changed())?;
    match fingerprint(&open) == before && fingerprint(&named) == before {
        true => Ok(()),
        false => Err(changed()),
    }
}

fn read_piece(file: &File, path: &Path, first: u64, len: u64) -> Result<Bytes, TransferError> {
    let mut buffer = vec![0; usize::try_from(len).unwrap_or(usize::MAX)];
    match fs::read_at(file, &mut buffer, first) {
        Ok(()) => Ok(buffer.into()),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(TransferError::SourceChanged { path: path.to_owned() })
        }
        Err(source) => Err(TransferError::Local { op: "read", path: path.to_owned(), source }),
    }
}
