//! Lines for people and scripts. Names come from strangers: on a terminal their control characters
//! are shown, not obeyed.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::sync::LazyLock;

use clap::builder::styling::{AnsiColor, Style};
use dipper_app::{Code, Failure};
use dipper_types::Timestamp;
use serde::Serialize;

use crate::progress::aside;

/// A name as it may be printed here.
pub fn name(text: &str) -> Cow<'_, str> {
    static TERMINAL: LazyLock<bool> = LazyLock::new(|| std::io::stdout().is_terminal());
    if *TERMINAL { visible(text).into() } else { text.into() }
}

pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if hidden {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Whole lines on stdout.
pub fn print(text: &str) {
    // Stdout is line-buffered: in one piece, it writes all but the last line in one call.
    let written = aside(|| {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush())
    });
    if written.is_err() {
        std::process::exit(0);
    }
}

/// A line on stdout. A reader that went away (`| head`) ends the program quietly.
pub fn line(text: &str) {
    if aside(|| writeln!(std::io::stdout().lock(), "{text}")).is_err() {
        std::process::exit(0);
    }
}

pub fn json<T: Serialize>(value: &T) {
    if let Ok(text) = serde_json::to_string(value) {
        line(&text);
    }
}

/// A line on stderr, whether anybody reads it or not.
pub fn note(text: &str) {
    let text = coloured(&visible(text));
    let _ = aside(|| writeln!(std::io::stderr().lock(), "{text}"));
}

/// What went wrong stands out on a terminal that has colours, unless `NO_COLOR` is set.
fn coloured(text: &str) -> String {
    for (word, colour) in [("ERROR:", AnsiColor::Red), ("WARNING:", AnsiColor::Yellow)] {
        if let Some(rest) = text.strip_prefix(word)
            && *COLOURS
        {
            let style = Style::new().bold().fg_color(Some(colour.into()));
            return format!("{style}{word}{style:#}{rest}");
        }
    }
    text.to_owned()
}

static COLOURS: LazyLock<bool> = LazyLock::new(|| {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stderr().is_terminal() && !set("NO_COLOR") && (cfg!(windows) || !dumb)
});

pub fn failure(failure: &Failure, json: bool) {
    if json {
        if let Ok(text) = serde_json::to_string(failure) {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
        return;
    }
    match plainly(failure) {
        Some(words) => {
            note(&format!("ERROR: {words}"));
            note(&format!("       {}", failure.message));
        }
        None => note(&format!("ERROR: {}", failure.message)),
    }
    if let Some(hint) = &failure.hint {
        note(&format!("       {hint}"));
    }
}

/// The commonest answers of a server, before its own words.
fn plainly(failure: &Failure) -> Option<String> {
    let s3 = failure.s3.as_ref()?;
    let (bucket, key) = (s3.bucket.as_deref(), s3.key.as_deref());
    Some(match (failure.code, bucket, key) {
        (Code::BucketNotFound, Some(bucket), _) => format!("there is no bucket s3://{bucket}"),
        (Code::ObjectNotFound, Some(bucket), Some(key)) => {
            format!("there is no object s3://{bucket}/{key}")
        }
        (Code::Unauthenticated, ..) => "the server does not accept these keys".into(),
        (Code::AccessDenied, ..) => "these keys are not allowed to do this".into(),
        (Code::Network, ..) if s3.refused => "nothing listens at this endpoint".into(),
        _ => return None,
    })
}

/// `2026-11-23 05:39` in UTC, as s3cmd prints it.
pub fn time(at: Option<Timestamp>) -> String {
    let mut text = at.map(Timestamp::rfc3339).unwrap_or_default();
    text.truncate(16);
    if text.len() > 10 {
        text.replace_range(10..11, " ");
    }
    text
}

/// `Mon, 23 Nov 2026 05:39:00 GMT` (RFC 1123).
pub fn http_date(at: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // 1970 began on a Thursday.
    let weekday = usize::try_from(at.secs().div_euclid(86_400).rem_euclid(7)).unwrap_or(0);
    let text = at.rfc3339();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().unwrap_or(1).clamp(1, 12);
    format!(
        "{}, {} {} {} {} GMT",
        DAYS[weekday],
        part(8, 10),
        MONTHS[month - 1],
        part(0, 4),
        part(11, 19)
    )
}

/// 12 wide; with `-H` 5 and the unit.
pub fn size(bytes: u64, human: bool) -> String {
    if !human {
        return format!("{bytes:>12}");
    }
    let mut value = bytes;
    for unit in [" ", "K", "M", "G", "T", "P"] {
        if value < 2048 || unit == "P" {
            return format!("{value:>5}{unit}");
        }
        value /= 1024;
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_seen() {
        assert_eq!(visible("a\u{1b}[31mb\n"), "a\\u{1b}[31mb\\u{a}");
        assert_eq!(visible("exe\u{202e}gnp"), "exe\\u{202e}gnp");
        assert_eq!(visible("ünï 😀"), "ünï 😀");
    }

    #[test]
    fn dates_of_http() {
        for (secs, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_795_412_340, "Mon, 23 Nov 2026 05:39:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        ] {
            assert_eq!(http_date(Timestamp::from_secs(secs)), text);
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(size(5, false), "           5");
        assert_eq!(size(2047, true), " 2047 ");
        assert_eq!(size(2048, true), "    2K");
        assert_eq!(size(5 << 30, true), "    5G");
    }
}
