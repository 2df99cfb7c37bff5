//! Processes that are stopped, killed, or two at once.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Ran, World, noise};

/// The state of the first job, as another process sees it.
fn state(world: &World) -> String {
    let rows = world.run(["jobs", "ls", "--json"]).ok().json();
    rows.first().map(|row| row["state"].as_str().unwrap().to_owned()).unwrap_or_default()
}

fn runs(world: &World) {
    let begun = Instant::now();
    while state(world) != "running" {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never began");
    }
}

fn spawned(world: &World, words: &[&str]) -> Child {
    world.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    let told = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(told.success());
}

/// Like a lid that is closed and opened again; the soak waits longer than any time limit.
#[cfg(unix)]
#[test]
fn stopped_in_the_middle_it_goes_on() {
    let seconds = std::env::var("DIPPER_TEST_STOP").ok().and_then(|s| s.parse().ok()).unwrap_or(5);
    let bytes = noise(24 << 20, 21);
    let both = [
        ["put", "--limit-rate=8m", "large.bin", "s3://bucket/up.bin"],
        ["get", "--limit-rate=8m", "s3://bucket/down.bin", "down.bin"],
    ];
    std::thread::scope(|scope| {
        for words in both {
            let bytes = &bytes;
            scope.spawn(move || {
                let world = World::with_bucket();
                world.write("large.bin", bytes);
                world.run(["put", "large.bin", "s3://bucket/down.bin"]).ok();
                world.run(["jobs", "clear"]).ok();
                let child = spawned(&world, &words);
                runs(&world);
                std::thread::sleep(Duration::from_millis(700));
                signal(&child, "-STOP");
                std::thread::sleep(Duration::from_secs(seconds));
                assert_eq!(
                    state(&world),
                    "running",
                    "it was in the middle, and is still the owner"
                );
                signal(&child, "-CONT");
                Ran::of(child.wait_with_output().unwrap()).ok();
                let there = match words[0] {
                    "put" => world.bytes("up.bin"),
                    _ => world.read("down.bin"),
                };
                assert!(there == *bytes, "{words:?}");
            });
        }
    });
}

/// Two that take up the same job at the same moment: one does, the other says which process has it.
#[test]
fn twenty_races_for_one_job() {
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                let world = World::with_bucket();
                let raced = (0..5).filter(|round| race(&world, thread * 5 + round)).count();
                assert!(raced > 0, "the second one always came too late");
            });
        }
    });
}

/// Whether it was one: on a busy machine the first may be done before the second has begun.
fn race(world: &World, round: u64) -> bool {
    let bytes = noise(3 << 20, 100 + round);
    world.write("f.bin", &bytes);
    let key = format!("f{round}.bin");
    let mut child =
        spawned(world, &["put", "--limit-rate=2m", "f.bin", &format!("s3://bucket/{key}")]);
    runs(world);
    child.kill().unwrap();
    child.wait().unwrap();
    let id = world.run(["jobs", "ls", "--json"]).ok().json()[0]["id"].to_string();
    // Slow enough that the second one comes while the first is at it.
    world.run(["jobs", "limit", &id, "2m"]).ok();
    let two = [(); 2].map(|()| spawned(world, &["jobs", "resume", &id]));
    let numbers = two.each_ref().map(Child::id);
    let ran = two.map(|child| Ran::of(child.wait_with_output().unwrap()));
    let told = format!("round {round}: {:?}", ran.each_ref().map(|ran| (ran.code, &ran.err)));
    let lost = ran.iter().position(|ran| ran.code == 13);
    match lost {
        Some(lost) => {
            let (loser, winner) = (&ran[lost], &ran[1 - lost]);
            assert_eq!(winner.code, 0, "{told}");
            assert!(loser.err.contains("another process"), "{told}");
            if cfg!(unix) {
                assert!(loser.err.contains(&numbers[1 - lost].to_string()), "{told}");
            }
        }
        None => assert!(ran.iter().all(|ran| ran.code == 0), "{told}"),
    }
    assert!(world.bytes(&key) == bytes, "round {round}");
    let rows = world.run(["jobs", "ls", "--json"]).ok().json();
    let counts = ["filesTotal", "filesDone", "bytesDone"].map(|name| rows[0][name].as_u64());
    assert_eq!(counts, [Some(1), Some(1), Some(3 << 20)], "round {round}: done once");
    world.run(["jobs", "clear"]).ok();
    lost.is_some()
}

/// A file that can't be read to its end is told, with an exit code of its own class.
#[cfg(target_os = "linux")]
#[test]
fn a_dying_disk_is_no_success() {
    let world = World::with_bucket();
    world.write("f.bin", noise(1 << 20, 31));
    let library = world.path("eio.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/engine/eio.c");
    let mut gcc = Command::new("gcc");
    gcc.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl");
    assert!(gcc.status().unwrap().success());
    let dying = |words: &[&str], call: &str| {
        let mut command = world.command(words);
        command.env("LD_PRELOAD", &library).env("EIO_CALL", call).env("EIO_AT", "1");
        command.env("EIO_UNDER", world.path("f").with_extension("bin").canonicalize().unwrap());
        command
    };
    let up = dying(&["put", "f.bin", "s3://bucket"], "read");
    world.finish(up).exits(74).says("Input/output error");
    assert!(world.keys().is_empty());
    world.run(["put", "f.bin", "s3://bucket"]).ok();
    let mut down = dying(&["get", "s3://bucket/f.bin", "back.bin"], "write");
    down.env("EIO_UNDER", world.path(".dipper-"));
    world.finish(down).exits(74).says("Input/output error");
    assert!(!world.path("back.bin").exists());
    let left = std::fs::read_dir(world.path("")).unwrap();
    let parts =
        left.filter(|entry| entry.as_ref().unwrap().path().extension() == Some("part".as_ref()));
    assert_eq!(parts.count(), 0);
}
