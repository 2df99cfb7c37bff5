//! Object keys to local paths and back: total, injective, decodable.
//!
//! A key is a list of segments between slashes, each any text; a file system takes far fewer names.
//! [`local_segments`] gives every key either a list of safe file names or a [`Refusal`]; no two keys
//! share a list, and [`key_of`] leads back to the very same bytes. What a name can't hold is written
//! `%XX` (two hex digits, upper case), an empty segment `%_`.
//!
//! Invariants, held by property tests: no result is empty, `.`, `..`, absolute, or holds a separator.

use std::fmt::Write;

/// Which names are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// What this system can store.
    Native,
    /// What every system can store: Windows' reserved names and characters are escaped everywhere.
    Portable,
}

impl Names {
    fn is_strict(self) -> bool {
        self == Self::Portable || cfg!(windows)
    }
}

/// Why a key can't become a local file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    #[error("a part of the name would need {bytes} bytes on disk; at most 255 are possible")]
    SegmentTooLong { bytes: usize },
}

/// Longest file name that ext4, APFS and NTFS all take.
const LONGEST: usize = 255;
const EMPTY: &str = "%_";

/// File names, outermost first, for a key below some chosen folder. A key that ends in `/` (a folder
/// marker) ends in an empty segment.
pub fn local_segments(key: &str, names: Names) -> Result<Vec<String>, Refusal> {
    key.split('/').map(|segment| encode(segment, names)).collect()
}

/// The key that a list of local names stands for.
pub fn key_of<S: AsRef<str>>(segments: &[S]) -> String {
    segments.iter().map(|s| decode(s.as_ref())).collect::<Vec<_>>().join("/")
}

fn encode(segment: &str, names: Names) -> Result<String, Refusal> {
    if segment.is_empty() {
        return Ok(EMPTY.to_owned());
    }
    let strict = names.is_strict();
    let all_dots = segment.bytes().all(|b| b == b'.');
    let reserved = strict && is_reserved(segment);
    let last = segment.len() - 1;
    let mut out = String::with_capacity(segment.len());
    for (at, c) in segment.char_indices() {
        let trailing = strict && at == last && matches!(c, '.' | ' ');
        let unsafe_here = c.is_control()
            || c == '\\'
            || (all_dots && segment.len() <= 2)
            || (strict && matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|'))
            || (reserved && at == 0)
            || trailing
            || (c == '%' && looks_escaped(&segment[at..]));
        if unsafe_here {
            escape(&mut out, c);
        } else {
            out.push(c);
        }
    }
    match out.len() {
        bytes if bytes > LONGEST => Err(Refusal::SegmentTooLong { bytes }),
        _ => Ok(out),
    }
}

fn escape(out: &mut String, c: char) {
    let mut buffer = [0; 4];
    for byte in c.encode_utf8(&mut buffer).bytes() {
        let _ = write!(out, "%{byte:02X}");
    }
}

/// A literal percent sign that a reader would take for one of ours.
fn looks_escaped(rest: &str) -> bool {
    let rest = rest.as_bytes();
    rest.get(1) == Some(&b'_')
        || (rest.len() >= 3 && rest[1].is_ascii_hexdigit() && rest[2].is_ascii_hexdigit())
}

/// Device names that Windows opens whatever follows the first dot.
fn is_reserved(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or(segment).trim_end_matches(' ');
    let upper = stem.to_uppercase();
    if matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$") {
        return true;
    }
    let mut chars = upper.chars();
    let family: String = chars.by_ref().take(3).collect();
    let (digit, rest) = (chars.next(), chars.next());
    matches!(family.as_str(), "COM" | "LPT")
        && rest.is_none()
        && digit.is_some_and(|d| matches!(d, '0'..='9' | '¹' | '²' | '³'))
}

