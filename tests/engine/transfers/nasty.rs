//! Keys that no file system likes: each is listed as it is, and comes down under a name of its own inside
//! of the chosen folder, or with the reason why not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use dipper_s3::{ListRequest, PutRequest};
use dipper_state::{TransferFilter, TransferState};
use dipper_transfer::{ListedAction, OnExisting};
use futures::StreamExt as _;

use crate::rig::Place;
use crate::support::{Random, key, seed, tree};

/// In the normal run; the soak asks for 10,000.
fn most() -> usize {
    std::env::var("DIPPER_TEST_NASTY").ok().and_then(|n| n.parse().ok()).unwrap_or(2000)
}

const CLIMBING: &[&str] = &[
    "../x",
    "..",
    ".",
    "./",
    "../",
    "a/../../b",
    "..\\x",
    "%2e%2e/x",
    "．．/x",
    "/abs",
    "//x",
    "x//y",
    "C:",
    "C:\\x",
    "C:x",
    "\\\\srv\\s",
    "\\\\?\\C:\\x",
    "file.txt:ads",
    "a::$DATA",
    "/",
    "//",
    "///",
    "x/",
    "x//",
    "x/./y",
    "x/../y",
    "~",
    "~/x",
    "-rf",
    "%",
    "%_",
    "%25_",
    "%%",
    "%2F",
    "%2f",
    "a%2Fb",
];
const CASES: &[(&str, &str)] = &[
    ("README", "readme"),
    ("Dir/x", "dir/X"),
    ("straße", "STRASSE"),
    ("ß", "ẞ"),
    ("İ", "i"),
    ("ſ", "s"),
    ("K", "\u{212A}"),
    ("é", "e\u{301}"),
    ("각", "\u{1100}\u{1161}\u{11A8}"),
    ("ﬁ", "fi"),
    ("Å", "\u{212B}"),
    ("Ω", "\u{2126}"),
    ("ǅ", "ǆ"),
    ("ς", "σ"),
];
const CLASHES: &[&str] = &["clash", "clash/", "clash/b", "clash/b/c", "empty/", "empty//", "full/"];
const ODD: &[&str] = &[
    "\u{2028}",
    "\u{FEFF}bom",
    "\u{FFFE}",
    "\u{FFFF}",
    "\u{200D}",
    "\u{202E}exe.gnp",
    "🦀",
    "\u{E000}",
    "a+b c&d=e?f#g;h,i",
    "' \" < > ]]>",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}}",
    "$(id)",
    "`id`",
    "=cmd|' /C calc'!A0",
    "\u{1b}]0;x\u{7}",
    "a\r\nb",
    "%s%n",
    "' OR 1=1 --",
    ".dipper-0badcafe-1.part",
    ".dipper-.part",
    "desktop.ini",
    ".DS_Store",
    "null",
    "undefined",
    "ÆØÅ",
    "Ω≈ç√∫",
    "社會科學院語學研究所",
    "Ｔｈｅ ｑｕｉｃｋ",
    "i̇",
    "ﷺ",
    "zalgo\u{300}\u{301}\u{302}\u{303}",
];
const RESERVED: &[&str] = &[
    "CON", "PRN", "AUX", "NUL", "COM0", "COM1", "COM9", "LPT0", "LPT1", "LPT9", "CONIN$",
    "CONOUT$", "COM¹", "COM²", "LPT³", "CLOCK$",
];
const ALPHABET: [&str; 12] =
    ["a", "A", ".", "/", "\\", ":", " ", "é", "e\u{301}", "%", "~", "\u{1}"];

fn keys() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    all.extend(CLIMBING.iter().chain(CLASHES).chain(ODD).map(|key| (*key).to_owned()));
    all.extend(CASES.iter().flat_map(|(a, b)| [(*a).to_owned(), (*b).to_owned()]));
    for byte in 1..=0x7f_u8 {
        let c = char::from(byte);
        all.extend([format!("{c}"), format!("{c}lead"), format!("trail{c}"), format!("{c}{c}")]);
    }
    for name in RESERVED {
        all.push((*name).to_owned());
        all.push(name.to_lowercase());
        let more = [".txt", ".tar.gz", " ", ".", " .txt"];
        all.extend(more.iter().map(|end| format!("{name}{end}")));
        all.push(format!("in/{name}/middle"));
    }
    for depth in 1..4 {
        all.extend(
            [".", " ", "..", ". ", "\t"].map(|end| format!("{}x{end}/y{end}", "d/".repeat(depth))),
        );
    }
    all.extend([1, 254, 255, 256, 1023, 1024].map(|len| "l".repeat(len)));
    all.extend([84, 85, 86, 127, 128].map(|len| "ä".repeat(len)));
    all.extend(["a/".repeat(512), "%".repeat(255), "\u{1}".repeat(86), ".".repeat(255)]);
    let mut random = Random::new(seed());
    while all.len() < 10_000 {
        let len = 1 + random.below(11);
        let letter = |_| ALPHABET[usize::try_from(random.below(12)).unwrap()];
        all.push((0..len).map(letter).collect());
    }
    // The SDK takes a key of nothing but spaces for none.
    all.retain(|key| !key.trim().is_empty());
    all.truncate(most());
    all.sort();
    all.dedup();
    all
}

