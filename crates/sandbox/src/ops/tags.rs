use s3s::dto::*;
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::put::WithStatus as _;
use super::versions::{find, version_of};
use crate::model::Detail;

type Tags = Vec<(String, String)>;

/// `a=1&b=2` of `x-amz-tagging`.
pub(super) fn from_header(header: &str) -> S3Result<Tags> {
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(&text.replace('+', " "))
            .decode_utf8()
            .map(|t| t.into_owned())
            .map_err(|e| s3_error!(e, InvalidArgument, "The header 'x-amz-tagging' is not UTF-8"))
    };
    let pairs = header.split('&').filter(|pair| !pair.is_empty());
    let tags = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Ok((decode(name)?, decode(value)?))
    });
    checked(tags.collect::<S3Result<Tags>>()?)
}

/// S3's limits: ten tags, names of 1 to 128 characters, values of 256, no name twice.
fn checked(mut tags: Tags) -> S3Result<Tags> {
    if tags.len() > 10 {
        let code = S3ErrorCode::Custom("BadRequest".into());
        return Err(S3Error::with_message(code, "Object tags cannot be greater than 10")
            .with_status(http::StatusCode::BAD_REQUEST));
    }
    tags.sort();
    let twice = tags.windows(2).any(|pair| pair[0].0 == pair[1].0);
    let fits = |(name, value): &(String, String)| {
        (1..=128).contains(&name.chars().count()) && value.chars().count() <= 256
    };
    if twice || !tags.iter().all(fits) {
        return Err(s3_error!(InvalidTag, "A tag is too long, has no name, or is there twice"));
    }
    Ok(tags)
}

impl Server {
    pub(super) fn tags(
        &self,
        req: S3Request<GetObjectTaggingInput>,
    ) -> S3Result<S3Response<GetObjectTaggingOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let object = find(&bucket, &req.input.key, req.input.version_id.as_deref())?;
        let tag = |(key, value): &(String, String)| Tag {
            key: Some(key.clone()),
            value: Some(value.clone()),
        };
        let tag_set = object.detail.tags.iter().map(tag).collect();
        let version_id = version_of(&bucket, &object);
        Ok(S3Response::new(GetObjectTaggingOutput { tag_set, version_id }))
    }

    /// Gives the id of the version that was changed.
    async fn change_tags(
        &self,
        bucket: &str,
        key: &str,
        version: Option<&str>,
        tags: Tags,
    ) -> S3Result<Option<String>> {
        let bucket = self.bucket(bucket)?;
        let change = move |detail: &mut Detail| {
            detail.tags = tags;
            Ok::<_, S3Error>(())
        };
        let object = self.store.change_object(&bucket, key, version, change).await?;
        Ok(version_of(&bucket, &object))
    }

    pub(super) async fn set_tags(
        &self,
        req: S3Request<PutObjectTaggingInput>,
    ) -> S3Result<S3Response<PutObjectTaggingOutput>> {
        let input = req.input;
        let tag = |t: Tag| (t.key.unwrap_or_default(), t.value.unwrap_or_default());
        let tags = checked(input.tagging.tag_set.into_iter().map(tag).collect())?;
        let version = input.version_id.as_deref();
        let version_id = self.change_tags(&input.bucket, &input.key, version, tags).await?;
        Ok(S3Response::new(PutObjectTaggingOutput { version_id }))
    }

    pub(super) async fn drop_tags(
        &self,
        req: S3Request<DeleteObjectTaggingInput>,
    ) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
        let input = req.input;
        let version = input.version_id.as_deref();
        let version_id = self.change_tags(&input.bucket, &input.key, version, Vec::new()).await?;
        let output = DeleteObjectTaggingOutput { version_id };
        Ok(S3Response::with_status(output, http::StatusCode::NO_CONTENT))
    }
}
