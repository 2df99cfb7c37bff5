use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Class;
use crate::transport::TransportError;

type Cause = Arc<dyn StdError + Send + Sync>;

/// Why there are no credentials.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// Only the user can sign in again.
    #[error("{what}: the session has ended; sign in again")]
    SessionEnded { what: &'static str },
    /// The user was asked, and did not say.
    #[error("the code of {serial} was not given")]
    NotTold { serial: String },
    #[error("the sign-in was refused in the browser")]
    Denied,
    #[error("the code was not confirmed in time")]
    TooLate,
    #[error("there are no keys in the environment, the AWS files or this machine's metadata")]
    NothingFound,
    #[error("{what} refused the sign-in")]
    Refused {
        what: &'static str,
        #[source]
        source: Cause,
    },
    #[error("{what} can't be reached")]
    Unreachable {
        what: &'static str,
        #[source]
        source: Cause,
    },
    #[error("{what} answered without {missing}")]
    Answer { what: &'static str, missing: &'static str },
    #[error("{}: {source}", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: Arc<std::io::Error>,
    },
    #[error("there is no AWS profile '{name}'")]
    NoProfile { name: String },
    #[error("the AWS profile '{name}' lacks {missing}")]
    Incomplete { name: String, missing: &'static str },
    #[error("roles lead to roles without end")]
    Circle,
    #[error("no folder for sign-in tokens is known")]
    NoCache,
    #[error("the process that gives the keys {why}")]
    Process { why: String },
}

impl SignInError {
    /// Whether the user has to do something before it can go on.
    pub fn needs_user(&self) -> bool {
        matches!(
            self,
            Self::SessionEnded { .. } | Self::NotTold { .. } | Self::Denied | Self::TooLate
        )
    }

    pub(crate) fn class(&self) -> Class {
        match self {
            error if error.needs_user() => Class::ExpiredToken,
            Self::Unreachable { source, .. } => match TransportError::in_chain(&**source) {
                Some(error) if error.is_timeout() => Class::Timeout,
                Some(error) if error.is_tls() => Class::Tls,
                _ => Class::Network,
            },
            _ => Class::Unauthenticated,
        }
    }

    pub(crate) fn in_chain<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        crate::error::chain(error).find_map(|cause| {
            cause
                .downcast_ref::<Self>()
                .or_else(|| cause.downcast_ref::<Arc<Self>>().map(|shared| &**shared))
        })
    }

    /// With its innermost cause.
    pub fn told(&self) -> String {
        match self.source() {
            Some(_) => {
                let cause = crate::error::innermost(self);
                let own = self.to_string();
                if own.contains(&cause) { own } else { format!("{own}: {cause}") }
            }
            None => self.to_string(),
        }
    }

    /// What an AWS service answered to a sign-in call.
    pub(crate) fn of_call<E>(
        what: &'static str,
        error: aws_smithy_runtime_api::client::result::SdkError<
            E,
            aws_smithy_runtime_api::client::orchestrator::HttpResponse,
        >,
    ) -> Self
    where
        E: aws_smithy_types::error::metadata::ProvideErrorMetadata
            + StdError
            + Send
            + Sync
            + 'static,
    {
        use aws_smithy_runtime_api::client::result::SdkError;
        use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
        match &error {
            SdkError::ServiceError(_) => {
                let words = match (error.meta().code(), error.meta().message()) {
                    (Some(code), Some(message)) => format!("{code}: {message}"),
                    (Some(code), None) => code.to_owned(),
                    (None, Some(message)) => message.to_owned(),
                    (None, None) => error
                        .raw_response()
                        .map_or_else(String::new, |raw| format!("HTTP {}", raw.status().as_u16())),
                };
                Self::Refused { what, source: Arc::new(Said(words)) }
            }
            _ => Self::Unreachable { what, source: Arc::new(error) },
        }
    }
}

/// A server's own words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(String);
