//! One visit: every probe, in order, and the way out.

use bytes::Bytes;
use dipper_s3::{
    Addressing, Class, Connection, CopyRequest, CopySource, Document, GetRequest, Guard,
    HeadRequest, Integrity, ListRequest, ObjectHeaders, ObjectId, Provider, PutRequest, S3, Which,
};
use dipper_types::{BucketName, ObjectKey, PartNumber};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

use super::{Doctor, Finding, Fix, Outcome};
use crate::{App, Failure, Result};

/// A name that listings mangle if they can.
const ODD: &str = "odd a+b%2F ü&<>'\".txt";
const BYTES: &[u8] = b"dipper doctor";
/// More than this, and signatures begin to fail.
const SKEW_SECS: i64 = 300;

struct Visit<'a> {
    app: &'a App,
    profile: &'a str,
    s3: S3,
    bucket: BucketName,
    prefix: String,
    doctor: Doctor,
    stop: &'a CancellationToken,
    tell: &'a mut (dyn FnMut(&Finding) + Send + Sync),
}

impl App {
    pub(super) async fn examine(
        &self,
        profile: &str,
        bucket: &str,
        stop: &CancellationToken,
        tell: &mut (dyn FnMut(&Finding) + Send + Sync),
    ) -> Result<Doctor> {
        let mut random = [0_u8; 6];
        getrandom::fill(&mut random)
            .map_err(|e| Failure::new(crate::Code::Internal, e.to_string()))?;
        let name: String = random.iter().map(|b| format!("{b:02x}")).collect();
        let mut visit = Visit {
            app: self,
            profile,
            s3: self.s3(profile).await?,
            bucket: BucketName::new(bucket)?,
            prefix: format!(".dipper-doctor-{name}/"),
            doctor: Doctor::default(),
            stop,
            tell,
        };
        if visit.reach().await {
            visit.addressing().await;
            if !visit.stopped() && visit.write().await {
                visit.probes().await;
            }
            visit.clean_up().await;
        }
        Ok(visit.doctor)
    }
}

/// Whether the endpoint's host is an address, not a name.
fn by_number(endpoint: &str) -> bool {
    let host = endpoint.split_once("://").map_or(endpoint, |(_, host)| host);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
}

