//! Providers are data: a TOML file each, compiled in.

use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use serde::Deserialize;

use crate::connection::Addressing;
use crate::document::Document;

/// How an upload is checked against what the server got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Integrity {
    /// `x-amz-checksum-crc64nvme`, full object; the server compares and stores it.
    Crc64nvme,
    /// `Content-MD5`, and the ETag compared with our MD5: servers without checksums.
    ContentMd5,
    /// As `Crc64nvme` for large objects, where the server's answer to CreateMultipartUpload says that it
    /// keeps such a checksum; else as `ContentMd5`. For software whose age nobody can tell.
    Asked,
}

/// Which ACLs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AclSupport {
    #[default]
    Full,
    /// A bucket's only, for all that is in it.
    Bucket,
    None,
}

/// What a new bucket may be called, beyond what S3 itself says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BucketNames {
    pub min: usize,
    pub max: usize,
    pub dots: bool,
    #[serde(default)]
    pub not_starting: Option<String>,
}

impl Default for BucketNames {
    fn default() -> Self {
        Self { min: 3, max: 63, dots: true, not_starting: None }
    }
}

impl BucketNames {
    /// What is wrong with a name here, in words.
    pub fn refusal(&self, name: &str) -> Option<String> {
        let (min, max) = (self.min, self.max);
        if !(min..=max).contains(&name.len()) {
            return Some(format!("it must have {min} to {max} characters"));
        }
        if !self.dots && name.contains('.') {
            return Some("it can't have dots".into());
        }
        let start = self.not_starting.as_deref().filter(|start| name.starts_with(start))?;
        Some(format!("it can't begin with '{start}'"))
    }
}

/// A provider's file that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    #[error("{file} can't be read: {source}")]
    Unreadable { file: String, source: Box<toml::de::Error> },
    #[error("{file} describes '{id}'; its id must be its name")]
    Misnamed { file: String, id: String },
}

/// A family of S3 implementations with its address pattern and quirks.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Provider {
    pub id: String,
    pub name: String,
    /// With `{region}` or `{account}` to be filled in; empty where the user gives it.
    pub endpoint: String,
    #[serde(default)]
    pub regions: Vec<String>,
    pub default_region: String,
    pub addressing: Addressing,
    pub integrity: Integrity,
    /// Every part but the last must have the same size.
    #[serde(default)]
    pub equal_parts: bool,
    /// Keys in a listing of uploads come URL-encoded, as asked for, but without a word of it; or, where
    /// it is false, as they are, whatever the answer says. Without it the answer is believed.
    #[serde(default)]
    pub uploads_encoded: Option<bool>,
    /// What a copy's source must be is read under an older name (`x-amz-copy-if-match`), too.
    #[serde(default)]
    pub older_copy_conditions: bool,
    /// Of ListObjects: 2, or 1 where a server knows no other.
    #[serde(default = "default_list_version")]
    pub list_version: u8,
    /// `encoding-type=url` is understood.
    #[serde(default = "yes")]
    pub list_url_encode: bool,
    /// Listings may start in the middle, several at once.
    #[serde(default = "yes")]
    pub parallel_listing: bool,
    #[serde(default = "default_max_parts")]
    pub max_parts: u32,
    #[serde(default = "default_min_part")]
    pub min_part: u64,
    /// UploadPartCopy; without it, copies of large objects go through this machine.
    #[serde(default = "yes")]
    pub part_copy: bool,
    /// Requests must not carry what the SDK adds to their query (`x-id`).
    #[serde(default)]
    pub plain_queries: bool,
    #[serde(default)]
    pub acl: AclSupport,
    #[serde(default = "yes")]
    pub policy: bool,
    #[serde(default = "yes")]
    pub public_access_block: bool,
    #[serde(default = "yes")]
    pub versioning: bool,
    #[serde(default = "yes")]
    pub object_lock: bool,
    #[serde(default = "yes")]
    pub tagging: bool,
    #[serde(default = "yes")]
    pub lifecycle: bool,
    #[serde(default = "yes")]
    pub cors: bool,
    #[serde(default = "yes")]
    pub website_documents: bool,
    #[serde(default = "yes")]
    pub notification: bool,
    #[serde(default = "yes")]
    pub logging: bool,
    #[serde(default)]
    pub storage_classes: Vec<String>,
    /// How many keys one DeleteObjects may name.
    #[serde(default = "default_multi_delete")]
    pub multi_delete: u16,
    #[serde(default)]
    pub bucket_names: BucketNames,
    /// Where its own words are.
    #[serde(default)]
    pub docs: Option<String>,
    /// Where buckets answer as websites: with `{bucket}` and `{region}`.
    #[serde(default)]
    pub website: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

