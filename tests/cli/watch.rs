//! A folder that is kept in S3 as it changes.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::World;

struct Watching(Child);

impl Watching {
    fn start(world: &World, options: &[&str]) -> Self {
        let mut words = vec!["watch", "--settle", "1s"];
        words.extend(options);
        words.extend(["dir", "s3://bucket/p"]);
        let mut command = world.command(words);
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn has(world: &World, key: &str, bytes: &str) -> bool {
    let ran = world.run(["get", &format!("s3://bucket/{key}"), "-"]);
    ran.code == 0 && ran.out == bytes
}

#[test]
fn what_changes_goes_up() {
    let world = World::with_bucket();
    world.write("dir/first", "1");
    let mut watching = Watching::start(&world, &[]);
    until("the sync at the start", || has(&world, "p/first", "1"));
    world.write("dir/second", "2");
    until("a new file", || has(&world, "p/second", "2"));
    world.write("dir/first", "changed");
    until("a changed file", || has(&world, "p/first", "changed"));
    // A folder that is moved in: nobody tells of what is in it.
    world.write("aside/deep/third", "3");
    std::fs::rename(world.path("aside"), world.path("dir/inside")).unwrap();
    until("a folder", || has(&world, "p/inside/deep/third", "3"));
    std::fs::remove_file(world.path("dir/second")).unwrap();
    world.write("dir/last", "4");
    until("the last", || has(&world, "p/last", "4"));
    assert!(has(&world, "p/second", "2"), "nothing is deleted unasked");
    assert!(watching.0.try_wait().unwrap().is_none());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_well() {
    let world = World::with_bucket();
    world.write("dir/first", "1");
    let mut watching = Watching::start(&world, &["--delete"]);
    until("the sync at the start", || has(&world, "p/first", "1"));
    world.write("dir/second", "2");
    until("a new file", || has(&world, "p/second", "2"));
    std::fs::remove_file(world.path("dir/first")).unwrap();
    until("a deleted file", || world.keys() == ["p/second"]);
    let id = watching.0.id().to_string();
    let status = std::process::Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(status.success());
    assert_eq!(watching.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_folder_that_goes_takes_nothing_with_it() {
    let world = World::with_bucket();
    world.write("dir/first", "1");
    let mut watching = Watching::start(&world, &["--delete"]);
    until("the sync at the start", || has(&world, "p/first", "1"));
    std::fs::remove_dir_all(world.path("dir")).unwrap();
    let mut code = None;
    until("its end", || {
        code = watching.0.try_wait().unwrap();
        code.is_some()
    });
    assert_ne!(code.unwrap().code(), Some(0));
    assert_eq!(world.keys(), ["p/first"]);
    world.run(["watch", "missing", "s3://bucket/p"]).exits(64);
    world.run(["watch", "s3://bucket/p", "dir"]).exits(64);
}
