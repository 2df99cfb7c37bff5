//! A stranger: a GET without keys, and another S3 client with them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use dipper_app::sandbox_server::{Running, running};

/// Status and body of a plain GET.
pub fn get(url: &str) -> (u16, Vec<u8>) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let split = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..split]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer[split + 4..].to_vec())
}

pub fn server(home: &Path) -> Running {
    running(&home.join("sandbox")).unwrap().expect("the sandbox runs")
}

/// Copies a bucket down with s5cmd.
pub fn fetch_with_s5cmd(server: &Running, bucket: &str, into: &Path) {
    let done = Command::new(std::env::var_os("DIPPER_TEST_S5CMD").unwrap())
        .args(["--endpoint-url", &server.endpoint, "cp", &format!("s3://{bucket}/*")])
        .arg(format!("{}/", into.display()))
        .env("AWS_ACCESS_KEY_ID", &server.main.access_key)
        .env("AWS_SECRET_ACCESS_KEY", server.main.secret_key.expose())
        .env("AWS_REGION", "us-east-1")
        .status();
    assert!(done.unwrap().success());
}
