//! Keys as rclone's crypt names them: there and back, and nothing that is not its own.

use dipper_crypt::{
    Error, NameEncoding, NameMode, Names, NamesOptions, RcloneKeys, obscure, reveal,
};

use crate::support::{Noise, secret};

const KEYS: [&str; 16] = [
    "a",
    "folder/file.txt",
    "folder/",
    "a/b/c/",
    "/leading",
    "double//slash",
    "sixteen-bytes-xx/x",
    "Grüße/Öl – 10€.pdf",
    "日本語/ファイル.txt",
    "!quoted!/100%.txt",
    "emoji 😀/\u{10ffff}",
    "1.2.3/..../.hidden",
    "tabs\tand\nlines",
    "report-v2024-02-29-235959-123.pdf",
    "-v2024-02-29-235959-123",
    "report-v2023-02-29-235959-123.pdf",
];

fn all() -> impl Iterator<Item = (NamesOptions, Names)> {
    let keys = RcloneKeys::derive(&secret("password"), Some(&secret("salt"))).unwrap();
    let modes = [NameMode::Standard, NameMode::Obfuscate, NameMode::Off];
    let encodings = [NameEncoding::Base32, NameEncoding::Base64, NameEncoding::Base32768];
    modes.into_iter().flat_map(move |mode| {
        let keys = keys.clone();
        encodings.into_iter().flat_map(move |encoding| {
            let keys = keys.clone();
            [(true, ".bin"), (false, ".x"), (true, "none")].into_iter().map(
                move |(directories, suffix)| {
                    let suffix = suffix.to_owned();
                    let options = NamesOptions { mode, encoding, directories, suffix };
                    (options.clone(), Names::new(&keys, options))
                },
            )
        })
    })
}

#[test]
fn every_key_comes_back() {
    for (options, names) in all() {
        for key in KEYS {
            let sealed = names.encrypt_key(key).unwrap();
            assert_eq!(names.decrypt_key(&sealed).unwrap(), key, "{options:?} {sealed}");
            assert_eq!(names.encrypt_key(key).unwrap(), sealed);
            assert_eq!(sealed.matches('/').count(), key.matches('/').count());
            assert_eq!(sealed.ends_with('/'), key.ends_with('/'), "{options:?}");
            if options.mode == NameMode::Standard && options.directories {
                let readable = key.split('/').any(|name| name.len() > 2 && sealed.contains(name));
                assert!(!readable || key.starts_with("-v"), "{key} in {sealed}");
            }
        }
    }
}

#[test]
fn folders_keep_their_names_if_asked() {
    for (options, names) in all().filter(|(options, _)| !options.directories) {
        let sealed = names.encrypt_key("folder/file.txt").unwrap();
        assert!(sealed.starts_with("folder/"), "{options:?}");
        assert_ne!(sealed, "folder/file.txt");
    }
}

#[test]
fn foreign_names_are_told() {
    let mut random = Noise::new(5);
    for (options, names) in all().filter(|(options, _)| options.mode == NameMode::Standard) {
        let own = names.encrypt_key("a name").unwrap();
        let mut foreign: Vec<String> =
            ["plain.txt", "x", "a/b", "ÄÖÜ", "0", "....", "🦀"].map(str::to_owned).to_vec();
        foreign.push(own.to_uppercase());
        foreign.push(format!("{own}0"));
        foreign.push(format!("{own}="));
        foreign.push(own.chars().skip(1).collect());
        foreign.push("v".repeat(20_000));
        for _ in 0..200 {
            let chars: Vec<char> = own.chars().collect();
            let (one, two) = (random.below(chars.len()), random.below(chars.len()));
            let mut swapped = chars.clone();
            swapped.swap(one, two);
            foreign.push(swapped.into_iter().collect());
        }
        for name in foreign.into_iter().filter(|name| *name != own) {
            let opened = names.decrypt_key(&name);
            // A few in a million would have the padding of a name; none of these has.
            assert!(matches!(opened, Err(Error::ForeignName)), "{options:?} {name}: {opened:?}");
        }
    }
    for (options, names) in all().filter(|(options, _)| options.mode == NameMode::Off) {
        let foreign = if options.suffix == "none" { "" } else { "file.txt" };
        assert!(names.decrypt_key(foreign).is_err(), "{options:?}");
    }
    for (_, names) in all().filter(|(options, _)| options.mode == NameMode::Obfuscate) {
        for name in ["plain", "256.x", "-1.x", "abc.def", "!.x", "007.x"] {
            assert!(matches!(names.decrypt_key(name), Err(Error::ForeignName)), "{name}");
        }
    }
}

#[test]
fn long_names_are_refused_not_cut() {
    for (options, names) in all().filter(|(options, _)| options.mode == NameMode::Standard) {
        let most = "n".repeat(2047);
        assert_eq!(names.decrypt_key(&names.encrypt_key(&most).unwrap()).unwrap(), most);
        let refused = names.encrypt_key(&"n".repeat(2048));
        assert!(matches!(refused, Err(Error::NameTooLong)), "{options:?}");
    }
}

#[test]
fn words_are_rclone_s() {
    for mode in [NameMode::Standard, NameMode::Obfuscate, NameMode::Off] {
        assert_eq!(mode.as_str().parse::<NameMode>().unwrap(), mode);
    }
    for encoding in [NameEncoding::Base32, NameEncoding::Base64, NameEncoding::Base32768] {
        assert_eq!(encoding.as_str().parse::<NameEncoding>().unwrap(), encoding);
    }
    assert!("other".parse::<NameMode>().is_err());
    let options = NamesOptions::default();
    assert_eq!((options.mode.as_str(), options.encoding.as_str()), ("standard", "base32"));
}

#[test]
fn obscured_passwords_come_back() {
    for text in ["", "password", "Grüße, Welt"] {
        let hidden = obscure(&secret(text)).unwrap();
        assert!(!hidden.expose().contains(text) || text.is_empty());
        assert_eq!(reveal(&hidden).unwrap().expose(), text);
        assert_ne!(obscure(&secret(text)).unwrap().expose(), hidden.expose());
    }
    for wrong in ["", "short", "not base64!", "password"] {
        assert!(matches!(reveal(&secret(wrong)), Err(Error::InvalidKey(_))), "{wrong}");
    }
}
