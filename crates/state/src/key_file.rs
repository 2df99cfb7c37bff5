//! The vault's key in clear, in a file beside the vault: for machines without a keychain, where nobody
//! is there to type a passphrase. Only ever made because somebody asked for it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::keychain::{KeyStore, KeychainError};

/// `vault.key` of the data folder.
#[derive(Debug, Clone)]
pub struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    pub fn of(folder: &Path) -> Self {
        Self { path: folder.join("vault.key") }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn is_there(&self) -> bool {
        self.path.is_file()
    }

    /// Empty, for the owner alone. From now on, the key is kept here.
    ///
    /// # Errors
    /// Where it is there already, or can't be made.
    pub fn create(&self) -> io::Result<()> {
        private().create_new(true).open(&self.path).map(drop)
    }

    pub fn remove(&self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }

    fn read(&self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        others_may_not(&File::open(&self.path)?)?;
        let text = Zeroizing::new(std::fs::read_to_string(&self.path)?);
        let key = hex::decode(text.trim()).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok((!key.is_empty()).then(|| Zeroizing::new(key)))
    }

    fn write(&self, key: &[u8]) -> io::Result<()> {
        let mut file = private().truncate(true).open(&self.path)?;
        let text = Zeroizing::new(hex::encode(key) + "\n");
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn others_may_not(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    match file.metadata()?.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => Err(io::Error::other("others can read it; chmod 600")),
    }
}

#[cfg(not(unix))]
fn others_may_not(_: &File) -> io::Result<()> {
    Ok(())
}

/// The file where there is one, else the other place.
pub struct KeyFileOr<K> {
    file: KeyFile,
    other: K,
}

impl<K: KeyStore> KeyFileOr<K> {
    pub fn new(file: KeyFile, other: K) -> Self {
        Self { file, other }
    }

    fn failed(&self, source: &io::Error) -> KeychainError {
        let reason = format!("{}: {source}", self.file.path.display());
        KeychainError::Unavailable { source: reason.into() }
    }
}

impl<K: KeyStore> KeyStore for KeyFileOr<K> {
    fn get(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
        match self.file.is_there() {
            true => self.file.read().map_err(|error| self.failed(&error)),
            false => self.other.get(),
        }
    }

    fn set(&self, key: &[u8]) -> Result<(), KeychainError> {
        match self.file.is_there() {
            true => self.file.write(key).map_err(|error| self.failed(&error)),
            false => self.other.set(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nowhere;

    impl KeyStore for Nowhere {
        fn get(&self) -> Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
            Err(KeychainError::Silent)
        }

        fn set(&self, _: &[u8]) -> Result<(), KeychainError> {
            Err(KeychainError::Silent)
        }
    }

    #[test]
    fn the_file_comes_first_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::of(folder.path());
        let store = KeyFileOr::new(file.clone(), Nowhere);
        assert!(matches!(store.get(), Err(KeychainError::Silent)));
        file.create().unwrap();
        assert!(file.create().is_err(), "never a second time");
        assert!(store.get().unwrap().is_none());
        store.set(&[7; 32]).unwrap();
        assert_eq!(store.get().unwrap().unwrap().as_slice(), [7; 32]);
        std::fs::write(file.path(), "no key").unwrap();
        assert!(matches!(store.get(), Err(KeychainError::Unavailable { .. })));
        file.remove().unwrap();
        assert!(matches!(store.set(&[7; 32]), Err(KeychainError::Silent)));
    }

    #[cfg(unix)]
    #[test]
    fn one_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = KeyFile::of(folder.path());
        let store = KeyFileOr::new(file.clone(), Nowhere);
        file.create().unwrap();
        store.set(&[7; 32]).unwrap();
        let mode = |mode| std::fs::set_permissions(file.path(), PermissionsExt::from_mode(mode));
        mode(0o640).unwrap();
        assert!(store.get().is_err());
        mode(0o600).unwrap();
        assert!(store.get().is_ok());
    }
}
