//! Copies: by the service itself where it can, else through this machine in bounded memory.

use std::path::Path;
use std::sync::Arc;

use dipper_s3::{
    Class, CopyRequest, Document, Guard, ObjectHead, ObjectHeaders, ObjectId, ServerSide, Which,
};
use dipper_state::{Outcome, TransferRow};
use dipper_types::{BucketName, ObjectKey};

use crate::attrs::{Attrs, md5_of};
use crate::engine::{JobContext, set_size};
use crate::error::TransferError;
use crate::existing;
use crate::hash::provable;
use crate::origin::{Origin, Remote, expect};
use crate::progress::Active;
use crate::sink::Stored;
use crate::spec::{Copy, HeaderEdit};
use crate::{attrs, protect, retry, upload};

pub(crate) async fn object(
    context: &Arc<JobContext>,
    transfer: &TransferRow,
    plan: &Copy,
    active: &Arc<Active>,
) -> Result<Outcome, TransferError> {
    let engine = &context.engine;
    let here = plan.profile == context.row.profile;
    let from = match here {
        true => context.s3.clone(),
        false => engine.connections.s3(&plan.profile).await?,
    };
    let key = transfer.source.clone().unwrap_or_else(|| transfer.key.clone());
    let remote = Remote {
        s3: from,
        bucket: plan.bucket.clone(),
        key: ObjectKey::new(key)?,
        version_id: transfer.version.clone(),
        server_side: here,
    };
    let onto_itself = here
        && plan.bucket.as_str() == context.row.bucket
        && remote.key.as_str() == transfer.key
        && remote.version_id.is_none();
    if onto_itself {
        return Err(TransferError::OntoItself);
    }
    // Asked before, since many servers don't look at the condition on a copy.
    if plan.if_absent && existing::there(context, &transfer.key).await?.is_some() {
        return Ok(Outcome::Skipped { reason: "exists".into() });
    }
    let head = remote.head(&context.policy(), &context.cancel).await?;
    if transfer.etag.is_some() && transfer.etag != head.etag {
        return Err(TransferError::ObjectChanged);
    }
    set_size(context, active, transfer.size.unwrap_or(0), head.size);
    let mut edit = plan.edit.clone();
    if let Some(path) = &transfer.local {
        edit = described(edit, path, &transfer.key, &head).await?;
    }
    let mut headers = edit.apply(&head.headers);
    headers.visibility = plan.visibility;
    headers.storage_class =
        plan.storage_class.clone().or(head.headers.storage_class.clone()).filter(not_standard);
    let same_bucket = here && plan.bucket.as_str() == context.row.bucket;
    let places = plan.places.as_deref().unwrap_or_default();
    headers.encryption = protect::server_side(plan.encryption.clone(), places, &transfer.key)
        .or_else(|| inherited(&head, same_bucket));
    let edited = !edit.is_empty()
        || headers.visibility != ObjectHeaders::default().visibility
        // S3 leaves this one behind.
        || headers.website_redirect.is_some();
    let job = Job { context, transfer, remote: &remote, head: &head, active };
    let request = CopyRequest {
        headers: edited.then(|| headers.clone()),
        storage_class: headers.storage_class.clone(),
        tags: None,
        encryption: headers.encryption.clone(),
        if_absent: plan.if_absent,
    };
    let outcome = job.run(headers, request).await?;
    if plan.move_away {
        // Only what was copied goes: a newer one that came meanwhile stays.
        let now = remote.head(&context.policy(), &context.cancel).await?;
        if now.etag != head.etag {
            return Err(TransferError::ObjectChanged);
        }
        let gone = ObjectId { key: remote.key.clone(), version_id: remote.version_id.clone() };
        retry::run(context.policy(), context.cancel.clone(), |_| async {
            Ok(remote.s3.delete_version(&remote.bucket, &gone, false).await.map(drop)?)
        })
        .await?;
        engine.sink.stored(Stored {
            profile: plan.profile.clone(),
            bucket: plan.bucket.to_string(),
            key: remote.key.to_string(),
            size: None,
        });
    }
    Ok(outcome)
}

/// How a copy is encrypted if nothing is said: a customer's key stays, one of KMS does in its bucket
/// (elsewhere it may not be known). SSE-S3 is every bucket's default.
pub(crate) fn inherited(head: &ObjectHead, same_bucket: bool) -> Option<ServerSide> {
    head.server_side().filter(|with| match with {
        ServerSide::S3 => false,
        ServerSide::Customer { .. } => true,
        ServerSide::Kms { .. } | ServerSide::Dsse { .. } => same_bucket,
    })
}

/// The copy stands for a file here that has the same bytes: it gets what the file would have got.
async fn described(
    mut edit: HeaderEdit,
    path: &Path,
    key: &str,
    head: &ObjectHead,
) -> Result<HeaderEdit, TransferError> {
    let file = path.to_owned();
    let meta = tokio::task::spawn_blocking(move || std::fs::metadata(file)).await;
    let meta = meta.map_err(|_| TransferError::Panicked)?;
    let meta = meta.map_err(TransferError::local("read", path))?;
    if meta.len() != head.size {
        return Err(TransferError::SourceChanged { path: path.to_owned() });
    }
    let attrs = Attrs::of(&meta, head.etag_md5().and_then(md5_of));
    let mut set = vec![(format!("x-amz-meta-{}", attrs::NAME), attrs.to_header())];
    if let Some(kind) = mime_guess::from_path(key).first_raw() {
        set.push(("content-type".to_owned(), kind.to_owned()));
    }
    // What was asked for by name counts more.
    set.append(&mut edit.set);
    edit.set = set;
    Ok(edit)
}

