//! s3cmd's options of put and its kin: which files, in which parts, as what.

use crate::support::{World, noise};

fn tree(world: &World) {
    for name in ["a.txt", "b.bin", "sub/c.txt", "sub/d.bin", "other/e.txt"] {
        world.write(&format!("dir/{name}"), name);
    }
}

#[test]
fn filters_on_the_way_up() {
    for (options, keys) in [
        (&["--exclude=*.bin"][..], &["dir/a.txt", "dir/other/e.txt", "dir/sub/c.txt"][..]),
        (&["--exclude=*", "--include=*.txt"], &["dir/a.txt", "dir/other/e.txt", "dir/sub/c.txt"]),
        (&["--exclude=sub/"], &["dir/a.txt", "dir/b.bin", "dir/other/e.txt"]),
        (&["--rexclude=^dir/[ab]"], &["dir/other/e.txt", "dir/sub/c.txt", "dir/sub/d.bin"]),
        (&["--rexclude=.", "--rinclude=d"], &["dir/a.txt", "dir/b.bin", "dir/other/e.txt"]),
    ] {
        let world = World::with_bucket();
        tree(&world);
        let words: Vec<&str> = ["put", "-r", "dir", "s3://bucket/up/"].to_vec();
        world.run(words.iter().chain(options)).ok();
        let mut want: Vec<String> = keys.iter().map(|key| format!("up/{key}")).collect();
        // The path is looked at with the folder's own name.
        if options == ["--rexclude=.", "--rinclude=d"] {
            want = ["a.txt", "b.bin", "other/e.txt", "sub/c.txt", "sub/d.bin"]
                .map(|name| format!("up/dir/{name}"))
                .to_vec();
        }
        assert_eq!(world.keys(), want, "{options:?}");
    }
}

#[test]
fn patterns_from_files() {
    let world = World::with_bucket();
    tree(&world);
    world.write("patterns", "# what stays\n\n*.bin\nother/*\n");
    world.run(["put", "-r", "--exclude-from", "patterns", "dir/", "s3://bucket"]).ok();
    assert_eq!(world.keys(), ["a.txt", "sub/c.txt"]);
    world.run(["put", "--rexclude=(", "dir/a.txt", "s3://bucket"]).exits(64).says("'('");
    world.run(["put", "--exclude-from", "none", "dir/a.txt", "s3://bucket"]).exits(74);
}

#[test]
fn nothing_left_is_a_mistake() {
    let world = World::with_bucket();
    tree(&world);
    world.run(["put", "-r", "--exclude=*", "dir/", "s3://bucket"]).exits(64).says("nothing");
    world.run(["put", "--exclude=a*", "dir/a.txt", "s3://bucket/named"]).exits(64);
    assert!(world.keys().is_empty());
    // It is looked at by its own name, not by its key's.
    world.run(["put", "--exclude=named", "dir/a.txt", "s3://bucket/named"]).ok();
    assert_eq!(world.keys(), ["named"]);
}

#[test]
fn files_by_a_list() {
    let world = World::with_bucket();
    tree(&world);
    world.write("list", "./a.txt\nsub/d.bin\n\nsub\n");
    world.run(["put", "--files-from", "list", "dir/", "s3://bucket"]).exits(64);
    world.run(["put", "-r", "--files-from", "list", "dir/", "s3://bucket/x/"]).ok();
    world.run(["put", "-r", "--files-from", "list", "dir", "s3://bucket/y/"]).ok();
    assert_eq!(world.keys(), ["x/a.txt", "x/sub/d.bin", "y/dir/a.txt", "y/dir/sub/d.bin"]);
    let words = ["put", "-r", "--files-from", "-", "--exclude=*.bin", "dir/", "s3://bucket/z/"];
    world.run_with_input(words, b"sub/c.txt\nb.bin").ok();
    assert_eq!(world.bytes("z/sub/c.txt"), b"sub/c.txt");
    // What is not there is told, and what would lead out is refused before anything is sent.
    let ran = world.run_with_input(
        ["put", "-r", "--files-from", "-", "dir/", "s3://bucket/n/"],
        b"gone\na.txt\n",
    );
    ran.exits(2).says("gone");
    let out = ["put", "-r", "--files-from", "-", "dir/", "s3://bucket/o/"];
    world.run_with_input(out, b"a.txt\n../list\n").exits(64).says("../list");
    assert!(!world.keys().contains(&"o/a.txt".to_owned()));
}

