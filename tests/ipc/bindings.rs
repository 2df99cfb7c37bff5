use std::path::Path;

/// With `DIPPER_BLESS` set, writes the file instead (`cargo xtask bindings`).
#[test]
fn bindings_are_what_the_commands_say() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/backend/bindings.ts");
    if std::env::var_os("DIPPER_BLESS").is_some() {
        dipper_desktop::write_bindings(&committed).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("bindings.ts");
    dipper_desktop::write_bindings(&fresh).unwrap();
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    assert!(read(&fresh) == read(&committed), "run `cargo xtask bindings` and commit the result");
}

/// What goes to the window has no field that could hold a secret. What comes in has (the form, the
/// passphrase): those types appear as arguments only.
#[test]
fn no_secret_goes_outward() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("bindings.ts");
    dipper_desktop::write_bindings(&fresh).unwrap();
    let text = std::fs::read_to_string(&fresh).unwrap();
    let inward = |name: &str| {
        ["ProfileDraft", "Passphrase", "ImportRequest", "NewKey"]
            .iter()
            .any(|w| name.starts_with(w))
    };
    let mut seen = 0;
    for (name, body) in types(&text) {
        // Whether there is a passphrase may be known.
        let lower = body.to_lowercase().replace("haspassphrase", "");
        let secret = ["secret", "sessiontoken:", "password", "passphrase:"]
            .iter()
            .any(|word| lower.contains(word));
        assert!(!secret || inward(name), "{name}: {body}");
        seen += usize::from(secret);
        if !inward(name) {
            assert!(
                !body.contains("ProfileDraft")
                    && !body.contains(": Passphrase")
                    && !body.contains("NewKey"),
                "{name}: {body}"
            );
        }
    }
    assert!(seen >= 3, "the form, the passphrase and the new key are there to be found");
    for command in text.lines().filter(|line| line.contains("typedError<")) {
        let answer = command.split("typedError<").nth(1).unwrap_or_default();
        let answer = answer.split("(__TAURI_INVOKE").next().unwrap_or_default();
        for inward in ["ProfileDraft", "Passphrase", "NewKey"] {
            assert!(!answer.contains(inward), "{command}");
        }
    }
}

/// `export type NAME = …;` up to the next export.
fn types(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("export type ").skip(1).filter_map(|rest| {
        let (name, body) = rest.split_once(" = ")?;
        Some((name, body.split(";\n").next()?))
    })
}
