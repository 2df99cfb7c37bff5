//! Names with each character moved along its alphabet, by as much as the name and the key say.

const QUOTE: char = '!';

/// Where a character's alphabet begins, how many it has, and how far characters move in it.
struct Ring {
    first: u32,
    size: u32,
    by: u32,
}

impl Ring {
    fn of(c: char, turn: u32) -> Option<Self> {
        let code = u32::from(c);
        let ring = |first, size, turns| Some(Self { first, size, by: turn % turns + 1 });
        match c {
            '0'..='9' => ring(u32::from('0'), 10, 9),
            // Letters are counted A to Z, then a to z.
            'A'..='Z' | 'a'..='z' => ring(0, 52, 25),
            '\u{a0}'..='\u{ff}' => ring(0xa0, 96, 95),
            '\u{100}'.. => ring(code - code % 256, 256, 127),
            _ => None,
        }
    }
}

fn letter_number(c: char) -> Option<u32> {
    match c {
        'A'..='Z' => Some(u32::from(c) - u32::from('A')),
        'a'..='z' => Some(u32::from(c) - u32::from('a') + 26),
        _ => None,
    }
}

fn letter(number: u32) -> Option<char> {
    let first = if number < 26 { u32::from('A') } else { u32::from('a') - 26 };
    char::from_u32(first + number)
}

/// Moves a character forth, or back; `None` where that leads to no character.
fn turned(c: char, turn: u32, back: bool) -> Option<char> {
    let Some(ring) = Ring::of(c, turn) else { return Some(c) };
    let number = letter_number(c).unwrap_or(u32::from(c) - ring.first);
    let by = if back { ring.size - ring.by } else { ring.by };
    let number = (number + by) % ring.size;
    match letter_number(c) {
        Some(_) => letter(number),
        None => char::from_u32(ring.first + number),
    }
}

/// `rotation` is the sum of the key's bytes.
pub(super) fn encrypt(rotation: u32, name: &str) -> String {
    let own = (name.chars().map(|c| u64::from(u32::from(c))).sum::<u64>() % 256) as u32;
    let turn = own + rotation;
    let mut text = format!("{own}.");
    for c in name.chars() {
        match turned(c, turn, false) {
            Some(QUOTE) => text.extend([QUOTE, QUOTE]),
            Some(moved) => text.push(moved),
            None => text.extend([QUOTE, c]),
        }
    }
    text
}

pub(super) fn decrypt(rotation: u32, text: &str) -> Option<String> {
    let (own, rest) = text.split_once('.')?;
    let turn = u32::from(own.parse::<u8>().ok()?) + rotation;
    let mut name = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            QUOTE => name.push(chars.next()?),
            _ => name.push(turned(c, turn, true)?),
        }
    }
    Some(name)
}
