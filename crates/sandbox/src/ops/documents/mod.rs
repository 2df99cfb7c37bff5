//! A bucket's configuration documents: kept as they were put, answered as they are kept, each with
//! S3's own word where there is none. What they say is carried out elsewhere: CORS and website in
//! `serve`, encryption in `sse`, object lock in `lock`, lifecycle in `lifecycle`; the others are
//! kept only.

mod check;
mod named;

use s3s::dto::*;
use s3s::xml::{DeserializeContent, Deserializer, SerializeContent, Serializer};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::put::WithStatus as _;
use crate::model::{BucketInfo, Versioning};

/// The names that documents are kept under.
pub(crate) mod name {
    pub(crate) const CORS: &str = "cors";
    pub(crate) const ENCRYPTION: &str = "encryption";
    pub(crate) const LIFECYCLE: &str = "lifecycle";
    pub(crate) const LOCK: &str = "object-lock";
    pub(crate) const WEBSITE: &str = "website";
    pub(super) const ACCELERATE: &str = "accelerate";
    pub(super) const LOGGING: &str = "logging";
    pub(super) const NOTIFICATION: &str = "notification";
    pub(super) const PAYER: &str = "request-payment";
    pub(super) const REPLICATION: &str = "replication";
    pub(super) const TAGGING: &str = "tagging";
}

/// A document as it is kept.
pub(crate) fn written<T: SerializeContent>(document: &T) -> S3Result<String> {
    let mut text = Vec::new();
    Serializer::new(&mut text)
        .content("Document", document)
        .map_err(S3Error::internal_error)
        .and_then(|()| String::from_utf8(text).map_err(S3Error::internal_error))
}

/// A document that is kept under this name, if there is one.
pub(crate) fn kept<T>(info: &BucketInfo, name: &str) -> Option<T>
where
    T: for<'xml> DeserializeContent<'xml>,
{
    let text = info.documents.get(name)?;
    let mut reader = Deserializer::new(text.as_bytes());
    let read = reader.named_element("Document", |d| T::deserialize_content(d));
    if let Err(error) = &read {
        tracing::error!(name, %error, "a document that was kept can't be read");
    }
    read.ok()
}

/// An error of this code where s3s has another status, or does not know the code.
fn missing(code: &'static str, message: &'static str) -> S3Error {
    let code = S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::Custom(code.into()));
    S3Error::with_message(code, message).with_status(http::StatusCode::NOT_FOUND)
}

macro_rules! documents {
    ($(
        $name:expr, $ty:ty {
            get $get:ident($get_in:ident) -> $get_out:ident = |$doc:ident| $answer:expr;
            none $none:expr;
            put $put:ident($put_in:ident) -> $put_out:expr, $field:ident, $check:path;
            $(drop $drop:ident($drop_in:ident) -> $drop_out:expr;)?
        }
    )*) => {
        impl Server {
            $(
                pub(super) fn $get(
                    &self,
                    req: S3Request<$get_in>,
                ) -> S3Result<S3Response<$get_out>> {
                    let state = self.bucket(&req.input.bucket)?.state();
                    let none: fn() -> S3Result<$get_out> = $none;
                    match kept::<$ty>(&state.info, $name) {
                        Some($doc) => Ok(S3Response::new($answer)),
                        None => none().map(S3Response::new),
                    }
                }

                pub(super) async fn $put<O: Default>(
                    &self,
                    req: S3Request<$put_in>,
                ) -> S3Result<S3Response<O>> {
                    let mut document: $ty = req.input.$field;
                    let bucket = self.bucket(&req.input.bucket)?;
                    $check(self, &bucket.state().info, &mut document)?;
                    self.keep(&bucket, $name, Some(&document)).await?;
                    let mut response = S3Response::new(O::default());
                    response.status = Some($put_out);
                    Ok(response)
                }

                $(
                    pub(super) async fn $drop<O: Default>(
                        &self,
                        req: S3Request<$drop_in>,
                    ) -> S3Result<S3Response<O>> {
                        let bucket = self.bucket(&req.input.bucket)?;
                        self.keep(&bucket, $name, None::<&$ty>).await?;
                        Ok(S3Response::with_status(O::default(), $drop_out))
                    }
                )?
            )*
        }
    };
}

use http::StatusCode as Status;

