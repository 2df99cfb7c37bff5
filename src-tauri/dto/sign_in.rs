use dipper_app as app;
use dipper_types::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{IpcError, Profile, mirror};

/// How a connection signs in. Nothing of it is secret.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(tag = "way", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Way {
    Keys,
    Environment,
    AwsProfile {
        name: String,
    },
    Sso {
        sso: SsoWay,
    },
    Role {
        role: RoleWay,
    },
    WebIdentity {
        token_file: String,
        role_arn: String,
        session_name: Option<String>,
        sts_endpoint: Option<String>,
        region: Option<String>,
    },
    Instance {
        endpoint: Option<String>,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SsoWay {
    pub start_url: String,
    pub region: String,
    pub session: Option<String>,
    pub account_id: String,
    pub role_name: String,
    pub oidc_endpoint: Option<String>,
    pub portal_endpoint: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RoleWay {
    pub source: RoleSource,
    pub role_arn: String,
    pub external_id: Option<String>,
    pub session_name: Option<String>,
    pub duration_seconds: Option<u32>,
    pub mfa_serial: Option<String>,
    pub sts_endpoint: Option<String>,
    pub region: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(tag = "from", rename_all = "camelCase")]
pub enum RoleSource {
    Keys,
    Environment,
    AwsProfile { name: String },
    Instance,
}

/// A proxy's address goes in with its password, and comes out without.
#[derive(Clone, Serialize, Deserialize, Type)]
#[serde(tag = "use", rename_all = "camelCase")]
pub enum ProxyChoice {
    Environment,
    None,
    Url { url: String },
}

#[derive(Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    pub proxy: ProxyChoice,
    pub roots: Option<String>,
    pub client_certificate: Option<String>,
    pub pin: Option<String>,
}

#[derive(Clone, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ProfileOptions {
    pub sign_in: Way,
    pub network: Network,
    pub start: Option<String>,
    pub requester_pays: bool,
    pub fips: bool,
    pub dual_stack: bool,
    pub accelerate: bool,
}

macro_rules! same_fields {
    ($own:ident, $theirs:path, { $($field:ident),* $(,)? }) => {
        impl From<$theirs> for $own {
            fn from(value: $theirs) -> Self {
                Self { $($field: value.$field.into()),* }
            }
        }
        impl From<$own> for $theirs {
            fn from(value: $own) -> Self {
                Self { $($field: value.$field.into()),* }
            }
        }
    };
}

same_fields!(SsoWay, app::SsoWay, {
    start_url, region, session, account_id, role_name, oidc_endpoint, portal_endpoint,
});
same_fields!(RoleWay, app::RoleWay, {
    source, role_arn, external_id, session_name, duration_seconds, mfa_serial, sts_endpoint, region,
});
same_fields!(Network, app::Network, { proxy, roots, client_certificate, pin });
same_fields!(ProfileOptions, app::ProfileOptions, {
    sign_in, network, start, requester_pays, fips, dual_stack, accelerate,
});

impl From<app::ProxyChoice> for ProxyChoice {
    fn from(choice: app::ProxyChoice) -> Self {
        match choice {
            app::ProxyChoice::Environment => Self::Environment,
            app::ProxyChoice::None => Self::None,
            app::ProxyChoice::Url { url } => Self::Url { url },
        }
    }
}

impl From<ProxyChoice> for app::ProxyChoice {
    fn from(choice: ProxyChoice) -> Self {
        match choice {
            ProxyChoice::Environment => Self::Environment,
            ProxyChoice::None => Self::None,
            ProxyChoice::Url { url } => Self::Url { url },
        }
    }
}

impl From<app::RoleSource> for RoleSource {
    fn from(source: app::RoleSource) -> Self {
        match source {
            app::RoleSource::Keys => Self::Keys,
            app::RoleSource::Environment => Self::Environment,
            app::RoleSource::AwsProfile { name } => Self::AwsProfile { name },
            app::RoleSource::Instance => Self::Instance,
        }
    }
}

