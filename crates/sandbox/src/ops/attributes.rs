use s3s::dto::*;
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::answers::at;
use super::sse::customer_of;
use super::versions::{find, version_of};
use super::xml::Xml;
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
        let mut xml = Xml::new("GetObjectAttributesResponse");
        if wants("ETag") {
            // The one place where S3 writes it without quotes.
            xml.text("ETag", &object.etag);
        }
        let class = object.detail.storage_class.as_deref().unwrap_or("STANDARD");
        if let Some(sum) = object.detail.sum.as_ref().filter(|_| wants("Checksum")) {
            xml.open("Checksum");
            sum_of(&mut xml, sum);
            xml.text("ChecksumType", if sum.composite { "COMPOSITE" } else { "FULL_OBJECT" });
            xml.close("Checksum");
        }
        if wants("ObjectParts") && !object.detail.parts.is_empty() {
            part_page(&mut xml, &object, input.part_number_marker, input.max_parts);
        }
        if wants("StorageClass") {
            xml.text("StorageClass", class);
        }
        if wants("ObjectSize") {
            xml.number("ObjectSize", object.size);
        }
        Ok(xml.answer(GetObjectAttributesOutput {
            last_modified: Some(at(object.modified)),
            version_id: version_of(&bucket, &object),
            ..GetObjectAttributesOutput::default()
        }))
    }
}

fn sum_of(xml: &mut Xml, sum: &Sum) {
    xml.text(&format!("Checksum{}", sum.algorithm.name()), &sum.value);
}

fn part_page(xml: &mut Xml, object: &Object, marker: Option<i32>, max: Option<i32>) {
    let marker = marker.unwrap_or(0);
    let max = max.unwrap_or(1000).clamp(0, 1000);
    let all = &object.detail.parts;
    let mut after = all.iter().filter(|part| part.number > marker);
    let page: Vec<&PartOf> = after.by_ref().take(usize::try_from(max).unwrap_or(0)).collect();
    let more = after.next().is_some();
    let number = |n: i32| u64::try_from(n).unwrap_or(0);
    xml.open("ObjectParts");
    xml.number("PartsCount", all.len() as u64).number("PartNumberMarker", number(marker));
    if let Some(last) = page.last() {
        xml.number("NextPartNumberMarker", number(last.number));
    }
    xml.number("MaxParts", number(max)).text("IsTruncated", if more { "true" } else { "false" });
    // As on S3, the parts themselves are told where they have checksums of their own.
    if object.detail.sum.as_ref().is_some_and(|sum| sum.composite) {
        for part in page {
            xml.open("Part").number("PartNumber", number(part.number)).number("Size", part.size);
            if let Some(sum) = &part.sum {
                sum_of(xml, sum);
            }
            xml.close("Part");
        }
    }
    xml.close("ObjectParts");
}
