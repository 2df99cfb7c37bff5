//! Files made to do harm: they end in an error, soon, and in little memory.

use std::io::Read;

use dipper_crypt::{DecryptKeys, Decryptor, EncryptKey, Error, Recipe, Work};
use pgp::composed::RawSessionKey;
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::packet::{PacketTrait, SymEncryptedProtectedData, SymKeyEncryptedSessionKey};
use pgp::types::{Password, StringToKey};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::support::{Noise, PASSPHRASE, decrypt, encrypt, formats, pairs, recipe, secret};

fn keys() -> DecryptKeys {
    DecryptKeys::new().with_passphrase(secret(PASSPHRASE))
}

fn session(alg: SymmetricKeyAlgorithm, key: &RawSessionKey) -> Vec<u8> {
    let s2k =
        StringToKey::IteratedAndSalted { hash_alg: HashAlgorithm::Sha256, salt: [5; 8], count: 0 };
    let packet =
        SymKeyEncryptedSessionKey::encrypt_v4(&Password::from(PASSPHRASE), key, s2k, alg).unwrap();
    let mut bytes = Vec::new();
    packet.to_writer_with_header(&mut bytes).unwrap();
    bytes
}

/// A message with these packets in it, by the `pgp` crate.
fn message(inner: &[u8]) -> Vec<u8> {
    let alg = SymmetricKeyAlgorithm::AES128;
    let key = RawSessionKey::from(vec![9; 16]);
    let mut bytes = session(alg, &key);
    let rng = StdRng::seed_from_u64(1);
    let data = SymEncryptedProtectedData::encrypt_seipdv1(rng, alg, key.as_ref(), inner).unwrap();
    data.to_writer_with_header(&mut bytes).unwrap();
    bytes
}

fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).unwrap();
    [&[0xc0 | tag, 0xff], len.to_be_bytes().as_slice(), body].concat()
}

fn literal(data: &[u8]) -> Vec<u8> {
    packet(11, &[&[b'b', 1, b'x', 0, 0, 0, 0], data].concat())
}

#[test]
fn messages_of_another_make_are_read() {
    assert_eq!(decrypt(&keys(), &message(&literal(b"hello"))).unwrap(), b"hello");
    let stored = packet(8, &[&[0], literal(b"hello").as_slice()].concat());
    assert_eq!(decrypt(&keys(), &message(&stored)).unwrap(), b"hello");
    // A signature before and behind, which is passed over; a marker; padding.
    let signed = [packet(4, &[3; 13]), literal(b"hello"), packet(2, &[4; 80])].concat();
    assert_eq!(decrypt(&keys(), &message(&signed)).unwrap(), b"hello");
    let padded = [packet(10, b"PGP"), literal(b"hello"), packet(21, &[1; 999])].concat();
    assert_eq!(decrypt(&keys(), &message(&padded)).unwrap(), b"hello");
}

/// The newest form of protected data, which no GnuPG writes, and Argon2.
#[test]
fn version_2_is_read() {
    use pgp::composed::MessageBuilder;
    use pgp::crypto::aead::{AeadAlgorithm, ChunkSize};
    for aead in [AeadAlgorithm::Ocb, AeadAlgorithm::Gcm, AeadAlgorithm::Eax] {
        let mut rng = StdRng::seed_from_u64(6);
        let plain = Noise::new(8).bytes(100_000);
        let alg = SymmetricKeyAlgorithm::AES256;
        let mut builder = MessageBuilder::from_reader("", plain.as_slice()).seipd_v2(
            &mut rng,
            alg,
            aead,
            ChunkSize::default(),
        );
        let s2k = StringToKey::Argon2 { salt: [8; 16], t: 1, p: 1, m_enc: 6 };
        builder.encrypt_with_password(&mut rng, s2k, &Password::from(PASSPHRASE)).unwrap();
        let mut cipher = Vec::new();
        builder.to_writer(&mut rng, &mut cipher).unwrap();
        assert!(decrypt(&keys(), &cipher).unwrap() == plain);
        for at in [cipher.len() - 1, cipher.len() / 2, 150] {
            let mut changed = cipher.clone();
            changed[at] ^= 4;
            assert!(decrypt(&keys(), &changed).is_err(), "{aead:?} {at}");
            assert!(decrypt(&keys(), &cipher[..at]).is_err(), "{aead:?} {at}");
        }
    }
}

