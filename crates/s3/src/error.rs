//! One table from what a server answered to what a caller can do.

use std::error::Error as StdError;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::credentials::SignInError;
use crate::transport::{Certificate, TransportError};

/// What a failure means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// The keys are unknown or the signature is wrong.
    Unauthenticated,
    ExpiredToken,
    AccessDenied,
    /// Object Ownership turns ACLs off in this bucket.
    AclDisabled,
    BucketNotFound,
    ObjectNotFound,
    VersionNotFound,
    UploadNotFound,
    /// The bucket has no such document (policy, CORS, ownership …).
    ConfigNotFound,
    AlreadyExists,
    NotEmpty,
    PreconditionFailed,
    NotModified,
    Conflict,
    InvalidInput,
    InvalidRange,
    Unsupported,
    ObjectArchived,
    Throttled,
    /// The server failed; trying again may help.
    Server,
    Network,
    Timeout,
    Tls,
    ClockSkew,
    WrongRegion,
    ChecksumMismatch,
    /// The answer is not one an S3 server gives: a portal, a proxy, a cut body.
    NotS3,
    Internal,
}

impl Class {
    /// Whether the same request may succeed if it is simply sent again.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::Server | Self::Network | Self::Timeout)
    }
}

/// Error code → class. The status decides where the code says nothing (S3 API, "Error responses").
const CODES: &[(&str, Class)] = &[
    ("InvalidAccessKeyId", Class::Unauthenticated),
    ("SignatureDoesNotMatch", Class::Unauthenticated),
    ("InvalidSecurity", Class::Unauthenticated),
    ("NotSignedUp", Class::Unauthenticated),
    ("UnrecognizedClientException", Class::Unauthenticated),
    ("AuthorizationHeaderMalformed", Class::WrongRegion),
    ("IncorrectEndpoint", Class::WrongRegion),
    ("IllegalLocationConstraintException", Class::WrongRegion),
    ("PermanentRedirect", Class::WrongRegion),
    ("TemporaryRedirect", Class::WrongRegion),
    ("ExpiredToken", Class::ExpiredToken),
    ("ExpiredTokenException", Class::ExpiredToken),
    ("InvalidToken", Class::ExpiredToken),
    ("TokenRefreshRequired", Class::ExpiredToken),
    ("AccessDenied", Class::AccessDenied),
    ("AllAccessDisabled", Class::AccessDenied),
    ("AccountProblem", Class::AccessDenied),
    ("UnauthorizedAccess", Class::AccessDenied),
    ("AccessControlListNotSupported", Class::AclDisabled),
    ("InvalidBucketAclWithObjectOwnership", Class::AclDisabled),
    ("NoSuchBucket", Class::BucketNotFound),
    ("NoSuchKey", Class::ObjectNotFound),
    ("NoSuchVersion", Class::VersionNotFound),
    ("NoSuchUpload", Class::UploadNotFound),
    ("NoSuchBucketPolicy", Class::ConfigNotFound),
    ("NoSuchPublicAccessBlockConfiguration", Class::ConfigNotFound),
    ("OwnershipControlsNotFoundError", Class::ConfigNotFound),
    ("NoSuchOwnershipControls", Class::ConfigNotFound),
    ("NoSuchCORSConfiguration", Class::ConfigNotFound),
    ("NoSuchTagSet", Class::ConfigNotFound),
    ("NoSuchLifecycleConfiguration", Class::ConfigNotFound),
    ("NoSuchWebsiteConfiguration", Class::ConfigNotFound),
    ("NoSuchWebsiteConfig", Class::ConfigNotFound),
    ("ServerSideEncryptionConfigurationNotFoundError", Class::ConfigNotFound),
    ("ReplicationConfigurationNotFoundError", Class::ConfigNotFound),
    ("NoSuchReplicationConfiguration", Class::ConfigNotFound),
    ("ObjectLockConfigurationNotFoundError", Class::ConfigNotFound),
    ("ObjectLockConfigurationNotFound", Class::ConfigNotFound),
    ("NoSuchObjectLockConfiguration", Class::ConfigNotFound),
    ("NoSuchConfiguration", Class::ConfigNotFound),
    ("NoSuchInventoryConfig", Class::ConfigNotFound),
    ("NoSuchTagSetError", Class::ConfigNotFound),
    ("BucketAlreadyExists", Class::AlreadyExists),
    ("BucketAlreadyOwnedByYou", Class::AlreadyExists),
    ("BucketNotEmpty", Class::NotEmpty),
    ("PreconditionFailed", Class::PreconditionFailed),
    ("NotModified", Class::NotModified),
    ("ConditionalRequestConflict", Class::Conflict),
    ("OperationAborted", Class::Conflict),
    ("InvalidBucketState", Class::Conflict),
    ("RestoreAlreadyInProgress", Class::Conflict),
    ("InvalidObjectState", Class::ObjectArchived),
    ("InvalidRange", Class::InvalidRange),
    ("NotImplemented", Class::Unsupported),
    ("MethodNotAllowed", Class::Unsupported),
    ("XNotImplemented", Class::Unsupported),
    ("SlowDown", Class::Throttled),
    ("Throttling", Class::Throttled),
    ("ThrottlingException", Class::Throttled),
    ("RequestLimitExceeded", Class::Throttled),
    ("TooManyRequests", Class::Throttled),
    ("ServiceUnavailable", Class::Throttled),
    ("InternalError", Class::Server),
    // The connection broke while the request was sent.
    ("IncompleteBody", Class::Server),
    ("RequestTimeout", Class::Timeout),
    ("RequestTimeTooSkewed", Class::ClockSkew),
    ("RequestExpired", Class::ClockSkew),
    ("BadDigest", Class::ChecksumMismatch),
    ("InvalidDigest", Class::ChecksumMismatch),
    ("XAmzContentSHA256Mismatch", Class::ChecksumMismatch),
    ("XAmzContentChecksumMismatch", Class::ChecksumMismatch),
    ("InvalidArgument", Class::InvalidInput),
    ("InvalidRequest", Class::InvalidInput),
    ("InvalidBucketName", Class::InvalidInput),
    ("InvalidPart", Class::InvalidInput),
    ("InvalidPartOrder", Class::InvalidInput),
    ("InvalidPolicyDocument", Class::InvalidInput),
    ("KeyTooLongError", Class::InvalidInput),
    ("MalformedPolicy", Class::InvalidInput),
    ("MalformedXML", Class::InvalidInput),
    ("MalformedACLError", Class::InvalidInput),
    ("EntityTooLarge", Class::InvalidInput),
    ("EntityTooSmall", Class::InvalidInput),
    ("MetadataTooLarge", Class::InvalidInput),
    ("MissingContentLength", Class::InvalidInput),
    ("TooManyBuckets", Class::InvalidInput),
    ("InvalidStorageClass", Class::InvalidInput),
    ("QuotaExceeded", Class::Conflict),
    ("XMinioAdminBucketQuotaExceeded", Class::Conflict),
    ("XMinioStorageFull", Class::Conflict),
];

