//! The index of what was listed, beside a plain map.

use std::collections::{BTreeMap, BTreeSet};

use dipper_state::{Index, IndexEntry, IndexPages, Search};
use dipper_types::Timestamp;

const PROFILE: &str = "p";
const BUCKET: &str = "b";

/// Deterministic: a failure repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % most
    }
}

fn object(key: &str, size: u64) -> IndexEntry {
    let class = size.is_multiple_of(2).then(|| "STANDARD".to_owned());
    IndexEntry::object(key.to_owned(), size, Some(Timestamp::from_secs(size as i64)), class, now())
}

fn now() -> Timestamp {
    Timestamp::from_secs(1_800_000_000)
}

/// What a server answers: objects and, by folder, what they have in common up to the next slash.
fn list(bucket: &BTreeMap<String, u64>, prefix: &str, by_folder: bool) -> Vec<IndexEntry> {
    let mut entries: Vec<IndexEntry> = Vec::new();
    for (key, size) in bucket.range(prefix.to_owned()..).take_while(|(k, _)| k.starts_with(prefix))
    {
        match key[prefix.len()..].find('/') {
            Some(slash) if by_folder => {
                let folder = &key[..=prefix.len() + slash];
                if entries.last().is_none_or(|last| last.key != folder) {
                    entries.push(IndexEntry::folder(folder.to_owned(), now()));
                }
            }
            _ => entries.push(object(key, *size)),
        }
    }
    entries
}

fn put(index: &Index, prefix: &str, entries: &[IndexEntry], page: usize) {
    let mut pages = IndexPages::new(prefix);
    let mut rest = entries;
    loop {
        let (now, after) = rest.split_at(page.min(rest.len()));
        rest = after;
        if let Some(page) = pages.next(now.to_vec(), rest.is_empty()) {
            index.put(PROFILE, BUCKET, &page).expect("a page goes in");
        }
        if rest.is_empty() {
            return;
        }
    }
}

fn known(index: &Index, search: &Search) -> Vec<(String, Option<u64>)> {
    let mut found = Vec::new();
    index
        .search(search, &|| true, |profile, bucket, hit| {
            assert_eq!((profile, bucket), (PROFILE, BUCKET));
            found.push((hit.key.to_owned(), hit.size));
            true
        })
        .expect("the index can be read");
    found
}

#[test]
fn listings_of_a_changing_bucket() {
    const NAMES: [&str; 8] = ["a", "a!", "b", "a/", "Ü", "x10", "x9", "~"];
    for seed in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::new(folder.path());
        let mut random = Random(seed);
        let mut bucket: BTreeMap<String, u64> = BTreeMap::new();
        // What the listings told, as a plain map of keys has it.
        let mut told: BTreeMap<String, Option<u64>> = BTreeMap::new();
        for _ in 0..60 {
            for _ in 0..random.below(40) {
                let depth = 1 + random.below(3);
                let parts: Vec<_> = (0..depth)
                    .map(|_| NAMES[random.below(8)].to_owned() + ["", "1"][random.below(2)])
                    .collect();
                bucket.insert(parts.join("/"), random.below(100) as u64);
            }
            for _ in 0..random.below(20) {
                let at = random.below(bucket.len().max(1));
                if let Some(key) = bucket.keys().nth(at).cloned() {
                    bucket.remove(&key);
                }
            }
            let prefix = ["", "", "a/", "b/a/", "x"][random.below(5)];
            let by_folder = random.below(2) == 0;
            let entries = list(&bucket, prefix, by_folder);
            put(&index, prefix, &entries, 1 + random.below(30));
            let folders: BTreeSet<&str> =
                entries.iter().filter(|e| e.size.is_none()).map(|e| e.key.as_str()).collect();
            told.retain(|key, size| {
                let below =
                    folders.iter().any(|f| key.starts_with(f) && (key != f || size.is_some()));
                !key.starts_with(prefix) || below
            });
            for entry in &entries {
                if entry.size.is_some() {
                    told.insert(entry.key.clone(), entry.size);
                } else {
                    told.entry(entry.key.clone()).or_insert(None);
                }
            }
            let all: Vec<_> = told.clone().into_iter().collect();
            assert_eq!(known(&index, &Search::default()), all, "seed {seed}");
            for text in ["a", "X1 ~", "ü"] {
                let words: Vec<String> = text.split(' ').map(str::to_lowercase).collect();
                let fits = |key: &str| words.iter().all(|w| key.to_lowercase().contains(w));
                let expected: Vec<_> = all.iter().filter(|(key, _)| fits(key)).cloned().collect();
                let search = Search { text: text.to_owned(), ..Search::default() };
                assert_eq!(known(&index, &search), expected, "seed {seed} {text}");
                let search = Search { prefix: "a".to_owned(), min_size: Some(50), ..search };
                let expected: Vec<_> = expected
                    .into_iter()
                    .filter(|(key, size)| key.starts_with('a') && size.is_some_and(|s| s >= 50))
                    .collect();
                assert_eq!(known(&index, &search), expected, "seed {seed} {text}");
            }
        }
    }
}

#[test]
fn more_than_a_block() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::new(folder.path());
    let mut bucket: BTreeMap<String, u64> =
        (0..5000).map(|n| (format!("deep/{n:05}.txt"), n)).collect();
    put(&index, "", &list(&bucket, "", false), 1000);
    assert_eq!(index.buckets().unwrap()[0].rows, 5000);
    // The folder's name alone: what is below stays.
    bucket.insert("top.txt".to_owned(), 1);
    put(&index, "", &list(&bucket, "", true), 1000);
    assert_eq!(index.buckets().unwrap()[0].rows, 5002);
    bucket.retain(|_, size| size.is_multiple_of(2));
    put(&index, "deep/", &list(&bucket, "deep/", true), 300);
    assert_eq!(known(&index, &Search { text: "deep".into(), ..Search::default() }).len(), 2500);
    index.forget(PROFILE, Some(BUCKET)).unwrap();
    assert_eq!(index.buckets().unwrap(), []);
}

#[test]
fn what_is_out_of_order_tells_nothing() {
    let mut pages = IndexPages::new("");
    assert_eq!(pages.next(vec![object("b", 1), object("a", 1)], true), None);
    let mut pages = IndexPages::new("x/");
    assert_eq!(pages.next(vec![object("y", 1)], true), None);
}

#[test]
fn a_damaged_file_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.db"), vec![7; 50_000]).unwrap();
    let index = Index::new(folder.path());
    put(&index, "", &[object("a", 1)], 10);
    assert_eq!(known(&index, &Search::default()), [("a".to_owned(), Some(1))]);
}
