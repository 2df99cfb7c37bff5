//! Who may import whom.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use crate::tree::{File, resolve};

/// From a crate to the crates of ours that it may use. What is not here may use none.
const MAY: &[(&str, &[&str])] = &[
    ("dipper-desktop", &["app", "types"]),
    ("dipper-cli", &["app", "types"]),
    (
        "dipper-app",
        &["access", "crypt", "paths", "s3", "sandbox", "state", "sync", "transfer", "types"],
    ),
    ("dipper-sync", &["paths", "s3", "state", "transfer", "types"]),
    ("dipper-transfer", &["crypt", "paths", "s3", "state", "types"]),
    ("dipper-sandbox", &["access", "types"]),
    ("dipper-access", &["types"]),
    ("dipper-crypt", &["types"]),
    ("dipper-paths", &["types"]),
    ("dipper-s3", &["types"]),
    ("dipper-state", &["types"]),
    ("dipper-types", &[]),
    // Suites see everything of the engine, and nothing sees them.
    (
        "dipper-engine-tests",
        &["access", "app", "crypt", "paths", "s3", "sandbox", "state", "sync", "transfer", "types"],
    ),
    ("dipper-fuzz", &["paths", "state", "types"]),
    ("xtask", &[]),
];

/// Foreign packages, by the beginning of their name, and who may use them.
const ROOMS: &[(&str, &[&str])] = &[
    ("tauri", &["dipper-desktop"]),
    ("specta", &["dipper-desktop"]),
    ("clap", &["dipper-cli"]),
    ("keyring", &["dipper-state"]),
    ("rusqlite", &["dipper-state", "dipper-sandbox"]),
    ("aws-", &["dipper-s3"]),
    ("age", &["dipper-crypt"]),
    ("pgp", &["dipper-crypt"]),
    // A suite may look into a database or be another client, but no crate links it.
    ("s3s", &["dipper-sandbox"]),
];

const NAMED: [&str; 6] = ["tauri", "tokio", "aws-sdk-s3", "aws-config", "serde_json", "keyring"];

struct Manifest {
    path: String,
    table: Table,
}

impl Manifest {
    fn name(&self) -> &str {
        let package = self.table.get("package").and_then(|package| package.get("name"));
        package.and_then(|name| name.as_str()).unwrap_or("")
    }

    /// Dependencies of every kind and target. Those of tests only where they are asked for.
    fn dependencies(&self, with_tests: bool) -> Vec<String> {
        let mut tables: Vec<&Table> = vec![&self.table];
        let targets = self.table.get("target").and_then(|targets| targets.as_table());
        tables.extend(targets.into_iter().flat_map(|t| t.values()).filter_map(|t| t.as_table()));
        let mut kinds = vec!["dependencies", "build-dependencies"];
        kinds.extend(with_tests.then_some("dev-dependencies"));
        let mut names = Vec::new();
        for table in tables {
            for kind in &kinds {
                let found = table.get(*kind).and_then(|found| found.as_table());
                for (name, value) in found.into_iter().flatten() {
                    let real = value.get("package").and_then(|package| package.as_str());
                    names.push(real.unwrap_or(name).to_owned());
                }
            }
        }
        names
    }
}

fn manifests(files: &[File]) -> Vec<Manifest> {
    files
        .iter()
        .filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"))
        .map(|file| Manifest { path: file.path.clone(), table: file.text.parse().unwrap() })
        .filter(|manifest| !manifest.name().is_empty())
        .collect()
}

pub fn imports(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    for manifest in manifests(files) {
        let name = manifest.name();
        let may = MAY.iter().find(|(who, _)| *who == name).map(|(_, whom)| *whom);
        let Some(may) = may else {
            broken.push(format!("{}: '{name}' is not in tests/tidy's table", manifest.path));
            continue;
        };
        for other in manifest.dependencies(true) {
            let ours = other.strip_prefix("dipper-");
            if ours.is_some_and(|ours| !may.contains(&ours)) {
                broken.push(format!("{}: {name} may not use {other}", manifest.path));
            }
        }
    }
    broken
}

pub fn rooms(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    for manifest in manifests(files) {
        let name = manifest.name();
        // Suites under tests/ are other clients on purpose.
        let suite = manifest.path.starts_with("tests/");
        for other in manifest.dependencies(false) {
            let room = ROOMS.iter().find(|(start, _)| other.starts_with(start));
            if let Some((_, who)) = room
                && !suite
                && !who.contains(&name)
            {
                broken.push(format!("{}: {other} belongs to {who:?}", manifest.path));
            }
        }
    }
    broken
}

