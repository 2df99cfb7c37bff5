//! A display of its own, a window manager without decorations, the app under WebKitWebDriver.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const TOOLS: &[&str] =
    &["Xvfb", "openbox", "WebKitWebDriver", "xdotool", "import", "/usr/bin/python3"];
const PATIENCE: Duration = Duration::from_secs(20);

fn exists(tool: &str) -> bool {
    if tool.starts_with('/') {
        return Path::new(tool).exists();
    }
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
}

/// Why there can be no window here.
pub fn missing() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return Some("WebKitWebDriver is for Linux".into());
    }
    if std::env::var_os("DIPPER_TEST_S5CMD").is_none() {
        return Some(
            "no other S3 client to compare with: run it by `cargo xtask test window`".into(),
        );
    }
    let missing: Vec<&str> = TOOLS.iter().copied().filter(|tool| !exists(tool)).collect();
    (!missing.is_empty()).then(|| format!("missing: {}", missing.join(", ")))
}

/// Ends with its owner.
pub struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command) -> Process {
    Process(command.stdin(Stdio::null()).spawn().unwrap())
}

pub struct Stage {
    pub home: PathBuf,
    pub display: String,
    shots: Option<PathBuf>,
    folder: tempfile::TempDir,
    runtime: Runtime,
    _display: Process,
    _manager: Process,
    window: Option<Window>,
}

struct Window {
    client: Client,
    _driver: Process,
}

impl Stage {
    pub fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut display = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut number = String::new();
        BufReader::new(display.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let name = format!(":{}", number.trim());
        // Without decorations and at a known place, the page's coordinates are the screen's.
        let rules = folder.path().join("openbox.xml");
        std::fs::write(
            &rules,
            "<openbox_config xmlns=\"http://openbox.org/3.4/rc\">\
             <keyboard><keybind key=\"A-F4\"><action name=\"Close\"/></keybind></keyboard><applications>\
             <application title=\"Dipper\"><decor>no</decor><position force=\"yes\"><x>0</x><y>0</y></position></application>\
             <application title=\"dragsrc\"><decor>no</decor><position force=\"yes\"><x>1350</x><y>200</y></position></application>\
             </applications></openbox_config>",
        )
        .unwrap();
        let manager = start(
            Command::new("openbox")
                .arg("--config-file")
                .arg(&rules)
                .env("DISPLAY", &name)
                .stderr(Stdio::null()),
        );
        let shots = std::env::var_os("DIPPER_SHOTS").map(PathBuf::from);
        Self {
            home: folder.path().join("home"),
            display: name,
            shots,
            folder,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            _display: Process(display),
            _manager: manager,
            window: None,
        }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DISPLAY", &self.display).env_remove("WAYLAND_DISPLAY");
        command
    }

