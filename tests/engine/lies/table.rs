//! `docs/reliability.md`: each lie, what the others made of it, and what Dipper does. The test tells the
//! lies and fails where one is believed; `DIPPER_BLESS=1` writes the page anew.

use std::fmt::Write as _;
use std::path::Path;

use super::{down, listed, up};

const HEAD: &str = "\
# What a lying server gets out of Dipper

Made by `tests/engine/lies`, which tells each of these lies to Dipper in every run, and fails where one
is believed; `DIPPER_BLESS=1` writes this page anew. The other columns were measured on 2026-11-23 with
aws-cli 1.46.3, rclone 1.75.2, s5cmd 2.3.0 and s3cmd 2.4.0 on objects of 8 and 40 MiB; SILENT is exit
code 0 and a wrong file under its final name. A dash: not measured.

Dipper's cells: *whole* means that it ended well and the bytes are right, with what proved them;
*refused* means that it ended with this error, and that nothing has the final name. *size only* means
that the server offered nothing that could prove the bytes, and that Dipper says so: the file is listed
as verified by size, never by more.

A recursive delete of `dir` takes what lies below `dir/` and nothing of `directory/` (`tests/cli/del.rs`),
where s3cmd takes both; there is no `sync` yet.

What a server says it has stored, with the right checksum of it, is believed: only reading everything
back would tell.
";

/// What aws-cli, rclone, s5cmd and s3cmd did.
pub type Peers = [&'static str; 4];
pub const UNKNOWN: Peers = ["–"; 4];

/// A lie and what came of it, for each size.
pub struct Told {
    pub lie: String,
    pub peers: Peers,
    pub cells: Vec<String>,
}

fn part(text: &mut String, title: &str, sizes: &[&str], rows: &[Told]) {
    let line = "|---".repeat(sizes.len() + 5);
    let sizes = sizes.join(" | ");
    let _written = write!(
        text,
        "\n## {title}\n\n| lie | {sizes} | aws-cli | rclone | s5cmd | s3cmd |\n{line}|\n"
    );
    for row in rows {
        let (cells, peers) = (row.cells.join(" | "), row.peers.join(" | "));
        let _written = writeln!(text, "| {} | {cells} | {peers} |", row.lie);
    }
}

pub async fn no_lie_is_believed() {
    let (down, up, listed) = tokio::join!(down::told(), up::told(), listed::told());
    let mut text = HEAD.to_owned();
    part(&mut text, "Downloads", &down::SIZES.map(|(name, _)| name), &down);
    part(&mut text, "Uploads", &up::SIZES.map(|(name, _)| name), &up);
    part(&mut text, "Listings and names", &["Dipper"], &listed);
    let cells = || down.iter().chain(&up).chain(&listed).flat_map(|row| &row.cells);
    let silent = cells().filter(|cell| cell.contains("SILENT")).count();
    let _written = writeln!(text, "\n{} cells, {silent} of them silent.", cells().count());
    assert_eq!(silent, 0, "{text}");
    assert!(!text.contains("LEFT"), "something stays behind:\n{text}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reliability.md");
    if std::env::var_os("DIPPER_BLESS").is_some() {
        tokio::fs::write(&path, &text).await.unwrap();
    }
    let found = tokio::fs::read_to_string(&path).await.unwrap_or_default();
    assert!(found == text, "docs/reliability.md is stale; DIPPER_BLESS=1 writes it anew:\n{text}");
}
