//! The rules together, against a map: whatever both sides hold, wherever it is cut off, and whatever
//! fails, the target is never made worse, and ends as the source is.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use dipper_sync::{
    Compare, Copies, Deletion, Facts, Found, Keyed, Merge, MergeError, More, Original, Pair, Side,
    Verdict, judge, may_delete, union,
};
use dipper_transfer::Filter;
use dipper_types::ObjectKey;
use futures::{FutureExt, StreamExt};
use md5::{Digest, Md5};
use proptest::prelude::*;

type Tree = BTreeMap<String, u8>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Named(String, u8);

impl Keyed for Named {
    fn key(&self) -> &str {
        &self.0
    }
}

fn stream(tree: &Tree) -> impl futures::Stream<Item = Result<Named, ()>> + use<> {
    let all: Vec<_> = tree.iter().map(|(key, content)| Ok(Named(key.clone(), *content))).collect();
    futures::stream::iter(all)
}

/// Contents 0 to 3 have the same size, and so have 4 to 7.
fn size(content: u8) -> u64 {
    100 + u64::from(content / 4)
}

fn md5(content: u8) -> [u8; 16] {
    Md5::digest([content]).into()
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Of the content that was seen there, into a new key.
    Copy {
        from: String,
        etag: u8,
        to: String,
    },
    Put {
        key: String,
        content: u8,
    },
    Delete {
        key: String,
    },
}

const CONTENT: Compare = Compare { content: true, skip_existing: false };

/// In the order of the phases: copies, then transfers, then deletions.
fn plan(source: &Tree, target: &Tree, filter: &Filter, asked: Deletion) -> (Vec<Step>, Found) {
    let mut copies = Copies::new(1000);
    let (mut new, mut puts, mut deletes) = (Vec::new(), Vec::new(), Vec::new());
    let mut found = Found::default();
    let kept = |item: &Result<Named, ()>| {
        let kept = item.as_ref().is_ok_and(|item| !filter.excludes(&item.0).unwrap());
        std::future::ready(kept)
    };
    let mut pairs = Merge::new(stream(source).filter(kept), stream(target).filter(kept));
    while let Some(pair) = pairs.next().now_or_never().unwrap().unwrap() {
        match pair {
            Pair::Source(item) => {
                found.source += 1;
                new.push(item);
            }
            Pair::Target(item) => {
                found.target += 1;
                found.extra += 1;
                see(&mut copies, &item);
                deletes.push(Step::Delete { key: item.0 });
            }
            Pair::Both(one, other) => {
                found.source += 1;
                found.target += 1;
                see(&mut copies, &other);
                if differs(one.1, other.1) {
                    puts.push(Step::Put { key: one.0, content: one.1 });
                }
            }
        }
    }
    let mut steps = Vec::new();
    for Named(key, content) in new {
        match copies.find(size(content), &md5(content)) {
            Some(original) => {
                let from = original.key.as_str().to_owned();
                steps.push(Step::Copy { etag: target[&from], from, to: key });
            }
            None => puts.push(Step::Put { key, content }),
        }
    }
    steps.extend(puts);
    if asked.removed && may_delete(asked, found).is_ok() {
        steps.extend(deletes);
    }
    (steps, found)
}

fn see(copies: &mut Copies, item: &Named) {
    let original =
        Original { key: ObjectKey::new(item.0.clone()).unwrap(), etag: item.1.to_string() };
    copies.see(size(item.1), md5(item.1), original);
}

/// A file that was never read, and an object that was only listed; who asks is told the truth.
fn differs(source: u8, target: u8) -> bool {
    let mut one = Facts { size: size(source), more: More::Read, ..Facts::default() };
    let mut other =
        Facts { size: size(target), md5: Some(md5(target)), more: More::Look, ..Facts::default() };
    loop {
        match judge(&one, &other, CONTENT) {
            Verdict::Same(_) => return false,
            Verdict::Differs(_) => return true,
            Verdict::Ask(Side::Source) => {
                one.md5 = Some(md5(source));
                one.more = More::Nothing;
            }
            Verdict::Ask(Side::Target) => other.more = More::Nothing,
        }
    }
}

/// Where a run ends by itself, and which of its steps fail.
#[derive(Debug, Clone)]
struct Fate {
    crash: Option<usize>,
    fails: Vec<bool>,
}

/// As the runner does it: what can't be copied is sent, nothing is deleted after a failure.
fn carry_out(steps: &[Step], source: &Tree, target: &mut Tree, fate: &Fate) {
    let mut failed = false;
    for (at, step) in steps.iter().enumerate() {
        if fate.crash == Some(at) {
            return;
        }
        let fails = fate.fails.get(at).copied().unwrap_or(false);
        match step {
            Step::Copy { from, etag, to } => {
                if !fails && target.get(from) == Some(etag) {
                    target.insert(to.clone(), *etag);
                } else {
                    target.insert(to.clone(), source[to]);
                }
            }
            Step::Put { .. } if fails => failed = true,
            Step::Put { key, content } => {
                target.insert(key.clone(), *content);
            }
            Step::Delete { .. } if failed => {}
            Step::Delete { key } => {
                target.remove(key);
            }
        }
    }
}

