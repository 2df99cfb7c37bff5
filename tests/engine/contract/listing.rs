use dipper_s3::{ListRequest, PutRequest, S3};
use dipper_types::BucketName;
use futures::StreamExt as _;

use super::Server;
use crate::support::key;

async fn fill(main: &S3, bucket: &BucketName, keys: impl IntoIterator<Item = String>) {
    // SeaweedFS forgets a folder's own object where one below it is written in the same moment.
    let (folders, files): (Vec<String>, Vec<String>) =
        keys.into_iter().partition(|key| key.ends_with('/'));
    for keys in [files, folders] {
        futures::stream::iter(keys)
            .for_each_concurrent(16, |name| async move {
                main.put_object(bucket, &key(&name), "x".into(), &PutRequest::default(), None)
                    .await
                    .unwrap();
            })
            .await;
    }
}

/// Objects and common prefixes of every page, in the order they came, and how many pages.
async fn all(
    main: &S3,
    bucket: &BucketName,
    mut request: ListRequest,
) -> (Vec<String>, Vec<String>, u32) {
    let (mut objects, mut prefixes, mut pages) = (Vec::new(), Vec::new(), 0);
    loop {
        let page = main.list_page(bucket, &request).await.unwrap();
        pages += 1;
        objects.extend(page.objects.into_iter().map(|o| o.key));
        prefixes.extend(page.common_prefixes);
        match page.next {
            Some(next) => request.token = Some(next),
            None => return (objects, prefixes, pages),
        }
    }
}

pub async fn pages(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let want: Vec<String> = (0..1100).map(|n| format!("k{n:04}")).collect();
    fill(&main, &bucket, want.clone()).await;
    let (objects, prefixes, pages) = all(&main, &bucket, ListRequest::default()).await;
    assert_eq!((objects == want, prefixes.len(), pages), (true, 0, 2));
    let few = ListRequest { max_keys: Some(300), ..ListRequest::default() };
    let (objects, _, pages) = all(&main, &bucket, few).await;
    assert_eq!((objects == want, pages), (true, 4));
    let one = ListRequest { max_keys: Some(1), ..ListRequest::default() };
    let page = main.list_page(&bucket, &one).await.unwrap();
    let first = &page.objects[0];
    assert_eq!((first.size, first.etag.as_deref()), (1, Some("9dd4e461268c8034f5c8564e155c67a6")));
    assert!(first.modified.is_some() && page.next.is_some());
}

pub async fn by_folder(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let keys = ["a", "a/1", "a/2", "a/b/3", "ab", "b/", "b/4", "c/5"];
    fill(&main, &bucket, keys.map(str::to_owned)).await;
    for (prefix, objects, prefixes) in [
        ("", &["a", "ab"][..], &["a/", "b/", "c/"][..]),
        ("a/", &["a/1", "a/2"], &["a/b/"]),
        ("a", &["a", "ab"], &["a/"]),
        ("b/", &["b/", "b/4"], &[]),
        ("c/", &["c/5"], &[]),
        ("nothing/", &[], &[]),
    ] {
        let request = ListRequest { prefix: prefix.into(), by_folder: true, ..Default::default() };
        let (got, below, _) = all(&main, &bucket, request).await;
        assert_eq!(
            (got, below),
            (
                objects.iter().map(|s| s.to_string()).collect(),
                prefixes.iter().map(|s| s.to_string()).collect()
            ),
            "{prefix:?}"
        );
    }
}

pub async fn a_folder_without_a_name(server: &Server) {
    let (main, bucket) = server.bucket().await;
    fill(&main, &bucket, ["/6", "//7", "a", "c//5"].map(str::to_owned)).await;
    for (prefix, objects, prefixes) in
        [("", &["a"][..], &["/", "c/"][..]), ("/", &["/6"], &["//"]), ("c/", &[], &["c//"])]
    {
        let request = ListRequest { prefix: prefix.into(), by_folder: true, ..Default::default() };
        let (got, below, _) = all(&main, &bucket, request).await;
        assert!(got == objects && below == prefixes, "{prefix:?}: {got:?} {below:?}");
    }
}

