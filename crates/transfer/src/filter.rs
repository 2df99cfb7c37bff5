//! `--exclude`, `--include` and their kin, as s3cmd 2.4.0 reads them (`S3/FileLists.py`).
//!
//! A pattern is looked for in the path below the source's root, without a leading slash. A glob is open
//! at its left end and closed at its right one, and its `*` and `?` take slashes, too: `foo` hits
//! `barfoo` and `dir/foo`. What any exclusion hits is left out unless any inclusion hits it as well; the
//! order of options does not count. A glob that ends in `/` is for folders of a local source: everything
//! below such a folder is left out, whatever else includes it.

use fancy_regex::Regex;
use serde::{Deserialize, Serialize};

use crate::bounds::Bounds;

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    #[error("'{pattern}' is no pattern")]
    Pattern {
        pattern: String,
        #[source]
        source: Box<fancy_regex::Error>,
    },
    /// Patterns can be written that take for ever.
    #[error("a pattern takes too long on '{path}'")]
    TooSlow {
        path: String,
        #[source]
        source: Box<fancy_regex::Error>,
    },
}

/// Patterns as they were written: what the journal keeps of a [`Filter`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rules {
    pub exclude: Vec<String>,
    pub rexclude: Vec<String>,
    pub include: Vec<String>,
    pub rinclude: Vec<String>,
}

impl Rules {
    pub fn is_empty(&self) -> bool {
        self.exclude.is_empty() && self.rexclude.is_empty()
    }

    /// # Errors
    /// A pattern that can't be read.
    pub fn filter(&self) -> Result<Filter, FilterError> {
        let mut filter = Filter::default();
        self.exclude.iter().try_for_each(|glob| filter.exclude_glob(glob))?;
        self.rexclude.iter().try_for_each(|pattern| filter.exclude_regex(pattern))?;
        self.include.iter().try_for_each(|glob| filter.include_glob(glob))?;
        self.rinclude.iter().try_for_each(|pattern| filter.include_regex(pattern))?;
        Ok(filter)
    }
}

/// What is left out of what is found: by its name, of which from this byte on is the path that rules
/// look at, and by its size and age.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sieve {
    pub rules: Rules,
    pub cut: usize,
    #[serde(default, skip_serializing_if = "Bounds::is_none")]
    pub bounds: Bounds,
}

#[derive(Debug, Default)]
pub struct Filter {
    exclude: Vec<Regex>,
    include: Vec<Regex>,
    exclude_folders: Vec<Regex>,
    include_folders: Vec<Regex>,
}

impl Filter {
    /// # Errors
    /// A pattern that can't be read.
    pub fn exclude_glob(&mut self, glob: &str) -> Result<(), FilterError> {
        let regex = compile(glob, &translate(glob))?;
        let kind = if glob.ends_with('/') { &mut self.exclude_folders } else { &mut self.exclude };
        kind.push(regex);
        Ok(())
    }

    /// # Errors
    /// A pattern that can't be read.
    pub fn include_glob(&mut self, glob: &str) -> Result<(), FilterError> {
        let regex = compile(glob, &translate(glob))?;
        let kind = if glob.ends_with('/') { &mut self.include_folders } else { &mut self.include };
        kind.push(regex);
        Ok(())
    }

    /// # Errors
    /// A pattern that can't be read.
    pub fn exclude_regex(&mut self, pattern: &str) -> Result<(), FilterError> {
        self.exclude.push(compile(pattern, pattern)?);
        Ok(())
    }

    /// # Errors
    /// A pattern that can't be read.
    pub fn include_regex(&mut self, pattern: &str) -> Result<(), FilterError> {
        self.include.push(compile(pattern, pattern)?);
        Ok(())
    }

    /// Patterns for folders say nothing where the source is no file system.
    pub fn forget_folders(&mut self) {
        self.exclude_folders.clear();
        self.include_folders.clear();
    }

