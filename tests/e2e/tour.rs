//! First run → sandbox → drop → listed → public → fetched by a stranger → private → policy → restart.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::anonymous::{fetch_with_s5cmd, get, server};
use crate::drop::drag;
use crate::stage::Stage;

const FILE: &str = "Ein Bericht – Übersicht.txt";

fn row(key: &str) -> String {
    format!("[data-testid=grid-row][data-key=\"{key}\"]")
}

pub fn play() {
    let mut stage = Stage::set();
    stage.open();
    stage.wait("[data-testid=welcome-sandbox]");
    stage.shots("01-welcome");

    stage.click("[data-testid=welcome-sandbox]");
    stage.wait("[data-testid=sidebar-profile][data-profile=sandbox]");
    stage.click("[data-testid=sidebar-new-bucket]");
    stage.fill("[data-testid=bucket-name]", "Holiday Photos");
    stage.wait("[data-testid=bucket-name-problem]");
    stage.shot("02-bucket-name-problem");
    stage.fill("[data-testid=bucket-name]", "holiday-photos");
    stage.click("[data-testid=bucket-create]");
    let bucket = "[data-testid=sidebar-bucket][data-bucket=holiday-photos]";
    stage.click(bucket);
    stage.wait("[data-testid=grid-empty]");
    stage.shots("03-empty");

    let files = stage.folder().join("files");
    let tree = files.join("Fjord & Küste");
    fs::create_dir_all(tree.join("tief")).unwrap();
    fs::write(files.join(FILE), "Grüße aus Bergen\n").unwrap();
    fs::write(tree.join("a b.bin"), vec![7_u8; 300_000]).unwrap();
    fs::write(tree.join("tief/ø.txt"), "").unwrap();
    drag(&stage, &[&files.join(FILE), &tree], "[data-testid=grid-empty]", || {
        stage.until("the drop label", || !stage.text("[data-testid=drop-label]").is_empty());
        stage.shot("04-drop");
    });
    stage.wait(&row(FILE));
    stage.wait(&row("Fjord & Küste/"));
    stage.shots("05-listed");

    // Dropped onto a folder row, it lands in the folder.
    let note = files.join("in den Ordner.md");
    fs::write(&note, "# hier\n").unwrap();
    drag(&stage, &[&note], &row("Fjord & Küste/"), || {
        stage.until("the label names the folder", || {
            stage.text("[data-testid=drop-label]").contains("Fjord & Küste")
        });
    });
    let server = server(&stage.home);
    check_bytes(&stage, &server, &files);

    // Public and private, seen by a stranger.
    stage.click(&row(FILE));
    stage.wait("[data-testid=inspector]");
    stage.wait("[data-testid=object-public-toggle]");
    let object = json!({ "profile": "sandbox", "bucket": "holiday-photos", "key": FILE });
    let url = stage.invoke("object_info", object)["url"].as_str().unwrap().to_owned();
    assert_eq!(get(&url).0, 403, "private at first");
    stage.click("[data-testid=object-public-toggle]");
    stage.wait("[data-testid=confirm-ok]");
    assert!(stage.text("[data-testid=confirm]").contains(&url), "the question shows the address");
    stage.shot("06-make-public");
    stage.click("[data-testid=confirm-ok]");
    stage.until("a stranger can read it", || get(&url).0 == 200);
    assert_eq!(get(&url).1, fs::read(files.join(FILE)).unwrap());
    stage.wait(&format!("{}[data-exposure=public]", row(FILE)));
    stage.shots("07-public");
    stage.click("[data-testid=object-public-toggle]");
    stage.until("a stranger can't read it any more", || get(&url).0 == 403);

    policy(&stage, &url);

    stage.click("[data-testid=sidebar-transfers]");
    stage.wait("[data-testid=transfers-job][data-state=completed]");
    stage.shots("09-transfers");

    // Everything is still there after a restart, the transfers too.
    stage.close();
    let started = std::time::SystemTime::now();
    stage.open();
    let paint = stage.first_paint(started);
    stage.click(bucket);
    stage.wait(&row(FILE));
    assert_eq!(get(&url).0, 200, "the policy outlived the restart");
    stage.click("[data-testid=sidebar-transfers]");
    stage.wait("[data-testid=transfers-job][data-state=completed]");
    assert_eq!(stage.count("[data-testid=transfers-job]"), 2);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let memory = stage.memory() / (1 << 20);
    delete(&stage, bucket);
    println!("first paint {paint:.0} ms after the start; memory {memory} MiB PSS");
}

/// What another client reads is what was dropped.
fn check_bytes(stage: &Stage, server: &dipper_app::sandbox_server::Running, files: &Path) {
    let names = [
        (FILE, files.join(FILE)),
        ("Fjord & Küste/a b.bin", files.join("Fjord & Küste/a b.bin")),
        ("Fjord & Küste/tief/ø.txt", files.join("Fjord & Küste/tief/ø.txt")),
        ("Fjord & Küste/in den Ordner.md", files.join("in den Ordner.md")),
    ];
    stage.until("every object is there", || {
        stage.click("[data-testid=sidebar-transfers]");
        stage.count("[data-testid=transfers-job][data-state=completed]") == 2
    });
    stage.click("[data-testid=sidebar-bucket][data-bucket=holiday-photos]");
    let down = stage.folder().join("down");
    fs::create_dir_all(&down).unwrap();
    fetch_with_s5cmd(server, "holiday-photos", &down);
    for (key, source) in names {
        assert_eq!(fs::read(down.join(key)).unwrap(), fs::read(source).unwrap(), "{key}");
    }
}

fn policy(stage: &Stage, url: &str) {
    stage.mouse(&["mousemove", "700", "780"]);
    open_access(stage);
    stage.wait("[data-testid=access-page]");
    stage.shots("08-access");
    stage.click("[data-testid=policy-template]");
    stage.click_for("[data-testid=policy-save]", "[data-testid=confirm-ok]");
    stage.click("[data-testid=confirm-ok]");
    stage.until("the policy opens it to strangers", || get(url).0 == 200);
    stage.wait("[data-testid=access-page][data-exposure=public]");
    stage.shot("08-policy-saved");
}

/// By the palette, as somebody would who does not know the way.
fn open_access(stage: &Stage) {
    stage.js("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true }))");
    stage.wait("[data-testid=palette-input]");
    stage.fill("[data-testid=palette-input]", "access");
    stage.click("[data-testid=command][data-command=\"bucket.access\"]");
}

/// Asked first, with what it will do; then gone, for a stranger too.
fn delete(stage: &Stage, bucket: &str) {
    stage.click(bucket);
    stage.click(&row("Fjord & Küste/"));
    stage.key("Delete");
    stage.wait("[data-testid=confirm-ok]");
    let question = stage.text("[data-testid=confirm]");
    assert!(question.contains('3'), "the folder's objects are counted: {question}");
    stage.shot("10-delete");
    stage.click("[data-testid=confirm-ok]");
    stage.gone(&row("Fjord & Küste/"));
    stage.wait(&row(FILE));
}
