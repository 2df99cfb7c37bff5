//! Catalogues: every language has the same words, and every word used is there.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::File;

const FOLDER: &str = "ui/src/messages/";

/// The keys of a flat JSON object of texts or variants: whatever stands one level deep before a colon.
fn keys(text: &str) -> Result<BTreeSet<String>, String> {
    let (mut found, mut depth, mut chars) = (BTreeSet::new(), 0, text.char_indices().peekable());
    while let Some((at, c)) = chars.next() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            '"' => {
                let mut word = String::new();
                loop {
                    match chars.next() {
                        Some((_, '\\')) => drop(chars.next()),
                        Some((_, '"')) => break,
                        Some((_, c)) => word.push(c),
                        None => return Err(format!("a text that begins at {at} has no end")),
                    }
                }
                while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
                let is_key = depth == 1 && chars.peek().is_some_and(|(_, c)| *c == ':');
                if is_key && !word.starts_with('$') && !found.insert(word.clone()) {
                    return Err(format!("'{word}' stands twice"));
                }
            }
            _ => {}
        }
    }
    match depth {
        0 => Ok(found),
        _ => Err("braces do not match".into()),
    }
}

fn used(text: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = BTreeSet::new();
    for (mark, end) in [("m.", None), ("m[\"", Some('"')), ("m['", Some('\''))] {
        for (at, _) in text.match_indices(mark) {
            // `item.key` and `form["x"]` are no messages.
            if text[..at].chars().next_back().is_some_and(|c| word(c) || c == '.' || c == '$') {
                continue;
            }
            let rest = &text[at + mark.len()..];
            let key: String = match end {
                Some(end) => rest.split(end).next().unwrap_or("").to_owned(),
                None => rest.chars().take_while(|c| word(*c)).collect(),
            };
            let lower = key.chars().next().is_some_and(|c| c.is_ascii_lowercase());
            if lower && !key.chars().any(|c| c.is_ascii_uppercase()) {
                found.insert(key);
            }
        }
    }
    found
}

pub fn parity(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    let mut catalogues: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for file in files.iter().filter(|f| f.path.starts_with(FOLDER) && f.ends(&[".json"])) {
        match keys(&file.text) {
            Ok(keys) => drop(catalogues.insert(&file.path, keys)),
            Err(why) => broken.push(format!("{}: {why}", file.path)),
        }
    }
    let all: BTreeSet<&String> = catalogues.values().flatten().collect();
    if all.is_empty() {
        broken.push(format!("{FOLDER}: there is no catalogue"));
    }
    for (path, keys) in &catalogues {
        for key in all.iter().filter(|key| !keys.contains(**key)) {
            broken.push(format!("{path}: '{key}' is missing"));
        }
    }
    let sources = files.iter().filter(|file| {
        file.path.starts_with("ui/src/")
            && file.ends(&[".ts", ".svelte"])
            && file.text.contains("paraglide/messages")
    });
    for file in sources {
        for key in used(&file.text) {
            if !all.contains(&key) {
                broken.push(format!("{}: '{key}' is in no catalogue", file.path));
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    const EN: &str =
        r#"{ "$schema": "x", "hello": "Hi \"{name}\"", "many": [{ "match": { "n=1": "one" } }] }"#;

    #[test]
    fn keys_are_read() {
        let found = keys(EN).unwrap();
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["hello", "many"]);
        assert!(keys(r#"{ "a": "1", "a": "2" }"#).is_err());
        assert!(keys(r#"{ "a": "1" "#).is_err());
    }

    #[test]
    fn a_missing_word_is_found() {
        let tree = |other: &str, source: &str| {
            parity(&[
                File::new("ui/src/messages/en.json", EN),
                File::new("ui/src/messages/de.json", other),
                File::new("ui/src/x.ts", &format!("import \"../paraglide/messages.js\";{source}")),
            ])
        };
        assert!(tree(EN, "m.hello({ name }); m[\"many\"](); item.name; m.toString;").is_empty());
        assert_eq!(tree(r#"{ "hello": "Hallo" }"#, "").len(), 1);
        assert_eq!(tree(EN, "m.goodbye();").len(), 1);
        assert_eq!(tree(EN, "m['goodbye']();").len(), 1);
        assert_eq!(tree(EN, "label: m.goodbye,").len(), 1);
        assert_eq!(parity(&[]).len(), 1);
    }
}
