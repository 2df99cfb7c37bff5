use dipper_s3::ObjectHeaders;
use serde::{Deserialize, Serialize};

use crate::events::Changed;
use crate::{App, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Density {
    Compact,
    #[default]
    Normal,
    Relaxed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    pub theme: Theme,
    pub density: Density,
}

const APPEARANCE: &str = "appearance";

fn options_name(profile: &str, bucket: &str) -> String {
    format!("upload-options/{profile}/{bucket}")
}

impl App {
    pub fn settings(&self) -> Result<Settings> {
        Ok(self.settings.get(APPEARANCE)?.unwrap_or_default())
    }

    pub async fn set_settings(&self, settings: Settings) -> Result<()> {
        self.settings.set(APPEARANCE, &settings).await?;
        self.events.changed(Changed::Settings, None, None);
        Ok(())
    }

    /// What was last chosen for uploads to this bucket.
    pub fn upload_options(&self, profile: &str, bucket: &str) -> Result<ObjectHeaders> {
        Ok(self.settings.get(&options_name(profile, bucket))?.unwrap_or_default())
    }

    pub async fn set_upload_options(
        &self,
        profile: &str,
        bucket: &str,
        options: &ObjectHeaders,
    ) -> Result<()> {
        Ok(self.settings.set(&options_name(profile, bucket), options).await?)
    }
}
