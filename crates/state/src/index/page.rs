//! How a page of a listing takes the place of what was known between its ends.

use dipper_types::Timestamp;
use rusqlite::{Connection, params};

use super::block::{Block, Entry, MOST, pack};
use super::first_block;
use crate::StateError;

/// A page of a listing in key order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// From here; what lies before is not told of.
    from: Vec<u8>,
    /// Up to here, exclusive; `None`: to the end.
    to: Option<Vec<u8>>,
    entries: Vec<Entry>,
}

/// The pages of one listing, one after the other.
#[derive(Debug)]
pub struct Pages {
    prefix: String,
    /// Where the next one begins.
    from: Vec<u8>,
}

impl Pages {
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), from: prefix.as_bytes().to_vec() }
    }

    /// `last`: nothing of the prefix follows. `None` where the page tells nothing of what is no more: it
    /// is empty, or, with some servers, not in the order of keys.
    pub fn next(&mut self, entries: Vec<Entry>, last: bool) -> Option<Page> {
        let in_order = entries.is_sorted_by(|a, b| a.key < b.key)
            && entries.first().is_none_or(|entry| *self.from <= *entry.key.as_bytes())
            && entries.iter().all(|entry| entry.key.starts_with(&self.prefix));
        let to = match entries.last() {
            _ if last => after_all(self.prefix.as_bytes()),
            Some(entry) => Some(beyond(entry.key.as_bytes(), entry.size.is_none())),
            None => return None,
        };
        let from = match &to {
            Some(to) => std::mem::replace(&mut self.from, to.clone()),
            None => std::mem::take(&mut self.from),
        };
        in_order.then_some(Page { from, to, entries })
    }
}

impl Page {
    /// The folder of this page that the key lies in: no more than its name is told, and what is known
    /// below it stays.
    fn holds(&self, key: &[u8]) -> Option<&[u8]> {
        // What stands between a folder and a key in it lies in the folder, too, and is not on the page.
        let after = self.entries.partition_point(|entry| entry.key.as_bytes() <= key);
        let before = &self.entries[after.checked_sub(1)?];
        let folder = before.key.as_bytes();
        (before.size.is_none() && key.starts_with(folder)).then_some(folder)
    }

    fn is_within(&self, key: &[u8]) -> bool {
        *self.from <= *key && self.to.as_deref().is_none_or(|to| key < to)
    }
}

/// The first key after this one; after all in it where it is a folder.
fn beyond(key: &[u8], folder: bool) -> Vec<u8> {
    let next = || [key, &[0]].concat();
    if folder { after_all(key).unwrap_or_else(next) } else { next() }
}

/// The first bytes after all that begin so. `None`: there is no such thing.
pub(super) fn after_all(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut after = prefix.to_vec();
    while let Some(last) = after.pop() {
        if last < u8::MAX {
            after.push(last + 1);
            return Some(after);
        }
    }
    None
}

/// A block that stays as it is: its first and its last key.
type Span = (Vec<u8>, Vec<u8>);

pub(super) fn put(tx: &Connection, place: i64, page: &Page) -> Result<(), StateError> {
    let (kept, spans) = make_room(tx, place, page)?;
    let mut merged: Vec<&Entry> = kept.iter().chain(&page.entries).collect();
    // A stable sort: what is known of a folder's marker is more than its name.
    merged.sort_by(|a, b| a.key.cmp(&b.key));
    merged.dedup_by(|b, a| a.key == b.key);
    let mut spans = spans.iter().peekable();
    let mut run: Vec<Entry> = Vec::new();
    for entry in merged {
        let key = entry.key.as_bytes();
        // A block never reaches over another one.
        let mut parted = run.len() >= MOST;
        while spans.next_if(|(first, _)| first.as_slice() < key).is_some() {
            parted = true;
        }
        // The folder's marker is known already, with more than its name.
        if spans.peek().is_some_and(|(first, _)| first == key) {
            continue;
        }
        if parted {
            store(tx, place, &std::mem::take(&mut run))?;
        }
        run.push(entry.clone());
    }
    store(tx, place, &run)
}

/// Takes out the blocks that the page tells of. Gives what stays of them, in order, and the blocks that
/// lie whole in a folder of the page: those are not touched.
fn make_room(
    tx: &Connection,
    place: i64,
    page: &Page,
) -> Result<(Vec<Entry>, Vec<Span>), StateError> {
    let from = first_block(tx, place, &page.from)?;
    let mut blocks = tx.prepare_cached(
        "SELECT id, first, last FROM blocks
         WHERE place = ?1 AND first >= ?2 AND (?3 IS NULL OR first < ?3) ORDER BY first",
    )?;
    let blocks = blocks.query_map(params![place, from, page.to], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?))
    })?;
    let blocks: Vec<_> = blocks.collect::<Result<_, _>>()?;
    let (mut kept, mut spans) = (Vec::new(), Vec::new());
    for (id, first, last) in blocks {
        if *last < *page.from {
            continue;
        }
        if page.holds(&first).is_some_and(|folder| last.starts_with(folder)) {
            spans.push((first, last));
            continue;
        }
        let body: Vec<u8> = tx
            .prepare_cached("SELECT body FROM blocks WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?;
        if let Some(block) = Block::open(&body) {
            kept.extend(block.entries().filter(|entry| {
                let key = entry.key.as_bytes();
                // The folder's own row is told of anew.
                let below =
                    page.holds(key).is_some_and(|folder| folder != key || entry.size.is_some());
                below || !page.is_within(key)
            }));
        }
        tx.prepare_cached("DELETE FROM blocks WHERE id = ?1")?.execute([id])?;
    }
    Ok((kept, spans))
}

fn store(tx: &Connection, place: i64, entries: &[Entry]) -> Result<(), StateError> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(()) };
    tx.prepare_cached(
        "INSERT INTO blocks (place, first, last, rows, body) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        place,
        first.key.as_bytes(),
        last.key.as_bytes(),
        i64::try_from(entries.len()).unwrap_or(i64::MAX),
        pack(entries)
    ])?;
    Ok(())
}

impl Entry {
    /// What a listing told of an object.
    pub fn object(
        key: String,
        size: u64,
        modified: Option<Timestamp>,
        class: Option<String>,
        listed_at: Timestamp,
    ) -> Self {
        Self { key, size: Some(size), modified, class, listed_at }
    }

    /// What it told of a folder: its name.
    pub fn folder(key: String, listed_at: Timestamp) -> Self {
        Self { key, size: None, modified: None, class: None, listed_at }
    }
}
