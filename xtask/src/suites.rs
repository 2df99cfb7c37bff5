//! Every test, suite by suite, each against the time it is allowed.

use std::time::{Duration, Instant};

use crate::process::{Done, command, finish, run, run_in, say};
use crate::{fuzz, npm, servers, system, tools};

struct Suite {
    name: &'static str,
    /// Allowed for the tests themselves, in seconds; a suite that takes longer fails. Compiling is
    /// counted apart, since a cold cache says nothing about the tests.
    budget: u64,
    prepare: fn() -> Done,
    test: fn() -> Done,
}

const SUITES: &[Suite] = &[
    Suite { name: "ui", budget: 240, prepare: prepare_ui, test: test_ui },
    Suite { name: "lint", budget: 420, prepare: prepare_lint, test: test_lint },
    Suite { name: "rust", budget: 900, prepare: prepare_rust, test: test_rust },
    Suite { name: "window", budget: 300, prepare: prepare_window, test: test_window },
];

/// One selection of packages and features for every Rust command: another one would build the
/// dependencies again.
pub const RUST: &[&str] =
    &["--workspace", "--exclude", "xtask", "--features", "dipper-desktop/custom-protocol"];

pub fn all() -> Done {
    run_suites(SUITES)
}

pub fn one(name: &str) -> Done {
    match SUITES.iter().position(|s| s.name == name) {
        Some(at) => run_suites(&SUITES[at..=at]),
        None => Err(format!("there is no suite '{name}'; there are ui, lint, rust, window")),
    }
}

fn run_suites(suites: &[Suite]) -> Done {
    system::ensure(&[system::BUILD])?;
    let mut rows = Vec::new();
    for suite in suites {
        println!("\n== {} ==", suite.name);
        let started = Instant::now();
        let prepared = (suite.prepare)();
        let preparing = started.elapsed();
        let started = Instant::now();
        let mut result = prepared.and_then(|()| (suite.test)());
        let testing = started.elapsed();
        if result.is_ok() && testing > Duration::from_secs(suite.budget) {
            result = Err(format!("took longer than its budget of {} s", suite.budget));
        }
        rows.push((suite, preparing, testing, result));
    }
    println!("\n{:10}{:>12}{:>10}{:>10}  result", "suite", "prepare s", "tests s", "budget s");
    let mut failed = Vec::new();
    for (suite, preparing, testing, result) in &rows {
        let word = match result {
            Ok(()) => "passed".to_owned(),
            Err(why) => {
                failed.push(suite.name);
                format!("FAILED: {why}")
            }
        };
        println!(
            "{:10}{:>12.0}{:>10.0}{:>10}  {word}",
            suite.name,
            preparing.as_secs_f64(),
            testing.as_secs_f64(),
            suite.budget
        );
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("failed: {}", failed.join(", "))),
    }
}

fn prepare_ui() -> Done {
    npm::ensure()?;
    npm::build()
}

fn test_ui() -> Done {
    run_in(&npm::ui(), "npm", &["run", "check"])?;
    run_in(&npm::ui(), "npm", &["test"])
}

fn prepare_lint() -> Done {
    system::ensure_nextest()?;
    npm::ensure()?;
    if !npm::ui().join("dist/index.html").exists() {
        npm::build()?;
    }
    Ok(())
}

fn test_lint() -> Done {
    run("cargo", &["fmt", "--all", "--check"])?;
    // The rules of the house that Cargo can't hold.
    run("cargo", &["nextest", "run", "--cargo-quiet", "--package", "xtask"])?;
    let words = [&["clippy", "--quiet", "--all-targets"], RUST, &["--", "-D", "warnings"]].concat();
    run("cargo", &words)
}

fn prepare_rust() -> Done {
    system::ensure_nextest()?;
    if cfg!(target_os = "linux") {
        system::ensure(&[system::TESTS])?;
    }
    prepare_lint()?;
    // The servers of the contract suite start meanwhile; test_rust finds them running.
    let servers = servers::start();
    // Programs that tests start are built too, and warnings of a fresh clone are seen here.
    run("cargo", &[&["build", "--quiet"], RUST].concat())?;
    let built = run("cargo", &[&["nextest", "run", "--no-run", "--cargo-quiet"], RUST].concat());
    drop(servers.environment());
    built
}

fn test_rust() -> Done {
    let words = [&["nextest", "run", "--no-fail-fast"], RUST, &["-E", "not binary(e2e)"]].concat();
    say("cargo", &words);
    let mut tests = command("cargo", &words);
    tests.envs(servers::start().environment());
    // Without Python the cases with other clients list as ignored.
    match tools::clients() {
        Ok(clients) => drop(tests.envs(clients)),
        Err(why) => println!("{why}"),
    }
    finish(tests, "the Rust tests")
}

/// The transfers' tests again, at length: more kills, more faults, the exact speed; more damage to
/// encrypted files.
pub fn soak() -> Done {
    system::ensure(&[system::BUILD, system::TESTS])?;
    prepare_rust()?;
    let filter = "test(transfers::) or test(lies::) or test(stopped::) or test(damage::)";
    let words = [&["nextest", "run", "--no-fail-fast"], RUST, &["-E", filter]].concat();
    say("cargo", &words);
    let mut tests = command("cargo", &words);
    for (name, value) in [
        ("DIPPER_TEST_KILLS", "200"),
        ("DIPPER_TEST_MIXED", "10000"),
        ("DIPPER_TEST_QUIET", "1"),
        ("DIPPER_TEST_STOP", "90"),
        ("DIPPER_SOAK", "1"),
    ] {
        tests.env(name, value);
    }
    let tested = finish(tests, "the soak");
    tested.and(fuzz::run())
}

fn prepare_window() -> Done {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    system::ensure(&[system::WINDOW, system::TESTS])?;
    prepare_rust()
}

/// The real window needs WebKitWebDriver, which only Linux has; the other systems have the rest.
fn test_window() -> Done {
    if !cfg!(target_os = "linux") {
        println!("The window tests need WebKitWebDriver (Linux).");
        return Ok(());
    }
    let words = [&["nextest", "run", "--no-fail-fast"], RUST, &["-E", "binary(e2e)"]].concat();
    say("cargo", &words);
    let mut tests = command("cargo", &words);
    tests.envs(tools::clients()?);
    finish(tests, "the window tests")
}
