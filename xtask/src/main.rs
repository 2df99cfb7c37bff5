//! The project's own commands. `cargo xtask help` lists them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a terminal")]

mod bench;
mod fuzz;
mod npm;
mod paths;
mod process;
mod run;
mod servers;
mod suites;
mod system;
mod tools;
mod windows;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  run        build Dipper and open it on its built-in sandbox; without a display,
             play the tour on a virtual one and leave screenshots in target/tour
  test       run every test, with the seconds of each suite
             test NAME runs one suite: ui, lint, rust, window
  soak       the transfers' tests at length: 200 kills, 10,000 files under faults, processes
             stopped for 90 s, and the fuzz targets for a minute each
  fuzz       the fuzz targets alone
  windows    the unit tests of the crates that know paths and data, built for Windows, under wine
  tour       play the tour and renew docs/screenshot.png
  bench      measure Dipper beside its peers, as ratios: bench [ROW ...]
  bindings   write ui/src/backend/bindings.ts from the Rust commands
  servers    start the foreign S3 servers of the contract suite and print their endpoints
             servers down stops them
  help       this list

What is missing (system libraries, npm packages, test tools) is installed first, by
name and with the reason. Builds go to CARGO_TARGET_DIR, or the user's cache folder.";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["run", rest @ ..] => run::run(rest),
        ["tour"] => run::tour(),
        ["test"] => suites::all(),
        ["test", name] => suites::one(name),
        ["soak"] => suites::soak(),
        ["fuzz"] => fuzz::run(),
        ["windows"] => windows::run_tests(),
        ["bench", rows @ ..] => bench::bench(rows),
        ["bindings"] => run::bindings(),
        ["servers"] => servers::up_and_tell(),
        ["servers", "down"] => servers::down(),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("There is no such command.\n\n{HELP}");
            return ExitCode::from(64);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("\nxtask: {problem}");
            ExitCode::FAILURE
        }
    }
}
