//! Versions: seen, fetched back, deleted for ever; and whole buckets of them.

use serde_json::json;

use crate::support::World;

fn with_versions() -> World {
    let world = World::with_bucket();
    world.run(["versioning", "set", "s3://bucket", "enable"]).ok();
    for text in ["one", "two", "three"] {
        world.write("k", text);
        world.run(["put", "k", "s3://bucket/k"]).ok();
    }
    world
}

#[test]
fn older_versions_are_listed_read_and_made_new_again() {
    let world = with_versions();
    let all = world.run(["versions", "--json", "s3://bucket/k"]).ok().json();
    assert_eq!(all.len(), 3);
    assert_eq!((&all[0]["isLatest"], &all[1]["isLatest"]), (&json!(true), &json!(false)));
    let oldest = all[2]["versionId"].as_str().unwrap();
    assert_eq!(world.run(["get", "--version-id", oldest, "s3://bucket/k", "-"]).ok().out, "one");
    world.run(["restore-version", "s3://bucket/k", "--version-id", oldest]).ok();
    assert_eq!(world.run(["get", "s3://bucket/k", "-"]).ok().out, "one");
    world.run(["restore-version", "s3://bucket/k", "--version-id", "nobody"]).exits(12);
}

#[test]
fn a_delete_is_undone_and_a_purge_is_not() {
    let world = with_versions();
    world.run(["del", "s3://bucket/k"]).ok();
    world.run(["get", "s3://bucket/k", "-"]).exits(12);
    world.run(["undelete", "s3://bucket/k"]).ok();
    assert_eq!(world.run(["get", "s3://bucket/k", "-"]).ok().out, "three");
    world.run(["purge", "-n", "s3://bucket/k"]).ok().prints("delete:");
    world.run(["purge", "s3://bucket/k"]).ok();
    assert_eq!(world.run(["versions", "--json", "s3://bucket/k"]).ok().json().len(), 1);
    world.run(["purge", "s3://bucket"]).exits(64).says("whole bucket");
}

#[test]
fn a_bucket_goes_with_everything_in_it_only_when_told_so() {
    let world = with_versions();
    world.run(["del", "s3://bucket/k"]).ok();
    world.run(["rb", "s3://bucket"]).exits(13);
    world.run(["rb", "--recursive", "s3://bucket"]).ok().prints("removed");
    world.run(["ls", "s3://bucket"]).exits(12);
}
