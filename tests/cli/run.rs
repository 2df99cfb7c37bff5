//! Many commands in one process.

use crate::support::World;

#[test]
fn a_line_is_a_command() {
    let world = World::new();
    world.write("my photos/a b", "photo");
    let lines = "# first the bucket\nmb s3://bucket\n\nput -r 'my photos' s3://bucket/ # all\n\
                 ls s3://bucket/\n";
    world.write("commands", lines);
    let ran = world.run(["run", "--jobs", "1", "commands"]).ok();
    assert!(ran.out.contains("created") && ran.out.contains("DIR"), "{}", ran.out);
    assert_eq!(world.bytes("my photos/a b"), b"photo");
    let ran = world.run_with_input(["run"], b"cat 's3://bucket/my photos/a b'\n");
    assert_eq!(ran.ok().out, "photo");
}

#[test]
fn many_at_once() {
    let world = World::with_bucket();
    let lines: String = (0..60).map(|n| format!("put f s3://bucket/{n}\n")).collect();
    world.write("f", "x");
    let ran = world.run_with_input(["run", "--jobs", "16", "-"], lines.as_bytes()).ok();
    assert_eq!(ran.out.lines().count(), 60);
    assert_eq!(world.keys().len(), 60);
}

#[test]
fn what_fails_is_told_by_its_line() {
    let world = World::with_bucket();
    world.put("a", b"1");
    let lines =
        "cat s3://bucket/missing\nnonsense\nrun x\n\"open\nls --no-such\ncat s3://bucket/a\n";
    let ran = world.run_with_input(["run", "-"], lines.as_bytes()).exits(2);
    assert_eq!(ran.out, "1");
    for words in
        ["line 1 (cat): ", "line 2: ", "line 3: ", "line 4: ", "line 5: ", "5 of 6 commands failed"]
    {
        assert!(ran.err.contains(words), "no '{words}' in {}", ran.err);
    }
    let ran = world.run_with_input(["run", "-j1", "--stop-on-error"], lines.as_bytes()).exits(2);
    assert_eq!(ran.out, "");
    let ran = world.run_with_input(["run", "--json"], b"cat s3://bucket/missing\n").exits(2);
    let errors: Vec<&str> = ran.err.lines().filter(|line| line.starts_with('{')).collect();
    assert!(errors[0].contains("line 1 (cat)"), "{errors:?}");
    world.run(["run", "no-such-file"]).exits(64);
}

#[test]
fn the_connection_is_the_outer_one_s() {
    let world = World::with_bucket();
    let server = &world.server;
    std::fs::rename(world.home().join(".s3cfg"), world.home().join("cfg")).unwrap();
    let other = world.s3cfg("other", server.host(), &server.alt_access_key, &server.alt_secret_key);
    let cfg = world.home().join("cfg");
    let lines =
        format!("put - s3://bucket/x\nls s3://bucket\n-c '{}' ls s3://bucket\n", other.display());
    world.write("commands", lines);
    let ran = world.run(["-c", cfg.to_str().unwrap(), "run", "-j", "1", "commands"]).exits(2);
    assert!(ran.out.contains("s3://bucket/x"), "{}", ran.out);
    assert!(ran.err.contains("line 3 (ls)"), "{}", ran.err);
    world.run(["run", "commands"]).exits(2).says("3 of 3");
}
