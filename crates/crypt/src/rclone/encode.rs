//! Encrypted names as text.

use data_encoding::{BASE32_DNSSEC, BASE64URL_NOPAD};

use super::names::NameEncoding;

pub(super) fn encode(encoding: NameEncoding, data: &[u8]) -> String {
    match encoding {
        // The alphabet of base32hex in lower case, without padding.
        NameEncoding::Base32 => BASE32_DNSSEC.encode(data),
        NameEncoding::Base64 => BASE64URL_NOPAD.encode(data),
        NameEncoding::Base32768 => encode15(data),
    }
}

/// `None` for what no encoder makes.
pub(super) fn decode(encoding: NameEncoding, text: &str) -> Option<Vec<u8>> {
    match encoding {
        NameEncoding::Base32 => BASE32_DNSSEC.decode(text.as_bytes()).ok(),
        NameEncoding::Base64 => BASE64URL_NOPAD.decode(text.as_bytes()).ok(),
        NameEncoding::Base32768 => decode15(text),
    }
}

/// Where the alphabet's blocks of 32 characters begin: runs from the first block to the last. The
/// first four blocks hold the last 7 bits of a text, the other 1,024 hold 15 bits a character.
const RUNS: [(u32, u32); 54] = [
    (0x0180, 0x0180),
    (0x0240, 0x0280),
    (0x04a0, 0x04a0),
    (0x0500, 0x0500),
    (0x0680, 0x06a0),
    (0x0760, 0x0780),
    (0x07c0, 0x07c0),
    (0x1000, 0x1000),
    (0x10a0, 0x10a0),
    (0x1100, 0x1140),
    (0x1180, 0x1180),
    (0x11e0, 0x1220),
    (0x1260, 0x1260),
    (0x12e0, 0x12e0),
    (0x1320, 0x1320),
    (0x13a0, 0x13c0),
    (0x1420, 0x1640),
    (0x16a0, 0x16c0),
    (0x1780, 0x1780),
    (0x1820, 0x1840),
    (0x18c0, 0x18c0),
    (0x1980, 0x1980),
    (0x19e0, 0x19e0),
    (0x1a20, 0x1a20),
    (0x1bc0, 0x1bc0),
    (0x1c00, 0x1c00),
    (0x1d00, 0x1d00),
    (0x21e0, 0x21e0),
    (0x22c0, 0x22c0),
    (0x2340, 0x23c0),
    (0x2400, 0x2400),
    (0x2500, 0x2740),
    (0x2780, 0x27a0),
    (0x2800, 0x2960),
    (0x29a0, 0x29a0),
    (0x2a20, 0x2a40),
    (0x2a80, 0x2aa0),
    (0x2ae0, 0x2b40),
    (0x2c00, 0x2c00),
    (0x2c80, 0x2cc0),
    (0x2d00, 0x2d00),
    (0x2d40, 0x2d40),
    (0x2ea0, 0x2ec0),
    (0x31c0, 0x31c0),
    (0x3400, 0x4d80),
    (0x4dc0, 0x9fa0),
    (0xa000, 0xa460),
    (0xa4a0, 0xa4a0),
    (0xa500, 0xa5e0),
    (0xa640, 0xa640),
    (0xa6a0, 0xa6c0),
    (0xa700, 0xa740),
    (0xa780, 0xa780),
    (0xa840, 0xa840),
];

/// Blocks for the last 7 bits.
const SHORT: u32 = 4;

/// rclone takes the pictures of control characters for these themselves when it stores a name, so that
/// on S3 (and on disk) they stand in the alphabet's place. Not so for the first, NUL.
const PICTURES: std::ops::RangeInclusive<u32> = 0x2401..=0x241f;

fn character(block: u32, within: u32) -> Option<char> {
    let mut before = 0;
    for (first, last) in RUNS {
        let count = (last - first) / 32 + 1;
        if block < before + count {
            let code = first + (block - before) * 32 + within;
            return char::from_u32(if PICTURES.contains(&code) { code - 0x2400 } else { code });
        }
        before += count;
    }
    None
}

/// A character's place in the alphabet.
fn place(c: char) -> Option<u32> {
    let code = match u32::from(c) {
        control @ 1..=0x1f => control + 0x2400,
        picture if PICTURES.contains(&picture) => return None,
        other => other,
    };
    let mut before = 0;
    for (first, last) in RUNS {
        if (first..last + 32).contains(&code) {
            return Some(before * 32 + (code - first));
        }
        before += (last - first) / 32 + 1;
    }
    None
}

/// 15 bits a character, highest first; what is missing at the end is filled with ones, to 7 bits if
/// they suffice.
fn encode15(data: &[u8]) -> String {
    let mut text = String::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in data {
        (bits, count) = (bits << 8 | u32::from(*byte), count + 8);
        if count >= 15 {
            count -= 15;
            text.extend(long(bits >> count));
            bits &= (1 << count) - 1;
        }
    }
    match count {
        0 => {}
        1..=7 => {
            let value = bits << (7 - count) | ((1 << (7 - count)) - 1);
            text.extend(character(value / 32, value % 32));
        }
        _ => text.extend(long(bits << (15 - count) | ((1 << (15 - count)) - 1))),
    }
    text
}

fn long(value: u32) -> Option<char> {
    character(SHORT + value / 32, value % 32)
}

fn decode15(text: &str) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let place = place(c)?;
        let short = place < SHORT * 32;
        // Only the last character may be a short one.
        if short && chars.peek().is_some() {
            return None;
        }
        let (value, width) = if short { (place, 7) } else { (place - SHORT * 32, 15) };
        (bits, count) = (bits << width | value, count + width);
        while count >= 8 {
            count -= 8;
            data.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // Many texts stand for the same bytes; only one of them is right.
    (encode15(&data) == text).then_some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_is_whole() {
        let blocks: u32 = RUNS.iter().map(|(first, last)| (last - first) / 32 + 1).sum();
        assert_eq!(blocks, SHORT + 1024);
        let all: Vec<char> =
            (0..blocks).flat_map(|b| (0..32).filter_map(move |w| character(b, w))).collect();
        assert_eq!(all.len(), 32 * 1028);
        assert!(all.iter().enumerate().all(|(at, c)| place(*c) == Some(at as u32)));
    }

    #[test]
    fn every_length_comes_back() {
        for encoding in [NameEncoding::Base32, NameEncoding::Base64, NameEncoding::Base32768] {
            for len in 0..70_u8 {
                let data: Vec<u8> = (0..len).map(|n| n.wrapping_mul(151) ^ 0xa5).collect();
                let text = encode(encoding, &data);
                assert_eq!(decode(encoding, &text).as_deref(), Some(&data[..]), "{text}");
            }
        }
    }
}
