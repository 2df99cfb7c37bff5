use std::path::Path;

use crate::support::{Ran, World, noise};

fn tree(world: &World) {
    world.write("tree/a b.txt", "hello");
    world.write("tree/sub/ü ß.bin", noise(70_000, 1));
    world.write("tree/sub/deep/x", "x");
    world.write("tree/sub-", "-");
    world.write("tree/sub.txt", ".");
    world.write("tree/empty", "");
}

const KEYS: [&str; 6] = ["a b.txt", "empty", "sub-", "sub.txt", "sub/deep/x", "sub/ü ß.bin"];

fn below(prefix: &str) -> Vec<String> {
    KEYS.iter().map(|key| format!("{prefix}{key}")).collect()
}

#[track_caller]
fn quiet(ran: Ran) {
    let ran = ran.ok();
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
}

fn lines(ran: &Ran) -> Vec<String> {
    let mut lines: Vec<String> = ran.out.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn files(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            found.push((name, std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn up_and_nothing_the_second_time() {
    let world = World::with_bucket();
    tree(&world);
    world.write("tree/large.bin", noise(17 << 20, 3));
    let ran = world.run(["sync", "tree/", "s3://bucket/x/"]).ok();
    assert_eq!(ran.out.lines().count(), 7, "{}", ran.out);
    ran.prints("upload: 'tree/a b.txt' -> 's3://bucket/x/a b.txt'  [1 of 7]\n");
    for words in [
        ["sync", "tree/", "s3://bucket/x/"].as_slice(),
        &["sync", "-n", "tree/", "s3://bucket/x/"],
        &["sync", "--delete-removed", "tree/.", "s3://bucket/x/"],
        // And back.
        &["sync", "--delete-removed", "s3://bucket/x/", "tree/"],
    ] {
        quiet(world.run(words));
    }
    assert_eq!(world.bytes("x/sub/deep/x"), b"x");
}

#[test]
fn its_jobs_are_in_the_queue() {
    let world = World::with_bucket();
    tree(&world);
    world.run(["sync", "tree/", "s3://bucket"]).ok();
    let jobs = world.run(["jobs", "ls", "--json"]).ok().json();
    assert_eq!((jobs.len(), &jobs[0]["filesDone"]), (1, &6.into()));
    world.run(["del", "-r", "--force", "s3://bucket"]).ok();
    world.run(["jobs", "repeat", &jobs[0]["id"].to_string()]).ok();
    assert_eq!(world.keys(), KEYS);
}

/// Killed in the middle: the next run takes up what was begun, and does the rest.
#[test]
fn the_next_run_finishes_what_was_cut_off() {
    let world = World::with_bucket();
    for n in 0..8 {
        world.write(&format!("tree/{n}"), noise(1 << 20, n));
    }
    world.put("extra", b"1");
    let words = ["sync", "--delete-removed", "--limit-rate=700k", "tree/", "s3://bucket"];
    let mut child = world.command(words).stdout(std::process::Stdio::null()).spawn().unwrap();
    let start = std::time::Instant::now();
    while world.keys().len() < 3 {
        assert!(start.elapsed().as_secs() < 60, "nothing arrives");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(world.keys().contains(&"extra".to_owned()), "deleted before all was there");
    world.run(["sync", "--delete-removed", "tree/", "s3://bucket"]).ok();
    assert_eq!(world.keys(), ["0", "1", "2", "3", "4", "5", "6", "7"]);
    for n in 0..8 {
        assert!(world.bytes(&n.to_string()) == noise(1 << 20, n), "{n}");
    }
    let jobs = world.run(["jobs", "ls", "--json"]).ok().json();
    let unfinished =
        jobs.iter().filter(|job| job["state"] == "running" || job["state"] == "queued");
    assert_eq!(unfinished.count(), 0, "{jobs:?}");
    quiet(world.run(["sync", "--delete-removed", "tree/", "s3://bucket"]));
}

#[test]
fn a_folder_has_its_name_and_its_contents_have_none() {
    let world = World::with_bucket();
    tree(&world);
    world.run(["sync", "tree", "s3://bucket"]).ok();
    assert_eq!(world.keys(), below("tree/"));
    world.run(["sync", "tree/", "s3://bucket/flat/"]).ok();
    world.run(["sync", "tree/sub.txt", "s3://bucket/one/"]).ok();
    world.run(["sync", "tree/sub.txt", "s3://bucket/two/named"]).ok();
    let mut want = below("flat/");
    want.push("one/sub.txt".to_owned());
    want.extend(below("tree/"));
    want.push("two/named".to_owned());
    assert_eq!(world.keys(), want);
}

#[test]
fn what_changed_goes_up_and_what_was_only_touched_does_not() {
    let world = World::with_bucket();
    tree(&world);
    world.run(["sync", "tree/", "s3://bucket"]).ok();
    world.write("tree/sub.txt", "!");
    world.write("tree/sub-", "longer");
    world.write("tree/new", "n");
    let touched = std::fs::File::options().write(true).open(world.path("tree/a b.txt")).unwrap();
    touched.set_modified(std::time::UNIX_EPOCH).unwrap();
    let told = world.run(["sync", "-n", "--json", "tree/", "s3://bucket"]).ok().json();
    let mut why: Vec<(&str, &str)> = told
        .iter()
        .map(|row| (row["to"].as_str().unwrap(), row["why"].as_str().unwrap()))
        .collect();
    why.sort_unstable();
    let want = [
        ("s3://bucket/new", "new"),
        ("s3://bucket/sub-", "size"),
        ("s3://bucket/sub.txt", "content"),
    ];
    assert_eq!(why, want);
    assert_eq!(world.bytes("sub.txt"), b".", "nothing happened");
    let by_size = world.run(["sync", "-n", "--no-check-md5", "tree/", "s3://bucket"]).ok();
    assert_eq!(by_size.out.lines().count(), 2, "{}", by_size.out);
    let new = world.run(["sync", "-n", "--skip-existing", "tree/", "s3://bucket"]).ok();
    assert_eq!(new.out, "upload: 'tree/new' -> 's3://bucket/new'\n");
    let rows = world.run(["sync", "--json", "tree/", "s3://bucket"]).ok().json();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["type"] == "upload" && row["bucket"] == "bucket"));
    assert_eq!(world.bytes("sub.txt"), b"!");
    quiet(world.run(["sync", "tree/", "s3://bucket"]));
}

#[test]
fn deletions_are_asked_for_and_guarded() {
    let world = World::with_bucket();
    tree(&world);
    world.run(["sync", "tree/", "s3://bucket/x/"]).ok();
    world.put("x/extra", b"1");
    world.put("x/sub/extra", b"2");
    world.put("xx", b"beside");
    quiet(world.run(["sync", "tree/", "s3://bucket/x/"]));
    let few = ["sync", "--delete-removed", "--max-delete=1", "tree/", "s3://bucket/x/"];
    let ran = world.run(few).ok().says("2 deletions, but at most 1");
    assert_eq!(ran.out, "");
    let ran = world.run(["sync", "-n", "--delete-removed", "tree/", "s3://bucket/x/"]).ok();
    assert_eq!(lines(&ran), ["delete: 's3://bucket/x/extra'", "delete: 's3://bucket/x/sub/extra'"]);
    let ran = world.run(["sync", "--delete-removed", "tree/", "s3://bucket/x/"]).ok();
    assert_eq!(lines(&ran), ["delete: 's3://bucket/x/extra'", "delete: 's3://bucket/x/sub/extra'"]);
    let mut want = below("x/");
    want.push("xx".into());
    assert_eq!(world.keys(), want);
}

#[test]
fn an_empty_or_missing_source_empties_nothing() {
    let world = World::with_bucket();
    world.put("x/a", b"1");
    std::fs::create_dir(world.path("void")).unwrap();
    let refused = ["sync", "--delete-removed", "void/", "s3://bucket/x/"];
    world.run(refused).exits(64).says("the source is empty");
    world.run(["sync", "--delete-removed", "--force", "gone/", "s3://bucket/x/"]).exits(64);
    world.write("kept/a", "1");
    world
        .run(["sync", "--delete-removed", "s3://bucket/none/", "kept/"])
        .exits(64)
        .says("the source is empty");
    assert!(world.path("kept/a").exists());
    world.write("full/a", "1");
    let filtered = ["sync", "--delete-removed", "--exclude=a", "full/", "s3://bucket/"];
    quiet(world.run(filtered));
    assert_eq!(world.keys(), ["x/a"]);
    world.run(["sync", "--delete-removed", "--force", "void/", "s3://bucket/x/"]).ok();
    assert!(world.keys().is_empty());
}

#[test]
fn nothing_is_deleted_after_a_failure() {
    let world = World::with_bucket();
    tree(&world);
    world.put("extra", b"1");
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",
        "Action":"s3:PutObject","Resource":"arn:aws:s3:::bucket/sub-"}]}"#;
    world.write("policy.json", policy);
    world.run(["setpolicy", "policy.json", "s3://bucket"]).ok();
    let ran = world.run(["sync", "--delete-removed", "tree/", "s3://bucket"]);
    let ran = ran.exits(2).says("nothing is deleted");
    assert!(!ran.out.contains("delete:"), "{}", ran.out);
    assert!(world.keys().contains(&"extra".to_owned()));
    let stop = ["sync", "--stop-on-error", "--delete-removed", "tree/", "s3://bucket"];
    let ran = world.run(stop).exits(77);
    assert_eq!(ran.out, "");
    assert!(world.keys().contains(&"extra".to_owned()));
    world.run(["delpolicy", "s3://bucket"]).ok();
    let ran = world.run(["sync", "--delete-removed", "tree/", "s3://bucket"]).ok();
    assert_eq!(
        ran.out,
        "upload: 'tree/sub-' -> 's3://bucket/sub-'  [1 of 1]\ndelete: 's3://bucket/extra'\n"
    );
}