fn yes() -> bool {
    true
}

fn default_list_version() -> u8 {
    2
}

fn default_max_parts() -> u32 {
    10_000
}

fn default_min_part() -> u64 {
    5 << 20
}

fn default_multi_delete() -> u16 {
    1000
}

impl Provider {
    /// Whether the file says that a document is known there; `None` where it says nothing.
    pub fn knows(&self, document: Document) -> Option<bool> {
        let known = match document {
            Document::Acl => self.acl != AclSupport::None,
            Document::PolicyStatus => self.policy,
            Document::PublicAccessBlock => self.public_access_block,
            Document::Versioning => self.versioning,
            Document::ObjectLock | Document::Retention | Document::LegalHold => self.object_lock,
            Document::Tagging => self.tagging,
            Document::Lifecycle => self.lifecycle,
            Document::Cors => self.cors,
            Document::Website => self.website_documents,
            Document::Notification => self.notification,
            Document::Logging => self.logging,
            _ => return None,
        };
        (!known).then_some(false)
    }

    /// The provider of that id, else `custom`.
    pub fn by_id(id: &str) -> Arc<Provider> {
        let known = providers();
        let found = known.iter().find(|p| p.id == id).or_else(|| known.last());
        found.map_or_else(|| unreachable!("the table is not empty"), Arc::clone)
    }

    pub fn is_aws(&self) -> bool {
        self.id == "aws"
    }
}

macro_rules! table {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../providers/", $file, ".toml")))),*]
    };
}

const FILES: &[(&str, &str)] = table![
    "aws",
    "gcs",
    "dreamobjects",
    "dreamobjects-old",
    "r2",
    "b2",
    "wasabi",
    "minio",
    "digitalocean",
    "hetzner",
    "ovh",
    "scaleway",
    "idrive",
    "storj",
    "oracle",
    "linode",
    "ibm",
    "ceph",
    "seaweedfs",
    "garage",
    "sandbox",
    "custom",
];

/// Those of users, added while the program runs.
static ADDED: RwLock<Vec<Arc<Provider>>> = RwLock::new(Vec::new());

/// Takes a user's own provider file; one of the same id takes the place of ours.
///
/// # Errors
/// A file that is no provider's, or that has another id than its name.
pub fn add_provider(file: &str, text: &str) -> Result<(), ProviderError> {
    let provider: Provider = toml::from_str(text).map_err(|source| ProviderError::Unreadable {
        file: file.to_owned(),
        source: Box::new(source),
    })?;
    if file.strip_suffix(".toml") != Some(provider.id.as_str()) {
        return Err(ProviderError::Misnamed { file: file.to_owned(), id: provider.id });
    }
    let mut added = ADDED.write().unwrap_or_else(PoisonError::into_inner);
    added.retain(|known| known.id != provider.id);
    added.push(Arc::new(provider));
    Ok(())
}

/// The provider that an address belongs to, by the template of its own.
pub fn provider_of_endpoint(endpoint: &str) -> Option<Arc<Provider>> {
    let host = endpoint.parse::<http::Uri>().ok()?.host()?.to_ascii_lowercase();
    providers().into_iter().find(|provider| {
        let template = provider.endpoint.strip_prefix("https://").unwrap_or_default();
        !template.is_empty() && fits(template, &host)
    })
}

