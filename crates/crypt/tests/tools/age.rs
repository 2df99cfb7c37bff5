//! The age of its author, with native keys, those of SSH, and passphrases.

use std::path::Path;
use std::process::Command;

use dipper_crypt::{AgeIdentity, AgeRecipients, DecryptKeys, EncryptKey};
use tempfile::TempDir;

use crate::support::{PASSPHRASE, noise, recipe, secret};
use crate::{Case, SIZES, decrypt_from, encrypt_to, run};

pub const CASES: &[Case] = &[
    ("native_keys_both_ways", native_keys_both_ways),
    ("ssh_keys_both_ways", ssh_keys_both_ways),
    ("several_recipients", several_recipients),
    ("passphrases_both_ways", passphrases_both_ways),
];

fn there_and_back(program: &Path, home: &TempDir, identity: &Path, public: &str, sizes: &[usize]) {
    let text = std::fs::read_to_string(identity).unwrap();
    let identities = AgeIdentity::parse(&secret(&text), None).unwrap();
    let keys = DecryptKeys::new().with_identities(identities);
    let key = EncryptKey::AgeRecipients(AgeRecipients::parse(public).unwrap());
    let recipe = recipe(&key);
    let (plain, cipher) = (home.path().join("plain"), home.path().join("cipher.age"));
    for size in sizes {
        encrypt_to(&cipher, &recipe, &noise(*size));
        let opened = run(Command::new(program).arg("-d").arg("-i").arg(identity).arg(&cipher), b"");
        assert!(opened == noise(*size), "{size}");
        std::fs::write(&plain, noise(*size)).unwrap();
        run(Command::new(program).args(["-r", public, "-o"]).arg(&cipher).arg(&plain), b"");
        assert!(decrypt_from(&cipher, &keys) == noise(*size), "{size}");
    }
}

fn native_keys_both_ways(program: &Path) {
    let home = tempfile::tempdir().unwrap();
    // A pair of age's own, then one of ours.
    let made = run(&mut Command::new(program.with_file_name("age-keygen")), b"");
    let theirs = String::from_utf8(made).unwrap();
    let public = theirs.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let identity = home.path().join("key.txt");
    std::fs::write(&identity, &theirs).unwrap();
    there_and_back(program, &home, &identity, public, &SIZES);
    let parsed = AgeIdentity::parse(&secret(&theirs), None).unwrap();
    assert_eq!(parsed[0].recipient().as_deref(), Some(public));
    let (ours, public) = AgeIdentity::generate();
    std::fs::write(&identity, ours.expose()).unwrap();
    there_and_back(program, &home, &identity, &public, &[100]);
}

fn ssh_keys_both_ways(program: &Path) {
    let home = tempfile::tempdir().unwrap();
    for (kind, more) in [("ed25519", [].as_slice()), ("rsa", &["-b", "2048"])] {
        let identity = home.path().join(kind);
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", kind, "-N", "", "-C", "a comment", "-f"]).arg(&identity);
        run(command.args(more), b"");
        let public = std::fs::read_to_string(identity.with_extension("pub")).unwrap();
        there_and_back(program, &home, &identity, public.trim(), &[0, 1000, 70_000]);
        // The same key under a passphrase.
        let mut lock = Command::new("ssh-keygen");
        run(lock.args(["-q", "-p", "-N", PASSPHRASE, "-f"]).arg(&identity), b"");
        let text = secret(&std::fs::read_to_string(&identity).unwrap());
        assert!(AgeIdentity::parse(&text, None).is_err());
        assert!(AgeIdentity::parse(&text, Some(&secret("wrong"))).is_err());
        let opened = AgeIdentity::parse(&text, Some(&secret(PASSPHRASE))).unwrap();
        let recipient = opened[0].recipient().unwrap();
        assert!(public.starts_with(&recipient), "{recipient}");
        let keys = DecryptKeys::new().with_identities(opened);
        let key = EncryptKey::AgeRecipients(AgeRecipients::parse(&public).unwrap());
        let cipher = crate::support::encrypt(&recipe(&key), b"hello");
        assert_eq!(crate::support::decrypt(&keys, &cipher).unwrap(), b"hello");
    }
}

fn several_recipients(program: &Path) {
    let home = tempfile::tempdir().unwrap();
    let pairs: Vec<_> = (0..5).map(|_| AgeIdentity::generate()).collect();
    let all: Vec<&str> = pairs.iter().map(|(_, public)| public.as_str()).collect();
    let text = format!("# friends\n\n{}\n", all.join("\r\n"));
    let recipients = AgeRecipients::parse(&text).unwrap();
    assert_eq!(recipients.to_string(), all.join("\n"));
    let cipher = home.path().join("cipher");
    encrypt_to(&cipher, &recipe(&EncryptKey::AgeRecipients(recipients)), b"for all");
    let identity = home.path().join("key.txt");
    for (secret, _) in &pairs {
        std::fs::write(&identity, secret.expose()).unwrap();
        let mut command = Command::new(program);
        let opened = run(command.arg("-d").arg("-i").arg(&identity).arg(&cipher), b"");
        assert_eq!(opened, b"for all");
        let keys = DecryptKeys::new().with_identities(AgeIdentity::parse(secret, None).unwrap());
        assert_eq!(decrypt_from(&cipher, &keys), b"for all");
    }
}

/// age asks a terminal for passphrases: `script` is one.
fn passphrases_both_ways(program: &Path) {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).to_string_lossy().into_owned();
    let age = |words: String, input: &str| {
        let line = format!("'{}' {words}", program.display());
        let mut command = Command::new("script");
        run(command.args(["-qec", &line, "/dev/null"]), input.as_bytes());
    };
    std::fs::write(path("plain"), noise(70_000)).unwrap();
    let twice = format!("{PASSPHRASE}\n{PASSPHRASE}\n");
    age(format!("-p -o '{}' '{}'", path("theirs"), path("plain")), &twice);
    let keys = DecryptKeys::new().with_passphrase(secret(PASSPHRASE));
    assert!(decrypt_from(Path::new(&path("theirs")), &keys) == noise(70_000));
    let key = EncryptKey::AgePassphrase(secret(PASSPHRASE));
    encrypt_to(Path::new(&path("ours")), &recipe(&key), &noise(70_000));
    let once = format!("{PASSPHRASE}\n");
    age(format!("-d -o '{}' '{}'", path("back"), path("ours")), &once);
    assert!(std::fs::read(path("back")).unwrap() == noise(70_000));
}
