use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    #[error("a bucket name is needed")]
    EmptyBucket,
    #[error("'{given}' can't be a bucket name: {why}")]
    Bucket { given: String, why: &'static str },
    #[error("an object key is needed")]
    EmptyKey,
    #[error("an object key has at most 1024 bytes; this one has {bytes}")]
    KeyTooLong { bytes: usize },
    #[error("a prefix is empty or ends in '/'; '{given}' does neither")]
    Prefix { given: String },
    #[error("'{given}' is not an S3 address; write s3://BUCKET or s3://BUCKET/KEY")]
    Uri { given: String },
}

/// A bucket's name. Checked loosely here, since old buckets and other providers have names that
/// today's AWS rules refuse; [`BucketName::check_new`] holds the rules for creating one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BucketName(String);

impl BucketName {
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        if name.is_empty() {
            return Err(NameError::EmptyBucket);
        }
        let bad = |why| Err(NameError::Bucket { given: name.clone(), why });
        if name.len() > 255 {
            return bad("it has more than 255 characters");
        }
        if name == "." || name == ".." {
            return bad("it means a folder, not a bucket");
        }
        if is_access_point(&name) {
            return Ok(Self(name));
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
            return bad("it may have letters, digits, dots, dashes and underscores only");
        }
        Ok(Self(name))
    }

    /// The rules for a new general purpose bucket (S3 user guide, "Bucket naming rules").
    pub fn check_new(name: &str) -> Result<Self, NameError> {
        let bad = |why| Err(NameError::Bucket { given: name.to_owned(), why });
        if name.is_empty() {
            return Err(NameError::EmptyBucket);
        }
        if name.len() < 3 || name.len() > 63 {
            return bad("it needs 3 to 63 characters");
        }
        if name.bytes().any(|b| b.is_ascii_uppercase()) {
            return bad("capital letters are not allowed");
        }
        if !name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
        {
            return bad("it may have lower-case letters, digits, dots and dashes only");
        }
        let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
        if !edge(name.bytes().next()) || !edge(name.bytes().last()) {
            return bad("it must begin and end with a letter or digit");
        }
        if name.contains("..") {
            return bad("two dots may not stand side by side");
        }
        if name.split('.').count() == 4 && name.split('.').all(|p| p.parse::<u8>().is_ok()) {
            return bad("it may not look like an IP address");
        }
        if name.starts_with("xn--") || name.ends_with("-s3alias") || name.ends_with("--ol-s3") {
            return bad("this beginning or ending is reserved");
        }
        Self::new(name)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name can stand in front of the endpoint's host over TLS: one DNS label.
    pub fn is_dns_label(&self) -> bool {
        Self::check_new(&self.0).is_ok() && !self.0.contains('.')
    }
}

/// `arn:aws:s3:eu-west-1:123456789012:accesspoint:NAME`: AWS takes it wherever it takes a bucket. With
/// a `/` before the name it could not stand in an `s3://` address; the colon says the same.
fn is_access_point(name: &str) -> bool {
    let plain = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
    };
    let parts: Vec<&str> = name.split(':').collect();
    match parts.as_slice() {
        ["arn", partition, service, region, account, "accesspoint", point] => {
            partition.starts_with("aws")
                && plain(partition)
                && matches!(*service, "s3" | "s3-outposts" | "s3-object-lambda")
                && (region.is_empty() || plain(region))
                && account.len() == 12
                && account.bytes().all(|b| b.is_ascii_digit())
                && plain(point)
        }
        _ => false,
    }
}

