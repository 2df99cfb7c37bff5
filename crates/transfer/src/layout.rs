//! In which parts an object was uploaded: asked for only where nothing but a checksum of the parts'
//! checksums can prove it.

use std::sync::Arc;

use dipper_s3::{Class, HeadRequest, ObjectHead};
use dipper_types::{BucketName, ObjectKey, PartNumber};
use futures::{FutureExt, StreamExt, TryStreamExt};

use crate::engine::JobContext;
use crate::error::TransferError;
use crate::proof::{fits, parts_to_learn};
use crate::retry;

/// GetObjectAttributes tells of so many parts at once; beyond that each is asked for.
const PAGE: u64 = 1000;
/// HEADs under way.
const ASKED: usize = 16;

/// The sizes of the object's parts. `None`: they are not needed, or the server does not tell.
pub(crate) async fn parts(
    context: &Arc<JobContext>,
    bucket: &BucketName,
    key: &ObjectKey,
    version: Option<&str>,
    head: &ObjectHead,
) -> Result<Option<Vec<u64>>, TransferError> {
    let Some(count) = parts_to_learn(head) else { return Ok(None) };
    let listed = match count <= PAGE {
        true => from_attributes(context, bucket, key, version, head).await?,
        false => None,
    };
    if let Some(sizes) = listed.filter(|sizes| fits(sizes, count, head.size)) {
        return Ok(Some(sizes));
    }
    let sizes: Result<Vec<Option<u64>>, TransferError> = futures::stream::iter(1..=count)
        .map(|number| one(context, bucket, key, version, head, number).boxed())
        .buffered(ASKED)
        // The first that is not told ends it: without that one the others prove nothing.
        .try_take_while({
            let mut told = true;
            move |size| {
                let before = told;
                told = size.is_some();
                std::future::ready(Ok(before))
            }
        })
        .try_collect()
        .await;
    let sizes: Option<Vec<u64>> = sizes?.into_iter().collect();
    Ok(sizes.filter(|sizes| fits(sizes, count, head.size)))
}

async fn from_attributes(
    context: &Arc<JobContext>,
    bucket: &BucketName,
    key: &ObjectKey,
    version: Option<&str>,
    head: &ObjectHead,
) -> Result<Option<Vec<u64>>, TransferError> {
    let told = retry::run(context.policy(), context.cancel.clone(), |_| async {
        Ok(context.s3.object_attributes(bucket, key, version).await?)
    })
    .await;
    let Some(json) = known(told)? else { return Ok(None) };
    let attributes: serde_json::Value = serde_json::from_str(&json)?;
    let etag = attributes["eTag"].as_str().map(|tag| tag.trim_matches('"'));
    if etag.is_some() && etag != head.etag.as_deref() {
        return Ok(None);
    }
    let parts = attributes["objectParts"]["parts"].as_array();
    Ok(parts.and_then(|parts| parts.iter().map(|part| part["size"].as_u64()).collect()))
}

async fn one(
    context: &Arc<JobContext>,
    bucket: &BucketName,
    key: &ObjectKey,
    version: Option<&str>,
    head: &ObjectHead,
    number: u64,
) -> Result<Option<u64>, TransferError> {
    let Some(number) = i32::try_from(number).ok().and_then(|n| PartNumber::new(n).ok()) else {
        return Ok(None);
    };
    let request = HeadRequest { version_id: version.map(str::to_owned), part: Some(number) };
    let told = retry::run(context.policy(), context.cancel.clone(), |_| async {
        Ok(context.s3.head_object_of(bucket, key, &request).await?)
    })
    .await;
    let Some(part) = known(told)? else { return Ok(None) };
    if part.etag != head.etag {
        return Err(TransferError::ObjectChanged);
    }
    Ok(Some(part.size))
}

/// A server that does not know such a question, or forbids it, leaves less to prove with; it is no
/// reason to fail.
fn known<T>(told: Result<T, TransferError>) -> Result<Option<T>, TransferError> {
    match told {
        Ok(told) => Ok(Some(told)),
        Err(TransferError::S3(error))
            if matches!(
                error.class,
                Class::Unsupported
                    | Class::AccessDenied
                    | Class::InvalidInput
                    | Class::InvalidRange
                    | Class::NotS3
                    | Class::ObjectNotFound
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