const STATUSES: &[(u16, Class)] = &[
    (301, Class::WrongRegion),
    (304, Class::NotModified),
    (307, Class::WrongRegion),
    (400, Class::InvalidInput),
    (401, Class::Unauthenticated),
    (403, Class::AccessDenied),
    (404, Class::ObjectNotFound),
    (405, Class::Unsupported),
    (408, Class::Timeout),
    (409, Class::Conflict),
    (411, Class::InvalidInput),
    (412, Class::PreconditionFailed),
    (416, Class::InvalidRange),
    (429, Class::Throttled),
    (500, Class::Server),
    (501, Class::Unsupported),
    (502, Class::Server),
    (503, Class::Throttled),
    (504, Class::Timeout),
];

pub(crate) fn classify(code: Option<&str>, status: Option<u16>) -> Class {
    if let Some(code) = code
        && let Some((_, class)) = CODES.iter().find(|(name, _)| *name == code)
    {
        return *class;
    }
    let Some(status) = status else { return Class::Internal };
    match STATUSES.iter().find(|(known, _)| *known == status) {
        Some((_, class)) => *class,
        None if status >= 500 => Class::Server,
        None if (400..500).contains(&status) => Class::InvalidInput,
        None => Class::NotS3,
    }
}

/// Where and with what words a call failed.
#[derive(Debug, Clone, Default)]
pub struct Context {
    pub op: &'static str,
    pub bucket: Option<String>,
    pub key: Option<String>,
    pub http_status: Option<u16>,
    pub s3_code: Option<String>,
    pub request_id: Option<String>,
    /// The server's own sentence, as it came. Not trusted, not markup.
    pub message: Option<String>,
    /// The region the server names, when it says that this one is wrong.
    pub region: Option<String>,
    /// The machine is there, and nothing listens on the port.
    pub refused: bool,
    /// It failed before any request was signed: the credentials could not be had.
    pub sign_in: bool,
    /// It failed at the proxy, before any server.
    pub proxy: bool,
    /// What the server showed that is not trusted here.
    pub certificate: Option<Box<Certificate>>,
}

