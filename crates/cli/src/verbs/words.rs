//! What can be said in a word or two in the place of a whole document, and spans of time.

use std::time::Duration;

use dipper_app::{App, Document, Failure, Result, Speed};
use dipper_types::Timestamp;
use serde_json::{Value, json};

/// `90`, `90s`, `15m`, `12h`, `7d`, `2w`.
pub fn span(text: &str) -> Result<Duration> {
    let text = text.trim();
    let bad = || {
        Failure::invalid(format!("'{text}' is no span of time"))
            .with_hint("Write it like 90s, 15m, 12h, 7d or 2w.")
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| bad())?;
    let unit = match &text[digits..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return Err(bad()),
    };
    number.checked_mul(unit).map(Duration::from_secs).ok_or_else(bad)
}

/// Bytes: `500k`, `2m`, `1g`, `3t` or a plain number.
pub fn bytes(text: &str) -> Result<u64> {
    let bad = || {
        Failure::invalid(format!("'{text}' is no size"))
            .with_hint("Write bytes, or 10k, 5m, 2g, 1t.")
    };
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
    let number: u64 = lower[..digits].parse().map_err(|_| bad())?;
    let unit: u64 = match lower[digits..].trim_end_matches('b').trim_end_matches('i') {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        "t" => 1 << 40,
        _ => return Err(bad()),
    };
    number.checked_mul(unit).ok_or_else(bad)
}

/// Bytes a second: `500k`, `2m`, `1g` or a plain number (s3cmd's `--limit-rate`).
pub fn rate(text: &str) -> Result<u64> {
    let bad = || {
        Failure::invalid(format!("'{text}' is no speed"))
            .with_hint("Write bytes a second, such as 500k, 2m or 100000.")
    };
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
    let number: u64 = lower[..digits].parse().map_err(|_| bad())?;
    let unit = match lower[digits..].trim_end_matches("/s").trim_end_matches('b') {
        "" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => return Err(bad()),
    };
    number.checked_mul(unit).ok_or_else(bad)
}

pub fn limit_rate(app: &App, text: Option<&str>) -> Result<()> {
    match text {
        Some(text) => app.limit_speed(Speed { limit: Some(rate(text)?), timetable: Vec::new() }),
        None => Ok(()),
    }
}

/// A span from now, or a moment in RFC 3339 (a bare date is its midnight in UTC).
pub fn until(text: &str, now: Timestamp) -> Result<Timestamp> {
    let moment = match text.len() {
        10 => Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")),
        _ => Timestamp::parse_rfc3339(text),
    };
    match moment {
        Some(at) => Ok(at),
        None => span(text).map(|span| now.plus(span)).map_err(|failure| {
            failure.with_hint("Write a span like 30d, or a date like 2030-12-31.")
        }),
    }
}

/// A span ago, or a moment in RFC 3339 (a bare date is its midnight in UTC).
pub fn past(text: &str, now: Timestamp) -> Result<Timestamp> {
    let moment = match text.len() {
        10 => Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")),
        _ => Timestamp::parse_rfc3339(text),
    };
    let ago = |span: Duration| {
        Timestamp::from_millis(now.millis().saturating_sub_unsigned(span.as_millis() as u64))
    };
    match moment {
        Some(at) => Ok(at),
        None => span(text).map(ago).map_err(|failure| {
            failure.with_hint("Write a date, 2026-11-23T05:39:00Z, or a span ago such as 2h or 7d.")
        }),
    }
}

/// `KEY=VALUE`, several in one word joined by `&` as s3cmd has it.
pub fn tags(words: &[String]) -> Result<Vec<(String, String)>> {
    let pairs = words.iter().flat_map(|word| word.split('&')).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| Failure::invalid(format!("'{pair}' is no tag; write KEY=VALUE")))?;
            Ok((key.to_owned(), value.to_owned()))
        })
        .collect()
}

fn switch(word: &str) -> Result<&'static str> {
    match word.to_ascii_lowercase().as_str() {
        "enable" | "enabled" | "on" => Ok("Enabled"),
        "disable" | "disabled" | "suspend" | "suspended" | "off" => Ok("Suspended"),
        _ => Err(Failure::invalid(format!("'{word}' is neither on nor off"))),
    }
}

fn number(text: &str) -> Result<u64> {
    text.parse().map_err(|_| Failure::invalid(format!("'{text}' is no whole number")))
}

