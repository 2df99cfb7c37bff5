use crate::support::World;

#[test]
fn private_until_it_is_opened() {
    let world = World::with_bucket();
    let ran = world.run(["access", "s3://bucket"]).ok();
    assert!(ran.out.starts_with("s3://bucket/: private\n"), "{}", ran.out);
    world.run(["setacl", "-P", "s3://bucket"]).ok();
    let ran = world.run(["access", "s3://bucket"]).ok().prints("PUBLIC");
    assert!(ran.out.contains("everyone may list names"), "{}", ran.out);
}

#[test]
fn json_has_the_deciding_line() {
    let world = World::with_bucket();
    world.run(["setacl", "-P", "s3://bucket"]).ok();
    let rows = world.run(["access", "--json", "s3://bucket"]).ok().json();
    assert_eq!(rows.len(), 1);
    assert_ne!(rows[0]["exposure"], "private");
    let lines = rows[0]["lines"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["allowed"] == true), "{lines:?}");
}

#[test]
fn only_buckets() {
    let world = World::with_bucket();
    world.run(["access", "s3://bucket/key"]).exits(64);
    world.run(["access", "s3://no-such-bucket"]).exits(12);
}