#[test]
fn what_is_left_out_stays_on_both_sides() {
    let world = World::with_bucket();
    tree(&world);
    world.put("old.txt", b"1");
    world.put("sub/y", b"2");
    let words =
        ["sync", "--delete-removed", "--exclude=*.txt", "--exclude=sub/", "tree/", "s3://bucket"];
    world.run(words).ok();
    assert_eq!(world.keys(), ["empty", "old.txt", "sub-", "sub/y"]);
    world.write("patterns", "# what is not wanted\n*\n");
    let words = ["sync", "--exclude-from=patterns", "--rinclude=deep/", "tree/", "s3://bucket"];
    let ran = world.run(words).ok();
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    world.run(["sync", "--rexclude=(", "tree/", "s3://bucket"]).exits(64).says("no pattern");
}

#[test]
fn never_a_part_of_a_name() {
    let world = World::with_bucket();
    for key in ["foo/a", "foo//b", "foobar", "foobar/d", "foo.txt", "foo-", "other"] {
        world.put(key, b"1");
    }
    world.run(["sync", "s3://bucket/foo", "down"]).ok();
    world.run(["sync", "s3://bucket/foo/", "flat"]).ok();
    world.run(["sync", "s3://bucket/foo.txt", "one"]).ok();
    let names = |folder: &str| -> Vec<String> {
        files(&world.path(folder)).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names("down"), ["foo/%_/b", "foo/a"]);
    assert_eq!(names("flat"), ["%_/b", "a"]);
    assert_eq!(names("one"), ["foo.txt"]);
    for (uri, folder) in [("foo", "down"), ("foo/", "flat"), ("foo.txt", "one")] {
        quiet(world.run(["sync", "--delete-removed", &format!("s3://bucket/{uri}"), folder]));
    }
}