pub async fn starting_after(server: &Server) {
    let (main, bucket) = server.bucket().await;
    fill(&main, &bucket, ["a", "b", "c", "d"].map(str::to_owned)).await;
    for (after, want) in [("b", &["c", "d"][..]), ("bb", &["c", "d"]), ("d", &[])] {
        let request = ListRequest { start_after: Some(after.into()), ..Default::default() };
        assert_eq!(all(&main, &bucket, request).await.0, want, "{after}");
    }
    let request =
        ListRequest { start_after: Some("a".into()), max_keys: Some(1), ..Default::default() };
    assert_eq!(all(&main, &bucket, request).await.0, ["b", "c", "d"]);
}

pub async fn nothing_there(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let page = main.list_page(&bucket, &ListRequest::default()).await.unwrap();
    assert!(page.objects.is_empty() && page.common_prefixes.is_empty() && page.next.is_none());
    assert!(main.list_uploads(&bucket, "").await.unwrap().is_empty());
}

pub async fn keys_that_xml_cannot_say(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let keys = ["a\u{1}b", "a\u{1f}", "bell\u{7}/x"];
    fill(&main, &bucket, keys.map(str::to_owned)).await;
    let (got, _, _) = all(&main, &bucket, ListRequest::default()).await;
    assert_eq!(got, keys);
    let request = ListRequest { by_folder: true, max_keys: Some(1), ..Default::default() };
    let (got, below, _) = all(&main, &bucket, request).await;
    assert_eq!((got.len(), below), (2, vec!["bell\u{7}/".to_owned()]));
}

pub async fn folders_and_pages(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let keys =
        (0..30).flat_map(|n| [format!("f{n:02}/a b+c"), format!("f{n:02}/z"), format!("g{n:02}")]);
    fill(&main, &bucket, keys).await;
    let request = ListRequest { by_folder: true, max_keys: Some(7), ..Default::default() };
    let (objects, prefixes, pages) = all(&main, &bucket, request).await;
    let want: Vec<String> = (0..30).map(|n| format!("f{n:02}/")).collect();
    assert_eq!(prefixes, want, "each folder once");
    assert_eq!((objects.len(), pages), (30, 9));
}

/// The parallel listing says what one page after the other says, flat and in folders.
pub async fn many_at_once(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let flat = (0..1300).map(|n| format!("flat-{n:05}"));
    let deep = (0..1300).map(|n| format!("y{}/m{:02}/k{n:04}", n / 400, n % 12));
    fill(&main, &bucket, flat.chain(deep)).await;
    for request in [
        ListRequest::default(),
        ListRequest { by_folder: true, ..ListRequest::default() },
        ListRequest { prefix: "y1/".into(), ..ListRequest::default() },
        ListRequest { max_keys: Some(500), ..ListRequest::default() },
    ] {
        let (objects, prefixes, _) = all(&main, &bucket, request.clone()).await;
        let (mut found, mut folders) = (Vec::new(), Vec::new());
        let mut listing = main.list(&bucket, request);
        while let Some(page) = listing.next().await.unwrap() {
            found.extend(page.objects.into_iter().map(|o| o.key));
            folders.extend(page.common_prefixes);
        }
        assert!(found == objects && folders == prefixes, "{} {}", found.len(), objects.len());
    }
}

/// ListObjects, for servers that know no other.
pub async fn the_first_version(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let keys = ["a", "a/1", "a/b/2", "b c+%/ü", "d", "e/1", "f"];
    fill(&main, &bucket, keys.map(str::to_owned)).await;
    let old = server.first_version().await;
    for by_folder in [false, true] {
        for max_keys in [None, Some(2)] {
            let request = ListRequest { by_folder, max_keys, ..ListRequest::default() };
            let want = all(&main, &bucket, request.clone()).await;
            let got = all(&old, &bucket, request).await;
            assert_eq!((got.0, got.1), (want.0, want.1), "{by_folder} {max_keys:?}");
        }
    }
}
