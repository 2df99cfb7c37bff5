//! Which objects of the target have the bytes that a new file has: the service copies them by itself.

use std::collections::{HashMap, HashSet};

use dipper_types::ObjectKey;

/// An object as it was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    pub key: ObjectKey,
    pub etag: String,
}

/// An index of at most so many objects. Only those whose ETag is an MD5, and only one for each content.
#[derive(Debug)]
pub struct Copies {
    most: usize,
    sizes: HashSet<u64>,
    by_content: HashMap<(u64, [u8; 16]), Original>,
    full: bool,
}

impl Copies {
    pub fn new(most: usize) -> Self {
        Self { most, sizes: HashSet::new(), by_content: HashMap::new(), full: false }
    }

    /// Empty objects are not worth a copy.
    pub fn see(&mut self, size: u64, md5: [u8; 16], original: Original) {
        if size == 0 || self.full {
            return;
        }
        if self.by_content.len() >= self.most {
            // Half an index would make the plan depend on the names.
            self.full = true;
            self.sizes = HashSet::new();
            self.by_content = HashMap::new();
            return;
        }
        self.sizes.insert(size);
        self.by_content.entry((size, md5)).or_insert(original);
    }

    /// There were more objects than it holds: nothing is copied.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Whether it is worth to know the MD5 of a file of this size.
    pub fn may_have(&self, size: u64) -> bool {
        self.sizes.contains(&size)
    }

    pub fn find(&self, size: u64, md5: &[u8; 16]) -> Option<&Original> {
        self.by_content.get(&(size, *md5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn original(key: &str) -> Original {
        Original { key: ObjectKey::new(key).unwrap(), etag: "e".into() }
    }

    #[test]
    fn the_first_of_a_content_within_limits() {
        let mut copies = Copies::new(2);
        copies.see(5, [1; 16], original("a"));
        copies.see(5, [1; 16], original("b"));
        copies.see(0, [9; 16], original("empty"));
        assert_eq!(copies.find(5, &[1; 16]), Some(&original("a")));
        assert!(copies.may_have(5) && !copies.may_have(6) && !copies.may_have(0));
        assert!(copies.find(6, &[1; 16]).is_none());
        copies.see(6, [2; 16], original("c"));
        copies.see(7, [3; 16], original("d"));
        assert!(copies.is_full() && !copies.may_have(5));
        assert!(copies.find(5, &[1; 16]).is_none());
    }
}
