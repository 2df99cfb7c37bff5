//! `*`, `?`, `[..]` and `**` in addresses.

use crate::support::World;

const KEYS: &[&str] = &[
    "a.txt",
    "a/x1.csv",
    "a/y/z/x2.csv",
    "a1/b/x3.csv",
    "a1/b/x33.csv",
    "b.txt",
    "b/x4.csv",
    "c[1].txt",
];

fn stocked() -> World {
    let world = World::with_bucket();
    for key in KEYS {
        world.put(key, key.as_bytes());
    }
    world
}

fn listed(world: &World, words: &[&str]) -> Vec<String> {
    let mut all = vec!["ls", "--json"];
    all.extend(words);
    let rows = world.run(all).ok().json();
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().map(str::to_owned);
    rows.iter().map(|row| text(row, "key").or(text(row, "prefix")).unwrap()).collect()
}

#[test]
fn stars_stop_at_slashes_and_two_do_not() {
    let world = stocked();
    let of = |pattern: &str| listed(&world, &[&format!("s3://bucket/{pattern}")]);
    assert_eq!(of("a*/**/x?.csv"), ["a/x1.csv", "a/y/z/x2.csv", "a1/b/x3.csv"]);
    assert_eq!(of("?.txt"), ["a.txt", "b.txt"]);
    assert_eq!(of("[bc]*.txt"), ["b.txt", "c[1].txt"]);
    assert_eq!(of("**.csv").len(), 5);
    assert_eq!(of("*/x*"), ["a/x1.csv", "b/x4.csv"]);
    assert_eq!(of("nothing*"), [""; 0]);
    // As s3cmd has it: folders that begin so, too.
    assert_eq!(of("a*"), ["a/", "a1/", "a.txt"]);
    assert_eq!(listed(&world, &["-r", "s3://bucket/a*"]).len(), 5);
    assert_eq!(listed(&world, &["-r", "s3://bucket/*1"]), ["a1/b/x3.csv", "a1/b/x33.csv"]);
    assert_eq!(of("*1"), ["a1/"]);
}

#[test]
fn du_adds_up_what_matches() {
    let world = stocked();
    let of = |uri: &str| world.run(["du", "--json", uri]).ok().json()[0]["objects"].as_u64();
    assert_eq!(of("s3://bucket/a?"), Some(2));
    assert_eq!(of("s3://bucket/**.csv"), Some(5));
    assert_eq!(of("s3://bucket/a*"), Some(5));
}

#[test]
fn a_name_that_is_really_so_is_meant_itself() {
    let world = stocked();
    world.put("a?txt", b"a question");
    world.run(["del", "s3://bucket/a?txt"]).ok().prints("delete: 's3://bucket/a?txt'");
    assert_eq!(world.keys().len(), KEYS.len());
    // Brackets alone are part of a name.
    world.run(["del", "s3://bucket/c[1].txt", "s3://bucket/[ab].txt"]).ok();
    assert_eq!(world.keys().len(), KEYS.len() - 1);
    world.run(["del", "--raw", "s3://bucket/?.txt"]).ok();
    assert_eq!(world.keys().len(), KEYS.len() - 1);
    world.run(["get", "--literal", "s3://bucket/?.txt", "-"]).exits(12);
    // A folder as well.
    world.put("w*/in", b"1");
    world.put("wide/in", b"1");
    world.run(["del", "-r", "s3://bucket/w*"]).ok();
    assert!(world.keys().contains(&"wide/in".to_owned()));
}

#[test]
fn what_matches_is_deleted_once() {
    let world = stocked();
    let ran = world.run(["del", "-n", "s3://bucket/*/x*", "s3://bucket/a/x1.csv"]).ok();
    assert_eq!(ran.out.lines().count(), 2);
    assert_eq!(world.keys().len(), KEYS.len());
    let ran = world.run(["del", "s3://bucket/**.csv", "s3://bucket/a/*"]).ok();
    assert_eq!(ran.out.lines().count(), 5);
    assert_eq!(world.keys(), ["a.txt", "b.txt", "c[1].txt"]);
    world.run(["del", "s3://bucket/**.csv"]).ok().says("nothing to delete");
    world.run(["del", "s3://buck*/a.txt"]).exits(64);
}

#[test]
fn downloads_keep_the_path_below_the_pattern() {
    let world = stocked();
    world.run(["get", "s3://bucket/a*/**/x?.csv", "into"]).ok();
    assert_eq!(world.read("into/a/y/z/x2.csv"), b"a/y/z/x2.csv");
    assert_eq!(world.read("into/a1/b/x3.csv"), b"a1/b/x3.csv");
    world.run(["get", "s3://bucket/a1/b/x*", "flat"]).ok();
    assert_eq!(world.read("flat/x33.csv"), b"a1/b/x33.csv");
    let ran = world.run(["get", "s3://bucket/?.txt", "-"]).ok();
    assert_eq!(ran.out, "a.txtb.txt");
    let ran = world.run(["get", "--range", "0-2", "s3://bucket/?.txt"]).ok();
    assert_eq!(ran.out, "a.tb.t");
    world.run(["get", "s3://bucket/nothing*", "into"]).exits(12).says("no object matches");
    world.run(["get", "-r", "s3://bucket/?1", "tree"]).ok();
    assert_eq!(world.read("tree/a1/b/x3.csv"), b"a1/b/x3.csv");
}

#[test]
fn other_verbs_take_them_too() {
    let world = stocked();
    assert_eq!(world.run(["cat", "s3://bucket/?.txt"]).ok().out, "a.txtb.txt");
    assert_eq!(world.run(["head", "--bytes", "1", "s3://bucket/?.txt"]).ok().out, "ab");
    assert_eq!(world.run(["info", "--json", "s3://bucket/*/x*"]).ok().json().len(), 2);
    world.run(["cat", "s3://bucket/nothing*"]).exits(12);
    world.run(["cp", "s3://bucket/a*/**/x?.csv", "s3://bucket/copy/"]).ok();
    assert_eq!(world.bytes("copy/a1/b/x3.csv"), b"a1/b/x3.csv");
    world.run(["mv", "s3://bucket/copy/**", "s3://bucket/moved"]).ok();
    assert_eq!(listed(&world, &["-r", "s3://bucket/copy/"]), [""; 0]);
    assert_eq!(listed(&world, &["-r", "s3://bucket/moved/"]).len(), 3);
    world.run(["modify", "--mime-type", "text/x", "s3://bucket/?.txt"]).ok();
    let told = world.run(["info", "--json", "s3://bucket/b.txt"]).ok().json();
    assert_eq!(told[0]["contentType"], "text/x");
    world.run(["setacl", "-P", "s3://bucket/?.txt"]).ok().prints("[2 of 2]");
    assert_eq!(world.anonymous("/bucket/a.txt"), 200);
    world.run(["setacl", "--acl-revoke", "read:anon", "s3://bucket/?.txt"]).ok();
    assert_eq!(world.anonymous("/bucket/a.txt"), 403);
}

#[test]
fn more_than_a_page_holds() {
    let world = World::with(&["--seed-keys", "2300"]);
    let all = world.run(["ls", "-r", "s3://seed"]).ok().out.lines().count();
    assert_eq!(world.run(["ls", "s3://seed/**"]).ok().out.lines().count(), all);
    let ran = world.run(["del", "s3://seed/**"]).ok();
    assert_eq!(ran.out.lines().count(), 2300);
    world.run(["rb", "s3://seed"]).ok();
}
