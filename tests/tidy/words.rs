//! What may stand in no source.

use crate::tree::File;

/// Where, and what. Built from halves, so that this file does not find itself.
fn banned() -> Vec<(&'static [&'static str], String)> {
    vec![
        (&[".svelte"], ["{@", "html"].concat()),
        (&[".svelte", ".ts", ".js"], ["console", ".log("].concat()),
        (&[".svelte", ".ts", ".js"], ["debug", "ger;"].concat()),
        (&[".rs"], ["dbg", "!("].concat()),
        (&[".rs"], ["todo", "!("].concat()),
        (&[".rs"], ["unimplemented", "!("].concat()),
    ]
}

pub fn left_behind(files: &[File]) -> Vec<String> {
    let banned = banned();
    let mut broken = Vec::new();
    for file in files {
        for (at, line) in file.text.lines().enumerate() {
            for (endings, word) in &banned {
                if file.ends(endings) && line.contains(word.as_str()) {
                    broken.push(format!("{}:{}: {word}", file.path, at + 1));
                }
            }
        }
    }
    broken
}

/// A path below somebody's home, which is right on one machine only. The demo's invented machine has
/// such paths on purpose.
pub fn machine_paths(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    let made_up = |file: &File| {
        file.path.starts_with("ui/src/backend/fake/") || file.ends(&[".lock", "package-lock.json"])
    };
    for file in files.iter().filter(|file| !made_up(file)) {
        for (at, line) in file.text.lines().enumerate() {
            if let Some(found) = machine_path(line) {
                broken.push(format!("{}:{}: {found}", file.path, at + 1));
            }
        }
    }
    broken
}

fn machine_path(line: &str) -> Option<String> {
    let halves: [[&str; 2]; 6] = [
        ["/ho", "me/"],
        ["/Us", "ers/"],
        ["/ro", "ot/"],
        ["/wo", "rk/"],
        [":\\Us", "ers\\"],
        ["/us", "r/local/src/"],
    ];
    for mark in halves.map(|half| half.concat()) {
        for (at, _) in line.match_indices(&mark) {
            let before = line[..at].chars().next_back();
            // A link's or a key's inner part is no path of a machine.
            let inner = before.is_some_and(|c| {
                c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '}' | ')' | '/' | '~' | '*')
            });
            let after = line[at + mark.len()..].chars().next();
            let named = after.is_some_and(|c| c.is_alphanumeric() || c == '.');
            if named && (!inner || mark.starts_with(':')) {
                return Some(line[at..].chars().take(40).collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_found() {
        for (path, text) in [
            ("ui/src/X.svelte", ["{@", "html text}"].concat()),
            ("ui/src/x.ts", ["console", ".log(1)"].concat()),
            ("src/x.rs", ["    dbg", "!(x);"].concat()),
            ("src/x.rs", ["todo", "!()"].concat()),
        ] {
            assert_eq!(left_behind(&[File::new(path, &text)]).len(), 1, "{text}");
        }
        assert!(left_behind(&[File::new("docs/x.md", &["dbg", "!("].concat())]).is_empty());
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        for text in [
            ["see /ho", "me/anna/notes.txt"].concat(),
            ["\"/Us", "ers/anna/x\""].concat(),
            ["cd /ro", "ot/.cache"].concat(),
            ["C:\\Us", "ers\\anna"].concat(),
        ] {
            assert_eq!(machine_paths(&[File::new("x.rs", &text)]).len(), 1, "{text}");
        }
        for text in [
            ["https://example.org/ho", "me/page"].concat(),
            ["$XDG/ho", "me/x"].concat(),
            ["/ho", "me/{user}"].concat(),
            ["~/wo", "rk/x"].concat(),
        ] {
            assert!(machine_paths(&[File::new("x.rs", &text)]).is_empty(), "{text}");
        }
    }
}
