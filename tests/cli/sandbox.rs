use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use crate::support::World;

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn started(world: &World, words: &[&str]) -> (Killed, Vec<String>) {
    let mut child = world.command(words).stdout(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let lines = out.lines().map_while(Result::ok).take(3).collect();
    (Killed(child), lines)
}

#[test]
fn the_address_and_the_keys_are_printed_for_other_tools() {
    let world = World::new();
    let (_server, lines) = started(&world, &["sandbox", "--memory"]);
    assert!(lines[0].starts_with("http://127.0.0.1:"), "{lines:?}");
    let access = lines[1].strip_prefix("AWS_ACCESS_KEY_ID=").unwrap();
    let secret = lines[2].strip_prefix("AWS_SECRET_ACCESS_KEY=").unwrap();
    let cfg = world.s3cfg("own", lines[0].trim_start_matches("http://"), access, secret);
    world.run(["-c", cfg.to_str().unwrap(), "mb", "s3://own"]).ok();
}

#[test]
fn a_folder_keeps_everything_and_the_same_keys_and_port() {
    let world = World::new();
    let folder = world.path("kept");
    let words = ["sandbox", "--data", folder.to_str().unwrap()];
    let (server, first) = started(&world, &words);
    let cfg = |lines: &[String]| {
        let word = |at: usize| lines[at].split_once('=').unwrap().1.to_owned();
        world.s3cfg("kept", lines[0].trim_start_matches("http://"), &word(1), &word(2))
    };
    let path = cfg(&first);
    let path = path.to_str().unwrap();
    world.run(["-c", path, "mb", "s3://stays"]).ok();
    world.run_with_input(["-c", path, "put", "-", "s3://stays/a"], b"bytes").ok();
    drop(server);
    let (_again, second) = started(&world, &words);
    assert_eq!(first, second);
    let ran = world.run(["-c", path, "get", "s3://stays/a", "-"]).ok();
    assert_eq!(ran.raw, b"bytes");
}

#[test]
fn a_folder_has_one_server() {
    let world = World::new();
    let folder = world.path("kept");
    let words = ["sandbox", "--data", folder.to_str().unwrap()];
    let (_server, _) = started(&world, &words);
    world.run(words).exits(13).says("the sandbox can't start");
}

/// `--sandbox` starts it in the process where none runs, and uses the one that runs.
#[test]
fn every_process_of_a_data_folder_sees_the_same() {
    let world = World::new();
    world.run(["--sandbox", "mb", "s3://alone"]).ok();
    world.run(["--sandbox", "ls"]).ok().prints("s3://alone");
    let (_server, _) = started(&world, &["sandbox"]);
    world.run(["--sandbox", "ls"]).ok().prints("s3://alone");
    world.run(["--sandbox", "mb", "s3://beside"]).ok();
    world.run(["--sandbox", "ls"]).ok().prints("s3://alone").prints("s3://beside");
}

#[test]
fn options_that_exclude_each_other() {
    let world = World::new();
    world.run(["sandbox", "--memory", "--data", "x"]).exits(64);
    world.run(["sandbox", "--port", "99999"]).exits(64);
}

#[cfg(unix)]
#[test]
fn it_ends_when_it_is_asked_to() {
    let world = World::new();
    let (mut server, _) = started(&world, &["sandbox", "--memory"]);
    let pid = server.0.id().to_string();
    std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(server.0.wait().unwrap().success());
}
