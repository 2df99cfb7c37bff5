//! Encryption at the server, and the keys for it.

use serde_json::Value;

use crate::support::{World, noise};

const UNLOCK: [&str; 2] = ["--password-command", "echo correct horse battery"];

/// Its vault is under a passphrase: no keychain is asked.
fn world() -> World {
    let world = World::with_bucket();
    world.run([&["vault", "passphrase"][..], &UNLOCK].concat()).ok();
    world
}

fn object(world: &World, words: &[&str]) -> Value {
    world.run([&["info", "--json"], words].concat()).ok().json().remove(0)
}

#[test]
fn asked_for_with_an_upload() {
    let world = World::with_bucket();
    world.write("a", "hello");
    for (how, wanted) in [
        (&["--server-side-encryption"][..], "AES256"),
        (&["--server-side-encryption-kms-id=alias/mine"], "aws:kms"),
        (&["--sse", "aws:kms", "--bucket-key"], "aws:kms"),
        (&["--sse", "aws:kms:dsse", "--sse-kms-key-id", "alias/mine"], "aws:kms:dsse"),
    ] {
        world.run([&["put", "a", "s3://bucket/k"], how].concat()).ok();
        assert_eq!(object(&world, &["s3://bucket/k"])["encryption"], wanted, "{how:?}");
        world.run([&["cp", "s3://bucket/k", "s3://bucket/c"], how].concat()).ok();
        assert_eq!(object(&world, &["s3://bucket/c"])["encryption"], wanted, "{how:?}");
        world.run([&["sync", "--force", "./", "s3://bucket/s/"], how].concat()).ok();
        assert_eq!(object(&world, &["s3://bucket/s/a"])["encryption"], wanted, "{how:?}");
        world.run(["del", "s3://bucket/s/a"]).ok();
    }
    world.run(["put", "a", "s3://bucket/k", "--bucket-key"]).exits(64);
    world.run(["put", "a", "s3://bucket/k", "--sse=AES256", "--sse-kms-key-id=x"]).exits(64);
    world.run(["put", "a", "s3://bucket/k", "--sse-c"]).exits(64).says("needs a key");
}

#[test]
fn another_key_for_what_is_there() {
    let world = World::with_bucket();
    world.put("d/one", b"1");
    world.put("d/two", b"2");
    world.run(["setacl", "-P", "s3://bucket/d/one"]).ok();
    world.run(["modify", "-r", "--sse=aws:kms", "--sse-kms-key-id=alias/x", "s3://bucket/d/"]).ok();
    for name in ["one", "two"] {
        assert_eq!(object(&world, &[&format!("s3://bucket/d/{name}")])["encryption"], "aws:kms");
    }
    // A change of something else leaves it.
    world.run(["modify", "--add-header=x-amz-meta-a:b", "s3://bucket/d/one"]).ok();
    assert_eq!(object(&world, &["s3://bucket/d/one"])["encryption"], "aws:kms");
    let told = object(&world, &["s3://bucket/d/one"]);
    assert_eq!(told["acl"][1]["grantee"], "*anon*", "still public");
    // So does a move within the bucket.
    world.run(["mv", "s3://bucket/d/two", "s3://bucket/d/three"]).ok();
    assert_eq!(object(&world, &["s3://bucket/d/three"])["encryption"], "aws:kms");
}

