//! Signing in from the command line, and the way to the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use crate::support::World;

/// IAM Identity Center as far as one sign-in needs it; its role's keys are the sandbox's.
fn center(access_key: String, secret_key: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut asked = 0;
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let mut length = 0;
            loop {
                let mut header = String::new();
                if reader.read_line(&mut header).unwrap() <= 2 {
                    break;
                }
                if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let (status, body) = match path.split('?').next().unwrap() {
                "/client/register" => (
                    200,
                    r#"{"clientId":"c","clientSecret":"s","clientSecretExpiresAt":4000000000}"#
                        .to_owned(),
                ),
                "/device_authorization" => (
                    200,
                    r#"{"deviceCode":"d","userCode":"WXYZ-1234","expiresIn":600,"interval":1,
                        "verificationUri":"https://device.example/"}"#
                        .to_owned(),
                ),
                "/token" => {
                    asked += 1;
                    match asked {
                        1 => (400, r#"{"error":"authorization_pending"}"#.to_owned()),
                        _ => (
                            200,
                            r#"{"accessToken":"t","expiresIn":28800,"tokenType":"Bearer"}"#
                                .to_owned(),
                        ),
                    }
                }
                "/federation/credentials" => (
                    200,
                    format!(
                        r#"{{"roleCredentials":{{"accessKeyId":"{access_key}","secretAccessKey":"{secret_key}",
                            "sessionToken":"session","expiration":4000000000000}}}}"#
                    ),
                ),
                _ => (404, "{}".to_owned()),
            };
            let kind = if status == 400 {
                "x-amzn-errortype: AuthorizationPendingException\r\n"
            } else {
                ""
            };
            let _ = write!(
                reader.get_mut(),
                "HTTP/1.1 {status} X\r\n{kind}content-type: application/json\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    endpoint
}

#[test]
fn in_a_browser() {
    let world = World::with_bucket();
    let server = &world.server;
    let center = center(server.access_key.clone(), server.secret_key.clone());
    let mut add = world.command([
        "profile",
        "add",
        "corp",
        "--endpoint",
        &server.endpoint,
        "--region",
        "us-east-1",
        "--sso-start-url",
        "https://corp.example/start",
        "--sso-region",
        "eu-west-1",
        "--sso-account",
        "123456789012",
        "--sso-role",
        "Dev",
        "--bucket",
        "bucket",
    ]);
    add.env("AWS_ENDPOINT_URL_SSO_OIDC", &center).env("AWS_ENDPOINT_URL_SSO", &center);
    world.finish(add).ok().says("profile login corp");
    let shown = world.run(["profile", "show", "corp", "--json"]).ok().json();
    assert_eq!(shown[0]["signIn"]["state"], "needs a sign-in");
    let error = world.run(["--profile", "corp", "--json", "ls"]).exits(77).json_errors();
    assert_eq!(error[0]["code"], "expired_token");

    let ran = world.run(["profile", "login", "corp"]).ok();
    ran.prints("https://device.example/").prints("WXYZ-1234").prints("Signed in until 2");
    world.run(["profile", "show", "corp"]).ok().prints("IAM Identity Center").prints("signed in");
    world.run(["--profile", "corp", "ls"]).ok().prints("s3://bucket");
    // The token is where the AWS CLI has it, and nowhere else.
    let cache = world.home().join(".aws").join("sso").join("cache");
    assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 1);
    world.run(["profile", "logout", "corp"]).ok();
    world.run(["--profile", "corp", "ls"]).exits(77).says("sign in again");
}

#[test]
fn a_sign_in_that_is_half_said() {
    let world = World::new();
    let half = ["profile", "add", "x", "--sso-start-url", "https://corp.example/start"];
    world.run(half).exits(64);
    world.run(["profile", "add", "x", "--mfa-serial", "arn"]).exits(64);
    world.run(["profile", "add", "x", "--aws-profile", "nobody"]).exits(64).says("no AWS profile");
    world.run(["profile", "login", "nobody"]).exits(64);
    let pin = ["profile", "add", "x", "--endpoint", "https://h", "--anonymous", "--pin", "12"];
    world.run(pin).exits(64).says("64 hex digits");
}

#[cfg(unix)]
#[test]
fn as_a_profile_of_the_aws_files() {
    let world = World::with_bucket();
    let server = &world.server;
    std::fs::remove_file(world.home().join(".s3cfg")).unwrap();
    std::fs::create_dir(world.home().join(".aws")).unwrap();
    let config = format!(
        "[profile tool]\nregion = us-east-1\nendpoint_url = {}\ncredential_process = cat {}\n",
        server.endpoint,
        world.path("keys.json").display()
    );
    std::fs::write(world.home().join(".aws").join("config"), config).unwrap();
    world.write(
        "keys.json",
        format!(
            r#"{{"Version":1,"AccessKeyId":"{}","SecretAccessKey":"{}"}}"#,
            server.access_key, server.secret_key
        ),
    );
    let mut ls = world.command(["ls"]);
    ls.env("AWS_PROFILE", "tool").env("AWS_ENDPOINT_URL", &server.endpoint);
    world.finish(ls).ok().prints("s3://bucket");
    // Named by a connection: region and endpoint come along, its keys are kept nowhere.
    world.run(["profile", "add", "mine", "--provider", "custom", "--aws-profile", "tool"]).ok();
    world.run(["--profile", "mine", "ls"]).ok().prints("s3://bucket");
    world.write("keys.json", "broken");
    world.run(["--profile", "mine", "ls"]).exits(77).says("no JSON of keys");
}

#[test]
fn through_a_proxy_that_is_not_there() {
    let world = World::new();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let proxy = format!("http://me:hush@{gone}");
    let ran = world.run(["--proxy", &proxy, "ls"]).exits(74).says("can't be reached");
    assert!(!ran.err.contains("hush"), "{}", ran.err);
    world.run(["--proxy", "ftp://x", "ls"]).exits(64).says("not a proxy");
    // This machine is reached without the environment's.
    let mut ls = world.command(["ls"]);
    ls.env("http_proxy", &proxy).env("HTTPS_PROXY", &proxy);
    world.finish(ls).ok();
    // An .s3cfg's own proxy is meant.
    let mut cfg = std::fs::read_to_string(world.home().join(".s3cfg")).unwrap();
    let (host, port) = gone.split_once(':').unwrap();
    cfg.push_str(&format!("proxy_host = {host}\nproxy_port = {port}\n"));
    std::fs::write(world.home().join(".s3cfg"), cfg).unwrap();
    world.run(["ls"]).exits(74).says("proxy");
}

#[test]
fn certificates() {
    let world = World::new();
    world.run(["--no-check-certificate", "ls"]).ok().says("WARNING");
    let file = world.write("ca.pem", "no certificate");
    world.run(["--ca-certs", file.to_str().unwrap(), "ls"]).exits(64).says("no certificate");
    world.run(["--ca-certs", "gone.pem", "ls"]).exits(74);
}
