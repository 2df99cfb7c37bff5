//! The user's `~/.aws/config` and `~/.aws/credentials`: text in, sections out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use dipper_types::Secret;

use super::{AssumeRole, Credentials, SignInError, Sso, WebIdentity};

type Section = BTreeMap<String, String>;

/// Both files as one, the credentials file above the other.
#[derive(Clone, Default)]
pub struct AwsConfig {
    profiles: BTreeMap<String, Section>,
    sessions: BTreeMap<String, Section>,
}

/// What a profile says, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsProfileEntry {
    pub name: String,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    /// `keys`, `role`, `web-identity`, `sso`, `process`, or nothing that signs in.
    pub way: Option<&'static str>,
    pub role_arn: Option<String>,
    pub mfa_serial: Option<String>,
    pub sso: Option<Sso>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoSessionEntry {
    pub name: String,
    pub start_url: String,
    pub region: String,
}

/// What comes next on the way to keys.
pub(super) enum Way {
    Known(Credentials),
    Container,
    EnvironmentKeys,
    /// Runs only from here: no other file can bring a command.
    Process(String),
}

impl AwsConfig {
    /// Reads as the AWS CLI does: `[profile x]` and `[sso-session x]` in the config, `[x]` in the
    /// credentials; later words win; indented lines belong to the word above and are left out.
    pub fn parse(config: &str, credentials: &str) -> Self {
        let mut read = Self::default();
        for (title, words) in sections(config) {
            if title == "default" {
                read.profiles.entry(title).or_default().extend(words);
            } else if let Some(name) = title.strip_prefix("profile ") {
                read.profiles.entry(unquoted(name)).or_default().extend(words);
            } else if let Some(name) = title.strip_prefix("sso-session ") {
                read.sessions.entry(unquoted(name)).or_default().extend(words);
            }
        }
        for (title, words) in sections(credentials) {
            let name = title.strip_prefix("profile ").unwrap_or(&title);
            read.profiles.entry(unquoted(name)).or_default().extend(words);
        }
        read
    }

    pub fn has(&self, name: &str) -> bool {
        self.profiles.contains_key(name)
    }

    pub fn profiles(&self) -> Vec<AwsProfileEntry> {
        self.profiles.iter().map(|(name, section)| self.entry(name, section)).collect()
    }

    pub fn profile(&self, name: &str) -> Option<AwsProfileEntry> {
        self.profiles.get(name).map(|section| self.entry(name, section))
    }

    pub fn sso_sessions(&self) -> Vec<SsoSessionEntry> {
        self.sessions
            .iter()
            .filter_map(|(name, section)| {
                Some(SsoSessionEntry {
                    name: name.clone(),
                    start_url: word(section, "sso_start_url")?.to_owned(),
                    region: word(section, "sso_region")?.to_owned(),
                })
            })
            .collect()
    }

    fn entry(&self, name: &str, section: &Section) -> AwsProfileEntry {
        let way = if word(section, "role_arn").is_some() {
            Some(match word(section, "web_identity_token_file") {
                Some(_) => "web-identity",
                None => "role",
            })
        } else if word(section, "sso_session").or(word(section, "sso_start_url")).is_some() {
            Some("sso")
        } else if word(section, "aws_access_key_id").is_some() {
            Some("keys")
        } else {
            word(section, "credential_process").map(|_| "process")
        };
        let own = |key| word(section, key).map(str::to_owned);
        AwsProfileEntry {
            name: name.to_owned(),
            region: own("region"),
            endpoint: own("endpoint_url"),
            way,
            role_arn: own("role_arn"),
            mfa_serial: own("mfa_serial"),
            sso: self.sso(name, section).ok(),
        }
    }