/// Neighbours in every order that a bucket and a disk have.
const KEYS: &[&str] = &[
    "a", "a-", "a.txt", "a/x", "a/x-", "a/x/c", "a/x0", "b", "b/c", "foo", "foo.txt", "foo/a",
    "foo/x", "foo/x/c", "foobar", "foobar/c", "keep", "keep/x", "keep/x/c", "xfoo/a",
];

fn tree() -> impl Strategy<Value = Tree> {
    prop::collection::btree_map(prop::sample::select(KEYS).prop_map(str::to_owned), 0..8_u8, 0..10)
}

fn fate() -> impl Strategy<Value = Fate> {
    let fails = prop::collection::vec(prop::bool::weighted(0.15), 0..20);
    (prop::option::of(0..20_usize), fails).prop_map(|(crash, fails)| Fate { crash, fails })
}

/// Made once: patterns are slow to read.
static FILTERS: LazyLock<[Filter; 5]> = LazyLock::new(|| {
    let mut filters: [Filter; 5] = Default::default();
    filters[1].exclude_glob("foo*").unwrap();
    filters[2].exclude_regex("^keep").unwrap();
    filters[3].exclude_glob("*").unwrap();
    filters[3].include_glob("*c").unwrap();
    filters[4].exclude_glob("foo/").unwrap();
    filters
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_target_is_never_worse_and_ends_right(
        (source, before, which) in (tree(), tree(), 0..5_usize),
        (removed, force, max) in (any::<bool>(), any::<bool>(), prop::option::of(0..4_u64)),
        fates in prop::collection::vec(fate(), 0..3),
    ) {
        let filter = &FILTERS[which];
        let out = |key: &String| filter.excludes(key).unwrap();
        let asked = Deletion { removed, max, force };
        let mut target = before.clone();
        for fate in &fates {
            let (steps, _) = plan(&source, &target, filter, asked);
            let earlier = target.clone();
            carry_out(&steps, &source, &mut target, fate);
            for (key, content) in &target {
                let was = earlier.get(key) == Some(content);
                let is = !out(key) && source.get(key) == Some(content);
                prop_assert!(was || is, "{key} holds what nobody gave it");
            }
            let gone = earlier.keys().find(|key| !target.contains_key(*key));
            if let Some(gone) = gone {
                prop_assert!(removed && !source.contains_key(gone) && !out(gone), "{gone} is gone");
                // Whatever went, all that was to come is there.
                for (key, content) in source.iter().filter(|(key, _)| !out(key)) {
                    prop_assert_eq!(target.get(key), Some(content), "{} is not there yet", key);
                }
            }
        }
        let (steps, found) = plan(&source, &target, filter, asked);
        let allowed = removed && may_delete(asked, found).is_ok();
        let mut want: Tree = target
            .iter()
            .filter(|(key, _)| !allowed || out(key) || source.contains_key(*key))
            .map(|(key, content)| (key.clone(), *content))
            .collect();
        want.extend(source.iter().filter(|(key, _)| !out(key)).map(|(k, c)| (k.clone(), *c)));
        let whole = Fate { crash: None, fails: Vec::new() };
        carry_out(&steps, &source, &mut target, &whole);
        prop_assert_eq!(&target, &want);
        let (again, _) = plan(&source, &target, filter, asked);
        prop_assert_eq!(again, Vec::new(), "a second run writes nothing");
    }

}

proptest! {
    #[test]
    fn streams_become_one(lists in prop::collection::vec(tree(), 0..4)) {
        let mut want = Tree::new();
        for list in &lists {
            want.extend(list.clone());
        }
        let streams = lists.iter().map(|list| stream(list).boxed()).collect();
        let got: Vec<_> = union::<Named, ()>(streams).collect().now_or_never().unwrap();
        let want: Vec<_> = want.into_iter().map(|(key, content)| Ok(Named(key, content))).collect();
        prop_assert_eq!(got, want);
    }
}

#[test]
fn a_stream_that_goes_back_ends_it() {
    for keys in [["b", "a"], ["a", "a"]] {
        let all = keys.map(|key| Ok(Named(key.to_owned(), 0)));
        let none = futures::stream::empty::<Result<Named, ()>>();
        let mut pairs = Merge::<Named, Named, ()>::new(none, futures::stream::iter(all));
        let first = pairs.next().now_or_never().unwrap();
        assert!(matches!(first, Ok(Some(Pair::Target(_)))), "{first:?}");
        let ended = pairs.next().now_or_never().unwrap();
        assert!(matches!(ended, Err(MergeError::Unordered { side: "target", .. })), "{ended:?}");
    }
}

/// X changes from A to B, and a new file has A: s3cmd sends X first, and then copies B.
#[test]
fn what_is_copied_is_read_before_it_is_replaced() {
    let tree = |all: &[(&str, u8)]| all.iter().map(|(key, c)| ((*key).to_owned(), *c)).collect();
    let (source, mut target): (Tree, Tree) = (tree(&[("x", 1), ("y", 0)]), tree(&[("x", 0)]));
    let none = Deletion::default();
    let (steps, _) = plan(&source, &target, &Filter::default(), none);
    assert_eq!(
        steps,
        [
            Step::Copy { from: "x".into(), etag: 0, to: "y".into() },
            Step::Put { key: "x".into(), content: 1 }
        ]
    );
    carry_out(&steps, &source, &mut target, &Fate { crash: None, fails: Vec::new() });
    assert_eq!(target, source);
}
