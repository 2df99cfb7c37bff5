//! Which objects are wanted, by what a listing tells of them.

use clap::Args;
use dipper_app::{Bounds, Failure, ListedObject, Result};
use dipper_types::Timestamp;
use regex::Regex;

use crate::glob::Glob;
use crate::verbs::words;

const HEADING: &str = "Sizes and ages";

/// How large and how old a source may be.
#[derive(Debug, Clone, Default, Args)]
pub struct BoundsArgs {
    /// Only what is so large or larger: 10k, 5m, 1g
    #[arg(long, value_name = "SIZE", help_heading = HEADING)]
    pub min_size: Option<String>,
    /// Only what is so large or smaller
    #[arg(long, value_name = "SIZE", help_heading = HEADING)]
    pub max_size: Option<String>,
    /// Only what was written so long ago or longer: 12h, 7d, 2w
    #[arg(long, value_name = "AGE", visible_alias = "older-than", help_heading = HEADING)]
    pub min_age: Option<String>,
    /// Only what was written so long ago or later
    #[arg(long, value_name = "AGE", visible_alias = "newer-than", help_heading = HEADING)]
    pub max_age: Option<String>,
}

impl BoundsArgs {
    pub fn bounds(&self) -> Result<Bounds> {
        let size = |text: &Option<String>| text.as_deref().map(words::bytes).transpose();
        let age = |text: &Option<String>| text.as_deref().map(words::span).transpose();
        Ok(Bounds {
            min_size: size(&self.min_size)?,
            max_size: size(&self.max_size)?,
            min_age: age(&self.min_age)?,
            max_age: age(&self.max_age)?,
        })
    }
}

/// All of it must hold.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The last part of the key; one of them.
    pub names: Vec<Glob>,
    /// The whole key; one of them.
    pub paths: Vec<Glob>,
    /// Somewhere in the key.
    pub regex: Option<Regex>,
    pub limits: Bounds,
    /// One of them; a listing without any means STANDARD.
    pub classes: Vec<String>,
}

impl Wanted {
    pub fn has(&self, object: &ListedObject, now: Timestamp) -> bool {
        let key = object.key.as_str();
        let name = key.strip_suffix('/').unwrap_or(key);
        let name = name.rsplit('/').next().unwrap_or(name);
        let one_of = |globs: &[Glob], text: &str| {
            globs.is_empty() || globs.iter().any(|glob| glob.matches(text))
        };
        let class = object.storage_class.as_deref().unwrap_or("STANDARD");
        one_of(&self.names, name)
            && one_of(&self.paths, key)
            && self.regex.as_ref().is_none_or(|regex| regex.is_match(key))
            && self.limits.hold(object.size, object.modified, now)
            && (self.classes.is_empty()
                || self.classes.iter().any(|wanted| wanted.eq_ignore_ascii_case(class)))
    }
}

pub fn regex(text: &str) -> Result<Regex> {
    Regex::new(text)
        .map_err(|error| Failure::invalid(format!("'{text}' is no regular expression: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn object(key: &str, size: u64, days: u64) -> ListedObject {
        let now = 1000 * DAY;
        let modified = i64::try_from(now - days * DAY).unwrap();
        ListedObject {
            key: key.into(),
            size,
            modified: Some(Timestamp::from_secs(modified)),
            etag: None,
            storage_class: None,
        }
    }

    #[test]
    fn all_of_it_must_hold() {
        let now = Timestamp::from_secs(i64::try_from(1000 * DAY).unwrap());
        let has =
            |wanted: &Wanted, key: &str, size, days| wanted.has(&object(key, size, days), now);
        let glob = |text| vec![Glob::new(text).unwrap()];
        assert!(has(&Wanted::default(), "a", 0, 0));
        let by_name = Wanted { names: glob("*.log"), ..Wanted::default() };
        assert!(has(&by_name, "a/b/x.log", 1, 1) && !has(&by_name, "x.log/y", 1, 1));
        assert!(has(&by_name, "dir.log/", 0, 1));
        let by_path = Wanted { paths: glob("a/*.log"), ..Wanted::default() };
        assert!(has(&by_path, "a/x.log", 1, 1) && !has(&by_path, "a/b/x.log", 1, 1));
        let by_regex = Wanted { regex: regex("[0-9]{4}/").ok(), ..Wanted::default() };
        assert!(has(&by_regex, "logs/2026/x", 1, 1) && !has(&by_regex, "logs/26/x", 1, 1));
        let limits = Bounds { min_size: Some(5), ..Bounds::default() };
        let sizes = Wanted { limits, ..Wanted::default() };
        assert_eq!([4, 5].map(|size| has(&sizes, "a", size, 1)), [false, true]);
        let class = Wanted { classes: vec!["standard".into()], ..Wanted::default() };
        assert!(has(&class, "a", 1, 1));
        let class = Wanted { classes: vec!["GLACIER".into()], ..Wanted::default() };
        assert!(!has(&class, "a", 1, 1));
    }
}
