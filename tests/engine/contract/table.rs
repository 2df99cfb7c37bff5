//! `docs/contract-table.md`: each case on each server. A cell says "passes" where the case is run there
//! and fails the suite otherwise; `DIPPER_BLESS=1` writes the table anew.

use std::fmt::Write as _;
use std::path::Path;

use super::{CASES, Kind, asked, unsupported};

const HEAD: &str = "\
# Each operation and each behaviour on each server

Made by the contract suite (`tests/engine/contract`); `DIPPER_BLESS=1` writes it anew. \"passes\": the
suite runs the case there, and fails if the server says otherwise. \"unsupported\": it is run as well,
and fails the suite if it passes or if the answer is another one. What differs within a case that
passes is in [contract.md](contract.md).

An operation passes where a case that makes it passes; else what its case is answered is told. Which
cases make it is taken from the client's own trace.

";

const SERVERS: [(Kind, &str); 4] = [
    (Kind::Memory, "the sandbox"),
    (Kind::Rgw, "Ceph RADOS Gateway 16.2"),
    (Kind::Seaweed, "SeaweedFS 4.48"),
    (Kind::Moto, "moto 5.2"),
];

fn begin(text: &mut String, what: &str) {
    let names: Vec<_> = SERVERS.iter().map(|(_, name)| *name).collect();
    let _written = write!(text, "| {what} | {} |\n|---|---|---|---|---|\n", names.join(" | "));
}

fn row(text: &mut String, name: &str, answer: impl Fn(Kind) -> Option<&'static str>) {
    let cell = |(kind, _): &(Kind, _)| match answer(*kind) {
        None => "passes".to_owned(),
        Some(answer) => format!("unsupported: {answer}"),
    };
    let cells: Vec<_> = SERVERS.iter().map(cell).collect();
    let _written = writeln!(text, "| {name} | {} |", cells.join(" | "));
}

fn table() -> String {
    let mut text = HEAD.to_owned();
    begin(&mut text, "operation");
    for (op, cases) in asked::by_operation() {
        row(&mut text, &op, |kind| {
            let answers: Vec<_> = cases.iter().map(|c| unsupported::answer(kind, c)).collect();
            if answers.contains(&None) { None } else { answers[0] }
        });
    }
    text += "\n";
    begin(&mut text, "behaviour");
    for (case, _) in CASES {
        let name = case.replace("::", ": ").replace('_', " ");
        row(&mut text, &name, |kind| unsupported::answer(kind, case));
    }
    let passed = |(kind, name): &(Kind, &str)| {
        let passed = CASES.iter().filter(|(case, _)| unsupported::answer(*kind, case).is_none());
        format!("{name} {}", passed.count())
    };
    let counts: Vec<_> = SERVERS.iter().map(passed).collect();
    let _written = writeln!(text, "\nPassed of {}: {}.", CASES.len(), counts.join(", "));
    text
}

pub async fn is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/contract-table.md");
    let want = tokio::task::spawn_blocking(table).await.unwrap();
    if std::env::var_os("DIPPER_BLESS").is_some() {
        tokio::fs::write(&path, &want).await.unwrap();
    }
    let found = tokio::fs::read_to_string(&path).await.unwrap_or_default();
    assert!(found == want, "docs/contract-table.md is stale; DIPPER_BLESS=1 writes it anew");
}
