//! Whether two things of one name are the same. Nothing is asked here: what is needed is told, and
//! whoever can find it out comes again with it.

/// What is known of one side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    pub size: u64,
    /// The time of the content itself, in nanoseconds since 1970: a file's, or the one that an object's
    /// uploader kept with it.
    pub mtime_ns: Option<i64>,
    /// When the object was written.
    pub stored_ns: Option<i64>,
    /// An object's ETag; of a file, the ETag of the object on the other side when both were the same.
    pub etag: Option<String>,
    pub md5: Option<[u8; 16]>,
    /// Base64 of the CRC-64/NVME of all bytes.
    pub crc64nvme: Option<String>,
    pub more: More,
}

/// What else could be learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum More {
    /// Reading the file tells all its digests.
    Read,
    /// HeadObject tells checksums, attributes, and whether the ETag is an MD5.
    Look,
    #[default]
    Nothing,
}

/// What counts as a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compare {
    /// Else the size alone.
    pub content: bool,
    /// What is there already is not looked at.
    pub skip_existing: bool,
}

/// Why something happens, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// The target has nothing of this name.
    New,
    OtherSize,
    OtherContent,
    /// Nothing tells of the content, and the source is newer.
    Newer,
    /// The source has nothing of this name.
    Gone,
    /// The same, by …
    Size,
    Etag,
    Checksum,
    Md5,
    Time,
    /// It is there, and nobody asked for more.
    Exists,
}

impl Why {
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::OtherSize => "size",
            Self::OtherContent => "content",
            Self::Newer => "newer",
            Self::Gone => "gone",
            Self::Size => "same-size",
            Self::Etag => "same-etag",
            Self::Checksum => "same-checksum",
            Self::Md5 => "same-md5",
            Self::Time => "same-time",
            Self::Exists => "exists",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Source,
    Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Same(Why),
    Differs(Why),
    /// Ask this side for more, and come again.
    Ask(Side),
}

/// Servers keep whole seconds, some file systems two.
const TOLERANCE_NS: i64 = 2_000_000_000;

pub fn judge(source: &Facts, target: &Facts, compare: Compare) -> Verdict {
    if compare.skip_existing {
        return Verdict::Same(Why::Exists);
    }
    if source.size != target.size {
        // A file that went up encrypted, or came down so: it is remembered which object it is.
        let file_and_object = source.stored_ns.is_none() != target.stored_ns.is_none();
        let remembered = file_and_object && source.etag.is_some() && source.etag == target.etag;
        return match remembered && compare.content {
            true => Verdict::Same(Why::Etag),
            false => Verdict::Differs(Why::OtherSize),
        };
    }
    if !compare.content {
        return Verdict::Same(Why::Size);
    }
    if source.size == 0 {
        return Verdict::Same(Why::Size);
    }
    if source.etag.is_some() && source.etag == target.etag {
        return Verdict::Same(Why::Etag);
    }
    let looked = source.more != More::Look && target.more != More::Look;
    if let (Some(one), Some(other)) = (&source.crc64nvme, &target.crc64nvme) {
        return told(one == other, Why::Checksum);
    }
    if let (Some(one), Some(other)) = (source.md5, target.md5) {
        // What the listing gives may be no MD5 at all: KMS makes ETags that look like one.
        if one == other || looked {
            return told(one == other, Why::Md5);
        }
        return ask(source, target, More::Look);
    }
    // A file's digests are cheap beside what they spare, where they will meet something.
    let meets = |facts: &Facts| facts.md5.is_some() || facts.crc64nvme.is_some();
    for (side, facts, other) in [(Side::Source, source, target), (Side::Target, target, source)] {
        if facts.more == More::Read && meets(other) {
            return Verdict::Ask(side);
        }
    }
    if !looked {
        return ask(source, target, More::Look);
    }
    by_time(source, target)
}

fn ask(source: &Facts, target: &Facts, more: More) -> Verdict {
    debug_assert!(source.more == more || target.more == more);
    Verdict::Ask(if source.more == more { Side::Source } else { Side::Target })
}

fn told(same: bool, why: Why) -> Verdict {
    if same { Verdict::Same(why) } else { Verdict::Differs(Why::OtherContent) }
}

