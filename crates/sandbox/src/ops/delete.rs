use std::sync::Arc;

use futures::future::join_all;
use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::answers::moment;
use super::lock::may_go;
use super::versions::version_of;
use super::xml::Xml;
use crate::judge::Caller;
use crate::model::Object;
use crate::store::{Bucket as Stored, Removed};

/// The conditions of a deletion.
#[derive(Default)]
struct DeleteIf {
    etag: Option<ETagCondition>,
    size: Option<i64>,
    modified: Option<Timestamp>,
}

impl DeleteIf {
    fn check(&self, there: Option<&Object>) -> S3Result<()> {
        let any = self.etag.is_some() || self.size.is_some() || self.modified.is_some();
        let Some(object) = there else {
            // What is gone is gone; but not what must be something to be deleted.
            return if any { Err(failed()) } else { Ok(()) };
        };
        let etag = self.etag.as_ref().is_none_or(|condition| {
            condition.is_any() || condition.as_etag().is_some_and(|e| e.value() == &*object.etag)
        });
        let size = self.size.is_none_or(|size| u64::try_from(size) == Ok(object.size));
        let modified = self.modified.as_ref().is_none_or(|at| moment(at) == object.modified);
        if etag && size && modified { Ok(()) } else { Err(failed()) }
    }
}

fn failed() -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

impl Server {
    pub(super) async fn drop_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let caller = self.caller(&req);
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let conditions = DeleteIf {
            etag: input.if_match,
            size: input.if_match_size,
            modified: input.if_match_last_modified_time,
        };
        let version = input.version_id.as_deref();
        let bypass = input.bypass_governance_retention;
        let removed =
            self.removed(&caller, &bucket, &input.key, version, bypass, conditions).await?;
        let (marker, version_id) = told(&bucket, removed, version);
        let delete_marker = marker.then_some(true);
        let output = DeleteObjectOutput { delete_marker, version_id, request_charged: None };
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }

    async fn removed(
        &self,
        caller: &Caller,
        bucket: &Arc<Stored>,
        key: &str,
        version: Option<&str>,
        bypass: Option<bool>,
        conditions: DeleteIf,
    ) -> S3Result<Removed> {
        if version == Some("") {
            return Err(s3_error!(InvalidArgument, "Version id cannot be the empty string"));
        }
        let now = self.now();
        let marker = Object::marker(&caller.id, now);
        let bypass = self.bypasses(caller, bucket, key, version, bypass);
        let named = version.is_some();
        let check = move |there: Option<&Object>| {
            conditions.check(there)?;
            // A marker on top takes nothing away.
            there.filter(|_| named).map_or(Ok(()), |object| may_go(object, now, bypass))
        };
        self.store.remove(bucket, key, version, marker, check).await
    }

    pub(super) async fn drop_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let caller = self.caller(&req);
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        if input.delete.objects.is_empty() || input.delete.objects.len() > 1000 {
            return Err(s3_error!(
                MalformedXML,
                "The XML you provided was not well-formed or did not validate against our \
                 published schema"
            ));
        }
        let quiet = input.delete.quiet.unwrap_or(false);
        // All at once, so that the folder's database can take them in one transaction.
        let each = input
            .delete
            .objects
            .into_iter()
            .map(|one| self.drop_one(&caller, &bucket, one, input.bypass_governance_retention));
        let mut xml = Xml::new("DeleteResult");
        for (key, version, result) in join_all(each).await {
            match result {
                Ok(_) if quiet => {}
                Ok(removed) => {
                    let (marker, id) = told(&bucket, removed, version.as_deref());
                    xml.open("Deleted").text("Key", &key);
                    if let Some(version) = &version {
                        xml.text("VersionId", version);
                    }
                    if marker {
                        xml.text("DeleteMarker", "true");
                        xml.text("DeleteMarkerVersionId", &id.unwrap_or_default());
                    }
                    xml.close("Deleted");
                }
                Err(error) => {
                    xml.open("Error").text("Key", &key);
                    if let Some(version) = &version {
                        xml.text("VersionId", version);
                    }
                    xml.text("Code", error.code().as_str());
                    xml.text("Message", error.message().unwrap_or_default()).close("Error");
                }
            }
        }
        Ok(xml.answer(DeleteObjectsOutput::default()))
    }

    async fn drop_one(
        &self,
        caller: &Caller,
        bucket: &Arc<Stored>,
        one: ObjectIdentifier,
        bypass: Option<bool>,
    ) -> (String, Option<String>, S3Result<Removed>) {
        let conditions = DeleteIf {
            etag: one.e_tag.map(ETagCondition::ETag),
            size: one.size,
            modified: one.last_modified_time,
        };
        let version = one.version_id.as_deref();
        let action = match version {
            Some(_) => "s3:DeleteObjectVersion",
            None => "s3:DeleteObject",
        };
        let result = async {
            self.judge(caller, action, bucket, Some(&one.key), version)?;
            self.removed(caller, bucket, &one.key, version, bypass, conditions).await
        };
        let result = result.await;
        (one.key, one.version_id, result)
    }
}

/// Whether an answer speaks of a marker, and of which version.
fn told(bucket: &Stored, removed: Removed, asked: Option<&str>) -> (bool, Option<String>) {
    match removed {
        Removed::Marked(marker) => (true, Some(marker.version_id().to_owned())),
        Removed::Version(gone) => (gone.marker, Some(gone.version_id().to_owned())),
        // What is gone already is said to be gone.
        Removed::Nothing => (false, asked.map(str::to_owned)),
        Removed::Object(object) => (false, version_of(bucket, &object)),
    }
}