#[cfg(unix)]
#[test]
fn links_are_followed_when_asked_for() {
    let world = World::with_bucket();
    tree(&world);
    world.write("far/f", "far");
    let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, world.path(at)).unwrap();
    link("../far", "dir/far");
    link("a.txt", "dir/link");
    link(".", "dir/round");
    world.run(["put", "-rF", "dir/", "s3://bucket"]).ok();
    let want = ["a.txt", "b.bin", "far/f", "link", "other/e.txt", "sub/c.txt", "sub/d.bin"];
    assert_eq!(world.keys(), want);
    assert_eq!(world.bytes("link"), b"a.txt");
    link("nowhere", "dir/dangling");
    world.run(["put", "-rF", "dir/", "s3://bucket"]).exits(2).says("dangling");
    world.run(["put", "-r", "--exclude=dangling", "-F", "dir/", "s3://bucket"]).ok();
}

fn head(world: &World, key: &str) -> serde_json::Value {
    world.run(["info", "--json", &format!("s3://bucket/{key}")]).ok().json().remove(0)
}

#[test]
fn types_as_asked_for() {
    let world = World::with_bucket();
    for name in ["page.html", "style.css", "noext"] {
        world.write(name, "x");
    }
    for (options, name, kind) in [
        (&["--no-guess-mime-type"][..], "page.html", "binary/octet-stream"),
        (&["--no-guess-mime-type", "--default-mime-type=x/y"], "page.html", "x/y"),
        (&["--default-mime-type=x/y"], "noext", "x/y"),
        (&["--default-mime-type=x/y", "-M"], "page.html", "text/html"),
        (&["--add-encoding-exts=txt,html"], "page.html", "text/html; charset=UTF-8"),
        (&["--add-encoding-exts=txt,html"], "style.css", "text/css"),
        (&["--add-encoding-exts=html", "-m", "x/y"], "page.html", "x/y; charset=UTF-8"),
    ] {
        let words = ["put", name, "s3://bucket"];
        world.run(words.iter().chain(options)).ok();
        assert_eq!(head(&world, name)["contentType"], kind, "{options:?}");
        world.run(["del", &format!("s3://bucket/{name}")]).ok();
        let words = ["sync", name, "s3://bucket/"];
        world.run(words.iter().chain(options)).ok();
        assert_eq!(head(&world, name)["contentType"], kind, "sync {options:?}");
    }
}

#[test]
fn the_class_of_reduced_redundancy() {
    let world = World::with_bucket();
    world.write("x", "x");
    for (options, class) in [
        (&["--rr"][..], "REDUCED_REDUNDANCY"),
        (&["--reduced-redundancy"], "REDUCED_REDUNDANCY"),
        (&["--storage-class=STANDARD_IA"], "STANDARD_IA"),
    ] {
        let words = ["put", "x", "s3://bucket"];
        world.run(words.iter().chain(options)).ok();
        assert_eq!(head(&world, "x")["storageClass"], class, "{options:?}");
    }
    world.run(["put", "--rr", "--no-rr", "x", "s3://bucket/plain"]).ok();
    assert_ne!(head(&world, "plain")["storageClass"], "REDUCED_REDUNDANCY");
    world.run(["cp", "--rr", "s3://bucket/plain", "s3://bucket/copy"]).ok();
    assert_eq!(head(&world, "copy")["storageClass"], "REDUCED_REDUNDANCY");
}

fn parts(world: &World, key: &str) -> Option<u64> {
    let etag = head(world, key)["etag"].as_str().unwrap().to_owned();
    etag.split_once('-').map(|(_, parts)| parts.parse().unwrap())
}

#[test]
fn parts_of_the_size_that_was_asked_for() {
    let world = World::with_bucket();
    let bytes = noise((17 << 20) + 5, 3);
    world.write("large", &bytes);
    for (options, count) in [
        (&[][..], Some(3)),
        (&["--multipart-chunk-size-mb=5"], Some(4)),
        (&["--multipart-chunk-size-mb=15"], Some(2)),
        (&["--multipart-chunk-size-mb=100"], None),
        (&["--disable-multipart"], None),
    ] {
        for verb in ["put", "sync"] {
            let key = format!("{verb}{}", options.concat());
            let target = format!("s3://bucket/{key}");
            let words = [verb, "large", target.as_str()];
            world.run(words.iter().chain(options)).ok();
            let count = if options == ["--multipart-chunk-size-mb=100"] { Some(1) } else { count };
            assert_eq!(parts(&world, &key), count, "{verb} {options:?}");
            assert!(world.bytes(&key) == bytes, "{verb} {options:?}");
        }
    }
    for wrong in ["4", "5121", "x"] {
        let option = format!("--multipart-chunk-size-mb={wrong}");
        world.run(["put", &option, "large", "s3://bucket"]).exits(64);
    }
}

#[test]
fn a_whole_file_is_sent_in_bounded_memory() {
    let world = World::with_bucket();
    let bytes = noise(40 << 20, 9);
    world.write("large", &bytes);
    let rows = world.run(["put", "--json", "--disable-multipart", "large", "s3://bucket"]).ok();
    assert!(["md5", "crc64nvme"].contains(&rows.json()[0]["verifiedBy"].as_str().unwrap()));
    assert!(world.bytes("large") == bytes);
}

