//! What content type a file gets.

use crate::spec::Types;

/// Where it can't be guessed and the server is not to say (as s3cmd has it).
const UNKNOWN: &str = "binary/octet-stream";
/// Of a folder's marker, as s3cmd and others write it.
const FOLDER: &str = "application/x-directory";

impl Types {
    /// The type of a file that goes under a key: as it was `named`, else by the file's own name, else by
    /// the key's.
    pub(crate) fn of(&self, key: &str, file: &str, named: Option<String>) -> Option<String> {
        if key.ends_with('/') {
            return Some(FOLDER.to_owned());
        }
        let guess = || match self.no_guess {
            true => self.fallback.clone().or_else(|| Some(UNKNOWN.to_owned())),
            false => {
                let of = |name| mime_guess::from_path(name).first_raw();
                of(file).or_else(|| of(key)).map(str::to_owned).or_else(|| self.fallback.clone())
            }
        };
        let kind = named.or_else(guess)?;
        let own = |text: &str| text.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let (file, key) = (own(file), own(key));
        let ending = file.rsplit_once('.').or(key.rsplit_once('.')).map(|(_, ending)| ending);
        let utf8 = ending.is_some_and(|ending| self.utf8.iter().any(|known| known == ending));
        Some(if utf8 { format!("{kind}; charset=UTF-8") } else { kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_knows_better_than_the_key() {
        let types = Types { utf8: vec!["txt".into()], ..Types::default() };
        let text = Some("text/plain; charset=UTF-8");
        assert_eq!(types.of("named", "dir/one.txt", None).as_deref(), text);
        assert_eq!(types.of("page.html", "dir/one.txt", None).as_deref(), text);
        assert_eq!(types.of("page.html", "dir/x", None).as_deref(), Some("text/html"));
    }

    /// Each line seen with s3cmd 2.4.0.
    #[test]
    fn as_s3cmd_has_it() {
        let usual = Types::default();
        let utf8 = Types { utf8: vec!["txt".into(), "html".into()], ..Types::default() };
        let plain = Types { no_guess: true, ..Types::default() };
        let own = Types { fallback: Some("foo/bar".into()), ..Types::default() };
        for (types, key, named, want) in [
            (&usual, "a/b.txt", None, Some("text/plain")),
            (&usual, "a/b.txt", Some("x/y"), Some("x/y")),
            (&usual, "a.txt/noext", None, None),
            (&usual, "a/", Some("x/y"), Some(FOLDER)),
            (&utf8, "b.txt", None, Some("text/plain; charset=UTF-8")),
            (&utf8, "b.txt", Some("text/x"), Some("text/x; charset=UTF-8")),
            (&utf8, "b.css", None, Some("text/css")),
            (&plain, "b.txt", None, Some(UNKNOWN)),
            (&own, "noext", None, Some("foo/bar")),
            (&own, "b.txt", None, Some("text/plain")),
        ] {
            let got = types.of(key, "", named.map(str::to_owned));
            assert_eq!(got.as_deref(), want, "{key} {types:?}");
        }
    }
}
