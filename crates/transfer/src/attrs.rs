//! What a file has besides its bytes, kept with its object as s3cmd keeps it: `x-amz-meta-s3cmd-attrs`,
//! pairs of `key:value` in the order of their keys, joined by `/` (s3cmd 2.4.0, `S3/S3.py`). Numbers are
//! whole; names are percent-encoded, since a second `:` in a value breaks s3cmd's reader.

use std::fs::{File, FileTimes, Metadata};
use std::path::Path;
use std::time::{Duration, SystemTime};

use dipper_s3::{ObjectHead, ObjectHeaders};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::conflict::modified_ns;
use crate::spec::Preserve;

/// The name without `x-amz-meta-`.
pub const NAME: &str = "s3cmd-attrs";
const NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// What comes back from a bucket gives nobody another one's rights.
const MODE: u32 = 0o777;

/// Times in whole seconds since 1970; what is not known is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attrs {
    pub atime: Option<i64>,
    pub ctime: Option<i64>,
    pub mtime: Option<i64>,
    /// With the bits of its kind: `0o100644`.
    pub mode: Option<u32>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub uname: Option<String>,
    pub gname: Option<String>,
    /// Of the whole file.
    pub md5: Option<[u8; 16]>,
}

impl Attrs {
    #[cfg(unix)]
    pub fn of(meta: &Metadata, md5: Option<[u8; 16]>) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            atime: Some(meta.atime()),
            ctime: Some(meta.ctime()),
            mtime: Some(meta.mtime()),
            mode: Some(meta.mode()),
            uid: Some(meta.uid()),
            gid: Some(meta.gid()),
            uname: Some(names::user(meta.uid())),
            gname: Some(names::group(meta.gid())),
            md5,
        }
    }

    #[cfg(not(unix))]
    pub fn of(meta: &Metadata, md5: Option<[u8; 16]>) -> Self {
        let secs = |at: std::io::Result<SystemTime>| {
            let since = at.ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            i64::try_from(since.as_secs()).ok()
        };
        Self { atime: secs(meta.accessed()), mtime: secs(meta.modified()), md5, ..Self::default() }
    }

    pub fn to_header(&self) -> String {
        let encoded = |name: &String| utf8_percent_encode(name, NAMES).to_string();
        let pairs = [
            ("atime", self.atime.map(|at| at.to_string())),
            ("ctime", self.ctime.map(|at| at.to_string())),
            ("gid", self.gid.map(|id| id.to_string())),
            ("gname", self.gname.as_ref().map(encoded)),
            ("md5", self.md5.map(hex::encode)),
            ("mode", self.mode.map(|mode| mode.to_string())),
            ("mtime", self.mtime.map(|at| at.to_string())),
            ("uid", self.uid.map(|id| id.to_string())),
            ("uname", self.uname.as_ref().map(encoded)),
        ];
        let pairs = pairs.into_iter().filter_map(|(key, value)| Some(format!("{key}:{}", value?)));
        pairs.collect::<Vec<_>>().join("/")
    }

    /// What can be read of it; unknown keys and broken values count as absent.
    pub fn parse(text: &str) -> Self {
        let mut attrs = Self::default();
        for (key, value) in text.split('/').filter_map(|pair| pair.split_once(':')) {
            let name =
                || percent_encoding::percent_decode_str(value).decode_utf8().ok().map(Into::into);
            // Some writers of old kept a fraction.
            let seconds = || value.split('.').next().and_then(|whole| whole.parse().ok());
            match key {
                "atime" => attrs.atime = seconds(),
                "ctime" => attrs.ctime = seconds(),
                "mtime" => attrs.mtime = seconds(),
                "mode" => attrs.mode = value.parse().ok(),
                "uid" => attrs.uid = value.parse().ok(),
                "gid" => attrs.gid = value.parse().ok(),
                "uname" => attrs.uname = name(),
                "gname" => attrs.gname = name(),
                "md5" => attrs.md5 = md5_of(value),
                _ => {}
            }
        }
        attrs
    }

    pub fn of_head(head: &ObjectHead) -> Option<Self> {
        let mut all = head.headers.metadata.iter();
        let (_, value) = all.find(|(name, _)| name.eq_ignore_ascii_case(NAME))?;
        Some(Self::parse(value))
    }

    /// Into the headers, unless they name some themselves.
    pub fn put(&self, headers: &mut ObjectHeaders) {
        let named = |(name, _): &(String, String)| name.eq_ignore_ascii_case(NAME);
        if !headers.metadata.iter().any(named) {
            headers.metadata.push((NAME.to_owned(), self.to_header()));
        }
    }
}

/// 32 hexadecimal digits.
pub fn md5_of(text: &str) -> Option<[u8; 16]> {
    hex::decode(text).ok()?.try_into().ok()
}

/// Gives a file that came down its time; with `keep`, also its mode and, where this user may, its owner.
pub(crate) fn restore(file: &File, path: &Path, head: &ObjectHead, keep: Preserve) {
    let attrs = if keep.attributes { Attrs::of_head(head) } else { None };
    #[cfg(unix)]
    if let Some(attrs) = &attrs {
        restore_rights(file, path, attrs);
    }
    let mut times = FileTimes::new();
    if let Some(at) = since_1970(modified_ns(head)) {
        times = times.set_modified(at);
    }
    let atime = attrs.and_then(|attrs| attrs.atime).map(|at| at.saturating_mul(1_000_000_000));
    if let Some(at) = atime.and_then(since_1970) {
        times = times.set_accessed(at);
    }
    if let Err(error) = file.set_times(times) {
        tracing::warn!(path = %path.display(), %error, "its times could not be set");
    }
}