    fn sso(&self, name: &str, section: &Section) -> Result<Sso, SignInError> {
        let lacks = |missing| SignInError::Incomplete { name: name.to_owned(), missing };
        let session = word(section, "sso_session");
        let home = match session {
            Some(session) => self.sessions.get(session).ok_or(lacks("its sso-session"))?,
            None => section,
        };
        let need = |from: &Section, key: &'static str| {
            word(from, key).map(str::to_owned).ok_or(lacks(key))
        };
        Ok(Sso {
            start_url: need(home, "sso_start_url")?,
            region: need(home, "sso_region")?,
            session: session.map(str::to_owned),
            account_id: need(section, "sso_account_id")?,
            role_name: need(section, "sso_role_name")?,
            oidc_endpoint: None,
            portal_endpoint: None,
        })
    }

    /// The next step to a profile's keys, in the AWS CLI's order.
    pub(super) fn resolve(&self, name: &str) -> Result<Way, SignInError> {
        let section = self
            .profiles
            .get(name)
            .ok_or_else(|| SignInError::NoProfile { name: name.to_owned() })?;
        let lacks = |missing| SignInError::Incomplete { name: name.to_owned(), missing };
        if let Some(role_arn) = word(section, "role_arn") {
            let (role_arn, own) =
                (role_arn.to_owned(), |key| word(section, key).map(str::to_owned));
            if let Some(file) = word(section, "web_identity_token_file") {
                return Ok(Way::Known(Credentials::WebIdentity(WebIdentity {
                    token_file: PathBuf::from(file),
                    role_arn,
                    session_name: own("role_session_name"),
                    sts_endpoint: None,
                    region: own("region"),
                })));
            }
            let source = match (word(section, "source_profile"), word(section, "credential_source"))
            {
                // A profile that is its own source has keys beside its role.
                (Some(source), _) if source == name => {
                    static_keys(section).ok_or(lacks("keys for its role"))?
                }
                (Some(source), _) => Credentials::AwsProfile { name: source.to_owned() },
                (None, Some(source)) if source.eq_ignore_ascii_case("Environment") => {
                    Credentials::Environment { aws_profile: None }
                }
                (None, Some(source)) if source.eq_ignore_ascii_case("Ec2InstanceMetadata") => {
                    Credentials::Instance { endpoint: None }
                }
                (None, Some(_)) => return Err(lacks("a known credential_source")),
                (None, None) => return Err(lacks("a source_profile")),
            };
            return Ok(Way::Known(Credentials::AssumeRole(Box::new(AssumeRole {
                source,
                role_arn,
                external_id: own("external_id"),
                session_name: own("role_session_name"),
                duration: own("duration_seconds")
                    .and_then(|text| text.parse().ok())
                    .map(Duration::from_secs),
                mfa_serial: own("mfa_serial"),
                sts_endpoint: None,
                region: own("region"),
            }))));
        }
        if word(section, "sso_session").or(word(section, "sso_start_url")).is_some() {
            return Ok(Way::Known(Credentials::Sso(self.sso(name, section)?)));
        }
        if let Some(keys) = static_keys(section) {
            return Ok(Way::Known(keys));
        }
        if let Some(command) = word(section, "credential_process") {
            return Ok(Way::Process(command.to_owned()));
        }
        match word(section, "credential_source") {
            Some(source) if source.eq_ignore_ascii_case("EcsContainer") => Ok(Way::Container),
            Some(source) if source.eq_ignore_ascii_case("Environment") => Ok(Way::EnvironmentKeys),
            _ => Err(SignInError::NothingFound),
        }
    }
}

fn static_keys(section: &Section) -> Option<Credentials> {
    Some(Credentials::Keys {
        access_key: word(section, "aws_access_key_id")?.to_owned(),
        secret_key: Secret::new(word(section, "aws_secret_access_key")?.to_owned()),
        session_token: word(section, "aws_session_token").map(|t| Secret::new(t.to_owned())),
    })
}

fn word<'a>(section: &'a Section, key: &str) -> Option<&'a str> {
    section.get(key).map(String::as_str).filter(|value| !value.is_empty())
}

fn unquoted(name: &str) -> String {
    name.trim().trim_matches(['"', '\'']).to_owned()
}

