//! Copies, moves, and changes of objects where they are.

use serde_json::json;

use crate::support::World;

#[test]
fn a_copy_keeps_what_the_source_has() {
    let world = World::with_bucket();
    world.write("a.txt", "hallo");
    let tags = ["--no-preserve", "--tag", "a=1", "--tag", "b=zwei"];
    let headers = ["--add-header", "x-amz-meta-colour: blau", "--mime-type", "text/markdown"];
    world
        .run(["put"].into_iter().chain(tags).chain(headers).chain(["a.txt", "s3://bucket/a.txt"]))
        .ok();
    let told = world.run(["cp", "--json", "s3://bucket/a.txt", "s3://bucket/b/"]).ok().json();
    assert_eq!(
        (&told[0]["toKey"], &told[0]["verifiedBy"]),
        (&json!("b/a.txt"), &json!("checksum"))
    );
    let info = world.run(["info", "--json", "s3://bucket/b/a.txt"]).ok().json();
    assert_eq!(info[0]["metadata"], json!({ "colour": "blau" }));
    assert_eq!(info[0]["contentType"], "text/markdown");
    assert_eq!(info[0]["tags"], json!({ "a": "1", "b": "zwei" }));
    world.run(["cp", "s3://bucket/a.txt", "s3://bucket/a.txt"]).exits(64).says("onto itself");
    world.run(["cp", "s3://bucket/none", "s3://bucket/x"]).exits(12);
    world
        .run(["cp", "--no-clobber", "s3://bucket/a.txt", "s3://bucket/b/a.txt"])
        .ok()
        .says("already");
}

#[test]
fn folders_are_copied_and_moved_as_get_takes_them() {
    let world = World::with_bucket();
    for name in ["t/1", "t/u/2", "tt"] {
        world.write("x", name);
        world.run(["put", "x", &format!("s3://bucket/{name}")]).ok();
    }
    world.run(["cp", "-r", "s3://bucket/t/", "s3://bucket/inside/"]).ok();
    world.run(["cp", "-r", "s3://bucket/t", "s3://bucket/whole/"]).ok();
    world.run(["mv", "-r", "s3://bucket/t/", "s3://bucket/gone/"]).ok();
    assert_eq!(
        world.keys(),
        ["gone/1", "gone/u/2", "inside/1", "inside/u/2", "tt", "whole/t/1", "whole/t/u/2"]
    );
    world.run(["mv", "-n", "s3://bucket/tt", "s3://bucket/other"]).ok().prints("move:");
    assert!(world.keys().contains(&"tt".to_owned()));
}

#[test]
fn headers_and_class_change_in_place_and_the_rest_stays() {
    let world = World::with_bucket();
    world.write("a", "hallo");
    world
        .run([
            "put",
            "-P",
            "--tag",
            "k=v",
            "--no-preserve",
            "--add-header",
            "x-amz-meta-old: 1",
            "a",
            "s3://bucket/a",
        ])
        .ok();
    world
        .run([
            "modify",
            "--add-header",
            "Cache-Control: no-store",
            "--remove-header",
            "x-amz-meta-old",
            "--add-header",
            "x-amz-meta-new: 2",
            "s3://bucket/a",
        ])
        .ok();
    world.run(["modify", "--storage-class", "STANDARD_IA", "s3://bucket/a"]).ok();
    let info = &world.run(["info", "--json", "s3://bucket/a"]).ok().json()[0];
    assert_eq!(info["cacheControl"], "no-store");
    assert_eq!(info["metadata"], json!({ "new": "2" }));
    assert_eq!(info["storageClass"], "STANDARD_IA");
    assert_eq!(info["tags"], json!({ "k": "v" }));
    assert!(info["acl"].to_string().contains("*anon*"), "the ACL is kept: {}", info["acl"]);
    world.run(["modify", "s3://bucket/a"]).exits(64).says("say what to change");
}

#[test]
fn only_so_large() {
    let world = World::with_bucket();
    world.put("from/small", b"x");
    world.put("from/large", &[b'x'; 3000]);
    world.run(["cp", "-r", "--min-size", "2k", "s3://bucket/from/", "s3://bucket/to/"]).ok();
    world.run(["mv", "--max-size", "2k", "s3://bucket/from/*", "s3://bucket/away/"]).ok();
    assert_eq!(world.keys(), ["away/small", "from/large", "to/large"]);
    let old = ["cp", "-r", "--older-than", "1d", "s3://bucket/from/", "s3://bucket/to/"];
    world.run(old).exits(64).says("nothing to copy");
}
