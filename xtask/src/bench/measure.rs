//! One command measured: wall, CPU, memory; and the server that it talks to.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::process::command;

/// Runs a command and prints wall seconds, CPU seconds, peak MiB, lines written and the exit code.
const MEASURE: &str = r#"
import os, signal, subprocess, sys, threading, time
start = time.monotonic()
child = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
late = threading.Timer(float(sys.argv[1]), child.kill)
late.start()
lines = 0
for block in iter(lambda: child.stdout.read(1 << 20), b""):
    lines += block.count(b"\n")
_, status, used = os.wait4(child.pid, 0)
late.cancel()
code = os.waitstatus_to_exitcode(status)
print(f"{time.monotonic() - start:.3f} {used.ru_utime + used.ru_stime:.2f} {used.ru_maxrss / 1024:.0f} {lines} {code}")
"#;

#[derive(Debug, Clone)]
pub struct Figures {
    pub seconds: f64,
    /// Of the client.
    pub cpu: f64,
    pub server_cpu: f64,
    /// Peak, in MiB.
    pub rss: f64,
    pub lines: u64,
    pub code: i64,
}

pub type Environment = Vec<(&'static str, String)>;

pub fn measure(words: &[String], environment: &Environment, cap: u64) -> Result<Figures, String> {
    let cap = cap.to_string();
    let mut all = vec!["-c", MEASURE, &cap];
    all.extend(words.iter().map(String::as_str));
    let mut measured = command("python3", &all);
    measured.envs(environment.iter().map(|(name, value)| (*name, value.as_str())));
    let answer = measured.output().map_err(|e| format!("python3: {e}"))?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    match numbers.as_slice() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole numbers"
        )]
        [seconds, cpu, rss, lines, code] => Ok(Figures {
            seconds: *seconds,
            cpu: *cpu,
            server_cpu: 0.0,
            rss: *rss,
            lines: *lines as u64,
            code: *code as i64,
        }),
        _ => Err(format!("{words:?}: {}", String::from_utf8_lossy(&answer.stderr))),
    }
}

/// The median by wall time.
pub fn median(mut rows: Vec<Figures>) -> Option<Figures> {
    rows.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let middle = rows.len() / 2;
    rows.into_iter().nth(middle)
}

/// Dipper's sandbox in memory, in a process of its own.
pub struct Server {
    child: Child,
    pub endpoint: String,
    pub access: String,
    pub secret: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    pub fn start(dipper: &Path, options: &[&str]) -> Result<Self, String> {
        let mut words = vec!["sandbox", "--memory", "--json"];
        words.extend(options);
        let mut child = command(&dipper.to_string_lossy(), &words)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("the sandbox: {e}"))?;
        let out = child.stdout.take().ok_or("the sandbox has no output")?;
        let mut first = String::new();
        BufReader::new(out).read_line(&mut first).map_err(|e| e.to_string())?;
        // One JSON object; the first account comes first.
        let field = |name: &str| {
            let (_, rest) = first.split_once(&format!("\"{name}\":\""))?;
            Some(rest.split_once('"')?.0.to_owned())
        };
        let missing = || format!("the sandbox said: {first}");
        Ok(Self {
            endpoint: field("endpoint").ok_or_else(missing)?,
            access: field("accessKey").ok_or_else(missing)?,
            secret: field("secretKey").ok_or_else(missing)?,
            child,
        })
    }

    /// CPU seconds so far (Linux; elsewhere 0).
    pub fn cpu(&self) -> f64 {
        let path = format!("/proc/{}/stat", self.child.id());
        let Ok(stat) = std::fs::read_to_string(path) else { return 0.0 };
        // Fields after the name, which may hold spaces: utime and stime are the 12th and 13th.
        let Some((_, rest)) = stat.rsplit_once(')') else { return 0.0 };
        let ticks: f64 =
            rest.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
        ticks / 100.0
    }

    pub fn environment(&self, home: &Path) -> Environment {
        let home = |name: &str| home.join(name).to_string_lossy().into_owned();
        vec![
            ("AWS_ACCESS_KEY_ID", self.access.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.secret.clone()),
            ("AWS_REGION", "us-east-1".into()),
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_CONFIG_FILE", home("aws")),
            ("DIPPER_HOME", home("dipper")),
            ("RCLONE_CONFIG", "/dev/null".into()),
            ("NO_PROXY", "127.0.0.1".into()),
        ]
    }
}
