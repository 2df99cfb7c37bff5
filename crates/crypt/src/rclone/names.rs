//! Object keys, segment by segment, as rclone's crypt names them.

use std::fmt;

use super::eme::{Eme, MAX_BLOCKS, Way};
use super::{RcloneKeys, encode, obfuscate};
use crate::{Error, Result};

const BLOCK: usize = 16;

/// `filename_encryption`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameMode {
    #[default]
    Standard,
    /// Letters moved along the alphabet: hides names from a glance, not from an attacker.
    Obfuscate,
    /// Names stay, with a suffix.
    Off,
}

/// `filename_encoding`, of [`NameMode::Standard`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameEncoding {
    #[default]
    Base32,
    Base64,
    /// 15 bits a character: short for who counts characters; S3 counts bytes, and here it is longest.
    Base32768,
}

/// How a crypt remote names things; the default is rclone's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamesOptions {
    pub mode: NameMode,
    pub encoding: NameEncoding,
    /// `directory_name_encryption`.
    pub directories: bool,
    /// `suffix`, for [`NameMode::Off`]; `none` is none.
    pub suffix: String,
}

impl Default for NamesOptions {
    fn default() -> Self {
        Self {
            mode: NameMode::default(),
            encoding: NameEncoding::default(),
            directories: true,
            suffix: ".bin".to_owned(),
        }
    }
}

macro_rules! words {
    ($kind:ident, $($variant:ident $word:literal),+) => {
        impl $kind {
            /// rclone's word for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $kind {
            type Err = Error;

            fn from_str(word: &str) -> Result<Self> {
                match word.to_ascii_lowercase().as_str() {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Error::Unsupported(format!("the name setting '{word}'").into())),
                }
            }
        }
    };
}

words!(NameMode, Standard "standard", Obfuscate "obfuscate", Off "off");
words!(NameEncoding, Base32 "base32", Base64 "base64", Base32768 "base32768");

/// Encrypts and decrypts object keys below a crypt remote's root.
///
/// A key that ends in `/` names a folder. The same name always gives the same result, and
/// `decrypt_key` accepts exactly what `encrypt_key` makes.
pub struct Names {
    eme: Eme,
    /// The sum of the key's bytes, which is all that obfuscation uses of it.
    rotation: u32,
    options: NamesOptions,
}

impl Names {
    pub fn new(keys: &RcloneKeys, mut options: NamesOptions) -> Self {
        if options.suffix.eq_ignore_ascii_case("none") {
            options.suffix.clear();
        }
        let rotation = keys.names().iter().map(|byte| u32::from(*byte)).sum();
        Self { eme: Eme::new(keys.names(), keys.tweak()), rotation, options }
    }

    /// `NameTooLong` for a segment above 2,047 bytes. The result may be longer than S3's 1,024 bytes.
    pub fn encrypt_key(&self, key: &str) -> Result<String> {
        self.each(
            key,
            |name| self.encrypt_segment(name),
            |key| match key.ends_with('/') {
                true => Ok(key.to_owned()),
                false => Ok(format!("{key}{}", self.options.suffix)),
            },
        )
    }

    /// `ForeignName` for what these keys and options did not make.
    pub fn decrypt_key(&self, key: &str) -> Result<String> {
        let plain = self.each(
            key,
            |name| self.decrypt_segment(name),
            |key| {
                if key.ends_with('/') {
                    return Ok(key.to_owned());
                }
                let plain =
                    key.strip_suffix(&self.options.suffix).filter(|plain| !plain.is_empty());
                Ok(plain.ok_or(Error::ForeignName)?.to_owned())
            },
        )?;
        // Upper case, other versions of the same bits and the like: nobody writes them, and two keys
        // with one name would be two files in one place.
        match self.encrypt_key(&plain) {
            Ok(again) if again == key => Ok(plain),
            _ => Err(Error::ForeignName),
        }
    }

