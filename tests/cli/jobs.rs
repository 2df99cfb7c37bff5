use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{World, noise};

#[test]
fn every_transfer_is_a_job() {
    let world = World::with_bucket();
    world.write("a.txt", "x");
    world.run(["put", "a.txt", "s3://bucket"]).ok();
    world.run(["get", "s3://bucket/missing2", "x"]).exits(12);
    let rows = world.run(["jobs", "ls", "--json"]).ok().json();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["type"], "job");
    assert_eq!((&rows[0]["kind"], &rows[0]["state"]), (&"upload".into(), &"completed".into()));
    assert_eq!((&rows[0]["filesTotal"], &rows[0]["filesDone"]), (&1.into(), &1.into()));
    world.run(["jobs", "ls"]).ok().prints("upload").prints("completed").prints("a.txt");
    world.run(["jobs", "clear"]).ok();
    assert_eq!(world.run(["jobs", "ls"]).ok().out, "");
}

#[test]
fn what_failed_can_be_done_again() {
    let world = World::new();
    world.write("a.txt", "x");
    world.run(["put", "a.txt", "s3://bucket"]).exits(12);
    let rows = world.run(["jobs", "ls", "--json"]).ok().json();
    assert_eq!(rows[0]["state"], "failed");
    let id = rows[0]["id"].to_string();
    world.run(["jobs", "resume", &id]).exits(12);
    world.run(["mb", "s3://bucket"]).ok();
    world.run(["jobs", "resume", &id]).ok();
    assert_eq!(world.bytes("a.txt"), b"x");
}

/// The job remembers where its files are, not where its shell was.
#[test]
fn it_goes_on_from_another_folder_with_the_same_file() {
    let world = World::new();
    world.write("a.txt", "right");
    world.write("elsewhere/a.txt", "wrong");
    world.run(["put", "a.txt", "s3://bucket"]).exits(12);
    world.run(["mb", "s3://bucket"]).ok();
    let mut command = world.command(["jobs", "resume", "1"]);
    command.current_dir(world.path("elsewhere"));
    world.finish(command).ok();
    assert_eq!(world.bytes("a.txt"), b"right");
}

/// A job belongs to the connection it was made with.
#[test]
fn another_connection_does_not_take_it_up() {
    let world = World::new();
    world.write("a.txt", "x");
    world.run(["put", "a.txt", "s3://bucket"]).exits(12);
    let server = &world.server;
    let alt = world.s3cfg("alt", server.host(), &server.alt_access_key, &server.alt_secret_key);
    let alt = alt.to_str().unwrap();
    world.run(["-c", alt, "mb", "s3://bucket"]).ok();
    world.run(["-c", alt, "jobs", "resume", "1"]).exits(64).says("connection");
    assert_eq!(world.run(["-c", alt, "ls", "s3://bucket"]).ok().out, "");
}

#[test]
fn killed_and_taken_up_again() {
    let world = World::with_bucket();
    let bytes = noise(160 << 20, 11);
    world.write("large.bin", &bytes);
    let mut child = world
        .command(["put", "large.bin", "s3://bucket"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    loop {
        let rows = world.run(["jobs", "ls", "--json"]).ok().json();
        if rows.first().is_some_and(|row| row["state"] == "running") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "it never began");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let rows = world.run(["jobs", "ls", "--json"]).ok().json();
    let id = rows[0]["id"].to_string();
    world.run(["jobs", "resume", &id]).ok();
    world.run(["get", "s3://bucket/large.bin", "back.bin"]).ok();
    assert!(world.read("back.bin") == bytes);
}

#[test]
fn what_runs_elsewhere_is_not_cancelled_in_silence() {
    let world = World::with_bucket();
    world.write("dir/a", noise(150 << 20, 5));
    let mut child = world
        .command(["put", "-r", "dir", "s3://bucket"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while world.run(["jobs", "ls", "--json"]).ok().json().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never began");
    }
    let ran = world.run(["jobs", "cancel", "1"]);
    child.kill().unwrap();
    child.wait().unwrap();
    // It may have ended on its own before it could be asked.
    assert!(matches!(ran.code, 0 | 13), "{} {}", ran.code, ran.err);
    assert!(ran.code == 0 || ran.err.contains("another process"), "{}", ran.err);
    world.run(["jobs", "cancel", "1"]).ok();
}

#[test]
fn numbers_that_are_none() {
    let world = World::new();
    world.run(["jobs", "resume", "7"]).exits(64).says("there is no job 7");
    world.run(["jobs", "cancel", "7"]).exits(64).says("there is no job 7");
    world.run(["jobs", "cancel", "x"]).exits(64);
    world.run(["jobs"]).exits(64);
}
