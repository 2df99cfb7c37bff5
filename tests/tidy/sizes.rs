//! Hand-written files are small.

use crate::tree::File;

const MOST: usize = 600;
const WARN: usize = 400;

/// Made by a program, and compared with what it makes by a test.
const GENERATED: [&str; 1] = ["ui/src/backend/bindings.ts"];

fn sources(files: &[File]) -> impl Iterator<Item = (&File, usize)> {
    files
        .iter()
        .filter(|file| file.ends(&[".rs", ".ts", ".svelte", ".css", ".py", ".sh", ".js"]))
        .filter(|file| !GENERATED.contains(&file.path.as_str()))
        .map(|file| (file, file.text.lines().count()))
}

pub fn too_long(files: &[File]) -> Vec<String> {
    sources(files)
        .filter(|(_, lines)| *lines > MOST)
        .map(|(file, lines)| format!("{}: {lines} lines; at most {MOST}", file.path))
        .collect()
}

pub fn warnings(files: &[File]) -> Vec<String> {
    let mut long: Vec<(&File, usize)> = sources(files).filter(|(_, lines)| *lines > WARN).collect();
    long.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    long.iter().map(|(file, lines)| format!("{}: {lines} lines", file.path)).collect()
}

#[test]
fn a_long_file_is_found() {
    let lines = |count: usize| "x\n".repeat(count);
    let files = [
        File::new("crates/a/src/long.rs", &lines(601)),
        File::new("crates/a/src/most.rs", &lines(600)),
        File::new("ui/src/small.svelte", &lines(400)),
        File::new("ui/src/backend/bindings.ts", &lines(5000)),
        File::new("Cargo.lock", &lines(5000)),
    ];
    assert_eq!(too_long(&files), ["crates/a/src/long.rs: 601 lines; at most 600"]);
    assert_eq!(warnings(&files).len(), 2);
}
