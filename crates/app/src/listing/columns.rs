//! The rows of one listing, column by column: names in one arena, the prefix not repeated.

use std::cmp::Ordering;

use dipper_types::Timestamp;

use super::natural;
use super::{RowKind, SortColumn};

const FOLDER: u64 = u64::MAX;
const NO_TIME: i64 = i64::MIN;
const NO_CLASS: u8 = u8::MAX;

#[derive(Debug, Default)]
pub(crate) struct Columns {
    names: String,
    ends: Vec<usize>,
    sizes: Vec<u64>,
    modified: Vec<i64>,
    classes: Vec<u8>,
    class_names: Vec<String>,
    gone: Vec<bool>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub name: &'a str,
    pub kind: RowKind,
    pub size: Option<u64>,
    pub modified: Option<Timestamp>,
    pub class: Option<&'a str>,
}

impl Columns {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn push_folder(&mut self, name: &str) {
        self.push(name, FOLDER, NO_TIME, NO_CLASS);
    }

    pub fn push_object(
        &mut self,
        name: &str,
        size: u64,
        modified: Option<Timestamp>,
        class: Option<&str>,
    ) {
        let class = class.map_or(NO_CLASS, |c| self.class(c));
        self.push(name, size.min(FOLDER - 1), modified.map_or(NO_TIME, Timestamp::millis), class);
    }

    fn push(&mut self, name: &str, size: u64, modified: i64, class: u8) {
        self.names.push_str(name);
        self.ends.push(self.names.len());
        self.sizes.push(size);
        self.modified.push(modified);
        self.classes.push(class);
        self.gone.push(false);
    }

    fn class(&mut self, name: &str) -> u8 {
        let at = self.class_names.iter().position(|c| c == name).unwrap_or_else(|| {
            self.class_names.push(name.to_owned());
            self.class_names.len() - 1
        });
        u8::try_from(at).unwrap_or(NO_CLASS)
    }

    pub fn name(&self, row: usize) -> &str {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.names[start..self.ends[row]]
    }

    pub fn is_folder(&self, row: usize) -> bool {
        self.sizes[row] == FOLDER
    }

    pub fn is_gone(&self, row: usize) -> bool {
        self.gone[row]
    }

    pub fn remove(&mut self, row: usize) {
        self.gone[row] = true;
    }

    pub fn replace(&mut self, row: usize, size: u64, modified: Timestamp) {
        self.sizes[row] = size.min(FOLDER - 1);
        self.modified[row] = modified.millis();
        self.gone[row] = false;
    }

    pub fn size(&self, row: usize) -> Option<u64> {
        (!self.is_folder(row)).then(|| self.sizes[row])
    }

    pub fn cell(&self, row: usize) -> Cell<'_> {
        Cell {
            name: self.name(row),
            kind: if self.is_folder(row) { RowKind::Folder } else { RowKind::Object },
            size: self.size(row),
            modified: Some(self.modified[row])
                .filter(|m| *m != NO_TIME)
                .map(Timestamp::from_millis),
            class: self.class_names.get(usize::from(self.classes[row])).map(String::as_str),
        }
    }

    /// The rows that the filter leaves, in order. Folders stand before objects whatever the order.
    pub fn view(&self, sort: SortColumn, descending: bool, filter: &str) -> Vec<u32> {
        let needle = filter.to_lowercase();
        let fits = |row: &u32| {
            let row = *row as usize;
            !self.gone[row] && (needle.is_empty() || contains(self.name(row), &needle))
        };
        let mut rows: Vec<u32> =
            (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).filter(fits).collect();
        let by_name = |a: usize, b: usize| natural::compare(self.name(a), self.name(b));
        rows.sort_unstable_by(|a, b| {
            let (a, b) = (*a as usize, *b as usize);
            let kind = self.is_folder(b).cmp(&self.is_folder(a));
            let order = match sort {
                SortColumn::Name => Ordering::Equal,
                SortColumn::Size if self.is_folder(a) && self.is_folder(b) => Ordering::Equal,
                SortColumn::Size => self.sizes[a].cmp(&self.sizes[b]),
                SortColumn::Modified => self.modified[a].cmp(&self.modified[b]),
                SortColumn::StorageClass => self.cell(a).class.cmp(&self.cell(b).class),
            }
            .then_with(|| by_name(a, b));
            kind.then_with(|| if descending { order.reverse() } else { order })
        });
        rows
    }
}

fn contains(name: &str, lower_needle: &str) -> bool {
    if name.is_ascii() && lower_needle.is_ascii() {
        let (name, needle) = (name.as_bytes(), lower_needle.as_bytes());
        return name.windows(needle.len()).any(|w| w.eq_ignore_ascii_case(needle));
    }
    name.to_lowercase().contains(lower_needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        let mut c = Columns::default();
        c.push_object("b10.txt", 5, Some(Timestamp::from_secs(3)), Some("STANDARD"));
        c.push_object("b9.txt", 7, Some(Timestamp::from_secs(1)), Some("GLACIER"));
        c.push_folder("z/");
        c.push_object("Ünï", 6, None, None);
        c
    }

    fn names(c: &Columns, sort: SortColumn, descending: bool, filter: &str) -> Vec<String> {
        c.view(sort, descending, filter)
            .into_iter()
            .map(|r| c.name(r as usize).to_owned())
            .collect()
    }

    #[test]
    fn views() {
        let c = columns();
        assert_eq!(names(&c, SortColumn::Name, false, ""), ["z/", "b9.txt", "b10.txt", "Ünï"]);
        assert_eq!(names(&c, SortColumn::Name, true, ""), ["z/", "Ünï", "b10.txt", "b9.txt"]);
        assert_eq!(names(&c, SortColumn::Size, true, ""), ["z/", "b9.txt", "Ünï", "b10.txt"]);
        assert_eq!(names(&c, SortColumn::Modified, false, ""), ["z/", "Ünï", "b9.txt", "b10.txt"]);
        assert_eq!(names(&c, SortColumn::Name, false, "ÜNÏ"), ["Ünï"]);
        assert_eq!(names(&c, SortColumn::Name, false, "B1"), ["b10.txt"]);
    }

    #[test]
    fn removed_rows_keep_their_place() {
        let mut c = columns();
        c.remove(1);
        assert_eq!(names(&c, SortColumn::Name, false, "b"), ["b10.txt"]);
        c.replace(1, 9, Timestamp::from_secs(9));
        assert_eq!(c.size(1), Some(9));
        assert_eq!(names(&c, SortColumn::Name, false, "b"), ["b9.txt", "b10.txt"]);
    }
}
