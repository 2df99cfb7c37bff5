//! On servers that are started besides: CloudFront on moto, Signature Version 2 on Ceph.

use serde_json::Value;

use crate::support::{Ran, World, noise};

/// An address in the environment, and a world that leads there with these keys.
fn world(variable: &str, access: &str, secret: &str, more: &str) -> World {
    let world = World::new();
    let endpoint = std::env::var(variable).unwrap();
    let host = endpoint.trim_start_matches("http://");
    let path = world.s3cfg(".s3cfg", host, access, secret);
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str(more);
    std::fs::write(&path, text).unwrap();
    world
}

fn name(kind: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("{kind}-{}-{}", std::process::id(), now.as_nanos() % 1_000_000_000)
}

pub fn cloudfront() {
    let endpoint = std::env::var("DIPPER_TEST_MOTO").unwrap();
    let more = format!("bucket_location = us-east-1\ncloudfront_host = {endpoint}\n");
    let world = world("DIPPER_TEST_MOTO", "AKIATEST", "sssh", &more);
    let bucket = name("cdn");
    let (uri, at) = (format!("s3://{bucket}"), |key: &str| format!("s3://{bucket}/{key}"));
    let run = |words: &[&str]| -> Ran { world.run(words) };
    let one = |ran: Ran| -> Value { ran.ok().json().remove(0) };
    run(&["mb", &uri]).ok();
    run(&["cfinfo", &uri]).exits(12).says("no CloudFront distribution");
    let words = ["cfcreate", "--cf-comment=first", "--cf-add-cname=a.example.org", &uri];
    let made = run(&words).ok().prints("Distribution created:\n");
    made.prints(&format!("Origin:         {uri}\n")).prints("CNAMEs:         a.example.org\n");
    let told = one(run(&["--json", "cfinfo", &uri]));
    let id = told["id"].as_str().unwrap().to_owned();
    let cf = format!("cf://{id}");
    assert_eq!((&told["comment"], &told["enabled"]), (&"first".into(), &true.into()));
    run(&["cflist"]).ok().prints(&format!("DistId:         {cf}\n"));
    let edit = ["--cf-remove-cname=a.example.org", "--cf-add-cname=b.example.org"];
    let more = ["--cf-default-root-object=index.html", "--access-logging-target-prefix=s3://l/p"];
    let words: Vec<&str> =
        ["--json", "cfmodify", &cf].into_iter().chain(edit).chain(more).collect();
    let told = one(run(&words));
    assert_eq!(told["aliases"], serde_json::json!(["b.example.org"]));
    assert_eq!((&told["comment"], &told["logging"]), (&"first".into(), &"s3://l/p".into()));
    run(&["cfmodify", &cf]).exits(64);
    run(&["cfmodify", "--no-access-logging", &cf]).ok().prints("Logging:        Disabled\n");
    let asked = one(run(&["--json", "cfinval", &at("a b"), &at("dir/"), &uri]));
    assert_eq!(asked["paths"], serde_json::json!(["/a%20b", "/dir/*", "/*"]));
    let asked = format!("{cf}/{}", asked["id"].as_str().unwrap());
    assert_eq!(one(run(&["--json", "cfinvalinfo", &asked]))["paths"][1], "/dir/*");
    run(&["cfinvalinfo", &cf]).ok().prints("Nr of paths:    3\n");
    // After put and sync, of a website by its folders.
    run(&["ws-create", &uri]).ok();
    world.write("w/index.html", "1");
    world.write("w/sub/index.html", "2");
    world.write("w/ü.css", "3");
    let paths = |ran: Ran| -> Vec<String> {
        let rows = ran.ok().json();
        let asked = rows.iter().filter(|row| row["type"] == "invalidation");
        let mut all: Vec<String> = asked
            .flat_map(|row| row["paths"].as_array().unwrap().clone())
            .map(|path| path.as_str().unwrap().to_owned())
            .collect();
        all.sort();
        all
    };
    let put = ["--json", "put", "-r", "--cf-invalidate", "w/", uri.as_str()];
    let target = format!("{uri}/");
    let put: Vec<&str> = put[..5].iter().copied().chain([target.as_str()]).collect();
    assert_eq!(paths(run(&put)), ["/", "/%C3%BC.css", "/sub/"]);
    let both: Vec<&str> = put.iter().copied().chain(["--cf-invalidate-default-index"]).collect();
    let all = ["/", "/%C3%BC.css", "/index.html", "/sub/", "/sub/index.html"];
    assert_eq!(paths(run(&both)), all);
    world.write("w/sub/new.txt", "4");
    let sync = ["--json", "sync", "--cf-invalidate", "w/", target.as_str()];
    assert_eq!(paths(run(&sync)), ["/sub/new.txt"]);
    assert!(paths(run(&sync)).is_empty(), "nothing was sent");
    run(&["cfdelete", &cf]).ok().prints(&format!("Distribution {cf} deleted\n"));
    run(&["cfinfo", &cf]).exits(12);
    world.write("x", "x");
    run(&["put", "--cf-invalidate", "x", &target]).exits(2).says("no CloudFront distribution");
    run(&["rb", "-r", "--force", &uri]).ok();
}

