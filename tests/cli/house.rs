//! What holds for every verb.

use crate::support::{World, masked};

#[test]
fn the_help() {
    let world = World::new();
    let ran = world.run(["--help"]).ok();
    insta::assert_snapshot!(masked(&ran.out));
    assert_eq!(world.run(["-h"]).ok().err, "");
}

#[test]
fn the_version() {
    let world = World::new();
    world.run(["--version"]).ok().prints(concat!("dipper ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn words_it_does_not_know() {
    let world = World::new();
    world.run(["nonsense"]).exits(64).says("nonsense");
    world.run(["lss"]).exits(64).says("ls");
    world.run(["ls", "--nonsense"]).exits(64).says("--nonsense");
    let none: [&str; 0] = [];
    world.run(none).exits(64).says("Usage");
}

/// The secret may be in no argument list either: the process that runs longest is looked at.
#[cfg(target_os = "linux")]
#[test]
fn no_argument_list_has_the_secret() {
    use std::process::Stdio;
    let world = World::with_bucket();
    let mut child = world
        .command(["put", "-", "s3://bucket/slow"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let list = format!("/proc/{}/cmdline", child.id());
    let mut shown = Vec::new();
    while shown.is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "it ended early");
        shown = std::fs::read(&list).unwrap();
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let shown = String::from_utf8_lossy(&shown).replace('\0', " ");
    assert!(shown.contains("s3://bucket/slow"), "{shown}");
    assert!(!shown.contains(&world.server.secret_key));
}

#[test]
fn the_data_folder_keeps_no_secret_of_a_connection_for_this_run() {
    fn search(folder: &std::path::Path, secret: &[u8]) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                search(&entry.path(), secret);
                continue;
            }
            let bytes = std::fs::read(entry.path()).unwrap();
            let found = bytes.windows(secret.len()).any(|part| part == secret);
            assert!(!found, "the secret is in {}", entry.path().display());
        }
    }
    let world = World::with_bucket();
    world.put("a", b"x");
    world.run(["get", "s3://bucket/missing"]).exits(12);
    search(&world.data(), world.server.secret_key.as_bytes());
}

#[test]
fn a_data_folder_that_cannot_be() {
    let world = World::new();
    let file = world.write("file", "x");
    let mut command = world.command(["ls"]);
    command.env("DIPPER_HOME", file.join("below"));
    let ran = world.finish(command).exits(74);
    assert!(ran.err.contains("file"), "{}", ran.err);
}