impl Visit<'_> {
    fn stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Everything that needs the first object. Between two probes there is a way out.
    async fn probes(&mut self) {
        for step in 0..6 {
            if self.stopped() {
                return;
            }
            match step {
                0 => self.reads().await,
                1 => self.writes().await,
                2 => self.listing().await,
                3 => self.multipart().await,
                4 => self.documents().await,
                _ => self.deletes().await,
            }
        }
    }

    fn found(&mut self, finding: Finding) {
        (self.tell)(&finding);
        self.doctor.findings.push(finding);
    }

    fn say(&mut self, check: &'static str, outcome: Outcome, detail: impl Into<String>) {
        self.found(Finding { check, outcome, detail: detail.into(), fix: None });
    }

    fn offer(&mut self, check: &'static str, detail: impl Into<String>, fix: Fix) {
        let detail = detail.into();
        let outcome = Outcome::Bad;
        self.found(Finding { check, outcome, detail, fix: Some(fix) });
    }

    /// A call that some servers don't know: said, and remembered.
    async fn able<T>(
        &mut self,
        check: &'static str,
        operation: &str,
        answer: std::result::Result<T, dipper_s3::Error>,
    ) -> Option<T> {
        let bucket = self.bucket.clone();
        match answer {
            Ok(value) => {
                self.app.note(self.profile, bucket.as_str(), operation, true, None).await;
                self.say(check, Outcome::Good, "works");
                Some(value)
            }
            Err(error) => {
                let unsupported = matches!(error.class, Class::Unsupported | Class::AclDisabled);
                if unsupported {
                    let reason = Some(error.to_string());
                    self.app.note(self.profile, bucket.as_str(), operation, false, reason).await;
                }
                let outcome = if unsupported { Outcome::Missing } else { Outcome::Bad };
                self.say(check, outcome, error.to_string());
                None
            }
        }
    }

    fn key(&self, name: &str) -> Result<ObjectKey> {
        Ok(ObjectKey::new(format!("{}{name}", self.prefix))?)
    }

    /// The same connection, but for one thing.
    async fn otherwise(&self, change: impl FnOnce(&mut Connection)) -> S3 {
        let mut connection = self.s3.connection().clone();
        change(&mut connection);
        S3::connect(connection).await
    }

    /// Address, TLS, signature, clock, region: without these nothing else is worth asking.
    async fn reach(&mut self) -> bool {
        let failure = match self.greet().await {
            Ok(region) => {
                let tls = match self.s3.connection().is_https() {
                    true => "over TLS, with a certificate that is trusted",
                    false => "over plain http: anyone on the way can read along",
                };
                self.say("reach", Outcome::Good, format!("the bucket answers {tls}"));
                self.region(region).await;
                return true;
            }
            Err(error) => error,
        };
        let region = failure.context.region.clone();
        let check = match failure.class {
            Class::Tls => "tls",
            Class::ClockSkew => "clock",
            Class::Unauthenticated | Class::ExpiredToken => "signature",
            Class::WrongRegion => "region",
            Class::AccessDenied | Class::BucketNotFound => "bucket",
            _ => "reach",
        };
        let told = Failure::from(&failure);
        let detail = match told.hint {
            Some(hint) => format!("{}. {hint}", told.message.trim_end_matches('.')),
            None => told.message,
        };
        match (failure.class, region) {
            (Class::WrongRegion, Some(region)) => self.offer(check, detail, Fix::Region(region)),
            _ => self.say(check, Outcome::Bad, detail),
        }
        // Perhaps it only wants to be addressed in the other way.
        if matches!(
            failure.class,
            Class::BucketNotFound | Class::Network | Class::NotS3 | Class::Tls
        ) {
            self.addressing().await;
        }
        false
    }

    /// HEAD has no body, so a refusal has no words: a listing is asked for them.
    async fn greet(&self) -> std::result::Result<Option<String>, dipper_s3::Error> {
        let error = match self.s3.head_bucket(&self.bucket).await {
            Ok(region) => return Ok(region),
            Err(error) => error,
        };
        let c = &error.context;
        if c.http_status.is_none() || c.s3_code.is_some() {
            return Err(error);
        }
        let request = ListRequest { prefix: self.prefix.clone(), ..ListRequest::default() };
        self.s3.list_page(&self.bucket, &request).await.map(|_| None)
    }

    async fn region(&mut self, said: Option<String>) {
        let own = self.s3.connection().region.clone();
        let said = match said {
            Some(region) => Some(region),
            None => self.s3.bucket_location(&self.bucket).await.ok().filter(|r| !r.is_empty()),
        };
        match said {
            Some(region) if region != own && self.s3.connection().provider.is_aws() => {
                let detail = format!("the bucket is in {region}; the connection says {own}");
                self.offer("region", detail, Fix::Region(region));
            }
            Some(region) => self.say("region", Outcome::Good, region),
            None => self.say("region", Outcome::Missing, "the server names none"),
        }
    }

    /// Which of the two styles the server answers to.
    async fn addressing(&mut self) {
        let configured = self.s3.connection().addressing;
        let mut works = Vec::new();
        for style in [Addressing::Path, Addressing::Virtual] {
            // A bucket's name can't stand before a number.
            if style == Addressing::Virtual && by_number(&self.s3.connection().endpoint) {
                continue;
            }
            let other = self.otherwise(|c| c.addressing = style).await;
            if other.head_bucket(&self.bucket).await.is_ok() {
                works.push(style);
            }
        }
        let fits = match configured {
            Addressing::Auto => self.s3.head_bucket(&self.bucket).await.is_ok(),
            style => works.contains(&style),
        };
        let names: Vec<&str> = works
            .iter()
            .map(|style| if *style == Addressing::Path { "path" } else { "virtual host" })
            .collect();
        match works.first() {
            Some(style) if !fits => {
                self.offer(
                    "addressing",
                    format!("only {} works", names.join(", ")),
                    Fix::Addressing(*style),
                );
            }
            Some(_) => {
                self.say("addressing", Outcome::Good, format!("{} works", names.join(" and ")))
            }
            None => self.say("addressing", Outcome::Bad, "neither style is answered"),
        }
    }

    async fn put(
        &self,
        s3: &S3,
        name: &str,
        request: &PutRequest,
    ) -> std::result::Result<dipper_s3::Stored, dipper_s3::Error> {
        let key = self.key(name).map_err(|_| {
            dipper_s3::Error::of_answer(
                Class::InvalidInput,
                "PutObject",
                self.bucket.as_str(),
                name,
                "a key too long",
            )
        })?;
        s3.put_object(&self.bucket, &key, Bytes::from_static(BYTES), request, None).await
    }

    /// One small object; and by it, how far the clocks are apart.
    async fn write(&mut self) -> bool {
        let s3 = self.s3.clone();
        let stored = self.put(&s3, "plain", &PutRequest::default()).await;
        if self.able("write", "PutObject", stored).await.is_none() {
            return false;
        }
        let Ok(key) = self.key("plain") else { return false };
        if let Ok(head) = self.s3.head_object(&self.bucket, &key).await
            && let Some(at) = head.modified
        {
            let apart = (at.secs() - self.app.clock.now().secs()).abs();
            let outcome = if apart > SKEW_SECS { Outcome::Bad } else { Outcome::Good };
            self.say("clock", outcome, format!("{apart} s apart"));
        }
        true
    }

    async fn reads(&mut self) {
        let Ok(key) = self.key("plain") else { return };
        let request = GetRequest { range: Some((2, 3)), ..GetRequest::default() };
        let piece = match self.s3.get_object(&self.bucket, &key, &request).await {
            Ok(download) => download.collect(64).await.map(|got| got == BYTES[2..5]),
            Err(error) => Err(error),
        };
        match piece {
            Ok(true) => self.say("ranges", Outcome::Good, "works"),
            Ok(false) => self.say("ranges", Outcome::Bad, "other bytes than were asked for"),
            Err(error) => self.say("ranges", Outcome::Bad, error.to_string()),
        }
        let wrong = "00000000000000000000000000000000".to_owned();
        let request = GetRequest { if_match: Some(wrong), ..GetRequest::default() };
        match self.s3.get_object(&self.bucket, &key, &request).await {
            Err(error) if error.class == Class::PreconditionFailed => {
                self.say("conditionalReads", Outcome::Good, "works");
            }
            _ => self.say("conditionalReads", Outcome::Missing, "If-Match is not looked at"),
        }
    }

    /// What a server makes of checksums and conditions.
    async fn writes(&mut self) {
        let with = |integrity| {
            move |connection: &mut Connection| {
                let mut provider = Provider::clone(&connection.provider);
                provider.integrity = integrity;
                connection.provider = Arc::new(provider);
            }
        };
        let by_crc = self.otherwise(with(Integrity::Crc64nvme)).await;
        // CRC-64/NVME of [`BYTES`], and one of something else.
        let right = dipper_transfer::crc64nvme(BYTES);
        let wrong = dipper_transfer::crc64nvme(b"something else");
        let request =
            |crc: &str| PutRequest { crc64nvme: Some(crc.to_owned()), ..PutRequest::default() };
        match self.put(&by_crc, "crc", &request(&right)).await {
            Ok(stored) => {
                let refused = self.put(&by_crc, "crc-wrong", &request(&wrong)).await.is_err();
                let kept = stored.crc64nvme.is_some();
                let (outcome, detail) = match (refused, kept) {
                    (true, true) => (Outcome::Good, "CRC-64/NVME is compared and kept"),
                    (true, false) => (Outcome::Good, "CRC-64/NVME is compared"),
                    (false, _) => (Outcome::Missing, "checksum headers are ignored"),
                };
                self.say("checksums", outcome, detail);
            }
            Err(error) => self.say("checksums", Outcome::Missing, error.to_string()),
        }
        let by_md5 = self.otherwise(with(Integrity::ContentMd5)).await;
        let request = PutRequest { md5: Some([7; 16]), ..PutRequest::default() };
        match self.put(&by_md5, "md5-wrong", &request).await {
            Err(_) => self.say("contentMd5", Outcome::Good, "a wrong Content-MD5 is refused"),
            Ok(_) => self.say(
                "contentMd5",
                Outcome::Missing,
                "a wrong Content-MD5 is taken; uploads are compared by ETag and HEAD instead",
            ),
        }
        let s3 = self.s3.clone();
        let request = PutRequest { guard: Guard::absent(), ..PutRequest::default() };
        let again = self.put(&s3, "plain", &request).await;
        let known = matches!(&again, Err(error) if error.class == Class::PreconditionFailed);
        let reason = (!known).then(|| "If-None-Match is not looked at".to_owned());
        let (app, profile, bucket) = (self.app, self.profile, self.bucket.clone());
        app.note(profile, bucket.as_str(), "ConditionalWrites", known, reason).await;
        match known {
            true => self.say("conditionalWrites", Outcome::Good, "works"),
            false => {
                self.say("conditionalWrites", Outcome::Missing, "If-None-Match is not looked at")
            }
        }
        if let (Ok(from), Ok(to)) = (self.key("plain"), self.key("copied")) {
            let source = CopySource { bucket, key: from, version_id: None, if_match: None };
            let request = CopyRequest::default();
            let copied = self.s3.copy_object(&source, &self.bucket, &to, &request).await;
            self.able("copy", "CopyObject", copied).await;
        }
    }

    async fn listing(&mut self) {
        let s3 = self.s3.clone();
        if self.put(&s3, ODD, &PutRequest::default()).await.is_err() {
            return self.say("listEncoding", Outcome::Bad, "a key with odd characters is refused");
        }
        let request = ListRequest { prefix: self.prefix.clone(), ..ListRequest::default() };
        match self.s3.list_page(&self.bucket, &request).await {
            Ok(page) => {
                let odd = format!("{}{ODD}", self.prefix);
                match page.objects.iter().any(|o| o.key == odd) {
                    true => self.say("listEncoding", Outcome::Good, "odd characters survive"),
                    false => {
                        self.say("listEncoding", Outcome::Bad, "odd characters come back changed")
                    }
                }
            }
            Err(error) => self.say("listing", Outcome::Bad, error.to_string()),
        }
        let after = format!("{}plain", self.prefix);
        let request = ListRequest { start_after: Some(after.clone()), ..request };
        match self.s3.list_page(&self.bucket, &request).await {
            Ok(page) if page.objects.iter().all(|o| o.key > after) => {
                self.say(
                    "listStart",
                    Outcome::Good,
                    "listings start in the middle: several run at once",
                );
            }
            _ => self.say("listStart", Outcome::Missing, "listings run one page after the other"),
        }
    }

    async fn multipart(&mut self) {
        let Ok(key) = self.key("parts") else { return };
        let headers = ObjectHeaders::default();
        let begun = self.s3.create_upload(&self.bucket, &key, &headers).await;
        let Some(upload) = self.able("multipart", "CreateMultipartUpload", begun).await else {
            return;
        };
        let (Ok(number), bytes) = (PartNumber::new(1), Bytes::from_static(BYTES)) else { return };
        let crc = dipper_transfer::crc64nvme(BYTES);
        let part = self
            .s3
            .upload_part(&self.bucket, &key, &upload, number, bytes, Some(&crc), None, None)
            .await;
        let ended = match part {
            Ok(part) => {
                let size = BYTES.len() as u64;
                let parts = [part];
                self.s3
                    .complete_upload(&self.bucket, &key, &upload, &parts, None, size)
                    .await
                    .map(drop)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            self.say("multipartEnd", Outcome::Bad, error.to_string());
            let _ = self.s3.abort_upload(&self.bucket, &key, &upload).await;
            return;
        }
        let asked = HeadRequest { part: Some(number), ..HeadRequest::default() };
        match self.s3.head_object_of(&self.bucket, &key, &asked).await {
            Ok(head) if head.parts.is_some() => {
                self.say("partNumbers", Outcome::Good, "parts can be asked for")
            }
            _ => self.say("partNumbers", Outcome::Missing, "parts can't be asked for by number"),
        }
        let open = self.s3.list_uploads(&self.bucket, &self.prefix).await;
        self.able("uploads", "ListMultipartUploads", open).await;
    }

    /// What can be read is known; nothing is set.
    async fn documents(&mut self) {
        for (check, document) in [
            ("versions", Document::Versioning),
            ("acl", Document::Acl),
            ("publicAccessBlock", Document::PublicAccessBlock),
            ("ownership", Document::Ownership),
            ("encryption", Document::Encryption),
            ("lifecycle", Document::Lifecycle),
            ("cors", Document::Cors),
            ("website", Document::Website),
            ("objectLock", Document::ObjectLock),
            ("tagging", Document::Tagging),
        ] {
            if self.stopped() {
                return;
            }
            let answer = self.s3.document(&self.bucket, document, Which::default()).await;
            self.able(check, document.operation(), answer).await;
        }
    }

    async fn deletes(&mut self) {
        let keys: Vec<ObjectKey> = ["crc", "crc-wrong", "md5-wrong"]
            .iter()
            .filter_map(|name| self.key(name).ok())
            .collect();
        let answer = self.s3.delete_objects(&self.bucket, &keys).await;
        self.able("multiDelete", "DeleteObjects", answer).await;
    }

    /// Everything below the scratch prefix, with its versions and uploads.
    async fn clean_up(&mut self) {
        let versions = self.app.versions(self.profile, &self.bucket, &self.prefix, false).await;
        let doomed: Vec<ObjectId> = match versions {
            Ok(versions) => versions
                .into_iter()
                .filter_map(|v| {
                    let key = ObjectKey::new(v.key).ok()?;
                    Some(ObjectId { key, version_id: Some(v.version_id).filter(|id| id != "null") })
                })
                .collect(),
            Err(_) => {
                let mut listing = self.s3.list(
                    &self.bucket,
                    ListRequest { prefix: self.prefix.clone(), ..ListRequest::default() },
                );
                let mut found = Vec::new();
                while let Ok(Some(page)) = listing.next().await {
                    found.extend(
                        page.objects.into_iter().filter_map(|o| ObjectKey::new(o.key).ok()),
                    );
                }
                found.into_iter().map(ObjectId::from).collect()
            }
        };
        for object in doomed {
            if self.s3.delete_version(&self.bucket, &object, false).await.is_err() {
                self.doctor.left.push(object.key.to_string());
            }
        }
        let open = self.s3.list_uploads(&self.bucket, &self.prefix).await.unwrap_or_default();
        for upload in open {
            let Ok(key) = ObjectKey::new(upload.key.clone()) else { continue };
            let id = dipper_types::UploadId::new(upload.upload_id);
            if self.s3.abort_upload(&self.bucket, &key, &id).await.is_err() {
                self.doctor.left.push(upload.key);
            }
        }
    }
}
