//! Archived objects come back for a while.

use dipper_types::{BucketName, ObjectKey};

use crate::client::S3;
use crate::error::{Class, Error};
use crate::raw::Request;
use crate::xml::Element;

impl S3 {
    /// RestoreObject: a copy that can be read for so many days. `tier` is `Expedited`, `Standard` or
    /// `Bulk`; the server's default (Standard) where absent.
    ///
    /// # Errors
    /// `Conflict` while an earlier restore is under way; `ObjectArchived` where the class knows no
    /// restore.
    pub async fn restore_object(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<&str>,
        days: u32,
        tier: Option<&str>,
    ) -> Result<(), Error> {
        let mut body = Element::new("RestoreRequest").with(Element::leaf("Days", days.to_string()));
        if let Some(tier) = tier {
            let tier = Element::leaf("Tier", tier);
            body = body.with(Element::new("GlacierJobParameters").with(tier));
        }
        let request = Request::new("RestoreObject", "POST", bucket.as_str())
            .key(key.as_str())
            .flag("restore")
            .query("versionId", version_id)
            .header("content-type", Some("application/xml"))
            .body(body.document());
        self.raw(&request).await.map(drop).map_err(|e| e.missing_is(Class::ObjectNotFound))
    }
}
