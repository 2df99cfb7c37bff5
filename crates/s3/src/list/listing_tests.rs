//! Against a server in memory: exactly its keys, in order, however they lie.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::list::ListedObject;

/// What ListObjectsV2 answers over these keys, `page` at a time.
fn answer(keys: &BTreeSet<String>, asked: &ListRequest, page: usize) -> ListPage {
    let after = asked.token.as_deref().or(asked.start_after.as_deref()).unwrap_or("");
    let mut found = ListPage::default();
    let mut last = None;
    for key in keys.range::<str, _>((Bound::Excluded(after), Bound::Unbounded)) {
        let Some(rest) = key.strip_prefix(asked.prefix.as_str()) else { continue };
        let folder = rest.find('/').filter(|_| asked.by_folder);
        let name = folder.map(|at| key[..=asked.prefix.len() + at].to_owned());
        if name.as_deref().is_some_and(|name| {
            found.common_prefixes.last().is_some_and(|l| l == name)
                || (asked.token.is_some() && after.starts_with(name))
        }) {
            last = Some(key.clone());
            continue;
        }
        if found.len() == page {
            found.next = last;
            return found;
        }
        match name {
            Some(name) => found.common_prefixes.push(name),
            None => found.objects.push(ListedObject {
                key: key.clone(),
                size: 1,
                modified: None,
                etag: None,
                storage_class: None,
            }),
        }
        last = Some(key.clone());
    }
    found
}

struct Served {
    names: Vec<String>,
    requests: usize,
    most_waiting: usize,
}

async fn all(
    keys: &BTreeSet<String>,
    request: ListRequest,
    page: usize,
    lie: impl Fn(&ListRequest) -> Option<Error> + Send + Sync + 'static,
) -> Result<Served, Error> {
    let (held, requests) = (Arc::new(keys.clone()), Arc::new(AtomicUsize::new(0)));
    let (counted, lie) = (Arc::clone(&requests), Arc::new(lie));
    let fetch: Fetch = Arc::new(move |asked| {
        let (held, lie) = (Arc::clone(&held), Arc::clone(&lie));
        counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            tokio::task::yield_now().await;
            match lie(&asked) {
                Some(error) => Err(error),
                None => Ok(answer(&held, &asked, page)),
            }
        })
    });
    let mut listing = Listing::new(fetch, request, true, "b");
    listing.pause = Duration::from_micros(10);
    let (mut names, mut most_waiting) = (Vec::new(), 0);
    while let Some(page) = listing.next().await? {
        most_waiting = most_waiting.max(listing.waiting);
        let mut these: Vec<String> = page.objects.into_iter().map(|o| o.key).collect();
        these.extend(page.common_prefixes);
        these.sort();
        names.extend(these);
    }
    Ok(Served { names, requests: requests.load(Ordering::Relaxed), most_waiting })
}

fn fine(_: &ListRequest) -> Option<Error> {
    None
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn shapes() -> Vec<(&'static str, BTreeSet<String>)> {
    let mut seed = 7_u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 16
    };
    vec![
        ("none", BTreeSet::new()),
        ("one", BTreeSet::from(["a".to_owned()])),
        ("counted", (0..40_000).map(|n| format!("obj-{n:08}")).collect()),
        ("bare numbers", (0..40_000).map(|n| format!("{n}")).collect()),
        ("random", (0..40_000).map(|_| format!("{:012x}", random())).collect()),
        (
            "folders",
            (0..400).flat_map(|f| (0..100).map(move |n| format!("f{f:04}/x/{n:03}"))).collect(),
        ),
        (
            "big folders",
            (0..8).flat_map(|f| (0..5000).map(move |n| format!("d/{f}/{n}.txt"))).collect(),
        ),
        ("one deep", (0..30_000).map(|n| format!("a/b/c/d/{n:06}")).collect()),
        ("umlauts", (0..20_000).map(|n| format!("ä/{}ü{n}", n % 7)).collect()),
        (
            "uneven",
            (0..20_000)
                .map(|n| if n < 10_000 { format!("a{n}") } else { format!("zz/{n}") })
                .collect(),
        ),
    ]
}

