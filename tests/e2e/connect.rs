//! A connection of one's own: wrong keys are said plainly, right ones work, and no secret comes back.

use std::sync::Arc;

use dipper_app::sandbox_server::{Config, Sandbox};
use serde_json::json;

use crate::stage::Stage;

const MANY: u64 = 100_000;

pub fn play() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = Arc::new(runtime.block_on(Sandbox::start(Config::memory())).unwrap());
    runtime.block_on(server.seed("many", MANY)).unwrap();
    let mut stage = Stage::set();
    stage.open();
    stage.click("[data-testid=welcome-connect]");
    stage.wait("[data-testid=connect-sheet]");
    stage.shots("20-connect");
    let main = server.main();
    let secret = main.secret_key.expose().clone();
    let draft = |secret: &str, endpoint: &str| {
        json!({
            "id": null, "name": "Mine", "provider": "custom", "endpoint": endpoint,
            "region": "us-east-1", "addressing": "path", "accessKeyId": main.access_key,
            "secretAccessKey": secret, "sessionToken": null, "keep": "session", "allowHttp": false,
        })
    };
    for (secret, endpoint, code) in [
        ("wrong", server.endpoint(), "unauthenticated"),
        (secret.as_str(), "http://127.0.0.1:1".to_owned(), "network"),
        (secret.as_str(), "http://192.0.2.1".to_owned(), "invalid_input"),
        (secret.as_str(), "ftp://x".to_owned(), "invalid_input"),
    ] {
        let test = stage.invoke("profile_test", draft(secret, &endpoint));
        assert_eq!(test["ok"], false, "{test}");
        assert_eq!(test["error"]["code"], code, "{test}");
    }
    stage.fill("[data-testid=connect-name]", "Mine");
    stage.fill("[data-testid=connect-endpoint]", &server.endpoint());
    stage.fill("[data-testid=connect-access-key]", &main.access_key);
    stage.fill("[data-testid=connect-secret]", "not the secret");
    stage.click("[data-testid=connect-test]");
    stage.wait("[data-testid=connect-test-result]");
    stage.shot("21-wrong-keys");
    stage.fill("[data-testid=connect-secret]", &secret);
    stage.click("[data-testid=connect-save]");
    stage.gone("[data-testid=connect-sheet]");
    stage.wait("[data-testid=sidebar-profile][data-profile=mine]");
    // Nothing that the page can read holds the secret.
    let page =
        stage.js("return document.documentElement.outerHTML + JSON.stringify({ ...localStorage })");
    assert!(!page.as_str().unwrap().contains(&secret));
    many(&stage);
}

/// A folder of many keys: counted whole, scrolled to its end, filtered over all of it.
fn many(stage: &Stage) {
    stage.click("[data-testid=sidebar-bucket][data-bucket=many]");
    stage.wait(&format!("[data-testid=grid][data-complete=true][data-count=\"{MANY}\"]"));
    stage.click("[data-testid=grid-row][data-index=\"0\"]");
    stage.key("End");
    let last = format!("[data-testid=grid-row][data-key=\"seed-{:08}.txt\"]", MANY - 1);
    stage.wait(&last);
    // The page holds what is in sight, and little more.
    assert!(stage.count("[data-testid=grid-row]") < 200);
    stage.shot("22-many");
    println!("frames while scrolling {MANY} rows: {}", frames(stage));
    stage.fill("[data-testid=filter-input]", "12345");
    stage.wait("[data-testid=grid][data-count=\"1\"]");
    stage.wait("[data-testid=grid-row][data-key=\"seed-00012345.txt\"]");
}

/// Scrolls by 60 pixels a frame; told for information, since a shared machine's frames judge nothing.
fn frames(stage: &Stage) -> String {
    let script = "const done = arguments[0];
        const grid = document.querySelector('[data-testid=grid]');
        const inside = [grid, ...grid.querySelectorAll('*')];
        const scroller = inside.find((e) => e.scrollHeight > e.clientHeight + 1000);
        if (!scroller) { done('no scroller'); return; }
        scroller.scrollTop = 0;
        const times = []; let last = performance.now();
        const step = (now) => {
            times.push(now - last); last = now; scroller.scrollTop += 60;
            if (times.length < 150) { requestAnimationFrame(step); return; }
            times.sort((a, b) => a - b);
            const at = (q) => times[Math.floor(times.length * q)].toFixed(0);
            done(`p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`);
        };
        requestAnimationFrame(step);";
    stage.js_async(script).as_str().unwrap_or_default().to_owned()
}
