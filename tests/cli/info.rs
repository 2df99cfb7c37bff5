use crate::support::{World, masked};

fn unnamed(text: &str) -> String {
    // Account ids are random: what stands between `ACL:` and the permission.
    let lines = masked(text);
    lines
        .lines()
        .map(|line| match line.trim_start().strip_prefix("ACL:") {
            _ if line.trim_start().starts_with("Last mod:") => "   Last mod:  [time]\n".to_owned(),
            Some(rest) if !rest.contains("*anon*") => {
                format!("   ACL:       [owner]:{}\n", rest.rsplit(':').next().unwrap())
            }
            _ => format!("{line}\n"),
        })
        .collect()
}

#[test]
fn about_an_object() {
    let world = World::with_bucket();
    world.write("a.txt", "hello");
    let meta = "--add-header=x-amz-meta-colour:blue";
    world.run(["put", "-P", "--no-preserve", meta, "a.txt", "s3://bucket/d ir/ä.txt"]).ok();
    insta::assert_snapshot!(unnamed(&world.run(["info", "s3://bucket/d ir/ä.txt"]).ok().out));
}

#[test]
fn about_a_bucket() {
    let world = World::with_bucket();
    insta::assert_snapshot!(unnamed(&world.run(["info", "s3://bucket"]).ok().out));
}

#[test]
fn json_of_both() {
    let world = World::with_bucket();
    world.put("a", b"12");
    let rows = world.run(["info", "--json", "s3://bucket", "s3://bucket/a"]).ok().json();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0]["type"], &rows[0]["bucket"]), (&"bucket".into(), &"bucket".into()));
    assert_eq!(rows[0]["exposure"], "private");
    assert_eq!((&rows[1]["type"], &rows[1]["key"]), (&"object".into(), &"a".into()));
    assert_eq!(rows[1]["size"], 2);
    assert_eq!(rows[1]["acl"][0]["permission"], "FULL_CONTROL");
    assert!(rows[1]["checksums"]["crc64nvme"].is_string());
    assert_eq!(rows[1]["url"], format!("{}/bucket/a", world.server.endpoint));
}

#[test]
fn what_is_not_there() {
    let world = World::with_bucket();
    world.run(["info", "s3://bucket/missing"]).exits(12).says("s3://bucket/missing");
    world.run(["info", "s3://no-such-bucket"]).exits(12);
    world.run(["info", "s3://"]).exits(64);
    world.run(["info"]).exits(64);
}
