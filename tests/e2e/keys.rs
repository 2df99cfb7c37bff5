//! A passphrase goes into the vault, a bucket gets a rule, and what is dropped there is encrypted.

use std::fs;

use serde_json::json;

use crate::drop::drag;
use crate::stage::Stage;

const PHRASE: &str = "correct horse battery staple";

fn command(stage: &Stage, words: &str, id: &str) {
    stage.js("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true }))");
    stage.fill("[data-testid=palette-input]", words);
    stage.click(&format!("[data-testid=command][data-command=\"{id}\"]"));
}

fn choose(stage: &Stage, select: &str, value: &str) {
    stage.wait(select);
    let script = format!(
        "const list = document.querySelector({}); list.value = {};
         list.dispatchEvent(new Event('change', {{ bubbles: true }}))",
        json!(select),
        json!(value)
    );
    stage.js(&script);
}

pub fn play() {
    let mut stage = Stage::set();
    stage.open();
    stage.click("[data-testid=welcome-sandbox]");
    stage.wait("[data-testid=sidebar-profile][data-profile=sandbox]");
    stage.click("[data-testid=sidebar-new-bucket]");
    stage.fill("[data-testid=bucket-name]", "sealed");
    stage.click("[data-testid=bucket-create]");
    stage.click("[data-testid=sidebar-bucket][data-bucket=sealed]");
    stage.wait("[data-testid=grid-empty]");
    // No keychain is touched here: the vault is under a passphrase.
    stage.invoke("vault_set_passphrase", json!({ "passphrase": "of the vault" }));

    command(&stage, "encryption keys", "go.keys");
    stage.wait("[data-testid=keys-empty]");
    stage.click("[data-testid=key-add]");
    stage.fill("[data-testid=key-name]", "Holidays");
    stage.fill("[data-testid=key-secret]", PHRASE);
    stage.fill("[data-testid=key-second]", PHRASE);
    stage.shots("60-new-key");
    stage.click("[data-testid=key-save]");
    stage.wait("[data-testid=confirm-ok]");
    stage.shot("61-paper");
    stage.click("[data-testid=confirm-cancel]");
    stage.wait("[data-testid=key-row][data-key=Holidays]");
    assert!(!stage.js("return document.documentElement.outerHTML").to_string().contains(PHRASE));

    stage.click("[data-testid=sidebar-bucket][data-bucket=sealed]");
    stage.wait("[data-testid=grid-empty]");
    command(&stage, "encryption here", "place.encryption");
    choose(&stage, "[data-testid=protection-way]", "openpgp");
    stage.click_for("[data-testid=place-save]", "[data-testid=toast]");
    // The server's own answer, beside it: it has none yet, and takes one.
    stage.wait("[data-testid=bucket-default]");
    choose(&stage, "[data-testid=bucket-default-way]", "kms");
    stage.shots("62-place");
    stage.click("[data-testid=bucket-default-save]");
    stage.until("the bucket has its default", || {
        stage.text("[data-testid=bucket-default]").contains("SSE-KMS")
    });
    stage.key("Escape");
    stage.gone("[data-testid=place-sheet]");

    let file = stage.folder().join("Strand.txt");
    fs::write(&file, "sand and salt").unwrap();
    drag(&stage, &[&file], "[data-testid=grid-empty]", || {});
    let row = "[data-testid=grid-row][data-key=\"Strand.txt\"]";
    stage.wait(row);
    stage.click(row);
    stage.wait("[data-testid=object-encryption]");
    let said = stage.text("[data-testid=object-encryption]");
    assert!(
        said.contains("OpenPGP") && said.contains("Holidays") && said.contains("SSE-KMS"),
        "{said}"
    );
    stage.wait(&format!("{row} [data-testid=lock-badge][data-lock=openPgp]"));
    stage.shots("63-object");

    command(&stage, "encryption keys", "go.keys");
    stage.wait("[data-testid=place-row][data-bucket=sealed]");
    assert!(stage.text("[data-testid=key-row]").contains("sealed/"));
    stage.shots("64-keys");
}
