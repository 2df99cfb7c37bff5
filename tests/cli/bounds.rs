//! `--min-size`, `--max-size`, `--min-age` and `--max-age` of put, get, del, cp and mv.

use std::time::{Duration, SystemTime};

use crate::support::World;

fn world() -> World {
    let world = World::with_bucket();
    for (key, size) in [("d/small", 10), ("d/middle", 3000), ("d/large", 9000), ("other", 3000)] {
        world.put(key, &vec![b'x'; size]);
    }
    world
}

fn aged(world: &World, name: &str, size: usize, days: u64) {
    let path = world.write(name, vec![b'x'; size]);
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(days * 86_400)).unwrap();
}

#[test]
fn up_goes_what_is_so_large_and_so_old() {
    for (options, keys) in [
        (&["--min-size", "1k"][..], &["d/new", "d/old"][..]),
        (&["--max-size", "1k"], &["d/tiny"]),
        (&["--min-age", "7d"], &["d/old"]),
        (&["--max-age", "7d", "--min-size", "2"], &["d/new"]),
        (&["--max-age", "7d", "--exclude", "*new"], &["d/tiny"]),
        (&["--min-size", "1g"], &[]),
    ] {
        let world = World::with_bucket();
        aged(&world, "d/old", 5000, 30);
        aged(&world, "d/new", 5000, 1);
        aged(&world, "d/tiny", 1, 1);
        world.write("list", "old\nnew\ntiny\n");
        let put = |words: &[&str]| world.run(["put"].iter().chain(words).chain(options)).ok();
        let planned = put(&["-n", "-r", "d", "s3://bucket"]).out;
        assert_eq!(planned.lines().count(), keys.len(), "{options:?}: {planned}");
        assert!(world.keys().is_empty());
        put(&["-r", "d", "s3://bucket"]);
        assert_eq!(world.keys(), keys, "{options:?}");
        world.run(["del", "-r", "s3://bucket/d"]).ok();
        put(&["-r", "--files-from", "list", "d", "s3://bucket/"]);
        assert_eq!(world.keys(), keys, "{options:?} by a list");
        world.run(["del", "-r", "s3://bucket/d"]).ok();
        // A file that is named has its size and age, too.
        put(&["d/old", "s3://bucket/named"]);
        let named: &[&str] = if keys.contains(&"d/old") { &["named"] } else { &[] };
        let excluded = options.contains(&"--exclude") && named.is_empty();
        assert!(excluded || world.keys() == named, "{options:?}");
    }
    let world = World::with_bucket();
    world.run_with_input(["put", "--min-size", "1", "-", "s3://bucket/k"], b"x").exits(64);
    world.write("f", "x");
    world.run(["put", "--min-size", "much", "f", "s3://bucket"]).exits(64).says("no size");
    world.run(["put", "--max-age", "soon", "f", "s3://bucket"]).exits(64).says("span");
}

#[test]
fn down_comes_what_is_so_large() {
    let world = world();
    let files = |folder: &str| -> Vec<String> {
        let Ok(all) = std::fs::read_dir(world.path(folder)) else { return Vec::new() };
        let mut all: Vec<String> =
            all.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        all.sort();
        all
    };
    world.run(["get", "-r", "--min-size", "1k", "s3://bucket/d/", "a/"]).ok();
    assert_eq!(files("a"), ["large", "middle"]);
    world.run(["get", "--max-size", "5k", "s3://bucket/d/*", "b/"]).ok();
    assert_eq!(files("b"), ["middle", "small"]);
    world.run(["get", "--max-size", "5k", "s3://bucket/d/large", "c/"]).ok();
    world.run(["get", "-r", "--min-age", "1h", "s3://bucket/d/", "c/"]).ok();
    world.run(["get", "--min-age", "1h", "s3://bucket/d/*", "c/"]).ok();
    assert!(files("c").is_empty());
    world.run(["get", "--max-age", "1h", "s3://bucket/other", "c/"]).ok();
    assert_eq!(files("c"), ["other"]);
    let planned = world.run(["get", "-n", "-r", "--min-size", "5k", "s3://bucket/d/", "e/"]).ok();
    assert_eq!(planned.out.lines().count(), 1, "{}", planned.out);
    world.run(["get", "-r", "--min-size", "5k", "s3://bucket/none/", "e/"]).ok();
}

/// What is younger or smaller is never deleted, however it was named.
#[test]
fn only_what_is_so_old_and_large_is_deleted() {
    let world = world();
    let all = ["d/large", "d/middle", "d/small", "other"];
    for words in [
        &["-r", "s3://bucket/d/"][..],
        &["s3://bucket/d/*"],
        &["s3://bucket/other"],
        &["-r", "--force", "s3://bucket"],
        &["--max-delete=9", "-r", "s3://bucket/d/"],
    ] {
        world.run(["del", "--min-age", "1h"].iter().chain(words)).ok();
        assert_eq!(world.keys(), all, "{words:?}");
        let told = world.run(["del", "-n", "--min-age", "1h"].iter().chain(words)).ok();
        assert_eq!(told.out, "", "{words:?}");
    }
    world.run(["del", "--max-size", "1k", "s3://bucket/other"]).ok();
    world.run(["del", "--min-size", "1", "--version-id", "v", "s3://bucket/other"]).exits(64);
    world.run(["del", "--min-size", "1", "s3://bucket/missing"]).exits(12);
    let told = world.run(["del", "-n", "-r", "--max-size", "1k", "s3://bucket/d"]).ok();
    assert_eq!(told.out, "delete: 's3://bucket/d/small'\n");
    world.run(["del", "-r", "--max-size", "1k", "s3://bucket/d"]).ok();
    assert_eq!(world.keys(), ["d/large", "d/middle", "other"]);
    world.run(["del", "--min-size", "5k", "s3://bucket/d/*", "s3://bucket/other"]).ok();
    assert_eq!(world.keys(), ["d/middle", "other"]);
    world.run(["del", "--max-delete=0", "--min-size", "1k", "s3://bucket/other"]).ok();
    assert_eq!(world.keys(), ["d/middle", "other"]);
    world.run(["del", "--max-age", "1h", "--min-size", "1k", "s3://bucket/other"]).ok();
    assert_eq!(world.keys(), ["d/middle"]);
}

#[test]
fn a_single_object_is_moved_only_if_it_is_so_large() {
    let world = world();
    world.run(["mv", "--min-size", "1m", "s3://bucket/other", "s3://bucket/moved"]).ok();
    world.run(["cp", "--min-age", "1h", "s3://bucket/other", "s3://bucket/copied"]).ok();
    assert_eq!(world.keys(), ["d/large", "d/middle", "d/small", "other"]);
    world.run(["mv", "--min-size", "1k", "s3://bucket/other", "s3://bucket/moved"]).ok();
    assert_eq!(world.keys(), ["d/large", "d/middle", "d/small", "moved"]);
}