fn sections(text: &str) -> Vec<(String, Section)> {
    let mut found: Vec<(String, Section)> = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = bare.strip_prefix('[') {
            if let Some((title, _)) = rest.split_once(']') {
                let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
                found.push((title, Section::new()));
            }
            continue;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let (Some((_, section)), Some((key, value))) = (found.last_mut(), bare.split_once('='))
        else {
            continue;
        };
        let value = [" #", " ;", "\t#", "\t;"]
            .iter()
            .fold(value, |value, mark| value.split_once(mark).map_or(value, |(head, _)| head));
        section.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
[default]
region = eu-west-1 # near
s3 =
  addressing_style = path

[profile admin]
role_arn = arn:aws:iam::1:role/admin
source_profile = default
mfa_serial = arn:aws:iam::1:mfa/me
duration_seconds = 900
[profile \"with space\"]
credential_process = /opt/keys --for me
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
[profile dev]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Developer
[profile half]
sso_session = nobody
[profile loop]
role_arn = arn:aws:iam::1:role/loop
source_profile = loop
[no such kind]
credential_process = rm -rf /
";
    const KEYS: &str = "[default]\naws_access_key_id=AK\naws_secret_access_key = s=k\n";

    #[test]
    fn profiles_are_read_as_the_aws_cli_reads_them() {
        let files = AwsConfig::parse(CONFIG, KEYS);
        let ways: Vec<_> = files.profiles().into_iter().map(|p| (p.name, p.way)).collect();
        let want = [
            ("admin", Some("role")),
            ("default", Some("keys")),
            ("dev", Some("sso")),
            ("half", Some("sso")),
            ("loop", Some("role")),
            ("with space", Some("process")),
        ];
        assert_eq!(ways, want.map(|(name, way)| (name.to_owned(), way)));
        let default = files.profile("default").unwrap();
        assert_eq!(default.region.as_deref(), Some("eu-west-1"));
        let dev = files.profile("dev").unwrap().sso.unwrap();
        assert_eq!((dev.session.as_deref(), dev.region.as_str()), (Some("corp"), "us-east-1"));
        assert_eq!(files.sso_sessions().len(), 1);
    }

    #[test]
    fn each_way_leads_on() {
        let files = AwsConfig::parse(CONFIG, KEYS);
        let Ok(Way::Known(Credentials::Keys { secret_key, .. })) = files.resolve("default") else {
            panic!("keys")
        };
        assert_eq!(secret_key.expose(), "s=k");
        let Ok(Way::Known(Credentials::AssumeRole(role))) = files.resolve("admin") else {
            panic!("role")
        };
        assert_eq!(role.duration, Some(Duration::from_secs(900)));
        assert!(matches!(&role.source, Credentials::AwsProfile { name } if name == "default"));
        assert!(
            matches!(files.resolve("with space"), Ok(Way::Process(c)) if c == "/opt/keys --for me")
        );
        assert!(matches!(files.resolve("half"), Err(SignInError::Incomplete { .. })));
        assert!(matches!(files.resolve("loop"), Err(SignInError::Incomplete { .. })));
        assert!(matches!(files.resolve("nobody"), Err(SignInError::NoProfile { .. })));
        assert!(matches!(
            AwsConfig::parse("[default]\nregion=x", "").resolve("default"),
            Err(SignInError::NothingFound)
        ));
    }

    #[tokio::test]
    async fn circles_come_to_an_end() {
        let folder = std::env::temp_dir().join(format!("dipper-circle-{}", std::process::id()));
        let text = "[profile a]\nrole_arn=x\nsource_profile=b\n[profile b]\nrole_arn=y\nsource_profile=a\n";
        std::fs::write(&folder, text).unwrap();
        let sign_in =
            super::super::SignIn { aws_config: Some(folder.clone()), ..Default::default() };
        let http = crate::transport::client(&Default::default(), Default::default());
        let around = super::super::Around {
            sign_in,
            region: "us-east-1".into(),
            own_sts: None,
            same_host: http.clone(),
            others: http.clone(),
            direct: http,
        };
        let what = Credentials::AwsProfile { name: "a".into() };
        let ended = super::super::obtain(&what, &around, 0).await;
        std::fs::remove_file(&folder).unwrap();
        assert!(matches!(ended, Err(SignInError::Circle)));
    }
}
