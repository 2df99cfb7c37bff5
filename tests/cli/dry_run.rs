//! `-n` says what would be done, and does nothing.

use crate::support::World;

#[test]
fn nothing_is_written() {
    let world = World::with_bucket();
    world.put("a", b"x");
    world.write("f", "file");
    world.write("d/e", "deep");
    let statement = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}"#;
    world.write("policy", format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#));
    world.write("cors", r#"{"corsRules":[{"allowedMethods":["GET"],"allowedOrigins":["*"]}]}"#);
    let before = world.run(["ls", "-l", "-r", "s3://bucket"]).ok().out;
    for (words, says) in [
        (&["put", "-r", "f", "d", "s3://bucket/p/"][..], "upload: 'd/e' -> 's3://bucket/p/d/e'"),
        (&["put", "-", "s3://bucket/k"], "upload: 'standard input'"),
        (&["get", "s3://bucket/a", "new/"], "download: 's3://bucket/a' -> 'new/a'"),
        (&["get", "-r", "s3://bucket"], "download: 's3://bucket/a' -> './a'"),
        (&["del", "s3://bucket/a"], "delete: 's3://bucket/a'"),
        (&["cp", "s3://bucket/a", "s3://bucket/b"], "copy: 's3://bucket/a' -> 's3://bucket/b'"),
        (&["mv", "s3://bucket/a", "s3://bucket/b"], "move: 's3://bucket/a'"),
        (&["mb", "s3://another"], "create: 's3://another/'"),
        (&["rb", "-r", "s3://bucket"], "remove: 's3://bucket/' with everything"),
        (&["setacl", "-P", "s3://bucket/a"], "s3://bucket/a: ACL set to Public"),
        (&["setacl", "-P", "s3://bucket"], "s3://bucket/: ACL set to Public"),
        (&["setacl", "--acl-grant", "read:anon", "s3://bucket/a"], "ACL updated"),
        (&["modify", "-m", "text/x", "s3://bucket/a"], "modify: 's3://bucket/a'"),
        (&["versioning", "set", "s3://bucket", "enable"], "Enabled"),
        (&["setversioning", "s3://bucket", "enable"], "Enabled"),
        (&["cors", "rm", "s3://bucket"], "cors would be removed"),
        (&["delcors", "s3://bucket"], "cors would be removed"),
        (&["setcors", "cors", "s3://bucket"], "GET"),
        (&["setpolicy", "policy", "s3://bucket"], "policy would be set"),
        (&["policy", "rm", "s3://bucket"], "policy would be removed"),
        (&["delpolicy", "s3://bucket"], "policy would be removed"),
        (&["expire", "s3://bucket", "--expiry-days", "3"], "Expiration"),
        (&["ws-create", "s3://bucket"], "index.html"),
        (&["payer", "s3://bucket", "--requester-pays"], "Requester"),
    ] {
        let noun = matches!(words[0], "versioning" | "cors" | "policy");
        let mut all = words.to_vec();
        if noun {
            all.push("-n")
        } else {
            all.insert(1, "-n")
        }
        let ran = world.run(&all).ok();
        assert!(ran.out.contains(says), "{words:?}: {}", ran.out);
    }
    assert_eq!(world.run(["ls", "-l", "-r", "s3://bucket"]).ok().out, before);
    assert_eq!(world.anonymous("/bucket/a"), 403);
    assert!(!world.path("a").exists() && !world.path("new").exists());
    assert!(!world.run(["ls"]).ok().out.contains("another"));
    assert!(!world.run(["versioning", "get", "s3://bucket"]).out.contains("Enabled"));
    world.run(["cors", "get", "s3://bucket"]).exits(12);
    world.run(["lifecycle", "get", "s3://bucket"]).exits(12);
    world.run(["website", "get", "s3://bucket"]).exits(12);
}

#[test]
fn json_says_so_too() {
    let world = World::with_bucket();
    world.put("a", b"x");
    world.write("f", "file");
    for words in [
        &["put", "f", "s3://bucket/f"][..],
        &["get", "s3://bucket/a"],
        &["cp", "s3://bucket/a", "s3://bucket/b"],
        &["modify", "-m", "text/x", "s3://bucket/a"],
        &["setacl", "-P", "s3://bucket/a"],
        &["mb", "s3://another"],
        &["rb", "s3://bucket"],
    ] {
        let rows = world.run([&["--json", "-n"], words].concat()).ok().json();
        assert_eq!(rows[0]["dryRun"], true, "{words:?}");
    }
}

/// What can be seen of the server, the data folder and the files.
fn everything(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for words in [
        "ls --json",
        "versions -r --json s3://bucket",
        "ls -r -l --json s3://bucket",
        "info --json s3://bucket",
        "info --json --attributes s3://bucket/a",
        "multipart --json s3://bucket",
        "acl get s3://bucket/a",
        "tags get s3://bucket/a",
        "retention get s3://bucket/a",
        "legalhold get s3://bucket/a",
        "ownership get s3://bucket",
        "block get s3://bucket",
        "encryption get s3://bucket",
        "lifecycle get s3://bucket",
        "cors get s3://bucket",
        "website get s3://bucket",
        "logging get s3://bucket",
        "notification get s3://bucket",
        "replication get s3://bucket",
        "lock get s3://bucket",
        "payer get s3://bucket",
        "accelerate get s3://bucket",
        "policy get s3://bucket",
        "profile ls --json",
        "profile show guest --json",
        "jobs ls --json",
        "presign --list --json",
        "vault status --json",
    ] {
        let ran = world.run(words.split(' '));
        all.push(format!("{words}: {} {}", ran.code, ran.out));
    }
    let mut folders = vec![world.path("."), world.home(), world.data()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "instances" {
                folders.push(path);
            } else if path.is_dir() || name.starts_with("dipper.db") || name.starts_with("vault.db")
            {
                // What stands in them was asked for.
            } else {
                let bytes = std::fs::read(&path).unwrap();
                all.push(format!("{}: {}", path.display(), String::from_utf8_lossy(&bytes)));
            }
        }
    }
    all.sort();
    all
}