    /// Starts the app; returns when its page answers.
    pub fn open(&mut self) {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(self.folder.path().join("app.log")).unwrap();
        let driver = start(
            self.command("WebKitWebDriver")
                .arg(format!("--port={port}"))
                .env("TAURI_WEBVIEW_AUTOMATION", "true")
                .env("DIPPER_HOME", &self.home)
                .env("XDG_DATA_HOME", self.folder.path().join("data"))
                // No bus: no keychain of the machine is touched.
                .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
                .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
                .stdout(log.try_clone().unwrap())
                .stderr(log),
        );
        let options = json!({ "binary": env!("CARGO_BIN_EXE_dipper-desktop"), "args": [] });
        let capabilities = json!({ "webkitgtk:browserOptions": options });
        let started = Instant::now();
        let client = self.runtime.block_on(async {
            loop {
                let connected =
                    ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
                        .capabilities(capabilities.as_object().unwrap().clone())
                        .connect(&format!("http://127.0.0.1:{port}"))
                        .await;
                match connected {
                    Ok(client) => return client,
                    Err(error) if started.elapsed() > PATIENCE => panic!("no window: {error}"),
                    Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        });
        self.window = Some(Window { client, _driver: driver });
        self.wait("[data-testid]");
        self.size(1280, 800);
    }

    pub fn close(&mut self) {
        if let Some(window) = self.window.take() {
            let _ = self.runtime.block_on(window.client.close());
        }
    }

    fn client(&self) -> &Client {
        &self.window.as_ref().expect("the window is open").client
    }

    fn xdotool(&self, words: &[&str]) -> String {
        let output = self.command("xdotool").args(words).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn window_id(&self) -> String {
        let all = self.xdotool(&["search", "--onlyvisible", "--name", "^Dipper$"]);
        all.lines().last().unwrap_or_default().to_owned()
    }

    pub fn size(&self, width: u32, height: u32) {
        let id = self.window_id();
        self.xdotool(&["windowsize", "--sync", &id, &width.to_string(), &height.to_string()]);
        self.until("the window has its size", || {
            let inner = self.js("return [window.innerWidth, window.innerHeight]");
            inner == json!([width, height])
        });
    }

    /// A picture of the window, where pictures are asked for.
    pub fn shot(&self, name: &str) {
        let Some(folder) = &self.shots else { return };
        std::thread::sleep(Duration::from_millis(400));
        let path = folder.join(format!("{name}.png"));
        let done = self.command("import").args(["-window", &self.window_id()]).arg(&path).status();
        assert!(done.unwrap().success());
    }

    /// Light and dark, large and small.
    pub fn shots(&self, name: &str) {
        if self.shots.is_none() {
            return;
        }
        for theme in ["light", "dark"] {
            self.theme(theme);
            for (width, height) in [(900, 600), (1280, 800)] {
                self.size(width, height);
                self.shot(&format!("{name}-{theme}-{width}x{height}"));
            }
        }
        self.theme("light");
    }

    fn theme(&self, theme: &str) {
        let set = format!(
            "window.__TAURI_INTERNALS__.invoke('settings_set', {{ req: {{ theme: '{theme}', density: 'normal' }} }})"
        );
        self.js(&set);
        self.until("the theme has changed", || {
            self.js("return document.documentElement.dataset.theme") == json!(theme)
        });
    }

    pub fn js(&self, script: &str) -> Value {
        self.runtime.block_on(self.client().execute(script, Vec::new())).unwrap()
    }

    /// A script that answers by calling its last argument.
    pub fn js_async(&self, script: &str) -> Value {
        self.runtime.block_on(self.client().execute_async(script, Vec::new())).unwrap()
    }

    /// Calls a command of the app as the page would.
    pub fn invoke(&self, command: &str, req: Value) -> Value {
        let script = "const [command, req, done] = arguments;
            window.__TAURI_INTERNALS__.invoke(command, { req }).then(
                (value) => done({ ok: value ?? null }), (error) => done({ error }));";
        let answer = self
            .runtime
            .block_on(self.client().execute_async(script, vec![json!(command), req]))
            .unwrap();
        assert!(answer.get("error").is_none(), "{command}: {answer}");
        answer["ok"].clone()
    }

    pub fn until(&self, what: &str, mut done: impl FnMut() -> bool) {
        let started = Instant::now();
        while !done() {
            if started.elapsed() > PATIENCE {
                self.shot("zz-failure");
                let page = self.js("return document.body.innerText");
                let log =
                    std::fs::read_to_string(self.folder.path().join("app.log")).unwrap_or_default();
                panic!(
                    "never came: {what}\n--- the page ---\n{}\n--- the log ---\n{log}",
                    page.as_str().unwrap_or("")
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn wait(&self, css: &str) {
        self.until(css, || self.runtime.block_on(self.client().find(Locator::Css(css))).is_ok());
    }

    pub fn gone(&self, css: &str) {
        self.until(&format!("{css} goes away"), || {
            self.runtime.block_on(self.client().find(Locator::Css(css))).is_err()
        });
    }

    pub fn click(&self, css: &str) {
        self.until(&format!("a click on {css}"), || {
            self.runtime.block_on(async {
                match self.client().find(Locator::Css(css)).await {
                    Ok(element) => element.click().await.is_ok(),
                    Err(_) => false,
                }
            })
        });
    }

    /// A key of the keyboard, by X's name for it.
    pub fn key(&self, name: &str) {
        self.xdotool(&["windowfocus", "--sync", &self.window_id(), "key", name]);
    }

    /// Clicks, again while the control is still off, until something appears.
    pub fn click_for(&self, css: &str, appears: &str) {
        self.until(&format!("{appears} after a click on {css}"), || {
            self.runtime.block_on(async {
                if let Ok(element) = self.client().find(Locator::Css(css)).await {
                    let _ = element.click().await;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
                self.client().find(Locator::Css(appears)).await.is_ok()
            })
        });
    }

    /// Types into a field, after what it holds is gone.
    pub fn fill(&self, css: &str, text: &str) {
        self.wait(css);
        self.runtime.block_on(async {
            let field = self.client().find(Locator::Css(css)).await.unwrap();
            let _ = field.clear().await;
            field.send_keys(text).await.unwrap();
        });
    }

    pub fn text(&self, css: &str) -> String {
        let script = format!("return document.querySelector({})?.innerText ?? ''", json!(css));
        self.js(&script).as_str().unwrap_or_default().to_owned()
    }

    pub fn count(&self, css: &str) -> u64 {
        self.js(&format!("return document.querySelectorAll({}).length", json!(css)))
            .as_u64()
            .unwrap_or(0)
    }

    /// The middle of an element, in the screen's pixels.
    pub fn middle(&self, css: &str) -> (i64, i64) {
        self.wait(css);
        let script = format!(
            "const r = document.querySelector({}).getBoundingClientRect();
             return [Math.round(r.x + r.width / 2), Math.round(r.y + Math.min(r.height / 2, 200))]",
            json!(css)
        );
        let at = self.js(&script);
        (at[0].as_i64().unwrap(), at[1].as_i64().unwrap())
    }

    pub fn mouse(&self, words: &[&str]) {
        self.xdotool(words);
    }

    /// From the driver's start to the first paint of the page, in milliseconds.
    pub fn first_paint(&self, started: SystemTime) -> f64 {
        let script = "const paint = performance.getEntriesByName('first-contentful-paint')[0];
            return performance.timeOrigin + (paint ? paint.startTime : 0)";
        let painted = self.js(script).as_f64().unwrap_or(0.0);
        painted - started.duration_since(UNIX_EPOCH).unwrap().as_secs_f64() * 1000.0
    }

    /// Memory of the app and its web processes: proportional set size, in bytes.
    pub fn memory(&self) -> u64 {
        let mut total = 0;
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let folder = entry.path();
            let environ = std::fs::read(folder.join("environ")).unwrap_or_default();
            let ours = format!("DIPPER_HOME={}", self.home.display());
            let command = std::fs::read_to_string(folder.join("comm")).unwrap_or_default();
            if !environ.windows(ours.len()).any(|w| w == ours.as_bytes())
                || command.contains("Driver")
            {
                continue;
            }
            let rollup = std::fs::read_to_string(folder.join("smaps_rollup")).unwrap_or_default();
            let pss = rollup.lines().find_map(|l| l.strip_prefix("Pss:"));
            total += pss
                .and_then(|l| l.trim().trim_end_matches(" kB").trim().parse::<u64>().ok())
                .unwrap_or(0);
        }
        total * 1024
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.close();
        }
    }
}
