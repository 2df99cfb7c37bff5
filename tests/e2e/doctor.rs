//! A connection with the wrong region: the check-up sees it, changes it, and finds the server healthy
//! then.

use dipper_app::sandbox_server::{Config, Fault, Sandbox, When};
use serde_json::json;

use crate::stage::Stage;

fn finding(check: &str, outcome: &str) -> String {
    format!("[data-testid=doctor-finding][data-check={check}][data-outcome={outcome}]")
}

pub fn play() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Sandbox::start(Config::memory())).unwrap();
    runtime.block_on(server.seed("studio-archive", 3)).unwrap();
    let here = When { contains: Some("studio-archive".into()), ..When::default() };
    server.faults().add(here, Fault::WrongRegion { region: "eu-central-1" });
    let mut stage = Stage::set();
    stage.open();
    stage.wait("[data-testid=welcome-connect]");
    let main = server.main();
    stage.invoke(
        "profile_save",
        json!({
            "id": null, "name": "Studio", "provider": "custom", "endpoint": server.endpoint(),
            "region": "us-east-1", "addressing": "path", "accessKeyId": main.access_key,
            "secretAccessKey": main.secret_key.expose(), "sessionToken": null, "keep": "session",
            "allowHttp": false,
        }),
    );
    stage.click("[data-testid=sidebar-profile][data-profile=studio]");
    stage.wait("[data-testid=sidebar-bucket][data-bucket=studio-archive]");
    stage.click("[data-testid=sidebar-bucket][data-bucket=studio-archive]");
    stage.wait("[data-testid=grid-error]");
    stage.js("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true }))");
    stage.fill("[data-testid=palette-input]", "check-up");
    stage.click("[data-testid=command][data-command=\"connection.doctor\"]");
    stage.wait("[data-testid=doctor-page][data-state=idle]");
    stage.shots("40-doctor");
    stage.click("[data-testid=doctor-run]");
    stage.wait("[data-testid=doctor-page][data-state=done]");
    stage.wait(&finding("region", "bad"));
    assert!(stage.text("[data-testid=doctor-sum]").contains("stand"));
    stage.shots("41-doctor-ill");
    stage.click("[data-testid=doctor-apply]");
    stage.wait("[data-testid=doctor-applied]");
    stage.shot("42-doctor-applied");
    server.faults().clear();
    stage.click("[data-testid=doctor-run]");
    stage.wait(&finding("multiDelete", "good"));
    stage.wait("[data-testid=doctor-page][data-state=done]");
    stage.gone("[data-testid=doctor-left]");
    assert_eq!(stage.count("[data-testid=doctor-finding][data-outcome=bad]"), 0);
    stage.shots("43-doctor-well");
    stage.click("[data-testid=sidebar-bucket][data-bucket=studio-archive]");
    // The changed connection lists the bucket, and nothing of the check-up is left in it.
    stage.wait("[data-testid=grid][data-complete=true][data-count=\"3\"]");
}
