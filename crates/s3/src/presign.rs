//! Links that carry their permission: presigned URLs and POST policy forms (SigV4), with the expiry
//! they really have. A link ends with the session that signs it, whatever it says. Where a connection
//! asks for it, links are signed with SigV2.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_s3::presigning::PresigningConfig;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use dipper_types::{BucketName, ObjectKey, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::client::{Retries, S3};
use crate::connection::KEY;
use crate::credentials::WalletProvider;
use crate::error::{Class, Error};
use crate::sigv2;
use crate::types::hex;

/// SigV4 ends here (S3 API Reference, "Authenticating requests: query parameters").
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// What the link lets its holder do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presign {
    Get {
        version_id: Option<String>,
        /// `Content-Disposition` of the answer, such as `attachment; filename="a.pdf"`.
        disposition: Option<String>,
        content_type: Option<String>,
    },
    Head,
    Put {
        /// Must then be sent exactly so.
        content_type: Option<String>,
    },
    Delete {
        version_id: Option<String>,
    },
}

impl Presign {
    fn method(&self) -> &'static str {
        match self {
            Self::Get { .. } => "GET",
            Self::Head => "HEAD",
            Self::Put { .. } => "PUT",
            Self::Delete { .. } => "DELETE",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presigned {
    pub method: &'static str,
    pub url: String,
    /// Headers that must be sent with it.
    pub headers: Vec<(String, String)>,
    pub expires: Timestamp,
    /// It ends before the time that was asked for, because the session does.
    pub shortened: bool,
}

/// What a POST form may upload.
#[derive(Debug, Clone, Default)]
pub struct PostForm {
    /// The key, or with `starts_with` what it must begin with.
    pub key: String,
    pub starts_with: bool,
    /// Smallest and largest size in bytes.
    pub size: Option<(u64, u64)>,
    pub content_type: Option<String>,
}

/// A hidden field of the form, in the order they must come; the file comes last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormField {
    pub name: String,
    pub value: String,
}

struct Signer {
    access_key: String,
    secret: String,
    token: Option<String>,
    ends: Option<SystemTime>,
}

impl S3 {
    async fn signer(&self, op: &'static str) -> Result<Signer, Error> {
        let provider = self.wallet().map(Arc::clone).map(WalletProvider).ok_or_else(|| {
            Error::answer(op, Class::Unauthenticated, "a link needs keys to be signed with")
        })?;
        let keys = provider.provide_credentials().await.map_err(|error| {
            let mut failed = Error::transport(op, error);
            failed.class = Class::Unauthenticated;
            failed
        })?;
        Ok(Signer {
            access_key: keys.access_key_id().to_owned(),
            secret: keys.secret_access_key().to_owned(),
            token: keys.session_token().map(str::to_owned),
            ends: keys.expiry(),
        })
    }

    /// Signs any text as Signature Version 2 does.
    ///
    /// # Errors
    /// `Unauthenticated` without keys.
    pub async fn sign_text(&self, text: &str) -> Result<String, Error> {
        Ok(sigv2::signature(&self.signer("Sign").await?.secret, text))
    }

    /// How long a link made at `now` really works, and whether that is less than was asked for.
    fn lifetime(
        op: &'static str,
        longest: Duration,
        wanted: Duration,
        now: SystemTime,
        ends: Option<SystemTime>,
    ) -> Result<(Duration, bool), Error> {
        if wanted > longest && longest > LONGEST {
            return Err(Error::answer(
                op,
                Class::InvalidInput,
                "a link works for at most a century",
            ));
        }
        if wanted > longest {
            let what = "a link signed with Signature Version 4 works for at most 7 days";
            return Err(Error::answer(op, Class::InvalidInput, what));
        }
        let left = ends.map(|ends| ends.duration_since(now).unwrap_or_default());
        let real = Duration::from_secs(left.map_or(wanted, |left| left.min(wanted)).as_secs());
        if real.is_zero() {
            let what = match left {
                Some(_) => "the session that signs has ended",
                None => "a link must work for at least one second",
            };
            return Err(Error::answer(op, Class::InvalidInput, what));
        }
        Ok((real, real < wanted))
    }