#[test]
fn every_shape_comes_whole_and_in_order() {
    for (name, keys) in shapes() {
        let want: Vec<String> = keys.iter().cloned().collect();
        let got = run(all(&keys, ListRequest::default(), 100, fine)).unwrap();
        assert!(got.names == want, "{name}: {} of {}", got.names.len(), want.len());
        assert!(got.most_waiting <= AHEAD, "{name}: {}", got.most_waiting);
        let pages = want.len() / 100 + 1;
        assert!(
            got.requests <= pages * 3 + 4,
            "{name}: {} requests for {pages} pages",
            got.requests
        );
    }
}

#[test]
fn by_folder_as_well() {
    for (name, keys) in shapes() {
        let request = ListRequest { by_folder: true, ..ListRequest::default() };
        let want: BTreeSet<String> =
            keys.iter().map(|k| k.find('/').map_or(k.clone(), |at| k[..=at].to_owned())).collect();
        let got = run(all(&keys, request, 100, fine)).unwrap();
        assert_eq!(got.names, want.into_iter().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_server_that_does_not_start_in_the_middle_is_read_from_the_start() {
    for (name, keys) in shapes() {
        let want: Vec<String> = keys.iter().cloned().collect();
        let deny = |asked: &ListRequest| {
            asked.start_after.as_ref().map(|_| Error::answer("x", Class::AccessDenied, "no"))
        };
        let got = run(all(&keys, ListRequest::default(), 100, deny)).unwrap();
        assert!(got.names == want, "{name}: {} of {}", got.names.len(), want.len());
    }
}

#[test]
fn what_fails_for_a_while_is_asked_again() {
    let keys: BTreeSet<String> = (0..5000).map(|n| format!("{n:06}")).collect();
    let count = AtomicUsize::new(0);
    let sometimes = move |_: &ListRequest| {
        (count.fetch_add(1, Ordering::Relaxed) % 5 == 3)
            .then(|| Error::answer("x", Class::Throttled, "slow down"))
    };
    let got = run(all(&keys, ListRequest::default(), 100, sometimes)).unwrap();
    assert_eq!(got.names.len(), 5000);
    let never = |_: &ListRequest| Some(Error::answer("x", Class::Throttled, "slow down"));
    let error = run(all(&keys, ListRequest::default(), 100, never)).err();
    assert_eq!(error.map(|e| e.class), Some(Class::Throttled));
}

#[test]
fn a_listing_that_goes_in_circles_is_an_error() {
    let page = |n: usize| ListPage {
        objects: vec![ListedObject {
            key: format!("k{}", n % 2),
            size: 0,
            modified: None,
            etag: None,
            storage_class: None,
        }],
        next: Some(format!("t{n}")),
        ..ListPage::default()
    };
    let count = AtomicUsize::new(0);
    let fetch: Fetch = Arc::new(move |_| {
        let n = count.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { Ok(page(n)) })
    });
    let ended = run(async {
        let mut listing = Listing::new(fetch, ListRequest::default(), false, "b");
        loop {
            match listing.next().await {
                Ok(Some(_)) => {}
                ended => return ended.map(|_| ()),
            }
        }
    });
    assert_eq!(ended.unwrap_err().class, Class::NotS3);
    let fetch: Fetch = Arc::new(move |_| {
        Box::pin(async move { Ok(ListPage { next: Some("more".into()), ..ListPage::default() }) })
    });
    let ended = run(async { Listing::new(fetch, ListRequest::default(), false, "b").next().await });
    assert_eq!(ended.err().map(|e| e.class), Some(Class::NotS3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_keys(keys in prop::collection::btree_set("[a-c/]{1,6}|[0-9]{1,4}/[ä-ü]{0,2}[a-z]", 0..600), page in 1_usize..40, by_folder: bool) {
        let request = ListRequest { by_folder, ..ListRequest::default() };
        let want: BTreeSet<String> = keys
            .iter()
            .map(|k| k.find('/').filter(|_| by_folder).map_or(k.clone(), |at| k[..=at].to_owned()))
            .collect();
        let got = run(all(&keys, request, page, fine)).unwrap();
        prop_assert_eq!(got.names, want.into_iter().collect::<Vec<_>>());
    }
}
