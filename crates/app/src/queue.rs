//! Control over the queue: pause, order, speed, what failed again, and a job's report.

use std::io::Write;
use std::path::Path;
use std::sync::PoisonError;

use dipper_state::{JobState, Priority, TransferState};
use dipper_types::{JobId, Timestamp, TransferId};
use serde::{Deserialize, Serialize};

use crate::events::Changed;
use crate::jobs::skip_reason;
use crate::{App, Code, Failure, Result};

/// How fast all jobs together may be, and when.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Speed {
    /// Bytes a second, when no rule says otherwise.
    pub limit: Option<u64>,
    /// The first that holds at a moment counts.
    pub timetable: Vec<SpeedRule>,
}

/// A limit for some hours of some days, in this machine's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpeedRule {
    /// 1 is Monday; none means every day. Of a span over midnight, the day it begins.
    #[serde(default)]
    pub days: Vec<u8>,
    /// Minutes since midnight.
    pub from: u16,
    /// Not included. The same as `from`: the whole day.
    pub to: u16,
    /// Bytes a second; `None`: as fast as it goes.
    pub limit: Option<u64>,
}

const DAY: u16 = 24 * 60;
/// Slower than that, a server hangs up.
const SLOWEST: u64 = 1024;
const SPEED: &str = "speed";

impl SpeedRule {
    fn holds(&self, weekday: u8, minute: u16) -> bool {
        let on = |day: u8| self.days.is_empty() || self.days.contains(&day);
        let yesterday = if weekday == 1 { 7 } else { weekday - 1 };
        match self.from.cmp(&self.to) {
            std::cmp::Ordering::Equal => on(weekday),
            std::cmp::Ordering::Less => on(weekday) && (self.from..self.to).contains(&minute),
            std::cmp::Ordering::Greater => {
                on(weekday) && minute >= self.from || on(yesterday) && minute < self.to
            }
        }
    }
}

impl Speed {
    /// The limit on a day (1 is Monday) at a minute of it.
    pub fn at(&self, weekday: u8, minute: u16) -> Option<u64> {
        let rule = self.timetable.iter().find(|rule| rule.holds(weekday, minute));
        rule.map_or(self.limit, |rule| rule.limit)
    }

    fn now(&self) -> Option<u64> {
        // Asking for the local time reads the system's time zones.
        if self.timetable.is_empty() {
            return self.limit;
        }
        let now = jiff::Zoned::now();
        let weekday = u8::try_from(now.weekday().to_monday_one_offset()).unwrap_or(1);
        let minute =
            u16::from(now.hour().unsigned_abs()) * 60 + u16::from(now.minute().unsigned_abs());
        self.at(weekday, minute)
    }

    fn check(&self) -> Result<()> {
        let limits = self.timetable.iter().map(|rule| rule.limit).chain([self.limit]);
        check_limits(limits.flatten())?;
        let whole = |rule: &SpeedRule| {
            rule.from < DAY && rule.to < DAY && rule.days.iter().all(|day| (1..=7).contains(day))
        };
        match self.timetable.iter().all(whole) {
            true => Ok(()),
            false => {
                Err(Failure::invalid("a time of day is from 00:00 to 23:59, a day from 1 to 7"))
            }
        }
    }
}

fn check_limits(mut limits: impl Iterator<Item = u64>) -> Result<()> {
    match limits.all(|limit| limit >= SLOWEST) {
        true => Ok(()),
        false => Err(Failure::invalid("a speed limit is at least 1 KiB a second")
            .with_hint("To stop everything for a while, pause it.")),
    }
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    Csv,
    Json,
}

/// One line of a report. Planned = done + failed + skipped, and each says why.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportRow {
    /// Its number, to try it again by.
    pub item: i64,
    pub key: String,
    pub local: Option<String>,
    pub state: &'static str,
    pub size: Option<u64>,
    pub verified_by: Option<String>,
    pub code: Option<String>,
    pub reason: Option<String>,
}

const PAGE: u32 = 1000;
/// In milliseconds: thirty days.
const REMEMBERED: i64 = 30 * 24 * 60 * 60 * 1000;

impl App {
    /// Forgets jobs that were completed without a failure thirty days ago.
    pub async fn forget_old_jobs(&self) -> Result<()> {
        let before = self.clock.now().millis().saturating_sub(REMEMBERED);
        for id in self.engine.forget_completed(Timestamp::from_millis(before)).await? {
            let _ = self.events.jobs.send(id);
        }
        Ok(())
    }

