//! A bucket's own default encryption, at the server. It holds for every program's uploads; the places
//! of this computer for Dipper's only.

use dipper_s3::{Document, ServerSide, Which};
use dipper_types::BucketName;
use serde_json::{Value, json};

use crate::{App, Code, Failure, Result};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BucketDefault {
    /// `None`: the bucket has none of its own, so that the service's counts.
    pub with: Option<ServerSide>,
    /// What the bucket refuses, in the server's words (`SSE-C`).
    pub blocked: Vec<String>,
}

const RULE: &str = "applyServerSideEncryptionByDefault";

impl BucketDefault {
    fn of(document: &str) -> Option<Self> {
        let document: Value = serde_json::from_str(document).ok()?;
        let rule = document.get("rules")?.get(0)?;
        let text = |name: &str| rule.get(RULE)?.get(name)?.as_str().map(str::to_owned);
        let bucket_key = rule.get("bucketKeyEnabled").and_then(Value::as_bool).unwrap_or(false);
        let key = text("kmsMasterKeyId");
        let method = text("sseAlgorithm");
        let with = method.and_then(|m| ServerSide::of_object(&m, key.as_deref(), bucket_key));
        let blocked = rule.pointer("/blockedEncryptionTypes/encryptionTypes");
        let blocked = blocked.and_then(Value::as_array).into_iter().flatten();
        let blocked = blocked.filter_map(|kind| kind.as_str().map(str::to_owned)).collect();
        Some(Self { with, blocked })
    }

    fn document(&self) -> Option<String> {
        let mut rule = match self.with.as_ref()? {
            ServerSide::Customer { .. } => return None,
            ServerSide::S3 => json!({ RULE: { "sseAlgorithm": "AES256" } }),
            with @ (ServerSide::Kms { key, .. } | ServerSide::Dsse { key }) => {
                let mut by_default = json!({ "sseAlgorithm": with.method() });
                if let Some(key) = key {
                    by_default["kmsMasterKeyId"] = key.as_str().into();
                }
                let on = matches!(with, ServerSide::Kms { bucket_key: Some(true), .. });
                json!({ RULE: by_default, "bucketKeyEnabled": on })
            }
        };
        if !self.blocked.is_empty() {
            rule["blockedEncryptionTypes"] = json!({ "encryptionTypes": self.blocked });
        }
        Some(json!({ "rules": [rule] }).to_string())
    }
}

impl App {
    pub async fn bucket_default(&self, profile: &str, bucket: &str) -> Result<BucketDefault> {
        let bucket = BucketName::new(bucket)?;
        let text = self.document(profile, &bucket, Document::Encryption, Which::default()).await?;
        Ok(text.as_deref().and_then(BucketDefault::of).unwrap_or_default())
    }

    /// What the bucket refuses stays refused. `None` takes the bucket's own default away.
    pub async fn set_bucket_default(
        &self,
        profile: &str,
        bucket: &str,
        with: Option<ServerSide>,
    ) -> Result<BucketDefault> {
        let (name, which) = (BucketName::new(bucket)?, Which::default());
        if matches!(with, Some(ServerSide::Customer { .. })) {
            return Err(Failure::invalid("a server keeps no key of a customer's").with_hint(
                "SSE-C is asked for with each upload: it can be a place's default here.",
            ));
        }
        let before = match self.bucket_default(profile, bucket).await {
            Err(failure) if failure.code == Code::AccessDenied => BucketDefault::default(),
            before => before?,
        };
        match (BucketDefault { with, ..before }).document() {
            Some(text) => {
                self.set_document(profile, &name, Document::Encryption, which, &text).await?;
            }
            None => self.remove_document(profile, &name, Document::Encryption, which).await?,
        }
        self.bucket_default(profile, bucket).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_is_written_as_it_is_read() {
        let key = || Some("alias/mine".to_owned());
        for with in [
            ServerSide::S3,
            ServerSide::Kms { key: None, bucket_key: Some(true) },
            ServerSide::Kms { key: key(), bucket_key: None },
            ServerSide::Dsse { key: key() },
        ] {
            let wanted = BucketDefault { with: Some(with), blocked: vec!["SSE-C".into()] };
            let text = wanted.document().unwrap();
            assert_eq!(BucketDefault::of(&text), Some(wanted), "{text}");
        }
        assert_eq!(BucketDefault::default().document(), None);
        assert_eq!(BucketDefault::of(r#"{"rules":[]}"#), None);
    }
}
