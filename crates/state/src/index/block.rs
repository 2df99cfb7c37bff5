//! Some rows of the index, packed: at most [`MOST`] keys that stand beside each other.
//!
//! All keys lie in one piece of memory, so that a search runs over them without taking them apart.

use dipper_types::Timestamp;
use memchr::memmem::Finder;

/// Rows of one block: small enough to be written anew for one page, large enough to be read quickly.
pub(super) const MOST: usize = 1000;
const FOLDER: u64 = u64::MAX;
const NO_TIME: i64 = i64::MIN;
const NO_CLASS: u8 = u8::MAX;
/// Bytes of a row besides its key: end, size, modified, listed, class.
const FIXED: usize = 4 + 8 + 8 + 4 + 1;

/// One thing that was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    /// `None`: a folder of which no more than its name was listed.
    pub size: Option<u64>,
    pub modified: Option<Timestamp>,
    pub class: Option<String>,
    pub listed_at: Timestamp,
}

/// What a search finds, as it lies in the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    pub key: &'a str,
    pub size: Option<u64>,
    pub modified: Option<Timestamp>,
    pub class: Option<&'a str>,
    pub listed_at: Timestamp,
}

impl Found<'_> {
    fn to_entry(self) -> Entry {
        Entry {
            key: self.key.to_owned(),
            size: self.size,
            modified: self.modified,
            class: self.class.map(str::to_owned),
            listed_at: self.listed_at,
        }
    }
}

/// At most [`MOST`] entries, in order.
pub(super) fn pack(entries: &[Entry]) -> Vec<u8> {
    let mut classes: Vec<&str> = Vec::new();
    let keys: usize = entries.iter().map(|e| e.key.len()).sum();
    let mut out = Vec::with_capacity(8 + keys + entries.len() * FIXED + 64);
    out.extend(short(entries.len()).to_le_bytes());
    out.extend(short(keys).to_le_bytes());
    for entry in entries {
        out.extend(entry.key.as_bytes());
    }
    let mut end = 0;
    for entry in entries {
        end += entry.key.len();
        out.extend(short(end).to_le_bytes());
    }
    for entry in entries {
        out.extend(entry.size.map_or(FOLDER, |size| size.min(FOLDER - 1)).to_le_bytes());
    }
    for entry in entries {
        out.extend(entry.modified.map_or(NO_TIME, Timestamp::millis).to_le_bytes());
    }
    for entry in entries {
        let seconds = u32::try_from(entry.listed_at.millis().max(0) / 1000).unwrap_or(u32::MAX);
        out.extend(seconds.to_le_bytes());
    }
    for entry in entries {
        out.push(entry.class.as_deref().map_or(NO_CLASS, |class| {
            let at = classes.iter().position(|c| *c == class).unwrap_or_else(|| {
                classes.push(class);
                classes.len() - 1
            });
            u8::try_from(at).unwrap_or(NO_CLASS)
        }));
    }
    for class in classes.iter().take(usize::from(NO_CLASS)) {
        out.extend(short(class.len()).to_le_bytes());
        out.extend(class.as_bytes());
    }
    out
}

/// Keys of a block are at most a megabyte: 1,000 of 1,024 bytes.
fn short(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// What a key must have, whatever its case: each of these words.
pub(super) enum Words {
    None,
    Ascii(Vec<Finder<'static>>),
    Any(Vec<String>),
}

impl Words {
    pub fn of(text: &str) -> Self {
        let mut words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        // The longest is the rarest, as a rule.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        if words.is_empty() {
            Self::None
        } else if words.iter().all(|word| word.is_ascii()) {
            Self::Ascii(
                words.iter().map(|word| Finder::new(word.as_bytes()).into_owned()).collect(),
            )
        } else {
            Self::Any(words)
        }
    }
}

/// A packed block, taken apart where it lies.
pub(super) struct Block<'a> {
    keys: &'a str,
    ends: &'a [u8],
    sizes: &'a [u8],
    modified: &'a [u8],
    listed: &'a [u8],
    classes: &'a [u8],
    class_names: Vec<&'a str>,
}

