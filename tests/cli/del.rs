use crate::support::World;

fn stocked() -> World {
    let world = World::with_bucket();
    for key in ["a", "dir/b", "dir/sub/c", "directory/d"] {
        world.put(key, b"x");
    }
    world
}

#[test]
fn one_and_several() {
    let world = stocked();
    let ran = world.run(["del", "s3://bucket/a"]).ok();
    assert_eq!(ran.out, "delete: 's3://bucket/a'\n");
    world.run(["rm", "s3://bucket/dir/b", "s3://bucket/dir/sub/c"]).ok();
    assert_eq!(world.keys(), ["directory/d"]);
}

#[test]
fn a_folder_is_not_a_part_of_a_name() {
    let world = stocked();
    world.run(["del", "-r", "s3://bucket/dir"]).ok();
    assert_eq!(world.keys(), ["a", "directory/d"]);
}

/// s3cmd deletes the first of several only, and says nothing.
#[test]
fn every_folder_that_is_named() {
    let world = stocked();
    world.run(["del", "-r", "s3://bucket/dir/", "s3://bucket/directory/"]).ok();
    assert_eq!(world.keys(), ["a"]);
}

#[test]
fn a_whole_bucket_needs_force() {
    let world = stocked();
    world.run(["del", "s3://bucket"]).exits(64).says("--recursive");
    world.run(["del", "-r", "s3://bucket"]).exits(64).says("--force");
    world.run(["del", "-r", "s3://bucket/"]).exits(64).says("--force");
    assert_eq!(world.keys().len(), 4);
    world.run(["del", "-r", "-f", "s3://bucket"]).ok();
    assert!(world.keys().is_empty());
}

#[test]
fn a_dry_run_only_says() {
    let world = stocked();
    let ran = world.run(["del", "-n", "-r", "s3://bucket/dir"]).ok();
    assert_eq!(ran.out, "delete: 's3://bucket/dir/b'\ndelete: 's3://bucket/dir/sub/c'\n");
    let rows = world.run(["del", "--json", "-n", "-r", "s3://bucket/dir"]).ok().json();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["dryRun"], true);
    assert_eq!(world.keys().len(), 4);
}

#[test]
fn nothing_goes_if_one_address_is_wrong() {
    let world = stocked();
    world.run(["del", "s3://bucket/a", "nonsense"]).exits(64);
    world.run(["del", "s3://bucket/a", "s3://bucket"]).exits(64);
    world.run(["del", "-r", "s3://bucket/dir", "s3://no-such-bucket/x"]).exits(12);
    assert_eq!(world.keys().len(), 4);
}

#[test]
fn json_has_one_line_a_key() {
    let world = stocked();
    let rows = world.run(["del", "--json", "-r", "s3://bucket/dir"]).ok().json();
    let keys: Vec<_> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["dir/b", "dir/sub/c"]);
    assert!(rows.iter().all(|row| row["type"] == "delete" && row["bucket"] == "bucket"));
}

#[test]
fn more_than_one_request_holds() {
    let world = World::with(&["--seed-keys", "2300"]);
    let ran = world.run(["del", "-r", "-f", "s3://seed"]).ok();
    assert_eq!(ran.out.lines().count(), 2300);
    assert_eq!(world.run(["ls", "-r", "s3://seed"]).ok().out, "");
    world.run(["rb", "s3://seed"]).ok();
}

#[test]
fn an_object_that_is_not_there_is_no_error_as_in_s3() {
    let world = stocked();
    world.run(["del", "s3://bucket/missing"]).ok();
    world.run(["del", "-r", "s3://bucket/missing"]).ok().says("nothing to delete");
    world.run(["del", "s3://no-such-bucket/missing"]).exits(12).says("NoSuchBucket");
}
