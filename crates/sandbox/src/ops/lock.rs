//! Object lock: versions that nobody deletes before their time.

use http::{HeaderMap, HeaderValue};
use s3s::dto::{self, *};
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};
use time::OffsetDateTime;

use super::Server;
use super::answers::{at, moment};
use super::documents::{kept, name};
use super::versions::find;
use crate::judge::Caller;
use crate::model::{BucketInfo, Detail, Object, Retention};
use crate::store::Bucket as Stored;

/// What a request that makes an object says about its lock.
#[derive(Default, Clone)]
pub(super) struct AskedLock<'a> {
    pub mode: Option<&'a str>,
    pub until: Option<dto::Timestamp>,
    pub hold: Option<&'a str>,
}

/// The lock in an input with the usual fields.
macro_rules! asked_lock {
    ($input:expr) => {
        $crate::ops::lock::AskedLock {
            mode: $input.object_lock_mode.as_ref().map(|m| m.as_str()),
            until: $input.object_lock_retain_until_date.clone(),
            hold: $input.object_lock_legal_hold_status.as_ref().map(|h| h.as_str()),
        }
    };
}
pub(super) use asked_lock;

fn no_lock() -> S3Error {
    s3_error!(InvalidRequest, "Bucket is missing Object Lock Configuration")
}

fn not_set() -> S3Error {
    s3_error!(
        NoSuchObjectLockConfiguration,
        "The specified object does not have a ObjectLock configuration"
    )
}

fn protected() -> S3Error {
    s3_error!(AccessDenied, "Access Denied because object protected by object lock.")
}

fn mode(name: &str) -> S3Result<bool> {
    match name {
        "COMPLIANCE" => Ok(true),
        "GOVERNANCE" => Ok(false),
        _ => Err(s3_error!(InvalidArgument, "Unknown wormMode directive.")),
    }
}

fn hold(status: &str) -> S3Result<bool> {
    match status {
        "ON" => Ok(true),
        "OFF" => Ok(false),
        _ => Err(s3_error!(InvalidArgument, "Legal Hold must be either of 'ON' or 'OFF'")),
    }
}

impl AskedLock<'_> {
    pub(super) const fn is_given(&self) -> bool {
        self.mode.is_some() || self.until.is_some() || self.hold.is_some()
    }

    /// Puts the lock on a new object: what is asked for, or the bucket's default.
    pub(super) fn apply(
        &self,
        info: &BucketInfo,
        now: dipper_types::Timestamp,
        detail: &mut Detail,
    ) -> S3Result<()> {
        if self.is_given() && !info.lock {
            return Err(no_lock());
        }
        detail.legal_hold = self.hold.map(hold).transpose()?;
        detail.retention = match (self.mode, &self.until) {
            (Some(name), Some(until)) => {
                let (compliance, until) = (mode(name)?, moment(until));
                if until <= now {
                    return Err(s3_error!(
                        InvalidArgument,
                        "The retain until date must be in the future!"
                    ));
                }
                Some(Retention { compliance, until })
            }
            (None, None) if info.lock => default(info, now),
            (None, None) => None,
            _ => {
                return Err(s3_error!(
                    InvalidArgument,
                    "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be \
                     supplied"
                ));
            }
        };
        Ok(())
    }
}

fn default(info: &BucketInfo, now: dipper_types::Timestamp) -> Option<Retention> {
    let document: ObjectLockConfiguration = kept(info, name::LOCK)?;
    let rule = document.rule?.default_retention?;
    let days = rule.days.unwrap_or(0) + rule.years.unwrap_or(0) * 365;
    let until = dipper_types::Timestamp::from_secs(now.secs() + i64::from(days) * 86_400);
    Some(Retention { compliance: rule.mode?.as_str() == "COMPLIANCE", until })
}

/// Whether a version may be deleted for good.
pub(super) fn may_go(
    object: &Object,
    now: dipper_types::Timestamp,
    bypass: bool,
) -> Result<(), S3Error> {
    let detail = &object.detail;
    let kept = detail.retention.is_some_and(|r| r.until > now && (r.compliance || !bypass));
    if detail.legal_hold == Some(true) || kept { Err(protected()) } else { Ok(()) }
}

/// What GET and HEAD say about it.
pub(super) fn headers(detail: &Detail) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(retention) = detail.retention {
        let mode = if retention.compliance { "COMPLIANCE" } else { "GOVERNANCE" };
        headers.insert("x-amz-object-lock-mode", HeaderValue::from_static(mode));
        if let Ok(until) = HeaderValue::from_str(&retention.until.rfc3339()) {
            headers.insert("x-amz-object-lock-retain-until-date", until);
        }
    }
    if let Some(hold) = detail.legal_hold {
        let status = if hold { "ON" } else { "OFF" };
        headers.insert("x-amz-object-lock-legal-hold", HeaderValue::from_static(status));
    }
    headers
}

