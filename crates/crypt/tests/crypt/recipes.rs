//! A recipe makes the same file again, and no two recipes make anything alike.

use std::collections::HashSet;
use std::io::{self, Read, Write};

use dipper_crypt::{DecryptKeys, Decryptor, EncryptKey, Error, Recipe};

use crate::support::{PASSPHRASE, decrypt, encrypt, formats, noise, pairs, recipe, secret};

#[test]
fn twice_gives_the_same_bytes() {
    for (name, key, keys) in pairs() {
        let recipe = recipe(&key);
        let plain = noise(200_001);
        let first = encrypt(&recipe, &plain);
        assert!(encrypt(&recipe, &plain) == first, "{name}");
        let stored = Recipe::from_bytes(&recipe.to_bytes()).unwrap();
        assert_eq!(stored.format(), key.format());
        assert!(encrypt(&stored, &plain) == first, "{name}");
        assert!(decrypt(&keys, &first).unwrap() == plain, "{name}");
        // What was sent already stays a beginning of what is sent again.
        assert!(encrypt(&recipe, &plain[..150_000])[..100_000] == first[..100_000], "{name}");
    }
}

#[test]
fn stored_recipes_are_checked() {
    for (name, key, _) in pairs() {
        let bytes = recipe(&key).to_bytes();
        assert_eq!(bytes[0], 1, "{name}");
        for version in [0, 2, 255] {
            let mut other = bytes.to_vec();
            other[0] = version;
            let refused = Recipe::from_bytes(&other).unwrap_err();
            assert!(refused.to_string().contains(&format!("version {version}")), "{refused}");
        }
        let mut other = bytes.to_vec();
        other[1] = 9;
        assert!(matches!(Recipe::from_bytes(&other), Err(Error::Unsupported(_))));
        for len in [0, 1, 2, 20, 33] {
            assert!(matches!(Recipe::from_bytes(&bytes[..len]), Err(Error::WrongOrDamaged)));
        }
        if !name.starts_with("age") {
            let longer = [&bytes[..], &[0]].concat();
            assert!(matches!(Recipe::from_bytes(&longer), Err(Error::WrongOrDamaged)));
            assert!(Recipe::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        }
    }
}

#[test]
fn no_key_or_nonce_comes_twice() {
    for (format, key, _) in formats() {
        let mut seen = HashSet::new();
        // What a file's key stream depends on: OpenPGP and age have a key each, rclone a nonce.
        // Together 100,000; a key pair for each of age's takes its time.
        let count = match format.as_str() {
            "rclone" => 60_000,
            "openpgp" => 30_000,
            _ => 10_000,
        };
        for _ in 0..count {
            let bytes = recipe(&key).to_bytes();
            let unique = match format.as_str() {
                "rclone" => bytes[34..].to_vec(),
                _ => bytes[2..34].to_vec(),
            };
            assert!(seen.insert(unique), "{format}");
        }
    }
}

#[test]
fn secrets_are_not_shown() {
    for (name, key, keys) in pairs() {
        let recipe = recipe(&key);
        let shown = format!("{key:?} {keys:?} {recipe:?}");
        assert!(!shown.contains("horse") && !shown.contains("SECRET"), "{name}: {shown}");
        assert!(shown.len() < 250, "{name}: {shown}");
    }
}

#[test]
fn a_passphrase_must_be_one() {
    for text in ["", "two\nlines", "a\0b"] {
        for key in [EncryptKey::OpenPgp(secret(text)), EncryptKey::AgePassphrase(secret(text))] {
            assert!(matches!(Recipe::new(&key), Err(Error::InvalidKey(_))), "{text:?}");
        }
    }
}

#[test]
fn several_keys_may_be_tried() {
    for (name, key, keys) in pairs() {
        let cipher = encrypt(&recipe(&key), b"some content");
        let mut all = DecryptKeys::new()
            .with_passphrase(secret("not this one"))
            .with_passphrase(secret(PASSPHRASE));
        if name == "age recipient" {
            assert!(matches!(decrypt(&all, &cipher), Err(Error::NoKeyFits)), "{name}");
            all = keys;
        } else if name == "rclone" {
            assert!(matches!(decrypt(&all, &cipher), Err(Error::NoKeyFits)), "{name}");
            let other = dipper_crypt::RcloneKeys::derive(&secret("other"), None).unwrap();
            let right = dipper_crypt::RcloneKeys::derive(&secret(PASSPHRASE), None).unwrap();
            all = all.with_rclone(other).with_rclone(right);
        }
        assert_eq!(decrypt(&all, &cipher).unwrap(), b"some content", "{name}");
        let wrong = DecryptKeys::new().with_passphrase(secret("wrong"));
        let refused = decrypt(&wrong, &cipher).unwrap_err();
        if name.contains("pass") || name == "openpgp" {
            assert_eq!(refused.to_string(), "wrong passphrase or damaged file", "{name}");
        }
    }
}

/// Files go through while no more than a hundred kibibytes are asked for at once, and little is
/// held between reading and writing.
#[test]
fn large_files_are_never_held() {
    const LEN: u64 = 64 << 20;
    for (format, key, keys) in formats() {
        let recipe = recipe(&key);
        let (input, output) = io::pipe().unwrap();
        let keys: &DecryptKeys = &keys;
        let (encrypted, decrypted) = std::thread::scope(|scope| {
            let writer = scope.spawn(move || {
                let mut output = output;
                recipe.encrypt(&mut Zeros(LEN), &mut output).unwrap()
            });
            let mut input = input;
            let mut count = Count(0);
            let done = Decryptor::new(format, keys).decrypt(&mut input, &mut count).unwrap();
            assert_eq!(count.0, LEN);
            (writer.join().unwrap(), done)
        });
        assert_eq!(encrypted, decrypted);
        assert_eq!(encrypted.plain, LEN);
    }
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        // The program itself is about half of it. Each test has a process of its own under nextest.
        if std::env::var_os("NEXTEST").is_some() {
            assert!(peak < 48 << 10, "{peak} kB");
        }
    }
}

struct Zeros(u64);

impl Read for Zeros {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(buffer.len() <= 1 << 17, "{} bytes at once", buffer.len());
        let len = buffer.len().min(usize::try_from(self.0).unwrap_or(usize::MAX));
        buffer[..len].fill(0);
        self.0 -= len as u64;
        Ok(len)
    }
}

struct Count(u64);

impl Write for Count {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0 += data.len() as u64;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The engine runs all of it on other threads.
#[test]
fn everything_may_go_to_another_thread() {
    fn sent<T: Send + Sync>() {}
    sent::<Recipe>();
    sent::<EncryptKey>();
    sent::<DecryptKeys>();
    sent::<Decryptor<'_>>();
    sent::<dipper_crypt::RangeReader>();
    sent::<dipper_crypt::Names>();
    sent::<Error>();
}