#[test]
fn nonsense_within_is_refused() {
    let deep = (0..6).fold(literal(b"x"), |inner, _| packet(8, &[&[0], inner.as_slice()].concat()));
    let mut short = literal(b"hello");
    short.truncate(short.len() - 1);
    for inner in [
        vec![],
        packet(10, b"PGP"),
        deep,
        short,
        [literal(b"one"), literal(b"two")].concat(),
        packet(8, &[1, 0xff, 0xff, 0xff]),
        packet(8, &[9, 1, 2, 3]),
        packet(8, &[]),
        packet(11, b"b"),
        packet(6, &[0; 20]),
        packet(18, &[1; 40]),
        vec![0x12, 0x34],
        // A literal packet that says it has four gigabytes.
        vec![0xcb, 0xff, 0xff, 0xff, 0xff, 0xff, b'b', 0, 0, 0, 0, 0, 1],
        // A signature that says so.
        vec![0xc2, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 0, 0],
    ] {
        let opened = decrypt(&keys(), &message(&inner));
        assert!(matches!(opened, Err(Error::WrongOrDamaged)), "{inner:?}: {opened:?}");
    }
}

#[test]
fn data_without_a_check_are_refused() {
    let alg = SymmetricKeyAlgorithm::AES128;
    let bytes = [session(alg, &vec![9; 16].into()), packet(9, &[7; 100])].concat();
    let refused = decrypt(&keys(), &bytes).unwrap_err();
    assert!(refused.to_string().contains("without integrity protection"), "{refused}");
}

#[test]
fn public_keys_are_named() {
    let bytes = [packet(1, &[3; 200]), packet(18, &[1; 100])].concat();
    let refused = decrypt(&keys(), &bytes).unwrap_err();
    assert!(refused.to_string().contains("public key"), "{refused}");
}

#[test]
fn work_without_measure_is_refused() {
    // Argon2 with two terabytes of memory.
    let body = [&[4, 9, 4], [1; 16].as_slice(), &[32, 32, 31]].concat();
    let bytes = [packet(3, &body), packet(18, &[1; 100])].concat();
    assert!(matches!(decrypt(&keys(), &bytes), Err(Error::Unsupported(_))));
    // A hundred passphrases to try.
    let many = packet(3, &[4, 9, 3, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0]).repeat(100);
    assert!(matches!(
        decrypt(&keys(), &[many, packet(18, &[1; 100])].concat()),
        Err(Error::Unsupported(_))
    ));
    let key = EncryptKey::AgePassphrase(secret(PASSPHRASE));
    let work = Work { age: 4, ..Work::default() };
    let cipher = encrypt(&Recipe::with_work(&key, work).unwrap(), b"x");
    let text = String::from_utf8_lossy(&cipher).into_owned();
    let line = text.lines().nth(1).unwrap();
    for more in [" 30\n", " 63\n", " 21\n"] {
        let line = [line.strip_suffix(" 4").unwrap(), more].concat();
        let from = cipher.windows(3).position(|w| w == b" 4\n").unwrap() + 3;
        let hard = [b"age-encryption.org/v1\n", line.as_bytes(), &cipher[from..]].concat();
        assert!(matches!(decrypt(&keys(), &hard), Err(Error::Unsupported(_))), "{more}");
    }
    let keys = keys();
    let strict = Decryptor::new(None, &keys).max_age_work(3);
    let refused = strict.decrypt(&mut cipher.as_slice(), &mut Vec::new());
    assert!(matches!(refused, Err(Error::Unsupported(_))));
}

