//! What an `.s3cfg` says of transfers is heeded, and the command line beats it. That it is what s3cmd
//! does is compared with s3cmd itself (`settings.rs`).

use crate::support::World;

/// The connection's file with more in it.
fn with(world: &World, settings: &str) {
    let server = &world.server;
    let path = world.s3cfg(".s3cfg", server.host(), &server.access_key, &server.secret_key);
    let text = std::fs::read_to_string(&path).unwrap() + settings + "\n";
    std::fs::write(&path, text).unwrap();
}

fn info(world: &World, key: &str) -> serde_json::Value {
    world.run(["info", "--json", &format!("s3://bucket/{key}")]).ok().json().remove(0)
}

#[test]
fn the_file_says_it_and_the_command_line_beats_it() {
    let world = World::with_bucket();
    world.write("x", "x");
    with(
        &world,
        "storage_class = STANDARD_IA\nmime_type = text/own\nadd_headers = Cache-Control:no-store",
    );
    world.run(["put", "x", "s3://bucket/a"]).ok();
    world.run(["put", "--storage-class=GLACIER", "-m", "text/y", "x", "s3://bucket/b"]).ok();
    world.run_with_input(["pipe", "s3://bucket/c"], b"x").ok();
    world.run_with_input(["run", "-"], b"put x s3://bucket/d").ok();
    for (key, class, kind) in [
        ("a", "STANDARD_IA", "text/own"),
        ("b", "GLACIER", "text/y"),
        ("c", "STANDARD_IA", "text/own"),
        ("d", "STANDARD_IA", "text/own"),
    ] {
        let told = info(&world, key);
        assert_eq!(
            (&told["storageClass"], &told["contentType"], &told["cacheControl"]),
            (&class.into(), &kind.into(), &"no-store".into()),
            "{key}"
        );
    }
}

/// It is the file of the connection that is used, and of no other.
#[test]
fn another_connections_file_says_nothing() {
    let world = World::with_bucket();
    world.write("x", "x");
    let server = &world.server;
    let plain = world.s3cfg("plain", server.host(), &server.access_key, &server.secret_key);
    with(&world, "storage_class = STANDARD_IA\nencrypt = True");
    world.run(["-c", plain.to_str().unwrap(), "put", "x", "s3://bucket/a"]).ok();
    assert_eq!(info(&world, "a")["storageClass"], serde_json::Value::Null);
}

#[test]
fn nothing_is_deleted_by_a_file_that_says_so_in_passing() {
    let world = World::with_bucket();
    world.write("dir/x", "x");
    world.put("old", b"old");
    // Neither makes a folder of an object, nor allows what must be said each time.
    with(&world, "recursive = True\nforce = True\ndelete_after_fetch = True");
    world.run(["del", "s3://bucket"]).exits(64);
    world.run(["get", "s3://bucket/old", "dir/x"]).exits(64);
    world.run(["sync", "s3://bucket/", "down/"]).ok();
    assert_eq!(world.keys(), ["old"]);
    with(&world, "dry_run = yes\ndelete_removed = True");
    world.run(["sync", "dir/", "s3://bucket/"]).ok().prints("delete: 's3://bucket/old'");
    assert_eq!(world.keys(), ["old"]);
}

/// A word that is none is no quiet "no": what it stands for may be wanted.
#[test]
fn what_cannot_be_read_is_told() {
    let world = World::with_bucket();
    world.write("x", "x");
    for (setting, says) in [
        ("encrypt = maybe", "encrypt"),
        ("multipart_chunk_size_mb = 4", "5 to 5120"),
        ("multipart_chunk_size_mb = many", "a number"),
        ("add_headers = nonsense", "NAME:VALUE"),
        ("acl_public = perhaps", "True or False"),
    ] {
        with(&world, setting);
        world.run(["put", "x", "s3://bucket/x"]).exits(78).says(says).says(".s3cfg");
    }
    assert!(world.keys().is_empty());
}

#[test]
fn no_verb_sends_in_clear_what_was_to_be_sealed() {
    let world = World::with_bucket();
    world.write("dir/x", "x");
    world.put("there", b"x");
    let uploads: &[&[&str]] = &[
        &["put", "dir/x", "s3://bucket/x"],
        &["pipe", "s3://bucket/x"],
        &["sync", "dir/", "s3://bucket/"],
        &["watch", "dir", "s3://bucket/"],
    ];
    let writes: &[&[&str]] = &[
        &["cp", "s3://bucket/there", "s3://bucket/x"],
        &["mv", "s3://bucket/there", "s3://bucket/x"],
        &["modify", "-m", "text/x", "s3://bucket/there"],
    ];
    with(&world, "encrypt = True");
    for words in uploads {
        world.run_with_input(words.iter().copied(), b"x").exits(64).says("gpg_passphrase");
    }
    with(&world, "");
    for words in uploads {
        let sealed = [words, &["-e"][..]].concat();
        world.run_with_input(sealed.iter().copied(), b"x").exits(64).says("gpg_passphrase");
    }
    assert_eq!(world.keys(), ["there"]);
    for (setting, wanted) in
        [("server_side_encryption = True", "AES256"), ("kms_key = alias/x", "aws:kms")]
    {
        for words in [&uploads[..3], writes].concat() {
            with(&world, "");
            world.put("there", b"x");
            with(&world, setting);
            world.run_with_input(words.iter().copied(), b"x").ok();
            let key = if words[0] == "modify" { "there" } else { "x" };
            assert_eq!(info(&world, key)["encryption"], wanted, "{setting}: {words:?}");
            world.run(["del", "s3://bucket/x"]).ok();
        }
    }
}
