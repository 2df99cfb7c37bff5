//! What a bucket or an object is set to: documents, read and written as JSON.
//!
//! One way in and out for all of them ([`schema`] says what each is made of), so that nothing a server
//! keeps is lost for want of a field here: what is newer than the table is shown by its own name, and
//! a document given as XML goes up as it is.

mod json;
mod schema;

use dipper_types::{BucketName, ObjectKey};
use serde_json::Value;

pub use json::DocumentError;
use schema::Field;

use crate::client::S3;
use crate::error::{Class, Error};
use crate::raw::Request;
use crate::xml::Element;

/// Which document. Those marked "object" belong to an object, ACL and tags to either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Document {
    Accelerate,
    Acl,
    Cors,
    Encryption,
    IntelligentTiering,
    Inventory,
    /// Object.
    LegalHold,
    Lifecycle,
    Logging,
    Notification,
    ObjectLock,
    Ownership,
    PolicyStatus,
    PublicAccessBlock,
    Replication,
    RequestPayment,
    /// Object.
    Retention,
    Tagging,
    Versioning,
    Website,
}

struct Shape {
    /// The subresource in the URL.
    query: &'static str,
    root: &'static str,
    fields: &'static [Field],
    get: &'static str,
    put: &'static str,
    delete: &'static str,
}

/// One of many, told by its id (inventory, intelligent tiering).
struct Listed {
    root: &'static str,
    fields: &'static [Field],
    op: &'static str,
}

impl Document {
    pub const ALL: &[Document] = &[
        Self::Accelerate,
        Self::Acl,
        Self::Cors,
        Self::Encryption,
        Self::IntelligentTiering,
        Self::Inventory,
        Self::LegalHold,
        Self::Lifecycle,
        Self::Logging,
        Self::Notification,
        Self::ObjectLock,
        Self::Ownership,
        Self::PolicyStatus,
        Self::PublicAccessBlock,
        Self::Replication,
        Self::RequestPayment,
        Self::Retention,
        Self::Tagging,
        Self::Versioning,
        Self::Website,
    ];

    #[rustfmt::skip]
    fn shape(self, of_object: bool) -> Shape {
        let shape = |query, root, fields, get, put, delete| Shape { query, root, fields, get, put, delete };
        match (self, of_object) {
            (Self::Accelerate, _) => shape("accelerate", "AccelerateConfiguration", schema::ACCELERATE, "GetBucketAccelerateConfiguration", "PutBucketAccelerateConfiguration", ""),
            (Self::Acl, false) => shape("acl", "AccessControlPolicy", schema::ACL, "GetBucketAcl", "PutBucketAcl", ""),
            (Self::Acl, true) => shape("acl", "AccessControlPolicy", schema::ACL, "GetObjectAcl", "PutObjectAcl", ""),
            (Self::Cors, _) => shape("cors", "CORSConfiguration", schema::CORS, "GetBucketCors", "PutBucketCors", "DeleteBucketCors"),
            (Self::Encryption, _) => shape("encryption", "ServerSideEncryptionConfiguration", schema::ENCRYPTION, "GetBucketEncryption", "PutBucketEncryption", "DeleteBucketEncryption"),
            (Self::IntelligentTiering, _) => shape("intelligent-tiering", "IntelligentTieringConfiguration", schema::TIERING, "GetBucketIntelligentTieringConfiguration", "PutBucketIntelligentTieringConfiguration", "DeleteBucketIntelligentTieringConfiguration"),
            (Self::Inventory, _) => shape("inventory", "InventoryConfiguration", schema::INVENTORY, "GetBucketInventoryConfiguration", "PutBucketInventoryConfiguration", "DeleteBucketInventoryConfiguration"),
            (Self::LegalHold, _) => shape("legal-hold", "LegalHold", schema::LEGAL_HOLD, "GetObjectLegalHold", "PutObjectLegalHold", ""),
            (Self::Lifecycle, _) => shape("lifecycle", "LifecycleConfiguration", schema::LIFECYCLE, "GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle"),
            (Self::Logging, _) => shape("logging", "BucketLoggingStatus", schema::LOGGING, "GetBucketLogging", "PutBucketLogging", ""),
            (Self::Notification, _) => shape("notification", "NotificationConfiguration", schema::NOTIFICATION, "GetBucketNotificationConfiguration", "PutBucketNotificationConfiguration", ""),
            (Self::ObjectLock, _) => shape("object-lock", "ObjectLockConfiguration", schema::OBJECT_LOCK, "GetObjectLockConfiguration", "PutObjectLockConfiguration", ""),
            (Self::Ownership, _) => shape("ownershipControls", "OwnershipControls", schema::OWNERSHIP, "GetBucketOwnershipControls", "PutBucketOwnershipControls", "DeleteBucketOwnershipControls"),
            (Self::PolicyStatus, _) => shape("policyStatus", "PolicyStatus", schema::POLICY_STATUS, "GetBucketPolicyStatus", "", ""),
            (Self::PublicAccessBlock, _) => shape("publicAccessBlock", "PublicAccessBlockConfiguration", schema::PUBLIC_ACCESS_BLOCK, "GetPublicAccessBlock", "PutPublicAccessBlock", "DeletePublicAccessBlock"),
            (Self::Replication, _) => shape("replication", "ReplicationConfiguration", schema::REPLICATION, "GetBucketReplication", "PutBucketReplication", "DeleteBucketReplication"),
            (Self::RequestPayment, _) => shape("requestPayment", "RequestPaymentConfiguration", schema::PAYER, "GetBucketRequestPayment", "PutBucketRequestPayment", ""),
            (Self::Retention, _) => shape("retention", "Retention", schema::RETENTION, "GetObjectRetention", "PutObjectRetention", ""),
            (Self::Tagging, false) => shape("tagging", "Tagging", schema::TAGGING, "GetBucketTagging", "PutBucketTagging", "DeleteBucketTagging"),
            (Self::Tagging, true) => shape("tagging", "Tagging", schema::TAGGING, "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"),
            (Self::Versioning, _) => shape("versioning", "VersioningConfiguration", schema::VERSIONING, "GetBucketVersioning", "PutBucketVersioning", ""),
            (Self::Website, _) => shape("website", "WebsiteConfiguration", schema::WEBSITE, "GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite"),
        }
    }

