//! A key as it is kept on paper: what it is, and the key itself, which can be taken in again as it stands.

use dipper_state::KeyRow;
use dipper_types::Secret;
use zeroize::Zeroizing;

use super::KeyKind;

const FIRST: &str = "# An encryption key of Dipper";

/// Lines that begin with `#`, an empty one, and the key.
pub(super) fn written(row: &KeyRow, kind: KeyKind, key: &Secret<String>) -> Zeroizing<String> {
    let what = match kind {
        KeyKind::Customer => "256 bits in base64, for SSE-C",
        KeyKind::Passphrase => "a passphrase, for OpenPGP (gpg -d) or age (age -d)",
        KeyKind::Age => "a private key of age or SSH (age -d -i FILE)",
        KeyKind::Recipients => "public keys of age or SSH, which encrypt and can't decrypt",
        KeyKind::Rclone => {
            "the password of an rclone crypt remote, and its second one if it has one"
        }
    };
    Zeroizing::new(format!(
        "{FIRST}\n# Name: {}\n# Kind: {} ({what})\n# Made: {}\n\
         # Whoever has this can read what was encrypted with it. Without it, nobody can.\n\
         # Back into Dipper: dipper key add NAME --kind {} --from THIS-FILE\n\n{}\n",
        row.name,
        kind.name(),
        row.created_at.rfc3339(),
        kind.name(),
        key.expose().trim_end_matches('\n'),
    ))
}

/// Without what stands above it on paper.
pub(super) fn key_of(text: &str) -> &str {
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !bare.starts_with(FIRST) {
        return text;
    }
    let text = bare;
    let blank = ["\n\n", "\r\n\r\n"].into_iter().filter_map(|end| {
        let at = text.find(end)?;
        Some((at, at + end.len()))
    });
    blank.min().map_or(text, |(_, after)| &text[after..])
}

#[cfg(test)]
mod tests {
    use dipper_types::Timestamp;

    use super::*;

    #[test]
    fn a_key_comes_back_from_paper() {
        for (kind, key) in [
            (KeyKind::Customer, "AAAA"),
            (KeyKind::Passphrase, "# a phrase that looks like a note"),
            (KeyKind::Rclone, "first\nsecond"),
            (
                KeyKind::Age,
                "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----",
            ),
        ] {
            let row = KeyRow {
                name: "Mine".into(),
                kind: kind.name().into(),
                about: "{}".into(),
                created_at: Timestamp::from_millis(0),
            };
            let paper = written(&row, kind, &Secret::new(key.to_owned()));
            assert!(paper.contains("# Name: Mine\n"), "{}", *paper);
            assert_eq!(key_of(&paper), format!("{key}\n"));
            // An editor of Windows.
            let paper = paper.replace('\n', "\r\n");
            assert_eq!(key_of(&paper).replace("\r\n", "\n"), format!("{key}\n"));
            assert_eq!(key_of(key), key);
        }
    }
}
