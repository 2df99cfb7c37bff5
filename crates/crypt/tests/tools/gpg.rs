//! GnuPG, called as s3cmd calls it.

use std::path::{Path, PathBuf};
use std::process::Command;

use dipper_crypt::{DecryptKeys, EncryptKey, Recipe};
use tempfile::TempDir;

use crate::support::{PASSPHRASE, QUICK, noise, secret};
use crate::{Case, SIZES, attempt, decrypt_from, encrypt_to, run};

pub const CASES: &[Case] = &[
    ("reads_ours", reads_ours),
    ("is_read", is_read),
    ("every_option_is_read", every_option_is_read),
    ("wrong_passphrases_are_told", wrong_passphrases_are_told),
];

struct Gpg<'a> {
    program: &'a Path,
    home: TempDir,
}

impl<'a> Gpg<'a> {
    fn new(program: &'a Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("gnupg")).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let private = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(home.path().join("gnupg"), private).unwrap();
        }
        Self { program, home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.arg("--homedir").arg(self.path("gnupg"));
        command.args(["--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"]);
        command.args(["--passphrase-fd", "0"]).args(more);
        command
    }

    fn encrypt(&self, file: &Path, options: &[&str]) -> PathBuf {
        let out = self.path("cipher");
        let mut command = self.command(options);
        run(command.arg("-c").arg("-o").arg(&out).arg(file), line(PASSPHRASE).as_bytes());
        out
    }
}

impl Drop for Gpg<'_> {
    fn drop(&mut self) {
        // The agent that gpg started for this home ends with it.
        let mut kill = Command::new(self.program.with_file_name("gpgconf"));
        drop(kill.arg("--homedir").arg(self.path("gnupg")).args(["--kill", "all"]).output());
    }
}

fn line(text: &str) -> String {
    format!("{text}\n")
}

fn keys() -> DecryptKeys {
    DecryptKeys::new().with_passphrase(secret(PASSPHRASE))
}

fn reads_ours(program: &Path) {
    let gpg = Gpg::new(program);
    let key = EncryptKey::OpenPgp(secret(PASSPHRASE));
    for size in SIZES {
        let plain = noise(size);
        let file = gpg.path("cipher.gpg");
        // Once with all the work that a passphrase deserves.
        let recipe = match size {
            1 => Recipe::new(&key),
            _ => Recipe::with_work(&key, QUICK),
        };
        encrypt_to(&file, &recipe.unwrap(), &plain);
        let mut command = gpg.command(&["-d"]);
        let opened = run(command.arg(&file), line(PASSPHRASE).as_bytes());
        assert!(opened == plain, "{size}");
    }
}

fn is_read(program: &Path) {
    let gpg = Gpg::new(program);
    for (at, size) in SIZES.into_iter().enumerate() {
        let file = gpg.path(["plain", "Grüße, Öl.txt"][at % 2]);
        std::fs::write(&file, noise(size)).unwrap();
        // As s3cmd's own template has it; GnuPG hashes 65 MB for each.
        let cipher = gpg.encrypt(&file, &["--verbose", "--no-use-agent", "--s2k-count", "65536"]);
        assert!(decrypt_from(&cipher, &keys()) == noise(size), "{size}");
    }
    // And once as it comes.
    let text = "a line of text, over and over\n".repeat(10_000);
    let file = gpg.path("text");
    std::fs::write(&file, &text).unwrap();
    let cipher = gpg.encrypt(&file, &[]);
    assert!(std::fs::metadata(&cipher).unwrap().len() < 10_000);
    assert!(decrypt_from(&cipher, &keys()) == text.as_bytes());
}

fn every_option_is_read(program: &Path) {
    let gpg = Gpg::new(program);
    let quick = ["--s2k-count", "65536", "--allow-old-cipher-algos"];
    let plain = ["some text to compress, ".repeat(9000).into_bytes(), noise(100_000)].concat();
    let file = gpg.path("plain");
    std::fs::write(&file, &plain).unwrap();
    let ciphers = ["AES", "AES192", "AES256", "3DES", "CAST5", "BLOWFISH", "TWOFISH", "IDEA"];
    let ciphers = ciphers.into_iter().chain(["CAMELLIA128", "CAMELLIA192", "CAMELLIA256"]);
    let mut options: Vec<Vec<&str>> = ciphers.map(|c| vec!["--cipher-algo", c]).collect();
    for algorithm in ["none", "zip", "zlib", "bzip2"] {
        options.push(vec!["--compress-algo", algorithm]);
        options.push(vec!["--compress-algo", algorithm, "--compress-level", "9"]);
    }
    for hash in ["SHA1", "RIPEMD160", "SHA224", "SHA256", "SHA384", "SHA512"] {
        options.push(vec!["--s2k-digest-algo", hash]);
    }
    for mode in ["0", "1", "3"] {
        options.push(vec!["--s2k-mode", mode]);
    }
    options.push(vec!["-z", "0"]);
    options.push(vec!["--openpgp"]);
    options.push(vec!["--rfc4880"]);
    for mut words in options {
        let known = run(gpg.command(&[]).arg("--version"), b"");
        let known = String::from_utf8_lossy(&known).to_uppercase();
        let word = words.get(1).copied().unwrap_or("AES");
        let compress = words[0] == "--compress-algo" || words[0].starts_with("--s2k-mode");
        if !(compress || known.contains(&word.to_uppercase()) || words.len() == 1 || word == "0") {
            continue;
        }
        // A mode without a count takes none.
        words.extend(&quick[..if words[0] == "--s2k-mode" { 0 } else { 2 }]);
        let cipher = gpg.encrypt(&file, &words);
        assert!(decrypt_from(&cipher, &keys()) == plain, "{words:?}");
    }
}

fn wrong_passphrases_are_told(program: &Path) {
    let gpg = Gpg::new(program);
    let file = gpg.path("plain");
    std::fs::write(&file, noise(1000)).unwrap();
    let cipher = gpg.encrypt(&file, &["--s2k-count", "65536"]);
    let mut bytes = std::fs::read(&cipher).unwrap();
    for wrong in ["correct horse", "x", "correct horse Bätterie "] {
        let keys = DecryptKeys::new().with_passphrase(secret(wrong));
        let said = crate::support::decrypt(&keys, &bytes).unwrap_err().to_string();
        assert_eq!(said, "wrong passphrase or damaged file");
    }
    // gpg finds what is broken in ours, too.
    let ours = crate::support::recipe(&EncryptKey::OpenPgp(secret(PASSPHRASE)));
    bytes = crate::support::encrypt(&ours, &noise(1000));
    let at = bytes.len() - 30;
    bytes[at] ^= 1;
    std::fs::write(&cipher, &bytes).unwrap();
    let mut command = gpg.command(&["-d"]);
    let (ok, _, said) = attempt(command.arg(&cipher), line(PASSPHRASE).as_bytes());
    assert!(!ok, "{said}");
}
