use crate::support::{World, noise};

#[test]
fn to_here_to_a_file_to_a_folder_and_to_stdout() {
    let world = World::with_bucket();
    world.put("p/a b.txt", b"hello");
    let ran = world.run(["get", "s3://bucket/p/a b.txt"]).ok();
    assert_eq!(ran.out, "download: 's3://bucket/p/a b.txt' -> './a b.txt'  [1 of 1]\n");
    assert_eq!(world.read("a b.txt"), b"hello");
    world.run(["get", "s3://bucket/p/a b.txt", "other.txt"]).ok().prints("-> 'other.txt'");
    assert_eq!(world.read("other.txt"), b"hello");
    world.run(["get", "s3://bucket/p/a b.txt", "new/"]).ok();
    assert_eq!(world.read("new/a b.txt"), b"hello");
    let ran = world.run(["get", "s3://bucket/p/a b.txt", "-"]).ok();
    assert_eq!((ran.raw.as_slice(), ran.err.as_str()), (&b"hello"[..], ""));
}

#[test]
fn several_into_a_folder() {
    let world = World::with_bucket();
    world.put("a", b"1");
    world.put("p/b", b"2");
    world.run(["get", "s3://bucket/a", "s3://bucket/p/b", "into"]).ok();
    assert_eq!((world.read("into/a"), world.read("into/b")), (b"1".to_vec(), b"2".to_vec()));
}

#[test]
fn json_says_what_went_where() {
    let world = World::with_bucket();
    world.put("a", b"12");
    let rows = world.run(["get", "--json", "s3://bucket/a", "b"]).ok().json();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["type"], "download");
    assert_eq!(rows[0]["key"], "a");
    assert_eq!(rows[0]["size"], 2);
    assert_eq!(rows[0]["verifiedBy"], "crc64nvme");
    assert!(rows[0]["local"].as_str().unwrap().ends_with('b'));
}

#[test]
fn an_existing_file_stays_unless_forced() {
    let world = World::with_bucket();
    world.put("a", b"new");
    world.write("a", "old");
    world.run(["get", "s3://bucket/a"]).exits(64).says("--force");
    assert_eq!(world.read("a"), b"old");
    world.run(["get", "--skip-existing", "s3://bucket/a"]).ok();
    assert_eq!(world.read("a"), b"old");
    world.run(["get", "--force", "s3://bucket/a"]).ok();
    assert_eq!(world.read("a"), b"new");
    let names: Vec<_> = std::fs::read_dir(world.path(".")).unwrap().flatten().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn a_tree_keeps_what_is_there_and_fetches_the_rest() {
    let world = World::with_bucket();
    world.put("t/a", b"new a");
    world.put("t/b", b"new b");
    world.write("t/a", "old a");
    world.run(["get", "-r", "s3://bucket/t", "."]).exits(2).says("t/a");
    assert_eq!((world.read("t/a"), world.read("t/b")), (b"old a".to_vec(), b"new b".to_vec()));
    world.run(["get", "-r", "--skip-existing", "s3://bucket/t", "."]).ok();
    world.run(["get", "-r", "-f", "s3://bucket/t", "."]).ok();
    assert_eq!(world.read("t/a"), b"new a");
}

#[test]
fn recursive_takes_a_folder_never_a_part_of_a_name() {
    let world = World::with_bucket();
    for key in ["dir/a", "dir/sub/b", "directory/c"] {
        world.put(key, key.as_bytes());
    }
    world.run(["get", "-r", "s3://bucket/dir", "with"]).ok();
    assert!(world.path("with/dir/sub/b").exists() && !world.path("with/directory").exists());
    world.run(["get", "-r", "s3://bucket/dir/", "without"]).ok();
    assert!(world.path("without/sub/b").exists() && world.path("without/a").exists());
    world.run(["get", "-r", "s3://bucket", "all"]).ok();
    assert_eq!(world.read("all/directory/c"), b"directory/c");
}

#[test]
fn large_and_empty() {
    let world = World::with_bucket();
    let bytes = noise(19 << 20, 3);
    world.put("large", &bytes);
    world.put("empty", b"");
    world.run(["get", "s3://bucket/large", "s3://bucket/empty", "into/"]).ok();
    assert!(world.read("into/large") == bytes);
    assert_eq!(world.read("into/empty"), b"");
}

#[test]
fn what_is_not_there() {
    let world = World::with_bucket();
    world.run(["get", "s3://bucket/missing"]).exits(12).says("s3://bucket/missing");
    world.run(["get", "s3://bucket/missing", "-"]).exits(12);
    world.run(["get", "-r", "s3://bucket/missing"]).exits(12);
    world.run(["get", "s3://no-such-bucket/x"]).exits(12);
    world.run(["get", "s3://bucket"]).exits(64).says("--recursive");
    world.run(["get", "not-s3"]).exits(64);
    world.run(["get"]).exits(64);
    let left: Vec<_> = std::fs::read_dir(world.path(".")).unwrap().flatten().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    use std::io::Read;
    use std::process::Stdio;
    let world = World::with_bucket();
    world.put("large", &noise(9 << 20, 4));
    let mut command = world.command(["get", "s3://bucket/large", "-"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert!(ended.status.success());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_told_with_its_name() {
    let world = World::with_bucket();
    world.put("a", b"1");
    world.write("file", "x");
    world.run(["get", "s3://bucket/a", "file/a"]).exits(74).says("file");
    assert_eq!(world.read("file"), b"x");
}

/// Two users, or a cron job beside the window: each has transfers of the same small numbers.
#[test]
fn two_data_folders_load_into_one_folder() {
    let world = World::with_bucket();
    let bytes = [noise(60 << 20, 1), noise(60 << 20, 2)];
    for (name, bytes) in ["a", "b"].iter().zip(&bytes) {
        world.put(name, bytes);
    }
    let children = ["a", "b"].map(|name| {
        let mut command = world.command(["get", &format!("s3://bucket/{name}"), name]);
        command.env("DIPPER_HOME", world.data().join(name)).spawn().unwrap()
    });
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert!(world.read("a") == bytes[0] && world.read("b") == bytes[1]);
}
