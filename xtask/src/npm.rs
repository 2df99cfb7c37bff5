//! The frontend's packages and build.

use std::fs;
use std::path::PathBuf;

use crate::paths;
use crate::process::{Done, run_in};

pub fn ui() -> PathBuf {
    paths::root().join("ui")
}

/// `npm ci`, if the lock file is not the one that was installed.
pub fn ensure() -> Done {
    crate::system::check_node()?;
    let lock =
        fs::read(ui().join("package-lock.json")).map_err(|e| format!("package-lock.json: {e}"))?;
    let mark = ui().join("node_modules/.dipper-lock");
    if fs::read(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    run_in(&ui(), "npm", &["ci", "--no-audit", "--no-fund"])?;
    fs::write(&mark, lock).map_err(|e| format!("{}: {e}", mark.display()))
}

pub fn build() -> Done {
    run_in(&ui(), "npm", &["run", "build"])
}
