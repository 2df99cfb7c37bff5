//! Foreign S3 servers for the contract suite, each started once. Where one can't be had, its cases
//! show as ignored with the reason.

use std::process::Stdio;

use crate::process::{Done, command};
use crate::{paths, system};

struct Server {
    script: &'static str,
    /// For the tests; with `_MISSING` at its end, why there is none.
    variable: &'static str,
    name: &'static str,
    packages: &'static [system::Package],
}

const SERVERS: [Server; 3] = [
    Server {
        script: "rgw.sh",
        variable: "DIPPER_TEST_RGW",
        name: "Ceph RADOS Gateway",
        packages: system::CEPH,
    },
    Server {
        script: "seaweed.sh",
        variable: "DIPPER_TEST_SEAWEED",
        name: "SeaweedFS",
        packages: system::PYTHON_SERVERS,
    },
    Server {
        script: "moto.sh",
        variable: "DIPPER_TEST_MOTO",
        name: "moto",
        packages: system::PYTHON_SERVERS,
    },
];

/// Servers that start while something else is built.
pub struct Starting(Vec<std::thread::JoinHandle<(String, String)>>);

/// What the system lacks is installed first, one after the other; then they start side by side.
pub fn start() -> Starting {
    let ready: Vec<_> = SERVERS
        .iter()
        .map(|server| {
            let ready = match cfg!(target_os = "linux") {
                true => system::ensure(&[server.packages]),
                false => Err(format!("{} runs on Linux only", server.name)),
            };
            (server, ready)
        })
        .collect();
    let start = |(server, ready): (&'static Server, Done)| {
        std::thread::spawn(move || match ready.and_then(|()| script(server.script, "up")) {
            Ok(endpoint) => (server.variable.to_owned(), endpoint),
            Err(why) => (format!("{}_MISSING", server.variable), why),
        })
    };
    Starting(ready.into_iter().map(start).collect())
}

impl Starting {
    /// An endpoint of each, or why there is none: as environment for the tests.
    pub fn environment(self) -> Vec<(String, String)> {
        self.0.into_iter().filter_map(|thread| thread.join().ok()).collect()
    }
}

pub fn up_and_tell() -> Done {
    for (name, value) in start().environment() {
        println!("{name}={value}");
    }
    Ok(())
}

pub fn down() -> Done {
    let done = SERVERS.map(|server| script(server.script, "down").map(drop));
    done.into_iter().collect()
}

/// So many ports in a row that are free now, below those that the system gives away. The scripts keep
/// the ones that their running servers have.
fn free_ports(count: u16) -> String {
    let free = |port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    let start = 20_000 + u16::try_from(std::process::id() % 1000).unwrap_or(0) * 10;
    let found = (start..32_000)
        .step_by(usize::from(count))
        .find(|first| (*first..*first + count).all(free));
    found.unwrap_or(start).to_string()
}

/// A port that is free now.
fn free_port() -> String {
    let bound = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    bound.map_or(7480, |address| address.port()).to_string()
}

fn script(name: &str, verb: &str) -> Result<String, String> {
    let path = paths::root().join("tests/servers").join(name);
    let cache = paths::cache();
    let output = command("bash", &[&path.to_string_lossy(), verb])
        .env("RGW_DIR", cache.join("rgw"))
        .env("RGW_PORT", free_port())
        .env("RGW_MON_PORT", free_port())
        .env("SEAWEED_DIR", cache.join("seaweed"))
        .env("SEAWEED_PORT", free_ports(8))
        .env("SERVERS_VENV", cache.join("servers"))
        .env("MOTO_DIR", cache.join("moto"))
        .env("MOTO_PORT", free_port())
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