#[test]
fn filters_on_the_way_down() {
    let world = World::with_bucket();
    tree(&world);
    world.run(["put", "-r", "dir", "s3://bucket/up/"]).ok();
    world.run(["get", "-r", "--exclude=*.bin", "s3://bucket/up/", "one"]).ok();
    assert!(world.path("one/dir/a.txt").exists() && !world.path("one/dir/b.bin").exists());
    world.run(["get", "-r", "--rexclude=^sub", "s3://bucket/up/dir/", "two"]).ok();
    assert!(world.path("two/a.txt").exists() && !world.path("two/sub").exists());
    world.run(["get", "-r", "--rexclude=^dir/sub", "s3://bucket/up/dir", "three"]).ok();
    assert!(world.path("three/dir/a.txt").exists() && !world.path("three/dir/sub").exists());
    // What is left out on purpose is no failure.
    let ran = world.run(["get", "-r", "--exclude=*", "s3://bucket/up/", "none"]).ok();
    assert_eq!(ran.out, "");
    world.run(["get", "--exclude=a*", "s3://bucket/up/dir/a.txt", "file"]).ok();
    assert!(!world.path("file").exists());
}

#[test]
fn what_was_fetched_is_deleted() {
    let world = World::with_bucket();
    tree(&world);
    world.run(["put", "-r", "dir/", "s3://bucket"]).ok();
    let words = ["get", "-r", "--delete-after-fetch", "--exclude=*.bin", "s3://bucket", "back"];
    let ran = world.run(words).ok();
    ran.prints("File 's3://bucket/a.txt' removed after fetch\n");
    assert_eq!(world.keys(), ["b.bin", "sub/d.bin"]);
    assert_eq!(world.read("back/sub/c.txt"), b"sub/c.txt");
    // What is not fetched stays.
    world.write("back/b.bin", "mine");
    let words = ["get", "--skip-existing", "--delete-after-fetch", "s3://bucket/b.bin", "back/"];
    world.run(words).ok();
    world.run(["get", "--delete-after-fetch", "s3://bucket/b.bin", "back/"]).exits(64);
    assert_eq!(world.keys(), ["b.bin", "sub/d.bin"]);
    let out = world.run(["get", "--delete-after-fetch", "s3://bucket/b.bin", "-"]).ok();
    assert!(out.out.starts_with("b.bin"), "{}", out.out);
    let json = world.run(["sync", "--json", "--delete-after-fetch", "s3://bucket/", "s"]).ok();
    let kinds: Vec<_> = json.json().iter().map(|row| row["type"].clone()).collect();
    assert_eq!(kinds, ["download", "delete"]);
    assert!(world.keys().is_empty());
}

#[test]
fn a_half_file_is_fetched_again_and_a_whole_one_left() {
    let world = World::with_bucket();
    world.put("k", b"0123456789");
    world.write("k", "01234");
    world.run(["get", "s3://bucket/k"]).exits(64);
    let ran = world.run(["get", "--continue", "s3://bucket/k"]).ok();
    ran.prints("download:");
    assert_eq!(world.read("k"), b"0123456789");
    let again = world.run(["get", "--continue", "s3://bucket/k"]).ok();
    assert_eq!(again.out, "");
    world.write("k", "wrong bytes, and longer");
    world.run(["get", "--continue", "s3://bucket/k"]).ok();
    assert_eq!(world.read("k"), b"0123456789");
}

#[test]
fn deleting_with_filters_and_a_limit() {
    let world = World::with_bucket();
    tree(&world);
    world.run(["put", "-r", "dir/", "s3://bucket/p/"]).ok();
    let words = ["del", "-r", "--exclude=*.txt", "-n", "s3://bucket/p/"];
    let ran = world.run(words).ok();
    assert_eq!(ran.out, "delete: 's3://bucket/p/b.bin'\ndelete: 's3://bucket/p/sub/d.bin'\n");
    let few = world.run(["del", "-r", "--max-delete=4", "s3://bucket/p/"]).ok().says("at most 4");
    assert_eq!((few.out.as_str(), world.keys().len()), ("", 5));
    let words = ["del", "-r", "--max-delete=2", "--exclude=*.txt", "s3://bucket/p/"];
    let ran = world.run(words).ok();
    assert_eq!(ran.out, "delete: 's3://bucket/p/b.bin'\ndelete: 's3://bucket/p/sub/d.bin'\n");
    world.run(["del", "-r", "--max-delete=0", "s3://bucket/p/"]).ok().says("at most 0");
    world.run(["del", "-r", "--rexclude=^sub/", "s3://bucket/p/"]).ok();
    assert_eq!(world.keys(), ["p/sub/c.txt"]);
    // Two addresses, each with its own root.
    world.put("q/sub/x", b"");
    world.run(["del", "-r", "--rexclude=^sub/", "s3://bucket/p/", "s3://bucket/q"]).ok();
    assert_eq!(world.keys(), ["p/sub/c.txt"]);
    let jobs = world.run(["jobs", "ls", "--json"]).ok().json();
    assert!(jobs.iter().all(|job| job["state"] != "queued"), "{jobs:?}");
}

