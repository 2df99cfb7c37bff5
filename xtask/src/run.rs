//! `run`, `tour`, `bindings`.

use std::fs;

use crate::process::{Done, command, finish, run as start, say};
use crate::suites::RUST;
use crate::{npm, paths, system, tools};

fn frontend() -> Done {
    system::ensure(&[system::BUILD])?;
    npm::ensure()?;
    npm::build()
}

fn build() -> Done {
    frontend()?;
    // The same selection as the tests, so that nothing is built twice with other features.
    start("cargo", &[&["build"], RUST].concat())
}

pub fn run(words: &[&str]) -> Done {
    if !system::has_display() {
        println!("There is no display here: the tour is played on a virtual one.");
        return tour();
    }
    build()?;
    let program = paths::target()
        .join("debug")
        .join(format!("dipper-desktop{}", std::env::consts::EXE_SUFFIX));
    let program = program.to_string_lossy();
    let words = [&["--sandbox"], words].concat();
    say(&program, &words);
    finish(command(&program, &words), &program)
}

/// First run → sandbox → a dropped file → public → fetched → private, with a screenshot of each.
pub fn tour() -> Done {
    if !cfg!(target_os = "linux") {
        return Err("the tour needs Linux (WebKitWebDriver); use `cargo xtask run`".into());
    }
    system::ensure(&[system::BUILD, system::WINDOW, system::TESTS])?;
    let clients = tools::clients()?;
    // The test command builds the app, too; building it by itself first would build it twice.
    frontend()?;
    let shots = paths::root().join("target/tour");
    let _ = fs::remove_dir_all(&shots);
    fs::create_dir_all(&shots).map_err(|e| format!("{}: {e}", shots.display()))?;
    let words = [&["test"], RUST, &["--test", "e2e", "--", "tour"]].concat();
    say("cargo", &words);
    let mut tour = command("cargo", &words);
    tour.env("DIPPER_SHOTS", &shots).envs(clients);
    finish(tour, "the tour")?;
    let shot = shots.join("05-listed-light-1280x800.png");
    if shot.exists() {
        let _ = fs::copy(&shot, paths::root().join("docs/screenshot.png"));
    }
    println!("Screenshots are in target/tour.");
    Ok(())
}

pub fn bindings() -> Done {
    system::ensure(&[system::BUILD])?;
    // The frontend is compiled in; for its types alone an empty one will do.
    let dist = paths::root().join("ui/dist");
    if !dist.join("index.html").exists() {
        fs::create_dir_all(&dist).map_err(|e| e.to_string())?;
        fs::write(dist.join("index.html"), "<!doctype html>").map_err(|e| e.to_string())?;
    }
    let words = [&["test"], RUST, &["--test", "ipc", "bindings_are"]].concat();
    say("cargo", &words);
    let mut bless = command("cargo", &words);
    bless.env("DIPPER_BLESS", "1");
    finish(bless, "cargo")
}