    fn each(
        &self,
        key: &str,
        segment: impl Fn(&str) -> Result<String>,
        off: impl Fn(&str) -> Result<String>,
    ) -> Result<String> {
        if self.options.mode == NameMode::Off {
            return off(key);
        }
        let count = key.split('/').count();
        let named = key.split('/').enumerate().map(|(at, name)| {
            let last = at + 1 == count;
            match name {
                "" => Ok(String::new()),
                _ if !last && !self.options.directories => Ok(name.to_owned()),
                _ if !last => segment(name),
                // A file's version stays readable, as rclone writes it behind the name.
                _ => match version(name) {
                    Some((bare, stamp)) => Ok(with_version(&segment(&bare)?, stamp)),
                    None => segment(name),
                },
            }
        });
        Ok(named.collect::<Result<Vec<_>>>()?.join("/"))
    }

    fn encrypt_segment(&self, name: &str) -> Result<String> {
        if name.is_empty() {
            return Ok(String::new());
        }
        if self.options.mode == NameMode::Obfuscate {
            return Ok(obfuscate::encrypt(self.rotation, name));
        }
        let mut padded = name.as_bytes().to_vec();
        let pad = BLOCK - padded.len() % BLOCK;
        padded.resize(padded.len() + pad, pad as u8);
        let sealed = self.eme.transform(Way::Encrypt, &padded).ok_or(Error::NameTooLong)?;
        Ok(encode::encode(self.options.encoding, &sealed))
    }

    fn decrypt_segment(&self, name: &str) -> Result<String> {
        if name.is_empty() {
            return Ok(String::new());
        }
        let plain = match self.options.mode {
            NameMode::Obfuscate => obfuscate::decrypt(self.rotation, name),
            _ => self.unseal(name),
        };
        plain.ok_or(Error::ForeignName)
    }

    fn unseal(&self, name: &str) -> Option<String> {
        // No encoding needs more than 3 bytes for one.
        if name.len() > MAX_BLOCKS * BLOCK * 3 {
            return None;
        }
        let sealed = encode::decode(self.options.encoding, name)?;
        let mut padded = self.eme.transform(Way::Decrypt, &sealed)?;
        let pad = usize::from(*padded.last()?);
        let len = padded.len().checked_sub(pad).filter(|_| (1..=BLOCK).contains(&pad))?;
        if padded[len..].iter().any(|byte| usize::from(*byte) != pad) {
            return None;
        }
        padded.truncate(len);
        String::from_utf8(padded).ok()
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").field("options", &self.options).finish_non_exhaustive()
    }
}

/// `-vYYYY-MM-DD-hhmmss-mmm`.
const STAMP: usize = 23;

/// Where a name's last dot is, or its end.
fn extension(name: &str) -> usize {
    name.rfind('.').unwrap_or(name.len())
}

/// The name without its version, and that, if it has one before its extension.
fn version(name: &str) -> Option<(String, &str)> {
    let (base, extension) = name.split_at(extension(name));
    let at = base.len().checked_sub(STAMP).filter(|at| base.is_char_boundary(*at))?;
    let (bare, stamp) = base.split_at(at);
    is_stamp(stamp.as_bytes()).then(|| (format!("{bare}{extension}"), stamp))
}

fn with_version(name: &str, stamp: &str) -> String {
    let (base, extension) = name.split_at(extension(name));
    format!("{base}{stamp}{extension}")
}

fn is_stamp(stamp: &[u8]) -> bool {
    let shape = b"-v0000-00-00-000000-000";
    let fits = stamp.len() == STAMP
        && stamp.iter().zip(shape).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            _ => byte == form,
        });
    if !fits {
        return false;
    }
    let number = |from: usize, to: usize| {
        stamp[from..to].iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'))
    };
    let (year, month) = (number(2, 6), number(7, 9));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&number(10, 12))
        && number(13, 15) < 24
        && number(15, 17) < 60
        && number(17, 19) < 60
}
