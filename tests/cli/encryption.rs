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
    let ran = world.run(["get", "s3://bucket/small", "x"]);
    assert!(ran.code != 0 && !world.path("x").exists(), "{}", ran.err);
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
    assert_ne!(with(&["get", "--force", "s3://bucket/copy", "back"]).code, 0);
    let by_file = ["get", "--force", "s3://bucket/copy", "back", "--sse-c-key-file", "key.txt"];
    world.run(by_file).ok();
    assert!(world.read("back") == bytes);
    world.run(["put", "small", "s3://bucket/f", "--sse-c", "--sse-c-key-file=key.txt"]).ok();
    world.run(["cat", "s3://bucket/f", "--sse-c-key-file=key.txt"]).ok().prints("hello");
    with(&["key", "add", "again", "--from", "key.txt"]).ok();
    with(&["cat", "s3://bucket/f"]).ok().prints("hello");
    world.write("short", "123");
    with(&["key", "add", "bad", "--from", "short"]).exits(64).says("32 bytes");
    with(&["put", "small", "s3://bucket/n", "--sse-c=nobody"]).exits(11).says("no key 'nobody'");
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

/// A world whose `.s3cfg` has a passphrase for what is encrypted here.
fn with_passphrase() -> World {
    let world = World::with_bucket();
    let path = world.home().join(".s3cfg");
    let text = std::fs::read_to_string(&path).unwrap() + "gpg_passphrase = schöner Satz\n";
    std::fs::write(&path, text).unwrap();
    world
}

#[test]
fn encrypted_here_as_s3cmd_does() {
    let world = with_passphrase();
    let big = noise((9 << 20) + 7, 5);
    for (name, bytes) in [("t/big", big.as_slice()), ("t/small", b"hello"), ("t/empty", b"")] {
        world.write(name, bytes);
    }
    world.run(["put", "-e", "-r", "t", "s3://bucket/"]).ok();
    for name in ["t/big", "t/small", "t/empty"] {
        let uri = format!("s3://bucket/{name}");
        let told = object(&world, &[&uri]);
        assert_eq!(told["metadata"]["s3tools-gpgenc"], "gpg", "{told}");
        assert_eq!(told["contentType"], "application/octet-stream");
        assert!(told["size"].as_u64().unwrap() > world.read(name).len() as u64, "{told}");
        world.run(["get", "--force", &uri, "back"]).ok();
        assert!(world.read("back") == world.read(name), "{name}");
    }
    // As it is stored: into a file, a folder and a pipe.
    world.run(["get", "--as-stored", "s3://bucket/t/small", "sealed"]).ok();
    let sealed = world.read("sealed");
    let told = object(&world, &["s3://bucket/t/small"]);
    assert_eq!(told["size"], sealed.len());
    assert!(sealed != b"hello" && sealed[0] & 0x80 != 0, "packets of OpenPGP");
    world.run(["get", "--as-stored", "-r", "s3://bucket/t/", "raw/"]).ok();
    assert!(world.read("raw/small") == sealed);
    let told = object(&world, &["s3://bucket/t/big"]);
    assert_eq!(told["size"], world.read("raw/big").len());
    let piped = world.run(["get", "--as-stored", "--json", "s3://bucket/t/small", "-"]).ok();
    assert!(!piped.out.contains("hello"));
    world.run(["cat", "s3://bucket/t/small"]).ok().prints("hello");
    // A tree comes back as it was, and a second time nothing moves.
    world.run(["sync", "s3://bucket/t/", "down/"]).ok();
    assert!(world.read("down/big") == big && world.read("down/small") == b"hello");
    let again = world.run(["sync", "s3://bucket/t/", "down/"]).ok();
    assert!(!again.out.contains("download: "), "{}", again.out);
    world.run(["sync", "-e", "t/", "s3://bucket/t/"]).ok();
    let again = world.run(["sync", "-e", "t/", "s3://bucket/t/"]).ok();
    assert!(!again.out.contains("upload: "), "{}", again.out);
    // Nothing waits any more, encrypted or not.
    assert!(world.data().join("spool").read_dir().unwrap().next().is_none());
    // Without the passphrase, or with another one: one message, and nothing is left.
    for passphrase in ["", "gpg_passphrase = another\n"] {
        let path = world.home().join(".s3cfg");
        let text = std::fs::read_to_string(&path).unwrap();
        let text: String = text
            .lines()
            .filter(|l| !l.starts_with("gpg_"))
            .fold(String::new(), |all, line| all + line + "\n");
        std::fs::write(&path, text + passphrase).unwrap();
        std::fs::create_dir(world.path("n")).unwrap();
        for name in ["t/big", "t/small"] {
            let ran = world.run(["get", &format!("s3://bucket/{name}"), "n/x"]);
            let words =
                if passphrase.is_empty() { "no key" } else { "wrong passphrase or damaged" };
            assert_eq!(ran.code, if passphrase.is_empty() { 78 } else { 65 }, "{}", ran.err);
            assert!(ran.err.contains(words), "{}", ran.err);
            assert!(ran.err.contains("--as-stored"), "{}", ran.err);
        }
        // It was uploaded anew in between, with other bytes of the same number.
        world.run(["get", "--as-stored", "--force", "s3://bucket/t/small", "sealed"]).ok();
        assert_eq!(world.read("sealed").len(), sealed.len());
        assert!(world.path("n").read_dir().unwrap().next().is_none());
        std::fs::remove_dir(world.path("n")).unwrap();
    }
}

