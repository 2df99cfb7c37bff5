//! Objects down: parallel ranges into a temporary file, compared with every proof the server gives,
//! fsynced, then named.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dipper_s3::{Class, GetRequest, HeadRequest, ObjectHead};
use dipper_state::{Outcome, PartRow, TransferRow};
use dipper_types::{BucketName, ObjectKey, PartNumber};
use futures::{FutureExt, StreamExt, TryStreamExt};
use md5::{Digest, Md5};

use crate::engine::{JobContext, set_size};
use crate::error::TransferError;
use crate::hash::{Crc, multipart_etag, provable};
use crate::plan::{self, PART_MIN};
use crate::progress::{Active, Attempt};
use crate::spec::{OnExisting, Spec};
use crate::{fs, retry};

const MIB: u64 = 1 << 20;
/// An object that changes while it comes, or does not prove true, is begun once more.
const CHANGES: u32 = 2;

pub(crate) async fn object(
    context: &Arc<JobContext>,
    transfer: &TransferRow,
    active: &Arc<Active>,
) -> Result<Outcome, TransferError> {
    let key = ObjectKey::new(transfer.key.clone())?;
    let (root, target, on_existing) = target(context, &key)?;
    if key.is_folder_marker() && transfer.size == Some(0) {
        let marker = target.clone();
        blocking(move || {
            fs::prepare_parent(&root, &marker)?;
            match std::fs::create_dir(&marker) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    Err(TransferError::Local { op: "create folder", path: marker, source: error })
                }
                _ => Ok(()),
            }
        })
        .await?;
        return Ok(Outcome::Done { size: 0, verified: "folder".into(), etag: None });
    }
    let job = Download {
        context,
        transfer,
        active,
        bucket: BucketName::new(context.row.bucket.clone())?,
        key,
        root,
        target,
        on_existing,
    };
    let mut round = 0;
    loop {
        round += 1;
        match job.once().await {
            Err(TransferError::ObjectChanged | TransferError::Mismatch { .. })
                if round < CHANGES => {}
            other => return other,
        }
    }
}

/// The folder that nothing may leave, and the file's place in it.
fn target(
    context: &JobContext,
    key: &ObjectKey,
) -> Result<(PathBuf, PathBuf, OnExisting), TransferError> {
    match &context.spec {
        Spec::DownloadTo { file, on_existing } => {
            let file = PathBuf::from(file);
            let root = match file.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
                _ => PathBuf::from("."),
            };
            let name = file.file_name().map(PathBuf::from).unwrap_or_default();
            Ok((root.clone(), root.join(name), *on_existing))
        }
        Spec::Download { folder, on_existing } => {
            let root = PathBuf::from(folder);
            let relative =
                key.as_str().strip_prefix(context.row.prefix.as_str()).unwrap_or(key.as_str());
            let relative = relative.strip_suffix('/').unwrap_or(relative);
            let names = dipper_paths::local_segments(relative, dipper_paths::Names::Native)
                .map_err(|source| TransferError::UnsafeName { source })?;
            let path = names.iter().fold(root.clone(), |path, name| path.join(name));
            Ok((root, path, *on_existing))
        }
        _ => Err(TransferError::Cancelled),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TransferError> + Send + 'static,
) -> Result<T, TransferError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| TransferError::Panicked)?
}

struct Download<'a> {
    context: &'a Arc<JobContext>,
    transfer: &'a TransferRow,
    active: &'a Arc<Active>,
    bucket: BucketName,
    key: ObjectKey,
    root: PathBuf,
    target: PathBuf,
    on_existing: OnExisting,
}

