//! Names from strangers.

use crate::support::World;

#[test]
fn control_characters_there_and_back() {
    let world = World::with_bucket();
    let keys = ["esc\u{1b}[31mred", "tab\there", "line\nbreak", "bell\u{7}", "rtl\u{202e}gnp.exe"];
    for key in keys {
        world.put(key, key.as_bytes());
        assert_eq!(world.bytes(key), key.as_bytes(), "{key:?}");
    }
    let mut listed = world.keys();
    listed.sort();
    let mut want: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    want.sort();
    assert_eq!(listed, want);
    for key in keys {
        world.run(["info", &format!("s3://bucket/{key}")]).ok();
        world.run(["del", &format!("s3://bucket/{key}")]).ok();
    }
    assert!(world.keys().is_empty());
}

#[test]
fn errors_never_carry_control_characters_to_the_terminal() {
    let world = World::with_bucket();
    let ran = world.run(["get", "s3://bucket/esc\u{1b}[31mred"]).exits(12);
    assert!(!ran.err.contains('\u{1b}'), "{:?}", ran.err);
    assert!(ran.err.contains("\\u{1b}"), "{:?}", ran.err);
}

/// A key that climbs out stays inside the chosen folder, or is refused.
#[test]
fn keys_that_climb_stay_inside() {
    let world = World::with_bucket();
    let keys = ["../x", "../../etc/y", "a/../../z", "/abs", "a//b", "./c", ".", "d/..", "..\\w"];
    for key in keys {
        world.put(key, key.as_bytes());
    }
    std::fs::create_dir_all(world.path("deep/inner")).unwrap();
    let ran = world.run(["get", "-r", "s3://bucket", "deep/inner"]);
    assert!(matches!(ran.code, 0 | 2 | 64), "{} {}", ran.code, ran.err);
    let mut outside: Vec<String> = std::fs::read_dir(world.path("deep"))
        .unwrap()
        .chain(std::fs::read_dir(world.path(".")).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    outside.sort();
    assert_eq!(outside, ["deep", "inner"]);
    assert!(!std::path::Path::new("/abs").exists());
    // One by one, without naming a file: the name comes from the key.
    for key in keys {
        let ran = world.run(["get", &format!("s3://bucket/{key}"), "deep/inner/"]);
        assert!(matches!(ran.code, 0 | 64), "{key}: {} {}", ran.code, ran.err);
    }
    assert_eq!(std::fs::read_dir(world.path("deep")).unwrap().count(), 1);
    assert_eq!(std::fs::read_dir(world.path(".")).unwrap().count(), 1);
}

#[test]
fn a_key_is_taken_as_it_is() {
    let world = World::with_bucket();
    for key in ["%41", "a%2Fb", "a b", "a+b", "c?d=e", "f#g", "h&i", "é", "e\u{301}"] {
        world.put(key, key.as_bytes());
        assert_eq!(world.bytes(key), key.as_bytes(), "{key}");
    }
    assert_eq!(world.keys().len(), 9);
}

#[test]
fn a_key_that_is_too_long_is_refused_by_name() {
    let world = World::with_bucket();
    let long = "x".repeat(1025);
    world.write("x", "x");
    for source in ["-", "x"] {
        let words = ["put", source, &format!("s3://bucket/{long}")];
        world.run_with_input(words, b"x").exits(64).says("1024 bytes");
    }
    // In a tree, the others arrive, and the end tells that one did not.
    world.write("tree/fits", "x");
    world.write(&format!("tree/{}", "d/".repeat(500) + &"y".repeat(100)), "x");
    world.run(["put", "-r", "tree/", "s3://bucket/"]).exits(2).says("1024 bytes");
    assert_eq!(world.keys(), ["fits"]);
}

#[test]
fn names_that_are_no_buckets() {
    let world = World::new();
    for uri in ["s3://UPPER", "s3://a", "s3://has space", "s3://192.168.1.1", "s3://..", "bucket"] {
        world.run(["mb", uri]).exits(64);
    }
    world.run(["mb", "s3://good/with-key"]).exits(64);
    assert_eq!(world.run(["ls"]).ok().out, "");
}