fn decode(name: &str) -> String {
    if name == EMPTY {
        return String::new();
    }
    let bytes = name.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        let byte = hex
            .filter(|two| two.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match byte {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn native(key: &str) -> Vec<String> {
        local_segments(key, Names::Native).unwrap()
    }

    #[test]
    fn climbing_keys_stay_inside() {
        for (key, want) in [
            ("../../etc/passwd", "%2E%2E|%2E%2E|etc|passwd"),
            ("/etc/passwd", "%_|etc|passwd"),
            ("a//b", "a|%_|b"),
            ("./x", "%2E|x"),
            // A name may not end in a dot on Windows.
            ("...", if cfg!(windows) { "..%2E" } else { "..." }),
            ("..\\..\\x", "..%5C..%5Cx"),
            ("a\u{0}b\nc", "a%00b%0Ac"),
            ("100%", "100%"),
            ("100%25", "100%2525"),
            ("%_", "%25_"),
            ("ordinary name – ü.txt", "ordinary name – ü.txt"),
        ] {
            assert_eq!(native(key).join("|"), want, "{key}");
        }
    }

    #[test]
    fn portable_names_suit_windows() {
        for (key, want) in [
            ("CON", "%43ON"),
            ("nul.txt", "%6Eul.txt"),
            ("com1.tar.gz", "%63om1.tar.gz"),
            ("COM¹", "%43OM¹"),
            ("company", "company"),
            ("a:b", "a%3Ab"),
            ("what?", "what%3F"),
            ("trail.", "trail%2E"),
            ("trail ", "trail%20"),
            ("C:\\x", "C%3A%5Cx"),
        ] {
            assert_eq!(local_segments(key, Names::Portable).unwrap().join("|"), want, "{key}");
        }
    }

    #[test]
    fn too_long_is_refused_not_cut() {
        assert!(local_segments(&"a".repeat(255), Names::Native).is_ok());
        assert_eq!(
            local_segments(&"ä".repeat(128), Names::Native),
            Err(Refusal::SegmentTooLong { bytes: 256 })
        );
    }

    fn nasty() -> impl Strategy<Value = String> {
        "[aA./\\\\: é%~_2E5\u{1}*]{0,12}"
    }

    proptest! {
        #[test]
        fn decodes_to_the_same_key(key in nasty(), portable in any::<bool>()) {
            let names = if portable { Names::Portable } else { Names::Native };
            let segments = local_segments(&key, names).unwrap();
            prop_assert_eq!(key_of(&segments), key);
        }

        #[test]
        fn every_name_is_safe(key in ".{0,40}", portable in any::<bool>()) {
            let names = if portable { Names::Portable } else { Names::Native };
            for name in local_segments(&key, names).unwrap() {
                prop_assert!(!name.is_empty() && name != "." && name != "..");
                prop_assert!(!name.contains(['/', '\\', '\0']));
                if portable {
                    prop_assert!(!name.ends_with(['.', ' ']) && !name.contains(':'));
                    prop_assert!(!is_reserved(&name));
                }
            }
        }

        #[test]
        fn different_keys_have_different_names(a in nasty(), b in nasty(), portable in any::<bool>()) {
            prop_assume!(a != b);
            let names = if portable { Names::Portable } else { Names::Native };
            prop_assert_ne!(local_segments(&a, names), local_segments(&b, names));
        }

        /// What was downloaded and uploaded again comes down under the same names.
        #[test]
        fn once_more_changes_nothing(key in ".{0,40}", portable in any::<bool>()) {
            let names = if portable { Names::Portable } else { Names::Native };
            let once = local_segments(&key, names).unwrap();
            prop_assert_eq!(local_segments(&key_of(&once), names).unwrap(), once);
        }

        #[test]
        fn every_key_has_an_answer(key in ".{0,400}", portable in any::<bool>()) {
            let names = if portable { Names::Portable } else { Names::Native };
            match local_segments(&key, names) {
                Ok(segments) => prop_assert_eq!(key_of(&segments), key),
                Err(Refusal::SegmentTooLong { bytes }) => prop_assert!(bytes > LONGEST),
            }
        }
    }
}
