//! Parts of a file, without the rest of it.

use dipper_crypt::{Decryptor, EncryptKey, Error, HEAD_LEN};

use crate::support::{CHUNK, Noise, encrypt, noise, pairs, recipe};

#[test]
fn every_part_is_what_it_is_in_the_whole() {
    let mut random = Noise::new(11);
    for (name, key, keys) in pairs() {
        if matches!(key, EncryptKey::OpenPgp(_)) {
            continue;
        }
        let recipe = recipe(&key);
        for len in [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 777] {
            let plain = noise(len);
            let cipher = encrypt(&recipe, &plain);
            let head = &cipher[..cipher.len().min(HEAD_LEN)];
            let decryptor = Decryptor::new(None, &keys);
            let reader = decryptor.open_range(head, cipher.len() as u64).unwrap();
            assert_eq!(reader.plain_len(), len as u64, "{name}");
            let mut parts = vec![(0, len), (0, 1), (len, 1), (0, usize::MAX), (len + 5, 9)];
            parts.extend([(CHUNK - 1, 2), (CHUNK, 1), (CHUNK, CHUNK), (len.saturating_sub(1), 5)]);
            parts.extend((0..20).map(|_| (random.below(len + 1), random.below(len + 1))));
            for (offset, count) in parts {
                let range = reader.cipher_range(offset as u64, count as u64);
                let mut slice = &cipher[range.start as usize..range.end as usize];
                let mut part = Vec::new();
                let got =
                    reader.decrypt(offset as u64, count as u64, &mut slice, &mut part).unwrap();
                let end = offset.saturating_add(count).min(len);
                assert!(part == plain[offset.min(end)..end], "{name} {len} {offset} {count}");
                assert_eq!(got, part.len() as u64);
                assert!(slice.is_empty());
            }
        }
    }
}

#[test]
fn parts_are_checked() {
    for (name, key, keys) in pairs() {
        if matches!(key, EncryptKey::OpenPgp(_)) {
            let cipher = encrypt(&recipe(&key), &noise(100));
            let refused = Decryptor::new(None, &keys).open_range(&cipher, cipher.len() as u64);
            assert!(matches!(refused, Err(Error::Unsupported(_))));
            continue;
        }
        let cipher = encrypt(&recipe(&key), &noise(3 * CHUNK + 5));
        let decryptor = Decryptor::new(None, &keys);
        let head = &cipher[..HEAD_LEN];
        let reader = decryptor.open_range(head, cipher.len() as u64).unwrap();
        let range = reader.cipher_range(CHUNK as u64, 10);
        let part = &cipher[range.start as usize..range.end as usize];
        let refused = |part: &[u8]| {
            let mut part = part;
            let done = reader.decrypt(CHUNK as u64, 10, &mut part, &mut Vec::new());
            assert!(matches!(done, Err(Error::WrongOrDamaged)), "{name}");
        };
        let mut changed = part.to_vec();
        changed[1000] ^= 1;
        refused(&changed);
        refused(&part[..part.len() - 1]);
        // A chunk from elsewhere in the same file.
        let other = reader.cipher_range(0, 10);
        refused(&cipher[other.start as usize..other.end as usize]);
        // A length that was made up.
        assert!(decryptor.open_range(head, 10).is_err());
        if name.starts_with("age") {
            let short = decryptor.open_range(head, range.end).unwrap();
            let mut part = part;
            assert!(short.decrypt(CHUNK as u64, 10, &mut part, &mut Vec::new()).is_err());
        }
    }
}
