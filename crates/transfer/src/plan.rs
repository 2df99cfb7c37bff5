//! Part sizes. Limits: 10,000 parts (1,000 at some providers), 5 MiB to 5 GiB each (S3 API,
//! "Multipart upload limits").

use dipper_s3::Provider;

/// Files up to this size go up in one request.
pub const SINGLE_MAX: u64 = 16 << 20;
pub const PART_MIN: u64 = 8 << 20;
const MIB: u64 = 1 << 20;
/// Of a server-side copy in parts.
const COPY_PART: u64 = 256 << 20;

/// The part size for an object: [`PART_MIN`], or as large as the provider's part count asks for, in
/// whole MiB. All parts but the last are equal.
pub fn part_size(size: u64, provider: &Provider) -> u64 {
    let floor = PART_MIN.max(provider.min_part);
    let needed = size.div_ceil(u64::from(provider.max_parts).max(1));
    floor.max(needed.div_ceil(MIB) * MIB)
}

/// As [`part_size`], where a size was asked for.
pub fn part_size_of(size: u64, asked: Option<u64>, provider: &Provider) -> u64 {
    let Some(asked) = asked else { return part_size(size, provider) };
    let needed = size.div_ceil(u64::from(provider.max_parts).max(1));
    asked.max(provider.min_part).max(needed.div_ceil(MIB) * MIB)
}

/// For parts that the service copies by itself: as large, and so as few, as still go in parallel.
pub fn copy_part_size(size: u64, provider: &Provider) -> u64 {
    part_size(size, provider).max(COPY_PART)
}

/// How many pieces of `piece` bytes cover `size`.
pub(crate) fn count(size: u64, piece: u64) -> u64 {
    size.div_ceil(piece.max(1))
}

/// First byte and length of piece `number` (from 1).
pub(crate) fn span(size: u64, piece: u64, number: u64) -> (u64, u64) {
    let first = (number - 1) * piece;
    (first, piece.min(size - first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dipper_s3::providers;

    #[test]
    fn every_size_fits_every_provider() {
        let sizes = [0, 1, 5 * MIB, SINGLE_MAX + 1, 10_001 * PART_MIN, 1 << 40, 50_000_000_000_000];
        for provider in providers() {
            for size in sizes {
                let part = part_size(size, &provider);
                assert!(part >= provider.min_part);
                assert!(
                    count(size, part) <= u64::from(provider.max_parts),
                    "{} {size}",
                    provider.id
                );
            }
        }
    }

    #[test]
    fn spans_cover_exactly() {
        for (size, piece) in [(10, 3), (9, 3), (1, 3), (3, 3)] {
            let mut at = 0;
            for number in 1..=count(size, piece) {
                let (first, len) = span(size, piece, number);
                assert_eq!(first, at);
                assert!(len > 0);
                at += len;
            }
            assert_eq!(at, size);
        }
    }
}
