//! How far a job is, on stderr: bars on a terminal, lines or JSON objects for a log where they were
//! asked for. Nothing of it is on stdout.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dipper_app::{App, Job, Moving};
use dipper_types::JobId;
use indicatif::{
    HumanBytes, HumanCount, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle,
};
use serde::Serialize;

use crate::args::Args;
use crate::output;

/// What is done sooner needs no bar.
const SHOW_AFTER: Duration = Duration::from_millis(400);
const PAINT_EVERY: Duration = Duration::from_millis(100);
/// For a log.
const WRITE_EVERY: Duration = Duration::from_secs(5);
/// Files with a bar of their own: the largest.
const BARS: usize = 4;
const LARGE: u64 = 8 << 20;

/// All bars of this process: lines between them are printed above them.
static BARS_ON_SCREEN: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));
/// Jobs that have some: `run` has several at once.
static SHOWN: Mutex<usize> = Mutex::new(0);

/// Prints with the bars out of the way.
pub fn aside<T>(print: impl FnOnce() -> T) -> T {
    let shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if *shown > 0 { BARS_ON_SCREEN.suspend(print) } else { print() }
}

enum Form {
    Nothing,
    Bars(Bars),
    Lines,
    Json,
}

/// The progress of one job.
pub struct Progress {
    form: Form,
    began: Instant,
    written: Instant,
}

impl Progress {
    pub fn of(args: &Args) -> Self {
        let terminal = std::io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let form = match () {
            () if args.no_progress || args.quiet && !args.progress => Form::Nothing,
            () if args.json && args.progress => Form::Json,
            () if args.json => Form::Nothing,
            () if terminal => Form::Bars(Bars::default()),
            () if args.progress => Form::Lines,
            () => Form::Nothing,
        };
        let now = Instant::now();
        Self { form, began: now, written: now }
    }

    /// Never ends: it is raced against the job.
    pub async fn show(&mut self, app: &App, id: JobId) {
        if matches!(self.form, Form::Nothing) {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(PAINT_EVERY).await;
            if self.began.elapsed() < SHOW_AFTER {
                continue;
            }
            let Ok(job) = app.job(id) else { continue };
            self.step(app, &job);
        }
    }

    fn step(&mut self, app: &App, job: &Job) {
        if let Form::Bars(bars) = &mut self.form {
            return bars.paint(job, app.moving(job.id));
        }
        if self.written.elapsed() < WRITE_EVERY {
            return;
        }
        self.written = Instant::now();
        self.write(job);
    }

    /// The last word, for a log.
    pub fn end(mut self, job: Option<&Job>) {
        match (&mut self.form, job) {
            (Form::Bars(bars), _) => bars.clear(),
            (Form::Lines | Form::Json, Some(job)) => self.write(job),
            _ => {}
        }
    }

    fn write(&self, job: &Job) {
        match self.form {
            Form::Lines => output::note(&line(job)),
            Form::Json => {
                if let Ok(text) = serde_json::to_string(&Event::of(job)) {
                    let _ = writeln!(std::io::stderr().lock(), "{text}");
                }
            }
            _ => {}
        }
    }
}

/// `--json --progress`: one a line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    event: &'static str,
    job: i64,
    planning: bool,
    files_total: u64,
    files_done: u64,
    files_failed: u64,
    files_skipped: u64,
    bytes_total: u64,
    bytes_done: u64,
    bytes_per_second: u64,
    seconds_left: Option<u64>,
}

impl Event {
    fn of(job: &Job) -> Self {
        Self {
            event: "progress",
            job: job.id.get(),
            planning: job.planning,
            files_total: job.files_total,
            files_done: job.files_done,
            files_failed: job.files_failed,
            files_skipped: job.files_skipped,
            bytes_total: job.bytes_total,
            bytes_done: job.bytes_done,
            bytes_per_second: job.rate,
            seconds_left: job.seconds_left,
        }
    }
}

/// `120 of 4,567 files, 1.20 GiB of 3.40 GiB, 56.0 MiB/s, 2 min left`
fn line(job: &Job) -> String {
    let total = |total: String| if job.planning { format!("{total} so far") } else { total };
    let ended = job.files_done + job.files_failed + job.files_skipped;
    let files = total(HumanCount(job.files_total).to_string());
    let mut text = format!("{} of {files} files", HumanCount(ended));
    if job.bytes_total > 0 {
        text += &format!(", {} of {}", HumanBytes(job.bytes_done), HumanBytes(job.bytes_total));
    }
    if job.rate > 0 {
        text += &format!(", {}/s", HumanBytes(job.rate));
    }
    if let Some(left) = job.seconds_left.filter(|_| !job.planning) {
        text += &format!(", {} left", duration(left));
    }
    if job.files_failed > 0 {
        text += &format!(", {} failed", HumanCount(job.files_failed));
    }
    text
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[derive(Default)]
struct Bars {
    total: Option<ProgressBar>,
    files: HashMap<i64, ProgressBar>,
}

impl Bars {
    fn paint(&mut self, job: &Job, moving: Vec<Moving>) {
        let total = self.total.get_or_insert_with(|| {
            *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            BARS_ON_SCREEN.add(bar("{bar:24.cyan/dim} {percent:>3} %  {msg}"))
        });
        // Of empty files, and of what has no bytes to move, the count is what there is.
        let (done, of) = match job.bytes_total {
            0 => (job.files_done + job.files_failed + job.files_skipped, job.files_total),
            bytes => (job.bytes_done, bytes),
        };
        total.set_length(of.max(1));
        total.set_position(done.min(of));
        total.set_message(line(job));
        let mut large: Vec<Moving> = moving.into_iter().filter(|file| file.size >= LARGE).collect();
        large.sort_by_key(|file| (std::cmp::Reverse(file.size), file.id));
        // A bar stays where it is while its file moves.
        let (mut kept, new): (Vec<_>, Vec<_>) =
            large.into_iter().partition(|file| self.files.contains_key(&file.id));
        let room = BARS.saturating_sub(kept.len());
        kept.extend(new.into_iter().take(room));
        self.files.retain(|id, bar| {
            let stays = kept.iter().any(|file| file.id == *id);
            if !stays {
                BARS_ON_SCREEN.remove(bar);
            }
            stays
        });
        for file in kept {
            let bar = self.files.entry(file.id).or_insert_with(|| {
                BARS_ON_SCREEN.insert_before(total, bar("{bar:24.dim} {percent:>3} %  {wide_msg}"))
            });
            bar.set_length(file.size);
            bar.set_position(file.bytes);
            bar.set_message(output::visible(&file.key));
        }
    }

    fn clear(&mut self) {
        for bar in self.files.values().chain(&self.total) {
            bar.finish_and_clear();
            BARS_ON_SCREEN.remove(bar);
        }
        if self.total.take().is_some() {
            *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        }
    }
}

fn bar(template: &str) -> ProgressBar {
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1).with_style(style.progress_chars("━━─"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left() {
        assert_eq!(duration(0), "0 s");
        assert_eq!(duration(61), "2 min");
        assert_eq!(duration(7260), "2 h 1 min");
    }
}
