//! A world for one test: a sandbox server of its own, a home, a data folder and a place to work in.
//! All of it is gone when the test ends.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const DIPPER: &str = env!("CARGO_BIN_EXE_dipper");

/// `dipper sandbox --memory`, killed at the end.
pub struct Server {
    child: Child,
    /// The line that it says itself ready with.
    pub ready: String,
    pub endpoint: String,
    pub access_key: String,
    pub secret_key: String,
    pub alt_access_key: String,
    pub alt_secret_key: String,
}

impl Server {
    pub fn start(options: &[&str]) -> Self {
        let mut child = Command::new(DIPPER)
            .args(["sandbox", "--memory", "--json"])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| told[name].as_str().unwrap().to_owned();
        Self {
            child,
            ready: line.clone(),
            endpoint: text("endpoint"),
            access_key: text("accessKey"),
            secret_key: text("secretKey"),
            alt_access_key: text("altAccessKey"),
            alt_secret_key: text("altSecretKey"),
        }
    }

    /// Where it listens: `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a run of the program left behind.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
    pub raw: Vec<u8>,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            raw: output.stdout,
        }
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Says so, on stderr.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.err.contains(words), "no '{words}' in stderr:\n{}", self.err);
        self
    }

    #[track_caller]
    pub fn prints(self, words: &str) -> Self {
        assert!(self.out.contains(words), "no '{words}' in stdout:\n{}", self.out);
        self
    }

    /// Each line is one JSON object.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        objects(&self.out)
    }

    #[track_caller]
    pub fn json_errors(&self) -> Vec<Value> {
        objects(&self.err)
    }
}

#[track_caller]
fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| match serde_json::from_str::<Value>(line) {
            Ok(value) if value.is_object() => value,
            other => panic!("not one JSON object: {line}: {other:?}"),
        })
        .collect()
}

pub struct World {
    pub server: Server,
    folder: TempDir,
}

impl World {
    /// A server, and a `~/.s3cfg` that leads to it.
    pub fn new() -> Self {
        Self::with(&[])
    }

    pub fn with(options: &[&str]) -> Self {
        let world = Self { server: Server::start(options), folder: tempfile::tempdir().unwrap() };
        for name in ["home", "data", "work"] {
            std::fs::create_dir(world.folder.path().join(name)).unwrap();
        }
        let server = &world.server;
        world.s3cfg(".s3cfg", server.host(), &server.access_key, &server.secret_key);
        world
    }

    /// The same with a bucket `b`.
    pub fn with_bucket() -> Self {
        let world = Self::new();
        world.run(["mb", "s3://bucket"]).ok();
        world
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// `DIPPER_HOME`.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A path in the folder that the program runs in.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    /// Writes a connection file into the home, and gives its path.
    pub fn s3cfg(&self, name: &str, host: &str, access: &str, secret: &str) -> PathBuf {
        let path = self.home().join(name);
        let text = format!(
            "[default]\naccess_key = {access}\nsecret_key = {secret}\nhost_base = {host}\n\
             host_bucket = {host}\nuse_https = False\n"
        );
        std::fs::write(&path, text).unwrap();
        private(&path);
        path
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// The program with nothing of the tester's own surroundings.
    pub fn command<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(DIPPER);
        self.surround(&mut command);
        command.args(words);
        command
    }

    /// Gives a program this world's folders and no other surroundings.
    pub fn surround(&self, command: &mut Command) {
        command.env_clear();
        for name in ["PATH", "SystemRoot", "TMPDIR", "TEMP"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("HOME", self.home())
            .env("DIPPER_HOME", self.data())
            .env("DIPPER_LOG", "trace")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(self.folder.path().join("work"))
            .stdin(Stdio::null());
    }

    /// Runs it. Whatever it prints, the secret key is never part of that.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Ran {
        self.finish(self.command(words))
    }

    #[track_caller]
    pub fn finish(&self, mut command: Command) -> Ran {
        self.clean(Ran::of(command.output().unwrap()))
    }

    #[track_caller]
    pub fn run_with_input<S: AsRef<OsStr>>(
        &self,
        words: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Ran {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writer = std::thread::spawn(move || {
            // A program that ended early needs no more input.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        self.clean(Ran::of(output))
    }

    #[track_caller]
    fn clean(&self, ran: Ran) -> Ran {
        for secret in [&self.server.secret_key, &self.server.alt_secret_key] {
            assert!(!ran.out.contains(secret.as_str()), "a secret in stdout");
            assert!(!ran.err.contains(secret.as_str()), "a secret in stderr");
        }
        ran
    }

    /// Puts bytes under a key, whatever its name.
    #[track_caller]
    pub fn put(&self, key: &str, bytes: &[u8]) {
        self.run_with_input(["put", "-", &format!("s3://bucket/{key}")], bytes).ok();
    }

    /// The bytes under a key.
    #[track_caller]
    pub fn bytes(&self, key: &str) -> Vec<u8> {
        self.run(["get", &format!("s3://bucket/{key}"), "-"]).ok().raw
    }

    /// Keys and sizes of the bucket `bucket`.
    #[track_caller]
    pub fn keys(&self) -> Vec<String> {
        let listed = self.run(["ls", "-r", "--json", "s3://bucket"]).ok().json();
        listed.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect()
    }

    /// An unsigned GET over plain HTTP: its status.
    pub fn anonymous(&self, path: &str) -> u16 {
        self.unsigned("GET", path)
    }

    /// The same by another method, without a body.
    pub fn unsigned(&self, method: &str, path: &str) -> u16 {
        use std::io::Read;
        let mut stream = std::net::TcpStream::connect(self.server.host()).unwrap();
        let host = self.server.host();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n");
        write!(stream, "{head}Connection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

#[cfg(unix)]
pub fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
pub fn private(_: &Path) {}

/// Bytes that look like nothing else, the same every time.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Times and ports differ from run to run: `2026-11-23 05:39` becomes `[time]`.
pub fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let bytes = rest.as_bytes();
        if let Some(len) = time_length(bytes) {
            out.push_str("[time]");
            rest = &rest[len..];
        } else if let Some(after) = rest.strip_prefix("127.0.0.1:") {
            out.push_str("127.0.0.1:[port]");
            rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

fn time_length(bytes: &[u8]) -> Option<usize> {
    let shape = b"0000-00-00?00:00";
    let fits = bytes.len() >= shape.len()
        && shape.iter().zip(bytes).all(|(want, got)| match want {
            b'0' => got.is_ascii_digit(),
            b'?' => matches!(got, b' ' | b'T'),
            other => other == got,
        });
    let rest = |from: usize| {
        bytes[from..].iter().take_while(|b| matches!(b, b':' | b'.' | b'Z' | b'0'..=b'9')).count()
    };
    fits.then(|| shape.len() + rest(shape.len()))
}
