//! What a person sees while it runs: on a terminal of its own, made by `script`.

use std::process::Command;
use std::time::Duration;

use crate::support::{Ran, World, noise};

const SLOW: [&str; 4] = ["put", "--limit-rate=6m", "large.bin", "s3://bucket/up.bin"];

/// stdout and stderr as a terminal gets them.
fn on_terminal(world: &World, words: &[&str], environment: &[(&str, &str)]) -> String {
    let quoted: Vec<String> = std::iter::once(env!("CARGO_BIN_EXE_dipper"))
        .chain(words.iter().copied())
        .map(|word| format!("'{word}'"))
        .collect();
    let mut command = Command::new("script");
    world.surround(&mut command);
    command.envs([("TERM", "xterm"), ("COLUMNS", "120")]).envs(environment.iter().copied());
    command.args(["-qec", &quoted.join(" "), "/dev/null"]);
    world.finish(command).out
}

#[cfg(target_os = "linux")]
#[test]
fn bars_on_a_terminal() {
    let world = World::with_bucket();
    world.write("large.bin", noise(12 << 20, 5));
    let seen = on_terminal(&world, &SLOW, &[]);
    assert!(seen.contains("of 1 files"), "{seen}");
    assert!(seen.contains("12.00 MiB") && seen.contains('%'), "{seen}");
    assert!(seen.contains("upload: "), "the line itself, too: {seen}");
    let seen = on_terminal(&world, &[&["--no-progress"], &SLOW[..]].concat(), &[]);
    assert!(!seen.contains('%'), "{seen}");
}

#[cfg(target_os = "linux")]
#[test]
fn colours_on_a_terminal_that_wants_them() {
    let world = World::with_bucket();
    let wrong = ["del", "s3://bucket"];
    assert!(on_terminal(&world, &wrong, &[]).contains("\u{1b}[31mERROR:"));
    for environment in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let seen = on_terminal(&world, &wrong, &[environment]);
        assert!(seen.contains("ERROR:") && !seen.contains('\u{1b}'), "{seen:?}");
    }
}

#[test]
fn a_pipe_gets_nothing_that_was_not_asked_for() {
    let world = World::with_bucket();
    world.write("large.bin", noise(12 << 20, 5));
    let ran = world.run(SLOW).ok();
    assert_eq!(ran.err, "");
    assert!(!ran.out.contains('%'), "{}", ran.out);
}

#[test]
fn asked_for_it_is_told_to_a_log() {
    let world = World::with_bucket();
    world.write("large.bin", noise(12 << 20, 5));
    let ran = world.run([&["--progress"], &SLOW[..]].concat()).ok();
    let last = ran.err.lines().last().unwrap_or_default();
    assert!(last.starts_with("1 of 1 files, 12.00 MiB of 12.00 MiB"), "{}", ran.err);
    let Ran { err, .. } = world.run([&["--json", "--progress"], &SLOW[..]].concat()).ok();
    let last: serde_json::Value = serde_json::from_str(err.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"], "progress");
    assert_eq!((&last["filesDone"], &last["bytesDone"]), (&1.into(), &(12_u64 << 20).into()));
}

/// Once stops it cleanly, and says how to go on.
#[cfg(unix)]
#[test]
fn interrupted() {
    let world = World::with_bucket();
    world.write("large.bin", noise(24 << 20, 5));
    let mut command = world.command(SLOW);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let ran = Ran::of(child.wait_with_output().unwrap()).exits(130);
    let job = ran.err.split("jobs resume ").nth(1).and_then(|rest| rest.split('`').next());
    world.run(["jobs", "resume", job.unwrap()]).ok();
    assert_eq!(world.bytes("up.bin"), noise(24 << 20, 5));
}
