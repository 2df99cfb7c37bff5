//! Every length comes back, and is foretold.

use dipper_crypt::{Decryptor, Error, rclone_ciphertext_len, rclone_plaintext_len, sniff};

use crate::support::{
    Broken, CHUNK, Dribble, Noise, decrypt, encrypt, formats, noise, pairs, recipe,
};

fn edges() -> Vec<usize> {
    let mut lengths = vec![0, 1, 15, 16, 17, 100];
    // Where a length's own form changes, in either of OpenPGP's packets, and where a part ends.
    for edge in [192, 8384, CHUNK, 2 * CHUNK, 3 * CHUNK] {
        lengths.extend(edge - 60..edge - 55);
        lengths.extend(edge - 10..edge + 3);
    }
    lengths.extend([CHUNK - 41, CHUNK - 47, CHUNK - 48, 5 << 20, (5 << 20) - 1, (5 << 20) + 1]);
    lengths
}

#[test]
fn every_length_comes_back() {
    for (name, key, keys) in pairs() {
        let recipe = recipe(&key);
        for len in edges() {
            let plain = noise(len);
            let cipher = encrypt(&recipe, &plain);
            assert_eq!(sniff(&cipher[..cipher.len().min(64)]), Some(key.format()), "{name}");
            assert!(decrypt(&keys, &cipher).unwrap() == plain, "{name} {len}");
        }
    }
}

/// The sizes of a reader's gifts change nothing.
#[test]
fn small_reads_change_nothing() {
    for (name, key, keys) in pairs() {
        let recipe = recipe(&key);
        let plain = noise(300_000);
        let cipher = encrypt(&recipe, &plain);
        let mut again = Vec::new();
        let mut dribble = Dribble { from: &plain, noise: Noise::new(3) };
        recipe.encrypt(&mut dribble, &mut again).unwrap();
        assert!(again == cipher, "{name}");
        let mut back = Vec::new();
        let mut dribble = Dribble { from: &cipher, noise: Noise::new(4) };
        Decryptor::new(key.format(), &keys).decrypt(&mut dribble, &mut back).unwrap();
        assert!(back == plain, "{name}");
    }
}

#[test]
fn rclone_s_lengths_go_both_ways() {
    for plain in (0..200).chain(CHUNK as u64 * 7 - 200..CHUNK as u64 * 7 + 200) {
        assert_eq!(rclone_plaintext_len(rclone_ciphertext_len(plain)), Some(plain));
    }
    for wrong in (0..32).chain(33..49).chain([32 + 65_552 + 16]) {
        assert_eq!(rclone_plaintext_len(wrong), None, "{wrong}");
    }
}

/// The caller's own failures are the caller's, with their own words.
#[test]
fn the_caller_s_failures_pass_through() {
    for (format, key, keys) in formats() {
        let recipe = recipe(&key);
        for left in [0, 70_000] {
            let failed = recipe.encrypt(&mut Broken { left }, &mut Vec::new());
            assert!(matches!(&failed, Err(Error::Source(e)) if e.to_string().contains("on fire")));
            let failed = recipe.encrypt(&mut noise(200_000).as_slice(), &mut Broken { left });
            assert!(matches!(&failed, Err(Error::Sink(e)) if e.to_string().contains("full")));
            let cipher = encrypt(&recipe, &noise(200_000));
            let decryptor = Decryptor::new(format, &keys);
            let failed = decryptor.decrypt(&mut cipher.as_slice(), &mut Broken { left });
            assert!(matches!(&failed, Err(Error::Sink(_))), "{format}: {failed:?}");
            let mut half = std::io::Read::chain(&cipher[..left], Broken { left: 0 });
            let failed = decryptor.decrypt(&mut half, &mut Vec::new());
            assert!(
                matches!(&failed, Err(Error::Source(e)) if e.to_string().contains("on fire")),
                "{format}: {failed:?}"
            );
        }
    }
}
