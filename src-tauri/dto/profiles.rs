use dipper_app as app;
use dipper_types::Secret;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{IpcError, ProfileOptions, mirror};

#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Addressing {
    Auto,
    Path,
    Virtual,
}

mirror!(both Addressing, app::Addressing, { Auto, Path, Virtual });

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    pub id: String,
    pub name: String,
    pub endpoint_template: String,
    pub regions: Vec<String>,
    pub default_region: String,
    pub addressing: Addressing,
    pub note: Option<String>,
}

/// Every provider that a user can connect to.
pub fn providers() -> Vec<Provider> {
    app::providers()
        .iter()
        .filter(|p| p.id != "sandbox")
        .map(|p| Provider {
            id: p.id.clone(),
            name: p.name.clone(),
            endpoint_template: p.endpoint.clone(),
            regions: p.regions.clone(),
            default_region: p.default_region.clone(),
            addressing: p.addressing.into(),
            note: p.note.clone(),
        })
        .collect()
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ProfileKind {
    Sandbox,
    Vault,
    Session,
    Environment,
}

mirror!(ProfileKind, app::ProfileKind, { Sandbox, Vault, Session, Environment });

#[derive(Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    pub id: String,
    pub name: String,
    pub kind: ProfileKind,
    pub provider: String,
    pub endpoint: String,
    pub region: String,
    pub addressing: Addressing,
    pub access_key_hint: Option<String>,
    pub insecure: bool,
    pub options: ProfileOptions,
}

impl From<app::Profile> for Profile {
    fn from(p: app::Profile) -> Self {
        Self {
            id: p.id,
            name: p.name,
            kind: p.kind.into(),
            provider: p.provider,
            endpoint: p.endpoint,
            region: p.region,
            addressing: p.addressing.into(),
            access_key_hint: p.access_key_hint,
            insecure: p.insecure,
            options: p.options.into(),
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Keep {
    Vault,
    Session,
}

/// Comes in only. Not `Debug`: it carries keys.
#[derive(Clone, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProfileDraft {
    pub id: Option<String>,
    pub name: String,
    pub provider: String,
    pub endpoint: String,
    pub region: String,
    pub addressing: Addressing,
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
    pub keep: Keep,
    pub allow_http: bool,
    /// null: as they are saved, or none for a new one.
    #[serde(default)]
    pub options: Option<ProfileOptions>,
    /// PEM, to the client certificate of the options; null uses the kept one.
    #[serde(default)]
    pub client_key: Option<String>,
}

impl From<ProfileDraft> for app::ProfileDraft {
    fn from(d: ProfileDraft) -> Self {
        Self {
            id: d.id,
            name: d.name,
            provider: d.provider,
            endpoint: d.endpoint,
            region: d.region,
            addressing: d.addressing.into(),
            access_key: d.access_key_id,
            secret_key: Secret::new(d.secret_access_key),
            session_token: d.session_token.map(Secret::new),
            keep: match d.keep {
                Keep::Vault => app::Keep::Vault,
                Keep::Session => app::Keep::Session,
            },
            allow_http: d.allow_http,
            keep_options: d.options.is_none(),
            options: d.options.map(Into::into).unwrap_or_default(),
            client_key: d.client_key.map(Secret::new),
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProfileTest {
    pub ok: bool,
    #[specta(type = Option<u32>)]
    pub buckets: Option<u64>,
    pub suggested_region: Option<String>,
    pub error: Option<IpcError>,
}

impl From<app::ProfileTest> for ProfileTest {
    fn from(t: app::ProfileTest) -> Self {
        Self {
            ok: t.error.is_none(),
            buckets: t.buckets,
            suggested_region: t.suggested_region,
            error: t.error.map(Into::into),
        }
    }
}

/// Not `Debug`: it is a passphrase.
#[derive(Clone, Deserialize, Type)]
pub struct Passphrase {
    pub passphrase: String,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct ProfileId {
    pub profile: String,
}