impl TryFrom<String> for BucketName {
    type Error = NameError;
    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl From<BucketName> for String {
    fn from(name: BucketName) -> String {
        name.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An object's key: 1 to 1,024 bytes of UTF-8, taken as they are and never rewritten.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectKey(String);

impl ObjectKey {
    pub const MAX_BYTES: usize = 1024;

    pub fn new(key: impl Into<String>) -> Result<Self, NameError> {
        let key = key.into();
        match key.len() {
            0 => Err(NameError::EmptyKey),
            bytes if bytes > Self::MAX_BYTES => Err(NameError::KeyTooLong { bytes }),
            _ => Ok(Self(key)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after the last `/`; for a folder marker, its last segment with the slash.
    pub fn name(&self) -> &str {
        last_segment(&self.0)
    }

    /// A key that ends in `/` stands for a folder.
    pub fn is_folder_marker(&self) -> bool {
        self.0.ends_with('/')
    }

    /// The prefix that holds this key.
    pub fn parent(&self) -> Prefix {
        let end = self.0.len() - self.name().len();
        Prefix(self.0[..end].to_owned())
    }
}

fn last_segment(text: &str) -> &str {
    let body = text.strip_suffix('/').unwrap_or(text);
    match body.rfind('/') {
        Some(slash) => &text[slash + 1..],
        None => text,
    }
}

impl TryFrom<String> for ObjectKey {
    type Error = NameError;
    fn try_from(key: String) -> Result<Self, NameError> {
        Self::new(key)
    }
}

impl From<ObjectKey> for String {
    fn from(key: ObjectKey) -> String {
        key.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A folder in the key space: empty (the whole bucket) or ending in `/`. There is no way to say
/// "everything that begins with `foo`", which is how `foobar` gets deleted with `foo`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);

impl Prefix {
    pub fn new(prefix: impl Into<String>) -> Result<Self, NameError> {
        let prefix = prefix.into();
        if prefix.len() > ObjectKey::MAX_BYTES {
            return Err(NameError::KeyTooLong { bytes: prefix.len() });
        }
        if prefix.is_empty() || prefix.ends_with('/') {
            Ok(Self(prefix))
        } else {
            Err(NameError::Prefix { given: prefix })
        }
    }

    /// What a path means as a folder: with a slash at its end, but the root has none.
    pub fn folder(path: &str) -> Result<Self, NameError> {
        if path.is_empty() || path.ends_with('/') {
            return Self::new(path);
        }
        Self::new(format!("{path}/"))
    }

    pub fn root() -> Self {
        Self(String::new())
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment with its slash; empty for the root.
    pub fn name(&self) -> &str {
        last_segment(&self.0)
    }

    pub fn parent(&self) -> Option<Prefix> {
        if self.is_root() {
            return None;
        }
        let end = self.0.len() - self.name().len();
        Some(Self(self.0[..end].to_owned()))
    }

    /// This prefix followed by a relative name.
    pub fn key(&self, relative: &str) -> Result<ObjectKey, NameError> {
        ObjectKey::new(format!("{}{relative}", self.0))
    }

    pub fn contains(&self, key: &str) -> bool {
        key.starts_with(&self.0)
    }
}

impl TryFrom<String> for Prefix {
    type Error = NameError;
    fn try_from(prefix: String) -> Result<Self, NameError> {
        Self::new(prefix)
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> String {
        prefix.0
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One object's place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    pub bucket: BucketName,
    pub key: ObjectKey,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// What a user writes: `s3://`, `s3://bucket`, `s3://bucket/anything`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum S3Uri {
    Service,
    Bucket(BucketName),
    /// The text after the bucket's slash: a key, a prefix, or the beginning of either.
    Path(BucketName, String),
}

impl S3Uri {
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let malformed = || NameError::Uri { given: text.to_owned() };
        let head = text.get(..5).ok_or_else(malformed)?;
        if !head.eq_ignore_ascii_case("s3://") {
            return Err(malformed());
        }
        let rest = &text[5..];
        if rest.is_empty() {
            return Ok(Self::Service);
        }
        match rest.split_once('/') {
            None => Ok(Self::Bucket(BucketName::new(rest)?)),
            Some((bucket, "")) => Ok(Self::Bucket(BucketName::new(bucket)?)),
            Some((bucket, path)) => Ok(Self::Path(BucketName::new(bucket)?, path.to_owned())),
        }
    }

    pub fn is_s3(text: &str) -> bool {
        text.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("s3://"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn access_points_stand_where_buckets_do() {
        let arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint:my-point";
        assert!(BucketName::new(arn).is_ok());
        assert!(BucketName::check_new(arn).is_err(), "nobody makes one so");
        for bad in [
            "arn:aws:s3:eu-west-1:12345:accesspoint:p",
            "arn:aws:sqs:eu-west-1:123456789012:accesspoint:p",
            "arn:evil:s3:eu-west-1:123456789012:accesspoint:p",
            "arn:aws:s3:e/w:123456789012:accesspoint:p",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint:",
            "a:b",
        ] {
            assert!(BucketName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn new_bucket_rules() {
        for good in ["abc", "my-bucket", "a.b.c", "1bucket", &"a".repeat(63)] {
            assert!(BucketName::check_new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ab",
            "My-Bucket",
            "a_b_c",
            "-abc",
            "abc-",
            "a..b",
            "192.168.5.4",
            "xn--abc",
            "abc-s3alias",
            "ünï",
            "a b c",
            "a/b/c",
            &"a".repeat(64),
        ] {
            assert!(BucketName::check_new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn existing_bucket_names_are_taken_loosely_but_never_as_paths() {
        assert!(BucketName::new("My_Old.Bucket").is_ok());
        for bad in ["..", ".", "a/b", "a?b", "a%2fb", "a b", "a\u{0}b"] {
            assert!(BucketName::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_and_parents() {
        for (key, name, parent) in [
            ("a.txt", "a.txt", ""),
            ("p/a.txt", "a.txt", "p/"),
            ("p/q/", "q/", "p/"),
            ("/", "/", ""),
            ("//", "/", "/"),
            ("a//b", "b", "a//"),
        ] {
            let k = ObjectKey::new(key).unwrap();
            assert_eq!((k.name(), k.parent().as_str()), (name, parent), "{key}");
        }
        assert_eq!(Prefix::new("a/b/").unwrap().parent().unwrap().as_str(), "a/");
        assert_eq!(Prefix::new("a/").unwrap().parent().unwrap().as_str(), "");
        assert_eq!(Prefix::root().parent(), None);
    }

    #[test]
    fn a_prefix_never_cuts_a_name() {
        assert!(Prefix::new("foo").is_err());
        assert!(Prefix::new("foo/").unwrap().contains("foo/x"));
        assert!(!Prefix::new("foo/").unwrap().contains("foobar"));
    }

    #[test]
    fn uris() {
        assert_eq!(S3Uri::parse("s3://"), Ok(S3Uri::Service));
        assert_eq!(S3Uri::parse("S3://b/"), Ok(S3Uri::Bucket(BucketName::new("b").unwrap())));
        assert_eq!(
            S3Uri::parse("s3://b//x"),
            Ok(S3Uri::Path(BucketName::new("b").unwrap(), "/x".into()))
        );
        for bad in ["", "s3", "s3:/b", "http://b/x", "s3:///x", "/tmp/x", "ä3://b"] {
            assert!(S3Uri::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parent_and_name_rebuild_the_key(text in "[a/.é]{1,20}") {
            let key = ObjectKey::new(text.clone()).unwrap();
            prop_assert_eq!(format!("{}{}", key.parent(), key.name()), text);
        }
    }
}
