//! Foreign S3 servers for the contract suite, each started once. Where one can't be had, its cases
//! show as ignored with the reason.

use std::process::Stdio;

use crate::process::{Done, command};
use crate::{paths, system};

/// An endpoint, or why there is none: as environment for the tests.
pub fn up() -> Vec<(String, String)> {
    let mut environment = Vec::new();
    let rgw = if cfg!(target_os = "linux") {
        system::ensure(&[system::CEPH]).and_then(|()| script("rgw.sh", "up"))
    } else {
        Err("Ceph RADOS Gateway runs on Linux only".into())
    };
    match rgw {
        Ok(endpoint) => environment.push(("DIPPER_TEST_RGW".into(), endpoint)),
        Err(why) => environment.push(("DIPPER_TEST_RGW_MISSING".into(), why)),
    }
    environment
}

pub fn up_and_tell() -> Done {
    for (name, value) in up() {
        println!("{name}={value}");
    }
    Ok(())
}

pub fn down() -> Done {
    script("rgw.sh", "down").map(drop)
}

/// A port that is free now. The script keeps the one that its running server has.
fn free_port() -> String {
    let bound = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    bound.map_or(7480, |address| address.port()).to_string()
}

fn script(name: &str, verb: &str) -> Result<String, String> {
    let path = paths::root().join("tests/servers").join(name);
    let output = command("bash", &[&path.to_string_lossy(), verb])
        .env("RGW_DIR", paths::cache().join("rgw"))
        .env("RGW_PORT", free_port())
        .env("RGW_MON_PORT", free_port())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| format!("{name} can't be started: {e}"))?;
    if !output.status.success() {
        return Err(format!("{name} {verb} ended with {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().last().unwrap_or_default().trim().to_owned())
}