documents! {
    name::CORS, CORSConfiguration {
        get cors(GetBucketCorsInput) -> GetBucketCorsOutput
            = |d| GetBucketCorsOutput { cors_rules: Some(d.cors_rules) };
        none || Err(s3_error!(NoSuchCORSConfiguration, "The CORS configuration does not exist"));
        put set_cors(PutBucketCorsInput) -> Status::OK, cors_configuration, check::cors;
        drop drop_cors(DeleteBucketCorsInput) -> Status::NO_CONTENT;
    }
    name::WEBSITE, WebsiteConfiguration {
        get website(GetBucketWebsiteInput) -> GetBucketWebsiteOutput = |d| GetBucketWebsiteOutput {
            error_document: d.error_document,
            index_document: d.index_document,
            redirect_all_requests_to: d.redirect_all_requests_to,
            routing_rules: d.routing_rules,
        };
        none || Err(s3_error!(
            NoSuchWebsiteConfiguration,
            "The specified bucket does not have a website configuration"
        ));
        put set_website(PutBucketWebsiteInput) -> Status::OK, website_configuration, check::website;
        drop drop_website(DeleteBucketWebsiteInput) -> Status::NO_CONTENT;
    }
    name::TAGGING, Tagging {
        get bucket_tags(GetBucketTaggingInput) -> GetBucketTaggingOutput
            = |d| GetBucketTaggingOutput { tag_set: d.tag_set };
        none || Err(s3_error!(NoSuchTagSet, "The TagSet does not exist"));
        put set_bucket_tags(PutBucketTaggingInput) -> Status::NO_CONTENT, tagging, check::tagging;
        drop drop_bucket_tags(DeleteBucketTaggingInput) -> Status::NO_CONTENT;
    }
    name::ENCRYPTION, ServerSideEncryptionConfiguration {
        get encryption(GetBucketEncryptionInput) -> GetBucketEncryptionOutput
            = |d| GetBucketEncryptionOutput { server_side_encryption_configuration: Some(d) };
        none || Err(missing(
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
        ));
        put set_encryption(PutBucketEncryptionInput)
            -> Status::OK, server_side_encryption_configuration, check::encryption;
        drop drop_encryption(DeleteBucketEncryptionInput) -> Status::NO_CONTENT;
    }
    name::REPLICATION, ReplicationConfiguration {
        get replication(GetBucketReplicationInput) -> GetBucketReplicationOutput
            = |d| GetBucketReplicationOutput { replication_configuration: Some(d) };
        none || Err(missing(
            "ReplicationConfigurationNotFoundError",
            "The replication configuration was not found",
        ));
        put set_replication(PutBucketReplicationInput)
            -> Status::OK, replication_configuration, check::replication;
        drop drop_replication(DeleteBucketReplicationInput) -> Status::NO_CONTENT;
    }
    name::LOGGING, BucketLoggingStatus {
        get logging(GetBucketLoggingInput) -> GetBucketLoggingOutput
            = |d| GetBucketLoggingOutput { logging_enabled: d.logging_enabled };
        none || Ok(GetBucketLoggingOutput::default());
        put set_logging(PutBucketLoggingInput) -> Status::OK, bucket_logging_status, check::logging;
    }
    name::NOTIFICATION, NotificationConfiguration {
        get notification(GetBucketNotificationConfigurationInput)
            -> GetBucketNotificationConfigurationOutput
            = |d| GetBucketNotificationConfigurationOutput {
                event_bridge_configuration: d.event_bridge_configuration,
                lambda_function_configurations: d.lambda_function_configurations,
                queue_configurations: d.queue_configurations,
                topic_configurations: d.topic_configurations,
            };
        none || Ok(GetBucketNotificationConfigurationOutput::default());
        put set_notification(PutBucketNotificationConfigurationInput)
            -> Status::OK, notification_configuration, check::notification;
    }
    name::PAYER, RequestPaymentConfiguration {
        get payer(GetBucketRequestPaymentInput) -> GetBucketRequestPaymentOutput
            = |d| GetBucketRequestPaymentOutput { payer: Some(d.payer) };
        none || Ok(GetBucketRequestPaymentOutput {
            payer: Some(Payer::from_static(Payer::BUCKET_OWNER)),
        });
        put set_payer(PutBucketRequestPaymentInput)
            -> Status::OK, request_payment_configuration, check::payer;
    }
    name::ACCELERATE, AccelerateConfiguration {
        get acceleration(GetBucketAccelerateConfigurationInput)
            -> GetBucketAccelerateConfigurationOutput
            = |d| GetBucketAccelerateConfigurationOutput {
                status: d.status, request_charged: None
            };
        none || Ok(GetBucketAccelerateConfigurationOutput::default());
        put set_acceleration(PutBucketAccelerateConfigurationInput)
            -> Status::OK, accelerate_configuration, check::acceleration;
    }
}

