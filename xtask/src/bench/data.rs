//! What is moved: made once, kept for later benches.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::paths;
use crate::process::Done;

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
