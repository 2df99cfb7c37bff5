use dipper_s3::ObjectHeaders;
use dipper_transfer::{Protection, Sending};
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

/// What uploads to a bucket get, unless one is asked for otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UploadOptions {
    #[serde(flatten)]
    pub headers: ObjectHeaders,
    pub protection: UploadProtection,
}

/// How what is uploaded is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum UploadProtection {
    /// As the place says where it comes to lie.
    #[default]
    Place,
    /// Not as the place says, but as the bucket has it.
    None,
    /// So, whatever the place says.
    With { protection: Protection },
}

impl From<ObjectHeaders> for UploadOptions {
    fn from(headers: ObjectHeaders) -> Self {
        Self { headers, protection: UploadProtection::Place }
    }
}

impl UploadOptions {
    /// As a job is asked for it.
    pub(crate) fn split(self) -> (ObjectHeaders, Sending) {
        let (mut headers, mut sending) = (self.headers, Sending::default());
        if self.protection != UploadProtection::Place {
            sending.places = Some(Vec::new());
        }
        match self.protection {
            UploadProtection::Place | UploadProtection::None => {}
            UploadProtection::With { protection: Protection::Server { with } } => {
                headers.encryption = Some(with);
            }
            UploadProtection::With { protection: Protection::Client { seal } } => {
                sending.seal = Some(seal);
            }
        }
        (headers, sending)
    }
}

const OPTIONS: &str = "upload-options/";
const APPEARANCE: &str = "appearance";

fn options_name(profile: &str, bucket: &str) -> String {
    format!("{OPTIONS}{profile}/{bucket}")
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
    pub fn upload_options(&self, profile: &str, bucket: &str) -> Result<UploadOptions> {
        Ok(self.settings.get(&options_name(profile, bucket))?.unwrap_or_default())
    }

    pub async fn set_upload_options(
        &self,
        profile: &str,
        bucket: &str,
        options: &UploadOptions,
    ) -> Result<()> {
        if let UploadProtection::With { protection } = &options.protection {
            self.check_protection(protection)?;
        }
        Ok(self.settings.set(&options_name(profile, bucket), options).await?)
    }

    /// Connections and buckets whose options name a key.
    pub(crate) fn options_with_key(&self, name: &str) -> Result<Vec<(String, String)>> {
        let all: Vec<(String, UploadOptions)> = self.settings.below(OPTIONS)?;
        let named = |options: &UploadOptions| match &options.protection {
            UploadProtection::With { protection } => protection.uses(name),
            _ => false,
        };
        let split = |place: String| {
            let (profile, bucket) = place.rsplit_once('/')?;
            Some((profile.to_owned(), bucket.to_owned()))
        };
        Ok(all.into_iter().filter(|(_, o)| named(o)).filter_map(|(at, _)| split(at)).collect())
    }
}

#[cfg(test)]
mod tests {
    use dipper_s3::ServerSide;
    use dipper_transfer::Seal;

    use super::*;

    #[test]
    fn what_an_older_version_kept_is_as_the_place_says() {
        let kept = r#"{"visibility":"public","contentType":"text/plain"}"#;
        let options: UploadOptions = serde_json::from_str(kept).unwrap();
        assert_eq!(options.headers.content_type.as_deref(), Some("text/plain"));
        assert_eq!(options.protection, UploadProtection::Place);
        let again = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<UploadOptions>(&again).unwrap(), options);
    }

    #[test]
    fn what_is_said_comes_in_the_place_of_the_places() {
        let split = |protection| {
            let options = UploadOptions { protection, ..UploadOptions::default() };
            let (headers, sending) = options.split();
            (headers.encryption, sending.seal, sending.places)
        };
        assert_eq!(split(UploadProtection::Place), (None, None, None));
        assert_eq!(split(UploadProtection::None), (None, None, Some(Vec::new())));
        let with = ServerSide::S3;
        let protection = Protection::Server { with: with.clone() };
        let by_server = split(UploadProtection::With { protection });
        assert_eq!(by_server, (Some(with), None, Some(Vec::new())));
        let seal = Seal { format: "age".into(), keys: vec!["mine".into()] };
        let protection = Protection::Client { seal: seal.clone() };
        let here = split(UploadProtection::With { protection });
        assert_eq!(here, (None, Some(seal), Some(Vec::new())));
    }
}