impl Download<'_> {
    async fn once(&self) -> Result<Outcome, TransferError> {
        let engine = &self.context.engine;
        let head = retry::run(engine.policy(), self.context.cancel.clone(), |_| async {
            let request =
                HeadRequest { version_id: self.transfer.version.clone(), ..HeadRequest::default() };
            Ok(self.context.s3.head_object_of(&self.bucket, &self.key, &request).await?)
        })
        .await?;
        if head.archived {
            return Err(TransferError::Archived);
        }
        let etag = head.etag.clone().ok_or(TransferError::ObjectChanged)?;
        set_size(self.context, self.active, self.transfer.size.unwrap_or(0), head.size);
        let piece = piece_size(head.size);
        let partial =
            fs::partial(&self.target, &self.context.engine.database, self.transfer.id.get());
        let crc = provable(&head.checksums).map_or(Crc::Crc64nvme, |(crc, _)| crc);

        let (file, mut done) = self.open(&partial, &etag, head.size, piece, crc).await?;
        for part in &done {
            self.active.add(part.size);
        }
        let missing: Vec<u64> = (1..=plan::count(head.size, piece))
            .filter(|n| !done.iter().any(|p| u64::from(p.number.get().unsigned_abs()) == *n))
            .collect();
        let fetched: Result<Vec<PartRow>, TransferError> = futures::stream::iter(missing)
            .map(|number| self.piece(&file, &partial, &etag, head.size, piece, number, crc).boxed())
            .buffer_unordered(engine.limits.parts.max(1))
            .try_collect()
            .await;
        match fetched {
            Ok(parts) => done.extend(parts),
            Err(error) => {
                self.give_up(&partial, &error);
                return Err(error);
            }
        }
        done.sort_by_key(|part| part.number);
        self.active.verifying.store(true, std::sync::atomic::Ordering::Relaxed);
        let (size, modified) = (head.size, head.modified);
        let proof = Proof { head, parts: done, piece, crc };
        let (target, on_existing) = (self.target.clone(), self.on_existing);
        let path = partial.clone();
        let named = blocking(move || {
            let verified = proof.check(&file, &path)?;
            if let Some(at) = modified.and_then(|at| u64::try_from(at.millis()).ok()) {
                let _ = file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_millis(at));
            }
            fs::publish(&path, &file, &target, on_existing)?;
            Ok(verified)
        })
        .await;
        match named {
            Ok(verified) => {
                Ok(Outcome::Done { size, verified: verified.to_owned(), etag: Some(etag) })
            }
            Err(error) => {
                self.give_up(&partial, &error);
                Err(error)
            }
        }
    }

    /// What can be continued stays; the rest leaves nothing behind.
    fn give_up(&self, partial: &Path, error: &TransferError) {
        let continues = matches!(error, TransferError::Cancelled) || error.is_transient();
        let wrong_bytes = matches!(error, TransferError::Mismatch { .. });
        if !continues || wrong_bytes {
            let _ = std::fs::remove_file(partial);
        }
    }

    /// The temporary file: an earlier run's with its proven pieces, or a new one.
    async fn open(
        &self,
        partial: &Path,
        etag: &str,
        size: u64,
        piece: u64,
        crc: Crc,
    ) -> Result<(Arc<File>, Vec<PartRow>), TransferError> {
        let journal = &self.context.engine.journal;
        let row = journal.transfer(self.transfer.id)?;
        let same = row.is_some_and(|row| {
            row.etag.as_deref() == Some(etag)
                && row.size == Some(size)
                && row.part_size == Some(piece)
        });
        if same {
            let known = journal.parts(self.transfer.id)?;
            let path = partial.to_owned();
            let found = blocking(move || Ok(reopen(&path, size, known, crc))).await?;
            if let Some(found) = found {
                return Ok(found);
            }
        }
        let (root, target, path) = (self.root.clone(), self.target.clone(), partial.to_owned());
        let refuse = self.on_existing == OnExisting::Refuse;
        let file = blocking(move || {
            fs::prepare_parent(&root, &target)?;
            if refuse && target.symlink_metadata().is_ok() {
                return Err(TransferError::Exists { path: target });
            }
            fs::create_partial(&path, size)
        })
        .await?;
        journal
            .begin_download(self.transfer.id, etag.to_owned(), size, piece, self.target.clone())
            .await?;
        Ok((Arc::new(file), Vec::new()))
    }

    #[expect(clippy::too_many_arguments, reason = "a piece is named by all of these")]
    async fn piece(
        &self,
        file: &Arc<File>,
        partial: &Path,
        etag: &str,
        size: u64,
        piece: u64,
        number: u64,
        crc: Crc,
    ) -> Result<PartRow, TransferError> {
        let engine = &self.context.engine;
        let (first, len) = plan::span(size, piece, number);
        let _budget = tokio::select! {
            budget = engine.reserve(len) => budget?,
            () = self.context.cancel.cancelled() => return Err(TransferError::Cancelled),
        };
        let request = GetRequest {
            // An object of one piece needs no range, which some servers can't do.
            range: (len < size).then_some((first, len)),
            if_match: Some(etag.to_owned()),
            version_id: self.transfer.version.clone(),
            part: None,
        };
        let bytes = retry::run(engine.policy(), self.context.cancel.clone(), |_| async {
            let attempt = Attempt::new(self.active);
            let bytes = self.fetch(&request, etag, size, len, &attempt).await?;
            attempt.keep();
            Ok(bytes)
        })
        .await?;
        let (file, path) = (Arc::clone(file), partial.to_owned());
        let value = blocking(move || {
            fs::write_at(&file, &bytes, first).map_err(TransferError::local("write", &path))?;
            Ok(crc.digest(&bytes))
        })
        .await?;
        let number = PartNumber::new(i32::try_from(number).unwrap_or(i32::MAX))
            .map_err(|_| TransferError::ObjectChanged)?;
        let row =
            PartRow { number, etag: String::new(), checksum: Some(crc.base64(value)), size: len };
        if len < size {
            engine.journal.add_part(self.transfer.id, row.clone()).await?;
        }
        Ok(row)
    }

    async fn fetch(
        &self,
        request: &GetRequest,
        etag: &str,
        size: u64,
        len: u64,
        attempt: &Attempt,
    ) -> Result<Vec<u8>, TransferError> {
        let mut answer = match self.context.s3.get_object(&self.bucket, &self.key, request).await {
            Ok(answer) => answer,
            Err(error) if error.class == Class::PreconditionFailed => {
                return Err(TransferError::ObjectChanged);
            }
            Err(error) => return Err(error.into()),
        };
        if answer.head.etag.as_deref() != Some(etag) {
            return Err(TransferError::ObjectChanged);
        }
        let wrong = |what, expected: u64, got: u64| TransferError::Mismatch {
            what,
            expected: expected.to_string(),
            got: got.to_string(),
        };
        if answer.head.size != size || answer.len != len {
            return Err(wrong("the length the server announced", len, answer.len));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
        while let Some(chunk) = answer.next().await {
            let chunk = chunk?;
            bytes.extend_from_slice(&chunk);
            attempt.add(chunk.len() as u64);
            if bytes.len() as u64 > len {
                return Err(wrong("the bytes that came", len, bytes.len() as u64));
            }
        }
        if bytes.len() as u64 != len {
            return Err(wrong("the bytes that came", len, bytes.len() as u64));
        }
        Ok(bytes)
    }
}

