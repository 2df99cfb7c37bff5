use crate::support::{World, masked};

fn stocked() -> World {
    let world = World::with_bucket();
    for (key, text) in
        [("a.txt", "12345"), ("dir/b.txt", ""), ("dir/deep/c.txt", "x"), ("ü mlaut.txt", "ü")]
    {
        world.put(key, text.as_bytes());
    }
    world
}

#[test]
fn buckets_as_s3cmd_prints_them() {
    let world = World::with_bucket();
    world.run(["mb", "s3://another"]).ok();
    let out = world.run(["ls"]).ok().out;
    assert_eq!(masked(&out), "[time]  s3://another\n[time]  s3://bucket\n");
    assert_eq!(world.run(["ls", "s3://"]).ok().out, out);
}

#[test]
fn folders_first_then_objects() {
    let world = stocked();
    insta::assert_snapshot!(masked(&world.run(["ls", "s3://bucket"]).ok().out));
}

#[test]
fn recursive_has_no_folders() {
    let world = stocked();
    insta::assert_snapshot!(masked(&world.run(["ls", "-r", "s3://bucket"]).ok().out));
}

#[test]
fn long_has_etag_and_class() {
    let world = stocked();
    insta::assert_snapshot!(masked(&world.run(["ls", "-l", "-H", "s3://bucket/a.txt"]).ok().out));
}

#[test]
fn a_prefix_is_a_part_of_a_name_and_a_star_at_its_end_says_nothing() {
    let world = stocked();
    let below = world.run(["ls", "s3://bucket/dir/"]).ok().out;
    assert!(
        below.contains("s3://bucket/dir/b.txt") && below.contains("DIR  s3://bucket/dir/deep/")
    );
    for uri in ["s3://bucket/di", "s3://bucket/di*"] {
        let out = world.run(["ls", uri]).ok().out;
        assert_eq!(out.trim(), "DIR  s3://bucket/dir/");
    }
    assert_eq!(world.run(["ls", "s3://bucket/nothing"]).ok().out, "");
}

#[test]
fn json_has_one_object_a_line() {
    let world = stocked();
    let rows = world.run(["ls", "--json", "s3://bucket"]).ok().json();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0]["type"], "folder");
    assert_eq!(rows[0]["prefix"], "dir/");
    assert_eq!(rows[1]["type"], "object");
    assert_eq!(rows[1]["key"], "a.txt");
    assert_eq!(rows[1]["size"], 5);
    assert_eq!(rows[1]["etag"], "827ccb0eea8a706c4c34a16891f84e7b");
    assert!(rows[1]["modified"].as_str().unwrap().ends_with('Z'));
    assert_eq!(rows[2]["key"], "ü mlaut.txt");
    let buckets = world.run(["ls", "--json"]).ok().json();
    assert_eq!(buckets[0]["type"], "bucket");
    assert_eq!(buckets[0]["name"], "bucket");
}

#[test]
fn a_limit_says_that_there_is_more() {
    let world = stocked();
    let ran = world.run(["ls", "-r", "--limit", "2", "s3://bucket"]).ok().says("there is more");
    assert_eq!(ran.out.lines().count(), 2);
    let all = world.run(["ls", "-r", "--limit", "4", "s3://bucket"]).ok();
    assert_eq!((all.out.lines().count(), all.err.as_str()), (4, ""));
}

#[test]
fn more_than_a_page() {
    let world = World::with(&["--seed-keys", "2500"]);
    let rows = world.run(["ls", "-r", "--json", "s3://seed"]).ok().json();
    assert_eq!(rows.len(), 2500);
    let mut keys: Vec<&str> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
    keys.dedup();
    assert_eq!(keys.len(), 2500);
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let world = World::with(&["--seed-keys", "3000"]);
    for words in [vec!["ls", "-r", "s3://seed"], vec!["ls", "-r", "--json", "s3://seed"]] {
        let mut child =
            world.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
        assert!(ended.status.success());
    }
}

#[test]
fn a_bucket_that_is_not_there() {
    let world = World::new();
    world
        .run(["ls", "s3://no-such-bucket"])
        .exits(12)
        .says("there is no bucket")
        .says("NoSuchBucket");
    let errors = world.run(["--json", "ls", "s3://no-such-bucket"]).exits(12).json_errors();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["code"], "bucket_not_found");
    assert_eq!(errors[0]["s3"]["bucket"], "no-such-bucket");
}
