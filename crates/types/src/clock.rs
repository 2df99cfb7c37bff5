use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment: milliseconds since 1970-01-01 UTC. Shown as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    pub fn from_system(at: SystemTime) -> Self {
        match at.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
            Err(before) => Self(-i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX)),
        }
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// RFC 3339 in UTC with milliseconds where there are any. Times past year 9999 read as the last
    /// moment that RFC 3339 can say.
    pub fn rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .ok()
            .and_then(|t| t.format(&Rfc3339).ok())
            .unwrap_or_else(|| "9999-12-31T23:59:59Z".to_owned())
    }

    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        if let Some(at) = Self::parse_plain(text.as_bytes()) {
            return Some(at);
        }
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }

    /// `2026-11-23T05:39:01Z` or with milliseconds: the form of every row of a listing, a million
    /// times over.
    fn parse_plain(text: &[u8]) -> Option<Self> {
        let digits = |range: std::ops::Range<usize>| {
            text.get(range)?.iter().try_fold(0_i64, |sum, b| {
                b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0'))
            })
        };
        let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if marks.iter().any(|(at, mark)| text.get(*at) != Some(mark)) {
            return None;
        }
        let millis = match text.get(19..)? {
            b"Z" => 0,
            [b'.', _, _, _, b'Z'] => digits(20..23)?,
            _ => return None,
        };
        let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
        let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
        // Days that no month has, and leap seconds, are for the slow way to judge.
        if !(1..=12).contains(&month)
            || !(1..=28).contains(&day) && !Self::has_day(year, month, day)
            || hour > 23
            || minute > 59
            || second > 59
        {
            return None;
        }
        // Days since 1970-01-01 in the proleptic Gregorian calendar, years beginning in March.
        let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days = 365 * y + y.div_euclid(4) - y.div_euclid(100)
            + y.div_euclid(400)
            + (153 * m + 2) / 5
            + day
            - 1
            - 719_468;
        Some(Self((days * 86_400 + hour * 3600 + minute * 60 + second) * 1000 + millis))
    }

    fn has_day(year: i64, month: i64, day: i64) -> bool {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (1..=last).contains(&day)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// Where "now" comes from. Passed in, so that tests own time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_system(SystemTime::now())
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    pub fn new(at: Timestamp) -> Self {
        Self(Mutex::new(at))
    }

    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.plus(by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_round_trip() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        assert_eq!(at.rfc3339(), "2023-11-14T22:13:20.123Z");
        assert_eq!(Timestamp::parse_rfc3339(&at.rfc3339()), Some(at));
    }

    #[test]
    fn the_quick_way_reads_what_the_slow_way_reads() {
        let mut at = -62_135_596_800_000_i64;
        while at < 250_000_000_000_000 {
            let text = Timestamp(at).rfc3339();
            let slow = OffsetDateTime::parse(&text, &Rfc3339)
                .map(|t| Timestamp(i64::try_from(t.unix_timestamp_nanos() / 1_000_000).unwrap()));
            // Fractions of other lengths are for the slow way.
            let quick = Timestamp::parse_plain(text.as_bytes());
            assert!(
                quick.is_none() && !matches!(text.len(), 20 | 24) || quick == slow.ok(),
                "{text}"
            );
            at += 86_400_000 * 13 + 3_723_004;
        }
        for bad in ["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-1-01T00:00:00Z", "", "Z"]
        {
            assert_eq!(Timestamp::parse_plain(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn far_future_does_not_panic() {
        assert_eq!(Timestamp::from_millis(i64::MAX).rfc3339(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn manual_clock_moves_only_when_told() {
        let clock = ManualClock::new(Timestamp::from_secs(10));
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().millis(), 11_500);
    }
}
