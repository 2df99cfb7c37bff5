//! What buckets and objects are set to, and what a server turned out not to know.

use std::sync::Arc;

use dipper_s3::{Class, Document, Provider, Which};
use dipper_state::CapabilityRow;
use dipper_types::{BucketName, ProfileId, Timestamp};

use crate::events::Changed;
use crate::{App, Result};

/// Whether a server knows a call, as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// Empty: of the endpoint as a whole.
    pub bucket: String,
    pub operation: String,
    pub supported: bool,
    /// The server's words.
    pub reason: Option<String>,
    /// `None`: nobody asked yet; the provider's file says it.
    pub seen_at: Option<Timestamp>,
}

impl App {
    /// The document as JSON on one line; `None` where it was never set.
    pub async fn document(
        &self,
        profile: &str,
        bucket: &BucketName,
        document: Document,
        which: Which<'_>,
    ) -> Result<Option<String>> {
        let answer = self.s3(profile).await?.document(bucket, document, which).await;
        self.noted(profile, bucket, document.operation(), answer).await
    }

    /// Puts a document given as JSON or XML.
    pub async fn set_document(
        &self,
        profile: &str,
        bucket: &BucketName,
        document: Document,
        which: Which<'_>,
        text: &str,
    ) -> Result<()> {
        let answer = self.s3(profile).await?.put_document(bucket, document, which, text).await;
        self.noted(profile, bucket, document.operation(), answer).await?;
        self.document_changed(profile, bucket);
        Ok(())
    }

    /// Deletes a document; one that was never set counts as deleted.
    pub async fn remove_document(
        &self,
        profile: &str,
        bucket: &BucketName,
        document: Document,
        which: Which<'_>,
    ) -> Result<()> {
        let answer = self.s3(profile).await?.delete_document(bucket, document, which).await;
        self.noted(profile, bucket, document.operation(), answer).await?;
        self.document_changed(profile, bucket);
        Ok(())
    }

    fn document_changed(&self, profile: &str, bucket: &BucketName) {
        self.access_cache.forget(profile, bucket.as_str());
        self.listings.forget_access(profile, bucket.as_str(), None);
        self.events.changed(Changed::Buckets, Some(profile), Some(bucket.as_str()));
    }

    /// Remembers whether the server knew the call; passes the answer on.
    pub(crate) async fn noted<T>(
        &self,
        profile: &str,
        bucket: &BucketName,
        operation: &str,
        answer: std::result::Result<T, dipper_s3::Error>,
    ) -> Result<T> {
        let seen = match &answer {
            Ok(_) => Some((true, None)),
            Err(error) if matches!(error.class, Class::Unsupported | Class::AclDisabled) => {
                Some((false, Some(error.to_string())))
            }
            Err(_) => None,
        };
        if let Some((supported, reason)) = seen {
            self.note(profile, bucket.as_str(), operation, supported, reason).await;
        }
        Ok(answer?)
    }

    /// Written only where it says something new: most calls find what is known.
    pub(crate) async fn note(
        &self,
        profile: &str,
        bucket: &str,
        operation: &str,
        supported: bool,
        reason: Option<String>,
    ) {
        let id = ProfileId::new(profile);
        let known = self.capabilities.known(&id, Some(bucket)).unwrap_or_default();
        let same = known.iter().any(|row| {
            row.bucket == bucket
                && row.operation == operation
                && row.supported == supported
                && row.reason == reason
        });
        if same {
            return;
        }
        let row = CapabilityRow {
            bucket: bucket.to_owned(),
            operation: operation.to_owned(),
            supported,
            reason,
            seen_at: self.clock.now(),
        };
        if let Err(error) = self.capabilities.note(&id, row).await {
            tracing::warn!(%error, operation, "what the server can do was not remembered");
        }
    }

    /// What is known of a bucket's server; of all the profile's buckets without one.
    pub fn capabilities(&self, profile: &str, bucket: Option<&str>) -> Result<Vec<Capability>> {
        let rows = self.capabilities.known(&ProfileId::new(profile), bucket)?;
        let mut known: Vec<Capability> = rows
            .into_iter()
            .map(|row| Capability {
                bucket: row.bucket,
                operation: row.operation,
                supported: row.supported,
                reason: row.reason,
                seen_at: Some(row.seen_at),
            })
            .collect();
        // What nobody asked for yet, as the provider's file has it.
        if let Some(provider) = self.provider_of(profile) {
            for document in Document::ALL {
                let operation = document.operation();
                let seen = known.iter().any(|k| k.operation == operation);
                if provider.knows(*document) == Some(false) && !seen {
                    known.push(Capability {
                        bucket: String::new(),
                        operation: operation.to_owned(),
                        supported: false,
                        reason: Some(format!("{} is not known to have this", provider.name)),
                        seen_at: None,
                    });
                }
            }
        }
        Ok(known)
    }

    fn provider_of(&self, profile: &str) -> Option<Arc<Provider>> {
        let row = self.profiles.get(&ProfileId::new(profile)).ok().flatten()?;
        Some(Provider::by_id(&crate::profile_body::Body::read(&row.body).ok()?.provider))
    }
}
