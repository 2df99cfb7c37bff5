//! What happens where there is something of that name already: decided before any byte moves.

use std::fs::Metadata;
use std::path::Path;
use std::time::UNIX_EPOCH;

use dipper_s3::ObjectHead;

use crate::error::TransferError;
use crate::proof::{Known, Verdict, judge};
use crate::source::fingerprint;
use crate::spec::OnExisting;

/// The same in every word that a report has for it.
pub(crate) const EXISTS: &str = "exists";
const NOT_NEWER: &str = "not_newer";
const SAME_SIZE: &str = "same_size";
const SAME: &str = "same";

/// Servers keep whole seconds, some file systems two.
const TOLERANCE_NS: i64 = 2_000_000_000;

/// Why the other one stays, if it does. `from` replaces `to` only where the rule says so.
pub(crate) fn stays(
    rule: OnExisting,
    (from_size, from_ns): (u64, i64),
    (to_size, to_ns): (u64, i64),
    same: impl FnOnce() -> Result<bool, TransferError>,
) -> Result<Option<&'static str>, TransferError> {
    Ok(match rule {
        OnExisting::Overwrite | OnExisting::KeepBoth | OnExisting::Refuse => None,
        OnExisting::Skip => Some(EXISTS),
        OnExisting::Newer => (from_ns <= to_ns.saturating_add(TOLERANCE_NS)).then_some(NOT_NEWER),
        OnExisting::SizeDiffers => (from_size == to_size).then_some(SAME_SIZE),
        OnExisting::Differs => (from_size == to_size && same()?).then_some(SAME),
    })
}

/// When an object was last changed: as its uploader says, else as the server does.
pub(crate) fn modified_ns(head: &ObjectHead) -> i64 {
    kept_mtime(head)
        .or_else(|| head.modified.map(|at| at.millis().saturating_mul(1_000_000)))
        .unwrap_or(0)
}

/// The time that a file had where it came from, as rclone (`mtime`, seconds with a fraction) and s3cmd
/// (`s3cmd-attrs`, `mtime:SECONDS` between slashes) keep it, in nanoseconds since 1970.
pub fn kept_mtime(head: &ObjectHead) -> Option<i64> {
    let of = |name: &str| {
        let found =
            head.headers.metadata.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    let attrs = of("s3cmd-attrs")
        .and_then(|attrs| attrs.split('/').find_map(|pair| pair.strip_prefix("mtime:")));
    of("mtime").into_iter().chain(attrs).find_map(seconds)
}

/// `1700000000.123456789` in nanoseconds.
fn seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let (whole, nanos): (i64, i64) = (whole.parse().ok()?, nanos.parse().ok()?);
    whole.checked_mul(1_000_000_000)?.checked_add(nanos)
}

pub(crate) fn mtime_ns(meta: &Metadata) -> i64 {
    let since = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
}

/// Whether a file has the bytes that the object's checksum or ETag tells of. What can't be told
/// counts as different.
pub(crate) fn same_bytes(path: &Path, head: &ObjectHead) -> Result<bool, TransferError> {
    Ok(proven(path, head, 0)?.is_some())
}

/// By what a file is proven to have the object's bytes, which may have gone up in parts of `piece`.
pub(crate) fn proven(
    path: &Path,
    head: &ObjectHead,
    piece: u64,
) -> Result<Option<&'static str>, TransferError> {
    let read = || TransferError::local("read", path);
    let file = std::fs::File::open(path).map_err(read())?;
    let before = fingerprint(&file.metadata().map_err(read())?);
    if before.size != head.size {
        return Ok(None);
    }
    let known = Known { piece, ..Known::default() };
    Ok(match judge(&file, head, known).map_err(read())? {
        Verdict::Proven(by) => Some(by),
        Verdict::Wrong { .. } | Verdict::Unknown => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Crc;

    #[test]
    fn rules() {
        let never = || -> Result<bool, TransferError> { panic!("nobody asked") };
        let stays = |rule, from, to| super::stays(rule, from, to, never).unwrap();
        let s = 1_000_000_000;
        assert_eq!(stays(OnExisting::Overwrite, (1, 0), (1, 0)), None);
        assert_eq!(stays(OnExisting::Skip, (1, 9 * s), (2, 0)), Some(EXISTS));
        assert_eq!(stays(OnExisting::Newer, (1, 9 * s), (1, 5 * s)), None);
        assert_eq!(stays(OnExisting::Newer, (1, 6 * s), (2, 5 * s)), Some(NOT_NEWER));
        assert_eq!(stays(OnExisting::SizeDiffers, (1, 0), (2, 0)), None);
        assert_eq!(stays(OnExisting::SizeDiffers, (2, 0), (2, 9 * s)), Some(SAME_SIZE));
        assert_eq!(stays(OnExisting::Differs, (2, 0), (3, 0)), None);
        for (same, want) in [(true, Some(SAME)), (false, None)] {
            let told = super::stays(OnExisting::Differs, (2, 0), (2, 0), || Ok(same)).unwrap();
            assert_eq!(told, want);
        }
    }

    #[test]
    fn times_that_others_keep() {
        let head = |name: &str, value: &str| {
            let mut head = ObjectHead::default();
            head.headers.metadata = vec![(name.into(), value.into())];
            kept_mtime(&head)
        };
        assert_eq!(head("mtime", "1700000000.5"), Some(1_700_000_000_500_000_000));
        assert_eq!(head("Mtime", "1700000000"), Some(1_700_000_000_000_000_000));
        let attrs = "atime:1/ctime:2/gid:0/gname:root/mode:33188/mtime:1700000001/uid:0/uname:root";
        assert_eq!(head("s3cmd-attrs", attrs), Some(1_700_000_001_000_000_000));
        for bad in ["", "x", "1.x", "99999999999999999999", "-"] {
            assert_eq!(head("mtime", bad), None, "{bad}");
        }
    }

    #[test]
    fn the_same_bytes_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, b"123456789").unwrap();
        let crc = Crc::Crc64nvme.base64(Crc::Crc64nvme.digest(b"123456789"));
        let checksum = |value: &str| dipper_s3::Checksum {
            algorithm: dipper_s3::ChecksumAlgorithm::Crc64nvme,
            value: value.to_owned(),
            full_object: true,
        };
        let mut head =
            ObjectHead { size: 9, checksums: vec![checksum(&crc)], ..ObjectHead::default() };
        assert!(same_bytes(&path, &head).unwrap());
        head.checksums = vec![checksum("AAAAAAAAAAA=")];
        assert!(!same_bytes(&path, &head).unwrap());
        head.checksums.clear();
        assert!(!same_bytes(&path, &head).unwrap(), "nothing tells");
        head.etag = Some("25f9e794323b453885f5181f1b624d0b".into());
        assert!(same_bytes(&path, &head).unwrap());
    }
}
