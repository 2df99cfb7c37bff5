//! The files of the project: what git tracks or would track.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[derive(Clone)]
pub struct File {
    /// From the root, with `/`.
    pub path: String,
    pub text: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    pub fn ends(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }
}

/// Every text file of ours. What is ignored, built or downloaded is not.
pub fn files() -> Vec<File> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "git can't list the files");
    let names = String::from_utf8(listed.stdout).unwrap();
    let unique: BTreeSet<&str> = names.split('\0').filter(|name| !name.is_empty()).collect();
    unique
        .into_iter()
        .filter_map(|path| {
            // Gone from disk but not from the index, or no text.
            let text = std::fs::read_to_string(root().join(path)).ok()?;
            Some(File { path: path.to_owned(), text })
        })
        .collect()
}

/// Where a relative path leads from a file, without `.` and `..`. `None` outside the project.
pub fn resolve(from: &str, to: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in to.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn paths_are_resolved() {
    assert_eq!(resolve("a/b/c.rs", "../d/./e.rs").as_deref(), Some("a/d/e.rs"));
    assert_eq!(resolve("c.md", "docs/x.md").as_deref(), Some("docs/x.md"));
    assert_eq!(resolve("c.md", "../x"), None);
}
