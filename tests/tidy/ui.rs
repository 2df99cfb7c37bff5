//! The rooms of the window.

use crate::tree::{File, resolve};

fn sources(files: &[File]) -> impl Iterator<Item = &File> {
    files
        .iter()
        .filter(|file| file.path.starts_with("ui/") && file.ends(&[".ts", ".svelte", ".js"]))
}

/// What a file imports: `from "x"`, `import "x"`, `import("x")`.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mark in ["from ", "import ", "import(", "vi.mock("] {
        for (at, _) in text.match_indices(mark) {
            let rest = text[at + mark.len()..].trim_start();
            let Some(quote @ ('"' | '\'')) = rest.chars().next() else { continue };
            found.extend(rest[1..].split(quote).next().map(str::to_owned));
        }
    }
    found
}

/// Only the backend speaks to Tauri; all others go through its interface.
pub fn tauri_imports(files: &[File]) -> Vec<String> {
    let may = ["ui/src/backend/tauri.ts", "ui/src/backend/bindings.ts"];
    let mut broken = Vec::new();
    for file in sources(files).filter(|file| !may.contains(&file.path.as_str())) {
        // Tests of the backend itself put a false Tauri in the place of the real one.
        if file.path.starts_with("ui/src/backend/") && file.ends(&[".test.ts"]) {
            continue;
        }
        for import in imports(&file.text) {
            if import.starts_with("@tauri-apps/") {
                broken.push(format!("{}: imports {import}", file.path));
            }
        }
    }
    broken
}

/// Features know no other feature and no shell; components and lib know no feature at all.
pub fn layers(files: &[File]) -> Vec<String> {
    let mut broken = Vec::new();
    for file in sources(files).filter(|file| !file.ends(&[".test.ts"])) {
        let Some(inside) = file.path.strip_prefix("ui/src/") else { continue };
        let (room, rest) = inside.split_once('/').unwrap_or(("", inside));
        let own = rest.split('/').next().unwrap_or("");
        for import in imports(&file.text).into_iter().filter(|import| import.starts_with('.')) {
            let Some(target) = resolve(inside, &import) else { continue };
            let mut parts = target.split('/');
            let (to, feature) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            let wrong = match room {
                "features" => to == "shell" || (to == "features" && feature != own),
                "components" => matches!(to, "features" | "shell" | "commands"),
                "lib" => matches!(to, "features" | "shell" | "components"),
                "commands" => matches!(to, "features" | "shell"),
                "backend" => !matches!(to, "backend"),
                _ => false,
            };
            if wrong {
                broken.push(format!("{}: imports {import}", file.path));
            }
        }
    }
    broken
}

/// vitest looks below ui/src only.
pub fn forgotten(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| file.ends(&[".test.ts", ".spec.ts", ".test.js", ".test.svelte"]))
        .filter(|file| !(file.path.starts_with("ui/src/") && file.ends(&[".test.ts"])))
        .map(|file| format!("{}: vitest never looks here", file.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_read() {
        let text = "import { a } from \"./a\";\nimport './b.css';\nconst c = await import(\"c\");\nexport * from './d';\nlet from = 1;";
        let mut found = imports(text);
        found.sort();
        assert_eq!(found, ["./a", "./b.css", "./d", "c"]);
    }

    #[test]
    fn tauri_outside_the_backend_is_found() {
        let text = "import { invoke } from \"@tauri-apps/api/core\";";
        let at = |path: &str| tauri_imports(&[File::new(path, text)]).len();
        assert_eq!(at("ui/src/features/x/X.svelte"), 1);
        assert_eq!(at("ui/src/backend/index.ts"), 1);
        assert_eq!(at("ui/src/backend/tauri.ts"), 0);
    }

    #[test]
    fn a_way_through_the_wall_is_found() {
        let at = |path: &str, to: &str| {
            layers(&[File::new(path, &format!("import x from \"{to}\";"))]).len()
        };
        assert_eq!(at("ui/src/features/a/A.svelte", "../b/B.svelte"), 1);
        assert_eq!(at("ui/src/features/a/A.svelte", "../../shell/Shell.svelte"), 1);
        assert_eq!(at("ui/src/features/a/A.svelte", "./B.svelte"), 0);
        assert_eq!(at("ui/src/features/a/A.svelte", "../../lib/format"), 0);
        assert_eq!(at("ui/src/components/Button.svelte", "../features/a/A.svelte"), 1);
        assert_eq!(at("ui/src/components/Button.svelte", "../commands/registry"), 1);
        assert_eq!(at("ui/src/lib/x.ts", "../features/a/a"), 1);
        assert_eq!(at("ui/src/lib/x.ts", "../components/Button.svelte"), 1);
        assert_eq!(at("ui/src/shell/Shell.svelte", "../features/a/A.svelte"), 0);
    }

    #[test]
    fn a_test_that_never_runs_is_found() {
        let at = |path: &str| forgotten(&[File::new(path, "")]).len();
        assert_eq!(at("ui/src/lib/x.test.ts"), 0);
        assert_eq!(at("ui/tests/x.test.ts"), 1);
        assert_eq!(at("ui/src/lib/x.spec.ts"), 1);
    }
}
