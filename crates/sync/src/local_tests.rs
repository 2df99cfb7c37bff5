use futures::StreamExt;

use super::*;

fn walk(root: &Path, key: &str) -> Walk {
    Walk {
        root: root.to_owned(),
        key: key.to_owned(),
        filter: Arc::default(),
        ledger: Arc::default(),
        follow_links: false,
        decode: false,
        folders: false,
        only: None,
    }
}

async fn keys(walk: Walk) -> Vec<String> {
    files(walk).map(|item| item.unwrap().key).collect().await
}

fn tree(names: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for name in names {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, name).unwrap();
    }
    root
}

#[tokio::test]
async fn in_the_order_of_keys() {
    let root = tree(&["foo/z", "foo-", "foo.txt", "foo0", "foo/a/b", "foo/a.b", "a", "Z", "é"]);
    let mut want: Vec<String> =
        ["foo/z", "foo-", "foo.txt", "foo0", "foo/a/b", "foo/a.b", "a", "Z", "é"]
            .map(str::to_owned)
            .to_vec();
    want.sort();
    assert_eq!(keys(walk(root.path(), "")).await, want);
    let want: Vec<String> = want.iter().map(|key| format!("dir/{key}")).collect();
    assert_eq!(keys(walk(root.path(), "dir/")).await, want);
    assert_eq!(keys(walk(&root.path().join("foo.txt"), "foo.txt")).await, ["foo.txt"]);
    assert!(keys(walk(&root.path().join("none"), "")).await.is_empty());
}

#[tokio::test]
async fn more_than_a_batch() {
    let names: Vec<String> = (0..1000).map(|n| format!("d{}/f{n:04}", n % 7)).collect();
    let root = tree(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut want = names;
    want.sort();
    assert_eq!(keys(walk(root.path(), "")).await, want);
}

#[tokio::test]
async fn folders_and_filters() {
    let root = tree(&["a/x", "skip/y", "b/skip/z", "b/w.tmp"]);
    std::fs::create_dir(root.path().join("hollow")).unwrap();
    let all = Walk { folders: true, ..walk(root.path(), "") };
    assert_eq!(
        keys(all.clone()).await,
        ["a/", "a/x", "b/", "b/skip/", "b/skip/z", "b/w.tmp", "hollow/", "skip/", "skip/y"]
    );
    let empty: Vec<String> = files(all)
        .filter_map(async |item| {
            let item = item.unwrap();
            (item.kind == Kind::Folder { empty: true }).then_some(item.key)
        })
        .collect()
        .await;
    assert_eq!(empty, ["hollow/"]);
    let mut filter = Filter::default();
    filter.exclude_glob("skip/").unwrap();
    filter.exclude_glob("*.tmp").unwrap();
    let filtered = Walk { filter: Arc::new(filter), ..walk(root.path(), "") };
    assert_eq!(keys(filtered).await, ["a/x"]);
}

#[tokio::test]
async fn names_that_downloads_make() {
    let root = tree(&["a/%_/b", "%2E%2E/c", "100%", "x%2Fy", "%41", ".dipper-0a-1.part"]);
    let plain = walk(root.path(), "");
    assert_eq!(keys(plain.clone()).await, ["%2E%2E/c", "%41", "100%", "a/%_/b", "x%2Fy"]);
    let decoded = Walk { decode: true, ..plain };
    let ledger = Arc::clone(&decoded.ledger);
    assert_eq!(keys(decoded).await, ["../c", "100%", "a//b"]);
    let at = |name: &str| Note::Stranger(root.path().join(name));
    let mut told = ledger.take();
    told.sort_by_key(|note| format!("{note:?}"));
    assert_eq!(told, [at("%41"), at("x%2Fy")], "no key is called so");
    assert_eq!(ledger.unable(), 0, "and nobody has to do anything about it");
    // An object `c/` that has bytes, and is no folder.
    let root = tree(&["c/%_", "c/d"]);
    let decoded = Walk { decode: true, folders: true, ..walk(root.path(), "") };
    assert_eq!(keys(decoded).await, ["c/", "c/d"]);
}

#[tokio::test]
async fn a_list_of_files() {
    let root = tree(&["a", "b/c", "d"]);
    let only = ["b/c", "d", "gone"].map(str::to_owned).to_vec();
    let listed = Walk { only: Some(Arc::new(only)), ..walk(root.path(), "p/") };
    let ledger = Arc::clone(&listed.ledger);
    assert_eq!(keys(listed).await, ["p/b/c", "p/d"]);
    assert_eq!(ledger.take(), [Note::Missing(root.path().join("gone"))]);
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_followed_on_demand_and_never_in_circles() {
    use std::os::unix::fs::symlink;
    let root = tree(&["d/a"]);
    let elsewhere = tree(&["e"]);
    symlink("..", root.path().join("d/up")).unwrap();
    symlink(elsewhere.path(), root.path().join("link")).unwrap();
    symlink("d/a", root.path().join("one")).unwrap();
    symlink("nowhere", root.path().join("broken")).unwrap();
    let plain = walk(root.path(), "");
    let ledger = Arc::clone(&plain.ledger);
    assert_eq!(keys(plain.clone()).await, ["d/a"]);
    assert_eq!(ledger.take().len(), 4);
    let followed = Walk { follow_links: true, ..plain };
    assert_eq!(keys(followed).await, ["d/a", "link/e", "one"]);
    assert!(matches!(ledger.take().as_slice(), [Note::Unreadable { .. }, Note::Loop(_)]));
    assert_eq!(ledger.troubles(), 1, "what is behind the broken one is not known to be gone");
}

#[cfg(unix)]
#[tokio::test]
async fn what_can_t_be_read_is_trouble() {
    use std::os::unix::fs::PermissionsExt;
    let root = tree(&["open/a", "closed/b"]);
    let closed = root.path().join("closed");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let readable = std::fs::read_dir(&closed).is_ok();
    let walk = walk(root.path(), "");
    let ledger = Arc::clone(&walk.ledger);
    let found = keys(walk).await;
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    // Whoever may read everything has no trouble.
    assert_eq!(ledger.troubles(), u64::from(!readable));
    assert_eq!(found.len(), 1 + usize::from(readable));
}