pub fn named_in_the_root(files: &[File]) -> Vec<String> {
    let root = files.iter().find(|file| file.path == "Cargo.toml");
    let table: Table = root.map(|file| file.text.parse().unwrap()).unwrap_or_default();
    let named = table.get("workspace").and_then(|w| w.get("dependencies"));
    NAMED
        .iter()
        .filter(|name| named.and_then(|named| named.get(**name)).is_none())
        .map(|name| format!("Cargo.toml: [workspace.dependencies] has no {name}"))
        .collect()
}

pub fn lints(files: &[File]) -> Vec<String> {
    manifests(files)
        .iter()
        // No part of the product: one prints, the other is a workspace of its own, for another toolchain.
        .filter(|manifest| !matches!(manifest.name(), "xtask" | "dipper-fuzz"))
        .filter(|manifest| {
            let lints = manifest.table.get("lints").and_then(|lints| lints.get("workspace"));
            lints.and_then(|on| on.as_bool()) != Some(true)
        })
        .map(|manifest| format!("{}: [lints] workspace = true is missing", manifest.path))
        .collect()
}

/// Every Rust file of a suite must be a target or a module of one.
pub fn forgotten(files: &[File]) -> Vec<String> {
    let by_path: BTreeMap<&str, &str> =
        files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let mut seen = BTreeSet::new();
    let mut open: Vec<String> = targets(files);
    while let Some(path) = open.pop() {
        let Some(text) = by_path.get(path.as_str()) else { continue };
        if !seen.insert(path.clone()) {
            continue;
        }
        open.extend(modules(&path, text).into_iter().filter(|p| by_path.contains_key(p.as_str())));
    }
    files
        .iter()
        .filter(|file| file.ends(&[".rs"]) && in_suite(&file.path))
        .filter(|file| !seen.contains(&file.path))
        .map(|file| format!("{}: no target leads to it, so it never runs", file.path))
        .collect()
}

fn in_suite(path: &str) -> bool {
    path.starts_with("tests/") || (path.starts_with("crates/") && path.contains("/tests/"))
}

/// Entry points of tests: named ones, and those that Cargo finds by itself.
fn targets(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for manifest in manifests(files) {
        let named = |kind: &str| manifest.table.get(kind).cloned();
        let mut entries: Vec<toml::Value> = Vec::new();
        for kind in ["test", "bin", "bench"] {
            entries
                .extend(named(kind).and_then(|list| list.as_array().cloned()).unwrap_or_default());
        }
        entries.extend(named("lib"));
        for entry in &entries {
            let path = entry.get("path").and_then(|path| path.as_str());
            found.extend(path.and_then(|path| resolve(&manifest.path, path)));
        }
        let package = manifest.table.get("package");
        let auto = package.and_then(|p| p.get("autotests")).and_then(|on| on.as_bool());
        if auto == Some(false) {
            continue;
        }
        let folder = resolve(&manifest.path, "tests").unwrap_or_default();
        for file in files {
            let below = file.path.strip_prefix(&format!("{folder}/"));
            let Some(name) = below.and_then(|name| name.strip_suffix(".rs")) else { continue };
            // tests/x.rs and tests/x/main.rs
            if !name.contains('/') || (name.ends_with("/main") && name.matches('/').count() == 1) {
                found.push(file.path.clone());
            }
        }
        for usual in ["src/lib.rs", "src/main.rs"] {
            found.extend(resolve(&manifest.path, usual));
        }
    }
    found
}

