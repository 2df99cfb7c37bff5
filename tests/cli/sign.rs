//! Signature Version 2, `sign`, the old form of `signurl`, and `fixbucket`.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::support::World;

/// One request to a server that only listens: what it says of itself.
fn heard(words: &[&str], config: &str) -> String {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let listens = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = [0; 8192];
        let read = stream.read(&mut bytes).unwrap();
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        String::from_utf8_lossy(&bytes[..read]).to_lowercase()
    });
    let path = world.s3cfg("old", &host, "AKIAOLD", "sssh");
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str(config);
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    world.run(["-c", path.as_str()].iter().chain(words));
    listens.join().unwrap()
}

#[test]
fn requests_are_signed_as_old_servers_want_it() {
    let new = heard(&["info", "s3://bucket/k"], "");
    assert!(new.contains("authorization: aws4-hmac-sha256 "), "{new}");
    for (words, config) in [
        (&["--signature-v2", "info", "s3://bucket/k"][..], ""),
        (&["info", "s3://bucket/k"], "signature_v2 = True\n"),
    ] {
        let old = heard(words, config);
        assert!(old.contains("authorization: aws akiaold:"), "{old}");
        assert!(old.contains("\r\ndate: ") && !old.contains("x-amz-content-sha256"), "{old}");
    }
}

#[test]
fn links_beyond_a_week() {
    let world = World::with_bucket();
    world.put("k", b"1");
    let long = ["signurl", "s3://bucket/k", "+604801"];
    world.run(long).exits(64).says("7 days").says("--signature-v2");
    world.run(["presign", "-e", "8d", "s3://bucket/k"]).exits(64).says("--signature-v2");
    let old = world.run(["--signature-v2"].iter().chain(&long)).ok().out;
    let parts = ["/bucket/k?AWSAccessKeyId=", "&Expires=", "&Signature="];
    assert!(parts.iter().all(|part| old.contains(part)), "{old}");
    let at = ["--signature-v2", "signurl", "s3://bucket/k", "4102444800"];
    assert!(world.run(at).ok().out.contains("&Expires=4102444800&"));
    world.run(["signurl", "s3://bucket/k", "1000000000"]).exits(64).says("past");
    let words = ["signurl", "--content-type=text/x", "--content-disposition=attachment"];
    let link = world.run(words.iter().chain(&["s3://bucket/k", "+60"])).ok().out;
    assert!(link.contains("response-content-type=text%2Fx"), "{link}");
    assert!(link.contains("response-content-disposition=attachment"), "{link}");
}

#[test]
fn a_text_is_signed() {
    let world = World::new();
    let config = world.s3cfg("k", world.server.host(), "AK", "Jefe");
    let config = config.to_str().unwrap();
    // RFC 2202, the second test case of HMAC-SHA1.
    let words = ["-c", config, "sign", "what do ya want for nothing?"];
    assert_eq!(world.run(words).ok().out, "Signature: 7/zfauXrL6LSdBbV8YTfnCWafHk=\n");
    let json = world.run(["--json"].iter().chain(&words)).ok().json();
    assert_eq!(json[0]["signature"], "7/zfauXrL6LSdBbV8YTfnCWafHk=");
    world.run(["sign"]).exits(64);
}

#[test]
fn control_characters_in_names_get_carets() {
    let world = World::with_bucket();
    for key in ["plain", "a\u{1}b", "dir/tab\there", "dir/tab^Ithere too"] {
        world.put(key, key.as_bytes());
    }
    let told = "rename: 's3://bucket/a\u{1}b' -> 's3://bucket/a^Ab'\n";
    assert!(world.run(["fixbucket", "-n", "s3://bucket"]).ok().out.starts_with(told));
    assert!(world.keys().contains(&"a\u{1}b".to_owned()));
    world.run(["fixbucket", "s3://bucket/dir/"]).ok();
    assert!(world.keys().contains(&"a\u{1}b".to_owned()));
    let ran = world.run(["fixbucket", "s3://bucket"]).ok();
    assert_eq!(ran.out, told);
    assert_eq!(world.keys(), ["a^Ab", "dir/tab^Ihere", "dir/tab^Ithere too", "plain"]);
    assert_eq!(world.bytes("a^Ab"), "a\u{1}b".as_bytes());
    assert_eq!(world.run(["fixbucket", "s3://bucket"]).ok().out, "");
    // What has the new name already is not written over.
    world.put("a\u{1}b", b"other");
    world.run(["fixbucket", "s3://bucket"]);
    assert_eq!(world.bytes("a^Ab"), "a\u{1}b".as_bytes());
}
