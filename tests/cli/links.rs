//! Presigned links and forms, the doctor, and pieces of objects.

use crate::support::World;

#[test]
fn links_say_when_they_end() {
    let world = World::with_bucket();
    world.write("a", "hallo");
    world.run(["put", "a", "s3://bucket/a b"]).ok();
    let link =
        &world.run(["presign", "--json", "--expires", "15m", "s3://bucket/a b"]).ok().json()[0];
    let url = link["url"].as_str().unwrap();
    assert!(url.contains("/bucket/a%20b?") && url.contains("X-Amz-Expires=900"), "{url}");
    assert_eq!(link["shortened"], false);
    world.run(["presign", "--expires", "8d", "s3://bucket/a"]).exits(64).says("7 days");
    world.run(["signurl", "s3://bucket/a", "+604801"]).exits(64).says("604800");
    let form = &world
        .run(["presign", "-X", "post", "--json", "--max-size", "10", "s3://bucket/in/"])
        .ok()
        .json()[0];
    assert!(form["fields"].to_string().contains("x-amz-signature"), "{form}");
    assert!(
        !world
            .run(["presign", "-X", "POST", "s3://bucket/in/"])
            .ok()
            .out
            .contains(&world.server.secret_key)
    );
}

#[test]
fn a_piece_goes_to_standard_output() {
    let world = World::with_bucket();
    world.write("a", "0123456789");
    world.run(["put", "a", "s3://bucket/a"]).ok();
    assert_eq!(world.run(["get", "--range", "2-4", "s3://bucket/a"]).ok().out, "234");
    assert_eq!(world.run(["get", "--range", "7-", "s3://bucket/a", "-"]).ok().out, "789");
    world.run(["get", "--range", "20-", "s3://bucket/a"]).exits(64);
    world.run(["get", "--range", "0-1", "s3://bucket/a", "file"]).exits(64);
}

#[test]
fn the_doctor_finds_a_healthy_server_and_leaves_nothing() {
    let world = World::with_bucket();
    let told = world.run(["doctor", "--json", "s3://bucket"]).ok().json();
    let last = told.last().unwrap();
    assert_eq!((&last["healthy"], last["left"].as_array().map(Vec::len)), (&true.into(), Some(0)));
    let good = |check: &str| told.iter().any(|f| f["check"] == check && f["outcome"] == "good");
    for check in
        ["reach", "checksums", "conditionalWrites", "listEncoding", "multipart", "multiDelete"]
    {
        assert!(good(check), "{check}: {told:?}");
    }
    assert!(world.keys().is_empty());
    world.run(["capabilities", "s3://bucket"]).ok().prints("DeleteObjects");
    world.run(["doctor", "s3://nobody-has-this"]).exits(2).prints("BAD");
}

#[test]
fn old_uploads_are_listed_and_aborted() {
    let world = World::with_bucket();
    world.run(["multipart", "s3://bucket"]).ok().prints("Initiated");
    world.run(["multipart", "--abort-older-than", "7d", "s3://bucket"]).ok();
    world.run(["multipart", "--abort-older-than", "soon", "s3://bucket"]).exits(64);
    world.run(["abortmp", "s3://bucket/k", "nobody"]).exits(12);
}