/// The files that a file's `mod x;` lines can mean.
fn modules(path: &str, text: &str) -> Vec<String> {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.trim_end_matches(".rs");
    let mut found = Vec::new();
    let mut given = None;
    for line in text.lines() {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("#[path = \"") {
            given = rest.split('"').next().map(str::to_owned);
            continue;
        }
        let bare =
            ["pub(crate) ", "pub "].iter().find_map(|p| line.strip_prefix(p)).unwrap_or(line);
        let Some(name) = bare.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) else {
            continue;
        };
        if let Some(given) = given.take() {
            found.extend(resolve(path, &given));
            continue;
        }
        // A target's file and `mod.rs` have their modules beside them, others in a folder below.
        for base in [folder.to_owned(), format!("{folder}/{stem}")] {
            found.push(format!("{base}/{name}.rs"));
            found.push(format!("{base}/{name}/mod.rs"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(path: &str, name: &str, rest: &str) -> File {
        File::new(path, &format!("[package]\nname = \"{name}\"\n{rest}"))
    }

    #[test]
    fn a_wrong_import_is_found_in_every_table() {
        for table in [
            "[dependencies]\ndipper-state.workspace = true",
            "[dependencies.dipper-state]\nworkspace = true",
            "[dev-dependencies]\ndipper-state = \"1\"",
            "[build-dependencies]\ndipper-state = \"1\"",
            "[target.'cfg(unix)'.dependencies]\ndipper-state = \"1\"",
            "[dependencies]\nother = { package = \"dipper-state\", path = \"x\" }",
        ] {
            let file = manifest("crates/s3/Cargo.toml", "dipper-s3", table);
            assert_eq!(imports(&[file]).len(), 1, "{table}");
        }
        let fine = "[dependencies]\ndipper-types = \"1\"\nserde = \"1\"";
        assert!(imports(&[manifest("crates/s3/Cargo.toml", "dipper-s3", fine)]).is_empty());
        assert_eq!(imports(&[manifest("crates/x/Cargo.toml", "dipper-x", "")]).len(), 1);
    }

    #[test]
    fn a_foreign_package_in_the_wrong_room_is_found() {
        for (name, package) in [
            ("dipper-app", "tauri"),
            ("dipper-app", "tauri-plugin-dialog"),
            ("dipper-types", "specta"),
            ("dipper-app", "clap"),
            ("dipper-app", "keyring"),
            ("dipper-app", "rusqlite"),
            ("dipper-transfer", "aws-sdk-s3"),
        ] {
            let file = manifest(
                "crates/a/Cargo.toml",
                name,
                &format!("[dependencies]\n{package} = \"1\""),
            );
            assert_eq!(rooms(&[file]).len(), 1, "{name} {package}");
        }
        let fine = manifest("crates/cli/Cargo.toml", "dipper-cli", "[dependencies]\nclap = \"4\"");
        assert!(rooms(&[fine]).is_empty());
    }

    #[test]
    fn a_missing_word_in_the_root_is_found() {
        let text = "[workspace.dependencies]\ntauri = \"2\"\ntokio = \"1\"\naws-sdk-s3 = \"1\"\naws-config = \"1\"\nserde_json = \"1\"\n";
        assert_eq!(named_in_the_root(&[File::new("Cargo.toml", text)]).len(), 1);
        let whole = format!("{text}keyring = \"4\"\n");
        assert!(named_in_the_root(&[File::new("Cargo.toml", &whole)]).is_empty());
    }

    #[test]
    fn missing_lints_are_found() {
        assert_eq!(lints(&[manifest("crates/a/Cargo.toml", "dipper-a", "")]).len(), 1);
        let off = "[lints]\nworkspace = false";
        assert_eq!(lints(&[manifest("crates/a/Cargo.toml", "dipper-a", off)]).len(), 1);
        let fine = "[lints]\nworkspace = true";
        assert!(lints(&[manifest("crates/a/Cargo.toml", "dipper-a", fine)]).is_empty());
    }

    #[test]
    fn a_test_file_that_nobody_names_is_found() {
        let stanza = "autotests = false\n[[test]]\nname = \"x\"\npath = \"../../tests/x/main.rs\"";
        let files = [
            manifest("crates/a/Cargo.toml", "dipper-a", stanza),
            File::new("tests/x/main.rs", "mod one;\n#[path = \"far/two.rs\"]\nmod two;\n"),
            File::new("tests/x/one.rs", "mod deep;\n"),
            File::new("tests/x/one/deep.rs", ""),
            File::new("tests/x/far/two.rs", ""),
            File::new("tests/x/forgotten.rs", "#[test] fn never() {}"),
            File::new("crates/a/tests/by_itself.rs", ""),
        ];
        let found = forgotten(&files);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|f| f.starts_with("tests/x/forgotten.rs")));
        assert!(found.iter().any(|f| f.starts_with("crates/a/tests/by_itself.rs")));
    }

    #[test]
    fn what_cargo_finds_by_itself_is_not_forgotten() {
        let files = [
            manifest("crates/a/Cargo.toml", "dipper-a", ""),
            File::new("crates/a/tests/one.rs", ""),
            File::new("crates/a/tests/two/main.rs", "mod three;"),
            File::new("crates/a/tests/two/three.rs", ""),
        ];
        assert!(forgotten(&files).is_empty());
    }
}