/// Every verb of the parser that writes: `crates/cli/src/drop_in.rs` holds that the table has all.
#[test]
fn every_verb_that_writes_does_nothing() {
    let world = World::with_bucket();
    world.run(["versioning", "set", "s3://bucket", "enable"]).ok();
    for key in ["a", "gone", "tab\there"] {
        world.put(key, b"one");
        world.put(key, b"two");
    }
    world.run(["del", "s3://bucket/gone"]).ok();
    world.write("f", "file");
    world.write("d/e", "deep");
    world.write("cors", r#"{"corsRules":[{"allowedMethods":["GET"],"allowedOrigins":["*"]}]}"#);
    let statement = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}"#;
    world.write("policy", format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#));
    world.write("lifecycle", r#"{"rules":[{"id":"x","status":"Enabled","filter":{"prefix":"p/"},"expiration":{"days":3}}]}"#);
    world.write("notification", "{}");
    for name in ["replication", "inventory", "tiering"] {
        world.write(name, "{}");
    }
    world.write("lines", "put f s3://bucket/new\ndel s3://bucket/a\nls s3://bucket\n");
    std::fs::copy(world.home().join(".s3cfg"), world.path("file.s3cfg")).unwrap();
    world
        .run_with_input(
            ["profile", "add", "guest", "--anonymous", "--endpoint", &world.server.endpoint],
            b"",
        )
        .ok();
    world.run(["put", "f", "s3://not-there"]).exits(12);
    world.run(["presign", "s3://bucket/a"]).ok();
    let first = world.run(["jobs", "ls", "--json"]).ok().json().last().unwrap()["id"].to_string();
    let before = everything(&world);
    for line in include_str!("verbs.txt").lines().filter(|line| !line.starts_with('#')) {
        let (path, words) = line.split_once('|').unwrap();
        let (path, words) = (path.trim(), words.trim());
        if words == "-" {
            continue;
        }
        let (may_fail, words) = words.strip_prefix('!').map_or((false, words), |rest| (true, rest));
        let number = |word: &str| {
            if path.starts_with("jobs") && word == "1" { first.clone() } else { word.to_owned() }
        };
        let all = path.split(' ').chain(words.split(' ')).filter(|word| !word.is_empty());
        let all: Vec<String> = all.map(number).chain(["-n".to_owned()]).collect();
        let mut command = world.command(&all);
        command.env("AWS_ENDPOINT_URL_CLOUDFRONT", "http://127.0.0.1:9");
        let ran = world.finish(command);
        assert!(!ran.err.contains("unexpected argument"), "{all:?}: {}", ran.err);
        assert!(may_fail || ran.code == 0, "{all:?} ended with {}: {}", ran.code, ran.err);
    }
    let after = everything(&world);
    let new: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
    let gone: Vec<&String> = before.iter().filter(|line| !after.contains(line)).collect();
    assert!(new.is_empty() && gone.is_empty(), "new: {new:#?}\ngone: {gone:#?}");
}