    /// A link for one object. Asks the server nothing but, once, where the bucket lives.
    ///
    /// # Errors
    /// `InvalidInput` beyond seven days; `Unauthenticated` without keys.
    pub async fn presign(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        what: &Presign,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<Presigned, Error> {
        let op = "Presign";
        let signer = self.signer(op).await?;
        let start = SystemTime::UNIX_EPOCH
            + Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0));
        let old = self.connection().options.signature_v2;
        let longest = if old { sigv2::LONGEST } else { LONGEST };
        let (real, shortened) = Self::lifetime(op, longest, lifetime, start, signer.ends)
            .map_err(|e| e.at(Some(bucket.as_str()), Some(key.as_str())))?;
        if old {
            let expires = now.plus(real);
            return Ok(self.presigned_v2(&signer, (bucket, key), what, expires, shortened));
        }
        let config = PresigningConfig::builder()
            .start_time(start)
            .expires_in(real)
            .build()
            .map_err(|e| Error::answer(op, Class::InvalidInput, &e.to_string()))?;
        let (b, k) = (bucket.as_str(), key.as_str());
        let signed = self
            .run(op, Some(b), Some(k), Retries::Caller, |client| {
                let config = config.clone();
                async move {
                    match what {
                        Presign::Get { version_id, disposition, content_type } => client
                            .get_object()
                            .bucket(b)
                            .key(k)
                            .set_version_id(version_id.clone())
                            .set_response_content_disposition(disposition.clone())
                            .set_response_content_type(content_type.clone())
                            .presigned(config)
                            .await
                            .map_err(erased),
                        Presign::Head => client
                            .head_object()
                            .bucket(b)
                            .key(k)
                            .presigned(config)
                            .await
                            .map_err(erased),
                        Presign::Put { content_type } => client
                            .put_object()
                            .bucket(b)
                            .key(k)
                            .set_content_type(content_type.clone())
                            .presigned(config)
                            .await
                            .map_err(erased),
                        Presign::Delete { version_id } => client
                            .delete_object()
                            .bucket(b)
                            .key(k)
                            .set_version_id(version_id.clone())
                            .presigned(config)
                            .await
                            .map_err(erased),
                    }
                }
            })
            .await?;
        Ok(Presigned {
            method: what.method(),
            url: signed.uri().to_owned(),
            headers: signed
                .headers()
                .filter(|(name, _)| !name.eq_ignore_ascii_case("host"))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            expires: now.plus(real),
            shortened,
        })
    }

    fn presigned_v2(
        &self,
        signer: &Signer,
        (bucket, key): (&BucketName, &ObjectKey),
        what: &Presign,
        expires: Timestamp,
        shortened: bool,
    ) -> Presigned {
        let mut link = sigv2::Link {
            method: what.method(),
            content_type: None,
            query: Vec::new(),
            token: signer.token.as_deref(),
            expires,
        };
        let mut headers = Vec::new();
        match what {
            Presign::Get { version_id, disposition, content_type } => {
                let asked = [
                    ("response-content-disposition", disposition),
                    ("response-content-type", content_type),
                    ("versionId", version_id),
                ];
                let asked =
                    asked.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
                link.query.extend(asked);
            }
            Presign::Put { content_type: Some(kind) } => {
                link.content_type = Some(kind);
                headers.push(("content-type".to_owned(), kind.clone()));
            }
            Presign::Delete { version_id: Some(version) } => {
                link.query.push(("versionId", version.clone()));
            }
            _ => {}
        }
        let url = self.connection().object_url(bucket.as_str(), key.as_str());
        let path = percent_encoding::utf8_percent_encode(key.as_str(), KEY);
        let path = format!("/{bucket}/{path}");
        let url = link.signed(&signer.access_key, &signer.secret, &url, &path);
        Presigned { method: what.method(), url, headers, expires, shortened }
    }