/// A failed call: the class for code, the context for people, the source for logs.
#[derive(Debug)]
pub struct Error {
    pub class: Class,
    pub context: Box<Context>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn answer(op: &'static str, class: Class, message: &str) -> Self {
        let context = Context { op, message: Some(message.to_owned()), ..Context::default() };
        Self { class, context: Box::new(context), source: None }
    }

    /// An error found by us in an answer, for one object.
    pub fn of_answer(class: Class, op: &'static str, bucket: &str, key: &str, what: &str) -> Self {
        Self::answer(op, class, what).at(Some(bucket), Some(key))
    }

    /// An error that a server told by its code inside a larger answer (multi-delete).
    pub fn of_code(op: &'static str, bucket: &str, key: &str, code: &str, message: &str) -> Self {
        let mut error =
            Self::answer(op, classify(Some(code), None), message).at(Some(bucket), Some(key));
        error.context.s3_code = Some(code.to_owned());
        error
    }

    pub(crate) fn transport(
        op: &'static str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let source = source.into();
        let class = transport_class(source.as_ref());
        let mut context = Context { op, ..Context::default() };
        context.take_from(source.as_ref());
        context.message.get_or_insert_with(|| innermost(source.as_ref()));
        Self { class, context: Box::new(context), source: Some(source) }
    }

    pub(crate) fn at(mut self, bucket: Option<&str>, key: Option<&str>) -> Self {
        self.context.bucket = bucket.map(str::to_owned);
        self.context.key = key.map(str::to_owned);
        self
    }

    /// NoSuchKey's status without a body (a HEAD) can also mean a missing bucket or document: the
    /// caller knows which it asked for.
    pub(crate) fn missing_is(mut self, class: Class) -> Self {
        if self.class == Class::ObjectNotFound
            && self.context.s3_code.as_deref() != Some("NoSuchKey")
        {
            self.class = class;
        }
        self
    }

    /// What is missing is the upload, also where the server (Ceph) speaks of a key: a call on an
    /// upload's parts asks for no object.
    pub(crate) fn missing_is_the_upload(mut self) -> Self {
        if self.class == Class::ObjectNotFound {
            self.class = Class::UploadNotFound;
        }
        self
    }

    /// What is missing is the version, also where the server (Ceph) speaks of a key: it was asked for
    /// this one, by its id.
    pub(crate) fn missing_is_the_version(mut self, asked: Option<&str>) -> Self {
        if asked.is_some() && self.class == Class::ObjectNotFound {
            self.class = Class::VersionNotFound;
        }
        self
    }

    /// A HEAD's 400, which says nothing of why.
    pub(crate) fn is_mute_refusal(&self) -> bool {
        self.context.http_status == Some(400) && self.context.s3_code.is_none()
    }

    /// It may be that an object was asked for without its key of SSE-C, or with another one.
    pub(crate) fn is_about_a_key(&self) -> bool {
        matches!(self.context.http_status, Some(400 | 403))
    }

    pub(crate) fn of_expired_session(mut self) -> Self {
        self.class = Class::ExpiredToken;
        self.context.s3_code = Some("ExpiredToken".into());
        self
    }

