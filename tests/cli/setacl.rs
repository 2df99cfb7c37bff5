use crate::support::World;

#[test]
fn an_object_opens_and_closes() {
    let world = World::with_bucket();
    world.put("a", b"x");
    let ran = world.run(["setacl", "-P", "s3://bucket/a"]).ok();
    assert_eq!(ran.out, "s3://bucket/a: ACL set to Public  [1 of 1]\n");
    assert_eq!(world.anonymous("/bucket/a"), 200);
    world.run(["setacl", "--acl-private", "s3://bucket/a"]).ok().prints("Private");
    assert_eq!(world.anonymous("/bucket/a"), 403);
}

#[test]
fn a_folder_and_nothing_beside_it() {
    let world = World::with_bucket();
    for key in ["dir/a", "dir/b", "directory"] {
        world.put(key, b"x");
    }
    let rows = world.run(["setacl", "--json", "-P", "-r", "s3://bucket/dir"]).ok().json();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["acl"], "public-read");
    assert_eq!(rows[0]["uri"], "s3://bucket/dir/a");
    assert_eq!(world.anonymous("/bucket/dir/b"), 200);
    assert_eq!(world.anonymous("/bucket/directory"), 403);
}

/// A bucket's ACL opens the list of names, not the objects.
#[test]
fn a_bucket_opens_its_list() {
    let world = World::with_bucket();
    world.put("a", b"x");
    world.run(["setacl", "-P", "s3://bucket"]).ok();
    assert_eq!((world.anonymous("/bucket"), world.anonymous("/bucket/a")), (200, 403));
}

#[test]
fn which_way_must_be_said() {
    let world = World::with_bucket();
    world.run(["setacl", "s3://bucket"]).exits(64).says("--acl-public or --acl-private");
    world.run(["setacl", "-P", "--acl-private", "s3://bucket"]).exits(64);
    world.run(["setacl", "-P", "s3://"]).exits(64);
}

#[test]
fn where_acls_are_off_it_says_so() {
    let world = World::with(&["--aws-defaults"]);
    world.run(["mb", "s3://bucket"]).ok();
    world.put("a", b"x");
    world
        .run(["setacl", "-P", "s3://bucket/a"])
        .exits(13)
        .says("AccessControlListNotSupported")
        .says("ACLs are off");
    world.run(["setacl", "-P", "s3://bucket/missing"]);
    world.run(["setacl", "-P", "s3://no-such-bucket/a"]).exits(12);
}

#[test]
fn an_object_that_is_not_there() {
    let world = World::with_bucket();
    world.run(["setacl", "-P", "s3://bucket/missing"]).exits(12);
}
