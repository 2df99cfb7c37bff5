//! Objects down: parallel ranges into a temporary file, compared with every proof the server gives,
//! fsynced, then named.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dipper_s3::{Class, GetRequest, HeadRequest, ObjectHead};
use dipper_state::{Outcome, PartRow, TransferRow};
use dipper_types::{BucketName, ObjectKey, PartNumber};
use futures::{FutureExt, StreamExt, TryStreamExt};
use md5::{Digest, Md5};

use crate::came::Came;
use crate::engine::{JobContext, set_size};
use crate::error::TransferError;
use crate::hash::{Crc, provable};
use crate::plan::{self, PART_MIN};
use crate::pool::Buffer;
use crate::progress::{Active, Attempt};
use crate::proof::{Proof, likely_part, parts_to_learn, prove};
use crate::publish::{Published, Whole};
use crate::spec::{OnExisting, Spec};
use crate::{attrs, conflict, existing, fs, hedge, layout, retry};

const MIB: u64 = 1 << 20;
/// Up to this size, one request without a HEAD before it.
const SMALL: u64 = 4 << 20;
/// Somebody's larger parts would take too much memory at once.
const PART_MOST: u64 = 64 * MIB;
/// An object that changes while it comes, or does not prove true, is begun once more.
const CHANGES: u32 = 2;

pub(crate) async fn object(
    context: &Arc<JobContext>,
    transfer: &TransferRow,
    active: &Arc<Active>,
) -> Result<Outcome, TransferError> {
    let key = ObjectKey::new(transfer.key.clone())?;
    let folder = key.is_folder_marker() && transfer.size == Some(0);
    let (root, target, on_existing) =
        target(&context.spec, &context.row.prefix, key.as_str(), folder)?;
    if folder {
        let marker = target.clone();
        let about = match context.spec.keep().attributes {
            true => existing::there(context, key.as_str()).await?,
            false => None,
        };
        blocking(move || {
            fs::make_folder(&root, &marker)?;
            if let Some(about) = about {
                attrs::restore_folder(&marker, &about);
            }
            Ok(())
        })
        .await?;
        return Ok(Outcome::Done {
            size: 0,
            verified: "folder".into(),
            etag: None,
            local: Some(target),
        });
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
pub(crate) fn target(
    spec: &Spec,
    prefix: &str,
    key: &str,
    is_folder: bool,
) -> Result<(PathBuf, PathBuf, OnExisting), TransferError> {
    match spec {
        Spec::DownloadTo { file, on_existing, .. } => {
            let file = PathBuf::from(file);
            let root = match file.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
                _ => PathBuf::from("."),
            };
            let name = file.file_name().map(PathBuf::from).unwrap_or_default();
            Ok((root.clone(), root.join(name), *on_existing))
        }
        Spec::Download { folder, on_existing, portable_names, .. } => {
            let root = PathBuf::from(folder);
            let relative = key.strip_prefix(prefix).unwrap_or(key);
            // The marker of what was chosen is the chosen folder. One with bytes is a file in it.
            if is_folder && relative.is_empty() {
                return Ok((root.clone(), root, *on_existing));
            }
            let relative = match relative.strip_suffix('/') {
                Some(name) if is_folder => name,
                _ => relative,
            };
            let names = match portable_names {
                true => dipper_paths::Names::Portable,
                false => dipper_paths::Names::Native,
            };
            let names = dipper_paths::local_segments(relative, names)
                .map_err(|source| TransferError::UnsafeName { source })?;
            let path = names.iter().fold(root.clone(), |path, name| path.join(name));
            Ok((root, path, *on_existing))
        }
        _ => Err(TransferError::Cancelled),
    }
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TransferError> + Send + 'static,
) -> Result<T, TransferError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| TransferError::Panicked)?
}

pub(crate) struct Download<'a> {
    pub context: &'a Arc<JobContext>,
    pub transfer: &'a TransferRow,
    pub active: &'a Arc<Active>,
    pub bucket: BucketName,
    pub key: ObjectKey,
    pub root: PathBuf,
    pub target: PathBuf,
    pub on_existing: OnExisting,
}

