//! Reads `.s3cfg`: `key = value` lines, sections ignored, `$NAME` from the environment.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use dipper_app::{Code, Failure, Result};

#[derive(Clone, Default)]
pub struct S3cfg {
    values: HashMap<String, String>,
    /// Those that stand in the file as names of the environment, as they stand there.
    named: HashMap<String, String>,
}

impl S3cfg {
    pub fn read(path: &Path) -> Result<Self> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(path).map_or(0, |meta| meta.permissions().mode());
            if mode & 0o077 != 0 {
                crate::output::note(&format!(
                    "WARNING: {} holds keys and others can read it; run chmod 600 on it",
                    path.display()
                ));
            }
        }
        Self::load(path)
    }

    /// The same without a look at who may read it.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::new(Code::LocalIo, format!("{}: {error}", path.display()))
                .with_hint("Check the path after -c.")
        })?;
        Ok(Self::parse(&text, |name| std::env::var(name).ok()))
    }

    fn parse(text: &str, environment: impl Fn(&str) -> Option<String>) -> Self {
        let mut cfg = Self::default();
        for line in text.lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';', '[']) {
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim();
            let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
            let key = key.trim();
            match value.strip_prefix('$') {
                Some(name) if !name.is_empty() => {
                    cfg.set(key, environment(name).unwrap_or_default());
                    cfg.named.insert(key.to_owned(), value.to_owned());
                }
                _ => cfg.set(key, value.to_owned()),
            }
        }
        cfg
    }

    pub fn empty() -> Self {
        Self::default()
    }

    pub fn set(&mut self, key: &str, value: String) {
        self.named.remove(key);
        self.values.insert(key.to_owned(), value);
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// All that is set, in order.
    pub fn entries(&self) -> Vec<(&str, &str)> {
        let values = self.values.iter();
        let mut all: Vec<_> = values.map(|(key, value)| (key.as_str(), value.as_str())).collect();
        all.sort_unstable();
        all
    }

    /// Writes the file, for nobody else to read. What came from the environment stays a name of it.
    pub fn write(&self, path: &Path) -> Result<()> {
        let failed = |error: std::io::Error| {
            Failure::new(Code::LocalIo, format!("{}: {error}", path.display()))
        };
        let mut text = String::from("[default]\n");
        for (key, value) in self.entries() {
            let value = self.named.get(key).map_or(value, String::as_str);
            text.push_str(&format!("{key} = {value}\n"));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        // A temporary file is its owner's alone, and whole before it gets the name.
        let mut file =
            tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    pub fn flag(&self, key: &str, default: bool) -> bool {
        match self.get(key).map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "yes" | "on" | "1") => true,
            Some(_) => false,
            None => default,
        }
    }
}

/// What s3cmd 2.4.0 takes where nothing is said.
pub const DEFAULTS: &[(&str, &str)] = &[
    ("access_key", ""),
    ("access_token", ""),
    ("add_encoding_exts", ""),
    ("add_headers", ""),
    ("bucket_location", "US"),
    ("ca_certs_file", ""),
    ("cache_file", ""),
    ("check_ssl_certificate", "True"),
    ("check_ssl_hostname", "True"),
    ("cloudfront_host", "cloudfront.amazonaws.com"),
    ("connection_max_age", "5"),
    ("connection_pooling", "True"),
    ("content_disposition", ""),
    ("content_type", ""),
    ("default_mime_type", "binary/octet-stream"),
    ("delay_updates", "False"),
    ("delete_after", "False"),
    ("delete_after_fetch", "False"),
    ("delete_removed", "False"),
    ("dry_run", "False"),
    ("enable_multipart", "True"),
    ("encoding", "UTF-8"),
    ("encrypt", "False"),
    ("expiry_date", ""),
    ("expiry_days", ""),
    ("expiry_prefix", ""),
    ("follow_symlinks", "False"),
    ("force", "False"),
    ("get_continue", "False"),
    ("gpg_command", ""),
    (
        "gpg_decrypt",
        "%(gpg_command)s -d --verbose --no-use-agent --batch --yes --passphrase-fd %(passphrase_fd)s -o %(output_file)s %(input_file)s",
    ),
    (
        "gpg_encrypt",
        "%(gpg_command)s -c --verbose --no-use-agent --batch --yes --passphrase-fd %(passphrase_fd)s -o %(output_file)s %(input_file)s",
    ),
    ("gpg_passphrase", ""),
    ("guess_mime_type", "True"),
    ("host_base", "s3.amazonaws.com"),
    ("host_bucket", "%(bucket)s.s3.amazonaws.com"),
    ("human_readable_sizes", "False"),
    ("invalidate_default_index_on_cf", "False"),
    ("invalidate_default_index_root_on_cf", "True"),
    ("invalidate_on_cf", "False"),
    ("keep_dirs", "False"),
    ("kms_key", ""),
    ("limit", "-1"),
    ("limitrate", "0"),
    ("list_allow_unordered", "False"),
    ("list_md5", "False"),
    ("log_target_prefix", ""),
    ("long_listing", "False"),
    ("max_delete", "-1"),
    ("max_retries", "5"),
    ("mime_type", ""),
    ("multipart_chunk_size_mb", "15"),
    ("multipart_copy_chunk_size_mb", "1024"),
    ("multipart_max_chunks", "10000"),
    ("preserve_attrs", "True"),
    ("progress_meter", "False"),
    ("proxy_host", ""),
    ("proxy_port", "3128"),
    ("public_url_use_https", "False"),
    ("put_continue", "False"),
    ("recursive", "False"),
    ("recv_chunk", "65536"),
    ("reduced_redundancy", "False"),
    ("requester_pays", "False"),
    ("restore_days", "1"),
    ("restore_priority", "Standard"),
    ("secret_key", ""),
    ("send_chunk", "65536"),
    ("server_side_encryption", "False"),
    ("signature_v2", "False"),
    ("signurl_use_https", "False"),
    ("simpledb_host", "sdb.amazonaws.com"),
    ("skip_destination_validation", "False"),
    ("skip_existing", "False"),
    ("socket_timeout", "300"),
    ("ssl_client_cert_file", ""),
    ("ssl_client_key_file", ""),
    ("stats", "False"),
    ("stop_on_error", "False"),
    ("storage_class", ""),
    ("throttle_max", "100"),
    ("upload_id", ""),
    ("urlencoding_mode", "normal"),
    ("use_http_expect", "False"),
    ("use_https", "True"),
    ("use_mime_magic", "True"),
    ("verbosity", "WARNING"),
    ("website_endpoint", "http://%(bucket)s.s3-website-%(location)s.amazonaws.com/"),
    ("website_error", ""),
    ("website_index", "index.html"),
];

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
