//! `windows`: the crates that know paths, names and the data folder, built for Windows and their unit tests
//! run under wine. It says nothing about the window, the keychain or NTFS: those need a real Windows.

use std::fs;
use std::path::PathBuf;

use crate::process::{Done, command, exists, finish, output, run, say};
use crate::{paths, system};

const TARGET: &str = "x86_64-pc-windows-gnu";
const GCC: &str = "x86_64-w64-mingw32-gcc";
const CRATES: [&str; 3] = ["dipper-types", "dipper-paths", "dipper-state"];
/// Debian keeps it off the path.
const WINE: [&str; 3] = ["/usr/lib/wine/wine64", "/usr/bin/wine64", "/usr/bin/wine"];

pub fn run_tests() -> Done {
    if !cfg!(target_os = "linux") {
        return Err("this is for Linux; on Windows `cargo xtask test` tests the real thing".into());
    }
    system::ensure(&[system::WINDOWS])?;
    if !exists(GCC) {
        return Err(format!(
            "{GCC} is missing: it links for Windows (Debian: gcc-mingw-w64-x86-64-win32)"
        ));
    }
    standard_library()?;
    let wine = WINE.iter().find(|path| fs::exists(path).unwrap_or(false));
    let words: Vec<&str> = ["--locked", "--target", TARGET]
        .into_iter()
        .chain(CRATES.iter().flat_map(|name| ["--package", name]))
        .collect();
    let Some(wine) = wine else {
        let words = [&["test", "--no-run"], words.as_slice()].concat();
        build(&words)?;
        return Err("the tests build, but wine is missing: nothing was run (Debian: wine64)".into());
    };
    randomness()?;
    let words = [&["test", "--no-fail-fast"], words.as_slice()].concat();
    say("cargo", &words);
    let mut tests = command("cargo", &words);
    tests
        .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", GCC)
        .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", wine)
        .env("WINEPREFIX", paths::cache().join("wine"))
        .env("WINEDEBUG", "-all")
        // The library of ours beside the tests, not what wine may have of it; and nothing to install.
        .env("WINEDLLOVERRIDES", "bcryptprimitives=n,b;mscoree=;mshtml=");
    finish(tests, "the tests under wine")
}

fn build(words: &[&str]) -> Done {
    say("cargo", words);
    let mut build = command("cargo", words);
    build.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", GCC);
    finish(build, "cargo")
}

fn standard_library() -> Done {
    let there = output("rustup", &["target", "list", "--installed"]);
    let Some(there) = there else {
        return Err(format!("rustup is missing: it brings Rust's standard library for {TARGET}"));
    };
    if there.lines().any(|line| line.trim() == TARGET) {
        return Ok(());
    }
    println!("Rust's standard library for {TARGET} is missing.");
    run("rustup", &["target", "add", TARGET])
}

/// Where the tests' own programs lie, a library they ask for.
fn randomness() -> Done {
    let folder: PathBuf = paths::target().join(TARGET).join("debug/deps");
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let library = folder.join("bcryptprimitives.dll");
    let library = library.to_string_lossy();
    run(GCC, &["-shared", "-O1", "-o", &library, "tests/windows/bcryptprimitives.c", "-ladvapi32"])
}
