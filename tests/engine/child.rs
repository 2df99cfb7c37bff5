//! The binary as its own child: what must be killed, or start anew, has a process of its own.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;

use crate::rig::Rig;
use crate::support::{block_on, bucket, connection};

pub const ROLE: &str = "DIPPER_TEST_CHILD";

/// Plays the role that the environment gives this process, if it gives one.
pub fn run() -> Option<ExitCode> {
    let role: Value = serde_json::from_str(&std::env::var(ROLE).ok()?).unwrap();
    block_on(async move {
        match text(&role, "role") {
            "upload" | "download" | "objects" => transfer(&role).await,
            "keychain" => crate::keychain::child(&role).await,
            other => panic!("no role '{other}'"),
        }
    });
    Some(ExitCode::SUCCESS)
}

pub fn text<'a>(role: &'a Value, name: &str) -> &'a str {
    role[name].as_str().unwrap_or_else(|| panic!("no {name} in {role}"))
}

/// This binary, to be started in a role.
pub fn command(role: &Value) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(ROLE, role.to_string()).stdin(Stdio::null());
    command
}

async fn transfer(role: &Value) {
    if let Some(most @ 1..) = role["descriptors"].as_u64() {
        let limit = rustix::process::Rlimit { current: Some(most), maximum: Some(most) };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    }
    let keys = (text(role, "access"), text(role, "secret"));
    let s3 =
        dipper_s3::S3::connect(connection(text(role, "endpoint"), "sandbox", Some(keys))).await;
    let db = dipper_state::Db::open(&PathBuf::from(text(role, "home"))).unwrap();
    if let Some(write @ 1..) = role["abortAt"].as_u64() {
        db.abort_at(write, role["abortAfter"] == true);
    }
    let rig = Rig::over(&db, s3, crate::rig::LIMITS);
    let (bucket, path) = (bucket("bucket"), PathBuf::from(text(role, "path")));
    match text(role, "role") {
        "upload" => {
            let rule = serde_json::from_value(role["rule"].clone())
                .unwrap_or(dipper_transfer::OnExisting::Overwrite);
            let id = rig.begin_upload_where(&bucket, (&path, "big"), rule).await;
            drop(rig.ended(id).await);
        }
        "objects" => {
            let objects: Vec<(String, u64)> =
                serde_json::from_value(role["objects"].clone()).unwrap();
            let objects: Vec<_> = objects.iter().map(|(key, size)| (key.as_str(), *size)).collect();
            let job = rig.download(&bucket, &objects, &path).await;
            drop(job);
        }
        _ => drop(rig.download(&bucket, &[("big", role["size"].as_u64().unwrap())], &path).await),
    }
}