/// All there is to do with objects, signed as in 2006.
pub fn signature_v2() {
    let keys = ("MAINACCESSKEY0000001", "mainsecretkey00000000000000000000000001");
    let world = world("DIPPER_TEST_RGW", keys.0, keys.1, "signature_v2 = True\n");
    let bucket = name("old");
    let (uri, at) = (format!("s3://{bucket}"), |key: &str| format!("s3://{bucket}/{key}"));
    let run = |words: &[&str]| -> Ran { world.run(words) };
    run(&["mb", &uri]).ok();
    let large = noise(20 << 20, 1);
    world.write("tree/large", &large);
    world.write("tree/ü a+b/100%.txt", "hello");
    run(&["put", "-r", "tree/", &at("t/")]).ok();
    run(&["sync", "tree/", &at("t/")]).ok();
    run(&["get", "-r", &at("t/"), "back"]).ok();
    assert!(world.read("back/large") == large);
    assert_eq!(world.read("back/ü a+b/100%.txt"), b"hello");
    let key = at("t/ü a+b/100%.txt");
    run(&["cp", &key, &at("copy")]).ok();
    run(&["settagging", &key, "a=1"]).ok();
    run(&["gettagging", &key]).ok().prints("a:\t1");
    run(&["setacl", "-P", &at("copy")]).ok();
    run(&["setversioning", &uri, "enable"]).ok();
    run(&["put", "tree/large", &at("copy")]).ok();
    let versions = run(&["versions", "--json", &at("copy")]).ok().json();
    assert_eq!(versions.len(), 2);
    run(&["get", "--version-id", versions[1]["versionId"].as_str().unwrap(), &at("copy"), "old"])
        .ok();
    assert_eq!(world.read("old"), b"hello");
    run(&["multipart", &uri]).ok();
    run(&["ls", "-r", &uri]).ok();
    // A link of ten years, over a plain connection.
    let link = run(&["signurl", &key, "+315360000"]).ok().out;
    let path = link.trim().split_once("//").unwrap().1;
    let (host, path) = path.split_once('/').unwrap();
    assert_eq!(got(host, &format!("/{path}")), 200, "{link}");
    assert_eq!(got(host, &format!("/{path}x")), 403, "{link}");
    run(&["del", "-r", "--force", &uri]).ok();
    run(&["rb", "-r", "--force", &uri]).ok();
    // The keys are what counts.
    let wrong = world.s3cfg("wrong", host, keys.0, "0000");
    run(&["-c", wrong.to_str().unwrap(), "--signature-v2", "ls"]).exits(77);
}

fn got(host: &str, path: &str) -> u16 {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap().parse().unwrap()
}
