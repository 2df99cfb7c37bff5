//! Saved connections. What needs a keychain is tested where one can be had; here there is none.

use crate::support::World;

#[test]
fn none_at_first() {
    let world = World::new();
    assert_eq!(world.run(["profile", "ls"]).ok().out, "");
}

#[test]
fn the_sandbox_is_listed_once_it_was_used() {
    let world = World::new();
    world.run(["--sandbox", "ls"]).ok();
    world.run(["profile", "ls"]).ok().prints("Sandbox");
    let rows = world.run(["profile", "ls", "--json"]).ok().json();
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0]["id"], &rows[0]["kind"]), (&"sandbox".into(), &"sandbox".into()));
    assert!(rows[0].get("secretKey").is_none());
    world.run(["--profile", "sandbox", "mb", "s3://by-name"]).ok();
    world.run(["--profile", "Sandbox", "ls"]).ok().prints("s3://by-name");
}

#[test]
fn one_without_keys_needs_no_vault() {
    let world = World::with_bucket();
    world.put("open", b"bytes");
    world.run(["setacl", "-P", "s3://bucket", "s3://bucket/open"]).ok();
    let endpoint = world.server.endpoint.clone();
    let ran = world.run_with_input(["profile", "add", "guest", "--endpoint", &endpoint], b"").ok();
    assert_eq!(ran.out, format!("Saved 'guest' ({endpoint})\n"));
    world.run(["profile", "ls"]).ok().prints("guest");
    world.run(["--profile", "guest", "ls", "s3://bucket"]).ok().prints("s3://bucket/open");
    let ran = world.run(["--profile", "guest", "get", "s3://bucket/open", "-"]).ok();
    assert_eq!(ran.raw, b"bytes");
    world.run(["--profile", "guest", "del", "s3://bucket/open"]).exits(77);
    world.run(["profile", "rm", "guest"]).ok();
    world.run(["--profile", "guest", "ls"]).exits(64).says("profile ls");
    assert_eq!(world.run(["profile", "ls"]).ok().out, "");
}

/// Without a keychain nothing is kept half, and the message says what to do.
#[cfg(target_os = "linux")]
#[test]
fn keys_are_not_kept_where_there_is_no_keychain() {
    let world = World::new();
    let (endpoint, secret) = (&world.server.endpoint, &world.server.secret_key);
    let input = format!("{}\n{secret}\n", world.server.access_key);
    let words = ["profile", "add", "mine", "--endpoint", endpoint];
    let ran = world.run_with_input(words, input.as_bytes()).exits(78);
    assert!(ran.err.lines().count() >= 2, "no hint: {}", ran.err);
    assert_eq!(world.run(["profile", "ls"]).ok().out, "");
}

#[test]
fn half_a_pair_of_keys() {
    let world = World::new();
    let words = ["profile", "add", "mine", "--endpoint", "https://s3.example.org"];
    world.run_with_input(words, b"AKIAONLYTHEID\n").exits(64).says("secret key is missing");
    world.run_with_input(words, b"\nonly-the-secret\n").exits(64).says("access key id is missing");
}

#[test]
fn addresses_that_are_none() {
    let world = World::new();
    for endpoint in ["not an address", "ftp://host", "http://"] {
        world.run_with_input(["profile", "add", "x", "--endpoint", endpoint], b"").exits(64);
    }
    let plain = ["profile", "add", "x", "--endpoint", "http://s3.example.org"];
    world.run_with_input(plain, b"").exits(64).says("plain http");
    world.run_with_input(["profile", "add", "x", "--provider", "nobody"], b"").exits(64);
}

#[test]
fn names_that_are_unknown() {
    let world = World::new();
    world.run(["profile", "rm", "nobody"]).exits(64).says("nobody");
    world.run(["--profile", "nobody", "ls"]).exits(64).says("profile ls");
}
