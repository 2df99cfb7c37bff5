//! Links in the documents lead to something that exists.

use std::collections::BTreeSet;

use crate::tree::{File, resolve, root};

fn is_document(path: &str) -> bool {
    path.ends_with(".md") && (!path.contains('/') || path.starts_with("docs/"))
}

pub fn dead_links(files: &[File]) -> Vec<String> {
    let known: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let exists = |path: &str| {
        let folder = format!("{}/", path.trim_end_matches('/'));
        // Pictures are no text, so that they are looked for on disk.
        known.contains(path)
            || known.iter().any(|known| known.starts_with(&folder))
            || (!path.is_empty() && root().join(path).is_file())
    };
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| is_document(&file.path)) {
        for link in links(&file.text) {
            let path = link.split(['#', '?']).next().unwrap_or("");
            if path.is_empty() {
                continue;
            }
            if !resolve(&file.path, path).is_some_and(|path| exists(&path)) {
                broken.push(format!("{}: {link} leads nowhere", file.path));
            }
        }
    }
    broken
}

/// Relative targets of `[x](y)`, `![x](y)`, `[x]: y` and `src="y"`, outside of code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if code {
            continue;
        }
        // What stands between single backticks is code, too.
        let plain: String = line.split('`').step_by(2).collect();
        for mark in ["](", "src=\"", "href=\""] {
            for (at, _) in plain.match_indices(mark) {
                let rest = &plain[at + mark.len()..];
                found.extend(rest.split([')', '"', ' ']).next().map(str::to_owned));
            }
        }
        if let Some((name, target)) = plain.split_once("]: ")
            && name.starts_with('[')
        {
            found.extend(target.split(' ').next().map(str::to_owned));
        }
    }
    let foreign = |link: &String| {
        link.contains("://") || link.starts_with("mailto:") || link.starts_with('#')
    };
    found.retain(|link| !link.is_empty() && !foreign(link));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_link_is_found() {
        let readme = |text: &str| {
            dead_links(&[File::new("README.md", text), File::new("docs/guide.md", "")]).len()
        };
        assert_eq!(
            readme("[guide](docs/guide.md#top) [docs](docs/) [web](https://example.org)"),
            0
        );
        assert_eq!(readme("[top](#top) `[code](nowhere.md)`\n```\n[x](nowhere.md)\n```"), 0);
        assert_eq!(readme("[guide](docs/nowhere.md)"), 1);
        assert_eq!(readme("![picture](docs/nowhere.png)"), 1);
        assert_eq!(readme("<img src=\"docs/nowhere.png\">"), 1);
        assert_eq!(readme("[name]: docs/nowhere.md"), 1);
        assert_eq!(readme("[out](../other/README.md)"), 1);
    }
}
