//! Uploads that one tool began, and the other ends; and what s3cmd gets wrong.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Ran, World, noise};

const MIB: usize = 1 << 20;

fn s3cmd(world: &World, tool: &PathBuf, words: &[&str]) -> Command {
    let mut command = Command::new(tool);
    world.surround(&mut command);
    command.env("LC_ALL", "C.UTF-8").arg("--no-progress").args(words);
    command
}

fn uploads(world: &World) -> Vec<(String, String)> {
    let listed = world.run(["multipart", "--json", "s3://bucket"]).ok().json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    listed.iter().map(|row| (text(&row["key"]), text(&row["uploadId"]))).collect()
}

fn parts(world: &World, key: &str, id: &str) -> usize {
    let uri = format!("s3://bucket/{key}");
    world.run(["listmp", "--json", &uri, id]).ok().json().len()
}

/// Runs it until an upload has so many parts, then kills it.
fn interrupted(world: &World, mut command: Command, count: usize) -> (String, String) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    let found = loop {
        assert!(start.elapsed() < Duration::from_secs(90), "no parts arrive");
        if let Some((key, id)) = uploads(world).into_iter().next()
            && parts(world, &key, &id) >= count
        {
            break (key, id);
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    found
}

fn began_by_s3cmd(world: &World, tool: &PathBuf) -> (Vec<u8>, String) {
    let bytes = noise(26 * MIB, 11);
    world.write("large", &bytes);
    let words = ["put", "--multipart-chunk-size-mb=5", "--limit-rate=6m", "large", "s3://bucket/k"];
    let (_, id) = interrupted(world, s3cmd(world, tool, &words), 2);
    (bytes, id)
}

/// s3cmd began it, Dipper goes on: by its key, or by its id.
pub fn from_s3cmd(tool: &PathBuf) {
    for by_id in [false, true] {
        let world = World::with_bucket();
        let (bytes, id) = began_by_s3cmd(&world, tool);
        let option = if by_id { format!("--upload-id={id}") } else { "--continue-put".to_owned() };
        world.run(["put", &option, "large", "s3://bucket/k"]).ok();
        assert!(world.bytes("k") == bytes, "{option}");
        assert!(uploads(&world).is_empty(), "{option}");
        // Its parts are those that s3cmd made: 26 MiB in pieces of 5.
        let info = world.run(["info", "--json", "s3://bucket/k"]).ok().json();
        assert!(info[0]["etag"].as_str().unwrap().ends_with("-6"), "{}", info[0]["etag"]);
    }
}

/// What of it is not this file's is sent anew; an id that is none is told.
pub fn from_s3cmd_of_another_file(tool: &PathBuf) {
    let world = World::with_bucket();
    began_by_s3cmd(&world, tool);
    let other = noise(21 * MIB, 12);
    world.write("large", &other);
    world.run(["put", "--continue-put", "large", "s3://bucket/k"]).ok();
    assert!(world.bytes("k") == other);
    world.run(["put", "--upload-id=none", "large", "s3://bucket/k"]).exits(12);
    // Where there is none to go on with, one is begun.
    world.run(["put", "--continue-put", "large", "s3://bucket/new"]).ok();
    assert!(world.bytes("new") == other);
    assert!(uploads(&world).is_empty());
}

/// Dipper began it, s3cmd goes on.
pub fn to_s3cmd(tool: &PathBuf) {
    let world = World::with_bucket();
    // Its parts come a dozen at a time.
    let bytes = noise(160 * MIB, 13);
    world.write("large", &bytes);
    let words = ["put", "--limit-rate=24m", "large", "s3://bucket/k"];
    let (_, id) = interrupted(&world, world.command(words), 2);
    let there = parts(&world, "k", &id);
    let option = format!("--upload-id={id}");
    let words =
        ["put", "--continue-put", &option, "--multipart-chunk-size-mb=8", "large", "s3://bucket/k"];
    let ran = Ran::of(s3cmd(&world, tool, &words).output().unwrap()).ok();
    assert!(there >= 2 && !ran.out.is_empty());
    assert!(world.bytes("k") == bytes);
    assert!(uploads(&world).is_empty());
}

fn class_of(world: &World, key: &str) -> String {
    let info = world.run(["info", "--json", &format!("s3://bucket/{key}")]).ok().json();
    info[0]["storageClass"].as_str().unwrap_or("STANDARD").to_owned()
}

/// What s3cmd 2.4.0 gets wrong (by its number in the list of its bugs), beside what happens here.
pub fn bugs(tool: &PathBuf) {
    let world = World::with_bucket();
    let theirs = |words: &[&str]| Ran::of(s3cmd(&world, tool, words).output().unwrap());
    // 2: of two folders the second stays, and nobody says so.
    for side in ["theirs", "ours"] {
        for folder in ["x", "y"] {
            world.put(&format!("{side}/{folder}/k"), b"1");
        }
    }
    theirs(&["del", "-r", "s3://bucket/theirs/x/", "s3://bucket/theirs/y/"]).ok();
    world.run(["del", "-r", "s3://bucket/ours/x/", "s3://bucket/ours/y/"]).ok();
    assert_eq!(world.keys(), ["theirs/y/k"]);
    // 5: a copy goes back to the standard class.
    world.write("f", "1");
    world.run(["put", "--storage-class=STANDARD_IA", "f", "s3://bucket/ia"]).ok();
    theirs(&["cp", "s3://bucket/ia", "s3://bucket/theirs-copy"]).ok();
    world.run(["cp", "s3://bucket/ia", "s3://bucket/our-copy"]).ok();
    world.run(["mv", "s3://bucket/our-copy", "s3://bucket/our-move"]).ok();
    assert_eq!(class_of(&world, "theirs-copy"), "STANDARD");
    assert_eq!(class_of(&world, "our-move"), "STANDARD_IA");
    // 6: where ACLs are off, a copy's ACL can't be put again; ours asks for none.
    world.run(["setownership", "s3://bucket", "BucketOwnerEnforced"]).ok();
    world.run(["cp", "s3://bucket/ia", "s3://bucket/our-two"]).ok();
    world.run(["mv", "s3://bucket/our-two", "s3://bucket/our-three"]).ok();
}