    /// Whether a file, or a key, is left out, for itself or for a folder that it lies in.
    ///
    /// # Errors
    /// `TooSlow`
    pub fn excludes(&self, path: &str) -> Result<bool, FilterError> {
        if hits(&self.exclude, path)? && !hits(&self.include, path)? {
            return Ok(true);
        }
        if self.exclude_folders.is_empty() {
            return Ok(false);
        }
        for (slash, _) in path.match_indices('/') {
            if self.prunes(&path[..=slash])? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether nothing below a folder (its path ends in `/`) is looked at.
    ///
    /// # Errors
    /// `TooSlow`
    pub fn prunes(&self, folder: &str) -> Result<bool, FilterError> {
        Ok(hits(&self.exclude_folders, folder)? && !hits(&self.include_folders, folder)?)
    }
}

fn hits(patterns: &[Regex], path: &str) -> Result<bool, FilterError> {
    for pattern in patterns {
        let hit = pattern.is_match(path);
        let slow =
            |source| FilterError::TooSlow { path: path.to_owned(), source: Box::new(source) };
        if hit.map_err(slow)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn compile(pattern: &str, regex: &str) -> Result<Regex, FilterError> {
    Regex::new(regex).map_err(|source| FilterError::Pattern {
        pattern: pattern.to_owned(),
        source: Box::new(source),
    })
}

/// A shell pattern as a regular expression, closed at the right end (Python's `fnmatch`).
fn translate(glob: &str) -> String {
    let all: Vec<char> = glob.chars().collect();
    let mut regex = String::from("(?s:");
    let mut at = 0;
    while let Some(&c) = all.get(at) {
        at += 1;
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match class(&all, at) {
                Some((text, after)) => {
                    regex.push_str(&text);
                    at = after;
                }
                None => regex.push_str("\\["),
            },
            other => regex.push_str(&fancy_regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    regex.push_str(")\\z");
    regex
}

/// `[abc]`, `[!a-z]`: a `]` right at the beginning is one of the letters; without a closing one there
/// is no class.
fn class(all: &[char], from: usize) -> Option<(String, usize)> {
    let negated = all.get(from) == Some(&'!');
    let first = from + usize::from(negated);
    let search = first + usize::from(all.get(first) == Some(&']'));
    let end = search + all.get(search..)?.iter().position(|c| *c == ']')?;
    let mut text = String::from(if negated { "[^" } else { "[" });
    let inside = &all[first..end];
    for (at, c) in inside.iter().enumerate() {
        let range = *c == '-' && at > 0 && at + 1 < inside.len();
        if range && inside[at - 1] > inside[at + 1] {
            return None;
        }
        if !range && !c.is_alphanumeric() {
            text.push('\\');
        }
        text.push(*c);
    }
    text.push(']');
    Some((text, end + 1))
}

/// The patterns of a file: one a line, without blank ones and those that begin with `#`.
pub fn pattern_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(globs: &[&str], path: &str) -> bool {
        let mut filter = Filter::default();
        for glob in globs {
            match glob.split_once(':') {
                Some(("+", glob)) => filter.include_glob(glob).unwrap(),
                Some(("r", regex)) => filter.exclude_regex(regex).unwrap(),
                Some(("r+", regex)) => filter.include_regex(regex).unwrap(),
                _ => filter.exclude_glob(glob).unwrap(),
            }
        }
        filter.excludes(path).unwrap()
    }

    /// Each line seen with s3cmd 2.4.0.
    #[test]
    fn as_s3cmd_has_it() {
        for (globs, path, want) in [
            (&["foo"][..], "foo", true),
            (&["foo"], "barfoo", true),
            (&["foo"], "dir/foo", true),
            (&["foo"], "foobar", false),
            (&["foo"], "foo/a.txt", false),
            (&["foo/*"], "foo/a.txt", true),
            (&["foo/*"], "bar/foo/a.txt", true),
            (&["foo/*"], "xfoo/a.txt", true),
            (&["/foo/*"], "foo/a.txt", false),
            (&["/foo/*"], "bar/foo/a.txt", true),
            (&["*.txt"], "a.txt", true),
            (&["*.txt"], "deep/er/a.txt", true),
            (&["*.txt"], "a.txt.gz", false),
            (&["a?c"], "a/c", true),
            (&["a*c"], "a/b/c", true),
            (&["foo/"], "foo/a.txt", true),
            (&["foo/"], "x/foo/y/a.txt", true),
            (&["foo/"], "xfoo/a.txt", true),
            (&["foo/"], "foo", false),
            (&["*", "+:*.txt"], "a.txt", false),
            (&["*", "+:*.txt"], "a.bin", true),
            (&["+:*.txt", "*"], "a.txt", false),
            (&["foo/", "+:*.txt"], "foo/a.txt", true),
            (&["foo/", "+:foo/"], "foo/a.txt", false),
            (&["r:^foo"], "foo/a", true),
            (&["r:^foo"], "x/foo", false),
            (&["r:foo"], "afoob", true),
            (&["r:\\.(jpe?g|png)$"], "a/b.jpeg", true),
            (&["r:^(?!keep/)"], "keep/a", false),
            (&["r:^(?!keep/)"], "other/a", true),
            (&["r:.*", "r+:^a"], "ab", false),
            (&["[ab].txt"], "b.txt", true),
            (&["[!ab].txt"], "b.txt", false),
            (&["[!ab].txt"], "c.txt", true),
            (&["[a-c]"], "xb", true),
            (&["[]x]"], "]", true),
            (&["[x"], "[x", true),
            (&["a.b"], "axb", false),
            (&["a+b(c)"], "a+b(c)", true),
            (&["ü*"], "dir/ünï", true),
            (&["a*b"], "a\nb", true),
            (&[], "anything", false),
        ] {
            assert_eq!(excluded(globs, path), want, "{globs:?} {path:?}");
        }
    }

    #[test]
    fn where_there_are_no_folders() {
        let mut filter = Filter::default();
        filter.exclude_glob("foo/").unwrap();
        assert!(filter.prunes("a/foo/").unwrap() && filter.excludes("foo/a").unwrap());
        filter.forget_folders();
        assert!(!filter.prunes("a/foo/").unwrap() && !filter.excludes("foo/a").unwrap());
    }

    #[test]
    fn what_is_no_pattern() {
        let mut filter = Filter::default();
        assert!(filter.exclude_regex("(").is_err());
        assert!(filter.include_regex("[").is_err());
        assert!(filter.exclude_glob("[z-a]").is_ok(), "a glob is always one");
    }

    #[test]
    fn lines_of_a_file() {
        let lines: Vec<&str> = pattern_lines("# all\n\n  *.txt \r\n#x\na b\n").collect();
        assert_eq!(lines, ["*.txt", "a b"]);
    }
}