#[test]
fn down_with_what_was_kept() {
    let world = World::with_bucket();
    tree(&world);
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_500_000_000);
    let file = std::fs::File::options().write(true).open(world.path("tree/sub/deep/x")).unwrap();
    file.set_modified(at).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o715)).unwrap();
    }
    std::fs::create_dir(world.path("tree/hollow")).unwrap();
    world.run(["sync", "--keep-dirs", "tree/", "s3://bucket/x/"]).ok();
    assert!(world.keys().contains(&"x/hollow/".to_owned()));
    let ran = world.run(["sync", "s3://bucket/x/", "back/"]).ok();
    assert!(ran.out.contains("download: 's3://bucket/x/a b.txt' -> 'back/a b.txt'"), "{}", ran.out);
    assert_eq!(files(&world.path("back")), files(&world.path("tree")));
    assert!(world.path("back/hollow").is_dir());
    let meta = world.path("back/sub/deep/x").metadata().unwrap();
    assert_eq!(meta.modified().unwrap(), at);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(meta.permissions().mode() & 0o777, 0o715);
    }
    quiet(world.run(["sync", "--delete-removed", "s3://bucket/x/", "back/"]));
    quiet(world.run(["sync", "--delete-removed", "--keep-dirs", "back/", "s3://bucket/x/"]));
    world.write("back/sub/deep/x", "y");
    world.run(["sync", "--no-preserve", "s3://bucket/x/", "back/"]).ok();
    assert_eq!(world.read("back/sub/deep/x"), b"x");
}