impl Server {
    /// Whether the caller asks to pass by governance, and may.
    pub(super) fn bypasses(
        &self,
        caller: &Caller,
        bucket: &Stored,
        key: &str,
        version: Option<&str>,
        asked: Option<bool>,
    ) -> bool {
        asked == Some(true)
            && self
                .judge(caller, "s3:BypassGovernanceRetention", bucket, Some(key), version)
                .is_ok()
    }

    pub(super) fn retention(
        &self,
        req: S3Request<GetObjectRetentionInput>,
    ) -> S3Result<S3Response<GetObjectRetentionOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        if !bucket.state().info.lock {
            return Err(no_lock());
        }
        let object = find(&bucket, &req.input.key, req.input.version_id.as_deref())?;
        let kept = object.detail.retention.ok_or_else(not_set)?;
        let mode = if kept.compliance { "COMPLIANCE" } else { "GOVERNANCE" };
        let retention = ObjectLockRetention {
            mode: Some(ObjectLockRetentionMode::from_static(mode)),
            retain_until_date: Some(at(kept.until)),
        };
        Ok(S3Response::new(GetObjectRetentionOutput { retention: Some(retention) }))
    }

    pub(super) async fn set_retention(
        &self,
        req: S3Request<PutObjectRetentionInput>,
    ) -> S3Result<S3Response<PutObjectRetentionOutput>> {
        let caller = self.caller(&req);
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        if !bucket.state().info.lock {
            return Err(no_lock());
        }
        let version = input.version_id.as_deref();
        let asked = input.bypass_governance_retention;
        let bypass = self.bypasses(&caller, &bucket, &input.key, version, asked);
        let now = self.now();
        let new = match input.retention {
            Some(ObjectLockRetention { mode: Some(name), retain_until_date: Some(until) }) => {
                let until = OffsetDateTime::from(until).unix_timestamp();
                let until = dipper_types::Timestamp::from_secs(until);
                if until <= now {
                    return Err(s3_error!(
                        InvalidArgument,
                        "The retain until date must be in the future!"
                    ));
                }
                Some(Retention { compliance: mode(name.as_str())?, until })
            }
            None | Some(ObjectLockRetention { mode: None, retain_until_date: None }) => None,
            Some(_) => {
                return Err(s3_error!(
                    MalformedXML,
                    "The XML you provided was not well-formed or did not validate against our \
                     published schema"
                ));
            }
        };
        let change = move |detail: &mut Detail| {
            let old = detail.retention.filter(|r| r.until > now);
            let weaker = old.is_some_and(|old| {
                new.is_none_or(|new| new.until < old.until || (old.compliance && !new.compliance))
            });
            if weaker && (old.is_some_and(|o| o.compliance) || !bypass) {
                return Err(protected());
            }
            detail.retention = new;
            Ok(())
        };
        self.store.change_object(&bucket, &input.key, version, change).await?;
        Ok(S3Response::new(PutObjectRetentionOutput::default()))
    }

    pub(super) fn legal_hold(
        &self,
        req: S3Request<GetObjectLegalHoldInput>,
    ) -> S3Result<S3Response<GetObjectLegalHoldOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        if !bucket.state().info.lock {
            return Err(no_lock());
        }
        let object = find(&bucket, &req.input.key, req.input.version_id.as_deref())?;
        let status = if object.detail.legal_hold.ok_or_else(not_set)? { "ON" } else { "OFF" };
        let status = Some(ObjectLockLegalHoldStatus::from_static(status));
        let legal_hold = Some(ObjectLockLegalHold { status });
        Ok(S3Response::new(GetObjectLegalHoldOutput { legal_hold }))
    }

    pub(super) async fn set_legal_hold(
        &self,
        req: S3Request<PutObjectLegalHoldInput>,
    ) -> S3Result<S3Response<PutObjectLegalHoldOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        if !bucket.state().info.lock {
            return Err(no_lock());
        }
        let status = input.legal_hold.and_then(|h| h.status);
        let on = hold(status.as_ref().map_or("", ObjectLockLegalHoldStatus::as_str))?;
        let change = move |detail: &mut Detail| {
            detail.legal_hold = Some(on);
            Ok::<_, S3Error>(())
        };
        let version = input.version_id.as_deref();
        self.store.change_object(&bucket, &input.key, version, change).await?;
        Ok(S3Response::new(PutObjectLegalHoldOutput::default()))
    }
}
