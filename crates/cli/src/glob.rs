//! Shell patterns for keys: `*` and `?` stop at a slash, `**` does not, `[a-z]` and `[!a-z]` are one
//! character other than a slash. Nothing escapes: `[*]` is a star.

use dipper_app::{Failure, Result};
use regex::{Regex, RegexBuilder};

/// A pattern that was read.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    prefix: String,
    one_level: bool,
    exactly: Regex,
    below: Regex,
}

impl Glob {
    /// Whether a path in an address is a pattern. Brackets alone make none: names have them more
    /// often than patterns do.
    pub fn is(text: &str) -> bool {
        text.contains(['*', '?'])
    }

    /// # Errors
    /// A class that runs backwards, or a pattern that is too large.
    pub fn new(text: &str) -> Result<Self> {
        Self::with_case(text, false)
    }

    /// # Errors
    /// As [`Glob::new`].
    pub fn with_case(text: &str, ignored: bool) -> Result<Self> {
        let (regex, literal) = translate(text);
        let compile = |regex: &str| {
            RegexBuilder::new(regex)
                .case_insensitive(ignored)
                .dot_matches_new_line(true)
                .build()
                .map_err(|_| Failure::invalid(format!("'{text}' is no pattern")))
        };
        let rest = &text[literal..];
        Ok(Self {
            prefix: text[..literal].to_owned(),
            one_level: !rest.contains('/') && !rest.contains("**"),
            exactly: compile(&format!("^(?:{regex})$"))?,
            below: compile(&format!("^(?:{regex})(?:/.*)?$"))?,
            text: text.to_owned(),
        })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// What every match begins with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The folder that all matches lie in, with its slash.
    pub fn base(&self) -> &str {
        self.prefix.rfind('/').map_or("", |at| &self.prefix[..=at])
    }

    /// Whether a listing by folders shows all matches.
    pub fn is_one_level(&self) -> bool {
        self.one_level
    }

    pub fn matches(&self, key: &str) -> bool {
        self.exactly.is_match(key)
    }

    /// Whether the key matches, or a folder that it lies in.
    pub fn covers(&self, key: &str) -> bool {
        self.below.is_match(key)
    }
}

/// The regular expression, and how much of the pattern stands for itself.
fn translate(glob: &str) -> (String, usize) {
    let all: Vec<(usize, char)> = glob.char_indices().collect();
    let mut regex = String::with_capacity(glob.len() * 2);
    let mut literal = None;
    let mut at = 0;
    while let Some(&(from, c)) = all.get(at) {
        let after = |n: usize| all.get(at + n).map(|(_, c)| *c);
        let begins = at == 0 || all[at - 1].1 == '/';
        let (text, taken) = match c {
            '*' if after(1) == Some('*') && after(2) == Some('/') && begins => {
                ("(?:.*/)?".to_owned(), 3)
            }
            '*' if after(1) == Some('*') => (".*".to_owned(), 2),
            '*' => ("[^/]*".to_owned(), 1),
            '?' => ("[^/]".to_owned(), 1),
            '[' => match class(&all[at + 1..]) {
                Some((text, taken)) => (text, taken + 1),
                None => ("\\[".to_owned(), 1),
            },
            _ => (regex::escape(c.encode_utf8(&mut [0; 4])), 1),
        };
        let is_itself = taken == 1 && !matches!(c, '*' | '?');
        if !is_itself {
            literal.get_or_insert(from);
        }
        regex.push_str(&text);
        at += taken;
    }
    (regex, literal.unwrap_or(glob.len()))
}

/// What follows a `[`: the class, and how many characters it takes. A `]` right at the beginning is
/// one of the letters; without a closing one there is no class.
fn class(rest: &[(usize, char)]) -> Option<(String, usize)> {
    let letters: Vec<char> = rest.iter().map(|(_, c)| *c).collect();
    let negated = matches!(letters.first(), Some('!' | '^'));
    let first = usize::from(negated);
    let end = first + 1 + letters.get(first + 1..)?.iter().position(|c| *c == ']')?;
    let mut inner = String::new();
    let mut at = first;
    while at < end {
        let one = regex::escape(letters[at].encode_utf8(&mut [0; 4]));
        if at + 2 < end && letters[at + 1] == '-' {
            let last = regex::escape(letters[at + 2].encode_utf8(&mut [0; 4]));
            inner.push_str(&format!("{one}-{last}"));
            at += 3;
            continue;
        }
        inner.push_str(&one);
        at += 1;
    }
    let text = match negated {
        true => format!("[^/{inner}]"),
        false => format!("[[{inner}]&&[^/]]"),
    };
    Some((text, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_slashes() {
        for (pattern, hits, misses) in [
            ("a*", &["a", "ab", "a.txt"][..], &["b", "a/b", "ba"][..]),
            ("a?c", &["abc", "a*c", "aäc"], &["ac", "a/c", "abbc"]),
            ("a/*", &["a/b", "a/"], &["a", "a/b/c", "ab/c"]),
            ("**", &["a", "a/b/c", ""], &[]),
            ("a/**", &["a/b", "a/b/c", "a/"], &["a", "ab"]),
            ("**/x", &["x", "a/x", "a/b/x"], &["ax", "a/bx"]),
            ("a*/**/x?.csv", &["a1/x1.csv", "a/b/c/xy.csv"], &["a1/x.csv", "b/x1.csv", "ax1.csv"]),
            ("log**gz", &["loggz", "log/a/b.gz"], &["log.gzip"]),
            ("*.*", &["a.b", "."], &["a", "d/a.b"]),
            ("[ab]*", &["a1", "b"], &["c", "ab/c"]),
            ("[!ab]?", &["c1", "]1"], &["a1", "/1"]),
            ("[]-]*", &["]x", "-"], &["x"]),
            ("[.-0]*", &[".", "0"], &["/"]),
            ("[*]*", &["*", "*a"], &["a*"]),
            ("a[b*", &["a[b", "a[bc"], &["ab"]),
            ("(a|b)+$*", &["(a|b)+$", "(a|b)+$x"], &["a"]),
            ("*\n*", &["a\nb"], &["ab"]),
        ] {
            let glob = Glob::new(pattern).unwrap();
            for hit in hits {
                assert!(glob.matches(hit), "{pattern} and {hit:?}");
                assert!(hit.starts_with(glob.prefix()), "{pattern} and {hit:?}");
            }
            for miss in misses {
                assert!(!glob.matches(miss), "{pattern} and {miss:?}");
            }
        }
        assert!(Glob::new("[z-a]*").is_err());
    }

    #[test]
    fn what_is_listed() {
        for (pattern, prefix, base, one_level) in [
            ("a/b*", "a/b", "a/", true),
            ("a/b*/c", "a/b", "a/", false),
            ("*", "", "", true),
            ("a/**", "a/", "a/", false),
            ("a/x[12]*", "a/x", "a/", true),
            ("a/x[12*", "a/x[12", "a/", true),
            ("ä?", "ä", "", true),
        ] {
            let glob = Glob::new(pattern).unwrap();
            assert_eq!((glob.prefix(), glob.base()), (prefix, base), "{pattern}");
            assert_eq!(glob.is_one_level(), one_level, "{pattern}");
        }
        assert!(Glob::is("a*") && Glob::is("a?") && !Glob::is("a[1]"));
    }

    #[test]
    fn folders_that_match_have_what_is_below() {
        let glob = Glob::new("log-*").unwrap();
        assert!(glob.covers("log-1") && glob.covers("log-1/a/b"));
        assert!(!glob.covers("logs/log-1") && !glob.covers("log/1"));
        assert!(Glob::with_case("*.JPG", true).unwrap().matches("a.jpg"));
    }
}
