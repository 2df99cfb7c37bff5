use crate::support::World;

#[test]
fn made_and_listed() {
    let world = World::new();
    let ran = world.run(["mb", "s3://one", "s3://two.dots"]).ok();
    assert_eq!(ran.out, "Bucket 's3://one/' created\nBucket 's3://two.dots/' created\n");
    world.run(["ls"]).ok().prints("s3://one").prints("s3://two.dots");
    let rows = world.run(["mb", "--json", "s3://three"]).ok().json();
    assert_eq!((&rows[0]["type"], &rows[0]["bucket"]), (&"create".into(), &"three".into()));
}

#[test]
fn what_is_there_already() {
    let world = World::with_bucket();
    let ran = world.run(["mb", "s3://bucket"]);
    assert!(matches!(ran.code, 0 | 13), "{} {}", ran.code, ran.err);
    // The other account can't have it, nor see into it.
    let server = &world.server;
    let other = world.s3cfg("alt", server.host(), &server.alt_access_key, &server.alt_secret_key);
    world
        .run(["-c", other.to_str().unwrap(), "mb", "s3://bucket"])
        .exits(13)
        .says("Choose another");
    world.run(["-c", other.to_str().unwrap(), "ls", "s3://bucket"]).exits(77).says("AccessDenied");
}

#[test]
fn a_region_is_written_down() {
    let world = World::new();
    world.run(["mb", "--bucket-location", "eu-west-1", "s3://far"]).ok();
    let info = world.run(["info", "--json", "s3://far"]).ok().json();
    assert_eq!(info[0]["location"], "eu-west-1");
}
