//! `diff` and `check`.

use crate::support::{World, noise};

fn pair() -> World {
    let world = World::with_bucket();
    for (name, text) in [("same", "same"), ("other", "here"), ("size", "long"), ("mine", "x")] {
        world.write(&format!("t/{name}"), text);
    }
    world.write("t/sub/deep", "deep");
    world.run(["put", "-r", "t/", "s3://bucket/t/"]).ok();
    world.write("t/other", "hier");
    world.write("t/size", "longer");
    world.write("t/new", "x");
    world.run(["del", "s3://bucket/t/mine"]).ok();
    world.put("t/theirs", b"x");
    world
}

#[test]
fn lines_for_what_differs() {
    let world = pair();
    let ran = world.run(["diff", "t", "s3://bucket/t"]).exits(1);
    assert_eq!(
        ran.out,
        "only in t: mine\nonly in t: new\ndiffers: other (content)\n\
         differs: size (size: 6 and 4 bytes)\nonly in s3://bucket/t: theirs\n"
    );
    let back = world.run(["diff", "s3://bucket/t/", "t/"]).exits(1);
    assert_eq!(back.out.lines().count(), 5);
    let sizes = world.run(["diff", "--size-only", "t", "s3://bucket/t"]).exits(1);
    assert!(!sizes.out.contains("other"), "{}", sizes.out);
    let left =
        world.run(["diff", "--exclude", "*", "--include", "same", "t", "s3://bucket/t"]).ok();
    assert_eq!(left.out, "");
}

#[test]
fn nothing_to_say_of_what_is_the_same() {
    let world = World::with_bucket();
    world.write("t/a", "a");
    world.write("t/b/c", noise(300_000, 3));
    world.run(["put", "-r", "t/", "s3://bucket/t/"]).ok();
    assert_eq!(world.run(["diff", "t", "s3://bucket/t"]).ok().out, "");
    assert_eq!(world.run(["diff", "--all", "t", "s3://bucket/t"]).ok().out.lines().count(), 2);
    world.run(["cp", "-r", "s3://bucket/t/", "s3://bucket/u/"]).ok();
    world.run(["diff", "s3://bucket/t", "s3://bucket/u"]).ok();
    world.run(["check", "t", "s3://bucket/t"]).ok().prints("2 the same, 0 differ");
    world.run(["check", "t/a", "s3://bucket/t/a"]).ok().prints("1 the same");
    world.run(["check", "t", "t"]).ok().prints("2 the same");
    world.write("x/a", "b");
    world.run(["diff", "t/a", "x/a"]).exits(1).prints("differs: a (content)");
    world.run(["diff", "t", "s3://no-such-bucket/x"]).exits(12);
    world.run(["diff", "missing", "s3://bucket/t"]).exits(64);
}

#[test]
fn check_says_what_it_can_not_compare() {
    let world = World::with_bucket();
    // In parts, and nothing but the ETag of the parts is known of it.
    let bytes = noise(12 << 20, 5);
    world.write("t/large", &bytes);
    world.write("t/small", "small");
    world.run(["put", "-r", "--no-preserve", "t/", "s3://bucket/t/"]).ok();
    let whole = world.run(["check", "--json", "t", "s3://bucket/t"]);
    let rows = whole.json();
    let sum = rows.last().unwrap();
    assert_eq!(sum["same"].as_u64().unwrap() + sum["notComparable"].as_u64().unwrap(), 2);
    assert_eq!(whole.code, i32::from(sum["notComparable"] != 0));
    world.run(["check", "--download", "t", "s3://bucket/t"]).ok().prints("2 the same");
    let mut other = bytes;
    other[7 << 20] ^= 1;
    world.write("t/large", &other);
    let ran = world.run(["check", "--download", "t", "s3://bucket/t"]).exits(1);
    assert!(ran.out.contains("differs: large (content)"), "{}", ran.out);
}

#[test]
fn json_has_a_line_a_finding() {
    let world = pair();
    let rows = world.run(["diff", "--json", "t", "s3://bucket/t"]).exits(1).json();
    let kinds: Vec<_> = rows.iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["only", "only", "differs", "differs", "only"]);
    assert_eq!((&rows[0]["in"], &rows[4]["in"]), (&"first".into(), &"second".into()));
    assert_eq!(rows[2]["why"], "content");
    let rows = world.run(["check", "--json", "t", "s3://bucket/t"]).exits(1).json();
    let sum = rows.last().unwrap();
    assert_eq!((&sum["same"], &sum["onlyFirst"]), (&2.into(), &2.into()));
}