impl<'a> Block<'a> {
    /// `None` where the bytes are no block.
    pub fn open(mut bytes: &'a [u8]) -> Option<Self> {
        let mut take = |n: usize| -> Option<&'a [u8]> {
            let (head, rest) = bytes.split_at_checked(n)?;
            bytes = rest;
            Some(head)
        };
        let rows = number(take(4)?, 0)?;
        let keys = number(take(4)?, 0)?;
        let keys = std::str::from_utf8(take(keys)?).ok()?;
        let ends = take(rows.checked_mul(4)?)?;
        let (sizes, modified) = (take(rows.checked_mul(8)?)?, take(rows.checked_mul(8)?)?);
        let (listed, classes) = (take(rows * 4)?, take(rows)?);
        let mut class_names = Vec::new();
        while let Some(len) = take(4) {
            class_names.push(std::str::from_utf8(take(number(len, 0)?)?).ok()?);
        }
        let block = Self { keys, ends, sizes, modified, listed, classes, class_names };
        // Each key lies within the keys, after the one before, and is cut where a letter ends.
        let mut before = 0;
        for row in 0..rows {
            let end = number(block.ends, row)?;
            if end < before || !keys.is_char_boundary(end) {
                return None;
            }
            before = end;
        }
        (before == keys.len()).then_some(block)
    }

    pub fn len(&self) -> usize {
        self.classes.len()
    }

    fn end(&self, row: usize) -> usize {
        number(self.ends, row).unwrap_or(0)
    }

    fn start(&self, row: usize) -> usize {
        row.checked_sub(1).map_or(0, |before| self.end(before))
    }

    pub fn row(&self, row: usize) -> Found<'a> {
        let eight =
            |column: &[u8]| -> [u8; 8] { column[row * 8..][..8].try_into().unwrap_or_default() };
        let (size, modified) =
            (u64::from_le_bytes(eight(self.sizes)), i64::from_le_bytes(eight(self.modified)));
        let listed = number(self.listed, row).unwrap_or(0);
        Found {
            key: &self.keys[self.start(row)..self.end(row)],
            size: (size != FOLDER).then_some(size),
            modified: (modified != NO_TIME).then(|| Timestamp::from_millis(modified)),
            class: self.class_names.get(usize::from(self.classes[row])).copied(),
            listed_at: Timestamp::from_secs(i64::try_from(listed).unwrap_or(i64::MAX)),
        }
    }

    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..self.len()).map(|row| self.row(row).to_entry())
    }

    /// The rows whose key has all the words, in order.
    pub fn find(&self, words: &Words, folded: &mut Vec<u8>, mut each: impl FnMut(Found<'a>)) {
        let (first, others) = match words {
            Words::None => return (0..self.len()).for_each(|row| each(self.row(row))),
            Words::Ascii(finders) => match finders.split_first() {
                Some(finders) => finders,
                None => return,
            },
            Words::Any(words) => {
                let rows = (0..self.len()).map(|row| self.row(row));
                // A letter beyond ASCII is in no other key.
                for row in rows.filter(|row| !row.key.is_ascii()) {
                    let key = row.key.to_lowercase();
                    if words.iter().all(|word| key.contains(word.as_str())) {
                        each(row);
                    }
                }
                return;
            }
        };
        folded.clear();
        folded.extend_from_slice(self.keys.as_bytes());
        folded.make_ascii_lowercase();
        let mut from = 0;
        while let Some(at) = first.find(&folded[from..]).map(|at| from + at) {
            let row = self.row_at(at);
            let (start, end) = (self.start(row), self.end(row));
            // What begins in this key and ends in the next is in neither.
            if at + first.needle().len() > end {
                from = at + 1;
                continue;
            }
            let key = &folded[start..end];
            if others.iter().all(|word| word.find(key).is_some()) {
                each(self.row(row));
            }
            from = end;
        }
    }

    fn row_at(&self, byte: usize) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.end(middle) <= byte {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

fn number(column: &[u8], row: usize) -> Option<usize> {
    let bytes = column.get(row * 4..row * 4 + 4)?;
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str) -> Entry {
        Entry {
            key: key.to_owned(),
            size: (!key.ends_with('/')).then_some(key.len() as u64),
            modified: key.len().is_multiple_of(2).then(|| Timestamp::from_millis(key.len() as i64)),
            class: ["STANDARD", "GLACIER"].get(key.len() % 3).map(|class| (*class).to_owned()),
            listed_at: Timestamp::from_secs(1_700_000_000 + key.len() as i64),
        }
    }

    fn found(keys: &[&str], text: &str) -> Vec<String> {
        let entries: Vec<Entry> = keys.iter().map(|key| entry(key)).collect();
        let packed = pack(&entries);
        let block = Block::open(&packed).unwrap();
        let mut found = Vec::new();
        block.find(&Words::of(text), &mut Vec::new(), |hit| found.push(hit.key.to_owned()));
        found
    }

    #[test]
    fn what_went_in_comes_out() {
        let entries: Vec<Entry> = ["", "a/", "a/b.txt", "ü", "z"].map(entry).into();
        let packed = pack(&entries);
        let block = Block::open(&packed).unwrap();
        assert_eq!(block.entries().collect::<Vec<_>>(), entries);
        assert_eq!(Block::open(&pack(&[])).unwrap().len(), 0);
    }

    #[test]
    fn damage_is_no_block() {
        let packed = pack(&["a/", "a/bü.txt", "ü"].map(entry));
        for length in 0..packed.len() {
            if let Some(block) = Block::open(&packed[..length]) {
                block.entries().for_each(drop);
            }
        }
        for at in 0..packed.len() {
            for flip in [1_u8, 0x80, 0xff] {
                let mut damaged = packed.clone();
                damaged[at] ^= flip;
                if let Some(block) = Block::open(&damaged) {
                    block.entries().for_each(drop);
                    block.find(&Words::of("b"), &mut Vec::new(), |_| {});
                }
            }
        }
    }

    #[test]
    fn finds() {
        let keys = ["ab", "Cab", "abc abc", "ÄRGER.txt", "x/Report 2024.PDF"];
        assert_eq!(found(&keys, "AB"), ["ab", "Cab", "abc abc"]);
        // `ab` and `Cab` stand side by side.
        assert_eq!(found(&keys, "bc"), ["abc abc"]);
        assert_eq!(found(&keys, "pdf report"), ["x/Report 2024.PDF"]);
        assert_eq!(found(&keys, "pdf rapport"), [""; 0]);
        assert_eq!(found(&keys, "ärg TXT"), ["ÄRGER.txt"]);
        assert_eq!(found(&keys, " ").len(), keys.len());
    }
}
