use crate::support::World;

fn stocked() -> World {
    let world = World::with_bucket();
    for (key, size) in
        [("a.log", 1), ("dir/B.LOG", 2000), ("dir/b.log", 3000), ("dir/c.txt", 10), ("z/y.gz", 0)]
    {
        world.put(key, &vec![b'x'; size]);
    }
    world
}

fn found(world: &World, words: &[&str]) -> Vec<String> {
    let mut all = vec!["find", "s3://bucket"];
    all.extend(words);
    let out = world.run(all).ok().out;
    out.lines().map(|line| line.strip_prefix("s3://bucket/").unwrap().to_owned()).collect()
}

#[test]
fn by_name_and_path() {
    let world = stocked();
    let of = |words: &[&str]| found(&world, words);
    assert_eq!(of(&[]).len(), 5);
    assert_eq!(of(&["--name", "*.log"]), ["a.log", "dir/b.log"]);
    assert_eq!(of(&["--iname", "*.log"]), ["a.log", "dir/B.LOG", "dir/b.log"]);
    assert_eq!(of(&["--name", "a*", "--name", "c*"]), ["a.log", "dir/c.txt"]);
    assert_eq!(of(&["--path", "*/*.log"]), ["dir/b.log"]);
    assert_eq!(of(&["--regex", "^dir/[bc]"]), ["dir/b.log", "dir/c.txt"]);
    world.run(["find", "--regex", "(", "s3://bucket"]).exits(64).says("regular expression");
    let below = world.run(["find", "s3://bucket/dir/", "--name", "*.txt"]).ok().out;
    assert_eq!(below, "s3://bucket/dir/c.txt\n");
    let pattern = world.run(["find", "s3://bucket/[dz]*/*"]).ok().out;
    assert_eq!(pattern.lines().count(), 4);
}

#[test]
fn by_size_age_and_class() {
    let world = stocked();
    let of = |words: &[&str]| found(&world, words);
    assert_eq!(of(&["--min-size", "2k"]), ["dir/b.log"]);
    assert_eq!(of(&["--max-size", "1"]), ["a.log", "z/y.gz"]);
    assert_eq!(of(&["--size", "0"]), ["z/y.gz"]);
    assert_eq!(of(&["--min-size", "2", "--max-size", "2000"]), ["dir/B.LOG", "dir/c.txt"]);
    assert_eq!(of(&["--older-than", "1h"]), [""; 0]);
    assert_eq!(of(&["--newer-than", "1h"]).len(), 5);
    assert_eq!(of(&["--min-age", "0s", "--max-age", "2w"]).len(), 5);
    assert_eq!(of(&["--class", "standard"]).len(), 5);
    assert_eq!(of(&["--class", "GLACIER"]), [""; 0]);
    assert_eq!(of(&["--limit", "2"]).len(), 2);
    world.run(["find", "--min-size", "much", "s3://bucket"]).exits(64).says("no size");
    world.run(["find", "--max-age", "old", "s3://bucket"]).exits(64).says("span");
}

#[test]
fn by_tags() {
    let world = stocked();
    for n in 0..40 {
        world.put(&format!("many/{n:02}"), b"x");
    }
    for key in ["a.log", "dir/c.txt", "many/33"] {
        world.run(["tags", "set", &format!("s3://bucket/{key}"), "team=x", "kind=y"]).ok();
    }
    let of = |words: &[&str]| found(&world, words);
    assert_eq!(of(&["--tag", "team=x"]), ["a.log", "dir/c.txt", "many/33"]);
    assert_eq!(of(&["--tag", "team=x", "--tag", "kind=y", "--limit", "1"]), ["a.log"]);
    assert_eq!(of(&["--tag", "team=z"]), [""; 0]);
}

#[test]
fn told_for_programs() {
    let world = stocked();
    let rows = world.run(["find", "--json", "--name", "a.log", "s3://bucket"]).ok().json();
    assert_eq!((&rows[0]["type"], &rows[0]["key"]), (&"object".into(), &"a.log".into()));
    assert_eq!(rows[0]["size"], 1);
    let ran = world.run(["find", "--print0", "--name", "*.log", "s3://bucket"]).ok();
    assert_eq!(ran.raw, b"s3://bucket/a.log\0s3://bucket/dir/b.log\0");
    world.run(["find", "s3://no-such-bucket"]).exits(12);
}

#[cfg(unix)]
#[test]
fn commands_run_without_a_shell() {
    let world = stocked();
    let ran = world.run(["find", "s3://bucket", "--name", "*.log", "--exec", "echo <{}> $HOME"]);
    assert_eq!(ran.ok().out, "<s3://bucket/a.log> $HOME\n<s3://bucket/dir/b.log> $HOME\n");
    let ran = world.run(["find", "s3://bucket", "--name", "*.log", "--exec", "echo {} +"]);
    assert_eq!(ran.ok().out, "s3://bucket/a.log s3://bucket/dir/b.log\n");
    let ran = world.run(["find", "s3://bucket", "--name", "*.log", "--exec", "false"]);
    ran.exits(2).says("exit status: 1");
    world.run(["find", "s3://bucket", "--exec", "no-such-program"]).exits(74);
    let ran = world.run(["find", "-n", "s3://bucket", "--name", "a.log", "--exec", "rm '{} x'"]);
    assert_eq!(ran.ok().out, "rm 's3://bucket/a.log x'\n");
}

#[test]
fn what_is_found_is_deleted_in_one_job() {
    let world = stocked();
    let ran = world.run(["find", "s3://bucket", "--iname", "*.log", "--delete", "-n"]).ok();
    assert_eq!(ran.out.lines().count(), 3);
    assert_eq!(world.keys().len(), 5);
    let ran = world.run(["find", "s3://bucket", "--iname", "*.log", "--delete"]).ok();
    assert_eq!(ran.out.lines().count(), 3);
    assert!(ran.err.contains("3 objects"), "{}", ran.err);
    assert_eq!(world.keys(), ["dir/c.txt", "z/y.gz"]);
    let jobs = world.run(["jobs", "ls", "--json"]).ok().json();
    assert!(jobs.iter().any(|job| job["kind"] == "delete" && job["filesTotal"] == 3));
    // Nothing is no job that waits.
    world.run(["find", "s3://bucket", "--name", "none", "--delete"]).ok();
    world.run(["find", "s3://bucket", "--delete", "--limit", "1"]).ok();
    assert_eq!(world.keys(), ["z/y.gz"]);
}
