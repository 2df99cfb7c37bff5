use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::answers::{at, etag, size};
use super::sse::customer_of;
use super::versions::{find, version_of};
use crate::model::{Object, PartOf, Sum};

impl Server {
    pub(super) fn attributes(
        &self,
        req: S3Request<GetObjectAttributesInput>,
    ) -> S3Result<S3Response<GetObjectAttributesOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let object = find(&bucket, &input.key, input.version_id.as_deref())?;
        customer_of!(input).opens(object.detail.sse.as_ref())?;
        let mut asked = Vec::new();
        for name in input.object_attributes.iter().flat_map(|n| n.as_str().split(',')) {
            let name = name.trim();
            if !["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"].contains(&name) {
                return Err(s3_error!(InvalidArgument, "Invalid attribute name specified."));
            }
            asked.push(name.to_owned());
        }
        let wants = |name: &str| asked.iter().any(|n| n == name);
        let class = object.detail.storage_class.as_deref().unwrap_or("STANDARD");
        let sum = object.detail.sum.as_ref().filter(|_| wants("Checksum"));
        let parts = wants("ObjectParts") && !object.detail.parts.is_empty();
        Ok(S3Response::new(GetObjectAttributesOutput {
            checksum: sum.map(Sum::dto),
            e_tag: wants("ETag").then(|| etag(&object.etag)),
            last_modified: Some(at(object.modified)),
            object_parts: parts
                .then(|| part_page(&object, input.part_number_marker, input.max_parts)),
            object_size: wants("ObjectSize").then(|| size(object.size)),
            storage_class: wants("StorageClass").then(|| StorageClass::from(class.to_owned())),
            version_id: version_of(&bucket, &object),
            ..GetObjectAttributesOutput::default()
        }))
    }
}

fn part_page(object: &Object, marker: Option<i32>, max: Option<i32>) -> GetObjectAttributesParts {
    let marker = marker.unwrap_or(0);
    let max = max.unwrap_or(1000).clamp(0, 1000);
    let all = &object.detail.parts;
    let mut after = all.iter().filter(|part| part.number > marker);
    let page: Vec<&PartOf> = after.by_ref().take(usize::try_from(max).unwrap_or(0)).collect();
    let more = after.next().is_some();
    let one = |part: &&PartOf| {
        let sums = part.sum.as_ref().map(Sum::dto).unwrap_or_default();
        ObjectPart {
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            part_number: Some(part.number),
            size: Some(size(part.size)),
        }
    };
    // As on S3, the parts themselves are told where they have checksums of their own.
    let told = object.detail.sum.as_ref().is_some_and(|sum| sum.composite);
    GetObjectAttributesParts {
        is_truncated: Some(more),
        max_parts: Some(max),
        next_part_number_marker: page.last().map(|part| part.number),
        part_number_marker: Some(marker),
        parts: told.then(|| page.iter().map(one).collect()),
        total_parts_count: i32::try_from(all.len()).ok(),
    }
}
