//! What is measured, and how each client says it.

use std::path::Path;

use crate::tools::Peers;

use super::data::{Changes, Work};
use super::measure::{Environment, Figures, Server, measure};
use super::weigh;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Upload,
    Download,
    Delete,
    List,
    /// A tree here made one in S3: into an empty bucket, after some changes, after none.
    Sync(Before),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    Nothing,
    Changes,
    Same,
}

pub struct Row {
    pub name: &'static str,
    pub title: &'static str,
    pub action: Action,
    /// The folder that is moved; of a listing or a delete, the bucket that the server begins with.
    pub what: &'static str,
    pub keys: u64,
    /// Milliseconds that each answer comes later.
    pub latency: u32,
}

const MILLION: u64 = 1_000_000;
/// About 80,000 files.
pub const KERNEL: &str = "kernel";

pub const ROWS: &[Row] = &[
    row("up-big", "1 x 2 GiB up", Action::Upload, "big", 1, 0),
    row("down-big", "1 x 2 GiB down", Action::Download, "big", 1, 0),
    row("up-small", "10,000 x 16 KiB up", Action::Upload, "small", 10_000, 0),
    row("down-small", "10,000 x 16 KiB down", Action::Download, "small", 10_000, 0),
    row("up-far", "2,000 x 16 KiB up, 20 ms", Action::Upload, "few", 2_000, 20),
    row("down-far", "2,000 x 16 KiB down, 20 ms", Action::Download, "few", 2_000, 20),
    row("up-mixed", "a mixed tree of 2 GB up", Action::Upload, "mixed", 3_013, 0),
    row("down-mixed", "a mixed tree of 2 GB down", Action::Download, "mixed", 3_013, 0),
    row("delete", "delete 100,000", Action::Delete, "seed", 100_000, 0),
    row("sync-first", "sync the Linux source up", Action::Sync(Before::Nothing), KERNEL, 0, 0),
    row("sync-changed", "again, 500 files changed", Action::Sync(Before::Changes), KERNEL, 0, 0),
    row("sync-same", "again, nothing changed", Action::Sync(Before::Same), KERNEL, 0, 0),
    row("start", "list a small bucket", Action::List, "seed", 10, 0),
    row("list-flat", "list 1,000,000, flat", Action::List, "seed", MILLION, 0),
    row("list-tree", "list 1,000,000, in 1,000 folders", Action::List, "tree", MILLION, 0),
    row("list-far", "list 1,000,000, flat, 20 ms", Action::List, "seed", MILLION, 20),
    row(
        "list-far-tree",
        "list 1,000,000, in 1,000 folders, 20 ms",
        Action::List,
        "tree",
        MILLION,
        20,
    ),
];

const fn row(
    name: &'static str,
    title: &'static str,
    action: Action,
    what: &'static str,
    keys: u64,
    latency: u32,
) -> Row {
    Row { name, title, action, what, keys, latency }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contender {
    Dipper,
    S5cmd,
    Rclone,
    Aws,
    S3cmd,
    S3sync,
}

/// Those that are here, and wanted: `DIPPER_BENCH_PEERS=s5cmd,rclone` leaves the others out.
pub fn contenders(peers: &Peers) -> impl Iterator<Item = Contender> {
    let s3sync = peers.s3sync.is_some();
    let wanted = std::env::var("DIPPER_BENCH_PEERS").ok();
    Contender::ALL.into_iter().filter(move |c| {
        let named = wanted.as_deref().is_none_or(|names| {
            names
                .split(',')
                .any(|name| name == c.name() || c.name().starts_with(&format!("{name} ")))
        });
        *c == Contender::Dipper || (named && (*c != Contender::S3sync || s3sync))
    })
}

impl Contender {
    pub const ALL: [Self; 6] =
        [Self::Dipper, Self::S5cmd, Self::Rclone, Self::Aws, Self::S3cmd, Self::S3sync];

    pub fn name(self) -> &'static str {
        match self {
            Self::Dipper => "dipper",
            Self::S5cmd => "s5cmd",
            Self::Rclone => "rclone",
            Self::Aws => "aws (CRT)",
            Self::S3cmd => "s3cmd",
            Self::S3sync => "s3sync",
        }
    }

    pub fn can(self, row: &Row) -> bool {
        self != Self::S3sync || !matches!(row.action, Action::List | Action::Delete)
    }
}

/// A row with what it needs.
pub struct Scene<'a> {
    pub row: &'a Row,
    pub dipper: &'a Path,
    pub peers: &'a Peers,
    pub work: &'a Work,
}

