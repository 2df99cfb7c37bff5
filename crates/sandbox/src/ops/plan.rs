//! Which parts become the object, and what it is then.

use std::collections::BTreeMap;
use std::sync::Arc;

use dipper_types::Timestamp;
use s3s::dto::{Checksum, CompletedPart};
use s3s::{S3Result, s3_error};

use super::put::sums_of;
use crate::checksum::{joined_etag, joined_sum};
use crate::model::{self, Object, PartOf};
use crate::store::{Body, Upload};

/// All parts but the last have at least this size.
const MIN_PART: u64 = 5 << 20;

/// A completion as it was asked for.
pub(super) struct Plan {
    pub asked: Vec<CompletedPart>,
    pub given: Checksum,
    pub size: Option<u64>,
    pub now: Timestamp,
}

impl Plan {
    pub(super) fn object(
        &self,
        upload: &Upload,
        parts: &BTreeMap<i32, Arc<model::Part>>,
    ) -> S3Result<Object> {
        let chosen = self.chosen(parts)?;
        let last = chosen.len() - 1;
        if chosen[..last].iter().any(|(_, part)| part.size < MIN_PART) {
            return Err(s3_error!(
                EntityTooSmall,
                "Your proposed upload is smaller than the minimum allowed size"
            ));
        }
        let info = &upload.info;
        let of = |(number, part): &(i32, Arc<model::Part>)| PartOf {
            number: *number,
            size: part.size,
            sum: part.sum.clone(),
        };
        let part_list: Vec<PartOf> = chosen.iter().map(of).collect();
        let size = part_list.iter().map(|p| p.size).sum();
        if self.size.is_some_and(|claimed| claimed != size) {
            return Err(s3_error!(
                InvalidRequest,
                "The provided 'x-amz-mp-object-size' header value does not match what was computed"
            ));
        }
        let mut detail = info.detail.clone();
        detail.sum = joined_sum(info.algorithm, info.composite, &part_list);
        if detail.sum.as_ref().is_some_and(|sum| !sum.agrees(&self.given)) {
            return Err(s3_error!(
                BadDigest,
                "The {} you specified did not match the calculated checksum.",
                info.algorithm.name()
            ));
        }
        detail.parts = part_list;
        detail.upload = Some(upload.id.clone());
        let etag = joined_etag(chosen.iter().map(|(_, part)| &*part.etag));
        let body = Body::joined(chosen.iter().map(|(_, part)| &part.body));
        Ok(Object { body, ..Object::new(etag, size, self.now, detail) })
    }

    /// The parts that are asked for, in order, each as the client knows it.
    fn chosen(
        &self,
        parts: &BTreeMap<i32, Arc<model::Part>>,
    ) -> S3Result<Vec<(i32, Arc<model::Part>)>> {
        let invalid = || {
            s3_error!(
                InvalidPart,
                "One or more of the specified parts could not be found. The part might not have \
                 been uploaded, or the specified entity tag might not have matched the part's \
                 entity tag."
            )
        };
        if self.asked.is_empty() {
            return Err(s3_error!(MalformedXML, "You must specify at least one part"));
        }
        let mut chosen: Vec<(i32, Arc<model::Part>)> = Vec::with_capacity(self.asked.len());
        for asked in &self.asked {
            let number = asked.part_number.ok_or_else(invalid)?;
            if chosen.last().is_some_and(|(before, _)| number <= *before) {
                return Err(s3_error!(
                    InvalidPartOrder,
                    "The list of parts was not in ascending order. The parts list must be \
                     specified in order by part number."
                ));
            }
            let part = parts.get(&number).ok_or_else(invalid)?;
            let etag = asked.e_tag.as_ref().ok_or_else(invalid)?;
            let sums = sums_of!(asked);
            if etag.value() != &*part.etag || part.sum.as_ref().is_some_and(|s| !s.agrees(&sums)) {
                return Err(invalid());
            }
            chosen.push((number, Arc::clone(part)));
        }
        Ok(chosen)
    }
}
