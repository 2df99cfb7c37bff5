use crate::support::{World, noise};

#[test]
fn standard_input_becomes_an_object() {
    let world = World::with_bucket();
    let bytes = noise(9 << 20, 11);
    let ran = world.run_with_input(
        [
            "pipe",
            "--json",
            "-m",
            "text/x",
            "--tag",
            "a=b",
            "--add-header",
            "Cache-Control:no-cache",
            "s3://bucket/p/k",
        ],
        &bytes,
    );
    assert_eq!(ran.ok().json()[0]["key"], "p/k");
    assert_eq!(world.bytes("p/k"), bytes);
    let told = world.run(["info", "--json", "s3://bucket/p/k"]).ok().json();
    assert_eq!(told[0]["contentType"], "text/x");
    assert_eq!(told[0]["cacheControl"], "no-cache");
    assert_eq!(told[0]["tags"]["a"], "b");
}

#[test]
fn a_whole_key_is_needed() {
    let world = World::with_bucket();
    world.run(["pipe", "s3://bucket"]).exits(64);
    world.run_with_input(["pipe", "s3://bucket/p/"], b"x").exits(64).says("whole key");
    world.run_with_input(["pipe", "s3://no-such-bucket/k"], b"x").exits(12);
    let ran = world.run_with_input(["pipe", "-n", "s3://bucket/k"], b"x").ok();
    assert_eq!(ran.out, "upload: 'standard input' -> 's3://bucket/k'\n");
    assert!(world.keys().is_empty());
}