#[test]
fn copies_moves_and_changes_take_filters() {
    let world = World::with_bucket();
    tree(&world);
    world.run(["put", "-r", "dir/", "s3://bucket/p/"]).ok();
    world.run(["cp", "-r", "--exclude=*.bin", "s3://bucket/p/", "s3://bucket/c/"]).ok();
    world.run(["mv", "-r", "--exclude=sub/*", "s3://bucket/c/", "s3://bucket/m/"]).ok();
    let words =
        ["modify", "-r", "--add-header=x-amz-meta-c:red", "--exclude=*.txt", "s3://bucket/p/"];
    let ran = world.run(words).ok();
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
    let ran = world.run(["setacl", "-r", "-P", "--rexclude=^sub", "s3://bucket/p/"]).ok();
    assert_eq!(ran.out.lines().count(), 3, "{}", ran.out);
    let keys = world.keys();
    let below = |prefix: &str| keys.iter().filter(|key| key.starts_with(prefix)).count();
    assert_eq!((below("c/"), below("m/"), below("p/")), (1, 2, 5), "{keys:?}");
    world.run(["cp", "-r", "--exclude=*", "s3://bucket/p/", "s3://bucket/n/"]).ok();
}

#[cfg(unix)]
#[test]
fn the_first_failure_ends_it_where_that_is_asked_for() {
    let world = World::with_bucket();
    for n in 0..400 {
        world.write(&format!("dir/{n:03}"), noise(20_000, n));
    }
    std::os::unix::fs::symlink("nowhere", world.path("dir/000-dangling")).unwrap();
    let words = ["put", "-rF", "--stop-on-error", "--limit-rate=200k", "dir/", "s3://bucket"];
    let ran = world.run(words);
    assert!([2, 74].contains(&ran.code), "{} {}", ran.code, ran.err);
    assert!(world.keys().len() < 300, "{}", world.keys().len());
}

#[test]
fn several_targets_at_once() {
    let world = World::with_bucket();
    tree(&world);
    world.run(["mb", "s3://second"]).ok();
    let words = ["sync", "--add-destination=s3://second/x/", "dir/", "s3://bucket"];
    world.run(words).ok();
    assert_eq!(world.keys().len(), 5);
    let there = world.run(["ls", "-r", "s3://second/x/"]).ok().out;
    assert_eq!(there.lines().count(), 5);
    let list = ["sync", "--files-from=-", "--add-destination=s3://second/y/", "dir/"];
    let words: Vec<&str> = list.into_iter().chain(["s3://bucket/y/"]).collect();
    world.run_with_input(&words, b"a.txt\n").ok();
    world.run(["get", "s3://second/y/a.txt", "-"]).ok();
}

#[test]
fn listings_with_md5() {
    let world = World::with_bucket();
    world.put("small", b"12345");
    let bytes = noise(17 << 20, 4);
    world.write("large", &bytes);
    world.run(["put", "large", "s3://bucket"]).ok();
    world.run(["put", "--no-preserve", "large", "s3://bucket/unknown"]).ok();
    let rows = world.run(["ls", "--json", "--list-md5", "s3://bucket"]).ok().json();
    assert_eq!(rows[1]["md5"], "827ccb0eea8a706c4c34a16891f84e7b");
    assert_eq!(rows[0]["md5"].as_str().map(str::len), Some(32));
    assert!(rows[0]["etag"].as_str().unwrap().ends_with("-3"));
    assert_eq!(rows[2]["md5"], serde_json::Value::Null);
}

#[test]
fn nothing_is_taken_and_not_done() {
    let world = World::with_bucket();
    world.write("x", "x");
    for option in ["-e", "--encrypt"] {
        for verb in ["put", "sync"] {
            world.run([verb, option, "x", "s3://bucket/"]).exits(64).says("gpg_passphrase");
        }
    }
    // Nor where the file asks for it.
    let server = &world.server;
    let path = world.s3cfg("sealed", server.host(), &server.access_key, &server.secret_key);
    let text = std::fs::read_to_string(&path).unwrap() + "encrypt = True\n";
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    world.run(["-c", path, "put", "x", "s3://bucket/"]).exits(64).says("gpg_passphrase");
    world.run(["-c", path, "ls", "s3://bucket/"]).ok();
    assert!(world.keys().is_empty());
}
