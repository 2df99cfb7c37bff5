use crate::support::{World, noise};

fn world() -> World {
    let world = World::with_bucket();
    let lines: String = (1..=30_000).map(|n| format!("line {n}\n")).collect();
    world.put("log", lines.as_bytes());
    world.put("no-end", b"one\ntwo\nthree");
    world.put("empty", b"");
    world.put("bytes", &noise(3 << 20, 7));
    world
}

#[test]
fn whole_objects_one_after_the_other() {
    let world = world();
    let ran = world.run(["cat", "s3://bucket/no-end", "s3://bucket/empty", "s3://bucket/no-end"]);
    assert_eq!(ran.ok().out, "one\ntwo\nthreeone\ntwo\nthree");
    world.run(["cat", "s3://bucket/missing"]).exits(12);
    world.run(["cat", "s3://bucket"]).exits(64);
}

#[test]
fn the_first_of_it() {
    let world = world();
    let of = |words: &[&str]| world.run(words).ok().out;
    assert_eq!(of(&["head", "-n", "2", "s3://bucket/log"]), "line 1\nline 2\n");
    assert_eq!(of(&["head", "s3://bucket/log"]).lines().count(), 10);
    assert_eq!(of(&["head", "-n", "9", "s3://bucket/no-end"]), "one\ntwo\nthree");
    assert_eq!(of(&["head", "-n", "0", "s3://bucket/log"]), "");
    assert_eq!(of(&["head", "--bytes", "6", "s3://bucket/log"]), "line 1");
    assert_eq!(of(&["head", "--bytes", "99", "s3://bucket/no-end"]), "one\ntwo\nthree");
    assert_eq!(of(&["head", "s3://bucket/empty"]), "");
    world.run(["head", "s3://bucket/missing"]).exits(12);
}

#[test]
fn the_last_of_it() {
    let world = world();
    let of = |words: &[&str]| world.run(words).ok().out;
    assert_eq!(of(&["tail", "-n", "2", "s3://bucket/log"]), "line 29999\nline 30000\n");
    let many = of(&["tail", "-n", "20000", "s3://bucket/log"]);
    assert!(many.starts_with("line 10001\n") && many.ends_with("line 30000\n"));
    assert_eq!(of(&["tail", "-n", "1", "s3://bucket/no-end"]), "three");
    assert_eq!(of(&["tail", "-n", "2", "s3://bucket/no-end"]), "two\nthree");
    assert_eq!(of(&["tail", "-n", "99", "s3://bucket/no-end"]), "one\ntwo\nthree");
    assert_eq!(of(&["tail", "-n", "0", "s3://bucket/log"]), "");
    assert_eq!(of(&["tail", "--bytes", "4", "s3://bucket/no-end"]), "hree");
    assert_eq!(of(&["tail", "s3://bucket/empty"]), "");
}