#[test]
fn down_with_deletions() {
    let world = World::with_bucket();
    tree(&world);
    world.run(["sync", "tree/", "s3://bucket"]).ok();
    world.run(["sync", "s3://bucket", "back"]).ok();
    world.write("back/extra/deep/e", "1");
    world.write("back/sub/extra", "2");
    let few = ["sync", "--delete-removed", "--max-delete=1", "s3://bucket", "back/"];
    world.run(few).ok().says("2 deletions, but at most 1");
    let words = ["sync", "--delete-removed", "--exclude=sub/*", "s3://bucket", "back/"];
    let ran = world.run(words).ok();
    assert_eq!(ran.out, "delete: 'back/extra/deep/e'\n");
    assert!(!world.path("back/extra").exists(), "its folders are gone, too");
    let ran = world.run(["sync", "--delete-removed", "s3://bucket", "back/"]).ok();
    assert_eq!(ran.out, "delete: 'back/sub/extra'\n");
    assert_eq!(files(&world.path("back")), files(&world.path("tree")));
}

#[test]
fn from_bucket_to_bucket() {
    let world = World::with_bucket();
    world.run(["mb", "s3://other"]).ok();
    tree(&world);
    world.run(["sync", "tree/", "s3://bucket/x/"]).ok();
    let ran = world.run(["sync", "s3://bucket/x", "s3://other/y/"]).ok();
    ran.prints("remote copy: 's3://bucket/x/a b.txt' -> 's3://other/y/x/a b.txt'  [1 of 6]");
    quiet(world.run(["sync", "--delete-removed", "s3://bucket/x", "s3://other/y/"]));
    world.put("x/empty", b"no more");
    world.run(["del", "s3://bucket/x/sub-"]).ok();
    let ran = world.run(["sync", "--delete-removed", "s3://bucket/x/", "s3://other/y/x/"]).ok();
    assert_eq!(
        ran.out,
        "remote copy: 's3://bucket/x/empty' -> 's3://other/y/x/empty'  [1 of 1]\n\
         delete: 's3://other/y/x/sub-'\n"
    );
    // Neighbours are no relatives.
    world.run(["sync", "-n", "s3://bucket/x", "s3://bucket/xx/"]).ok();
    for (from, to) in [("", "x/"), ("x/", ""), ("x/", "x/"), ("x", "")] {
        let (from, to) = (format!("s3://bucket/{from}"), format!("s3://bucket/{to}"));
        world.run(["sync", &from, &to]).exits(64).says("lie in each other");
    }
}

