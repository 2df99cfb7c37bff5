use crate::context::Known;

/// Whether `text` fits `pattern`, where `*` stands for any text (slashes and nothing, too) and `?`
/// for one character.
#[cfg(test)]
fn matches(pattern: &str, text: &str) -> bool {
    run(&compiled(pattern), text.as_bytes(), |a, b| a == b)
}

/// As [`matches`], without regard to ASCII case: action names.
pub(crate) fn matches_any_case(pattern: &str, text: &str) -> bool {
    run(&compiled(pattern), text.as_bytes(), |a, b| a.eq_ignore_ascii_case(&b))
}

/// As [`matches`], where `${*}`, `${?}` and `${$}` stand for the characters themselves. `None` if
/// the pattern has any other policy variable: its value is not known here.
pub(crate) fn matches_resource(pattern: &str, text: &str) -> Option<bool> {
    match filled(pattern, true, |_| Known::Unknown) {
        Filled::Ready(pattern) => Some(fits(&pattern, text)),
        Filled::Absent | Filled::Unknown => None,
    }
}

/// A pattern with its policy variables filled in.
pub(crate) enum Filled {
    /// For [`fits`], or plain bytes.
    Ready(Vec<u8>),
    /// A variable has no value and no default: nothing fits.
    Absent,
    Unknown,
}

/// Fills in `${aws:username}` and `${aws:username, 'default'}`. Where `wild`, the wildcards of the
/// pattern itself (never those of a value) are wild.
pub(crate) fn filled(pattern: &str, wild: bool, value: impl Fn(&str) -> Known) -> Filled {
    let plain = |text: &str| if wild { compiled(text) } else { text.as_bytes().to_vec() };
    let mut parts = pattern.split("${");
    let mut whole = parts.next().map(plain).unwrap_or_default();
    for part in parts {
        let Some((name, rest)) = part.split_once('}') else {
            return Filled::Unknown;
        };
        let (name, default) = match name.split_once(',') {
            Some((name, default)) => (name.trim(), Some(default.trim().trim_matches('\''))),
            None => (name, None),
        };
        match (name, value(name), default) {
            ("*" | "?" | "$", ..) => whole.extend(name.bytes()),
            (_, Known::Unknown, _) => return Filled::Unknown,
            (_, Known::Values(values), _) if values.len() == 1 => {
                whole.extend(values.iter().flat_map(|v| v.bytes()));
            }
            (_, _, Some(default)) => whole.extend(default.bytes()),
            (_, _, None) => return Filled::Absent,
        }
        whole.extend(plain(rest));
    }
    Filled::Ready(whole)
}

pub(crate) fn fits(pattern: &[u8], text: &str) -> bool {
    run(pattern, text.as_bytes(), |a, b| a == b)
}

/// Bytes that no UTF-8 text has stand for the wildcards.
const ANY: u8 = 0xFF;
const ONE: u8 = 0xFE;

fn compiled(pattern: &str) -> Vec<u8> {
    let wild = |b| match b {
        b'*' => ANY,
        b'?' => ONE,
        b => b,
    };
    pattern.bytes().map(wild).collect()
}

/// Linear in space, and in time at worst pattern × text: only the last `*` is ever tried again.
fn run(pattern: &[u8], text: &[u8], same: impl Fn(u8, u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(&ANY) => {
                p += 1;
                retry = Some((p, t));
            }
            Some(&ONE) => {
                p += 1;
                t += char_len(text[t]);
            }
            Some(&c) if same(c, text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match &mut retry {
                Some((after_star, from)) => {
                    *from += char_len(text[*from]);
                    (p, t) = (*after_star, *from);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == ANY)
}

/// Bytes of the UTF-8 character that begins with this byte.
const fn char_len(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn table() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("??", "é", false),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y", true),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::bb/x", false),
            ("*.jpg", "a/b.jpg", true),
            ("*.jpg", "a/b.jpg.txt", false),
            ("a**b", "ab", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*ab", "aab", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} on {text}");
        }
        assert!(matches_any_case("S3:get*", "s3:GetObject"));
    }

    #[test]
    fn escapes_and_variables() {
        assert_eq!(matches_resource("a${*}*", "a*b"), Some(true));
        assert_eq!(matches_resource("a${*}*", "aab"), Some(false));
        assert_eq!(matches_resource("${$}{x}", "${x}"), Some(true));
        assert_eq!(matches_resource("home/${aws:username}/*", "home/x/y"), None);
        assert_eq!(matches_resource("a${", "a${"), None);
    }

    #[test]
    fn a_long_pattern_of_stars_ends() {
        let pattern = "a*".repeat(200) + "b";
        assert!(!matches(&pattern, &"a".repeat(20_000)));
    }

    fn reference(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => {
                reference(rest, text) || (!text.is_empty() && reference(pattern, &text[1..]))
            }
            (Some(('?', p)), Some((_, t))) => reference(p, t),
            (Some((a, p)), Some((b, t))) => a == b && reference(p, t),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn same_as_the_plain_definition(pattern in "[abé*?]{0,8}", text in "[abé]{0,10}") {
            let p: Vec<char> = pattern.chars().collect();
            let t: Vec<char> = text.chars().collect();
            prop_assert_eq!(matches(&pattern, &text), reference(&p, &t));
        }
    }
}
