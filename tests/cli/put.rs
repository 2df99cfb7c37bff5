use crate::support::{World, masked, noise};

#[test]
fn a_file_to_a_key_to_a_prefix_and_to_a_bucket() {
    let world = World::with_bucket();
    world.write("a b.txt", "hello");
    for (target, key) in [
        ("s3://bucket", "a b.txt"),
        ("s3://bucket/p/", "p/a b.txt"),
        ("s3://bucket/as.txt", "as.txt"),
    ] {
        let ran = world.run(["put", "a b.txt", target]).ok();
        assert_eq!(ran.out, format!("upload: 'a b.txt' -> 's3://bucket/{key}'  [1 of 1]\n"));
        assert_eq!(world.bytes(key), b"hello");
    }
}

#[test]
fn several_files_need_a_folder() {
    let world = World::with_bucket();
    world.write("one", "1");
    world.write("two", "2");
    world.run(["put", "one", "two", "s3://bucket/x"]).exits(64).says("end in '/'");
    assert!(world.keys().is_empty());
    world.run(["put", "one", "two", "s3://bucket/x/"]).ok();
    assert_eq!(world.keys(), ["x/one", "x/two"]);
}

#[test]
fn json_says_what_went_where_and_how_it_was_verified() {
    let world = World::with_bucket();
    world.write("one", "1");
    let rows = world.run(["put", "--json", "one", "s3://bucket/x/"]).ok().json();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["type"], "upload");
    assert_eq!(rows[0]["bucket"], "bucket");
    assert_eq!(rows[0]["key"], "x/one");
    assert_eq!(rows[0]["size"], 1);
    assert_eq!(rows[0]["verifiedBy"], "md5");
    assert!(rows[0]["local"].as_str().unwrap().ends_with("one"));
}

#[test]
fn a_folder_with_and_without_its_name() {
    let world = World::with_bucket();
    world.write("dir/a", "a");
    world.write("dir/sub/b", "b");
    world.run(["put", "dir", "s3://bucket/"]).exits(64).says("--recursive");
    world.run(["put", "-r", "dir", "s3://bucket/"]).ok();
    world.run(["put", "-r", "dir/", "s3://bucket/flat/"]).ok();
    assert_eq!(world.keys(), ["dir/a", "dir/sub/b", "flat/a", "flat/sub/b"]);
}

#[test]
fn a_folder_goes_into_a_folder_never_onto_the_end_of_a_name() {
    let world = World::with_bucket();
    world.write("dir/a", "a");
    world.run(["put", "-r", "dir", "s3://bucket/name"]).exits(64).says("end in '/'");
    world.run(["put", "-r", "dir/", "s3://bucket/name"]).exits(64);
    assert!(world.keys().is_empty());
}

#[test]
fn a_large_file_in_parts() {
    let world = World::with_bucket();
    let bytes = noise(21 << 20, 7);
    world.write("large.bin", &bytes);
    world.run(["put", "large.bin", "s3://bucket"]).ok();
    assert!(world.bytes("large.bin") == bytes);
}