impl From<RoleSource> for app::RoleSource {
    fn from(source: RoleSource) -> Self {
        match source {
            RoleSource::Keys => Self::Keys,
            RoleSource::Environment => Self::Environment,
            RoleSource::AwsProfile { name } => Self::AwsProfile { name },
            RoleSource::Instance => Self::Instance,
        }
    }
}

impl From<app::Way> for Way {
    fn from(way: app::Way) -> Self {
        match way {
            app::Way::Keys => Self::Keys,
            app::Way::Environment => Self::Environment,
            app::Way::AwsProfile { name } => Self::AwsProfile { name },
            app::Way::Sso(sso) => Self::Sso { sso: sso.into() },
            app::Way::Role(role) => Self::Role { role: role.into() },
            app::Way::WebIdentity(web) => Self::WebIdentity {
                token_file: web.token_file,
                role_arn: web.role_arn,
                session_name: web.session_name,
                sts_endpoint: web.sts_endpoint,
                region: web.region,
            },
            app::Way::Instance { endpoint } => Self::Instance { endpoint },
        }
    }
}

impl From<Way> for app::Way {
    fn from(way: Way) -> Self {
        match way {
            Way::Keys => Self::Keys,
            Way::Environment => Self::Environment,
            Way::AwsProfile { name } => Self::AwsProfile { name },
            Way::Sso { sso } => Self::Sso(sso.into()),
            Way::Role { role } => Self::Role(role.into()),
            Way::WebIdentity { token_file, role_arn, session_name, sts_endpoint, region } => {
                Self::WebIdentity(app::WebIdentityWay {
                    token_file,
                    role_arn,
                    session_name,
                    sts_endpoint,
                    region,
                })
            }
            Way::Instance { endpoint } => Self::Instance { endpoint },
        }
    }
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SignInState {
    Permanent,
    Ready,
    SignedIn,
    NeedsUser,
}

mirror!(SignInState, app::SignInState, { Permanent, Ready, SignedIn, NeedsUser });

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SignInStatus {
    pub state: SignInState,
    pub expires: Option<String>,
    pub renewable: bool,
}

impl From<app::SignInStatus> for SignInStatus {
    fn from(s: app::SignInStatus) -> Self {
        Self {
            state: s.state.into(),
            expires: s.expires.map(Timestamp::rfc3339),
            renewable: s.renewable,
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeviceFlow {
    pub id: u32,
    pub user_code: String,
    pub verification_uri: String,
    pub verification_uri_complete: Option<String>,
    pub expires: String,
}

impl From<app::DeviceFlow> for DeviceFlow {
    fn from(flow: app::DeviceFlow) -> Self {
        Self {
            id: flow.id,
            user_code: flow.code.user_code,
            verification_uri: flow.code.verification_uri,
            verification_uri_complete: flow.code.verification_uri_complete,
            expires: flow.code.expires.rfc3339(),
        }
    }
}

/// How a device flow ended; told once.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeviceEnd {
    pub status: Option<SignInStatus>,
    pub error: Option<IpcError>,
}

impl From<app::Result<app::SignInStatus>> for DeviceEnd {
    fn from(ended: app::Result<app::SignInStatus>) -> Self {
        match ended {
            Ok(status) => Self { status: Some(status.into()), error: None },
            Err(error) => Self { status: None, error: Some(error.into()) },
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
pub struct FlowId {
    pub id: u32,
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct SsoAccount {
    pub id: String,
    pub name: String,
    pub email: String,
    pub roles: Vec<String>,
}

impl From<app::Account> for SsoAccount {
    fn from(a: app::Account) -> Self {
        Self { id: a.id, name: a.name, email: a.email, roles: a.roles }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AwsProfile {
    pub name: String,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    /// `keys`, `role`, `web-identity`, `sso`, `process`; null where it says nothing of signing in.
    pub way: Option<String>,
    pub mfa_serial: Option<String>,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SsoSession {
    pub name: String,
    pub start_url: String,
    pub region: String,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AwsFiles {
    pub profiles: Vec<AwsProfile>,
    pub sessions: Vec<SsoSession>,
}

impl From<(Vec<app::AwsProfileEntry>, Vec<app::SsoSessionEntry>)> for AwsFiles {
    fn from((profiles, sessions): (Vec<app::AwsProfileEntry>, Vec<app::SsoSessionEntry>)) -> Self {
        let profile = |p: app::AwsProfileEntry| AwsProfile {
            name: p.name,
            region: p.region,
            endpoint: p.endpoint,
            way: p.way.map(str::to_owned),
            mfa_serial: p.mfa_serial,
        };
        let session = |s: app::SsoSessionEntry| SsoSession {
            name: s.name,
            start_url: s.start_url,
            region: s.region,
        };
        Self {
            profiles: profiles.into_iter().map(profile).collect(),
            sessions: sessions.into_iter().map(session).collect(),
        }
    }
}

/// A question that only the user can answer: the code of a device.
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OpenPrompt {
    pub id: u32,
    pub serial: String,
    pub role_arn: String,
}

/// Not `Debug`: it is a code.
#[derive(Clone, Deserialize, Type)]
pub struct PromptAnswer {
    pub id: u32,
    /// null: the user will not say.
    pub answer: Option<String>,
}

impl PromptAnswer {
    pub fn secret(self) -> Option<Secret<String>> {
        self.answer.map(Secret::new)
    }
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ImportKind {
    S3cfg,
    Rclone,
    Aws,
    Mc,
    Cyberduck,
}

impl From<ImportKind> for app::ImportKind {
    fn from(kind: ImportKind) -> Self {
        match kind {
            ImportKind::S3cfg => Self::S3cfg,
            ImportKind::Rclone => Self::Rclone,
            ImportKind::Aws => Self::Aws,
            ImportKind::Mc => Self::Mc,
            ImportKind::Cyberduck => Self::Cyberduck,
        }
    }
}

/// Not `Debug`: it may have a password.
#[derive(Clone, Deserialize, Type)]
pub struct ImportRequest {
    pub kind: ImportKind,
    /// From `import_choose`; null for where that program keeps it.
    pub file: Option<u32>,
    pub password: Option<String>,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ImportNote {
    pub what: String,
    /// null: it was taken.
    pub why_not: Option<String>,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ImportFound {
    pub name: String,
    pub provider: String,
    pub endpoint: String,
    pub region: String,
    pub has_keys: bool,
    pub unusable: Option<String>,
    pub notes: Vec<ImportNote>,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ImportPreview {
    pub id: u32,
    pub found: Vec<ImportFound>,
    pub notes: Vec<ImportNote>,
}

fn notes(notes: &[app::Note]) -> Vec<ImportNote> {
    notes
        .iter()
        .map(|n| ImportNote { what: n.what.clone(), why_not: n.why_not.map(str::to_owned) })
        .collect()
}

impl From<(u32, app::Import)> for ImportPreview {
    fn from((id, import): (u32, app::Import)) -> Self {
        let found = |f: &app::Found| ImportFound {
            name: f.name.clone(),
            provider: f.provider().to_owned(),
            endpoint: f.endpoint().to_owned(),
            region: f.region().to_owned(),
            has_keys: f.has_keys(),
            unusable: f.unusable.clone(),
            notes: notes(&f.notes),
        };
        Self { id, found: import.found.iter().map(found).collect(), notes: notes(&import.notes) }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct ImportTake {
    pub id: u32,
    /// null: all that can be taken.
    pub names: Option<Vec<String>>,
}

#[derive(Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ImportTaken {
    pub name: String,
    pub profile: Option<Profile>,
    pub error: Option<IpcError>,
}

impl From<app::Taken> for ImportTaken {
    fn from(taken: app::Taken) -> Self {
        let (profile, error) = match taken.result {
            Ok(profile) => (Some(profile.into()), None),
            Err(error) => (None, Some(error.into())),
        };
        Self { name: taken.name, profile, error }
    }
}
