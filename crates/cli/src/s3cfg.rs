//! Reads `.s3cfg`: `key = value` lines, sections ignored, `$NAME` from the environment.

use std::collections::HashMap;
use std::path::Path;

use dipper_app::{Code, Failure, Result};

pub struct S3cfg(HashMap<String, String>);

impl S3cfg {
    pub fn read(path: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| {
            Failure::new(Code::LocalIo, format!("{}: {error}", path.display()))
                .with_hint("Check the path after -c.")
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
            if mode & 0o077 != 0 {
                crate::output::note(&format!(
                    "WARNING: {} holds keys and others can read it; run chmod 600 on it",
                    path.display()
                ));
            }
        }
        let text = std::fs::read_to_string(path).map_err(failed)?;
        Ok(Self::parse(&text, |name| std::env::var(name).ok()))
    }

    fn parse(text: &str, environment: impl Fn(&str) -> Option<String>) -> Self {
        let mut values = HashMap::new();
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';', '[']) {
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim();
            let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
            let value = match value.strip_prefix('$') {
                Some(name) if !name.is_empty() => environment(name).unwrap_or_default(),
                _ => value.to_owned(),
            };
            values.insert(key.trim().to_owned(), value);
        }
        Self(values)
    }

    pub fn empty() -> Self {
        Self(HashMap::new())
    }

    pub fn set(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|v| !v.is_empty())
    }

    pub fn flag(&self, key: &str, default: bool) -> bool {
        match self.get(key).map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "yes" | "on" | "1") => true,
            Some(_) => false,
            None => default,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_s3cmd_reads_it() {
        let text = "[default]\naccess_key = AK\nsecret_key=\"s k\"\n# host_base = no\nhost_base = $HOST\n\
                    use_https = False\n[other]\naccess_key = LATER\nbad line\nempty =\n";
        let cfg = S3cfg::parse(text, |name| (name == "HOST").then(|| "h:1".into()));
        assert_eq!(cfg.get("access_key"), Some("LATER"));
        assert_eq!(cfg.get("secret_key"), Some("s k"));
        assert_eq!(cfg.get("host_base"), Some("h:1"));
        assert_eq!(cfg.get("empty"), None);
        assert!(!cfg.flag("use_https", true));
        assert!(cfg.flag("absent", true));
    }
}
