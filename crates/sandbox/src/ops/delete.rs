use futures::future::join_all;
use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::answers::moment;
use super::get::check_version;
use crate::judge::Caller;
use crate::model::Object;
use crate::store::Bucket as Stored;

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
        let input = req.input;
        check_version(input.version_id.as_deref())?;
        let bucket = self.bucket(&input.bucket)?;
        let conditions = DeleteIf {
            etag: input.if_match,
            size: input.if_match_size,
            modified: input.if_match_last_modified_time,
        };
        let check = move |there: Option<&Object>| conditions.check(there);
        self.store.remove(&bucket, &input.key, check).await?;
        Ok(S3Response::with_status(DeleteObjectOutput::default(), http::StatusCode::NO_CONTENT))
    }

    pub(super) async fn drop_objects(
        &self,
        req: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let caller = self.caller(req.credentials.as_ref());
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
        let each = input.delete.objects.into_iter().map(|one| self.drop_one(&caller, &bucket, one));
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for (key, version_id, result) in join_all(each).await {
            match result {
                Ok(()) if quiet => {}
                Ok(()) => deleted.push(DeletedObject {
                    key: Some(key),
                    version_id,
                    ..DeletedObject::default()
                }),
                Err(error) => errors.push(Error {
                    code: Some(error.code().as_str().to_owned()),
                    key: Some(key),
                    message: error.message().map(str::to_owned),
                    version_id,
                }),
            }
        }
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: Some(deleted),
            errors: Some(errors),
            request_charged: None,
        }))
    }

    async fn drop_one(
        &self,
        caller: &Caller,
        bucket: &std::sync::Arc<Stored>,
        one: ObjectIdentifier,
    ) -> (String, Option<String>, S3Result<()>) {
        let conditions = DeleteIf {
            etag: one.e_tag.map(ETagCondition::ETag),
            size: one.size,
            modified: one.last_modified_time,
        };
        let check = move |there: Option<&Object>| conditions.check(there);
        let result = async {
            check_version(one.version_id.as_deref())?;
            self.judge(caller, "s3:DeleteObject", bucket, Some(&one.key))?;
            self.store.remove(bucket, &one.key, check).await.map(|_| ())
        };
        let result = result.await;
        (one.key, one.version_id, result)
    }
}