impl Download<'_> {
    async fn once(&self) -> Result<Outcome, TransferError> {
        let there = match self.target.symlink_metadata() {
            Ok(meta) => Some(meta),
            // A file where a folder should be is told when the folder is made.
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                None
            }
            Err(source) => {
                return Err(TransferError::Local {
                    op: "look at",
                    path: self.target.clone(),
                    source,
                });
            }
        };
        if there.is_some() {
            match self.on_existing {
                OnExisting::Refuse => {
                    return Err(TransferError::Exists { path: self.target.clone() });
                }
                OnExisting::Skip => {
                    return Ok(Outcome::Skipped { reason: conflict::EXISTS.to_owned() });
                }
                _ => {}
            }
        }
        let decided = there.is_none()
            || matches!(self.on_existing, OnExisting::Overwrite | OnExisting::KeepBoth);
        if decided
            && self.transfer.part_size.is_none()
            && self.transfer.size.is_some_and(|size| size <= SMALL)
            && let Some(done) = self.small().await?
        {
            return Ok(done);
        }
        let head = retry::run(self.context.policy(), self.context.cancel.clone(), |_| async {
            let request =
                HeadRequest { version_id: self.transfer.version.clone(), ..HeadRequest::default() };
            Ok(self.context.s3.head_object_of(&self.bucket, &self.key, &request).await?)
        })
        .await?;
        if head.archived {
            return Err(TransferError::Archived);
        }
        if let Some(meta) = there.filter(|_| !decided) {
            let from = (head.size, conflict::modified_ns(&head));
            let to = (meta.len(), conflict::mtime_ns(&meta));
            let (rule, path, head) = (self.on_existing, self.target.clone(), head.clone());
            let stays = blocking(move || {
                conflict::stays(rule, from, to, || conflict::same_bytes(&path, &head))
            });
            if let Some(reason) = stays.await? {
                return Ok(Outcome::Skipped { reason: reason.to_owned() });
            }
        }
        self.large(head).await
    }

    /// In one request, which tells what HEAD would have told. `None`: it is not as small as it was.
    async fn small(&self) -> Result<Option<Outcome>, TransferError> {
        let size = self.transfer.size.unwrap_or(0);
        let request = GetRequest {
            version_id: self.transfer.version.clone(),
            checksums: true,
            ..GetRequest::default()
        };
        let budget = self.context.reserve(size).await?;
        let policy = self.context.policy().moving(size);
        let got = retry::run(policy, self.context.cancel.clone(), |_| async {
            let answer = match self.context.s3.get_object(&self.bucket, &self.key, &request).await {
                Err(error) if error.class == Class::ObjectArchived => {
                    return Err(TransferError::Archived);
                }
                answer => answer?,
            };
            // Or it takes more than one answer to prove it.
            let proves = parts_to_learn(&answer.head).is_none();
            if answer.len != size || answer.head.size != size || !proves {
                return Ok(None);
            }
            let attempt = Attempt::new(self.active);
            let head = answer.head.clone();
            let bytes = self.collect(answer, size, &attempt).await?;
            let verified = prove(&head, bytes.as_ref())?;
            attempt.keep();
            Ok(Some((head, bytes, verified)))
        })
        .await?;
        let Some((head, bytes, verified)) = got else { return Ok(None) };
        let (bytes, size) = self.plain(&head, bytes).await?;
        self.active.verifying.store(true, std::sync::atomic::Ordering::Relaxed);
        let publisher = &self.context.engine.publisher;
        let room = publisher.room().await?;
        let partial = self.partial();
        let (root, path, target) = (self.root.clone(), partial.clone(), self.target.clone());
        let (about, on_existing) = (head.clone(), self.on_existing);
        let (context, active) = (Arc::clone(self.context), Arc::clone(self.active));
        let make = move || {
            let file = fs::create_partial(&root, &path, None)?;
            fs::write_at(&file, bytes.as_ref(), 0).map_err(TransferError::local("write", &path))?;
            attrs::restore(&file, &path, &about, context.spec.keep());
            drop((bytes, budget));
            // What only waits for the disk keeps nobody from the network.
            active.hold(None);
            let file = Arc::new(file);
            let came = Came::of(&context.spec, &file);
            Ok(Whole { partial: path, file, target, on_existing, came })
        };
        let published = publisher.make(make, room).await;
        self.published(published, &partial, size, verified, head.etag).map(Some)
    }

    pub async fn publish(
        &self,
        partial: PathBuf,
        file: Arc<File>,
        size: u64,
        verified: &'static str,
        etag: Option<String>,
    ) -> Result<Outcome, TransferError> {
        let publisher = &self.context.engine.publisher;
        let came = Came::of(&self.context.spec, &file);
        let room = publisher.room().await?;
        self.active.hold(None);
        let whole = Whole {
            partial: partial.clone(),
            file,
            target: self.target.clone(),
            on_existing: self.on_existing,
            came,
        };
        let published = publisher.publish(whole, room).await;
        self.published(published, &partial, size, verified, etag)
    }

    fn published(
        &self,
        published: Result<Published, TransferError>,
        partial: &Path,
        size: u64,
        verified: &'static str,
        etag: Option<String>,
    ) -> Result<Outcome, TransferError> {
        match published {
            Ok(Published { name, came }) => {
                if let (Some(came), Some(etag)) = (came, &etag) {
                    came.remember(self.context, &self.bucket, self.key.as_str(), etag, verified);
                }
                Ok(Outcome::Done { size, verified: verified.to_owned(), etag, local: Some(name) })
            }
            Err(error) => {
                self.give_up(partial, &error);
                Err(error)
            }
        }
    }

    fn partial(&self) -> PathBuf {
        fs::partial(&self.target, &self.context.engine.database, self.transfer.id.get())
    }

    async fn large(&self, head: ObjectHead) -> Result<Outcome, TransferError> {
        let engine = &self.context.engine;
        let etag = head.etag.clone().ok_or(TransferError::ObjectChanged)?;
        // Nothing is fetched that could not be read.
        let sealed = match self.format_of(&head) {
            Some(format) => {
                Some((format, self.context.engine.connections.decrypt_keys(format).await?))
            }
            None => None,
        };
        set_size(self.context, self.active, self.transfer.size.unwrap_or(0), head.size);
        let pieces = Pieces::of(&head);
        let partial = self.partial();

        let (file, mut done) = self.open(&partial, &etag, head.size, pieces).await?;
        for part in &done {
            self.active.add(part.size);
        }
        let missing: Vec<u64> = (1..=plan::count(head.size, pieces.size))
            .filter(|n| !done.iter().any(|p| u64::from(p.number.get().unsigned_abs()) == *n))
            .collect();
        let pace = hedge::Pace::new(missing.len());
        let open = Arc::new(Partial { file: Arc::clone(&file), turn: Mutex::new(()) });
        let fetched: Result<Vec<PartRow>, TransferError> = futures::stream::iter(missing)
            .map(|number| {
                self.piece(&open, &partial, &etag, head.size, pieces, number, &pace).boxed()
            })
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
        let (size, about, keep) = (head.size, head.clone(), self.context.spec.keep());
        let sealed = sealed.map(|(format, keys)| (format, keys, head.clone()));
        let version = self.transfer.version.as_deref();
        let uploaded =
            match layout::parts(self.context, &self.bucket, &self.key, version, &head).await {
                Ok(parts) => parts,
                Err(error) => {
                    self.give_up(&partial, &error);
                    return Err(error);
                }
            };
        let proof = Proof { head, parts: done, piece: pieces.size, uploaded };
        let (path, whole) = (partial.clone(), Arc::clone(&file));
        let proven = blocking(move || {
            let verified = proof.check(&whole, &path)?;
            attrs::restore(&whole, &path, &about, keep);
            Ok(verified)
        })
        .await;
        match proven {
            Ok(verified) => match sealed {
                None => self.publish(partial, file, size, verified, Some(etag)).await,
                Some(sealed) => self.open_sealed(sealed, partial, verified, etag).await,
            },
            Err(error) => {
                self.give_up(&partial, &error);
                Err(error)
            }
        }
    }

    /// What can be continued stays; the rest leaves nothing behind.
    pub fn give_up(&self, partial: &Path, error: &TransferError) {
        let continues = matches!(error, TransferError::Cancelled)
            || error.is_transient()
            || error.is_full_disk();
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
        pieces: Pieces,
    ) -> Result<(Arc<File>, Vec<PartRow>), TransferError> {
        let journal = &self.context.engine.journal;
        let row = journal.transfer(self.transfer.id)?;
        let same = row.is_some_and(|row| {
            row.etag.as_deref() == Some(etag)
                && row.size == Some(size)
                && row.part_size == Some(pieces.size)
        });
        if same {
            let known = journal.parts(self.transfer.id)?;
            let path = partial.to_owned();
            let found = blocking(move || Ok(reopen(&path, size, known, pieces))).await?;
            if let Some(found) = found {
                return Ok(found);
            }
        }
        let (root, path) = (self.root.clone(), partial.to_owned());
        let file = blocking(move || fs::create_partial(&root, &path, Some(size))).await?;
        journal
            .begin_download(
                self.transfer.id,
                etag.to_owned(),
                size,
                pieces.size,
                self.target.clone(),
            )
            .await?;
        Ok((Arc::new(file), Vec::new()))
    }

    #[expect(clippy::too_many_arguments, reason = "a piece is named by all of these")]
    async fn piece(
        &self,
        open: &Arc<Partial>,
        partial: &Path,
        etag: &str,
        size: u64,
        pieces: Pieces,
        number: u64,
        pace: &hedge::Pace,
    ) -> Result<PartRow, TransferError> {
        let engine = &self.context.engine;
        let (first, len) = plan::span(size, pieces.size, number);
        let _budget = self.context.reserve(len).await?;
        let request = GetRequest {
            // An object of one piece needs no range, which some servers can't do.
            range: (len < size).then_some((first, len)),
            if_match: Some(etag.to_owned()),
            version_id: self.transfer.version.clone(),
            ..GetRequest::default()
        };
        let policy = self.context.policy().moving(len);
        let began = pace.begin();
        let bytes = retry::run(policy, self.context.cancel.clone(), |_| {
            hedge::run(pace, || async {
                let attempt = Attempt::new(self.active);
                let bytes = self.fetch(&request, etag, size, len, &attempt).await?;
                attempt.keep();
                Ok(bytes)
            })
        })
        .await?;
        pace.end(began);
        let (open, path) = (Arc::clone(open), partial.to_owned());
        let (checksum, md5) = blocking(move || {
            let bytes = bytes.as_ref();
            open.write(bytes, first).map_err(TransferError::local("write", &path))?;
            let md5 = pieces.md5.then(|| hex::encode(Md5::digest(bytes)));
            Ok((pieces.crc.base64(pieces.crc.digest(bytes)), md5.unwrap_or_default()))
        })
        .await?;
        let number = PartNumber::new(i32::try_from(number).unwrap_or(i32::MAX))
            .map_err(|_| TransferError::ObjectChanged)?;
        let row = PartRow { number, etag: md5, checksum: Some(checksum), size: len };
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
    ) -> Result<Buffer, TransferError> {
        let answer = match self.context.s3.get_object(&self.bucket, &self.key, request).await {
            Ok(answer) => answer,
            Err(error) if error.class == Class::PreconditionFailed => {
                return Err(TransferError::ObjectChanged);
            }
            Err(error) => return Err(error.into()),
        };
        if answer.head.etag.as_deref() != Some(etag) {
            return Err(TransferError::ObjectChanged);
        }
        if answer.head.size != size || answer.len != len {
            return Err(wrong("the length the server announced", len, answer.len));
        }
        self.collect(answer, len, attempt).await
    }

    /// The bytes of an answer, at the pace of the limits.
    async fn collect(
        &self,
        mut answer: dipper_s3::Download,
        len: u64,
        attempt: &Attempt,
    ) -> Result<Buffer, TransferError> {
        let mut buffer = self.context.engine.pool.take(usize::try_from(len).unwrap_or(usize::MAX));
        let mut got = 0;
        while let Some(chunk) = answer.next().await {
            let chunk = chunk?;
            attempt.add(chunk.len() as u64);
            let wait = self.context.pace.passed(chunk.len() as u64);
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            let place = buffer.as_mut().get_mut(got..got + chunk.len());
            got += chunk.len();
            let Some(place) = place else {
                return Err(wrong("the bytes that came", len, got as u64));
            };
            place.copy_from_slice(&chunk);
        }
        if got as u64 != len {
            return Err(wrong("the bytes that came", len, got as u64));
        }
        Ok(buffer)
    }
}

