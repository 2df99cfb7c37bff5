//! What is moved: made once, kept for later benches.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::process::{Done, run};
use crate::{paths, system};

pub struct Work {
    pub folder: PathBuf,
}

impl Work {
    pub fn make() -> Result<Self, String> {
        let folder = paths::cache().join("bench");
        std::fs::create_dir_all(folder.join("out")).map_err(|e| e.to_string())?;
        let work = Self { folder };
        // The AWS CLI's fast engine has to be asked for.
        let aws = "[default]\ns3 =\n  preferred_transfer_client = crt\n";
        std::fs::write(work.folder.join("aws"), aws).map_err(|e| e.to_string())?;
        work.tree("big", &[(1, 2 << 30)])?;
        work.tree("small", &[(10_000, 16 << 10)])?;
        work.tree("few", &[(2_000, 16 << 10)])?;
        work.tree("mixed", &[(1, 1 << 30), (12, 64 << 20), (3_000, 64 << 10)])?;
        Ok(work)
    }

    /// Debian's package of the Linux source, unpacked.
    pub fn kernel(&self, name: &str) -> Done {
        let done = self.folder.join(format!("{name}.made"));
        if done.exists() {
            return Ok(());
        }
        system::ensure(&[system::KERNEL])?;
        let is_source = |path: &PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            name.is_some_and(|name| name.starts_with("linux-source-") && name.ends_with(".tar.xz"))
        };
        let entries = std::fs::read_dir("/usr/src").map_err(|e| e.to_string())?;
        let archive = entries.flatten().map(|entry| entry.path()).find(is_source);
        let archive = archive.ok_or("the Linux source is not in /usr/src")?;
        let to = self.source(name);
        std::fs::create_dir_all(&to).map_err(|e| e.to_string())?;
        let (archive, to) = (archive.to_string_lossy(), to.to_string_lossy());
        run("tar", &["-xJf", &archive, "-C", &to, "--strip-components=1"])?;
        std::fs::write(done, "").map_err(|e| e.to_string())
    }

    pub fn source(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A place for a download, empty.
    pub fn out(&self, name: &str) -> PathBuf {
        self.folder.join("out").join(name)
    }

    pub fn clean(&self) {
        let _ = std::fs::remove_dir_all(self.folder.join("out"));
        let _ = std::fs::create_dir_all(self.folder.join("out"));
        let _ = std::fs::remove_dir_all(self.folder.join("dipper"));
    }

    fn tree(&self, name: &str, files: &[(u32, u64)]) -> Done {
        let done = self.folder.join(format!("{name}.made"));
        if done.exists() {
            return Ok(());
        }
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for (kind, (count, size)) in files.iter().enumerate() {
            for number in 0..*count {
                let folder = self.source(name).join(format!("d{kind}{:03}", number / 500));
                std::fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
                noise(&folder.join(format!("f{number:05}")), *size, &mut state)
                    .map_err(|e| e.to_string())?;
            }
        }
        std::fs::write(done, "").map_err(|e| e.to_string())
    }
}

/// 500 files of a tree that are not as they were: a line more in 400, 50 new, 50 gone.
pub struct Changes {
    grown: Vec<(PathBuf, u64, SystemTime)>,
    new: Vec<PathBuf>,
    /// Where they are meanwhile.
    gone: Vec<(PathBuf, PathBuf)>,
}

impl Changes {
    pub fn make(folder: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        all_files(folder, &mut files).map_err(|e| e.to_string())?;
        files.sort();
        let step = (files.len() / 450).max(1);
        let mut changes = Self { grown: Vec::new(), new: Vec::new(), gone: Vec::new() };
        let made = changes.apply(folder, files.into_iter().step_by(step).take(450));
        match made {
            Ok(()) => Ok(changes),
            Err(error) => changes.undo().and(Err(error.to_string())),
        }
    }

    fn apply(&mut self, root: &Path, files: impl Iterator<Item = PathBuf>) -> std::io::Result<()> {
        let away = root.with_extension("away");
        std::fs::create_dir_all(&away)?;
        for (number, path) in files.enumerate() {
            if number % 9 == 0 {
                let to = away.join(number.to_string());
                std::fs::rename(&path, &to)?;
                self.gone.push((path.clone(), to));
                let new = path.with_extension("new");
                std::fs::write(&new, "a new file\n")?;
                self.new.push(new);
                continue;
            }
            let meta = path.metadata()?;
            self.grown.push((path.clone(), meta.len(), meta.modified()?));
            let mut file = std::fs::OpenOptions::new().append(true).open(&path)?;
            file.write_all(b"one line more\n")?;
        }
        Ok(())
    }

    /// As it was, with its times.
    pub fn undo(self) -> Done {
        let undo = || -> std::io::Result<()> {
            for (path, size, modified) in self.grown {
                let file = std::fs::OpenOptions::new().write(true).open(&path)?;
                file.set_len(size)?;
                file.set_modified(modified)?;
            }
            for path in self.new {
                std::fs::remove_file(path)?;
            }
            for (path, away) in self.gone {
                std::fs::rename(away, path)?;
            }
            Ok(())
        };
        undo().map_err(|e| e.to_string())
    }
}

/// Symbolic links stay as they are: most clients follow none.
fn all_files(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()? {
            kind if kind.is_dir() => all_files(&entry.path(), into)?,
            kind if kind.is_file() => into.push(entry.path()),
            _ => {}
        }
    }
    Ok(())
}

fn noise(path: &Path, size: u64, state: &mut u64) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let mut left = size;
    while left > 0 {
        // splitmix64: nothing that a file system or a wire could make smaller.
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bytes = (z ^ (z >> 31)).to_le_bytes();
        let take = left.min(8);
        file.write_all(&bytes[..usize::try_from(take).unwrap_or(8)])?;
        left -= take;
    }
    file.flush()
}
