use crate::support::{Answer, get, put, sandbox};

#[tokio::test]
async fn pages_with_common_prefixes() {
    let s = sandbox().await;
    for key in ["a", "a/1", "a/2", "b/x/1", "b/y", "c", "z%2Bz"] {
        put(&s, &format!("/bucket/{key}"), "").await;
    }
    for (version, marker, next) in [
        ("list-type=2&", "continuation-token", "NextContinuationToken"),
        ("", "marker", "NextMarker"),
    ] {
        let mut names: Vec<String> = Vec::new();
        let mut token = String::new();
        loop {
            let path = format!("/bucket?{version}delimiter=%2F&max-keys=2{token}");
            let page: Answer = get(&s, &path).await;
            names.extend(page.elements("Key"));
            names.extend(page.elements("CommonPrefixes").iter().map(|p| p.replace("Prefix", "")));
            if page.element("IsTruncated") == "false" {
                break;
            }
            token = format!("&{marker}={}", page.element(next).replace('/', "%2F"));
        }
        names.sort();
        assert_eq!(names, ["<>a/</>", "<>b/</>", "a", "c", "z+z"], "{marker}");
    }
}

#[tokio::test]
async fn url_encoding_and_start_after() {
    let s = sandbox().await;
    for key in ["a%20b", "c%01d", "e%2Bf"] {
        put(&s, &format!("/bucket/{key}"), "").await;
    }
    let page = get(&s, "/bucket?list-type=2&encoding-type=url&start-after=b").await;
    assert_eq!(page.elements("Key"), ["c%01d", "e%2Bf"]);
    assert_eq!(page.element("KeyCount"), "2");
}

#[tokio::test]
async fn a_hundred_thousand_seeded_keys_are_all_listed() {
    let s = sandbox().await;
    s.seed("seeded", 100_000).await.unwrap();
    let mut keys = Vec::new();
    let mut token = String::new();
    loop {
        let page = get(&s, &format!("/seeded?list-type=2{token}")).await;
        keys.extend(page.elements("Key"));
        if page.element("IsTruncated") == "false" {
            break;
        }
        token = format!("&continuation-token={}", page.element("NextContinuationToken"));
    }
    assert_eq!(keys.len(), 100_000);
    assert!(keys.is_sorted());
    let got = get(&s, "/seeded/seed-00099999.txt").await;
    assert_eq!(got.text(), "A tiny object.\n");
    assert_eq!(got.header("etag"), "\"6391892e3abe42caf2231a1493a1b6b4\"");
}