    pub(crate) fn from_sdk<E>(op: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let mut context = Context { op, ..Context::default() };
        if let Some(raw) = error.raw_response() {
            context.http_status = Some(raw.status().as_u16());
            context.region = raw.headers().get("x-amz-bucket-region").map(str::to_owned);
            context.request_id = raw.headers().get("x-amz-request-id").map(str::to_owned);
            if let Some(body) = raw.body().bytes() {
                context.region = context.region.or_else(|| region_in(body));
                // A gateway's page about a fault behind it (502, 503, 504) is that fault.
                let fault = raw.status().as_u16() >= 500;
                if context.s3_code.is_none() && !fault && looks_like_html(body) {
                    context.message = Some("the answer is a web page".to_owned());
                    let source: Box<dyn StdError + Send + Sync> = Box::new(error);
                    return Self {
                        class: Class::NotS3,
                        context: Box::new(context),
                        source: Some(source),
                    };
                }
            }
        }
        let meta = error.meta();
        context.s3_code = meta.code().filter(|code| *code != "Unknown").map(str::to_owned);
        context.message = meta.message().map(str::to_owned);
        context.take_from(&error);
        let class = match &error {
            SdkError::ServiceError(_) => classify(context.s3_code.as_deref(), context.http_status),
            SdkError::TimeoutError(_) => Class::Timeout,
            SdkError::DispatchFailure(failure) => {
                if failure.is_timeout() {
                    Class::Timeout
                } else {
                    transport_class(&error)
                }
            }
            // The answer had begun when the way failed.
            SdkError::ResponseError(_) if TransportError::in_chain(&error).is_some() => {
                transport_class(&error)
            }
            SdkError::ResponseError(_) => match context.http_status {
                Some(status) if status >= 300 => classify(None, Some(status)),
                _ => Class::NotS3,
            },
            SdkError::ConstructionFailure(_) => match credentials_cause(&error) {
                true => Class::Unauthenticated,
                false => Class::InvalidInput,
            },
            _ => Class::Internal,
        };
        let class = match (class, credentials_cause(&error)) {
            (Class::Internal | Class::Network, true) => Class::Unauthenticated,
            (class, _) => class,
        };
        // Without credentials nothing was asked: that is what failed.
        let class = match SignInError::in_chain(&error) {
            Some(failed) => {
                context.message = Some(failed.told());
                context.sign_in = true;
                failed.class()
            }
            None => class,
        };
        if context.message.is_none() {
            // An answer without words: HTTP has some for its status.
            let by_status = match &error {
                SdkError::ServiceError(_) => context
                    .http_status
                    .and_then(|status| http::StatusCode::from_u16(status).ok())
                    .and_then(|status| status.canonical_reason().map(str::to_owned)),
                _ => None,
            };
            context.message = Some(by_status.unwrap_or_else(|| innermost(&error)));
        }
        Self { class, context: Box::new(context), source: Some(Box::new(error)) }
    }
}

/// An error and what is behind it. An `io::Error`'s `source` skips the error that it wraps itself.
pub(crate) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |e: &&'a (dyn StdError + 'static)| {
        if let Some(shared) = e.downcast_ref::<std::sync::Arc<std::io::Error>>() {
            return Some(&**shared as &(dyn StdError + 'static));
        }
        let wrapped = e.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => (*e).source(),
        }
    })
}

pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn credentials_cause(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|e| e.is::<aws_credential_types::provider::error::CredentialsError>())
}

