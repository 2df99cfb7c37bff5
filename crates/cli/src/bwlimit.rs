//! `--bwlimit`: a speed, or a timetable such as `08:00,512k 19:00,10m 23:00,off`, as rclone has it.

use dipper_app::{Failure, Result, Speed, SpeedRule};

use crate::verbs::rate;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// From this minute of this day (1 is Monday) on.
type Step = (u8, u16, Option<u64>);

pub fn parse(text: &str) -> Result<Speed> {
    if !text.contains(',') {
        return Ok(Speed { limit: speed(text)?, timetable: Vec::new() });
    }
    let mut steps: Vec<Step> = Vec::new();
    for entry in text.split_whitespace() {
        let bad = || {
            Failure::invalid(format!("'{entry}' is no line of a timetable"))
                .with_hint("Write when and how fast, such as '08:00,512k 19:00,10m Sat-00:00,off'.")
        };
        let (when, limit) = entry.split_once(',').ok_or_else(bad)?;
        let (days, time) = match when.split_once('-') {
            Some((day, time)) => {
                let day = DAYS.iter().position(|known| day.eq_ignore_ascii_case(known));
                let day = day.and_then(|day| u8::try_from(day + 1).ok()).ok_or_else(bad)?;
                (day..=day, time)
            }
            None => (1..=7, when),
        };
        let minute = time.split_once(':').and_then(minute).ok_or_else(bad)?;
        let limit = speed(limit)?;
        steps.extend(days.map(|day| (day, minute, limit)));
    }
    steps.sort_by_key(|(day, minute, _)| (*day, *minute));
    Ok(Speed { limit: None, timetable: rules(&steps) })
}

fn minute((hours, minutes): (&str, &str)) -> Option<u16> {
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

fn speed(text: &str) -> Result<Option<u64>> {
    match text.eq_ignore_ascii_case("off") {
        true => Ok(None),
        false => rate(text).map(Some),
    }
}

/// Each step holds until the next one, the last of the week until the first.
fn rules(steps: &[Step]) -> Vec<SpeedRule> {
    let mut rules = Vec::new();
    let mut limit = steps.last().and_then(|(_, _, limit)| *limit);
    for day in 1..=7 {
        let mut from = 0;
        for &(_, at, next) in steps.iter().filter(|(of, ..)| *of == day) {
            if at > from {
                rules.push(SpeedRule { days: vec![day], from, to: at, limit });
            }
            (from, limit) = (at, next);
        }
        // Until midnight.
        rules.push(SpeedRule { days: vec![day], from, to: 0, limit });
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_speed() {
        assert_eq!(parse("2m").unwrap(), Speed { limit: Some(2 << 20), timetable: Vec::new() });
        assert_eq!(parse("off").unwrap(), Speed::default());
        assert!(parse("fast").is_err());
    }

    #[test]
    fn the_same_every_day() {
        let speed = parse("19:00,10m 08:00,512k 23:00,off").unwrap();
        for day in 1..=7 {
            for (minute, limit) in [
                (0, None),
                (8 * 60 - 1, None),
                (8 * 60, Some(512 << 10)),
                (19 * 60 - 1, Some(512 << 10)),
                (19 * 60, Some(10 << 20)),
                (23 * 60, None),
                (24 * 60 - 1, None),
            ] {
                assert_eq!(speed.at(day, minute), limit, "{day} {minute}");
            }
        }
    }

    #[test]
    fn a_week() {
        let speed = parse("Mon-08:00,1m sat-00:00,off").unwrap();
        assert_eq!(speed.at(1, 0), None);
        assert_eq!(speed.at(1, 8 * 60), Some(1 << 20));
        assert_eq!(speed.at(3, 0), Some(1 << 20));
        assert_eq!(speed.at(5, 24 * 60 - 1), Some(1 << 20));
        assert_eq!((speed.at(6, 0), speed.at(7, 700)), (None, None));
    }

    #[test]
    fn what_is_no_timetable() {
        for text in ["8,1m", "25:00,1m", "08:60,1m", "Foo-08:00,1m", "08:00,fast", "08:00,1m x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
