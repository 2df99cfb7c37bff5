//! `If-Match` and its kin.

use dipper_types::Timestamp;
use http::HeaderMap;
use http::header::{IF_MATCH, IF_NONE_MATCH, LAST_MODIFIED};
use s3s::dto::{self, ETagCondition};
use s3s::{S3Error, S3Result, s3_error};

use super::answers::{http_date, moment, no_such_key};
use crate::model::Object;

fn failed() -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

fn is(condition: &ETagCondition, etag: &str) -> bool {
    condition.is_any() || condition.as_etag().is_some_and(|e| e.value() == etag)
}

/// The four conditions on something that is read.
#[derive(Default)]
pub(super) struct ReadIf<'a> {
    pub matches: Option<&'a ETagCondition>,
    pub none_match: Option<&'a ETagCondition>,
    pub modified_since: Option<&'a dto::Timestamp>,
    pub unmodified_since: Option<&'a dto::Timestamp>,
}

enum Unmet {
    NotModified,
    Failed,
}

impl ReadIf<'_> {
    /// As RFC 9110, 13.2.2 orders them.
    fn unmet(&self, etag: &str, modified: Timestamp) -> Option<Unmet> {
        match (self.matches, self.unmodified_since) {
            (Some(condition), _) if !is(condition, etag) => return Some(Unmet::Failed),
            (None, Some(since)) if modified > moment(since) => return Some(Unmet::Failed),
            _ => {}
        }
        match (self.none_match, self.modified_since) {
            (Some(condition), _) if is(condition, etag) => Some(Unmet::NotModified),
            (None, Some(since)) if modified <= moment(since) => Some(Unmet::NotModified),
            _ => None,
        }
    }

    /// For GET and HEAD: 304 or 412.
    pub(super) fn check(&self, object: &Object) -> S3Result<()> {
        match self.unmet(&object.etag, object.modified) {
            None => Ok(()),
            Some(Unmet::Failed) => Err(failed()),
            Some(Unmet::NotModified) => {
                let mut error = s3_error!(NotModified, "Not Modified");
                let mut headers = HeaderMap::new();
                if let Ok(etag) = format!("\"{}\"", object.etag).parse() {
                    headers.insert(http::header::ETAG, etag);
                }
                headers.extend(http_date(object.modified).map(|d| (LAST_MODIFIED, d)));
                error.set_headers(headers);
                Err(error)
            }
        }
    }

    /// For the source of a copy: all four answer 412.
    pub(super) fn check_source(&self, object: &Object) -> S3Result<()> {
        self.unmet(&object.etag, object.modified).map_or(Ok(()), |_| Err(failed()))
    }
}

/// The two conditions on a write, which hold at the moment of the change.
#[derive(Default, Clone)]
pub(super) struct WriteIf {
    pub matches: Option<ETagCondition>,
    pub none_match: Option<ETagCondition>,
}

impl WriteIf {
    pub(super) fn new(
        matches: Option<ETagCondition>,
        none_match: Option<ETagCondition>,
    ) -> S3Result<Self> {
        if none_match.as_ref().is_some_and(|c| !c.is_any()) {
            return Err(s3_error!(
                NotImplemented,
                "If-None-Match on a write takes * and nothing else."
            ));
        }
        Ok(Self { matches, none_match })
    }

    /// Of a copy's target, which s3s has no fields for.
    pub(super) fn of_headers(headers: &HeaderMap) -> S3Result<Self> {
        let condition = |name| {
            let Some(value) = headers.get(name) else { return Ok(None) };
            let read = ETagCondition::parse_http_header(value.as_bytes());
            read.map(Some).map_err(|_| s3_error!(InvalidArgument, "A condition without an ETag."))
        };
        Self::new(condition(IF_MATCH)?, condition(IF_NONE_MATCH)?)
    }

    pub(super) fn check(&self, there: Option<&Object>) -> S3Result<()> {
        if self.none_match.is_some() && there.is_some() {
            return Err(failed());
        }
        match (&self.matches, there) {
            (Some(_), None) => Err(no_such_key()),
            (Some(condition), Some(object)) if !is(condition, &object.etag) => Err(failed()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::answers::at;

    #[test]
    fn order_of_rfc_9110() {
        let tag = |t: &str| ETagCondition::ETag(dto::ETag::Strong(t.to_owned()));
        let (same, other) = (tag("a"), tag("b"));
        let (before, after) = (at(Timestamp::from_secs(5)), at(Timestamp::from_secs(15)));
        let of = |r: ReadIf<'_>| match r.unmet("a", Timestamp::from_secs(10)) {
            None => 200,
            Some(Unmet::NotModified) => 304,
            Some(Unmet::Failed) => 412,
        };
        let none = ReadIf::default;
        assert_eq!(of(none()), 200);
        assert_eq!(of(ReadIf { matches: Some(&other), ..none() }), 412);
        assert_eq!(of(ReadIf { matches: Some(&ETagCondition::Any), ..none() }), 200);
        assert_eq!(of(ReadIf { unmodified_since: Some(&before), ..none() }), 412);
        let both = ReadIf { matches: Some(&same), unmodified_since: Some(&before), ..none() };
        assert_eq!(of(both), 200);
        assert_eq!(of(ReadIf { none_match: Some(&same), ..none() }), 304);
        assert_eq!(of(ReadIf { modified_since: Some(&after), ..none() }), 304);
        let both = ReadIf { none_match: Some(&other), modified_since: Some(&after), ..none() };
        assert_eq!(of(both), 200);
    }
}