    pub async fn pause_job(&self, id: JobId) -> Result<()> {
        Ok(self.engine.pause(id).await?)
    }

    /// A paused job goes on.
    pub async fn unpause_job(&self, id: JobId) -> Result<()> {
        Ok(self.engine.unpause(id).await?)
    }

    pub async fn pause_all(&self) -> Result<()> {
        for job in self.engine.journal().jobs()? {
            if !job.state.is_finished() && job.state != JobState::Paused {
                self.engine.pause(job.id).await?;
            }
        }
        Ok(())
    }

    pub async fn unpause_all(&self) -> Result<()> {
        for job in self.engine.journal().jobs()?.into_iter().rev() {
            if job.state == JobState::Paused {
                self.engine.unpause(job.id).await?;
            }
        }
        Ok(())
    }

    /// Some files of a finished job once more. Gives how many.
    pub async fn retry_items(&self, id: JobId, which: &[i64]) -> Result<u64> {
        let which = which.iter().copied().map(TransferId::new).collect();
        Ok(self.engine.retry_some(id, which).await?)
    }

    /// The same again, as a new job.
    pub async fn repeat_job(&self, id: JobId) -> Result<JobId> {
        let new = self.engine.repeat(id).await?;
        new.ok_or_else(|| Failure::invalid(format!("there is no job {id}")))
    }

    pub async fn set_job_priority(&self, id: JobId, priority: Priority) -> Result<()> {
        Ok(self.engine.set_priority(id, priority).await?)
    }

    /// Before another job, or behind all.
    pub async fn move_job(&self, id: JobId, before: Option<JobId>) -> Result<()> {
        Ok(self.engine.move_job(id, before).await?)
    }

    /// Bytes a second.
    pub async fn set_job_speed(&self, id: JobId, limit: Option<u64>) -> Result<()> {
        check_limits(limit.into_iter())?;
        Ok(self.engine.set_job_speed_limit(id, limit).await?)
    }

    /// How many requests may be under way at each endpoint, as it stands now.
    pub fn concurrency(&self) -> Vec<(String, usize)> {
        self.engine.concurrency()
    }

    pub fn speed(&self) -> Result<Speed> {
        Ok(self.settings.get(SPEED)?.unwrap_or_default())
    }

    pub async fn set_speed(&self, speed: Speed) -> Result<()> {
        speed.check()?;
        self.settings.set(SPEED, &speed).await?;
        self.apply_speed();
        self.events.changed(Changed::Settings, None, None);
        Ok(())
    }

    /// Only in this process, and until it ends (command line).
    pub fn limit_speed(&self, speed: Speed) -> Result<()> {
        speed.check()?;
        *self.speed_here.lock().unwrap_or_else(PoisonError::into_inner) = Some(speed);
        self.apply_speed();
        Ok(())
    }

    fn speed_that_counts(&self) -> Result<Speed> {
        let here = self.speed_here.lock().unwrap_or_else(PoisonError::into_inner).clone();
        here.map_or_else(|| self.speed(), Ok)
    }

    /// The limit of the hour is the engine's. Called now and then.
    pub(crate) fn apply_speed(&self) {
        match self.speed_that_counts() {
            Ok(speed) => self.engine.set_speed_limit(speed.now()),
            Err(error) => tracing::warn!(%error, "the speed limit can't be read"),
        }
    }

    /// Every file of a job, with how it ended and why.
    pub fn report(&self, id: JobId, mut each: impl FnMut(ReportRow) -> Result<()>) -> Result<()> {
        self.job(id)?;
        let mut after = TransferId::new(0);
        loop {
            let rows = self.engine.report(id, after, PAGE)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            for row in rows {
                let state = match row.state {
                    TransferState::Queued => "unfinished",
                    TransferState::Completed => "done",
                    TransferState::Failed => "failed",
                    TransferState::Skipped => "skipped",
                    TransferState::Cancelled => "cancelled",
                };
                let failure = row.error.as_deref().map(|text| match row.state {
                    TransferState::Skipped => skip_reason(text),
                    _ => Failure::from_journal(text),
                });
                each(ReportRow {
                    item: row.id.get(),
                    key: row.key,
                    local: row.local.map(|path| path.display().to_string()),
                    state,
                    size: row.size,
                    verified_by: row.verified,
                    code: failure.as_ref().and_then(|failure| code_word(failure.code)),
                    reason: failure.map(|failure| failure.message),
                })?;
            }
        }
    }