async fn stocked() -> (Place, Vec<String>) {
    let (place, keys) = (Place::new().await, keys());
    let put = |name: String| {
        let (s3, bucket) = (place.s3.clone(), place.bucket.clone());
        async move {
            let (name, body) = (key(&name), body(&name));
            let put =
                s3.put_object(&bucket, &name, body.into(), &PutRequest::default(), None).await;
            put.unwrap_or_else(|error| panic!("{name:?}: {error}"));
        }
    };
    futures::stream::iter(keys.clone()).map(put).buffer_unordered(8).collect::<Vec<()>>().await;
    let mut listing = place.s3.list(&place.bucket, ListRequest::default());
    let mut listed = Vec::new();
    while let Some(page) = listing.next().await.unwrap() {
        listed.extend(page.objects.into_iter().map(|object| object.key));
    }
    assert!(listed == keys, "each is listed as it is, in order");
    (place, keys)
}

/// A marker has no bytes; but one of them has.
fn body(key: &str) -> Vec<u8> {
    match key.ends_with('/') && key != "full/" {
        true => Vec::new(),
        false => key.as_bytes().to_vec(),
    }
}

struct Came {
    files: usize,
    failed: Vec<(String, String)>,
}

async fn down(place: &Place, keys: &[String], folder: &Path, portable_names: bool) -> Came {
    let rig = place.rig();
    let objects: Vec<_> = keys.iter().map(|key| (key.as_str(), body(key).len() as u64)).collect();
    let on_existing = OnExisting::Overwrite;
    let action = ListedAction::Download {
        folder: folder.into(),
        on_existing,
        portable_names,
        as_stored: false,
    };
    let id = rig.begin_listed(&place.bucket, "", &objects, action).await;
    let job = rig.ended(id).await;
    assert_eq!(job.files_total, keys.len() as u64);
    assert_eq!(job.files_done + job.files_failed, job.files_total, "each has an end");
    let items = rig.engine.journal().transfers(id, TransferFilter::All, 0, 20_000).unwrap().1;
    let (mut names, mut failed) = (BTreeSet::new(), Vec::new());
    for item in items {
        if item.state == TransferState::Failed {
            failed.push((item.key, item.error.unwrap()));
            continue;
        }
        let local: PathBuf = item.local.unwrap();
        let inside = local.strip_prefix(folder).unwrap_or_else(|_| panic!("{local:?} is outside"));
        assert!(
            inside.components().all(|part| matches!(part, std::path::Component::Normal(_))),
            "{local:?}"
        );
        if item.verified.as_deref() == Some("folder") {
            assert!(local.is_dir(), "{local:?}");
            continue;
        }
        let there = std::fs::read(&local).unwrap_or_else(|e| panic!("{:?}: {e}", item.key));
        assert!(there == body(&item.key), "{:?} has another's bytes", item.key);
        let segments: Vec<_> = inside.iter().map(|part| part.to_str().unwrap()).collect();
        assert_eq!(dipper_paths::key_of(&segments), item.key, "the way back");
        assert!(names.insert(local), "{:?} shares its file", item.key);
    }
    let there = tree(folder).len();
    assert_eq!(there, names.len(), "as many files as keys, and no temporary one");
    Came { files: there, failed }
}

/// Why a key may stay out.
fn reasons(failed: &[(String, String)], allowed: &[&str]) {
    for (key, error) in failed {
        assert!(allowed.iter().any(|reason| error.contains(reason)), "{key:?}: {error}");
    }
}

const TOO_LONG: &str = "at most 255 are possible";
const CLASH: &[&str] =
    &["not a directory", "Is a directory", "Not a directory", "Directory not empty"];

pub async fn to_this_disk(portable: bool) {
    let (place, keys) = stocked().await;
    std::fs::write(place.folder.path().join("beside"), "mine").unwrap();
    let before = beside(&place);
    let came = down(&place, &keys, &place.dst().join("chosen"), portable).await;
    assert!(beside(&place) == before, "something outside has changed");
    reasons(&came.failed, &[CLASH, &[TOO_LONG]].concat());
    println!("{} keys: {} files, {} told", keys.len(), came.files, came.failed.len());
    assert!(came.failed.len() < keys.len() / 10, "{:?}", came.failed);
}

/// Everything of the place but what was chosen and the journal.
fn beside(place: &Place) -> Vec<(PathBuf, Vec<u8>)> {
    let own = |path: &Path| path.starts_with("home") || path.starts_with("dst/chosen");
    tree(place.folder.path()).into_iter().filter(|(path, _)| !own(path)).collect()
}

struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// As Windows has it: reserved names are refused, and case is not told apart.
pub async fn to_ntfs() {
    let (place, keys) = stocked().await;
    // A disk in memory: each file is fsynced.
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let disk = memory.path().join("disk");
    std::fs::File::create(&disk).unwrap().set_len(96 << 20).unwrap();
    let made = Command::new("mkntfs").args(["-F", "-Q", "-q"]).arg(&disk).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let mut mount = Command::new("lowntfs-3g");
    mount.args(["-o", "windows_names,ignore_case"]).arg(&disk).arg(place.dst());
    let ran = mount.output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let _mounted = Mounted(place.dst());
    let came = down(&place, &keys, &place.dst().join("chosen"), true).await;
    reasons(&came.failed, &[CLASH, &[TOO_LONG, "another spelling"]].concat());
    println!("{} keys: {} files, {} told", keys.len(), came.files, came.failed.len());
}