/// Nothing tells of the bytes. In doubt they are sent.
fn by_time(source: &Facts, target: &Facts) -> Verdict {
    if let (Some(one), Some(other)) = (source.mtime_ns, target.mtime_ns) {
        return match one.abs_diff(other) < TOLERANCE_NS.unsigned_abs() {
            true => Verdict::Same(Why::Time),
            false => Verdict::Differs(Why::Newer),
        };
    }
    let of = |facts: &Facts| facts.mtime_ns.or(facts.stored_ns);
    match (of(source), target.stored_ns.or(target.mtime_ns)) {
        (Some(one), Some(other)) if one <= other => Verdict::Same(Why::Time),
        _ => Verdict::Differs(Why::Newer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: Compare = Compare { content: true, skip_existing: false };

    fn file() -> Facts {
        Facts { size: 5, mtime_ns: Some(1_000), more: More::Read, ..Facts::default() }
    }

    fn object(etag: &str) -> Facts {
        let md5 = (etag.len() == 1).then(|| [etag.as_bytes()[0]; 16]);
        Facts { size: 5, etag: Some(etag.into()), md5, more: More::Look, ..Facts::default() }
    }

    fn read(md5: u8, crc: &str) -> Facts {
        Facts { md5: Some([md5; 16]), crc64nvme: Some(crc.into()), more: More::Nothing, ..file() }
    }

    fn looked(etag: &str, md5: Option<u8>, crc: Option<&str>) -> Facts {
        Facts {
            md5: md5.map(|md5| [md5; 16]),
            crc64nvme: crc.map(str::to_owned),
            more: More::Nothing,
            ..object(etag)
        }
    }

    #[test]
    fn rules() {
        use Verdict::{Ask, Differs, Same};
        for (source, target, want) in [
            (Facts { size: 6, ..file() }, object("a"), Differs(Why::OtherSize)),
            // One LIST and no read, once something is known.
            (read(b'a', "x"), object("a"), Same(Why::Md5)),
            (Facts { etag: Some("e-2".into()), ..file() }, object("e-2"), Same(Why::Etag)),
            (object("e-2"), Facts { etag: Some("e-2".into()), ..file() }, Same(Why::Etag)),
            // The ETag may be an MD5: the file is read; where they differ, the object is looked at.
            (file(), object("a"), Ask(Side::Source)),
            (object("a"), file(), Ask(Side::Target)),
            (read(b'b', "x"), object("a"), Ask(Side::Target)),
            (read(b'b', "x"), looked("a", Some(b'a'), None), Differs(Why::OtherContent)),
            // KMS: the ETag tells nothing, the checksum does.
            (read(b'b', "x"), looked("a", None, Some("x")), Same(Why::Checksum)),
            (read(b'b', "x"), looked("a", None, Some("y")), Differs(Why::OtherContent)),
            // In parts: the object is looked at first, then the file is read if that helps.
            (file(), object("e-2"), Ask(Side::Target)),
            (file(), looked("e-2", Some(b'a'), None), Ask(Side::Source)),
            (read(b'a', "x"), looked("e-2", Some(b'a'), None), Same(Why::Md5)),
            // A checksum is of the bytes that are there, an MD5 among the metadata may be older.
            (read(b'a', "x"), looked("e-2", Some(b'a'), Some("y")), Differs(Why::OtherContent)),
            // From S3 to S3.
            (object("a"), object("a"), Same(Why::Etag)),
            (object("a"), object("b"), Ask(Side::Source)),
            (looked("a", Some(b'a'), None), object("b"), Ask(Side::Target)),
            (
                looked("a", Some(b'a'), None),
                looked("b", Some(b'b'), None),
                Differs(Why::OtherContent),
            ),
            (looked("e-2", None, Some("x")), looked("e-3", None, Some("x")), Same(Why::Checksum)),
        ] {
            assert_eq!(judge(&source, &target, CONTENT), want, "{source:?}\n{target:?}");
        }
    }

    #[test]
    fn options() {
        let by_size = Compare { content: false, skip_existing: false };
        assert_eq!(judge(&read(1, "x"), &object("a"), by_size), Verdict::Same(Why::Size));
        let skip = Compare { content: true, skip_existing: true };
        let other = Facts { size: 9, ..object("a") };
        assert_eq!(judge(&file(), &other, skip), Verdict::Same(Why::Exists));
    }

    #[test]
    fn times_where_nothing_else_tells() {
        let s = 1_000_000_000;
        let file = |at: i64| Facts { mtime_ns: Some(at * s), ..file() };
        let object = |kept: Option<i64>, stored: i64| Facts {
            mtime_ns: kept.map(|at| at * s),
            stored_ns: Some(stored * s),
            ..looked("e-2", None, None)
        };
        let other = |stored: i64| Facts { etag: Some("e-3".into()), ..object(None, stored) };
        for (source, target, same) in [
            (file(100), object(Some(101), 900), true),
            (file(100), object(Some(300), 900), false),
            (file(500), object(Some(300), 900), false),
            (file(500), object(None, 900), true),
            (file(901), object(None, 900), false),
            (object(None, 900), file(900), true),
            (object(None, 900), file(500), false),
            (other(900), object(None, 901), true),
            (other(902), object(None, 901), false),
        ] {
            let verdict = judge(&source, &target, CONTENT);
            assert_eq!(matches!(verdict, Verdict::Same(Why::Time)), same, "{source:?} {target:?}");
        }
    }

    /// It always ends: each question is asked once.
    #[test]
    fn questions_end() {
        let all = [More::Read, More::Look, More::Nothing];
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (*a, *b))) {
            for known in 0..64_u8 {
                let facts = |more, bits: u8| Facts {
                    size: 1,
                    etag: (bits & 1 > 0).then(|| format!("{bits}")),
                    md5: (bits & 2 > 0).then_some([bits; 16]),
                    crc64nvme: (bits & 4 > 0).then(|| "x".into()),
                    more,
                    ..Facts::default()
                };
                let (mut source, mut target) = (facts(a, known & 7), facts(b, known >> 3));
                let mut questions = 0;
                while let Verdict::Ask(side) = judge(&source, &target, CONTENT) {
                    let asked = if side == Side::Source { &mut source } else { &mut target };
                    assert_ne!(asked.more, More::Nothing, "nothing more can be learnt");
                    asked.more = More::Nothing;
                    questions += 1;
                    assert!(questions <= 2);
                }
            }
        }
    }
}