fn piece_size(size: u64) -> u64 {
    let most = u64::from(PartNumber::MAX.unsigned_abs());
    PART_MIN.max(size.div_ceil(most).div_ceil(MIB) * MIB)
}

/// An earlier run's file. A journaled piece counts only if the bytes on disk still prove it.
fn reopen(
    path: &Path,
    size: u64,
    known: Vec<PartRow>,
    crc: Crc,
) -> Option<(Arc<File>, Vec<PartRow>)> {
    if !path.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path).ok()?;
    if file.metadata().ok()?.len() != size {
        return None;
    }
    let piece = piece_size(size);
    let proven = known
        .into_iter()
        .filter(|part| {
            let (first, len) = plan::span(size, piece, u64::from(part.number.get().unsigned_abs()));
            let mut buffer = vec![0; usize::try_from(len).unwrap_or(0)];
            part.size == len
                && fs::read_at(&file, &mut buffer, first).is_ok()
                && part.checksum.as_deref() == Some(crc.base64(crc.digest(&buffer)).as_str())
        })
        .collect();
    Some((Arc::new(file), proven))
}

/// Everything that can prove the bytes.
struct Proof {
    head: ObjectHead,
    parts: Vec<PartRow>,
    piece: u64,
    crc: Crc,
}

impl Proof {
    /// By the strongest means the server offers; says which.
    fn check(&self, file: &File, path: &Path) -> Result<&'static str, TransferError> {
        let got: u64 = self.parts.iter().map(|p| p.size).sum();
        if got != self.head.size {
            return Err(TransferError::Mismatch {
                what: "the bytes that came",
                expected: self.head.size.to_string(),
                got: got.to_string(),
            });
        }
        if let Some((crc, theirs)) = provable(&self.head.checksums) {
            let ours = self.crc_of_all(crc);
            return match ours == theirs.value {
                true => Ok(match crc {
                    Crc::Crc64nvme => "crc64nvme",
                    Crc::Crc32c => "crc32c",
                    Crc::Crc32 => "crc32",
                }),
                false => Err(TransferError::Mismatch {
                    what: "the checksum of the object",
                    expected: theirs.value.clone(),
                    got: ours,
                }),
            };
        }
        let read = TransferError::local("read", path);
        if let Some(theirs) = self.head.etag_md5() {
            let ours = hex::encode(md5_of(file, 0, self.head.size).map_err(read)?);
            return match ours.eq_ignore_ascii_case(theirs) {
                true => Ok("md5"),
                false => Err(TransferError::Mismatch {
                    what: "the MD5 of the object",
                    expected: theirs.to_owned(),
                    got: ours,
                }),
            };
        }
        // The part size of somebody's upload is not known: a guess that fits proves, none disproves.
        for part in self.likely_part_sizes() {
            let ours =
                self.multipart_md5(file, part).map_err(TransferError::local("read", path))?;
            if ours.is_some() && ours == self.head.etag {
                return Ok("etag");
            }
        }
        Ok("size")
    }

    fn crc_of_all(&self, crc: Crc) -> String {
        debug_assert_eq!(crc, self.crc);
        let mut all = crc.digest(b"");
        for (at, part) in self.parts.iter().enumerate() {
            let value = part.checksum.as_deref().and_then(|c| crc.read(c)).unwrap_or(0);
            all = if at == 0 { value } else { crc.combine(all, value, part.size) };
        }
        crc.base64(all)
    }

    fn likely_part_sizes(&self) -> Vec<u64> {
        let Some(parts) = self
            .head
            .etag
            .as_deref()
            .and_then(|tag| tag.split_once('-'))
            .and_then(|(_, n)| n.parse::<u64>().ok())
        else {
            return Vec::new();
        };
        let mut sizes: Vec<u64> =
            [self.piece, 5 * MIB, 8 * MIB, 10 * MIB, 15 * MIB, 16 * MIB, 50 * MIB, 64 * MIB]
                .into_iter()
                .filter(|size| plan::count(self.head.size, *size) == parts)
                .collect();
        sizes.dedup();
        sizes
    }

    fn multipart_md5(&self, file: &File, part: u64) -> std::io::Result<Option<String>> {
        let mut etags = Vec::new();
        for number in 1..=plan::count(self.head.size, part) {
            let (first, len) = plan::span(self.head.size, part, number);
            etags.push(hex::encode(md5_of(file, first, len)?));
        }
        Ok(multipart_etag(etags.iter().map(String::as_str)))
    }
}

fn md5_of(file: &File, first: u64, len: u64) -> std::io::Result<[u8; 16]> {
    let mut hash = Md5::new();
    let mut buffer = vec![0; usize::try_from(len.min(MIB)).unwrap_or(0)];
    let mut at = 0;
    while at < len {
        let take = usize::try_from((len - at).min(MIB)).unwrap_or(0);
        fs::read_at(file, &mut buffer[..take], first + at)?;
        hash.update(&buffer[..take]);
        at += take as u64;
    }
    Ok(hash.finalize().into())
}
