//! What the system must have. Debian and Ubuntu get it installed; others are told in one line.

use crate::process::{Done, exists, finish, output, say};

pub struct Package {
    name: &'static str,
    why: &'static str,
}

const fn package(name: &'static str, why: &'static str) -> Package {
    Package { name, why }
}

pub const BUILD: &[Package] = &[
    package("gcc", "links Rust programs and builds SQLite"),
    package("libc6-dev", "the C library's headers"),
    package("pkg-config", "finds system libraries"),
    package("libwebkit2gtk-4.1-dev", "the window's web view"),
    package("librsvg2-dev", "icons of the window"),
];

pub const WINDOW: &[Package] = &[
    package("xvfb", "a display without a screen"),
    package("openbox", "a window manager for it"),
    package("webkit2gtk-driver", "clicks and reads in the real window"),
    package("xdotool", "drags a real file onto the real window"),
    package("python3-gi", "the window that a file is dragged from"),
    package("gir1.2-gtk-3.0", "the window that a file is dragged from"),
    package("imagemagick", "screenshots of the whole display"),
    package("fonts-noto-core", "names in every script"),
    package("fonts-noto-color-emoji", "names with emoji"),
];

pub const TESTS: &[Package] = &[
    package("age", "reads encrypted files, as the other side"),
    package("gnupg", "reads encrypted files, as the other side"),
    package("openssh-client", "makes keys to encrypt files for"),
    package("dbus-daemon", "a private bus for the keychain test"),
    package("gnome-keyring", "the real keychain"),
    package("libsecret-tools", "looks into the keychain from outside"),
    package("python3-venv", "other S3 clients, as the other side"),
    package("cron", "runs a line of a crontab"),
];

pub const KERNEL: &[Package] = &[
    package("linux-source", "80,000 files, to measure a sync with"),
    package("xz-utils", "unpacks them"),
];

pub const WINDOWS: &[Package] = &[
    package("gcc-mingw-w64-x86-64-win32", "links programs for Windows"),
    package("wine64", "runs them"),
];

pub const CEPH: &[Package] = &[
    package("radosgw", "Ceph RADOS Gateway, for the contract suite"),
    package("ceph-mon", "Ceph RADOS Gateway, for the contract suite"),
    package("ceph-osd", "Ceph RADOS Gateway, for the contract suite"),
    package("ceph-common", "Ceph RADOS Gateway, for the contract suite"),
    package("curl", "asks whether the Gateway answers"),
];

pub const PYTHON_SERVERS: &[Package] = &[
    package("python3-venv", "SeaweedFS and moto, for the contract suite"),
    package("curl", "asks whether they answer"),
];

/// Installs what is missing of these, saying what and why.
pub fn ensure(wanted: &[&[Package]]) -> Done {
    if !cfg!(target_os = "linux") {
        return other_systems();
    }
    let missing: Vec<&Package> =
        wanted.iter().flat_map(|list| list.iter()).filter(|p| !installed(p.name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("The system lacks:");
    for package in &missing {
        println!("  {:28}{}", package.name, package.why);
    }
    let names: Vec<&str> = missing.iter().map(|p| p.name).collect();
    if !exists("apt-get") {
        return Err(format!("install these (Debian's names): {}", names.join(" ")));
    }
    apt(&["update", "-qq"])?;
    let mut words = vec!["install", "-y", "-qq", "--no-install-recommends"];
    words.extend(&names);
    apt(&words)
}

fn installed(name: &str) -> bool {
    if !exists("dpkg-query") {
        // Another distribution: a library is there if pkg-config finds it, a program if it starts.
        return match name {
            "libwebkit2gtk-4.1-dev" => {
                output("pkg-config", &["--exists", "webkit2gtk-4.1"]).is_some()
            }
            "librsvg2-dev" => output("pkg-config", &["--exists", "librsvg-2.0"]).is_some(),
            "gcc" | "pkg-config" | "xdotool" | "openbox" => exists(name),
            "xvfb" => exists("Xvfb"),
            "webkit2gtk-driver" => exists("WebKitWebDriver"),
            "libc6-dev" => true,
            _ => false,
        };
    }
    output("dpkg-query", &["-W", "-f=${db:Status-Status}", name]).is_some_and(|s| s == "installed")
}

fn apt(words: &[&str]) -> Done {
    let root = output("id", &["-u"]).is_some_and(|id| id == "0");
    let (program, all): (&str, Vec<&str>) = if root {
        ("apt-get", words.to_vec())
    } else if exists("sudo") {
        ("sudo", [&["apt-get"], words].concat())
    } else {
        return Err(format!("run as root: apt-get {}", words.join(" ")));
    };
    say(program, &all);
    let mut command = crate::process::command(program, &all);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    finish(command, program)
}

fn other_systems() -> Done {
    if cfg!(target_os = "macos") && output("xcode-select", &["-p"]).is_none() {
        return Err("install Apple's command line tools first: xcode-select --install".into());
    }
    if cfg!(windows) && !exists("link") && output("where", &["cl"]).is_none() {
        println!(
            "If linking fails, install the Visual Studio Build Tools (C++) and the WebView2 runtime."
        );
    }
    Ok(())
}

/// Whether a window can be shown to a person.
pub fn has_display() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// The test runner: one process a test, and time for each.
pub fn ensure_nextest() -> Done {
    if output("cargo", &["nextest", "--version"]).is_some() {
        return Ok(());
    }
    println!("cargo-nextest is missing: it runs the Rust tests, each in a process of its own.");
    crate::process::run("cargo", &["install", "cargo-nextest", "--locked"])
}

pub fn check_node() -> Done {
    match output("node", &["--version"]) {
        Some(version) => {
            let major = version
                .trim_start_matches('v')
                .split('.')
                .next()
                .and_then(|m| m.parse::<u32>().ok());
            match major {
                Some(20..) => Ok(()),
                _ => Err(format!("Node.js 20 or newer is needed; this is {version}")),
            }
        }
        None => {
            Err("Node.js 20 or newer is needed: https://nodejs.org, or the system's package".into())
        }
    }
}
