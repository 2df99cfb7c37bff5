//! `--configure` and `--dump-config`, and who may read what they write.

use crate::support::World;

fn answers(world: &World, more: &[&str]) -> String {
    let server = &world.server;
    let first = [&server.access_key, &server.secret_key, "", server.host(), "", "n", ""];
    first.iter().chain(more).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_file_that_s3cmd_reads_too() {
    let world = World::with_bucket();
    let path = world.path("new.cfg");
    let path = path.to_str().unwrap();
    let ran = world
        .run_with_input(["--configure", "-c", path], answers(&world, &["y", "y"]).as_bytes())
        .ok()
        .says("It works: 1 buckets")
        .says("secret_key = ***");
    assert_eq!(ran.out, format!("Configuration saved to {path}\n"));
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.starts_with("[default]\naccess_key = "), "{text}");
    assert!(text.contains(&format!("secret_key = {}\n", world.server.secret_key)), "{text}");
    assert!(text.contains("use_https = False\n"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let used = world.run(["-c", path, "ls"]).ok();
    assert!(used.out.ends_with("s3://bucket\n") && used.err.is_empty(), "{}", used.err);
    // Again, with what stands there: nothing but Enter.
    let again = "\n\n\n\n\n\n\ny\ny\n";
    world.run_with_input(["-c", path, "--configure"], again.as_bytes()).ok();
    assert_eq!(std::fs::read_to_string(path).unwrap(), text);
}

#[test]
fn it_is_tried_on_a_bucket_and_asked_again() {
    let world = World::with_bucket();
    let path = world.path("new.cfg");
    let path = path.to_str().unwrap();
    let input = answers(&world, &["y", "n", "n"]);
    let words = ["--configure", "s3://no-such-bucket", "-c", path];
    world.run_with_input(words, input.as_bytes()).exits(130).says("no-such-bucket");
    assert!(!std::path::Path::new(path).exists());
    let input = answers(&world, &["y", "y"]);
    let words = ["--configure", "s3://bucket", "-c", path];
    world.run_with_input(words, input.as_bytes()).ok().says("s3://bucket is there");
    // An end in the middle saves nothing.
    world.run_with_input(["--configure", "-c", "other"], b"key\n").exits(130).says("nothing was");
    assert!(!world.path("other").exists());
    world.run(["--configure", "--sandbox"]).exits(64);
    world.run_with_input(["--configure", "nonsense"], b"").exits(64);
}

#[test]
fn settings_are_shown_without_secrets() {
    let world = World::new();
    let ran = world.run(["--dump-config"]).ok();
    assert!(ran.out.starts_with("[default]\naccess_key = "), "{}", ran.out);
    let ran = ran.prints("\nsecret_key = ***\n").prints("\nuse_https = False\n");
    ran.prints("\nmultipart_chunk_size_mb = 15\n");
    let ran = world.run(["--dump-config", "--region=eu", "ls", "s3://x"]).ok();
    ran.prints("\nbucket_location = eu\n");
    let json = world.run(["--json", "--dump-config"]).ok().json();
    assert_eq!(json[0]["settings"]["secret_key"], "***");
    assert_eq!(json[0]["settings"]["host_base"], world.server.host());
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let path = world.home().join(".s3cfg");
    for (mode, warns) in [(0o600, false), (0o640, true), (0o604, true)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        for words in [["ls"], ["--dump-config"]] {
            let ran = world.run(words).ok();
            assert_eq!(ran.err.contains("others can read it"), warns, "{mode:o} {words:?}");
        }
    }
}

/// A saved connection, in a vault that a passphrase opens.
#[test]
fn a_connection_in_the_vault() {
    let world = World::with_bucket();
    world.write("pass", "correct horse battery\n");
    let opened = ["--password-command", "cat pass"];
    world.run(opened.iter().chain(&["vault", "passphrase"])).ok();
    std::fs::remove_file(world.home().join(".s3cfg")).unwrap();
    let input = answers(&world, &["y", "y", "mine"]);
    let ran = world.run_with_input(opened.iter().chain(&["--configure"]), input.as_bytes()).ok();
    assert_eq!(ran.out, "Configuration saved to 'mine'\n");
    world.run(["profile", "ls"]).ok().prints("mine");
    world.run(opened.iter().chain(&["--profile", "mine", "ls"])).ok().prints("s3://bucket");
    // The same name again is the same connection; `-n` saves none.
    let words = opened.iter().chain(&["--configure"]);
    world.run_with_input(words, input.as_bytes()).ok();
    assert_eq!(world.run(["profile", "ls", "--json"]).ok().json().len(), 1);
    let input = answers(&world, &["y", "y", "other"]);
    let words = opened.iter().chain(&["configure", "-n"]);
    world.run_with_input(words, input.as_bytes()).ok().says("would be saved");
    assert_eq!(world.run(["profile", "ls", "--json"]).ok().json().len(), 1);
    assert!(!world.home().join(".s3cfg").exists());
}
