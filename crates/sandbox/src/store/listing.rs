//! One page of a listing, from a sorted index. Cost: one seek a page and one a common prefix.

use std::collections::BTreeMap;
use std::ops::Bound;

/// What a page is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    pub prefix: &'a str,
    pub delimiter: Option<&'a str>,
    /// Keys and common prefixes up to this one are behind us.
    pub after: Option<&'a str>,
    pub max: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry<V> {
    Key(Box<str>, V),
    Prefix(String),
}

impl<V> Entry<V> {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Key(key, _) => key,
            Self::Prefix(prefix) => prefix,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Listed<V> {
    pub entries: Vec<Entry<V>>,
    pub truncated: bool,
}

pub(crate) fn list<V: Clone>(index: &BTreeMap<Box<str>, V>, wanted: &Wanted<'_>) -> Listed<V> {
    let mut listed = Listed { entries: Vec::new(), truncated: false };
    let after = wanted.after.filter(|after| *after >= wanted.prefix);
    let mut from: Bound<String> = match after {
        Some(after) => Bound::Excluded(after.to_owned()),
        None => Bound::Included(wanted.prefix.to_owned()),
    };
    if wanted.max == 0 {
        return listed;
    }
    loop {
        let start = match &from {
            Bound::Included(s) => Bound::Included(s.as_str()),
            Bound::Excluded(s) => Bound::Excluded(s.as_str()),
            Bound::Unbounded => Bound::Unbounded,
        };
        let mut jump = None;
        for (key, value) in index.range::<str, _>((start, Bound::Unbounded)) {
            let Some(rest) = key.strip_prefix(wanted.prefix) else {
                return listed;
            };
            let common = wanted
                .delimiter
                .and_then(|d| rest.find(d).map(|at| wanted.prefix.len() + at + d.len()))
                .map(|end| &key[..end]);
            let behind = |common: &str| after.is_some_and(|after| after.starts_with(common));
            if let Some(common) = common.filter(|c| behind(c)) {
                jump = Some(common.to_owned());
                break;
            }
            if listed.entries.len() == wanted.max {
                listed.truncated = true;
                return listed;
            }
            match common {
                Some(common) => {
                    listed.entries.push(Entry::Prefix(common.to_owned()));
                    jump = Some(common.to_owned());
                    break;
                }
                None => listed.entries.push(Entry::Key(key.clone(), value.clone())),
            }
        }
        from = match jump.map(|common| past(&common)) {
            Some(Some(next)) => Bound::Included(next),
            Some(None) | None => return listed,
        };
    }
}

/// The smallest text that is greater than all that begin with `prefix`; `None` if there is none.
pub(crate) fn past(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        let next = match last {
            '\u{D7FF}' => Some('\u{E000}'),
            char::MAX => None,
            c => char::from_u32(c as u32 + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 9] = ["a", "a/", "a/b", "a/b/c", "ab", "b/1", "b/2", "é/x", "\u{10FFFF}/x"];

    fn index() -> BTreeMap<Box<str>, ()> {
        KEYS.iter().map(|k| (Box::from(*k), ())).collect()
    }

    fn names(wanted: &Wanted<'_>) -> Vec<String> {
        list(&index(), wanted).entries.iter().map(|e| e.name().to_owned()).collect()
    }

    #[test]
    fn table() {
        let slash = Some("/");
        let w = |prefix, delimiter, after| Wanted { prefix, delimiter, after, max: 1000 };
        for (wanted, expected) in [
            (w("", None, None), KEYS.to_vec()),
            (w("", slash, None), vec!["a", "a/", "ab", "b/", "é/", "\u{10FFFF}/"]),
            (w("a/", slash, None), vec!["a/", "a/b", "a/b/"]),
            (w("a", slash, None), vec!["a", "a/", "ab"]),
            (w("", slash, Some("a/")), vec!["ab", "b/", "é/", "\u{10FFFF}/"]),
            (w("", slash, Some("b/1")), vec!["é/", "\u{10FFFF}/"]),
            (w("", None, Some("b/1")), vec!["b/2", "é/x", "\u{10FFFF}/x"]),
            (w("b/", None, Some("a")), vec!["b/1", "b/2"]),
            (w("b/", None, Some("c")), vec![]),
            (w("x", slash, None), vec![]),
            (w("", Some("b"), None), vec!["a", "a/", "a/b", "ab", "b", "é/x", "\u{10FFFF}/x"]),
        ] {
            assert_eq!(names(&wanted), expected, "{wanted:?}");
        }
    }

    #[test]
    fn pages_make_up_the_whole() {
        for delimiter in [None, Some("/")] {
            for prefix in ["", "a", "a/"] {
                let whole = names(&Wanted { prefix, delimiter, after: None, max: 1000 });
                for max in 1..5 {
                    let (mut got, mut after) = (Vec::new(), None::<String>);
                    loop {
                        let wanted = Wanted { prefix, delimiter, after: after.as_deref(), max };
                        let page = list(&index(), &wanted);
                        got.extend(page.entries.iter().map(|e| e.name().to_owned()));
                        if !page.truncated {
                            break;
                        }
                        after = got.last().cloned();
                    }
                    assert_eq!(got, whole, "{delimiter:?} {prefix} {max}");
                }
            }
        }
    }

    #[test]
    fn no_room_is_no_page() {
        let page = list(&index(), &Wanted { max: 0, ..Wanted::default() });
        assert!(page.entries.is_empty() && !page.truncated);
    }
}
