//! Whatever is changed on the way is found.

use dipper_crypt::{DecryptKeys, Error, Format, Recipe};

use crate::support::{CHUNK, Noise, QUICK, decrypt, encrypt, formats, noise, pairs, recipe};

const SEALED: usize = CHUNK + 16;

/// How often; more in the nightly run.
fn rounds() -> usize {
    if std::env::var_os("DIPPER_SOAK").is_some() { 10_000 } else { 1000 }
}

/// Where the chunks begin in a file of age or rclone with chunks for `plain` bytes.
fn header(cipher: &[u8], plain: usize) -> usize {
    cipher.len() - plain - plain.div_ceil(CHUNK) * 16
}

#[test]
fn changed_bytes_are_found() {
    let seed = std::process::id().into();
    for (name, key, keys) in pairs() {
        // Two chunks, or a packet of two parts.
        let cipher = encrypt(&recipe(&key), &noise(CHUNK + 300));
        let mut random = Noise::new(seed);
        for round in 0..rounds() {
            let mut changed = cipher.clone();
            // Half of the time where there is most to break.
            let most = if round % 2 == 0 { 400 } else { changed.len() };
            let at = random.below(most);
            let by = random.below(255) as u8 + 1;
            changed[at] ^= by;
            let found = decrypt(&keys, &changed);
            assert!(found.is_err(), "{name}: byte {at} ^ {by} (seed {seed})");
        }
    }
}

#[test]
fn cut_files_are_found() {
    for (name, key, keys) in pairs() {
        let plain = noise(2 * CHUNK + 300);
        let cipher = encrypt(&recipe(&key), &plain);
        let first = header(&cipher, plain.len());
        let mut cuts: Vec<usize> = (0..400).collect();
        cuts.extend((cipher.len() - 400)..cipher.len());
        for edge in 0..3 {
            cuts.extend((first + edge * SEALED - 2)..=(first + edge * SEALED + 2));
            cuts.extend((edge * CHUNK + 50)..(edge * CHUNK + 150));
        }
        for cut in cuts.into_iter().filter(|cut| *cut < cipher.len()) {
            let result = decrypt(&keys, &cipher[..cut]);
            // rclone's format has no end mark: whole chunks are a whole file.
            if name == "rclone" && cut >= first && (cut - first).is_multiple_of(SEALED) {
                let whole = (cut - first) / SEALED * CHUNK;
                assert!(result.unwrap() == plain[..whole]);
            } else {
                assert!(result.is_err(), "{name} cut at {cut}");
            }
        }
    }
}

#[test]
fn what_is_added_is_found() {
    for (name, key, keys) in pairs() {
        for len in [0, 5, CHUNK, CHUNK + 300] {
            let cipher = encrypt(&recipe(&key), &noise(len));
            for more in [vec![0], vec![0; 16], vec![0xff; 17], noise(SEALED), cipher.clone()] {
                let longer = [&cipher[..], &more].concat();
                assert!(decrypt(&keys, &longer).is_err(), "{name} {len} + {}", more.len());
            }
        }
    }
}

#[test]
fn moved_chunks_are_found() {
    for (name, key, keys) in pairs() {
        let plain = noise(4 * CHUNK);
        let cipher = encrypt(&recipe(&key), &plain);
        let first = match key.format() {
            Format::OpenPgp => 300,
            _ => header(&cipher, plain.len()),
        };
        let chunk = |n: usize| first + n * SEALED..(first + (n + 1) * SEALED).min(cipher.len());
        for (one, two) in [(0, 1), (1, 2), (0, 2)] {
            let mut moved = cipher.clone();
            moved[chunk(one)].copy_from_slice(&cipher[chunk(two)]);
            moved[chunk(two)].copy_from_slice(&cipher[chunk(one)]);
            assert!(decrypt(&keys, &moved).is_err(), "{name}: {one} and {two}");
            let mut twice = cipher.clone();
            twice[chunk(two)].copy_from_slice(&cipher[chunk(one)]);
            assert!(decrypt(&keys, &twice).is_err(), "{name}: {one} twice");
        }
        let left_out = [&cipher[..chunk(1).start], &cipher[chunk(2).start..]].concat();
        assert!(decrypt(&keys, &left_out).is_err(), "{name}: one left out");
    }
}

/// Two files under the same key: neither takes the other's beginning or chunks.
#[test]
fn pieces_of_other_files_are_found() {
    for (name, key, keys) in pairs() {
        let plain = noise(3 * CHUNK);
        let (one, two) = (encrypt(&recipe(&key), &plain), encrypt(&recipe(&key), &plain));
        let (ones, twos) = match key.format() {
            Format::OpenPgp => (48, 48),
            _ => (header(&one, plain.len()), header(&two, plain.len())),
        };
        let swapped = [&one[..ones], &two[twos..]].concat();
        assert!(decrypt(&keys, &swapped).is_err(), "{name}: header");
        let mut mixed = one.clone();
        let len = SEALED;
        mixed[ones + SEALED..][..len].copy_from_slice(&two[twos + SEALED..][..len]);
        assert!(decrypt(&keys, &mixed).is_err(), "{name}: chunk");
    }
}

#[test]
fn other_keys_open_nothing() {
    let all = formats();
    let wrong = formats();
    for (format, key, _) in &all {
        let cipher = encrypt(&recipe(key), &noise(1000));
        for (_, _, keys) in &wrong {
            let opened = decrypt(keys, &cipher);
            // The passphrase is the same one everywhere; identities are new each time.
            let same = keys_of(keys) == "p" && *format == Format::OpenPgp;
            let same = same || (keys_of(keys) == "r" && *format == Format::Rclone);
            assert_eq!(opened.is_ok(), same, "{format} {keys:?}");
        }
        assert!(matches!(decrypt(&DecryptKeys::new(), &cipher), Err(Error::NoKeyFits)));
    }
}

fn keys_of(keys: &DecryptKeys) -> &'static str {
    let shown = format!("{keys:?}");
    match (shown.contains("passphrases: 1"), shown.contains("rclone: 1")) {
        (true, _) => "p",
        (_, true) => "r",
        _ => "i",
    }
}

#[test]
fn versions_that_are_not_known_are_named() {
    for (format, key, keys) in formats() {
        let mut cipher = encrypt(&recipe(&key), b"content");
        match format {
            // The session packet's version, behind its header; then that of the data.
            Format::OpenPgp => {
                let mut data = cipher.clone();
                data[48 + 2] = 9;
                assert!(decrypt(&keys, &data).is_err());
                cipher[2] = 7;
                assert!(decrypt(&keys, &cipher).is_err());
            }
            Format::Age => {
                cipher[20] = b'2';
                let refused = decrypt(&keys, &cipher).unwrap_err();
                assert!(matches!(refused, Error::Unsupported(_)), "{refused:?}");
            }
            Format::Rclone => {
                cipher[6] = 1;
                assert!(matches!(decrypt(&keys, &cipher), Err(Error::NotEncrypted)));
            }
        }
    }
}

/// Not even the author of a recipe makes one file pass for another.
#[test]
fn an_empty_file_is_checked_too() {
    for (name, key, keys) in pairs() {
        let made = Recipe::with_work(&key, QUICK).unwrap();
        let cipher = encrypt(&made, b"");
        for at in 0..cipher.len() {
            let mut changed = cipher.clone();
            changed[at] ^= 0x10;
            // rclone's empty file is magic and nonce: there is nothing to check.
            let nothing = name == "rclone" && at >= 8;
            assert_eq!(decrypt(&keys, &changed).is_ok(), nothing, "{name} byte {at}");
        }
    }
}