    /// The report as a file.
    pub fn export_report(&self, id: JobId, path: &Path, format: ReportFormat) -> Result<()> {
        let failed = |error: std::io::Error| {
            Failure::new(Code::LocalIo, format!("{}: {error}", path.display()))
        };
        let mut out = std::io::BufWriter::new(std::fs::File::create(path).map_err(failed)?);
        self.write_report(id, &mut out, format)?;
        out.flush().map_err(failed)
    }

    pub fn write_report(&self, id: JobId, out: &mut dyn Write, format: ReportFormat) -> Result<()> {
        let failed =
            |error: std::io::Error| Failure::new(Code::LocalIo, format!("the report: {error}"));
        if format == ReportFormat::Csv {
            writeln!(out, "item,state,key,size,verified_by,code,reason,local").map_err(failed)?;
        }
        self.report(id, |row| match format {
            ReportFormat::Json => {
                let mut line = serde_json::to_value(&row).map_err(|e| failed(e.into()))?;
                line["type"] = "file".into();
                writeln!(out, "{line}").map_err(failed)
            }
            ReportFormat::Csv => {
                let size = row.size.map(|size| size.to_string());
                let cells = [
                    Some(row.item.to_string()),
                    Some(row.state.to_owned()),
                    Some(row.key),
                    size,
                    row.verified_by,
                    row.code,
                    row.reason,
                    row.local,
                ];
                let line: Vec<String> = cells
                    .into_iter()
                    .map(|cell| csv(cell.as_deref().unwrap_or_default()))
                    .collect();
                writeln!(out, "{}", line.join(",")).map_err(failed)
            }
        })
    }
}

/// As JSON has it, without its quotes.
fn code_word(code: Code) -> Option<String> {
    serde_json::to_value(code).ok()?.as_str().map(str::to_owned)
}

/// RFC 4180; and what a spreadsheet would take for a formula begins with an apostrophe.
fn csv(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    match cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dipper_state::KeychainError;
    use dipper_transfer::Limits;
    use zeroize::Zeroizing;

    use super::*;

    struct NoStore;

    impl dipper_state::KeyStore for NoStore {
        fn get(&self) -> std::result::Result<Option<Zeroizing<Vec<u8>>>, KeychainError> {
            Ok(None)
        }

        fn set(&self, _: &[u8]) -> std::result::Result<(), KeychainError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_was_said_for_this_run_stays() {
        let home = tempfile::tempdir().unwrap();
        let app = App::open_with(home.path(), Arc::new(NoStore), Limits::default()).unwrap();
        let limit = |limit| Speed { limit: Some(limit), timetable: Vec::new() };
        app.set_speed(limit(5000)).await.unwrap();
        assert_eq!(app.speed_that_counts().unwrap(), limit(5000));
        app.limit_speed(limit(2000)).unwrap();
        // Half a minute later, the settings are looked at again.
        app.apply_speed();
        assert_eq!(app.speed_that_counts().unwrap(), limit(2000));
        assert_eq!(app.speed().unwrap(), limit(5000), "the settings are as they were");
        assert!(app.limit_speed(limit(10)).is_err());
        app.close().await;
    }

    #[test]
    fn the_first_rule_that_holds_counts() {
        let rule = |days: &[u8], from: u16, to: u16, limit| SpeedRule {
            days: days.to_vec(),
            from: from * 60,
            to: to * 60,
            limit,
        };
        let speed = Speed {
            limit: Some(5000),
            timetable: vec![
                rule(&[6, 7], 0, 0, None),
                rule(&[], 8, 18, Some(2000)),
                rule(&[5], 22, 6, Some(9000)),
            ],
        };
        speed.check().unwrap();
        for (day, hour, want) in [
            (1, 7, Some(5000)),
            (1, 8, Some(2000)),
            (1, 18, Some(5000)),
            (6, 12, None),
            (5, 23, Some(9000)),
            (6, 3, None),
            (4, 23, Some(5000)),
        ] {
            assert_eq!(speed.at(day, hour * 60), want, "day {day}, {hour} h");
        }
        let friday_night = Speed { limit: None, timetable: vec![rule(&[5], 22, 6, Some(9000))] };
        assert_eq!(friday_night.at(6, 5 * 60), Some(9000), "it began on Friday");
        assert_eq!(friday_night.at(5, 5 * 60), None);
        assert!(Speed { limit: Some(3), ..Speed::default() }.check().is_err());
    }

    #[test]
    fn a_cell_is_only_a_cell() {
        assert_eq!(csv("a"), "a");
        assert_eq!(csv("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(csv("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
    }
}
