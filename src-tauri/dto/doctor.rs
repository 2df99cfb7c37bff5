use dipper_app as app;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Addressing, IpcError, mirror};

#[derive(Debug, Clone, Copy, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DoctorOutcome {
    Good,
    Missing,
    Bad,
}

mirror!(DoctorOutcome, app::DoctorOutcome, { Good, Missing, Bad });

/// One change of the connection.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(tag = "change", content = "to", rename_all = "camelCase")]
pub enum Fix {
    Region(String),
    Addressing(Addressing),
}

impl From<app::Fix> for Fix {
    fn from(fix: app::Fix) -> Self {
        match fix {
            app::Fix::Region(to) => Self::Region(to),
            app::Fix::Addressing(to) => Self::Addressing(to.into()),
        }
    }
}

impl From<Fix> for app::Fix {
    fn from(fix: Fix) -> Self {
        match fix {
            Fix::Region(to) => Self::Region(to),
            Fix::Addressing(to) => Self::Addressing(to.into()),
        }
    }
}

#[derive(Debug, Clone, Serialize, Type)]
pub struct Finding {
    /// A stable word; the catalogue has its title and what it means.
    pub check: String,
    pub outcome: DoctorOutcome,
    pub detail: String,
    pub fix: Option<Fix>,
}

#[derive(Debug, Clone, Serialize, Type)]
#[serde(tag = "event", rename_all = "camelCase")]
pub enum DoctorEvent {
    Found {
        finding: Finding,
    },
    /// The last word: what could not be cleaned up, by key, or why nothing could be tried.
    Ended {
        left: Vec<String>,
        error: Option<IpcError>,
    },
}

impl From<app::CheckupEvent> for DoctorEvent {
    fn from(event: app::CheckupEvent) -> Self {
        match event {
            app::CheckupEvent::Found(finding) => Self::Found {
                finding: Finding {
                    check: finding.check.to_owned(),
                    outcome: finding.outcome.into(),
                    detail: finding.detail,
                    fix: finding.fix.map(Into::into),
                },
            },
            app::CheckupEvent::Ended(Ok(left)) => Self::Ended { left, error: None },
            app::CheckupEvent::Ended(Err(error)) => {
                Self::Ended { left: Vec::new(), error: Some(error.into()) }
            }
        }
    }
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
pub struct CheckupId {
    pub id: u32,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct Mend {
    pub profile: String,
    pub fix: Fix,
}
