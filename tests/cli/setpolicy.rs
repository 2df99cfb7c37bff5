use crate::support::World;

const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",
"Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/open/*"}]}"#;

#[test]
fn a_policy_opens_a_folder_and_its_end_closes_it() {
    let world = World::with_bucket();
    world.put("open/a", b"x");
    world.put("closed", b"x");
    world.write("policy.json", OPEN);
    let ran = world.run(["setpolicy", "policy.json", "s3://bucket"]).ok();
    assert_eq!(ran.out, "s3://bucket/: Policy updated\n");
    assert_eq!((world.anonymous("/bucket/open/a"), world.anonymous("/bucket/closed")), (200, 403));
    world.run(["access", "s3://bucket"]).ok().prints("PUBLIC").prints("open/");
    let info = world.run(["info", "--json", "s3://bucket"]).ok().json();
    assert!(info[0]["policy"].as_str().unwrap().contains("open/*"));
    let ran = world.run(["delpolicy", "s3://bucket"]).ok();
    assert_eq!(ran.out, "s3://bucket/: Policy deleted\n");
    assert_eq!(world.anonymous("/bucket/open/a"), 403);
}

#[test]
fn what_is_no_policy_changes_nothing() {
    let world = World::with_bucket();
    world.write("broken.json", "{");
    world.write("other.json", OPEN.replace("bucket/", "another/"));
    world.run(["setpolicy", "broken.json", "s3://bucket"]).exits(64);
    let ran = world.run(["setpolicy", "other.json", "s3://bucket"]);
    assert!(matches!(ran.code, 11 | 64), "{} {}", ran.code, ran.err);
    world.run(["setpolicy", "missing.json", "s3://bucket"]).exits(74).says("missing.json");
    let info = world.run(["info", "--json", "s3://bucket"]).ok().json();
    assert!(info[0]["policy"].is_null());
}

#[test]
fn where_public_access_is_blocked_it_says_so() {
    let world = World::with(&["--aws-defaults"]);
    world.run(["mb", "s3://bucket"]).ok();
    world.write("policy.json", OPEN);
    world.run(["setpolicy", "policy.json", "s3://bucket"]).exits(77).says("AccessDenied");
}

#[test]
fn buckets_that_are_not_there() {
    let world = World::new();
    world.write("policy.json", OPEN.replace("bucket", "no-such-bucket"));
    world.run(["setpolicy", "policy.json", "s3://no-such-bucket"]).exits(12);
    world.run(["delpolicy", "s3://no-such-bucket"]).exits(12);
    world.run(["delpolicy", "s3://bucket/key"]).exits(64);
}
