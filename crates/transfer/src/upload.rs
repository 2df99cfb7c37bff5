//! Files up: one request for small ones, parallel parts for large ones, compared with what the server
//! says it stored.

use std::fs::Metadata;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use dipper_s3::{
    Class, CopySource, Guard, Integrity, ObjectHeaders, PartRef, PutRequest, S3, Stored,
};
use dipper_state::{Fingerprint, Journal, Outcome, PartRow, TransferRow};
use dipper_types::{BucketName, ObjectKey, PartNumber, UploadId};
use futures::{FutureExt, StreamExt};

use crate::engine::{JobContext, set_size};
use crate::error::TransferError;
use crate::hash::{Crc, multipart_etag};
use crate::kept::Seen;
use crate::origin::{Open, Origin, expect};
use crate::plan;
use crate::progress::{Active, Attempt};
use crate::retry;
use crate::sealed::Plain;
use crate::sink;
use crate::small::{self, Small};
use crate::stored::Ours;

/// A file that changes under us is read once more; then it is reported.
const CHANGES: u32 = 2;

/// Brings the origin's bytes under the transfer's key. Beside it stands what they were before they were
/// encrypted, if they were.
pub(crate) async fn send(
    context: &Arc<JobContext>,
    transfer: &TransferRow,
    headers: ObjectHeaders,
    guard: Guard,
    (origin, sealed): (Origin, Option<Arc<Plain>>),
    active: &Arc<Active>,
) -> Result<Outcome, TransferError> {
    let job = Upload {
        sealed,
        guard,
        context,
        transfer,
        headers,
        active,
        bucket: BucketName::new(context.row.bucket.clone())?,
        key: ObjectKey::new(transfer.key.clone())?,
        origin,
        seen: Seen::default(),
        plain: AtomicBool::new(false),
    };
    let mut round = 0;
    let (size, verified, etag) = loop {
        round += 1;
        match job.once(round == 1).await {
            Err(TransferError::SourceChanged { .. }) if round < CHANGES => {
                // Whoever writes to it may be in the middle of a change.
                tokio::time::sleep(context.engine.limits.first_pause).await;
            }
            Err(error) => {
                job.give_up(&error).await;
                return Err(error);
            }
            Ok(done) => break done,
        }
    };
    job.remember(&etag);
    tell(context, transfer, size);
    Ok(Outcome::Done { size, verified: verified.to_owned(), etag: Some(etag), local: None })
}

pub(crate) fn tell(context: &JobContext, transfer: &TransferRow, size: u64) {
    context.engine.sink.stored(sink::Stored {
        profile: context.row.profile.clone(),
        bucket: context.row.bucket.clone(),
        key: transfer.key.clone(),
        size: Some(size),
    });
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

pub(crate) struct Upload<'a> {
    pub context: &'a Arc<JobContext>,
    pub transfer: &'a TransferRow,
    pub headers: ObjectHeaders,
    active: &'a Arc<Active>,
    pub bucket: BucketName,
    pub key: ObjectKey,
    origin: Origin,
    guard: Guard,
    pub sealed: Option<Arc<Plain>>,
    pub seen: Seen,
    /// Its parts carry no CRC, though this server keeps them: another client began it so.
    pub plain: AtomicBool,
}