fn is_refused(error: &(dyn StdError + 'static)) -> bool {
    chain(error)
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
}

impl Context {
    /// What the way to the server has to say.
    fn take_from(&mut self, error: &(dyn StdError + 'static)) {
        self.refused = is_refused(error);
        let Some(known) = TransportError::in_chain(error) else { return };
        self.proxy = known.is_proxy();
        self.refused &= !self.proxy;
        if let TransportError::Certificate { certificate } = known {
            self.certificate = Some(certificate.clone());
        }
        self.message.get_or_insert_with(|| told(known));
    }
}

/// The error with its cause.
fn told(error: &TransportError) -> String {
    match error.source() {
        Some(_) => format!("{error}: {}", innermost(error)),
        None => error.to_string(),
    }
}

fn transport_class(error: &(dyn StdError + 'static)) -> Class {
    match TransportError::in_chain(error) {
        Some(known) if known.is_timeout() => return Class::Timeout,
        Some(known) if known.is_tls() => return Class::Tls,
        Some(TransportError::TooLarge { .. }) => return Class::NotS3,
        Some(_) => return Class::Network,
        None => {}
    }
    for cause in chain(error) {
        if cause.is::<rustls::Error>() {
            return Class::Tls;
        }
        // The SDK compares a whole answer with the checksum in its head, at the last byte.
        if cause.is::<aws_smithy_checksums::body::validate::Error>() {
            return Class::ChecksumMismatch;
        }
        let io = cause.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut) {
            return Class::Timeout;
        }
    }
    Class::Network
}

fn looks_like_html(body: &[u8]) -> bool {
    let head: Vec<u8> = body
        .iter()
        .skip_while(|b| b.is_ascii_whitespace())
        .take(14)
        .map(u8::to_ascii_lowercase)
        .collect();
    head.starts_with(b"<!doctype html") || head.starts_with(b"<html")
}

/// `<Region>eu-west-1</Region>` in an AuthorizationHeaderMalformed answer.
fn region_in(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body.get(..body.len().min(4096))?).ok()?;
    let (_, rest) = text.split_once("<Region>")?;
    let (region, _) = rest.split_once("</Region>")?;
    let plain = region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (plain && !region.is_empty() && region.len() < 64).then(|| region.to_owned())
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = &self.context;
        write!(f, "{}", c.op)?;
        match (&c.bucket, &c.key) {
            (Some(bucket), Some(key)) => write!(f, " s3://{bucket}/{key}")?,
            (Some(bucket), None) => write!(f, " s3://{bucket}")?,
            _ => {}
        }
        match (&c.s3_code, c.http_status) {
            (Some(code), Some(status)) => write!(f, ": {code} ({status})")?,
            (Some(code), None) => write!(f, ": {code}")?,
            (None, Some(status)) => write!(f, ": HTTP {status}")?,
            (None, None) => {}
        }
        match &c.message {
            Some(message) if !message.is_empty() => write!(f, ": {message}"),
            _ => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_row_decides_over_any_status() {
        for (code, class) in CODES {
            for status in [None, Some(200), Some(400), Some(403), Some(500)] {
                assert_eq!(classify(Some(code), status), *class, "{code} {status:?}");
            }
        }
    }

    #[test]
    fn every_status_row_decides_where_the_code_is_unknown() {
        for (status, class) in STATUSES {
            assert_eq!(classify(Some("SomethingNew"), Some(*status)), *class, "{status}");
            assert_eq!(classify(None, Some(*status)), *class, "{status}");
        }
        assert_eq!(classify(None, Some(599)), Class::Server);
        assert_eq!(classify(None, Some(418)), Class::InvalidInput);
        assert_eq!(classify(None, Some(302)), Class::NotS3);
    }

    #[test]
    fn codes_are_listed_once() {
        for (at, (code, _)) in CODES.iter().enumerate() {
            assert!(CODES[at + 1..].iter().all(|(other, _)| other != code), "{code} twice");
        }
    }

    #[test]
    fn regions_are_read_only_when_plain() {
        assert_eq!(
            region_in(b"<Error><Region>eu-west-1</Region></Error>"),
            Some("eu-west-1".into())
        );
        assert_eq!(region_in(b"<Error><Region>evil.com/</Region></Error>"), None);
        assert_eq!(region_in(b"<Error></Error>"), None);
    }

    #[test]
    fn tls_is_seen_through_io_wrapping() {
        let io = std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            rustls::Error::General("bad certificate".into()),
        );
        let twice = std::io::Error::other(io);
        assert_eq!(Error::transport("x", twice).class, Class::Tls);
        let spoiled = aws_smithy_checksums::body::validate::Error::ChecksumMismatch {
            expected: bytes::Bytes::from_static(b"a"),
            actual: bytes::Bytes::from_static(b"b"),
        };
        let spoiled = std::io::Error::other(spoiled);
        assert_eq!(Error::transport("x", spoiled).class, Class::ChecksumMismatch);
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let refused = Error::transport("x", refused);
        assert_eq!((refused.class, refused.context.refused), (Class::Network, true));
    }
}