impl Server {
    async fn keep<T: SerializeContent>(
        &self,
        bucket: &std::sync::Arc<crate::store::Bucket>,
        name: &'static str,
        document: Option<&T>,
    ) -> S3Result<()> {
        let text = document.map(written).transpose()?;
        let change = move |info: &mut BucketInfo| {
            match text {
                Some(text) => info.documents.insert(name.to_owned(), text),
                None => info.documents.remove(name),
            };
            Ok::<_, S3Error>(())
        };
        self.store.change_bucket(bucket, change).await
    }

    pub(super) fn lifecycle(
        &self,
        req: S3Request<GetBucketLifecycleConfigurationInput>,
    ) -> S3Result<S3Response<GetBucketLifecycleConfigurationOutput>> {
        let state = self.bucket(&req.input.bucket)?.state();
        let kept: Option<BucketLifecycleConfiguration> = kept(&state.info, name::LIFECYCLE);
        let rules = kept.map(|d| d.rules).ok_or_else(|| {
            s3_error!(NoSuchLifecycleConfiguration, "The lifecycle configuration does not exist")
        })?;
        let size = TransitionDefaultMinimumObjectSize::VARIES_BY_STORAGE_CLASS;
        Ok(S3Response::new(GetBucketLifecycleConfigurationOutput {
            rules: Some(rules),
            transition_default_minimum_object_size: Some(
                TransitionDefaultMinimumObjectSize::from_static(size),
            ),
        }))
    }

    pub(super) async fn set_lifecycle(
        &self,
        req: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> S3Result<S3Response<PutBucketLifecycleConfigurationOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let asked = req.input.lifecycle_configuration;
        let mut document = asked.ok_or_else(check::malformed)?;
        check::lifecycle(&mut document)?;
        self.keep(&bucket, name::LIFECYCLE, Some(&document)).await?;
        Ok(S3Response::new(PutBucketLifecycleConfigurationOutput::default()))
    }

    pub(super) async fn drop_lifecycle(
        &self,
        req: S3Request<DeleteBucketLifecycleInput>,
    ) -> S3Result<S3Response<DeleteBucketLifecycleOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        self.keep(&bucket, name::LIFECYCLE, None::<&BucketLifecycleConfiguration>).await?;
        let output = DeleteBucketLifecycleOutput {};
        Ok(S3Response::with_status(output, Status::NO_CONTENT))
    }

    pub(super) fn lock_configuration(
        &self,
        req: S3Request<GetObjectLockConfigurationInput>,
    ) -> S3Result<S3Response<GetObjectLockConfigurationOutput>> {
        let state = self.bucket(&req.input.bucket)?.state();
        if !state.info.lock {
            return Err(s3_error!(
                ObjectLockConfigurationNotFoundError,
                "Object Lock configuration does not exist for this bucket"
            ));
        }
        let rule = kept::<ObjectLockConfiguration>(&state.info, name::LOCK).and_then(|d| d.rule);
        let enabled = ObjectLockEnabled::from_static(ObjectLockEnabled::ENABLED);
        let configuration = ObjectLockConfiguration { object_lock_enabled: Some(enabled), rule };
        Ok(S3Response::new(GetObjectLockConfigurationOutput {
            object_lock_configuration: Some(configuration),
        }))
    }

    pub(super) async fn set_lock_configuration(
        &self,
        req: S3Request<PutObjectLockConfigurationInput>,
    ) -> S3Result<S3Response<PutObjectLockConfigurationOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let document = req.input.object_lock_configuration.ok_or_else(check::malformed)?;
        check::lock(&document)?;
        let text = written(&document)?;
        let change = move |info: &mut BucketInfo| {
            if info.versioning != Some(Versioning::Enabled) {
                return Err(s3_error!(
                    InvalidBucketState,
                    "Versioning must be 'Enabled' on the bucket to apply a Object Lock \
                     configuration"
                ));
            }
            info.lock = true;
            info.documents.insert(name::LOCK.to_owned(), text);
            Ok(())
        };
        self.store.change_bucket(&bucket, change).await?;
        Ok(S3Response::new(PutObjectLockConfigurationOutput::default()))
    }
}
