//! rclone's crypt over a local folder: names and contents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use dipper_crypt::{
    DecryptKeys, EncryptKey, NameEncoding, NameMode, Names, NamesOptions, RcloneKeys, obscure,
    reveal,
};
use tempfile::TempDir;

use crate::support::{noise, recipe, secret};
use crate::{Case, SIZES, decrypt_from, encrypt_to, run};

pub const CASES: &[Case] = &[
    ("every_mode_both_ways", every_mode_both_ways),
    ("every_size_both_ways", every_size_both_ways),
    ("passwords_are_revealed", passwords_are_revealed),
];

const PASSWORD: &str = "crypt pässword";

struct Rclone<'a> {
    program: &'a Path,
    home: TempDir,
}

impl<'a> Rclone<'a> {
    /// A remote `c:` over the folder `sealed`.
    fn new(program: &'a Path, password2: &str, options: &NamesOptions) -> Self {
        let home = tempfile::tempdir().unwrap();
        let sealed = home.path().join("sealed");
        std::fs::create_dir(&sealed).unwrap();
        let hidden = |text: &str| obscure(&secret(text)).unwrap().expose().clone();
        let mut config = format!(
            "[c]\ntype = crypt\nremote = {}\npassword = {}\n",
            sealed.display(),
            hidden(PASSWORD)
        );
        if !password2.is_empty() {
            config += &format!("password2 = {}\n", hidden(password2));
        }
        config += &format!(
            "filename_encryption = {}\nfilename_encoding = {}\ndirectory_name_encryption = {}\n\
             suffix = {}\n",
            options.mode.as_str(),
            options.encoding.as_str(),
            options.directories,
            options.suffix
        );
        std::fs::write(home.path().join("rclone.conf"), config).unwrap();
        Self { program, home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn run(&self, words: &[&str]) -> String {
        let mut command = Command::new(self.program);
        command.arg("--config").arg(self.path("rclone.conf")).arg("-q").args(words);
        String::from_utf8(run(command.current_dir(self.home.path()), b"")).unwrap()
    }
}

/// Every file below a folder, by its path with slashes.
fn files(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => open.push(entry.path()),
                false => {
                    let path = entry.path();
                    let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                    found.insert(name.replace('\\', "/"), path.clone());
                }
            }
        }
    }
    found
}

const NAMES: [&str; 10] = [
    "a",
    "folder/file.txt",
    "folder/deep/er/report 2024.tar.gz",
    "Grüße/Öl – 10€.pdf",
    "日本語/ファイル 😀.txt",
    "!quoted!/100% (1).txt",
    "exactly 16 bytes/exactly 16 bytes",
    "report-v2024-02-29-235959-123.pdf",
    "report-v2023-02-29-235959-123.pdf",
    ".hidden/no-extension",
];

fn every_mode_both_ways(program: &Path) {
    let (standard, base32) = (NameMode::Standard, NameEncoding::Base32);
    let settings = [
        (standard, base32, true, ".bin", ""),
        (standard, base32, false, ".bin", "second"),
        (standard, NameEncoding::Base64, true, ".bin", "second"),
        (standard, NameEncoding::Base32768, true, ".bin", ""),
        (NameMode::Obfuscate, base32, true, ".bin", "second"),
        (NameMode::Obfuscate, base32, false, ".bin", ""),
        (NameMode::Off, base32, true, ".bin", ""),
        (NameMode::Off, base32, true, ".secret", "second"),
        (NameMode::Off, base32, true, "none", "second"),
    ];
    for (mode, encoding, directories, suffix, password2) in settings {
        let options = NamesOptions { mode, encoding, directories, suffix: suffix.to_owned() };
        let rclone = Rclone::new(program, password2, &options);
        let second = Some(secret(password2)).filter(|text| !text.expose().is_empty());
        let remote = RcloneKeys::derive(&secret(PASSWORD), second.as_ref()).unwrap();
        let names = Names::new(&remote, options.clone());
        let keys = DecryptKeys::new().with_rclone(remote.clone());
        let key = EncryptKey::Rclone(remote);

        // Theirs, read by us.
        for (at, name) in NAMES.iter().enumerate() {
            let path = rclone.path("plain").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, noise(at * 1000)).unwrap();
        }
        rclone.run(&["copy", "plain", "c:"]);
        let sealed = files(&rclone.path("sealed"));
        assert_eq!(sealed.len(), NAMES.len());
        for (at, name) in NAMES.iter().enumerate() {
            let found = sealed.get(&names.encrypt_key(name).unwrap());
            let found = found.unwrap_or_else(|| panic!("{options:?}: {name}"));
            assert!(decrypt_from(found, &keys) == noise(at * 1000), "{options:?}: {name}");
        }
        for name in sealed.keys() {
            let plain = names.decrypt_key(name).unwrap();
            assert!(NAMES.contains(&plain.as_str()), "{options:?}: {name}");
        }

        // Ours, read by them.
        std::fs::remove_dir_all(rclone.path("sealed")).unwrap();
        for (at, name) in NAMES.iter().enumerate() {
            let path = rclone.path("sealed").join(names.encrypt_key(name).unwrap());
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            encrypt_to(&path, &recipe(&key), &noise(at * 1000));
        }
        rclone.run(&["copy", "c:", "back"]);
        let back = files(&rclone.path("back"));
        assert_eq!(back.len(), NAMES.len(), "{options:?}");
        for (at, name) in NAMES.iter().enumerate() {
            assert!(std::fs::read(&back[*name]).unwrap() == noise(at * 1000), "{options:?} {name}");
        }
    }
}

fn every_size_both_ways(program: &Path) {
    let rclone = Rclone::new(program, "", &NamesOptions::default());
    let remote = RcloneKeys::derive(&secret(PASSWORD), None).unwrap();
    let names = Names::new(&remote, NamesOptions::default());
    let keys = DecryptKeys::new().with_rclone(remote.clone());
    let key = EncryptKey::Rclone(remote);
    std::fs::create_dir(rclone.path("plain")).unwrap();
    for size in SIZES {
        std::fs::write(rclone.path("plain").join(size.to_string()), noise(size)).unwrap();
    }
    rclone.run(&["copy", "plain", "c:theirs"]);
    for size in SIZES {
        let theirs = names.encrypt_key(&format!("theirs/{size}")).unwrap();
        assert!(decrypt_from(&rclone.path("sealed").join(theirs), &keys) == noise(size), "{size}");
        let ours = names.encrypt_key(&format!("ours/{size}")).unwrap();
        let ours = rclone.path("sealed").join(ours);
        std::fs::create_dir_all(ours.parent().unwrap()).unwrap();
        encrypt_to(&ours, &recipe(&key), &noise(size));
    }
    rclone.run(&["copy", "c:ours", "back"]);
    for size in SIZES {
        let back = std::fs::read(rclone.path("back").join(size.to_string())).unwrap();
        assert!(back == noise(size), "{size}");
    }
}

fn passwords_are_revealed(program: &Path) {
    for text in ["a", PASSWORD, "with spaces and ünicode"] {
        let said = run(Command::new(program).args(["obscure", text]), b"");
        let hidden = secret(String::from_utf8(said).unwrap().trim());
        assert_eq!(reveal(&hidden).unwrap().expose(), text);
        let ours = obscure(&secret(text)).unwrap();
        let said = run(Command::new(program).args(["reveal", ours.expose()]), b"");
        assert_eq!(String::from_utf8(said).unwrap().trim(), text);
    }
}