/// The document that the words mean; `None` where they must be a document themselves.
pub fn document(what: Document, words: &[String], now: Timestamp) -> Result<Option<String>> {
    let all: Vec<&str> = words.iter().map(String::as_str).collect();
    let value: Value = match (what, all.as_slice()) {
        (Document::Versioning | Document::Accelerate, [word]) => {
            json!({ "status": switch(word)? })
        }
        (Document::Encryption, ["AES256"]) => {
            json!({ "rules": [{ "applyServerSideEncryptionByDefault": { "sseAlgorithm": "AES256" } }] })
        }
        (Document::Encryption, [kms @ ("aws:kms" | "aws:kms:dsse"), key @ ..]) if key.len() < 2 => {
            let mut rule = json!({ "sseAlgorithm": kms });
            if let Some(key) = key.first() {
                rule["kmsMasterKeyID"] = (*key).into();
            }
            json!({ "rules": [{ "applyServerSideEncryptionByDefault": rule, "bucketKeyEnabled": true }] })
        }
        (Document::RequestPayment, [payer]) => match payer.to_ascii_lowercase().as_str() {
            "requester" => json!({ "payer": "Requester" }),
            "owner" | "bucketowner" => json!({ "payer": "BucketOwner" }),
            _ => return Err(Failure::invalid(format!("'{payer}' is neither requester nor owner"))),
        },
        (
            Document::Ownership,
            [word @ ("BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter")],
        ) => json!({ "rules": [{ "objectOwnership": word }] }),
        (Document::PublicAccessBlock, [word]) if !word.starts_with(['{', '<']) => {
            let names = [
                "BlockPublicAcls",
                "IgnorePublicAcls",
                "BlockPublicPolicy",
                "RestrictPublicBuckets",
            ];
            let chosen: Vec<&str> = match *word {
                "all" | "on" => names.to_vec(),
                "none" | "off" => Vec::new(),
                list => list.split(',').map(str::trim).collect(),
            };
            if let Some(unknown) = chosen.iter().find(|name| !names.contains(*name)) {
                return Err(Failure::invalid(format!("there is no block '{unknown}'"))
                    .with_hint(format!("All there are: {}.", names.join(", "))));
            }
            let chosen = |name: &str| Value::from(chosen.contains(&name));
            names.iter().map(|name| ((*name).to_owned(), chosen(name))).collect()
        }
        (Document::Tagging, words)
            if words.iter().all(|w| w.contains('=') && !w.starts_with(['{', '<'])) =>
        {
            let set: Vec<Value> = tags(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>())?
                .into_iter()
                .map(|(key, value)| json!({ "key": key, "value": value }))
                .collect();
            json!({ "tagSet": set })
        }
        (Document::Website, [index]) if !index.starts_with(['{', '<']) => {
            json!({ "indexDocument": { "suffix": index } })
        }
        (Document::Website, [index, error]) => {
            json!({ "indexDocument": { "suffix": index }, "errorDocument": { "key": error } })
        }
        (Document::LegalHold, [word]) if !word.starts_with(['{', '<']) => {
            json!({ "status": if switch(word)? == "Enabled" { "ON" } else { "OFF" } })
        }
        (Document::Retention, [mode @ ("GOVERNANCE" | "COMPLIANCE"), text]) => {
            json!({ "mode": mode, "retainUntilDate": until(text, now)?.rfc3339() })
        }
        (Document::ObjectLock, [mode @ ("GOVERNANCE" | "COMPLIANCE"), text]) => {
            let (digits, years) = match text.strip_suffix('y') {
                Some(years) => (years, true),
                None => (text.trim_end_matches('d'), false),
            };
            let unit = if years { "years" } else { "days" };
            json!({
                "objectLockEnabled": "Enabled",
                "rule": { "defaultRetention": { "mode": mode, unit: number(digits)? } },
            })
        }
        _ => return Ok(None),
    };
    Ok(Some(value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, secs) in
            [("90", 90), ("15m", 900), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)]
        {
            assert_eq!(span(text).map(|s| s.as_secs()).ok(), Some(secs), "{text}");
        }
        for bad in ["", "h", "1y", "-1d", "99999999999999999999d", "1 d"] {
            assert!(span(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes() {
        for (text, want) in
            [("7", 7), ("10k", 10 << 10), ("5M", 5 << 20), ("2GiB", 2 << 30), ("1tb", 1 << 40)]
        {
            assert_eq!(bytes(text).ok(), Some(want), "{text}");
        }
        for bad in ["", "k", "-1", "1x", "99999999999t"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn moments_before_now() {
        let now = Timestamp::from_secs(1_000_000);
        let of = |text| past(text, now).map(Timestamp::secs).ok();
        assert_eq!(of("1h"), Some(996_400));
        assert_eq!(of("1970-01-02"), Some(86_400));
        assert_eq!(of("1970-01-02T00:00:01Z"), Some(86_401));
        assert_eq!(of("yesterday"), None);
    }

    #[test]
    fn words_mean_documents() {
        let now = Timestamp::from_secs(0);
        let of = |what, words: &[&str]| {
            let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
            document(what, &words, now)
        };
        for (what, words, want) in [
            (Document::Versioning, &["enable"][..], r#"{"status":"Enabled"}"#),
            (Document::RequestPayment, &["Requester"], r#"{"payer":"Requester"}"#),
            (Document::LegalHold, &["off"], r#"{"status":"OFF"}"#),
            (
                Document::Retention,
                &["GOVERNANCE", "1d"],
                r#"{"mode":"GOVERNANCE","retainUntilDate":"1970-01-02T00:00:00Z"}"#,
            ),
            (
                Document::Tagging,
                &["a=1&b=2", "c="],
                r#"{"tagSet":[{"key":"a","value":"1"},{"key":"b","value":"2"},{"key":"c","value":""}]}"#,
            ),
        ] {
            assert_eq!(of(what, words).unwrap().as_deref(), Some(want), "{what:?}");
        }
        assert!(of(Document::Versioning, &["maybe"]).is_err());
        assert!(of(Document::PublicAccessBlock, &["Everything"]).is_err());
        assert_eq!(of(Document::Cors, &["*"]).unwrap(), None);
        // What is right in words must be right as a document.
        for (what, words) in [
            (Document::Encryption, &["aws:kms", "alias/x"][..]),
            (Document::PublicAccessBlock, &["all"]),
            (Document::ObjectLock, &["COMPLIANCE", "10y"]),
            (Document::Website, &["index.html", "error.html"]),
            (Document::Ownership, &["ObjectWriter"]),
            (Document::Accelerate, &["on"]),
        ] {
            let text = of(what, words).unwrap().unwrap();
            what.write(&text).unwrap_or_else(|e| panic!("{what:?}: {e}"));
        }
    }
}