#[test]
fn a_key_of_ones_own() {
    let world = world();
    let bytes = noise((9 << 20) + 5, 3);
    world.write("big", &bytes);
    world.write("small", "hello");
    let with = |words: &[&str]| world.run([words, &UNLOCK].concat());
    with(&["key", "add", "mine"]).ok().says("key export mine");
    with(&["key", "add", "mine"]).exits(64).says("already");
    with(&["put", "big", "small", "s3://bucket/", "--sse-c=mine"]).ok();
    // Without the vault nobody reads it.
    world.run(["get", "s3://bucket/small", "x"]).exits(64).says("key");
    for name in ["big", "small"] {
        with(&["get", "--force", &format!("s3://bucket/{name}"), "back"]).ok();
        assert!(world.read("back") == world.read(name), "{name}");
    }
    let told = with(&["info", "--json", "s3://bucket/big"]).ok().json().remove(0);
    assert_eq!(
        (&told["encryption"], &told["customerKey"]),
        (&"SSE-C AES256".into(), &"mine".into())
    );
    // Headers change, the key stays; a copy keeps it, too.
    with(&["modify", "--mime-type=text/x", "s3://bucket/small"]).ok();
    with(&["cp", "s3://bucket/big", "s3://bucket/copy"]).ok();
    let told = with(&["info", "--json", "s3://bucket/small", "s3://bucket/copy"]).ok().json();
    assert!(told.iter().all(|object| object["customerKey"] == "mine"), "{told:?}");
    // On another machine, by a file.
    with(&["key", "export", "mine", "key.txt"]).ok();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = world.path("key.txt").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    with(&["key", "export", "mine", "key.txt"]).exits(74);
    with(&["key", "rm", "mine"]).exits(64);
    with(&["key", "rm", "mine", "--force"]).ok();
    with(&["get", "--force", "s3://bucket/copy", "back"]).exits(64);
    let by_file = ["get", "--force", "s3://bucket/copy", "back", "--sse-c-key-file", "key.txt"];
    world.run(by_file).ok();
    assert!(world.read("back") == bytes);
    world.run(["put", "small", "s3://bucket/f", "--sse-c", "--sse-c-key-file=key.txt"]).ok();
    world.run(["cat", "s3://bucket/f", "--sse-c-key-file=key.txt"]).ok().prints("hello");
    with(&["key", "add", "again", "--from", "key.txt"]).ok();
    with(&["cat", "s3://bucket/f"]).ok().prints("hello");
    world.write("short", "123");
    with(&["key", "add", "bad", "--from", "short"]).exits(64).says("32 bytes");
    with(&["put", "small", "s3://bucket/n", "--sse-c=nobody"]).exits(1).says("no key 'nobody'");
    assert!(!world.keys().iter().any(|key| key == "n"), "nothing is sent in clear");
}

#[test]
fn places_where_everything_is_encrypted() {
    let world = world();
    let with = |words: &[&str]| world.run([words, &UNLOCK].concat());
    world.write("t/a", "1");
    world.write("t/safe/b", "2");
    with(&["key", "add", "mine"]).ok();
    with(&["key", "default", "s3://bucket/t/safe/", "--sse-c=mine"]).ok();
    with(&["key", "default", "s3://bucket", "--sse=AES256"]).ok();
    let told = with(&["key", "defaults"]).ok();
    assert_eq!(told.out, "s3://bucket/  SSE-S3\ns3://bucket/t/safe/  SSE-C with 'mine'\n");
    with(&["put", "-r", "t", "s3://bucket/"]).ok();
    let of = |key: &str| {
        let told = with(&["info", "--json", key]).ok().json().remove(0);
        told["encryption"].as_str().map(str::to_owned)
    };
    assert_eq!(of("s3://bucket/t/a").as_deref(), Some("AES256"));
    assert_eq!(of("s3://bucket/t/safe/b").as_deref(), Some("SSE-C AES256"));
    // What comes by a copy is protected, too.
    with(&["cp", "s3://bucket/t/a", "s3://bucket/t/safe/c"]).ok();
    assert_eq!(of("s3://bucket/t/safe/c").as_deref(), Some("SSE-C AES256"));
    with(&["put", "t/a", "s3://bucket/t/safe/open", "--no-encrypt"]).ok();
    assert_eq!(of("s3://bucket/t/safe/open"), None);
    with(&["key", "rm", "mine", "--force"]).exits(13).says("t/safe/");
    with(&["key", "default", "s3://bucket/t/safe/", "--no-encrypt"]).ok();
    with(&["key", "default", "s3://bucket/t/safe/", "--no-encrypt"]).exits(64);
    with(&["key", "rm", "mine", "--force", "--dry-run"]).ok();
    with(&["key", "rm", "mine", "--force"]).ok();
    assert_eq!(with(&["key", "ls"]).ok().out, "");
}