/// Under KMS an ETag only looks like an MD5: s3cmd sends such objects each time.
#[test]
fn what_kms_encrypts_is_not_sent_again() {
    let world = World::with_bucket();
    world.run(["encryption", "set", "s3://bucket", "aws:kms", "alias/x"]).ok();
    world.write("tree/small", "one");
    world.write("tree/large", noise(17 << 20, 5));
    world.run(["sync", "tree/", "s3://bucket"]).ok();
    let told = world.run(["ls", "-l", "s3://bucket/small"]).ok();
    assert!(!told.out.contains("f97c5d29941bfb1b2fdab0874906ab82"), "an MD5: {}", told.out);
    quiet(world.run(["sync", "tree/", "s3://bucket"]));
    // One that remembers nothing has to look.
    let stranger = |words: &[&str]| {
        let mut command = world.command(words);
        command.env("DIPPER_HOME", world.home().join("other"));
        world.finish(command)
    };
    quiet(stranger(&["sync", "tree/", "s3://bucket"]));
    world.write("tree/small", "two");
    let ran = stranger(&["sync", "-n", "tree/", "s3://bucket"]).ok();
    assert_eq!(ran.out, "upload: 'tree/small' -> 's3://bucket/small'\n");
}

/// Keys that may list and write, but not read: what the listing tells must do.
#[test]
fn a_backup_with_keys_that_may_not_read() {
    let world = World::with_bucket();
    world.write("tree/small", "one");
    world.write("tree/large", noise(17 << 20, 4));
    world.run(["sync", "tree/", "s3://bucket"]).ok();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",
        "Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}"#;
    world.write("policy.json", policy);
    world.run(["setpolicy", "policy.json", "s3://bucket"]).ok();
    quiet(world.run(["sync", "tree/", "s3://bucket"]));
    world.write("tree/small", "two");
    let ran = world.run(["sync", "tree/", "s3://bucket"]).ok();
    assert_eq!(ran.out, "upload: 'tree/small' -> 's3://bucket/small'  [1 of 1]\n");
}

/// s3cmd sends X first and copies it then: its Y holds B.
#[test]
fn a_copy_is_made_before_its_original_changes() {
    let world = World::with_bucket();
    world.write("tree/x", "content A");
    world.run(["sync", "tree/", "s3://bucket"]).ok();
    world.write("tree/x", "content B");
    world.write("tree/y", "content A");
    let ran = world.run(["sync", "tree/", "s3://bucket"]).ok();
    assert_eq!(
        ran.out,
        "remote copy: 's3://bucket/x' -> 's3://bucket/y'  [1 of 1]\n\
         upload: 'tree/x' -> 's3://bucket/x'  [1 of 1]\n"
    );
    assert_eq!((world.bytes("x"), world.bytes("y")), (b"content B".into(), b"content A".into()));
    quiet(world.run(["sync", "tree/", "s3://bucket"]));
}

#[test]
fn a_renamed_file_is_not_sent_again() {
    let world = World::with_bucket();
    world.write("tree/old.txt", "the same");
    world.run(["sync", "tree/", "s3://bucket"]).ok();
    std::fs::rename(world.path("tree/old.txt"), world.path("tree/new.html")).unwrap();
    let ran = world.run(["sync", "--delete-removed", "tree/", "s3://bucket"]).ok();
    assert_eq!(
        ran.out,
        "remote copy: 's3://bucket/old.txt' -> 's3://bucket/new.html'  [1 of 1]\n\
         delete: 's3://bucket/old.txt'\n"
    );
    assert_eq!(world.bytes("new.html"), b"the same");
    world.run(["info", "s3://bucket/new.html"]).ok().prints("text/html");
}

#[test]
fn a_list_of_files() {
    let world = World::with_bucket();
    tree(&world);
    let words = ["sync", "--files-from=-", "tree/", "s3://bucket"];
    let ran = world.run_with_input(words, "sub/deep/x\n./empty\n\ngone\n".as_bytes());
    ran.exits(2).says("gone: it is not there");
    assert_eq!(world.keys(), ["empty", "sub/deep/x"]);
    for outside in ["../work/tree/empty", "/etc/passwd"] {
        world.run_with_input(words, outside.as_bytes()).exits(64).says("no path below");
    }
    let words = ["sync", "--delete-removed", "--files-from=-", "tree/", "s3://bucket"];
    world.run_with_input(words, b"empty").exits(64);
}

