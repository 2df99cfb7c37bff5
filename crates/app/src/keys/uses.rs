//! What needs a key, and a key on its way out: to paper.

use std::path::Path;

use dipper_transfer::keys_needed;

use super::{KeyKind, Place, no_key, paper};
use crate::{App, Code, Failure, Result};

/// What could not go on without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUses {
    pub places: Vec<Place>,
    /// Connections and buckets whose upload options name it.
    pub uploads: Vec<(String, String)>,
    /// Titles of jobs that have not ended.
    pub jobs: Vec<String>,
}

impl App {
    pub fn key_uses(&self, name: &str) -> Result<KeyUses> {
        let info = self.keys()?.into_iter().find(|key| key.name == name);
        let info = info.ok_or_else(|| no_key(name))?;
        let open = self.engine.journal().jobs()?.into_iter().filter(|job| !job.state.is_finished());
        let needs = open.filter(|job| keys_needed(&job.spec, &job.prefix).contains(name));
        Ok(KeyUses {
            places: info.places,
            uploads: self.options_with_key(name)?,
            jobs: needs.map(|job| job.title).collect(),
        })
    }

    /// Writes a key with what is known of it to a file that only its owner can read, to be printed or
    /// put away. What lies there is replaced: the caller has asked.
    pub async fn export_key_to(&self, name: &str, path: &Path) -> Result<()> {
        let row = self.chest.table.get(name)?.ok_or_else(|| no_key(name))?;
        let kind = KeyKind::parse(&row.kind).ok_or_else(|| no_key(name))?;
        let text = paper::written(&row, kind, &self.chest.secret(name).await?);
        let (path, shown) = (path.to_owned(), path.display().to_string());
        let written = tokio::task::spawn_blocking(move || write(&path, text.as_bytes()));
        let written = written.await.map_err(|_| Failure::new(Code::Internal, "the key's file"))?;
        written.map_err(|error| Failure::new(Code::LocalIo, format!("{shown}: {error}")))
    }
}

/// Under another name first: a file that others may read never holds the key, not for a moment.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".dipper-new");
    let new = path.with_file_name(name);
    let _ = std::fs::remove_file(&new);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    written
}
