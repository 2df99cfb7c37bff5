//! Keys, noise and short ways to say things.

use std::io::{self, Read, Write};

use dipper_crypt::{
    AgeIdentity, AgeRecipients, DecryptKeys, Decryptor, EncryptKey, Error, Format, RcloneKeys,
    Recipe, Work,
};
use dipper_types::Secret;

pub const PASSPHRASE: &str = "correct horse Bätterie";
/// Cheap to guess, and quick to test.
pub const QUICK: Work = Work { age: 4, open_pgp: 0 };
pub const CHUNK: usize = 64 * 1024;

pub fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

/// xorshift: the same bytes for the same seed.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            (0..len.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).collect();
        bytes.truncate(len);
        bytes
    }
}

pub fn noise(len: usize) -> Vec<u8> {
    Noise::new(len as u64 + 1).bytes(len)
}

/// A key for each kind that there is, with what opens it.
pub fn pairs() -> Vec<(&'static str, EncryptKey, DecryptKeys)> {
    let (identity, recipient) = AgeIdentity::generate();
    let recipients = AgeRecipients::parse(&recipient).unwrap();
    let identities = AgeIdentity::parse(&identity, None).unwrap();
    let rclone = RcloneKeys::derive(&secret(PASSPHRASE), None).unwrap();
    let passphrase = || DecryptKeys::new().with_passphrase(secret(PASSPHRASE));
    vec![
        ("openpgp", EncryptKey::OpenPgp(secret(PASSPHRASE)), passphrase()),
        ("age passphrase", EncryptKey::AgePassphrase(secret(PASSPHRASE)), passphrase()),
        (
            "age recipient",
            EncryptKey::AgeRecipients(recipients),
            DecryptKeys::new().with_identities(identities),
        ),
        ("rclone", EncryptKey::Rclone(rclone.clone()), DecryptKeys::new().with_rclone(rclone)),
    ]
}

/// One key for each format.
pub fn formats() -> Vec<(Format, EncryptKey, DecryptKeys)> {
    let mut seen = Vec::new();
    let mut all = pairs();
    all.reverse();
    for (_, key, opens) in all {
        if !seen.iter().any(|(format, _, _)| *format == key.format()) {
            seen.push((key.format(), key, opens));
        }
    }
    seen
}

pub fn recipe(key: &EncryptKey) -> Recipe {
    Recipe::with_work(key, QUICK).unwrap()
}

pub fn encrypt(recipe: &Recipe, plain: &[u8]) -> Vec<u8> {
    let mut cipher = Vec::new();
    let mut plain_reader = plain;
    let done = recipe.encrypt(&mut plain_reader, &mut cipher).unwrap();
    assert_eq!((done.plain, done.cipher), (plain.len() as u64, cipher.len() as u64));
    assert_eq!(recipe.ciphertext_len(done.plain), done.cipher, "{recipe:?} {}", done.plain);
    cipher
}

pub fn decrypt(keys: &DecryptKeys, cipher: &[u8]) -> Result<Vec<u8>, Error> {
    let mut plain = Vec::new();
    let mut reader = cipher;
    let done = Decryptor::new(None, keys).decrypt(&mut reader, &mut plain)?;
    assert_eq!((done.plain, done.cipher), (plain.len() as u64, cipher.len() as u64));
    Ok(plain)
}

/// Gives a few bytes at a time, and now and then none for a reason that is no end.
pub struct Dribble<'a> {
    pub from: &'a [u8],
    pub noise: Noise,
}

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.noise.below(5000);
        if most < 50 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let take = most.min(buffer.len());
        self.from.read(&mut buffer[..take])
    }
}

/// Fails after so many bytes.
pub struct Broken {
    pub left: usize,
}

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(self.left);
        if len == 0 {
            return Err(io::Error::other("the disk is on fire"));
        }
        buffer[..len].fill(7);
        self.left -= len;
        Ok(len)
    }
}

impl Write for Broken {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let len = data.len().min(self.left);
        if len == 0 {
            return Err(io::Error::other("the disk is full"));
        }
        self.left -= len;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
