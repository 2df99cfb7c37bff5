//! Name order as people count: digit runs as numbers, case aside, ties by bytes.

use std::cmp::Ordering;

pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    folded(a.as_bytes(), b.as_bytes(), a, b).then_with(|| a.cmp(b))
}

/// ASCII fast path in place; anything else through lower-cased characters.
fn folded(a: &[u8], b: &[u8], a_text: &str, b_text: &str) -> Ordering {
    if !a.is_ascii() || !b.is_ascii() {
        let a: String = a_text.chars().flat_map(char::to_lowercase).collect();
        let b: String = b_text.chars().flat_map(char::to_lowercase).collect();
        return runs(a.as_bytes(), b.as_bytes());
    }
    runs(a, b)
}

fn runs(a: &[u8], b: &[u8]) -> Ordering {
    let (mut i, mut j) = (0, 0);
    loop {
        match (a.get(i), b.get(j)) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (end_a, end_b) = (digits_end(a, i), digits_end(b, j));
                let (na, nb) = (without_zeros(&a[i..end_a]), without_zeros(&b[j..end_b]));
                let order = na.len().cmp(&nb.len()).then_with(|| na.cmp(nb));
                if order != Ordering::Equal {
                    return order;
                }
                (i, j) = (end_a, end_b);
            }
            (Some(x), Some(y)) => {
                let order = x.to_ascii_lowercase().cmp(&y.to_ascii_lowercase());
                if order != Ordering::Equal {
                    return order;
                }
                i += 1;
                j += 1;
            }
        }
    }
}

fn digits_end(text: &[u8], from: usize) -> usize {
    text[from..].iter().position(|b| !b.is_ascii_digit()).map_or(text.len(), |n| from + n)
}

fn without_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_order() {
        let mut names =
            vec!["b10", "B2", "a", "b1", "b02", "ä", "file9.txt", "File10.txt", "007", "7", "z"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(
            names,
            ["007", "7", "a", "b1", "B2", "b02", "b10", "file9.txt", "File10.txt", "z", "ä"]
        );
    }

    #[test]
    fn it_is_an_order() {
        let names = ["", "0", "00", "a0", "a00", "A0", "a1", "ß", "SS", "é", "1a", "01a"];
        for a in names {
            assert_eq!(compare(a, a), Ordering::Equal);
            for b in names {
                assert_eq!(compare(a, b), compare(b, a).reverse(), "{a} {b}");
                for c in names {
                    if compare(a, b).is_lt() && compare(b, c).is_lt() {
                        assert!(compare(a, c).is_lt(), "{a} {b} {c}");
                    }
                }
            }
        }
    }
}