impl Scene<'_> {
    /// A server of its own each time: what an earlier one has left is no burden for the next.
    pub fn play(&self, who: Contender, number: usize, cap: u64) -> Result<Figures, String> {
        let (row, latency, keys) =
            (self.row, self.row.latency.to_string(), self.row.keys.to_string());
        let mut options = Vec::new();
        if matches!(row.action, Action::List | Action::Delete) {
            options.extend(["--seed-keys", keys.as_str()]);
            if row.what == "tree" {
                options.extend(["--seed-folders", "1000"]);
            }
        }
        options.extend(["--latency", latency.as_str()]);
        let server = Server::start(self.dipper, &options)?;
        let environment = server.environment(&self.work.folder);
        let config = self.config(&server)?;
        self.prepare(&environment, &config)?;
        let out = self.work.out(&format!("{}-{}-{number}", row.name, who.name().replace(' ', "-")));
        let words = self.words(who, &config, &server.endpoint, &out);
        let changes = match row.action {
            Action::Sync(Before::Changes) => Some(Changes::make(&self.work.source(row.what))?),
            _ => None,
        };
        let before = server.cpu();
        let figures = measure(&words, &environment, cap);
        if let Some(changes) = changes {
            changes.undo()?;
        }
        let mut figures = figures?;
        figures.server_cpu = server.cpu() - before;
        if figures.code == 0 {
            self.check(who, &figures, &out)?;
        }
        if row.what == "big" || row.what == "mixed" {
            let _ = std::fs::remove_dir_all(out);
        }
        Ok(figures)
    }

    /// The bucket, and what a download finds in it.
    fn prepare(&self, environment: &Environment, config: &str) -> Result<(), String> {
        let dipper = self.dipper.to_string_lossy().into_owned();
        let run = |words: &[&str]| {
            let all: Vec<String> = [dipper.as_str(), "-c", config]
                .iter()
                .chain(words)
                .map(|w| (*w).to_owned())
                .collect();
            let done = measure(&all, environment, 600)?;
            if done.code == 0 { Ok(()) } else { Err(format!("{words:?}: exit code {}", done.code)) }
        };
        if !matches!(self.row.action, Action::List | Action::Delete) {
            run(&["mb", "s3://bench"])?;
        }
        // s3cmd alone would need a quarter of an hour for this; the others compare with what the
        // server says, whoever sent it.
        if let Action::Sync(Before::Changes | Before::Same) = self.row.action {
            let source = format!("{}/", self.work.source(self.row.what).display());
            run(&["sync", "-q", &source, "s3://bench/t/"])?;
        }
        if self.row.action == Action::Download {
            let source = format!("{}/", self.work.source(self.row.what).display());
            run(&["put", "-r", "-q", "--no-check-md5", &source, "s3://bench/t/"])?;
        }
        Ok(())
    }

    /// For s3cmd and Dipper.
    fn config(&self, server: &Server) -> Result<String, String> {
        let path = self.work.folder.join("s3cfg");
        let host = server.endpoint.trim_start_matches("http://");
        let text = format!(
            "[default]\naccess_key = {}\nsecret_key = {}\nhost_base = {host}\nhost_bucket = {host}\nuse_https = False\n",
            server.access, server.secret
        );
        std::fs::write(&path, text).map_err(|e| e.to_string())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
                .map_err(|e| e.to_string())?;
        }
        Ok(path.to_string_lossy().into_owned())
    }

    fn words(&self, who: Contender, config: &str, endpoint: &str, out: &Path) -> Vec<String> {
        let dipper = self.dipper.to_string_lossy().into_owned();
        let (source, out) = (
            format!("{}/", self.work.source(self.row.what).display()),
            format!("{}/", out.display()),
        );
        let bucket = match self.row.action {
            Action::List | Action::Delete => self.row.what,
            _ => "bench",
        };
        let uri = format!("s3://{bucket}");
        let (tree, all) = (format!("{uri}/t/"), format!("{uri}/t/*"));
        let remote = format!(":s3,provider=Other,env_auth=true,endpoint='{endpoint}':{bucket}");
        let remote_tree = format!("{remote}/t");
        let p = self.peers;
        let s = str::to_owned;
        match (who, self.row.action) {
            (Contender::Dipper, action) => {
                let mut words = vec![dipper, s("-c"), s(config)];
                words.extend(match action {
                    // The MD5 that s3cmd wants takes a pass over the file first, which none of the
                    // fastest makes.
                    Action::Upload => {
                        vec![s("put"), s("-r"), s("-q"), s("--no-check-md5"), source, tree]
                    }
                    Action::Download => vec![s("get"), s("-r"), s("-q"), tree, out],
                    Action::Delete => vec![s("del"), s("-r"), s("-f"), s("-q"), format!("{uri}/")],
                    Action::Sync(_) => vec![s("sync"), s("-q"), source, tree],
                    Action::List => vec![s("ls"), s("-r"), uri],
                });
                words
            }
            (Contender::S5cmd, action) => {
                let mut words = vec![p.s5cmd.clone()];
                words.extend(match action {
                    Action::Upload => vec![s("cp"), source, tree],
                    Action::Download => vec![s("cp"), all, out],
                    Action::Sync(_) => vec![s("sync"), source, tree],
                    Action::Delete => vec![s("rm"), format!("{uri}/*")],
                    Action::List => vec![s("ls"), format!("{uri}/*")],
                });
                words.splice(1..1, [s("--endpoint-url"), s(endpoint), s("--log"), s("error")]);
                if action == Action::List {
                    // Its listing is what its log says.
                    words.drain(3..5);
                }
                words
            }
            (Contender::Rclone, action) => {
                let quick =
                    ["--transfers", "64", "--checkers", "64", "--s3-no-check-bucket"].map(s);
                let mut words = vec![p.rclone.clone()];
                words.extend(match action {
                    Action::Upload => vec![s("copy"), source, remote_tree, s("--no-traverse")],
                    Action::Download => vec![s("copy"), remote_tree, out],
                    // Else it sends a HEAD for each file to read the time that it keeps there itself.
                    Action::Sync(_) => vec![
                        s("sync"),
                        source,
                        remote_tree,
                        s("--use-server-modtime"),
                        s("--update"),
                        s("--fast-list"),
                    ],
                    Action::Delete => vec![s("delete"), remote],
                    Action::List => [
                        "lsf",
                        "-R",
                        "--files-only",
                        "--fast-list",
                        "--use-server-modtime",
                        "--format",
                        "pst",
                    ]
                    .map(s)
                    .into_iter()
                    .chain([remote])
                    .collect(),
                });
                words.extend(quick);
                words
            }
            (Contender::Aws, action) => {
                let mut words = vec![p.aws.clone(), s("s3")];
                words.extend(match action {
                    Action::Upload => vec![s("cp"), s("--recursive"), s("--quiet"), source, tree],
                    Action::Download => vec![s("cp"), s("--recursive"), s("--quiet"), tree, out],
                    Action::Sync(_) => vec![s("sync"), s("--quiet"), source, tree],
                    Action::Delete => vec![s("rm"), s("--recursive"), s("--quiet"), uri],
                    Action::List => vec![s("ls"), s("--recursive"), uri],
                });
                words
            }
            (Contender::S3cmd, action) => {
                let mut words = vec![p.s3cmd.clone(), s("-c"), s(config), s("--no-progress")];
                // Its listing is not told either.
                words.extend((action != Action::List).then(|| s("-q")));
                words.extend(match action {
                    Action::Upload => vec![s("put"), s("-r"), source, tree],
                    Action::Download => vec![s("get"), s("-r"), tree, out],
                    Action::Sync(_) => vec![s("sync"), source, tree],
                    Action::Delete => vec![s("del"), s("-r"), s("-f"), format!("{uri}/")],
                    Action::List => vec![s("ls"), s("-r"), uri],
                });
                words
            }
            (Contender::S3sync, action) => {
                let program = p.s3sync.clone().unwrap_or_default();
                let (from, to, side) = match action {
                    Action::Download => (tree, out, "--source"),
                    _ => (source, tree, "--target"),
                };
                vec![
                    program,
                    format!("{side}-endpoint-url"),
                    s(endpoint),
                    format!("{side}-force-path-style"),
                    s("-q"),
                    from,
                    to,
                ]
            }
        }
    }

    /// Whether it did what it says.
    fn check(&self, who: Contender, figures: &Figures, out: &Path) -> Result<(), String> {
        let (files, bytes) = match self.row.action {
            Action::Download => weigh(out),
            Action::List => (figures.lines, 0),
            Action::Upload | Action::Delete | Action::Sync(_) => return Ok(()),
        };
        let want = match self.row.action {
            Action::Download => weigh(&self.work.source(self.row.what)),
            _ => (self.row.keys, 0),
        };
        if (files, bytes) == want {
            return Ok(());
        }
        Err(format!("{} gave {files} files, {bytes} bytes; {want:?} were there", who.name()))
    }
}