fn wrong(what: &'static str, expected: u64, got: u64) -> TransferError {
    TransferError::Mismatch { what, expected: expected.to_string(), got: got.to_string() }
}

/// A file whose pieces come in any order.
struct Partial {
    file: Arc<File>,
    /// Systems let one write into a file at a time, and those that wait for it burn a core each.
    turn: Mutex<()>,
}

impl Partial {
    fn write(&self, bytes: &[u8], first: u64) -> std::io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        fs::write_at(&self.file, bytes, first)?;
        fs::write_back(&self.file, first, bytes.len() as u64);
        Ok(())
    }
}

/// How an object is cut, and what is computed of each piece while it is in memory.
#[derive(Clone, Copy)]
struct Pieces {
    size: u64,
    /// What proves a piece on disk, and the whole, where the server keeps one of the whole.
    crc: Crc,
    /// Its MD5: the pieces are the parts that the object's ETag was made of, as far as can be guessed.
    md5: bool,
}

impl Pieces {
    fn of(head: &ObjectHead) -> Self {
        let crc = provable(&head.checksums).map_or(Crc::Crc64nvme, |(crc, _)| crc);
        let most = u64::from(PartNumber::MAX.unsigned_abs());
        let size = PART_MIN.max(head.size.div_ceil(most).div_ceil(MIB) * MIB);
        match likely_part(head, size).filter(|part| (PART_MIN..=PART_MOST).contains(part)) {
            Some(part) => Self { size: part, crc, md5: true },
            None => Self { size, crc, md5: false },
        }
    }
}

/// An earlier run's file. A journaled piece counts only if the bytes on disk still prove it.
fn reopen(
    path: &Path,
    size: u64,
    known: Vec<PartRow>,
    Pieces { size: piece, crc, .. }: Pieces,
) -> Option<(Arc<File>, Vec<PartRow>)> {
    if !path.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path).ok()?;
    if file.metadata().ok()?.len() != size {
        return None;
    }
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
