//! `undo`, and reading a bucket as it was (`--at`).

use std::time::Duration;

use crate::support::World;

/// Times of versions are whole seconds at some servers.
fn later() {
    std::thread::sleep(Duration::from_millis(1100));
}

fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    dipper_types::Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap()).rfc3339()
}

/// `kept`, `changed`, `deleted` and `dir/deep` at a moment; then changed, deleted, and one more.
fn with_history() -> (World, String) {
    let world = World::with_bucket();
    world.run(["versioning", "set", "s3://bucket", "enable"]).ok();
    for key in ["kept", "changed", "deleted", "dir/deep"] {
        world.put(key, b"old");
    }
    later();
    let then = now();
    later();
    world.put("changed", b"newer");
    world.put("dir/new", b"new");
    world.run(["del", "s3://bucket/deleted", "s3://bucket/dir/deep"]).ok();
    (world, then)
}

#[test]
fn a_bucket_is_read_as_it_was() {
    let (world, then) = with_history();
    let at = |words: &[&str]| {
        let mut all = words.to_vec();
        all.extend(["--at", then.as_str()]);
        world.run(all)
    };
    let listed = |words: &[&str]| -> Vec<String> {
        let rows = at(words).ok().json();
        let name = |row: &serde_json::Value| {
            row["key"].as_str().or(row["prefix"].as_str()).map(str::to_owned)
        };
        rows.iter().map(|row| name(row).unwrap()).collect()
    };
    assert_eq!(listed(&["ls", "--json", "s3://bucket"]), ["changed", "deleted", "dir/", "kept"]);
    assert_eq!(
        listed(&["ls", "-r", "--json", "s3://bucket"]),
        ["changed", "deleted", "dir/deep", "kept"]
    );
    assert_eq!(listed(&["ls", "--json", "s3://bucket/?e*"]), ["deleted", "kept"]);
    assert_eq!(at(&["du", "--json", "s3://bucket"]).ok().json()[0]["bytes"], 12);
    assert_eq!(at(&["cat", "s3://bucket/changed", "s3://bucket/deleted"]).ok().out, "oldold");
    assert_eq!(at(&["head", "--bytes", "2", "s3://bucket/deleted"]).ok().out, "ol");
    assert_eq!(at(&["tail", "--bytes", "1", "s3://bucket/deleted"]).ok().out, "d");
    assert_eq!(at(&["info", "--json", "s3://bucket/changed"]).ok().json()[0]["size"], 3);
    at(&["get", "s3://bucket/changed", "one"]).ok();
    assert_eq!(world.read("one"), b"old");
    at(&["get", "-r", "s3://bucket", "tree"]).ok();
    assert_eq!(world.read("tree/dir/deep"), b"old");
    assert!(!world.path("tree/dir/new").exists());
    at(&["cat", "s3://bucket/dir/new"]).exits(12).says("there was no object");
    world.run(["cat", "--at", "yesterday", "s3://bucket/kept"]).exits(64);
    world.run(["cat", "--at", "1h", "s3://bucket/kept"]).exits(12);
}

#[test]
fn a_bucket_goes_back() {
    let (world, then) = with_history();
    let words = ["undo", "-r", "-f", "s3://bucket", "--to", then.as_str()];
    let ran = world.run([&words[..], &["-n"]].concat()).ok();
    assert_eq!(ran.out.lines().count(), 4, "{}", ran.out);
    assert_eq!(world.keys(), ["changed", "dir/new", "kept"]);
    let ran = world.run(words).ok();
    assert!(ran.out.contains("undelete: 's3://bucket/deleted'"), "{}", ran.out);
    assert!(ran.out.contains("restore: 's3://bucket/changed' from version"), "{}", ran.out);
    assert!(ran.out.contains("delete: 's3://bucket/dir/new'"), "{}", ran.out);
    assert_eq!(world.keys(), ["changed", "deleted", "dir/deep", "kept"]);
    assert_eq!(world.bytes("changed"), b"old");
    world.run(words).ok().says("as it was");
}

#[test]
fn one_step_back() {
    let (world, _) = with_history();
    world.run(["undo", "--last", "s3://bucket/deleted"]).ok();
    assert_eq!(world.bytes("deleted"), b"old");
    let rows = world.run(["undo", "--json", "--last", "s3://bucket/changed"]).ok().json();
    assert_eq!(rows[0]["type"], "restoreVersion");
    assert_eq!(world.bytes("changed"), b"old");
    world.run(["undo", "--last", "s3://bucket/dir/new"]).ok();
    assert!(!world.keys().contains(&"dir/new".to_owned()));
    world.run(["undo", "--last", "-r", "s3://bucket/dir"]).exits(64).says("--force");
}

#[test]
fn what_can_not_be_undone() {
    let world = World::with_bucket();
    world.put("a", b"x");
    world.run(["undo", "--last", "s3://bucket/a"]).exits(64).says("keeps no versions");
    world.run(["undo", "-r", "--to", "1h", "s3://bucket"]).exits(64).says("whole bucket");
    world.run(["undo", "s3://bucket/a"]).exits(64);
    world.run(["versioning", "set", "s3://bucket", "enable"]).ok();
    world.run(["undo", "--last", "s3://bucket/nothing"]).exits(12);
    world.run(["undo", "--to", "2999-01-01", "s3://bucket/a"]).exits(64).says("not over");
    assert_eq!(world.keys(), ["a"]);
}
