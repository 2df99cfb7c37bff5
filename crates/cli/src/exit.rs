//! Exit codes: s3cmd's classes, so that scripts go on; every integrity fault is non-zero.

use dipper_app::{Code, Failure};

/// As `diff` has it.
pub const DIFFERENT: u8 = 1;
pub const PARTIAL: u8 = 2;
pub const USAGE: u8 = 64;
pub const OS: u8 = 71;
pub const CONFIG: u8 = 78;
pub const REFUSED: u8 = 111;

pub enum Ended {
    Well,
    /// Some of it failed, some succeeded.
    Partly,
    /// What was compared is not the same.
    Different,
    /// There is no usable connection.
    Unconfigured(Failure),
}

pub fn code(failure: &Failure) -> u8 {
    match failure.code {
        Code::WrongRegion => 10,
        Code::Unsupported | Code::ObjectArchived => 11,
        Code::BucketNotFound
        | Code::ObjectNotFound
        | Code::VersionNotFound
        | Code::UploadNotFound => 12,
        Code::Conflict | Code::AclDisabled => 13,
        Code::AlreadyExists if failure.s3.is_some() => 13,
        Code::PreconditionFailed => 14,
        Code::Throttled => 15,
        Code::InvalidInput if failure.s3.is_some() => 11,
        Code::InvalidInput | Code::AlreadyExists => USAGE,
        Code::ChecksumMismatch | Code::SourceChanged | Code::DecryptFailed => 65,
        Code::Database | Code::Internal => 70,
        Code::LocalIo | Code::DiskFull => 74,
        Code::Network if failure.s3.as_ref().is_some_and(|s| s.http_status == Some(500)) => 70,
        Code::Network if failure.s3.as_ref().is_some_and(|s| s.refused) => REFUSED,
        Code::Network => 74,
        Code::Timeout => 75,
        Code::Unauthenticated
        | Code::ExpiredToken
        | Code::AccessDenied
        | Code::Tls
        | Code::ClockSkew => 77,
        Code::KeychainUnavailable | Code::KeyMissing => CONFIG,
        Code::Cancelled => 130,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_told_from_what_a_server_refused() {
        let mut failure = Failure::invalid("x");
        assert_eq!(code(&failure), 64);
        failure.s3 = Some(Box::default());
        assert_eq!(code(&failure), 11);
    }

    #[test]
    fn a_refused_connection_has_its_own() {
        let mut failure = Failure::new(Code::Network, "x");
        assert_eq!(code(&failure), 74);
        let refused = dipper_app::S3Context { refused: true, ..Default::default() };
        failure.s3 = Some(Box::new(refused));
        assert_eq!(code(&failure), 111);
    }
}