#[cfg(unix)]
#[test]
fn links_are_followed_on_demand() {
    let world = World::with_bucket();
    world.write("tree/a", "1");
    world.write("elsewhere/b", "2");
    std::os::unix::fs::symlink(world.path("elsewhere"), world.path("tree/link")).unwrap();
    std::os::unix::fs::symlink("..", world.path("tree/up")).unwrap();
    world.run(["sync", "tree/", "s3://bucket"]).ok().says("skipped tree/link: a symbolic link");
    assert_eq!(world.keys(), ["a"]);
    world.run(["sync", "-F", "--exclude=up/*", "tree/", "s3://bucket"]).ok();
    assert_eq!(world.keys(), ["a", "link/b"]);
    // A disk that is not there any more has not lost its files.
    std::fs::rename(world.path("elsewhere"), world.path("unmounted")).unwrap();
    world.write("tree/new", "3");
    let ran =
        world.run(["sync", "-F", "--exclude=up/*", "--delete-removed", "tree/", "s3://bucket"]);
    let ran = ran.exits(2);
    ran.says("a link that can't be followed").says("nothing is deleted");
    assert_eq!(world.keys(), ["a", "link/b", "new"]);
}

#[test]
fn what_can_t_be_meant() {
    let world = World::with_bucket();
    tree(&world);
    world.write("file", "1");
    for (words, said) in [
        (&["sync", "tree/", "back/"][..], "one side must be in S3"),
        (&["sync", "tree/", "s3://bucket/x"], "must end in '/'"),
        (&["sync", "tree/", "s3://bucket/a", "s3://bucket/x/"], "all be files"),
        (&["sync", "nowhere", "s3://bucket"], "no such file"),
        (&["sync", "s3://bucket", "file"], "is a file"),
        (&["sync", "s3://", "back"], "a bucket is needed"),
        (&["sync", "tree/"], "PLACE"),
    ] {
        world.run(words).exits(64).says(said);
    }
    world.run(["sync", "tree/", "s3://no-such-bucket/"]).exits(12);
    assert!(world.keys().is_empty());
    let old =
        ["sync", "--delete-after", "--delay-updates", "--cache-file=x", "tree/", "s3://bucket"];
    world.run(old).ok().says("not used");
}

#[test]
fn several_sources() {
    let world = World::with_bucket();
    world.write("one/a", "1");
    world.write("two/a", "22");
    world.write("two/b", "b");
    world.put("one/old", b"1");
    world.put("beside", b"1");
    world.run(["sync", "--delete-removed", "one", "two", "s3://bucket"]).ok();
    assert_eq!(world.keys(), ["beside", "one/a", "two/a", "two/b"]);
    world.run(["sync", "one/", "two/", "s3://bucket/both/"]).ok();
    assert_eq!(world.bytes("both/a"), b"22", "the last one counts");
    world.run(["sync", "s3://bucket/one/", "s3://bucket/two/", "down/"]).ok();
    assert_eq!(files(&world.path("down")), [("a".into(), b"22".into()), ("b".into(), b"b".into())]);
}

#[test]
fn sizes_and_ages_of_the_source() {
    let world = World::with_bucket();
    for (name, size) in [("small", 1), ("middle", 2000), ("large", 9000)] {
        world.write(&format!("d/{name}"), vec![b'x'; size]);
    }
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3 * 24 * 60 * 60);
    std::fs::File::open(world.path("d/small")).unwrap().set_modified(old).unwrap();
    world.run(["sync", "--min-size", "2", "--max-size", "2k", "d/", "s3://bucket/"]).ok();
    assert_eq!(world.keys(), ["middle"]);
    world.run(["sync", "--older-than", "2d", "d/", "s3://bucket/"]).ok();
    assert_eq!(world.keys(), ["middle", "small"]);
    // What is left out by its size is there, and not to be deleted for that.
    world.write("d/middle", "short");
    world.put("gone", b"x");
    let words = ["sync", "--delete-removed", "--min-size", "1k", "d/", "s3://bucket/"];
    world.run(words).ok();
    assert_eq!(world.keys(), ["large", "middle", "small"]);
    assert_eq!(world.bytes("middle").len(), 2000);
    world.run(["sync", "--min-size", "much", "d/", "s3://bucket/"]).exits(64);
}
