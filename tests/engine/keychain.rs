//! The real Secret Service: gnome-keyring under a bus of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dipper_app::{Addressing, App, Code, Keep, ProfileDraft};
use dipper_sandbox::{Config, Sandbox};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::child::{ROLE, command, text};
use crate::support::{has, trial, unless};

pub fn trials() -> Vec<Trial> {
    let missing = ["dbus-run-session", "gnome-keyring-daemon", "secret-tool"]
        .into_iter()
        .find(|program| !has(program))
        .map(|program| format!("{program} is not installed"));
    vec![
        unless(missing, trial("keychain::keys_are_there_after_a_restart", after_a_restart)),
        trial("keychain::without_a_bus", without_a_bus),
    ]
}

const MARK: &str = "told:";

/// A process of its own: what it says after [`MARK`] is read by the trial.
pub async fn child(role: &Value) {
    let filter = tracing_subscriber::EnvFilter::new("trace");
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let app = App::open(Path::new(text(role, "home"))).unwrap();
    let said = match text(role, "step") {
        "save" => {
            let saved = app.save_profile(draft(role, Keep::Vault)).await;
            let seen = in_some_argv(text(role, "secret"));
            format!("saved {} argv {seen}", saved.unwrap().id)
        }
        "list" => {
            let profiles = app.profiles().await.unwrap();
            let buckets = app.client("test").await.unwrap().list_buckets().await.unwrap();
            format!("{} {} {}", profiles.len(), buckets[0].name, in_some_argv(text(role, "secret")))
        }
        _ => {
            let started = Instant::now();
            let refused = app.save_profile(draft(role, Keep::Vault)).await.unwrap_err();
            let quick = started.elapsed() < Duration::from_secs(3);
            let kept = app.save_profile(draft(role, Keep::Session)).await.unwrap();
            let buckets = app.client(&kept.id).await.unwrap().list_buckets().await.unwrap();
            let code = serde_json::to_string(&refused.code).unwrap();
            format!("{code} {quick} {} {}", buckets[0].name, refused.hint.is_some())
        }
    };
    println!("{MARK}{said}");
    app.close().await;
}

fn draft(role: &Value, keep: Keep) -> ProfileDraft {
    ProfileDraft {
        id: None,
        name: "Test".into(),
        provider: "custom".into(),
        endpoint: text(role, "endpoint").into(),
        region: String::new(),
        addressing: Addressing::Path,
        access_key: text(role, "access").into(),
        secret_key: text(role, "secret").to_owned().into(),
        session_token: None,
        keep,
        allow_http: false,
        options: Default::default(),
        client_key: None,
        keep_options: false,
    }
}

/// Whether any process on this machine has the text in its arguments.
fn in_some_argv(secret: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        has_bytes(&line, secret.as_bytes())
    })
}

fn has_bytes(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

struct Machine {
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

impl Machine {
    async fn new() -> Self {
        let sandbox = Sandbox::start(Config::memory()).await.unwrap();
        sandbox.seed("bucket", 0).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        for name in ["user", "run", "data"] {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700))
                .unwrap();
        }
        Self { sandbox, folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn role(&self, step: &str) -> Value {
        let main = self.sandbox.main();
        json!({
            "role": "keychain", "step": step, "home": self.at("data"), "endpoint": self.sandbox.endpoint(),
            "access": main.access_key, "secret": main.secret_key.expose(),
        })
    }

    /// As a user without a session: nothing of this one's is inherited.
    fn alone(&self, command: &mut Command) {
        command
            .env("HOME", self.at("user"))
            .env("XDG_RUNTIME_DIR", self.at("run"))
            .env_remove("XDG_DATA_HOME")
            .env_remove("DISPLAY")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .stdin(Stdio::null());
    }
}

/// Everything that was printed, as text, once it has ended.
async fn printed(mut command: Command) -> (bool, String, Vec<u8>) {
    let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    let all = [done.stdout, done.stderr].concat();
    (done.status.success(), out, all)
}

fn told(out: &str) -> Vec<&str> {
    out.lines().filter_map(|line| line.strip_prefix(MARK)).collect()
}

async fn after_a_restart() {
    let machine = Arc::new(Machine::new().await);
    let script = format!(
        "printf test | gnome-keyring-daemon --unlock --components=secrets >/dev/null\n\
         {ROLE}=\"$SAVE\" \"$BINARY\" || exit 1\n\
         echo \"{MARK}$(secret-tool lookup service dipper username vault-key-v1 | wc -c)\"\n\
         {ROLE}=\"$LIST\" \"$BINARY\"\n"
    );
    let mut session = Command::new("dbus-run-session");
    session.args(["--", "sh", "-c", &script]);
    machine.alone(&mut session);
    session
        .env("BINARY", std::env::current_exe().unwrap())
        .env("SAVE", machine.role("save").to_string())
        .env("LIST", machine.role("list").to_string());
    let (success, out, all) = printed(session).await;
    let log = String::from_utf8_lossy(&all);
    let end = &log[log.len().saturating_sub(2000)..];
    assert!(success, "{end}");
    let said = told(&out);
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(said[0], "saved test argv false");
    assert!(said[1].trim().parse::<u32>().unwrap() >= 32, "secret-tool sees the key: {said:?}");
    assert_eq!(said[2], "1 bucket false");
    assert!(log.contains("TRACE"), "the log is as talkative as it gets");
    let secret = machine.sandbox.main().secret_key.expose().as_bytes();
    assert!(!has_bytes(&all, secret), "the secret is in a log");
    let files = crate::support::tree(machine.folder.path());
    let names: Vec<_> = files.iter().map(|(path, _)| path).collect();
    assert!(names.iter().any(|n| n.ends_with("vault.db")), "{names:?}");
    assert!(names.iter().any(|n| n.starts_with("user")), "the keyring has a file: {names:?}");
    for (path, bytes) in &files {
        assert!(!has_bytes(bytes, secret), "the secret is in {path:?}");
    }
}

async fn without_a_bus() {
    let machine = Machine::new().await;
    let mut child = command(&machine.role("alone"));
    machine.alone(&mut child);
    let (success, out, all) = printed(child).await;
    let log = String::from_utf8_lossy(&all);
    assert!(success, "{}", &log[log.len().saturating_sub(2000)..]);
    let code = serde_json::to_string(&Code::KeychainUnavailable).unwrap();
    assert_eq!(told(&out), [format!("{code} true bucket true")]);
    let secret = machine.sandbox.main().secret_key.expose().as_bytes();
    assert!(!has_bytes(&all, secret), "the secret is in a log");
    for (path, bytes) in crate::support::tree(machine.folder.path()) {
        assert!(!has_bytes(&bytes, secret), "the secret is in {path:?}");
    }
}