/// How it was verified, and the ETag.
pub(crate) type Verified = (u64, &'static str, String);

impl Upload<'_> {
    /// What a later try can't go on with is not left open on the server.
    async fn give_up(&self, error: &TransferError) {
        let (engine, s3) = (&self.context.engine, &self.context.s3);
        let local =
            matches!(error, TransferError::SourceChanged { .. } | TransferError::Local { .. })
                || matches!(error, TransferError::S3(e) if e.class == Class::PreconditionFailed);
        let open = engine.journal.transfer(self.transfer.id).ok().flatten();
        if let Some(row) = open.filter(|row| local && row.upload.is_some())
            && let Err(error) = abort(&engine.journal, s3, self.bucket.as_str(), &row).await
        {
            tracing::warn!(key = row.key, %error, "an open upload could not be aborted");
        }
    }

    async fn once(&self, may_resume: bool) -> Result<Verified, TransferError> {
        if let Origin::File(path) = &self.origin
            && self.key.is_folder_marker()
        {
            let meta = std::fs::metadata(path).map_err(TransferError::local("read", path))?;
            return self.put(Small::of(Bytes::new()).await?, 0, Some(&meta)).await;
        }
        if let Origin::File(path) = &self.origin
            && let Some(planned) = self.transfer.size.filter(|size| *size <= self.single_max())
            && may_resume
            && self.transfer.upload.is_none()
        {
            let _budget = self.context.reserve(planned).await?;
            if let Some((small, meta)) = small::load(path, planned).await? {
                set_size(self.context, self.active, planned, meta.len());
                return self.put(small, meta.len(), Some(&meta)).await;
            }
        }
        let (policy, cancel) = (self.context.policy(), &self.context.cancel);
        let (open, before) = self.origin.open(&policy, cancel).await?;
        set_size(self.context, self.active, self.transfer.size.unwrap_or(0), before.size);
        if before.size <= self.single_max() && !self.server_side() {
            // It may have been larger when an earlier round began.
            if let Some(row) = self.context.engine.journal.transfer(self.transfer.id)?
                && row.upload.is_some()
            {
                let (journal, s3) = (&self.context.engine.journal, &self.context.s3);
                abort(journal, s3, self.bucket.as_str(), &row).await?;
            }
            let _budget = self.context.reserve(before.size).await?;
            let pool = &self.context.engine.pool;
            let bytes = open.read(0, before.size, &policy, cancel, pool).await?;
            // Growth shows in the fingerprint, shrinking in the read.
            open.unchanged(before, &policy, cancel).await?;
            let small = Small::of(bytes).await?;
            open.expect(Some(small.md5), Some(&small.crc64))?;
            self.put(small, before.size, open.metadata().as_ref()).await
        } else if self.is_whole() {
            self.put_whole(&open, before).await
        } else {
            self.multipart(open, before, may_resume).await
        }
    }

    pub fn server_side(&self) -> bool {
        matches!(&self.origin, Origin::Object(remote) if remote.server_side)
    }

    /// In one request.
    pub async fn put(
        &self,
        small: Small,
        size: u64,
        meta: Option<&Metadata>,
    ) -> Result<Verified, TransferError> {
        let context = self.context;
        let Small { bytes, md5, crc64 } = small;
        self.see(meta, Some(md5), Some(&crc64));
        let whole = Some(md5).filter(|_| !self.key.is_folder_marker());
        let crc = context.s3.by_crc();
        let crc64 = crc.then_some(crc64);
        let request = PutRequest {
            headers: self.described(meta, whole),
            crc64nvme: crc64.clone(),
            md5: Some(md5),
            guard: self.guard.clone(),
        };
        let ours = Ours { size, md5, crc64: request.crc64nvme.as_deref() };
        if context.is_doubtful(self.transfer.id)
            && let Some((verified, etag)) = self.lies_there(&ours).await?
        {
            self.active.add(size);
            return Ok((size, verified, etag));
        }
        let policy = context.policy().moving(size);
        let stored = retry::run(policy, context.cancel.clone(), |number| {
            let (ours, bytes, request) = (&ours, &bytes, &request);
            async move {
                let attempt = Attempt::new(self.active);
                let sent = attempt.counter(&self.context.pace);
                let stored = self
                    .context
                    .s3
                    .put_payload(&self.bucket, &self.key, bytes.clone(), request, Some(&sent))
                    .await;
                let stored = match stored {
                    // The answer to an earlier attempt was lost: what lies there may be ours.
                    Err(error) if error.class == Class::PreconditionFailed && number > 0 => {
                        match self.lies_there(ours).await? {
                            Some((_, etag)) => {
                                Stored { etag, crc64nvme: None, encryption: None, proven: None }
                            }
                            None => return Err(error.into()),
                        }
                    }
                    stored => stored?,
                };
                let plain = matches!(stored.encryption.as_deref(), None | Some("AES256"));
                if plain && is_md5(&stored.etag) {
                    expect("the ETag of what was stored", &hex::encode(md5), &stored.etag)?;
                }
                if let (Some(ours), Some(theirs)) = (&request.crc64nvme, &stored.crc64nvme) {
                    expect("the checksum of what was stored", ours, theirs)?;
                }
                attempt.keep();
                Ok(stored)
            }
        })
        .await?;
        let by_md5 = is_md5(&stored.etag) && stored.etag.eq_ignore_ascii_case(&hex::encode(md5));
        let verified = if let Some(wanted) = stored.proven {
            crate::proof::name(wanted)
        } else if stored.crc64nvme.is_some() && crc64.is_some() {
            "crc64nvme"
        } else if by_md5 {
            "md5"
        } else {
            self.compare_head(size, None, crc64.as_deref()).await?.0
        };
        Ok((size, verified, stored.etag))
    }

    async fn multipart(
        &self,
        open: Open,
        before: Fingerprint,
        may_resume: bool,
    ) -> Result<Verified, TransferError> {
        let (engine, s3) = (&self.context.engine, &self.context.s3);
        let mut size = self.piece(before.size)?;
        let (upload, mut done) = match self.resumable(before, size, may_resume).await? {
            Some(found) => {
                self.see(open.metadata().as_ref(), None, None);
                found
            }
            None if !may_resume => (self.begin(&open, before, size).await?, Vec::new()),
            None => match self.adopt(&open, before, &mut size).await? {
                Some(found) => found,
                None => (self.begin(&open, before, size).await?, Vec::new()),
            },
        };
        for part in &done {
            self.active.add(part.size);
        }
        let parts = plan::count(before.size, size);
        let missing: Vec<u64> = (1..=parts)
            .filter(|n| !done.iter().any(|p| u64::from(p.number.get().unsigned_abs()) == *n))
            .collect();
        let sent = self.send(missing, &open, &upload, before.size, size).await?;
        done.extend(sent);
        done.sort_by_key(|part| part.number);
        let unchanged =
            match open.unchanged(before, &self.context.policy(), &self.context.cancel).await {
                Ok(()) => open.expect(None, Crc::Crc64nvme.of_parts(&done).as_deref()),
                changed => changed,
            };
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
        open: &Open,
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
                    self.part(open, upload, total, size, number).await
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
            // Begun when the server was younger: its parts can't be put together with new ones.
            Ok(there)
                if s3.connection().provider.integrity == Integrity::Asked
                    && self
                        .context
                        .spec
                        .sending()
                        .is_none_or(|sending| sending.adopt.is_none())
                    && there.iter().any(|part| part.by_crc != s3.by_crc()) =>
            {
                abort(&engine.journal, s3, self.bucket.as_str(), &row).await?;
                Ok(None)
            }
            Ok(there) => {
                let plain = s3.by_crc() && there.iter().any(|part| !part.by_crc);
                self.plain.store(plain, Ordering::Relaxed);
                // The run that began it may have ended before it could look.
                self.sweep(self.transfer.id, &upload).await;
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

    async fn begin(
        &self,
        open: &Open,
        before: Fingerprint,
        size: u64,
    ) -> Result<UploadId, TransferError> {
        let (engine, id) = (&self.context.engine, self.transfer.id);
        // Metadata goes before the bytes: their MD5 takes a look at all of them first.
        let md5 = if self.keep().md5 && self.sealed.is_none() {
            open.md5(before.size).await?
        } else {
            None
        };
        self.see(open.metadata().as_ref(), md5, None);
        let headers = &self.described(open.metadata().as_ref(), md5);
        let upload = retry::run(self.context.policy(), self.context.cancel.clone(), |_| async {
            // Said before: if the id never comes, this tells that upload from another client's.
            engine.journal.ask_upload(id, engine.clock.now()).await?;
            Ok(self.context.s3.create_upload(&self.bucket, &self.key, headers).await?)
        })
        .await?;
        let now = engine.clock.now();
        engine.journal.begin_upload(id, upload.clone(), size, before, now).await?;
        self.sweep(id, &upload).await;
        Ok(upload)
    }

    async fn part(
        &self,
        open: &Open,
        upload: &UploadId,
        total: u64,
        size: u64,
        number: u64,
    ) -> Result<PartRow, TransferError> {
        let engine = &self.context.engine;
        let (first, len) = plan::span(total, size, number);
        let number = PartNumber::new(i32::try_from(number).unwrap_or(i32::MAX))
            .map_err(|_| self.origin.changed())?;
        if let (Open::Object(remote, head), true) = (open, self.server_side()) {
            let source = remote.source(head);
            return self.copy_part(&source, upload, number, (first, len)).await;
        }
        let _budget = self.context.reserve(len).await?;
        let (policy, cancel) = (self.context.policy(), &self.context.cancel);
        let (bytes, crc) = open.read_hashed(first, len, &policy, cancel, &engine.pool).await?;
        let policy = self.context.policy().moving(len);
        let part = retry::run(policy, self.context.cancel.clone(), |_| async {
            let attempt = Attempt::new(self.active);
            let sent = attempt.counter(&self.context.pace);
            let part = self
                .context
                .s3
                .upload_part(
                    &self.bucket,
                    &self.key,
                    upload,
                    number,
                    bytes.clone(),
                    Some(crc.as_str()).filter(|_| !self.plain.load(Ordering::Relaxed)),
                    Some(&sent),
                    self.headers.encryption.as_ref(),
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

    /// A part that the service copies by itself.
    async fn copy_part(
        &self,
        source: &CopySource,
        upload: &UploadId,
        number: PartNumber,
        span: (u64, u64),
    ) -> Result<PartRow, TransferError> {
        let engine = &self.context.engine;
        let part = retry::run(self.context.policy(), self.context.cancel.clone(), |_| async {
            let s3 = &self.context.s3;
            let with = self.headers.encryption.as_ref();
            let part =
                s3.copy_part(source, &self.bucket, &self.key, upload, number, span, with).await;
            match part {
                Err(error) if error.class == Class::PreconditionFailed => {
                    Err(self.origin.changed())
                }
                part => Ok(part?),
            }
        })
        .await?;
        self.active.add(span.1);
        let row = PartRow { number, etag: part.etag, checksum: part.crc64nvme, size: span.1 };
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
        let crc = s3.by_crc() && !self.plain.load(Ordering::Relaxed);
        let full = crc.then(|| Crc::Crc64nvme.of_parts(parts)).flatten();
        let refs: Vec<PartRef> = parts
            .iter()
            .map(|part| PartRef {
                number: part.number,
                etag: part.etag.clone(),
                crc64nvme: part.checksum.clone().filter(|_| crc),
            })
            .collect();
        retry::run(self.context.policy(), self.context.cancel.clone(), |attempt| {
            let (refs, full) = (&refs, &full);
            async move {
                let done = s3
                    .complete_upload_if(
                        &self.bucket,
                        &self.key,
                        upload,
                        refs,
                        full.as_deref(),
                        size,
                        &self.guard,
                    )
                    .await;
                match done {
                    Ok(_) => Ok(()),
                    // The answer to an earlier attempt, or to an earlier run's, was lost on its way.
                    // Ceph then says InternalError instead of NoSuchUpload.
                    Err(error)
                        if (error.class == Class::UploadNotFound
                            || error.class == Class::PreconditionFailed
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
        let (verified, etag) =
            self.compare_head(size, expected.as_deref(), full.as_deref()).await?;
        Ok((size, verified, etag))
    }
}

fn is_md5(etag: &str) -> bool {
    etag.len() == 32 && etag.bytes().all(|b| b.is_ascii_hexdigit())
}
