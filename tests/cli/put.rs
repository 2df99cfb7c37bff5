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

fn attrs(world: &World, key: &str) -> Option<String> {
    let told = world.run(["info", &format!("s3://bucket/{key}")]).ok().out;
    let line = told.lines().find_map(|line| line.trim().strip_prefix("x-amz-meta-s3cmd-attrs: "));
    line.map(str::to_owned)
}

#[cfg(unix)]
#[test]
fn times_mode_and_owner_go_up() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let world = World::with_bucket();
    let path = world.write("a", "hello");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o751)).unwrap();
    let at = std::time::UNIX_EPOCH + std::time::Duration::new(1_500_000_000, 900_000_000);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
    let meta = path.metadata().unwrap();
    world.run(["put", "a", "s3://bucket"]).ok();
    let told = attrs(&world, "a").unwrap();
    let names: Vec<&str> = told.split('/').map(|pair| pair.split_once(':').unwrap().0).collect();
    assert_eq!(
        names,
        ["atime", "ctime", "gid", "gname", "md5", "mode", "mtime", "uid", "uname"],
        "{told}"
    );
    for part in [
        "md5:5d41402abc4b2a76b9719d911017c592".to_owned(),
        format!("mode:{}", 0o100_751),
        "mtime:1500000000".to_owned(),
        format!("uid:{}", meta.uid()),
    ] {
        assert!(told.split('/').any(|pair| pair == part), "no {part} in {told}");
    }
    world.run(["put", "--no-preserve", "a", "s3://bucket"]).ok();
    assert_eq!(attrs(&world, "a"), None);
    world.run(["put", "--no-preserve", "-p", "a", "s3://bucket"]).ok();
    assert!(attrs(&world, "a").is_some());
}

#[test]
fn the_md5_of_a_large_file_is_a_choice() {
    let world = World::with_bucket();
    world.write("large.bin", noise(17 << 20, 9));
    world.run(["put", "--no-check-md5", "large.bin", "s3://bucket"]).ok();
    let without = attrs(&world, "large.bin").unwrap();
    assert!(without.contains("mtime:") && !without.contains("md5:"), "{without}");
    world.run(["put", "large.bin", "s3://bucket"]).ok();
    let with = attrs(&world, "large.bin").unwrap();
    let md5 = with.split('/').find_map(|pair| pair.strip_prefix("md5:")).unwrap();
    assert_eq!(md5.len(), 32);
}

#[test]
fn standard_input_has_no_times() {
    let world = World::with_bucket();
    world.run_with_input(["put", "-", "s3://bucket/x"], b"x").ok();
    assert_eq!(attrs(&world, "x"), None);
}

#[test]
fn empty_folders_are_kept_on_demand() {
    let world = World::with_bucket();
    world.write("dir/a", "a");
    std::fs::create_dir_all(world.path("dir/hollow/deep")).unwrap();
    world.run(["put", "-r", "dir", "s3://bucket"]).ok();
    assert_eq!(world.keys(), ["dir/a"]);
    for option in ["--keep-dirs", "--empty-folders"] {
        world.run(["del", "-r", "s3://bucket/dir/"]).ok();
        let ran = world.run(["put", "-r", option, "dir", "s3://bucket"]).ok();
        ran.prints("-> 's3://bucket/dir/hollow/deep/'  [2 of 2]");
        assert_eq!(world.keys(), ["dir/a", "dir/hollow/deep/"]);
    }
    let told = world.run(["info", "s3://bucket/dir/hollow/deep/"]).ok();
    told.prints("application/x-directory").prints("File size: 0");
    let attrs = attrs(&world, "dir/hollow/deep/").unwrap();
    assert!(!attrs.contains("md5:"), "{attrs}");
    #[cfg(unix)]
    assert!(attrs.contains("mode:16"), "{attrs}");
}

#[test]
fn only_where_nothing_is() {
    let world = World::with_bucket();
    world.write("new", "new");
    world.put("old", b"old");
    world.run(["put", "--if-none-match", "new", "s3://bucket/old"]).exits(64).says("--on-existing");
    assert_eq!(world.bytes("old"), b"old");
    world.run(["put", "--if-none-match", "new", "s3://bucket/new"]).ok();
    assert_eq!(world.bytes("new"), b"new");
}
