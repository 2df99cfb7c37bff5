//! Speed as a number: Dipper beside its peers, in one run on one machine, as ratios.
//!
//! Each row is measured `RUNS` times for each client, in turns; the medians are told. What was measured
//! is kept in `target/bench.tsv`, and a bench that was stopped goes on behind it.

mod data;
mod measure;
mod rows;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::process::{Done, output, run};
use crate::{paths, system, tools};

use measure::{Figures, median};
use rows::{Contender, ROWS, Row, Scene};

const RUNS: usize = 5;
/// A client that needs longer has lost the cell.
const CAP: u64 = 300;

type Cell = (String, String);

/// Without names: every row.
pub fn bench(names: &[&str]) -> Done {
    let known: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
    // `list` stands for all rows of listings.
    let wanted = |row: &Row| {
        names.is_empty()
            || names.iter().any(|n| *n == row.name || row.name.starts_with(&format!("{n}-")))
    };
    if !names.is_empty() && !ROWS.iter().any(&wanted) {
        return Err(format!("there is no such row; these are known: {}", known.join(", ")));
    }
    system::ensure(&[system::BUILD, system::TESTS])?;
    let peers = tools::peers()?;
    let dipper = dipper()?;
    let commit = output("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_default();
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u32>().ok());
    let runs = number("DIPPER_BENCH_RUNS").map_or(RUNS, |n| n as usize);
    let cap = number("DIPPER_BENCH_CAP").map_or(CAP, u64::from);
    let mut kept = Kept::open(&commit)?;
    let work = data::Work::make()?;
    if ROWS.iter().any(|row| wanted(row) && row.what == rows::KERNEL) {
        work.kernel(rows::KERNEL)?;
    }
    for row in ROWS.iter().filter(|row| wanted(row)) {
        println!("\n{}", row.title);
        let scene = Scene { row, dipper: &dipper, peers: &peers, work: &work };
        for contender in rows::contenders(&peers) {
            kept.skip_slow(row, contender, cap);
        }
        for number in 0..runs {
            for contender in rows::contenders(&peers) {
                let cell = (row.name.to_owned(), contender.name().to_owned());
                if kept.count(&cell) > number || !contender.can(row) {
                    continue;
                }
                let figures = scene.play(contender, number, cap)?;
                kept.add(cell, figures)?;
                kept.skip_slow(row, contender, cap);
            }
        }
        work.clean();
        print!("{}", table(row, &kept, cap));
    }
    println!("\nat {commit}; {runs} runs each, medians; x: times Dipper's wall time");
    Ok(())
}

fn dipper() -> Result<PathBuf, String> {
    run("cargo", &["build", "--release", "--quiet", "--package", "dipper-cli"])?;
    Ok(paths::target().join("release").join(format!("dipper{}", std::env::consts::EXE_SUFFIX)))
}

/// The measured cells, in a file that outlives a stop.
struct Kept {
    path: PathBuf,
    commit: String,
    cells: BTreeMap<Cell, Vec<Figures>>,
    /// Not measured again: too slow, or it failed.
    done: Vec<Cell>,
}

impl Kept {
    fn open(commit: &str) -> Result<Self, String> {
        let path = paths::target().join("bench.tsv");
        let mut kept =
            Self { path, commit: commit.to_owned(), cells: BTreeMap::new(), done: Vec::new() };
        for line in std::fs::read_to_string(&kept.path).unwrap_or_default().lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [at, row, name, rest @ ..] = fields.as_slice() else { continue };
            let numbers: Vec<f64> = rest.iter().filter_map(|n| n.parse().ok()).collect();
            if let (true, [seconds, cpu, server_cpu, rss, lines, code]) =
                (*at == commit, numbers.as_slice())
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "whole"
                )]
                let figures = Figures {
                    seconds: *seconds,
                    cpu: *cpu,
                    server_cpu: *server_cpu,
                    rss: *rss,
                    lines: *lines as u64,
                    code: *code as i64,
                };
                kept.cells
                    .entry(((*row).to_owned(), (*name).to_owned()))
                    .or_default()
                    .push(figures);
            }
        }
        Ok(kept)
    }

    fn count(&self, cell: &Cell) -> usize {
        if self.done.contains(cell) { usize::MAX } else { self.cells.get(cell).map_or(0, Vec::len) }
    }

    fn add(&mut self, cell: Cell, f: Figures) -> Done {
        let failed = |e: std::io::Error| format!("{}: {e}", self.path.display());
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)
            .map_err(failed)?;
        let Figures { seconds, cpu, server_cpu, rss, lines, code } = &f;
        writeln!(
            file,
            "{}\t{}\t{}\t{seconds}\t{cpu}\t{server_cpu}\t{rss}\t{lines}\t{code}",
            self.commit, cell.0, cell.1
        )
        .map_err(failed)?;
        self.cells.entry(cell).or_default().push(f);
        Ok(())
    }

    /// The median of a cell this slow is known well enough, and a failure does not get better.
    fn skip_slow(&mut self, row: &Row, contender: Contender, cap: u64) {
        let cell = (row.name.to_owned(), contender.name().to_owned());
        let over = |f: &Figures| f.seconds > (cap / 4) as f64 || f.code != 0;
        if self.cells.get(&cell).is_some_and(|all| all.iter().any(over)) {
            self.done.push(cell);
        }
    }
}

fn table(row: &Row, kept: &Kept, cap: u64) -> String {
    let mut text =
        format!("  {:10}{:>10}{:>8}{:>9}{:>9}{:>9}\n", "", "wall s", "x", "CPU s", "server", "MiB");
    let of = |name: &str| {
        let cell = (row.name.to_owned(), name.to_owned());
        kept.cells.get(&cell).cloned().and_then(median)
    };
    let ours = of("dipper").map_or(f64::NAN, |f| f.seconds);
    for contender in Contender::ALL {
        let Some(f) = of(contender.name()) else { continue };
        #[expect(clippy::cast_precision_loss, reason = "seconds")]
        let wall = match f.code {
            _ if f.seconds >= cap as f64 => format!(">{cap}"),
            0 => format!("{:.2}", f.seconds),
            code => format!("exit {code}"),
        };
        let ratio = if f.code == 0 { format!("{:.2}", f.seconds / ours) } else { String::new() };
        let _ = writeln!(
            text,
            "  {:10}{wall:>10}{ratio:>8}{:>9.2}{:>9.2}{:>9.0}",
            contender.name(),
            f.cpu,
            f.server_cpu,
            f.rss
        );
    }
    text
}

/// A folder's files and bytes, to see that everything came.
fn weigh(folder: &Path) -> (u64, u64) {
    let Ok(entries) = std::fs::read_dir(folder) else { return (0, 0) };
    entries.flatten().fold((0, 0), |(files, bytes), entry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => {
            let (f, b) = weigh(&entry.path());
            (files + f, bytes + b)
        }
        Ok(meta) => (files + 1, bytes + meta.len()),
        Err(_) => (files, bytes),
    })
}
