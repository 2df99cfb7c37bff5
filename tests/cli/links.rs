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

/// The list tells of each link, and of none so much that it could be used.
#[test]
fn links_that_were_made_are_listed_without_their_secrets() {
    let world = World::with_bucket();
    let mut urls = Vec::new();
    for words in [
        &["presign", "--expires", "15m", "--version-id", "v7", "s3://bucket/a b"][..],
        &["presign", "-X", "put", "s3://bucket/in/new"],
        &["--signature-v2", "signurl", "s3://bucket/in/old", "+31536000"],
    ] {
        urls.push(world.run(words).ok().out);
    }
    let form = world.run(["presign", "-X", "POST", "--json", "s3://bucket/in/"]).ok().json();
    // Nothing of it needs a connection.
    let list = |words: &[&str]| {
        let mut command = world.command(["presign", "--list", "--json"]);
        command.args(words).env("HOME", world.path("nobody"));
        world.finish(command).ok()
    };
    let all = list(&[]);
    let rows = all.json();
    assert!(rows.iter().all(|row| row["expired"] == false), "{}", all.out);
    let methods: Vec<&str> = rows.iter().map(|row| row["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["GET", "PUT", "GET", "POST"]);
    assert_eq!((&rows[0]["key"], &rows[0]["versionId"]), (&"a b".into(), &"v7".into()));
    assert_eq!(rows[0]["connection"], world.server.endpoint.as_str());
    let key = &world.server.access_key;
    for row in &rows {
        assert_eq!(row["signer"], key[key.len() - 4..], "{row}");
    }
    // Neither in what is printed, nor anywhere in the data folder.
    let mut kept = String::new();
    for entry in std::fs::read_dir(world.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            kept += &String::from_utf8_lossy(&std::fs::read(path).unwrap());
        }
    }
    let part = |url: &str, name: &str| -> String {
        let from = url.find(name).unwrap() + name.len();
        url[from..].split(['&', '\n']).next().unwrap().to_owned()
    };
    let mut secrets = vec![
        part(&urls[0], "X-Amz-Signature="),
        part(&urls[1], "X-Amz-Signature="),
        part(&urls[2], "Signature="),
    ];
    let fields = form[0]["fields"].as_array().unwrap();
    let signature = fields.iter().find(|field| field["name"] == "x-amz-signature").unwrap();
    secrets.push(signature["value"].as_str().unwrap().to_owned());
    for secret in secrets.iter().chain([key, &world.server.secret_key]) {
        assert!(secret.len() > 8 && !kept.contains(secret.as_str()), "{secret}");
        assert!(!all.out.contains(secret.as_str()), "{secret}");
    }
    assert!(!kept.contains("X-Amz-Credential") && !kept.contains("AWSAccessKeyId"));
    // One place only, and away with it.
    assert_eq!(list(&["s3://bucket/in/"]).json().len(), 3);
    assert_eq!(list(&["s3://bucket/in/old"]).json().len(), 1);
    assert_eq!(list(&["s3://another"]).out, "");
    world.run(["presign", "--forget", "9"]).exits(64).says("no link 9");
    world.run(["presign", "-n", "--forget", "all"]).ok().prints("s3://bucket/a b");
    world.run(["presign", "--forget", "expired"]).ok();
    assert_eq!(list(&[]).json().len(), 4);
    world.run(["presign", "--forget", "2"]).ok().says("work until they end");
    assert_eq!(list(&[]).json().len(), 3);
    world.run(["presign", "--forget", "all"]).ok();
    assert_eq!(list(&[]).out, "");
    world.run(["presign", "-n", "s3://bucket/x"]).ok().prints("GET 's3://bucket/x'");
    assert_eq!(list(&[]).out, "");
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
