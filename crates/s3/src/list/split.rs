//! Where a listing may be cut, so that several pages are fetched at once: names about so many keys
//! further on, guessed from the page that came last.

use std::collections::BTreeSet;

/// How far into the names that differ one looks.
const WINDOW: usize = 8;
/// All digits together must fit a `u128`, with room for one addition.
const BITS: f64 = 120.0;

/// Names as numbers: the part in which a page's names differ, read in the alphabet they use.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    /// What all names begin with.
    stem: String,
    /// In the order of their UTF-8 bytes, which is that of the code points.
    alphabet: Vec<char>,
    digits: usize,
    /// From one name to the next, on average.
    step: u128,
}

impl Sample {
    /// From the names of one page, in order. `None` where they say nothing about what follows.
    pub fn of<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        let (first, count) = (names.clone().next()?, names.clone().count());
        let last = names.clone().last()?;
        let gaps = u128::try_from(count.checked_sub(1)?).ok().filter(|gaps| *gaps > 0)?;
        let common = first.chars().zip(last.chars()).take_while(|(a, b)| a == b).count();
        let alphabet: BTreeSet<char> =
            names.flat_map(|name| name.chars().skip(common).take(WINDOW)).collect();
        let alphabet: Vec<char> = alphabet.into_iter().collect();
        if alphabet.len() < 2 {
            return None;
        }
        // Digits that are the same all over the page change further on: `0000` becomes `0001`.
        let shared: Vec<char> = first.chars().take(common).collect();
        let turning = shared
            .iter()
            .rev()
            .take(WINDOW)
            .take_while(|c| **c != '/' && alphabet.binary_search(c).is_ok())
            .count();
        let stem: String = shared[..common - turning].iter().collect();
        let base = alphabet.len() + 1;
        #[expect(clippy::cast_precision_loss, reason = "an alphabet has far fewer letters")]
        let most = (BITS / (base as f64).log2()).floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 120")]
        let digits = (turning + WINDOW).min(most as usize);
        let mut sample = Self { stem, alphabet, digits, step: 0 };
        let span = sample.value(last)?.checked_sub(sample.value(first)?)?;
        sample.step = span / gaps;
        (sample.step > 0).then_some(sample)
    }

    fn base(&self) -> u128 {
        self.alphabet.len() as u128 + 1
    }

    fn value(&self, name: &str) -> Option<u128> {
        let mut chars = name.strip_prefix(self.stem.as_str())?.chars();
        let mut value = 0;
        for _ in 0..self.digits {
            // The end of a name sorts before every letter.
            let digit = chars.next().map_or(0, |c| match self.alphabet.binary_search(&c) {
                Ok(at) => at + 1,
                Err(at) => at,
            });
            value = value * self.base() + digit as u128;
        }
        Some(value)
    }

    fn name(&self, mut value: u128) -> Option<String> {
        let mut digits = Vec::with_capacity(self.digits);
        for _ in 0..self.digits {
            digits.push(usize::try_from(value % self.base()).ok()?);
            value /= self.base();
        }
        // Beyond the last name that the alphabet can write.
        if value > 0 {
            return None;
        }
        let letters =
            digits.iter().rev().map_while(|d| d.checked_sub(1)).map(|at| self.alphabet[at]);
        Some(self.stem.chars().chain(letters).collect())
    }

    /// A name about `keys` names after this one.
    pub fn ahead(&self, from: &str, keys: u32) -> Option<String> {
        let far = self.step.checked_mul(u128::from(keys))?;
        self.name(self.value(from)?.checked_add(far)?).filter(|name| name.as_str() > from)
    }

    /// A name between two.
    pub fn middle(&self, from: &str, to: &str) -> Option<String> {
        let (low, high) = (self.value(from)?, self.value(to)?);
        let name = self.name(low + high.checked_sub(low)? / 2)?;
        (name.as_str() > from && name.as_str() < to).then_some(name)
    }
}

/// The folders in which two names lie together, the innermost first, down to `root`.
pub(super) fn shared_folders<'a>(first: &'a str, last: &str, root: &str) -> Vec<&'a str> {
    let common: usize = first
        .chars()
        .zip(last.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum();
    let mut rest = &first[..common];
    let mut folders = Vec::new();
    while let Some(slash) = rest.rfind('/').filter(|slash| slash + 1 > root.len()) {
        folders.push(&first[..=slash]);
        rest = &first[..slash];
    }
    folders.push(&first[..root.len().min(first.len())]);
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(names: impl IntoIterator<Item = String>) -> (Vec<String>, Sample) {
        let names: Vec<String> = names.into_iter().collect();
        let sample = Sample::of(names.iter().map(String::as_str)).unwrap();
        (names, sample)
    }

    #[test]
    fn counted_names_are_foreseen() {
        let (names, sample) = page((0..1000).map(|n| format!("p/obj-{n:08}.jpg")));
        let guess = sample.ahead(&names[999], 4000).unwrap();
        let number: u32 = guess.trim_start_matches("p/obj-").get(..6).unwrap().parse().unwrap();
        assert!((30..=80).contains(&number), "{guess}");
        assert!(guess > names[999]);
    }

    #[test]
    fn random_names_are_foreseen() {
        // A million hexadecimal names: the first page is a thousandth of the space.
        let (names, sample) =
            page((0..1000_u64).map(|n| format!("{:016x}", n * (u64::MAX / 1_000_000))));
        let guess = sample.ahead(&names[999], 499_000).unwrap();
        assert!(("7"..="9").contains(&&guess[..1]), "{guess}");
        assert_eq!(sample.ahead(&names[999], 4_000_000), None, "beyond the last name");
        let middle = sample.middle(&names[999], "fffffffffffffff0").unwrap();
        assert!(("7"..="9").contains(&&middle[..1]), "{middle}");
    }

    #[test]
    fn what_says_nothing_gives_nothing() {
        for names in [&[][..], &["a"], &["a", "a"]] {
            assert!(Sample::of(names.iter().copied()).is_none(), "{names:?}");
        }
        let (_, sample) = page(["ä1", "ä2", "ä3"].map(str::to_owned));
        assert!(sample.ahead("b", 10).is_none());
        assert!(sample.ahead("ä1", 1).is_some_and(|g| g.as_str() > "ä1"));
    }

    #[test]
    fn folders_in_common() {
        assert_eq!(shared_folders("a/b/c1", "a/b/c2", ""), ["a/b/", "a/", ""]);
        assert_eq!(shared_folders("a/b/c1", "a/b/c2", "a/"), ["a/b/", "a/"]);
        assert_eq!(shared_folders("a/b/c1", "a/x", "a/"), ["a/"]);
        assert_eq!(shared_folders("x", "y", ""), [""]);
        assert_eq!(shared_folders("pre-a/b", "pre-a/c", "pre-"), ["pre-a/", "pre-"]);
    }
}
