//! The only place of this crate that touches files: the user's AWS files and the token cache.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::SignInError;

/// No configuration of a person is larger.
const LARGEST: u64 = 4 << 20;

fn failed(path: &Path) -> impl Fn(io::Error) -> SignInError + use<> {
    let path = path.to_owned();
    move |source| SignInError::File { path: path.clone(), source: Arc::new(source) }
}

/// A file's text; an absent one is empty.
pub(super) async fn text(path: Option<&Path>) -> Result<String, SignInError> {
    let Some(path) = path else { return Ok(String::new()) };
    match bytes(path).await {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(failed(path)(error)),
    }
}

pub(super) async fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if tokio::fs::metadata(path).await?.len() > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is too large"));
    }
    tokio::fs::read(path).await
}

/// Writes a file that only its owner may read: whole, or not at all.
pub(super) async fn keep(path: PathBuf, bytes: Vec<u8>) -> Result<(), SignInError> {
    let told = failed(&path);
    let written = tokio::task::spawn_blocking(move || write(&path, &bytes)).await;
    written.map_err(io::Error::other).and_then(|done| done).map_err(told)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let folder = path.parent().unwrap_or(Path::new("."));
    private_folder(folder)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = folder.join(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _ = std::fs::remove_file(&beside);
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