    fn listed(self) -> Option<Listed> {
        match self {
            Self::Inventory => Some(Listed {
                root: "ListInventoryConfigurationsResult",
                fields: schema::INVENTORIES,
                op: "ListBucketInventoryConfigurations",
            }),
            Self::IntelligentTiering => Some(Listed {
                root: "ListBucketIntelligentTieringConfigurationsOutput",
                fields: schema::TIERINGS,
                op: "ListBucketIntelligentTieringConfigurations",
            }),
            _ => None,
        }
    }

    /// Documents that are emptied, not deleted: what says "nothing".
    fn empty(self) -> Option<&'static str> {
        match self {
            Self::Logging | Self::Notification => Some("{}"),
            _ => None,
        }
    }

    /// S3's name for reading it: what capabilities are remembered by.
    pub fn operation(self) -> &'static str {
        self.shape(false).get
    }

    pub fn can_be_put(self) -> bool {
        !matches!(self, Self::PolicyStatus)
    }

    pub fn can_be_deleted(self) -> bool {
        self.empty().is_some() || !self.shape(false).delete.is_empty()
    }

    /// The document that goes up, as XML, from JSON or XML.
    ///
    /// # Errors
    /// The place and what is wanted there.
    pub fn write(self, text: &str) -> Result<String, DocumentError> {
        let shape = self.shape(false);
        if text.trim_start().starts_with('<') {
            let tree = Element::parse(text)
                .map_err(|e| DocumentError::Unreadable { cause: e.to_string() })?;
            if tree.name != shape.root {
                return Err(DocumentError::Root { found: tree.name, wanted: shape.root });
            }
            return Ok(text.to_owned());
        }
        let value: Value = serde_json::from_str(text)
            .map_err(|e| DocumentError::Unreadable { cause: e.to_string() })?;
        // `{"CORSConfiguration": {…}}` is how some tools wrap it.
        let value = match value.as_object() {
            Some(object) if object.len() == 1 => object.get(shape.root).unwrap_or(&value),
            _ => &value,
        };
        let mut root = Element::new(shape.root);
        json::from_json(&mut root, value, shape.fields, "")?;
        Ok(root.document())
    }
}

/// Which of a document's owner's things is meant.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    pub key: Option<&'a ObjectKey>,
    pub version_id: Option<&'a str>,
    /// Of an inventory or a tiering configuration; without one all are listed.
    pub id: Option<&'a str>,
    /// Governance retention may be shortened by those who are allowed to.
    pub bypass_governance: bool,
    /// Of a notification: who is to be told is not asked whether it can be (S3 API,
    /// PutBucketNotificationConfiguration).
    pub skip_validation: bool,
}

