//! The strict configuration, asserted: a window that shows hostile names must have nothing to give.

use std::path::Path;

use serde_json::Value;

fn read(path: &str) -> Value {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_window_is_locked_in() {
    let config = read("tauri.conf.json");
    let app = &config["app"];
    let security = &app["security"];
    assert_eq!(app["withGlobalTauri"], false);
    assert_eq!(security["freezePrototype"], true);
    assert_eq!(security["assetProtocol"]["enable"], false);
    assert_eq!(security["capabilities"], serde_json::json!(["main", "macos"]));
    // The window is made in code, where navigation and new windows are refused.
    assert_eq!(app["windows"], serde_json::json!([]));
    let text = config.to_string();
    for never in ["dangerous", "unsafe-inline", "unsafe-eval", "devtools"] {
        assert!(!text.contains(never), "{never}");
    }
}

#[test]
fn the_content_policy_lets_nothing_in() {
    let csp = &read("tauri.conf.json")["app"]["security"]["csp"];
    let policy = csp.as_object().unwrap();
    let expected = [
        ("default-src", "'none'"),
        ("script-src", "'self'"),
        ("style-src", "'self'"),
        ("img-src", "'self' blob:"),
        ("font-src", "'self'"),
        ("connect-src", "ipc: http://ipc.localhost"),
        ("frame-src", "'none'"),
        ("object-src", "'none'"),
        ("base-uri", "'none'"),
        ("form-action", "'none'"),
        ("frame-ancestors", "'none'"),
    ];
    for (directive, value) in expected {
        assert_eq!(policy.get(directive).and_then(Value::as_str), Some(value), "{directive}");
    }
    assert_eq!(policy.len(), expected.len(), "a directive was added: is it needed?");
    let headers = &read("tauri.conf.json")["app"]["security"]["headers"];
    assert_eq!(headers["X-Content-Type-Options"], "nosniff");
    assert_eq!(headers["Cross-Origin-Opener-Policy"], "same-origin");
}

#[test]
fn each_window_has_one_capability_of_nothing_but_its_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src-tauri/capabilities");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["macos.json", "main.json"]);
    let main = read("src-tauri/capabilities/main.json");
    assert_eq!(main["windows"], serde_json::json!(["main"]));
    assert_eq!(main["permissions"], serde_json::json!([]));
    let macos = read("src-tauri/capabilities/macos.json");
    assert_eq!(macos["platforms"], serde_json::json!(["macOS"]));
    assert!(main.get("remote").is_none() && macos.get("remote").is_none());
    for permission in macos["permissions"].as_array().unwrap() {
        let name = permission.as_str().unwrap();
        assert!(name.starts_with("core:menu:allow-"), "{name}");
    }
}
