use dipper_app as app;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::mirror;

#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    System,
    Light,
    Dark,
}

mirror!(both Theme, app::Theme, { System, Light, Dark });

#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Density {
    Compact,
    Normal,
    Relaxed,
}

mirror!(both Density, app::Density, { Compact, Normal, Relaxed });

#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    pub theme: Theme,
    pub density: Density,
}

impl From<app::Settings> for Settings {
    fn from(s: app::Settings) -> Self {
        Self { theme: s.theme.into(), density: s.density.into() }
    }
}

impl From<Settings> for app::Settings {
    fn from(s: Settings) -> Self {
        Self { theme: s.theme.into(), density: s.density.into() }
    }
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum VaultState {
    Ready,
    Empty,
    Unavailable,
    KeyMissing,
}

mirror!(VaultState, app::VaultStanding, { Ready, Empty, Unavailable, KeyMissing });

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VaultStatus {
    pub state: VaultState,
    pub reason: Option<String>,
    pub has_passphrase: bool,
}

impl From<app::VaultStatus> for VaultStatus {
    fn from(v: app::VaultStatus) -> Self {
        Self { state: v.state.into(), reason: v.reason, has_passphrase: v.has_passphrase }
    }
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Platform {
    Linux,
    Macos,
    Windows,
}

impl Platform {
    pub fn this() -> Self {
        if cfg!(windows) {
            Self::Windows
        } else if cfg!(target_os = "macos") {
            Self::Macos
        } else {
            Self::Linux
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct AppInfo {
    pub version: String,
    pub platform: Platform,
    pub data_dir: String,
    pub vault: VaultStatus,
}

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ChangedWhat {
    Profiles,
    Buckets,
    Settings,
    Vault,
    Keys,
    SignIn,
}

mirror!(ChangedWhat, app::Changed, { Profiles, Buckets, Settings, Vault, Keys, SignIn });

/// "X changed, refetch."
#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    pub what: ChangedWhat,
    pub profile: Option<String>,
    pub bucket: Option<String>,
}

impl From<app::Change> for Changed {
    fn from(c: app::Change) -> Self {
        Self { what: c.what.into(), profile: c.profile, bucket: c.bucket }
    }
}
