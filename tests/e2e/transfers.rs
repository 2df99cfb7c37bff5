//! Slow transfers: paused, found, closed upon, gone on with; then the same file once more, which is asked about.

use std::fs;

use serde_json::json;

use crate::drop::drag;
use crate::stage::Stage;

fn job(number: u32, state: &str) -> String {
    format!("[data-testid=transfers-job][data-job=\"{number}\"][data-state={state}]")
}

fn show(stage: &Stage, which: &str) {
    stage.click(&format!("[data-testid=transfers-show] input[value={which}]"));
}

pub fn play() {
    let mut stage = Stage::set();
    stage.open();
    stage.click("[data-testid=welcome-sandbox]");
    stage.wait("[data-testid=sidebar-profile][data-profile=sandbox]");
    stage.click("[data-testid=sidebar-new-bucket]");
    stage.fill("[data-testid=bucket-name]", "slow-lane");
    stage.click("[data-testid=bucket-create]");
    let bucket = "[data-testid=sidebar-bucket][data-bucket=slow-lane]";
    stage.click(bucket);
    stage.wait("[data-testid=grid-empty]");
    stage.invoke("speed_set", json!({ "limit": 250_000, "timetable": [] }));

    let files = stage.folder().join("files");
    fs::create_dir_all(&files).unwrap();
    let (film, notes) = (files.join("Film (draft).mov"), files.join("Notizen – Übersicht.txt"));
    fs::write(&film, vec![7_u8; 9_000_000]).unwrap();
    fs::write(&notes, vec![8_u8; 6_000_000]).unwrap();
    for file in [&film, &notes] {
        drag(&stage, &[file], "[data-testid=grid-empty]", || {});
    }
    stage.click("[data-testid=sidebar-transfers]");
    stage.wait(&job(1, "running"));
    stage.wait("[data-testid=transfers-job][data-job=\"2\"]");
    stage.until("the chart is drawn", || stage.count("[data-testid=transfers-chart] canvas") == 1);
    stage.shots("50-transfers");

    stage.click("[data-testid=transfers-job][data-job=\"1\"] [data-testid=transfers-pause]");
    stage.wait(&job(1, "paused"));
    show(&stage, "paused");
    stage.until("only what is paused is shown", || {
        stage.count("[data-testid=transfers-job]") == 1 && stage.count(&job(1, "paused")) == 1
    });
    stage.shot("51-transfers-paused");
    show(&stage, "all");

    // The window asks before it goes, and stays.
    stage.key("alt+F4");
    stage.wait("[data-testid=confirm-ok]");
    assert!(stage.text("[data-testid=confirm]").contains("not done yet"));
    stage.shots("52-leave");
    stage.click("[data-testid=confirm-cancel]");
    stage.gone("[data-testid=confirm]");

    stage.invoke("speed_set", json!({ "limit": null, "timetable": [] }));
    stage.click("[data-testid=transfers-resume-all]");
    stage.wait(&job(1, "completed"));
    stage.wait(&job(2, "completed"));

    stage.click(bucket);
    stage.wait("[data-testid=grid-row]");
    drag(&stage, &[&notes], "[data-testid=grid-row][data-index=\"1\"]", || {});
    stage.wait("[data-testid=confirm-choice][value=skip]");
    stage.shots("53-conflict");
    stage.click("[data-testid=confirm-choice][value=skip]");
    stage.click("[data-testid=confirm-ok]");
    stage.click("[data-testid=sidebar-transfers]");
    stage.wait(&job(3, "completed"));
    assert!(stage.text(&job(3, "completed")).contains("1 skipped"));
}
