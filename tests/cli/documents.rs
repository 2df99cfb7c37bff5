//! `NOUN get|set|rm` and s3cmd's words for it.

use serde_json::json;

use crate::support::World;

#[test]
fn every_document_goes_round() {
    let world = World::with_bucket();
    for (noun, text) in [
        ("cors", json!({ "corsRules": [{ "allowedMethods": ["GET"], "allowedOrigins": ["*"] }] })),
        (
            "lifecycle",
            json!({ "rules": [{ "id": "a", "filter": { "prefix": "x/" }, "status": "Enabled", "expiration": { "days": 3 } }] }),
        ),
        ("website", json!({ "indexDocument": { "suffix": "index.html" } })),
        ("tags", json!({ "tagSet": [{ "key": "k", "value": "ü" }] })),
        (
            "encryption",
            json!({ "rules": [{ "applyServerSideEncryptionByDefault": { "sseAlgorithm": "AES256" } }] }),
        ),
    ] {
        world.run([noun, "get", "s3://bucket"]).exits(12).says("has no");
        let path = format!("{noun}.json");
        world.write(&path, text.to_string());
        world.run([noun, "set", "s3://bucket", &path]).ok();
        let got = world.run([noun, "get", "--json", "s3://bucket"]).ok().json();
        let (got, want) = (got[0]["document"].to_string(), text.to_string());
        for word in want.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
            assert!(got.contains(word), "{noun}: {word} of {want} in {got}");
        }
        // What is shown can be set again.
        let shown = world.run([noun, "get", "s3://bucket"]).ok().out;
        world.write(&path, &shown);
        world.run([noun, "set", "s3://bucket", &path]).ok();
        world.run([noun, "rm", "s3://bucket"]).ok();
        world.run([noun, "get", "s3://bucket"]).exits(12);
    }
}

#[test]
fn a_word_is_enough_where_it_says_all() {
    let world = World::with_bucket();
    world.run(["versioning", "set", "s3://bucket", "enable"]).ok();
    world.run(["versioning", "get", "s3://bucket"]).ok().prints("Enabled");
    world.run(["block", "set", "s3://bucket", "all"]).ok();
    world.run(["block", "get", "s3://bucket"]).ok().prints("\"blockPublicAcls\": true");
    world.run(["ownership", "set", "s3://bucket", "BucketOwnerPreferred"]).ok();
    world.run(["payer", "s3://bucket", "--requester-pays"]).ok();
    world.run(["payer", "get", "s3://bucket"]).ok().prints("Requester");
    world.run(["versioning", "set", "s3://bucket", "maybe"]).exits(64);
    world.run(["versioning", "rm", "s3://bucket"]).exits(64).says("only set");
    world.run(["cors", "set", "s3://bucket", "nonsense"]).exits(64);
    world.run(["cors", "set", "s3://bucket", "{\"rules\":[]}"]).exits(64).says("corsRules");
    world.run(["legalhold", "get", "s3://bucket"]).exits(64).says("no object");
}

#[test]
fn s3cmds_words_are_understood() {
    let world = World::with_bucket();
    world.write("o", "x");
    world.run(["put", "o", "s3://bucket/o"]).ok();
    world.run(["settagging", "s3://bucket/o", "a=1&b=2"]).ok();
    world.run(["gettagging", "s3://bucket/o"]).ok().prints("\tb:\t2\n");
    world.run(["deltagging", "s3://bucket/o"]).ok();
    world.run(["setversioning", "s3://bucket", "enable"]).ok();
    world.run(["expire", "s3://bucket", "--expiry-days", "9", "--expiry-prefix", "tmp/"]).ok();
    world.run(["expire", "s3://bucket", "--expiry-days", "7", "--expiry-prefix", "tmp/"]).ok();
    let rules =
        &world.run(["getlifecycle", "--json", "s3://bucket"]).ok().json()[0]["document"]["rules"];
    assert_eq!(
        (rules.as_array().map(Vec::len), &rules[0]["expiration"]["days"]),
        (Some(1), &json!(7))
    );
    world.run(["ws-create", "s3://bucket", "--ws-error", "error.html"]).ok();
    world.run(["ws-info", "s3://bucket"]).ok().prints("error.html");
    world.run(["ws-delete", "s3://bucket"]).ok();
    world.run(["policy", "status", "s3://bucket"]).ok().prints("no policy");
}