fn not_standard(class: &String) -> bool {
    class != "STANDARD"
}

pub(crate) struct Job<'a> {
    pub context: &'a Arc<JobContext>,
    pub transfer: &'a TransferRow,
    pub remote: &'a Remote,
    pub head: &'a ObjectHead,
    pub active: &'a Arc<Active>,
}

impl Job<'_> {
    /// `headers` are those of the copy, for whoever can't let the service keep them.
    pub async fn run(
        &self,
        mut headers: ObjectHeaders,
        request: CopyRequest,
    ) -> Result<Outcome, TransferError> {
        let engine = &self.context.engine;
        if self.remote.server_side && self.head.size <= engine.limits.single_copy {
            match self.one_call(&request).await {
                Err(TransferError::S3(error)) if error.class == Class::Unsupported => {
                    tracing::info!(%error, "no copy on the server; through this machine");
                }
                done => return done,
            }
        }
        // Asked before, and once more in the moment of writing.
        let guard = if request.if_absent { Guard::absent() } else { Guard::default() };
        headers.tags = match request.tags {
            Some(tags) => Some(tags).filter(|tags| !tags.is_empty()),
            None => self.tags().await?,
        };
        let through = Remote { server_side: false, ..Remote::clone(self.remote) };
        let by_parts = self.context.s3.connection().provider.part_copy;
        if self.remote.server_side && by_parts && self.head.size > engine.limits.single_copy {
            let origin = Origin::Object(Box::new(Remote::clone(self.remote)));
            let (context, transfer) = (self.context, self.transfer);
            match upload::send(
                context,
                transfer,
                headers.clone(),
                guard.clone(),
                (origin, None),
                self.active,
            )
            .await
            {
                Err(TransferError::S3(error)) if error.class == Class::Unsupported => {
                    tracing::info!(%error, "no copy of parts; through this machine");
                }
                done => return done,
            }
        }
        let origin = Origin::Object(Box::new(through));
        upload::send(self.context, self.transfer, headers, guard, (origin, None), self.active).await
    }

    /// The tags of the source, as a header carries them.
    async fn tags(&self) -> Result<Option<String>, TransferError> {
        // Not every server counts them in its answer: only a clear zero spares the question.
        if self.head.tags == Some(0) {
            return Ok(None);
        }
        let Remote { s3, bucket, key, version_id, .. } = self.remote;
        let which = Which { key: Some(key), version_id: version_id.as_deref(), ..Which::default() };
        let policy = self.context.policy();
        let json = retry::run(policy, self.context.cancel.clone(), |_| async {
            match s3.document(bucket, Document::Tagging, which).await {
                Err(error) if error.class == Class::Unsupported => Ok(None),
                document => Ok(document?),
            }
        })
        .await?;
        Ok(json.as_deref().and_then(dipper_s3::tags_header))
    }

    async fn one_call(&self, request: &CopyRequest) -> Result<Outcome, TransferError> {
        let (context, engine) = (self.context, &self.context.engine);
        let source = self.remote.source(self.head);
        let bucket = BucketName::new(context.row.bucket.clone())?;
        let key = ObjectKey::new(self.transfer.key.clone())?;
        let copied = retry::run(context.policy(), context.cancel.clone(), |_| async {
            match context.s3.copy_object(&source, &bucket, &key, request).await {
                Err(error) if error.class == Class::PreconditionFailed && !request.if_absent => {
                    Err(TransferError::ObjectChanged)
                }
                copied => Ok(copied?),
            }
        })
        .await?;
        let there = retry::run(context.policy(), context.cancel.clone(), |_| async {
            Ok(context.s3.head_object(&bucket, &key).await?)
        })
        .await?;
        let verified = compare(self.head, &there)?;
        self.active.add(there.size);
        engine.sink.stored(Stored {
            profile: context.row.profile.clone(),
            bucket: context.row.bucket.clone(),
            key: self.transfer.key.clone(),
            size: Some(there.size),
        });
        let etag = copied.etag.or(there.etag);
        Ok(Outcome::Done { size: there.size, verified: verified.to_owned(), etag, local: None })
    }
}

/// A copy must be what its source is, as far as both can be told.
fn compare(from: &ObjectHead, to: &ObjectHead) -> Result<&'static str, TransferError> {
    expect("the size of the copy", &from.size.to_string(), &to.size.to_string())?;
    if let (Some((a, one)), Some((b, other))) = (provable(&from.checksums), provable(&to.checksums))
        && a == b
    {
        expect("the checksum of the copy", &one.value, &other.value)?;
        return Ok("checksum");
    }
    if let (Some(one), Some(other)) = (from.etag_md5(), to.etag_md5()) {
        expect("the ETag of the copy", one, other)?;
        return Ok("etag");
    }
    Ok("size")
}