impl<'a> From<&'a ObjectKey> for Which<'a> {
    fn from(key: &'a ObjectKey) -> Self {
        Self { key: Some(key), ..Self::default() }
    }
}

impl S3 {
    fn document_request<'a>(
        op: &'static str,
        method: &'static str,
        bucket: &'a BucketName,
        query: &'static str,
        which: Which<'a>,
    ) -> Request<'a> {
        let mut request = Request::new(op, method, bucket.as_str())
            .flag(query)
            .query("id", which.id)
            .query("versionId", which.version_id);
        request.key = which.key.map(ObjectKey::as_str);
        request
    }

    /// The document as JSON on one line; `None` where it was never set.
    pub async fn document(
        &self,
        bucket: &BucketName,
        document: Document,
        which: Which<'_>,
    ) -> Result<Option<String>, Error> {
        let shape = document.shape(which.key.is_some());
        if let (Some(listed), None) = (document.listed(), which.id) {
            return self.documents(bucket, &shape, &listed).await;
        }
        let request = Self::document_request(shape.get, "GET", bucket, shape.query, which);
        match self.document_tree(&request).await {
            // A server that doesn't know the subresource may answer with something else altogether.
            Ok(tree)
                if tree.name != shape.root
                    && (!tree.children.is_empty() && !knows(&tree, shape.fields)) =>
            {
                Err(request.answered_with(&tree.name))
            }
            Ok(tree) => Ok(Some(json::to_json(&tree, shape.fields).to_string())),
            Err(error) if error.class == Class::ConfigNotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn document_tree(&self, request: &Request<'_>) -> Result<Element, Error> {
        let missing = match request.key {
            Some(_) => Class::ObjectNotFound,
            None => Class::BucketNotFound,
        };
        let text = self.raw_text(request).await.map_err(|e| e.missing_is(missing))?;
        Element::parse(&text).map_err(|e| {
            Error::answer(request.op, Class::NotS3, &e.to_string())
                .at(Some(request.bucket), request.key)
        })
    }

    /// All configurations of a kind that has many, all pages.
    async fn documents(
        &self,
        bucket: &BucketName,
        shape: &Shape,
        listed: &Listed,
    ) -> Result<Option<String>, Error> {
        let mut all = Element::new(listed.root);
        let mut token: Option<String> = None;
        loop {
            let request = Request::new(listed.op, "GET", bucket.as_str())
                .flag(shape.query)
                .query("continuation-token", token.clone());
            let page = match self.document_tree(&request).await {
                Ok(page) => page,
                Err(error) if error.class == Class::ConfigNotFound => break,
                Err(error) => return Err(error),
            };
            // A bucket's names are no answer to this; its roots are spelt in many ways.
            let other = page.name != listed.root && !page.name.contains("Configuration");
            if other && page.child(shape.root).is_none() {
                return Err(request.answered_with(&page.name));
            }
            all.children.extend(page.all(shape.root).cloned());
            let more = page.text_of("IsTruncated") == Some("true");
            match page.text_of("NextContinuationToken").filter(|_| more) {
                Some(next) if token.as_deref() == Some(next) => {
                    let what = "the same continuation token came twice";
                    return Err(Error::answer(listed.op, Class::NotS3, what)
                        .at(Some(bucket.as_str()), None));
                }
                Some(next) => token = Some(next.to_owned()),
                None => break,
            }
        }
        let any = !all.children.is_empty();
        Ok(any.then(|| json::to_json(&all, listed.fields).to_string()))
    }

    /// Puts a document, given as JSON or XML ([`Document::write`] checks it without sending it).
    pub async fn put_document(
        &self,
        bucket: &BucketName,
        document: Document,
        which: Which<'_>,
        text: &str,
    ) -> Result<(), Error> {
        let shape = document.shape(which.key.is_some());
        let at = |class, what: &str| {
            Error::answer(shape.put, class, what)
                .at(Some(bucket.as_str()), which.key.map(ObjectKey::as_str))
        };
        if shape.put.is_empty() {
            return Err(at(Class::InvalidInput, "this can't be set; it follows from the policy"));
        }
        let body = document.write(text).map_err(|e| at(Class::InvalidInput, &e.to_string()))?;
        let request = Self::document_request(shape.put, "PUT", bucket, shape.query, which)
            .header("content-type", Some("application/xml"))
            .header("x-amz-bypass-governance-retention", which.bypass_governance.then_some("true"))
            .header("x-amz-skip-destination-validation", which.skip_validation.then_some("true"))
            .body(body);
        let missing = match which.key {
            Some(_) => Class::ObjectNotFound,
            None => Class::BucketNotFound,
        };
        self.raw(&request).await.map(drop).map_err(|e| {
            let mut error = e.missing_is(missing);
            // It looked past the subresource and took this for CreateBucket.
            if error.class == Class::AlreadyExists {
                error.class = Class::Unsupported;
            }
            error
        })
    }

    /// Deletes a document; one that was never set counts as deleted.
    pub async fn delete_document(
        &self,
        bucket: &BucketName,
        document: Document,
        which: Which<'_>,
    ) -> Result<(), Error> {
        if let Some(empty) = document.empty() {
            return self.put_document(bucket, document, which, empty).await;
        }
        let shape = document.shape(which.key.is_some());
        if shape.delete.is_empty() {
            return Err(Error::answer(
                shape.put,
                Class::InvalidInput,
                "this can't be deleted, only set",
            )
            .at(Some(bucket.as_str()), which.key.map(ObjectKey::as_str)));
        }
        let request = Self::document_request(shape.delete, "DELETE", bucket, shape.query, which);
        match self.raw(&request).await {
            Err(error) if error.class == Class::ConfigNotFound => Ok(()),
            done => done.map(drop).map_err(|e| e.missing_is(Class::BucketNotFound)),
        }
    }

    /// GetObjectAttributes as JSON: checksums and parts without reading the object.
    pub async fn object_attributes(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        version_id: Option<&str>,
    ) -> Result<String, Error> {
        let request = Request::new("GetObjectAttributes", "GET", bucket.as_str())
            .key(key.as_str())
            .flag("attributes")
            .query("versionId", version_id)
            .header(
                "x-amz-object-attributes",
                Some("ETag,Checksum,ObjectParts,StorageClass,ObjectSize"),
            );
        // Who doesn't know the call (Ceph 16) answers with the object itself, whatever that is.
        let tree = self.document_tree(&request).await.map_err(|mut error| {
            if error.class == Class::NotS3 && error.context.http_status.is_none() {
                error.class = Class::Unsupported;
            }
            error
        })?;
        if !tree.name.starts_with("GetObjectAttributes") {
            return Err(request.answered_with(&tree.name));
        }
        Ok(json::to_json(&tree, schema::ATTRIBUTES).to_string())
    }
}

/// Some servers (Ceph 16) give the right elements another root.
fn knows(tree: &Element, fields: &[Field]) -> bool {
    tree.children.iter().any(|child| fields.iter().any(|field| field.xml == child.name))
}

/// Tags as [`Document::Tagging`] has them.
pub fn tags_json(tags: &[(String, String)]) -> String {
    let set: Vec<Value> =
        tags.iter().map(|(key, value)| serde_json::json!({ "key": key, "value": value })).collect();
    serde_json::json!({ "tagSet": set }).to_string()
}

/// The tags in [`Document::Tagging`]'s JSON.
pub fn tags_of(json: &str) -> Vec<(String, String)> {
    let Ok(value) = serde_json::from_str::<Value>(json) else { return Vec::new() };
    let tag = |tag: &Value| {
        Some((tag["key"].as_str()?.to_owned(), tag["value"].as_str().unwrap_or("").to_owned()))
    };
    value["tagSet"].as_array().map(|set| set.iter().filter_map(tag).collect()).unwrap_or_default()
}

/// The same as the `x-amz-tagging` header carries them; `None` where there are none.
pub fn tags_header(json: &str) -> Option<String> {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, crate::connection::KEY)
            .to_string()
            .replace('/', "%2F")
    };
    let pairs: Vec<String> = tags_of(json)
        .iter()
        .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
        .collect();
    (!pairs.is_empty()).then(|| pairs.join("&"))
}