/// Gives `start`, then the same byte for ever.
struct Endless<'a> {
    start: &'a [u8],
    byte: u8,
    given: usize,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        assert!(self.given < 4 << 20, "nobody stops reading");
        let len = match self.start.is_empty() {
            true => {
                buffer.fill(self.byte);
                buffer.len()
            }
            false => self.start.read(buffer)?,
        };
        self.given += len;
        Ok(len)
    }
}

#[test]
fn headers_without_end_are_left() {
    let starts: [&[u8]; 7] = [
        b"age-encryption.org/v1\n",
        b"age-encryption.org/v1\n-> X25519 ",
        b"age-encryption.org/v1\n-> a\n",
        // Session keys of four gigabytes, for a passphrase and for somebody else.
        &[0xc3, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 9, 3, 8],
        &[0xc1, 0xff, 0xff, 0xff, 0xff, 0xff, 3],
        &[0xc1, 0xfe, 3],
        &[0xca, 0xff, 0xff, 0xff, 0xff, 0xff, b'P', b'G', b'P'],
    ];
    for start in starts {
        for byte in [b'a', b'\n', 0, 0xff, 0xc1] {
            let mut input = Endless { start, byte, given: 0 };
            let keys = keys();
            let done = Decryptor::new(None, &keys).decrypt(&mut input, &mut Vec::new());
            assert!(done.is_err(), "{start:?} {byte}");
        }
    }
}

/// Anything at all, with beginnings that lead somewhere: an error, never a panic.
#[test]
fn any_bytes_end_in_an_error() {
    let mut random = Noise::new(77);
    for (name, key, keys) in pairs() {
        let real = encrypt(&recipe(&key), &[7; 500]);
        for round in 0..1500 {
            let mut bytes = real.clone();
            for _ in 0..1 + round % 4 {
                let at = random.below(bytes.len().min(250));
                match random.below(4) {
                    0 => bytes[at] = random.next() as u8,
                    1 => bytes.truncate(at),
                    2 => drop(bytes.splice(at..at, random.bytes(3))),
                    _ => drop(bytes.splice(at..(at + 5).min(bytes.len()), [])),
                }
                if bytes.is_empty() {
                    bytes.push(0xc3);
                }
            }
            // rclone's header alone is an empty file.
            if bytes != real && !(name == "rclone" && bytes.len() == 32) {
                assert!(decrypt(&keys, &bytes).is_err(), "{name}, round {round}: {bytes:02x?}");
            }
        }
    }
    for (format, _, keys) in formats() {
        for round in 0..2000 {
            let bytes = random.bytes(round % 200);
            let done = Decryptor::new(format, &keys).decrypt(&mut &bytes[..], &mut Vec::new());
            assert!(done.is_err());
        }
    }
}

/// Zeros, a thousand times smaller than they are: they stream through.
#[test]
fn compressed_files_stream() {
    use pgp::composed::MessageBuilder;
    use pgp::types::CompressionAlgorithm::{BZip2, ZIP, ZLIB};
    for algorithm in [ZIP, ZLIB, BZip2] {
        let zeros = std::io::repeat(0).take(20 << 20);
        let rng = StdRng::seed_from_u64(2);
        let mut builder =
            MessageBuilder::from_reader("", zeros).seipd_v1(rng, SymmetricKeyAlgorithm::AES256);
        builder.compression(algorithm);
        let s2k = StringToKey::new_iterated(StdRng::seed_from_u64(3), HashAlgorithm::Sha256, 0);
        builder.encrypt_with_password(s2k, &Password::from(PASSPHRASE)).unwrap();
        let mut cipher = Vec::new();
        builder.to_writer(StdRng::seed_from_u64(4), &mut cipher).unwrap();
        assert!(cipher.len() < 200_000);
        let plain = decrypt(&keys(), &cipher).unwrap();
        assert!(plain.len() == 20 << 20 && plain.iter().all(|byte| *byte == 0));
    }
}
