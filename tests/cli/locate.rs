use crate::support::World;

/// A saved connection that needs no secret, to a bucket that everybody may list.
fn stocked() -> World {
    let world = World::with_bucket();
    for (key, size) in
        [("Reports/2025 final.pdf", 9), ("reports/2026.pdf", 3000), ("pics/a.jpg", 1), ("b.txt", 0)]
    {
        world.put(key, &vec![b'x'; size]);
    }
    world.run(["setacl", "--acl-public", "s3://bucket"]).ok();
    let endpoint = world.server.endpoint.clone();
    world.run(["profile", "add", "guest", "--anonymous", "--endpoint", &endpoint]).ok();
    world
}

fn located(world: &World, words: &[&str]) -> Vec<String> {
    let mut all = vec!["locate"];
    all.extend(words);
    let out = world.run(all).ok().out;
    out.lines().map(|line| line.split_once("s3://bucket/").unwrap().1.to_owned()).collect()
}

#[test]
fn names_of_what_was_listed() {
    let world = stocked();
    world.run(["locate", "pdf"]).ok().says("--refresh");
    let listed = world.run(["--profile", "guest", "locate", "--refresh", "s3://bucket"]).ok();
    listed.prints("4 names of s3://bucket/");
    let of = |words: &[&str]| located(&world, words);
    assert_eq!(of(&["PDF"]), ["Reports/2025 final.pdf", "reports/2026.pdf"]);
    assert_eq!(of(&["final", "rep"]), ["Reports/2025 final.pdf"]);
    assert_eq!(of(&["--in", "s3://bucket/pics/", "."]), ["pics/a.jpg"]);
    assert_eq!(of(&["--min-size", "1k", "."]), ["reports/2026.pdf"]);
    assert_eq!(of(&["--older-than", "1h", "."]), [""; 0]);
    assert_eq!(of(&["--class", "standard", "--limit", "2", "."]).len(), 2);
    assert_eq!(of(&["jpgb"]), [""; 0]);
    world.run(["locate", "--count", "."]).ok().prints("4");
    world.run(["locate", "."]).ok().says("As listed since");
    world.run(["locate"]).exits(64);
}

#[test]
fn a_refresh_forgets_what_is_gone() {
    let world = stocked();
    let refresh = ["--profile", "guest", "locate", "--refresh"];
    world.run(refresh.into_iter().chain(["s3://bucket"])).ok();
    world.run(["del", "s3://bucket/b.txt", "s3://bucket/pics/a.jpg"]).ok();
    world.put("pics/c.jpg", b"1");
    assert_eq!(located(&world, &["jpg"]), ["pics/a.jpg"]);
    // A part of the bucket: the rest stays as it was known.
    assert_eq!(
        located(&world, &["--profile", "guest", "--refresh", "s3://bucket/pics/", "jpg"]),
        ["pics/c.jpg"]
    );
    assert_eq!(located(&world, &["txt"]), ["b.txt"]);
    world.run(refresh.into_iter().chain(["s3://bucket"])).ok();
    assert_eq!(located(&world, &["txt"]), [""; 0]);
    world.run(["locate", "--known"]).ok().prints("3  s3://bucket  (guest)");
    world.run(["--profile", "guest", "locate", "--forget", "s3://bucket"]).ok();
    assert_eq!(world.run(["locate", "--known"]).ok().out, "");
}

#[test]
fn only_saved_connections_have_an_index() {
    let world = stocked();
    world.run(["locate", "--refresh", "s3://bucket"]).exits(64).says("dipper profile add");
    let rows = world.run(["--json", "--profile", "guest", "locate", "--refresh", "s3://bucket"]);
    assert_eq!(rows.ok().json()[0]["objects"], 4);
    let rows = world.run(["--json", "locate", "2026"]).ok().json();
    assert_eq!((&rows[0]["key"], &rows[0]["size"]), (&"reports/2026.pdf".into(), &3000.into()));
    assert_eq!(rows[0]["profile"], "guest");
    assert_eq!(world.run(["--json", "locate", "--known"]).ok().json()[0]["names"], 4);
    assert_eq!(world.run(["--json", "locate", "--count", "jpg"]).ok().json()[0]["count"], 1);
    world.run(["profile", "rm", "guest"]).ok();
    assert_eq!(world.run(["locate", "--known"]).ok().out, "");
}
