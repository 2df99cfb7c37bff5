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
