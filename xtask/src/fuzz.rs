//! The fuzz targets, for a minute each, where this machine can.

use std::time::Duration;

use crate::paths;
use crate::process::{Done, command, finish, output, say};

const TARGETS: [&str; 2] = ["key_path", "journal"];
const EACH: Duration = Duration::from_secs(60);

/// Says so where they can't run: they need a nightly toolchain (a sanitiser) and cargo-fuzz.
pub fn run() -> Done {
    if output("cargo", &["+nightly", "fuzz", "--version"]).is_none() {
        println!(
            "The fuzz targets ({}) are not run: they need `rustup toolchain install nightly` and \
             `cargo install cargo-fuzz`.",
            TARGETS.join(", ")
        );
        return Ok(());
    }
    let target = paths::target().join("fuzz");
    let (target, seconds) = (target.to_string_lossy(), EACH.as_secs().to_string());
    for name in TARGETS {
        let most = format!("-max_total_time={seconds}");
        let words = ["+nightly", "fuzz", "run", "--target-dir", &target, name, "--", &most];
        say("cargo", &words);
        let mut fuzz = command("cargo", &words);
        // The project's toolchain is pinned; this one is named on the line.
        fuzz.env_remove("RUSTUP_TOOLCHAIN");
        finish(fuzz, &format!("fuzzing {name}"))?;
    }
    Ok(())
}