#[test]
fn standard_input() {
    let world = World::with_bucket();
    world.run_with_input(["put", "-", "s3://bucket/from stdin"], b"piped\0bytes").ok();
    assert_eq!(world.bytes("from stdin"), b"piped\0bytes");
    world.run_with_input(["put", "-", "s3://bucket/empty"], b"").ok();
    assert_eq!(world.bytes("empty"), b"");
    world.run_with_input(["put", "-", "s3://bucket/"], b"x").exits(64).says("whole key");
    let left: Vec<_> = std::fs::read_dir(world.data())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn headers_and_metadata_arrive() {
    let world = World::with_bucket();
    world.write("page.html", "<p>");
    world
        .run([
            "put",
            "--add-header",
            "Cache-Control: no-cache",
            "--add-header=x-amz-meta-colour:blau",
            "-m",
            "text/x-own",
            "page.html",
            "s3://bucket",
        ])
        .ok();
    let info = world.run(["info", "--json", "s3://bucket/page.html"]).ok().json();
    assert_eq!(info[0]["contentType"], "text/x-own");
    assert_eq!(info[0]["cacheControl"], "no-cache");
    assert_eq!(info[0]["metadata"]["colour"], "blau");
    world.run(["put", "page.html", "s3://bucket/guessed.html"]).ok();
    let info = world.run(["info", "--json", "s3://bucket/guessed.html"]).ok().json();
    assert_eq!(info[0]["contentType"], "text/html");
}

#[test]
fn a_header_that_cannot_be_set_is_refused_before_anything_is_sent() {
    let world = World::with_bucket();
    world.write("x", "x");
    world.run(["put", "--add-header", "nonsense", "x", "s3://bucket"]).exits(64);
    world.run(["put", "--add-header", "Host: evil", "x", "s3://bucket"]).exits(11);
    assert!(world.keys().is_empty());
}

#[test]
fn public_and_private() {
    let world = World::with_bucket();
    world.write("x", "x");
    world.run(["put", "x", "s3://bucket/private"]).ok();
    world.run(["put", "-P", "x", "s3://bucket/public"]).ok();
    assert_eq!(world.anonymous("/bucket/private"), 403);
    assert_eq!(world.anonymous("/bucket/public"), 200);
    world.run(["put", "-P", "--acl-private", "x", "s3://bucket"]).exits(64);
}

#[test]
fn what_is_not_there_and_what_is_no_target() {
    let world = World::with_bucket();
    world.write("x", "x");
    world.run(["put", "missing", "s3://bucket"]).exits(64).says("missing");
    world.run(["put", "x", "not-s3"]).exits(64).says("s3://");
    world.run(["put", "x", "s3://"]).exits(64).says("bucket");
    world.run(["put", "x"]).exits(64);
    world.run(["put", "x", "s3://no-such-bucket"]).exits(12).says("NoSuchBucket");
    assert!(world.keys().is_empty());
}

#[cfg(unix)]
#[test]
fn one_unreadable_file_is_told_and_the_others_arrive() {
    let world = World::with_bucket();
    world.write("dir/good", "1");
    std::os::unix::fs::symlink("good", world.path("dir/link")).unwrap();
    let ran = world.run(["put", "-r", "dir", "s3://bucket/"]).ok().says("skipped dir/link");
    assert!(ran.err.contains("symbolic link"), "{}", ran.err);
    assert_eq!(world.keys(), ["dir/good"]);
}

/// A tree with everything that names have: bytes in, the same bytes out.
#[test]
fn a_tree_there_and_back() {
    let world = World::with_bucket();
    let names = [
        "plain.txt",
        "with space/ö ü ß.txt",
        "with space/日本語/😀.bin",
        "100% + more & #hash?.txt",
        "dots..in.name/.hidden",
        "'quotes' \"double\"/x",
        "a+b=c;d,e@f$g.txt",
    ];
    for (seed, name) in names.iter().enumerate() {
        world.write(&format!("tree/{name}"), noise(1 + seed * 40_000, seed as u64 + 1));
    }
    world.write("tree/empty", b"");
    world.run(["put", "-r", "tree/", "s3://bucket/up/"]).ok();
    world.run(["get", "-r", "s3://bucket/up/", "back"]).ok();
    for name in names.iter().chain(&["empty"]) {
        let (there, back) =
            (world.read(&format!("tree/{name}")), world.read(&format!("back/{name}")));
        assert!(there == back, "{name}");
    }
    assert_eq!(world.keys().len(), names.len() + 1);
}

#[test]
fn quiet_says_nothing() {
    let world = World::with_bucket();
    world.write("x", "x");
    let ran = world.run(["-q", "put", "x", "s3://bucket"]).ok();
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
}

#[test]
fn the_help_of_put() {
    let world = World::new();
    insta::assert_snapshot!(masked(&world.run(["put", "--help"]).ok().out));
}
