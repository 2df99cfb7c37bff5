use crate::support::World;

#[test]
fn an_empty_bucket_goes() {
    let world = World::with_bucket();
    let ran = world.run(["rb", "s3://bucket"]).ok();
    assert_eq!(ran.out, "Bucket 's3://bucket/' removed\n");
    assert_eq!(world.run(["ls"]).ok().out, "");
}

#[test]
fn a_full_one_stays() {
    let world = World::with_bucket();
    world.put("a", b"x");
    world.run(["rb", "s3://bucket"]).exits(13).says("BucketNotEmpty").says("Delete its objects");
    assert_eq!(world.keys(), ["a"]);
}

#[test]
fn one_that_is_not_there_and_one_that_is_none() {
    let world = World::new();
    world.run(["rb", "s3://no-such-bucket"]).exits(12);
    world.run(["rb", "s3://bucket/key"]).exits(64).says("s3://BUCKET");
    world.run(["rb", "nonsense"]).exits(64);
    world.run(["rb"]).exits(64);
}

#[test]
fn json() {
    let world = World::with_bucket();
    let rows = world.run(["rb", "--json", "s3://bucket"]).ok().json();
    assert_eq!((&rows[0]["type"], &rows[0]["bucket"]), (&"remove".into(), &"bucket".into()));
}