#[cfg(unix)]
fn restore_rights(file: &File, path: &Path, attrs: &Attrs) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    if let (Some(uid), Some(gid)) = (attrs.uid, attrs.gid)
        && file.metadata().is_ok_and(|meta| (meta.uid(), meta.gid()) != (uid, gid))
        && let Err(error) = fchown(file, Some(uid), Some(gid))
    {
        tracing::warn!(path = %path.display(), %error, "its owner could not be set");
    }
    if let Some(mode) = attrs.mode {
        let mode = std::fs::Permissions::from_mode(mode & MODE);
        if let Err(error) = file.set_permissions(mode) {
            tracing::warn!(path = %path.display(), %error, "its mode could not be set");
        }
    }
}

/// The mode of a folder, which stays its owner's to write in.
#[cfg(unix)]
pub(crate) fn restore_folder(path: &Path, head: &ObjectHead) {
    use std::os::unix::fs::PermissionsExt;
    let Some(mode) = Attrs::of_head(head).and_then(|attrs| attrs.mode) else { return };
    let mode = std::fs::Permissions::from_mode((mode & MODE) | 0o700);
    if let Err(error) = std::fs::set_permissions(path, mode) {
        tracing::warn!(path = %path.display(), %error, "its mode could not be set");
    }
}

#[cfg(not(unix))]
pub(crate) fn restore_folder(_: &Path, _: &ObjectHead) {}

fn since_1970(ns: i64) -> Option<SystemTime> {
    let ns = u64::try_from(ns).ok().filter(|ns| *ns > 0)?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_nanos(ns))
}

/// Names of users and groups, each asked of the system once. The number stands for who has none.
#[cfg(unix)]
mod names {
    use std::sync::{LazyLock, Mutex, PoisonError};

    use uzers::{Groups, Users, UsersCache};

    static KNOWN: LazyLock<Mutex<UsersCache>> = LazyLock::new(|| Mutex::new(UsersCache::new()));

    pub fn user(uid: u32) -> String {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let user = known.get_user_by_uid(uid);
        user.map_or_else(|| uid.to_string(), |user| user.name().to_string_lossy().into_owned())
    }

    pub fn group(gid: u32) -> String {
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let group = known.get_group_by_gid(gid);
        group.map_or_else(|| gid.to_string(), |group| group.name().to_string_lossy().into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_s3cmd_writes_it() {
        let text = "atime:1577934245/ctime:1795403667/gid:0/gname:root/\
                    md5:b1946ac92492d2347c6235b4d2611184/mode:33188/mtime:1577934245/uid:0/uname:root";
        let attrs = Attrs::parse(text);
        assert_eq!(
            (attrs.mode, attrs.mtime, attrs.uid),
            (Some(0o100_644), Some(1_577_934_245), Some(0))
        );
        assert_eq!(attrs.md5.map(hex::encode).as_deref(), Some("b1946ac92492d2347c6235b4d2611184"));
        assert_eq!(attrs.to_header(), text);
    }

    #[test]
    fn names_break_no_reader() {
        let attrs = Attrs {
            uname: Some("DOM\\jörg:a/b c".into()),
            gname: Some("plain-1_x.y~".into()),
            ..Attrs::default()
        };
        let text = attrs.to_header();
        assert_eq!(text, "gname:plain-1_x.y~/uname:DOM%5Cj%C3%B6rg%3Aa%2Fb%20c");
        for pair in text.split('/') {
            assert_eq!(pair.matches(':').count(), 1, "{pair}");
        }
        assert_eq!(Attrs::parse(&text), attrs);
    }

    #[test]
    fn what_is_broken_is_absent() {
        for text in ["", "md5:xyz", "mode:/mtime:never", "uid:-1", "new:1", "mtime"] {
            assert_eq!(Attrs::parse(text), Attrs::default(), "{text}");
        }
        assert_eq!(Attrs::parse("mtime:12.75").mtime, Some(12));
    }

    #[cfg(unix)]
    #[test]
    fn a_files_own() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o640)).unwrap();
        let attrs = Attrs::of(&file.as_file().metadata().unwrap(), Some([7; 16]));
        assert_eq!(attrs.mode, Some(0o100_640));
        assert!(attrs.uname.is_some_and(|name| !name.is_empty()) && attrs.gid.is_some());
    }

    #[cfg(unix)]
    #[test]
    fn what_comes_back() {
        use std::os::unix::fs::MetadataExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut head = ObjectHead::default();
        let attrs = "atime:1500000000/mode:36332/mtime:1600000000";
        head.headers.metadata = vec![("S3cmd-Attrs".into(), attrs.into())];
        let keep = Preserve { attributes: true, ..Preserve::default() };
        restore(file.as_file(), file.path(), &head, keep);
        let meta = file.as_file().metadata().unwrap();
        assert_eq!((meta.atime(), meta.mtime()), (1_500_000_000, 1_600_000_000));
        assert_eq!(meta.mode() & 0o7777, 0o754, "set-user-id stays behind");
    }
}
