//! Which connection is used, and what is said where it does not work.

use crate::support::{World, private};

#[test]
fn the_file_that_is_named() {
    let world = World::new();
    let server = &world.server;
    let alt = world.s3cfg("alt", server.host(), &server.alt_access_key, &server.alt_secret_key);
    world.run(["mb", "s3://main-only"]).ok();
    let alt = alt.to_str().unwrap();
    assert_eq!(world.run(["-c", alt, "ls"]).ok().out, "");
    assert_eq!(world.run(["ls", "--config", alt]).ok().out, "");
    world.run(["ls"]).ok().prints("s3://main-only");
}

#[test]
fn the_file_of_the_environment_comes_before_the_one_at_home() {
    let world = World::new();
    let server = &world.server;
    world.run(["mb", "s3://main-only"]).ok();
    let alt = world.s3cfg("alt", server.host(), &server.alt_access_key, &server.alt_secret_key);
    let mut command = world.command(["ls"]);
    command.env("S3CMD_CONFIG", alt);
    assert_eq!(world.finish(command).ok().out, "");
}

#[test]
fn the_environment_as_other_tools_read_it() {
    let world = World::new();
    world.run(["mb", "s3://bucket"]).ok();
    std::fs::remove_file(world.home().join(".s3cfg")).unwrap();
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        let mut command = world.command(["ls"]);
        command
            .env(name, &world.server.endpoint)
            .env("AWS_ACCESS_KEY_ID", &world.server.access_key)
            .env("AWS_SECRET_ACCESS_KEY", &world.server.secret_key)
            .env("AWS_REGION", "us-east-1");
        world.finish(command).ok().prints("s3://bucket");
    }
}

#[test]
fn nothing_at_all_says_what_to_do() {
    let world = World::new();
    std::fs::remove_file(world.home().join(".s3cfg")).unwrap();
    world.run(["ls"]).exits(78).says("--sandbox").says("-c").says("AWS_ACCESS_KEY_ID");
    let errors = world.run(["--json", "ls"]).exits(78).json_errors();
    assert!(errors[0]["hint"].is_string());
    world.run(["--sandbox", "ls"]).ok();
}

#[test]
fn two_at_once_are_a_mistake() {
    let world = World::new();
    for words in [
        ["--sandbox", "-c", "x", "ls"].as_slice(),
        &["--profile", "x", "-c", "x", "ls"],
        &["--sandbox", "--profile", "x", "ls"],
        &["ls", "--sandbox", "--profile", "x"],
    ] {
        world.run(words).exits(64).says("cannot be used with");
    }
}

#[test]
fn a_file_that_is_not_there() {
    let world = World::new();
    world.run(["-c", "missing.cfg", "ls"]).exits(78).says("missing.cfg").says("after -c");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let path = world.home().join(".s3cfg");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    world.run(["ls"]).ok().says("WARNING").says("chmod 600");
}

#[test]
fn values_from_the_environment_in_the_file() {
    let world = World::new();
    let path = world.home().join("env.cfg");
    let host = world.server.host();
    let text = format!(
        "[default]\naccess_key = $OWN_KEY\nsecret_key = \"$OWN_SECRET\"\nhost_base = {host}\n\
         host_bucket = {host}\nuse_https = no\n"
    );
    std::fs::write(&path, text.replace('"', "")).unwrap();
    private(&path);
    let mut command = world.command(["-c", path.to_str().unwrap(), "mb", "s3://by-env"]);
    command.env("OWN_KEY", &world.server.access_key).env("OWN_SECRET", &world.server.secret_key);
    world.finish(command).ok();
}

#[test]
fn wrong_keys() {
    let world = World::with_bucket();
    let server = &world.server;
    let wrong = "0000000000000000000000000000000000000000";
    let cfg = world.s3cfg("wrong", server.host(), &server.access_key, wrong);
    let cfg = cfg.to_str().unwrap().to_owned();
    world
        .run(["-c", &cfg, "ls"])
        .exits(77)
        .says("SignatureDoesNotMatch")
        .says("The secret key does not fit");
    world.write("x", "x");
    world.run(["-c", &cfg, "put", "x", "s3://bucket"]).exits(77);
    world.run(["-c", &cfg, "get", "s3://bucket/x"]).exits(77);
    let cfg = world.s3cfg("unknown", server.host(), "AKIANOBODY", wrong);
    world.run(["-c", cfg.to_str().unwrap(), "ls"]).exits(77).says("InvalidAccessKeyId");
}

#[test]
fn nobody_listens() {
    let world = World::new();
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let cfg = world.s3cfg("closed", &closed, "AKIANOBODY", "nothing");
    let cfg = cfg.to_str().unwrap();
    world.run(["-c", cfg, "ls"]).exits(111).says("refused").says("address and port");
    let errors = world.run(["-c", cfg, "--json", "ls", "s3://b123"]).exits(111).json_errors();
    assert_eq!(errors[0]["code"], "network");
}

#[test]
fn what_answers_is_no_s3() {
    use std::io::{Read, Write};
    let world = World::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let page = "<!DOCTYPE html><html>Welcome</html>";
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{page}",
                page.len()
            );
        }
    });
    let cfg = world.s3cfg("page", &host, "AKIANOBODY", "nothing");
    let ran = world.run(["-c", cfg.to_str().unwrap(), "ls"]);
    assert!(ran.code != 0, "{}", ran.out);
    assert!(ran.err.contains("doesn't speak S3"), "{}", ran.err);
}

#[test]
fn a_name_that_no_one_has() {
    let world = World::new();
    let cfg = world.s3cfg("nowhere", "nowhere.invalid", "AKIANOBODY", "nothing");
    world.run(["-c", cfg.to_str().unwrap(), "ls"]).exits(74).says("address and port");
}
