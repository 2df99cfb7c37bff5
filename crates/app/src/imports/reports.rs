//! Every file in `fixtures`, read as the window and the command line read it, and what the report says:
//! `reports.txt`. All that is secret in them holds the word `hush`.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use dipper_state::{KeyStore, KeychainError};
use dipper_types::Secret;

use super::{Import, ImportKind};
use crate::{App, Machine, Result};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/imports/fixtures");
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/imports/reports.txt");

struct NoStore;

impl KeyStore for NoStore {
    fn get(&self) -> std::result::Result<Option<zeroize::Zeroizing<Vec<u8>>>, KeychainError> {
        Err(KeychainError::Silent)
    }

    fn set(&self, _: &[u8]) -> std::result::Result<(), KeychainError> {
        Err(KeychainError::Silent)
    }
}

fn kind(name: &str) -> ImportKind {
    match name.rsplit_once('.').map_or(name, |(_, kind)| kind) {
        "s3cfg" => ImportKind::S3cfg,
        "conf" => ImportKind::Rclone,
        "json" => ImportKind::Mc,
        "duck" => ImportKind::Cyberduck,
        _ => ImportKind::Aws,
    }
}

fn told(import: &Import) -> String {
    let mut text = String::new();
    for found in &import.found {
        let words = [
            found.provider().to_owned(),
            found.endpoint().to_owned(),
            found.region().chars().take(60).collect(),
            format!("{:?}", found.draft.addressing).to_lowercase(),
            if found.has_keys() { "with keys" } else { "without keys" }.to_owned(),
            if found.draft.allow_http { "plain http" } else { "" }.to_owned(),
        ];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
        writeln!(text, "  {:?}: {}", found.name, words.join(", ")).unwrap();
        if let Some(why) = &found.unusable {
            writeln!(text, "    can't be used: {why}").unwrap();
        }
        notes(&mut text, "    ", &found.notes);
    }
    notes(&mut text, "  ", &import.notes);
    text
}

fn notes(text: &mut String, indent: &str, notes: &[super::Note]) {
    let taken: Vec<&str> =
        notes.iter().filter(|n| n.why_not.is_none()).map(|n| n.what.as_str()).collect();
    if !taken.is_empty() {
        writeln!(text, "{indent}taken: {}", taken.join(", ")).unwrap();
    }
    for note in notes {
        if let Some(why) = note.why_not {
            writeln!(text, "{indent}not taken: {}: {why}", note.what).unwrap();
        }
    }
}

async fn open(app: &App, path: &Path, password: Option<&str>) -> Result<Import> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let password = password.map(|p| Secret::new(p.to_owned()));
    app.preview_import(kind(name), Some(path), password).await
}

#[tokio::test]
async fn each_file_has_its_report() {
    let home = tempfile::tempdir().unwrap();
    let limits = dipper_transfer::Limits::default();
    let app = App::open_on(home.path(), Arc::new(NoStore), limits, Machine::default()).unwrap();
    let mut files: Vec<_> =
        std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 20, "{}", files.len());
    let mut text = String::new();
    for path in &files {
        let name = path.file_name().unwrap().to_str().unwrap();
        writeln!(text, "{name}").unwrap();
        let mut read = open(&app, path, None).await;
        if name.contains("encrypted") {
            writeln!(text, "  without a password: {}", read.unwrap_err()).unwrap();
            let wrong = open(&app, path, Some("hush")).await.unwrap_err();
            writeln!(text, "  with a wrong one: {wrong}").unwrap();
            read = open(&app, path, Some("pass word")).await;
        }
        match read {
            Ok(import) => {
                assert!(!format!("{import:?}").contains("hush"), "{name} tells a secret");
                text.push_str(&told(&import));
            }
            Err(failure) => {
                let said = failure.to_string().replace(FOLDER, "…");
                writeln!(text, "  refused: {said}").unwrap();
            }
        }
    }
    if std::env::var_os("DIPPER_BLESS").is_some() {
        std::fs::write(GOLDEN, &text).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(golden == text, "reports have changed; DIPPER_BLESS=1 takes them:\n{text}");
    assert!(!text.contains("hush"), "a secret stands in a report");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "a name moves the cursor");
}
