//! `docs/contract-table.md`: each case on each server. A cell says "passes" where the case is run there
//! and fails the suite otherwise; `DIPPER_BLESS=1` writes the table anew.

use std::fmt::Write as _;
use std::path::Path;

use super::{CASES, Kind, unsupported};

const HEAD: &str = "\
# Each behaviour on each server

Made by the contract suite (`tests/engine/contract`); `DIPPER_BLESS=1` writes it anew. \"passes\": the
suite runs the case there, and fails if the server says otherwise. \"unsupported\": it is run as well,
and fails the suite if it passes or if the answer is another one. What differs within a case that
passes is in [contract.md](contract.md).

| behaviour |";

const SERVERS: [(Kind, &str); 4] = [
    (Kind::Memory, "the sandbox"),
    (Kind::Rgw, "Ceph RADOS Gateway 16.2"),
    (Kind::Seaweed, "SeaweedFS 4.48"),
    (Kind::Moto, "moto 5.2"),
];

fn table() -> String {
    let mut text = HEAD.to_owned();
    for (_, name) in SERVERS {
        let _written = write!(text, " {name} |");
    }
    text += "\n|---|---|---|---|---|\n";
    for (case, _) in CASES {
        let _written = write!(text, "| {} |", case.replace("::", ": ").replace('_', " "));
        for (kind, _) in SERVERS {
            let _written = match unsupported::answer(kind, case) {
                None => write!(text, " passes |"),
                Some(answer) => write!(text, " unsupported: {answer} |"),
            };
        }
        text += "\n";
    }
    text += "\nPassed of ";
    let _written = write!(text, "{}: ", CASES.len());
    let counts: Vec<_> = SERVERS
        .iter()
        .map(|(kind, name)| {
            let passed = |(case, _): &&(&str, _)| unsupported::answer(*kind, case).is_none();
            format!("{name} {}", CASES.iter().filter(passed).count())
        })
        .collect();
    text + &counts.join(", ") + ".\n"
}

pub async fn is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/contract-table.md");
    let want = table();
    if std::env::var_os("DIPPER_BLESS").is_some() {
        tokio::fs::write(&path, &want).await.unwrap();
    }
    let found = tokio::fs::read_to_string(&path).await.unwrap_or_default();
    assert!(found == want, "docs/contract-table.md is stale; DIPPER_BLESS=1 writes it anew");
}