#[test]
fn with_keys_of_the_vault() {
    let world = world();
    let with = |words: &[&str]| world.run([words, &UNLOCK].concat());
    let bytes = noise((5 << 20) + 1, 9);
    world.write("f", &bytes);
    world.write("words", "a long enough passphrase\n");
    world.write("remote", "first\nsecond\n");
    with(&["key", "add", "phrase", "--kind=passphrase", "--from=words"]).ok();
    let pair = with(&["key", "add", "pair", "--kind=age"]).ok();
    assert!(pair.out.starts_with("age1"), "{}", pair.out);
    world.write("theirs", &pair.out);
    with(&["key", "add", "theirs", "--kind=recipients", "--from=theirs"]).ok();
    with(&["key", "add", "crypt", "--kind=rclone", "--from=remote"]).ok();
    for (keys, format) in [
        ("phrase", "openpgp"),
        ("pair", "age"),
        ("theirs", "age"),
        ("pair,theirs", "age"),
        ("crypt", "rclone"),
    ] {
        with(&["put", "f", "s3://bucket/f", "--encrypt-with", keys]).ok();
        let told = object(&world, &["s3://bucket/f"]);
        match format {
            "openpgp" => assert_eq!(told["metadata"]["s3tools-gpgenc"], "gpg"),
            _ => assert_eq!(told["metadata"]["dipper-encryption"], format),
        }
        with(&["get", "--force", "s3://bucket/f", "back"]).ok();
        assert!(world.read("back") == bytes, "{keys}");
    }
    with(&["put", "f", "s3://bucket/f", "--encrypt-with=phrase", "--encrypt-as=rclone"]).exits(64);
    with(&["put", "f", "s3://bucket/f", "--encrypt-with=nobody"]).exits(78).says("nobody");
    // A place says it for all that comes.
    with(&["key", "default", "s3://bucket/safe/", "--encrypt-with=pair"]).ok();
    with(&["put", "f", "s3://bucket/safe/f"]).ok();
    let told = object(&world, &["s3://bucket/safe/f"]);
    assert_eq!(told["metadata"]["dipper-encryption"], "age");
    with(&["put", "f", "s3://bucket/safe/open", "--no-encrypt"]).ok();
    assert!(world.bytes("safe/open") == bytes);
}

/// One byte of the ciphertext, anywhere: nothing of it gets a name.
#[test]
fn what_was_tampered_with_is_not_taken() {
    let world = with_passphrase();
    let bytes = noise(200_000, 11);
    world.write("f", &bytes);
    world.run(["put", "-e", "--no-preserve", "f", "s3://bucket/f"]).ok();
    // Without its mark it comes as it is stored.
    world.run(["modify", "--remove-header=x-amz-meta-s3tools-gpgenc", "s3://bucket/f"]).ok();
    let sealed = world.bytes("f");
    assert!(sealed.len() > bytes.len());
    std::fs::create_dir(world.path("n")).unwrap();
    for at in [0, 20, 30, 5_000, sealed.len() / 2, sealed.len() - 1] {
        let mut other = sealed.clone();
        other[at] ^= 1;
        world.write("other", &other);
        let mark = "--add-header=x-amz-meta-s3tools-gpgenc:gpg";
        world.run(["put", "--no-preserve", mark, "other", "s3://bucket/other"]).ok();
        let ran = world.run(["get", "s3://bucket/other", "n/x"]);
        assert_ne!(ran.code, 0, "at {at}");
        assert!(world.path("n").read_dir().unwrap().next().is_none(), "at {at}");
    }
}