/// `{region}` and `{account}` stand for one label of the host.
fn fits(template: &str, host: &str) -> bool {
    let (labels, parts): (Vec<&str>, Vec<&str>) =
        (host.split('.').collect(), template.split('.').collect());
    labels.len() == parts.len()
        && labels.iter().zip(&parts).all(|(label, part)| match part.split_once('{') {
            Some((begin, rest)) => {
                let end = rest.split_once('}').map_or("", |(_, end)| end);
                label.len() > begin.len() + end.len()
                    && label.starts_with(begin)
                    && label.ends_with(end)
            }
            None => label == part,
        })
}

/// Every provider: the best known first, then users' own, `custom` last.
pub fn providers() -> Vec<Arc<Provider>> {
    static TABLE: LazyLock<Vec<Arc<Provider>>> = LazyLock::new(|| {
        FILES
            .iter()
            .filter_map(|(name, text)| match toml::from_str::<Provider>(text) {
                Ok(provider) => Some(Arc::new(provider)),
                Err(error) => {
                    tracing::error!(name, %error, "provider file is unreadable");
                    None
                }
            })
            .collect()
    });
    let added = ADDED.read().unwrap_or_else(PoisonError::into_inner);
    let own = |id: &str| added.iter().find(|p| p.id == id);
    let mut all: Vec<Arc<Provider>> =
        TABLE.iter().map(|p| Arc::clone(own(&p.id).unwrap_or(p))).collect();
    let custom = all.pop();
    all.extend(added.iter().filter(|p| !TABLE.iter().any(|t| t.id == p.id)).map(Arc::clone));
    all.extend(custom);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_whose_it_is() {
        for (endpoint, want) in [
            ("https://s3.eu-central-1.amazonaws.com", Some("aws")),
            ("https://0123abcd.r2.cloudflarestorage.com", Some("r2")),
            ("https://s3.us-west-004.backblazeb2.com:443", Some("b2")),
            ("https://storage.googleapis.com", Some("gcs")),
            ("http://fra1.DigitalOceanSpaces.com", Some("digitalocean")),
            ("https://objects-us-east-1.dream.io", Some("dreamobjects-old")),
            ("https://r2.cloudflarestorage.com", None),
            ("https://evil.s3.eu-central-1.amazonaws.com.example.org", None),
            ("http://127.0.0.1:9000", None),
        ] {
            let found = provider_of_endpoint(endpoint).map(|p| p.id.clone());
            assert_eq!(found.as_deref(), want, "{endpoint}");
        }
    }

    #[test]
    fn every_file_reads_and_names_itself() {
        for (name, text) in FILES {
            let provider: Provider = toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(provider.id, *name);
            assert!(
                provider.regions.is_empty() || provider.regions.contains(&provider.default_region),
                "{name}"
            );
        }
        assert!(providers().len() >= FILES.len());
    }

    #[test]
    fn users_own_files_are_taken_or_refused_in_words() {
        let text = "id = \"ours\"\nname = \"Ours\"\nendpoint = \"https://s3.ours.example\"\n\
                    default-region = \"here\"\naddressing = \"path\"\nintegrity = \"content-md5\"\n";
        add_provider("ours.toml", text).unwrap();
        assert_eq!(Provider::by_id("ours").default_region, "here");
        let all = providers();
        assert_eq!(all.last().map(|p| p.id.as_str()), Some("custom"));
        assert!(matches!(add_provider("other.toml", text), Err(ProviderError::Misnamed { .. })));
        let unknown = format!("{text}magic = 1\n");
        let error = add_provider("ours.toml", &unknown).unwrap_err().to_string();
        assert!(error.contains("magic"), "{error}");
    }

    #[test]
    fn names_of_buckets() {
        let rule = &Provider::by_id("dreamobjects").bucket_names;
        assert_eq!(rule.refusal("photos"), None);
        for bad in ["short", "with.dots", "b2-photos"] {
            assert!(rule.refusal(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn unknown_providers_are_custom() {
        assert_eq!(Provider::by_id("nobody").id, "custom");
    }
}
