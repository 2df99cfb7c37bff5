//! Speed as a number: Dipper beside its peers, in one run on one machine, as ratios.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::process::{Done, command, output, run};
use crate::{paths, system, tools};

const KEYS: u64 = 1_000_000;
const FOLDERS: u64 = 1_000;
/// A peer that needs longer has lost its row.
const CAP: Duration = Duration::from_secs(300);
const RUNS: usize = 3;

/// Runs a command and prints wall seconds, CPU seconds, peak MiB and how many lines it wrote.
const MEASURE: &str = r#"
import os, resource, subprocess, sys, time
start = time.monotonic()
child = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
lines = 0
for block in iter(lambda: child.stdout.read(1 << 20), b""):
    lines += block.count(b"\n")
    if time.monotonic() - start > float(sys.argv[1]):
        child.kill()
        break
child.wait()
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{time.monotonic() - start:.3f} {used.ru_utime + used.ru_stime:.2f} {used.ru_maxrss / 1024:.0f} {lines}")
"#;

struct Row {
    seconds: f64,
    cpu: f64,
    rss: f64,
    lines: u64,
}

struct Server {
    child: Child,
    endpoint: String,
    access: String,
    secret: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn dipper() -> Result<PathBuf, String> {
    run("cargo", &["build", "--release", "--quiet", "--package", "dipper-cli"])?;
    Ok(paths::target().join("release").join(format!("dipper{}", std::env::consts::EXE_SUFFIX)))
}

/// In a process of its own, with all keys in memory.
fn serve(dipper: &Path, latency: u32) -> Result<Server, String> {
    let (keys, folders, latency) = (KEYS.to_string(), FOLDERS.to_string(), latency.to_string());
    let words = [
        "sandbox",
        "--memory",
        "--json",
        "--seed-keys",
        &keys,
        "--seed-folders",
        &folders,
        "--latency",
        &latency,
    ];
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
    Ok(Server {
        endpoint: field("endpoint").ok_or_else(missing)?,
        access: field("accessKey").ok_or_else(missing)?,
        secret: field("secretKey").ok_or_else(missing)?,
        child,
    })
}

fn measure(words: &[&str], environment: &[(&str, &str)]) -> Result<Row, String> {
    let cap = CAP.as_secs().to_string();
    let mut all = vec!["-c", MEASURE, &cap];
    all.extend(words);
    let mut measured = command("python3", &all);
    measured.envs(environment.iter().copied());
    let answer = measured.output().map_err(|e| format!("python3: {e}"))?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    match numbers.as_slice() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of lines"
        )]
        [seconds, cpu, rss, lines] => {
            Ok(Row { seconds: *seconds, cpu: *cpu, rss: *rss, lines: *lines as u64 })
        }
        _ => Err(format!("{words:?}: {}", String::from_utf8_lossy(&answer.stderr))),
    }
}

/// The median by wall time.
fn median(mut rows: Vec<Row>) -> Row {
    rows.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    rows.swap_remove(rows.len() / 2)
}

/// Lists a million keys, flat and in folders, with and without latency.
pub fn list() -> Done {
    system::ensure(&[system::BUILD, system::TESTS])?;
    let peers = tools::peers()?;
    let dipper = dipper()?;
    let program = dipper.to_string_lossy().into_owned();
    let home = std::env::temp_dir().join(format!("dipper-bench-{}", std::process::id()));
    std::fs::create_dir_all(&home).map_err(|e| e.to_string())?;
    let home_text = home.to_string_lossy().into_owned();
    println!("{:24}{:>10}{:>9}{:>9}{:>9}{:>11}", "", "wall s", "CPU s", "MiB", "lines", "x Dipper");
    for latency in [0, 20] {
        let server = serve(&dipper, latency)?;
        let config = home.join("s3cfg");
        let host = server.endpoint.trim_start_matches("http://");
        let text = format!(
            "[default]\naccess_key = {}\nsecret_key = {}\nhost_base = {host}\nhost_bucket = {host}\nuse_https = False\n",
            server.access, server.secret
        );
        std::fs::write(&config, text).map_err(|e| e.to_string())?;
        private(&config)?;
        let config = config.to_string_lossy().into_owned();
        let environment = [
            ("AWS_ACCESS_KEY_ID", server.access.as_str()),
            ("AWS_SECRET_ACCESS_KEY", &server.secret),
            ("AWS_REGION", "us-east-1"),
            ("DIPPER_HOME", &home_text),
            ("RCLONE_CONFIG", "/dev/null"),
        ];
        for (bucket, shape) in [("seed", "flat"), ("tree", "folders")] {
            println!("{KEYS} keys, {shape}, {latency} ms");
            let uri = format!("s3://{bucket}");
            let all = format!("{uri}/*");
            let remote =
                format!(":s3,provider=Other,env_auth=true,endpoint='{}':{bucket}", server.endpoint);
            let rclone = peers.rclone.as_str();
            let contenders: [(&str, Vec<&str>); 3] = [
                ("dipper", vec![&program, "-c", &config, "ls", "-r", &uri]),
                ("s5cmd", vec![&peers.s5cmd, "--endpoint-url", &server.endpoint, "ls", &all]),
                (
                    "rclone",
                    vec![
                        rclone,
                        "lsf",
                        "-R",
                        "--files-only",
                        "--fast-list",
                        "--format",
                        "pst",
                        &remote,
                    ],
                ),
            ];
            let mut ours = None;
            for (name, words) in contenders {
                let mut rows = Vec::new();
                for _ in 0..RUNS {
                    let row = measure(&words, &environment)?;
                    let long = row.seconds > 60.0;
                    rows.push(row);
                    // The median of a row this slow is known well enough.
                    if long {
                        break;
                    }
                }
                let row = median(rows);
                let base = *ours.get_or_insert(row.seconds);
                let ratio = row.seconds / base;
                println!(
                    "  {name:22}{:>10.2}{:>9.2}{:>9.0}{:>9}{ratio:>11.1}",
                    row.seconds, row.cpu, row.rss, row.lines
                );
                if name == "dipper" && row.lines != KEYS {
                    return Err(format!("dipper listed {} of {KEYS} keys", row.lines));
                }
            }
        }
    }
    let _ = std::fs::remove_dir_all(home);
    if let Some(commit) = output("git", &["rev-parse", "--short", "HEAD"]) {
        println!("\nat {commit}");
    }
    Ok(())
}

#[cfg(unix)]
fn private(path: &Path) -> Done {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|e| e.to_string())
}

#[cfg(not(unix))]
fn private(_: &Path) -> Done {
    Ok(())
}