    /// A form that lets a browser upload straight to the bucket (S3 API Reference, "POST policy").
    pub async fn presign_post(
        &self,
        bucket: &BucketName,
        form: &PostForm,
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<(Presigned, Vec<FormField>), Error> {
        let op = "PresignPost";
        let signer = self.signer(op).await?;
        let start = SystemTime::UNIX_EPOCH
            + Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0));
        if self.connection().options.signature_v2 {
            let what = "a form is signed with Signature Version 4 only";
            return Err(Error::answer(op, Class::InvalidInput, what));
        }
        let (real, shortened) = Self::lifetime(op, LONGEST, lifetime, start, signer.ends)
            .map_err(|e| e.at(Some(bucket.as_str()), None))?;
        let region = self.region_of(Some(bucket.as_str()));
        let stamp: String = Timestamp::from_secs(now.secs())
            .rfc3339()
            .chars()
            .filter(|c| !matches!(c, '-' | ':'))
            .collect();
        let day = stamp.get(..8).unwrap_or_default().to_owned();
        let credential = format!("{}/{day}/{region}/s3/aws4_request", signer.access_key);
        let mut fields = vec![
            ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("x-amz-credential", credential),
            ("x-amz-date", stamp),
        ];
        if let Some(token) = &signer.token {
            fields.push(("x-amz-security-token", token.clone()));
        }
        if let Some(kind) = &form.content_type {
            fields.push(("content-type", kind.clone()));
        }
        let mut conditions: Vec<Value> =
            fields.iter().map(|(name, value)| json!({ *name: value })).collect();
        conditions.push(json!({ "bucket": bucket.as_str() }));
        let key = if form.starts_with {
            conditions.push(json!(["starts-with", "$key", form.key]));
            format!("{}${{filename}}", form.key)
        } else {
            conditions.push(json!({ "key": form.key }));
            form.key.clone()
        };
        if let Some((least, most)) = form.size {
            conditions.push(json!(["content-length-range", least, most]));
        }
        let expires = Timestamp::from_secs(now.plus(real).secs());
        let policy = json!({ "expiration": expires.rfc3339(), "conditions": conditions });
        let policy = BASE64.encode(policy.to_string());
        let signature = sign(&signer.secret, &day, &region, &policy);
        let mut all = vec![FormField { name: "key".into(), value: key }];
        all.extend(fields.into_iter().map(|(name, value)| FormField { name: name.into(), value }));
        all.push(FormField { name: "policy".into(), value: policy });
        all.push(FormField { name: "x-amz-signature".into(), value: hex(&signature) });
        let url = self.connection().bucket_url(bucket.as_str());
        Ok((Presigned { method: "POST", url, headers: Vec::new(), expires, shortened }, all))
    }
}

/// Presigning has no answer to tell an error from: the operations' error types become one.
type AnyError = aws_sdk_s3::operation::get_object::GetObjectError;
type Sdk<E> = aws_smithy_runtime_api::client::result::SdkError<
    E,
    aws_smithy_runtime_api::client::orchestrator::HttpResponse,
>;

fn erased<E: std::error::Error + Send + Sync + 'static>(error: Sdk<E>) -> Sdk<AnyError> {
    Sdk::construction_failure(error)
}

fn mac(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

/// SigV4's signing key, then the signature ("Calculating a signature", S3 API Reference).
fn sign(secret: &str, day: &str, region: &str, policy: &str) -> Vec<u8> {
    let day = mac(format!("AWS4{secret}").as_bytes(), day.as_bytes());
    let region = mac(&day, region.as_bytes());
    let service = mac(&region, b"s3");
    mac(&mac(&service, b"aws4_request"), policy.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_never_outlives_its_session() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let hour = Duration::from_secs(3600);
        let of = |wanted, ends: Option<u64>| {
            S3::lifetime("x", LONGEST, wanted, now, ends.map(|s| now + Duration::from_secs(s)))
                .map_err(|e| e.class)
        };
        assert_eq!(of(hour, None), Ok((hour, false)));
        assert_eq!(of(hour, Some(7200)), Ok((hour, false)));
        assert_eq!(of(hour, Some(60)), Ok((Duration::from_secs(60), true)));
        assert_eq!(of(hour, Some(0)), Err(Class::InvalidInput));
        assert_eq!(of(LONGEST, None), Ok((LONGEST, false)));
        assert_eq!(of(LONGEST + hour, None), Err(Class::InvalidInput));
        assert_eq!(of(Duration::ZERO, None), Err(Class::InvalidInput));
    }

    #[test]
    fn the_example_of_the_reference_is_signed_alike() {
        // S3 API Reference, "Example: browser-based upload using HTTP POST": its policy, key and day.
        let policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
        let signature =
            sign("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20151229", "us-east-1", policy);
        assert_eq!(
            hex(&signature),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }
}
