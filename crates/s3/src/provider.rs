//! Providers are data: a TOML file each, compiled in.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::connection::Addressing;

/// How an upload is checked against what the server got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Integrity {
    /// `x-amz-checksum-crc64nvme`, full object; the server compares and stores it.
    Crc64nvme,
    /// `Content-MD5`, and the ETag compared with our MD5: servers without checksums.
    ContentMd5,
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
    /// Keys in a listing of uploads come URL-encoded, as asked for, but without a word of it.
    #[serde(default)]
    pub uploads_encoded: bool,
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

impl Provider {
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
    "r2",
    "b2",
    "wasabi",
    "minio",
    "digitalocean",
    "hetzner",
    "ovh",
    "scaleway",
    "ceph",
    "sandbox",
    "custom",
];

/// Every provider, the best known first and `custom` last.
pub fn providers() -> &'static [Arc<Provider>] {
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
    &TABLE
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(providers().len(), FILES.len());
    }

    #[test]
    fn unknown_providers_are_custom() {
        assert_eq!(Provider::by_id("nobody").id, "custom");
    }
}