/// Whether [`Document::Acl`]'s JSON grants more than everything to the owner.
pub fn has_grants(json: &str) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(json) else { return false };
    let owner = &value["owner"]["id"];
    value["accessControlList"].as_array().is_some_and(|grants| {
        grants
            .iter()
            .any(|grant| grant["grantee"]["id"] != *owner || grant["permission"] != "FULL_CONTROL")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(document: Document, text: &str) -> String {
        let xml = document.write(text).unwrap();
        let tree = Element::parse(&xml).unwrap();
        json::to_json(&tree, document.shape(false).fields).to_string()
    }

    #[test]
    fn documents_go_up_and_come_back() {
        for (document, text) in [
            (
                Document::Cors,
                r#"{"corsRules":[{"allowedMethods":["GET","PUT"],"allowedOrigins":["*"],"maxAgeSeconds":3000}]}"#,
            ),
            (
                Document::Lifecycle,
                r#"{"rules":[{"id":"a","filter":{"and":{"prefix":"p/","tags":[{"key":"k","value":"v"}]}},"status":"Enabled","transitions":[{"days":30,"storageClass":"GLACIER"}],"noncurrentVersionExpiration":{"noncurrentDays":7},"abortIncompleteMultipartUpload":{"daysAfterInitiation":3}}]}"#,
            ),
            (
                Document::Website,
                r#"{"indexDocument":{"suffix":"index.html"},"routingRules":[{"condition":{"keyPrefixEquals":"a/"},"redirect":{"replaceKeyPrefixWith":"b/"}}]}"#,
            ),
            (Document::Tagging, r#"{"tagSet":[{"key":"a&<b>","value":"ü"}]}"#),
            (
                Document::Notification,
                r#"{"queueConfigurations":[{"queue":"arn:q","events":["s3:ObjectCreated:*"],"filter":{"s3Key":{"filterRules":[{"name":"prefix","value":"x"}]}}}],"eventBridgeConfiguration":{}}"#,
            ),
            (
                Document::PublicAccessBlock,
                r#"{"blockPublicAcls":true,"ignorePublicAcls":false,"blockPublicPolicy":true,"restrictPublicBuckets":false}"#,
            ),
            (
                Document::Acl,
                r#"{"owner":{"id":"me"},"accessControlList":[{"grantee":{"uri":"http://acs.amazonaws.com/groups/global/AllUsers","type":"Group"},"permission":"READ"}]}"#,
            ),
        ] {
            let got: Value = serde_json::from_str(&round(document, text)).unwrap();
            let want: Value = serde_json::from_str(text).unwrap();
            assert_eq!(got, want, "{document:?}");
        }
    }

    #[test]
    fn the_aws_command_lines_documents_are_taken() {
        let cors = r#"{"CORSRules":[{"AllowedMethods":["GET"],"AllowedOrigins":["*"],"ExposeHeaders":["ETag"]}]}"#;
        assert!(round(Document::Cors, cors).contains(r#""exposeHeaders":["ETag"]"#));
        let lifecycle =
            r#"{"Rules":[{"ID":"x","Filter":{},"Status":"Enabled","Expiration":{"Days":1}}]}"#;
        assert!(round(Document::Lifecycle, lifecycle).contains(r#""filter":{}"#));
        let lambda = r#"{"LambdaFunctionConfigurations":[{"LambdaFunctionArn":"arn:f","Events":["s3:ObjectCreated:*"],"Filter":{"Key":{"FilterRules":[]}}}]}"#;
        assert!(round(Document::Notification, lambda).contains(r#""cloudFunction":"arn:f""#));
        let wrapped = r#"{"CORSConfiguration":{"CORSRules":[]}}"#;
        assert_eq!(round(Document::Cors, wrapped), "{}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (document, text, want) in [
            (
                Document::Cors,
                r#"{"corsRules":[{"allowedMethod":[],"colour":1}]}"#,
                "corsRules[0]: there is no 'colour' here",
            ),
            (Document::Cors, r#"{"corsRules":{}}"#, "corsRules: an array is wanted here"),
            (
                Document::Lifecycle,
                r#"{"rules":[{"expiration":{"days":"soon"}}]}"#,
                "rules[0].expiration.days: a whole number",
            ),
            (Document::Cors, "<Cors/>", "the document's root is <Cors>"),
            (Document::Cors, "<CORSConfiguration>", "neither JSON nor XML"),
            (Document::Cors, "yaml: no", "neither JSON nor XML"),
        ] {
            let error = document.write(text).unwrap_err().to_string();
            assert!(error.contains(want), "{text}: {error}");
        }
    }

    #[test]
    fn newer_elements_are_shown() {
        let tree = Element::parse("<VersioningConfiguration><Status>Enabled</Status><NewThing><A>1</A></NewThing></VersioningConfiguration>").unwrap();
        let json = json::to_json(&tree, schema::VERSIONING);
        assert_eq!(json, serde_json::json!({ "newThing": { "a": "1" }, "status": "Enabled" }));
    }

    #[test]
    fn every_document_has_its_calls() {
        for document in Document::ALL {
            for of_object in [false, true] {
                let shape = document.shape(of_object);
                assert!(shape.get.starts_with("Get") && !shape.query.is_empty(), "{document:?}");
                assert_eq!(shape.put.is_empty(), !document.can_be_put(), "{document:?}");
            }
        }
    }
}
