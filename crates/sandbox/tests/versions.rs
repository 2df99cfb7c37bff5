use dipper_sandbox::{Config, Sandbox};
use http::Method;

use crate::support::{Answer, anyone, ask, delete, get, put, sandbox, with_bucket};

pub const ENABLED: &str =
    "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
const SUSPENDED: &str =
    "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";

async fn versioned() -> Sandbox {
    let s = sandbox().await;
    assert_eq!(put(&s, "/bucket?versioning", ENABLED).await.status, 200);
    s
}

fn id(answer: &Answer) -> String {
    answer.header("x-amz-version-id").to_owned()
}

/// `key version latest` of each line; markers end with `!`.
async fn listed(s: &Sandbox, query: &str) -> Vec<String> {
    let answer = get(s, &format!("/bucket?versions{}", query.replace('/', "%2F"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let element = |part: &str, name: &str| {
        let rest = part.split_once(&format!("<{name}>")).unwrap().1;
        rest.split_once("</").unwrap().0.to_owned()
    };
    text.split("<Key>")
        .skip(1)
        .zip(text.split("<Key>"))
        .map(|(part, before)| {
            let part = format!("<Key>{part}");
            let mark = if before.ends_with("<DeleteMarker>") { "!" } else { "" };
            let latest = if element(&part, "IsLatest") == "true" { "*" } else { "" };
            format!("{} {}{latest}{mark}", element(&part, "Key"), element(&part, "VersionId"))
        })
        .collect()
}

#[tokio::test]
async fn every_put_is_a_version_and_a_deletion_a_marker() {
    let s = sandbox().await;
    assert_eq!(get(&s, "/bucket?versioning").await.element("Status"), "");
    assert_eq!(id(&put(&s, "/bucket/k", "zero").await), "");
    put(&s, "/bucket?versioning", ENABLED).await;
    assert_eq!(get(&s, "/bucket?versioning").await.element("Status"), "Enabled");
    let one = id(&put(&s, "/bucket/k", "one").await);
    let two = id(&put(&s, "/bucket/k", "two").await);
    assert_ne!(one, two);
    assert_eq!(get(&s, "/bucket/k").await.text(), "two");
    assert_eq!(id(&get(&s, "/bucket/k").await), two);
    for (version, text) in [(one.as_str(), "one"), ("null", "zero")] {
        let path = format!("/bucket/k?versionId={version}");
        assert_eq!(get(&s, &path).await.text(), text);
        let head = ask(&s.endpoint(), Method::HEAD, &path).by(s.main()).send().await;
        assert_eq!(id(&head), version);
    }
    let gone = delete(&s, "/bucket/k").await;
    assert_eq!((gone.status.as_u16(), gone.header("x-amz-delete-marker")), (204, "true"));
    let marker = id(&gone);
    let missing = get(&s, "/bucket/k").await;
    assert_eq!(missing.error(), (404, "NoSuchKey".into()));
    assert_eq!(missing.header("x-amz-delete-marker"), "true");
    let named = get(&s, &format!("/bucket/k?versionId={marker}")).await;
    assert_eq!(named.error(), (405, "MethodNotAllowed".into()));
    assert_eq!(get(&s, "/bucket/k?versionId=nope").await.error(), (404, "NoSuchVersion".into()));
    assert_eq!(get(&s, "/bucket").await.elements("Key"), Vec::<String>::new());
    let all =
        [format!("k {marker}*!"), format!("k {two}"), format!("k {one}"), "k null".to_owned()];
    assert_eq!(listed(&s, "").await, all);
    assert_eq!(delete(&s, "/bucket").await.error(), (409, "BucketNotEmpty".into()));

    // Taking the marker away brings the object back; then version by version.
    let unmarked = delete(&s, &format!("/bucket/k?versionId={marker}")).await;
    assert_eq!(unmarked.header("x-amz-delete-marker"), "true");
    assert_eq!(get(&s, "/bucket/k").await.text(), "two");
    delete(&s, &format!("/bucket/k?versionId={two}")).await;
    assert_eq!(get(&s, "/bucket/k").await.text(), "one");
    delete(&s, &format!("/bucket/k?versionId={one}")).await;
    assert_eq!(get(&s, "/bucket").await.elements("Key"), ["k"]);
    delete(&s, "/bucket/k?versionId=null").await;
    assert_eq!(listed(&s, "").await, Vec::<String>::new());
    assert_eq!(delete(&s, "/bucket").await.status, 204);
}

#[tokio::test]
async fn suspended_writes_the_null_version() {
    let s = versioned().await;
    let kept = id(&put(&s, "/bucket/k", "kept").await);
    put(&s, "/bucket?versioning", SUSPENDED).await;
    assert_eq!(id(&put(&s, "/bucket/k", "a").await), "null");
    put(&s, "/bucket/k", "b").await;
    assert_eq!(listed(&s, "").await, ["k null*".to_owned(), format!("k {kept}")]);
    // A deletion replaces the null version by a marker that is null, too.
    let gone = delete(&s, "/bucket/k").await;
    assert_eq!((id(&gone).as_str(), gone.header("x-amz-delete-marker")), ("null", "true"));
    assert_eq!(listed(&s, "").await, ["k null*!".to_owned(), format!("k {kept}")]);
    put(&s, "/bucket/k", "c").await;
    assert_eq!(listed(&s, "").await, ["k null*".to_owned(), format!("k {kept}")]);
    assert_eq!(get(&s, &format!("/bucket/k?versionId={kept}")).await.text(), "kept");
}

#[tokio::test]
async fn pages_make_up_the_whole_even_while_versions_go() {
    let s = versioned().await;
    for n in 0..3 {
        for key in ["a", "b/1", "b/2", "c%20d"] {
            put(&s, &format!("/bucket/{key}"), n.to_string()).await;
        }
    }
    delete(&s, "/bucket/a").await;
    let whole = listed(&s, "").await;
    assert_eq!(whole.len(), 13);
    for max in 1..6 {
        let (mut got, mut marker) = (Vec::new(), String::new());
        loop {
            let query = format!("&max-keys={max}&encoding-type=url{marker}");
            got.extend(listed(&s, &query).await);
            let asked = format!("/bucket?versions{}", query.replace('/', "%2F"));
            let page = get(&s, &asked).await;
            if page.element("IsTruncated") == "false" {
                break;
            }
            let (key, id) = (page.element("NextKeyMarker"), page.element("NextVersionIdMarker"));
            marker = format!("&key-marker={key}&version-id-marker={id}");
        }
        let got: Vec<_> = got.into_iter().map(|line| line.replace("%20", " ")).collect();
        assert_eq!(got, whole, "{max}");
    }
    let folders = get(&s, "/bucket?versions&delimiter=%2F").await;
    assert_eq!(folders.elements("Prefix")[1..], ["b/"]);
    assert_eq!(listed(&s, "&prefix=b/1").await.len(), 3);
    assert_eq!(listed(&s, "&key-marker=b/2").await.len(), 3);
    let lonely = get(&s, "/bucket?versions&version-id-marker=x").await;
    assert_eq!(lonely.error(), (400, "InvalidArgument".into()));

    // A page's marker names a version that is deleted before the next page is asked for.
    let page = get(&s, "/bucket?versions&max-keys=2").await;
    let (key, id) = (page.element("NextKeyMarker"), page.element("NextVersionIdMarker"));
    delete(&s, &format!("/bucket/{key}?versionId={id}")).await;
    let rest = listed(&s, &format!("&key-marker={key}&version-id-marker={id}")).await;
    assert_eq!(rest, whole[2..]);
}

#[tokio::test]
async fn many_at_once() {
    let s = versioned().await;
    let one = id(&put(&s, "/bucket/k", "1").await);
    let body = format!(
        "<Delete><Object><Key>k</Key></Object><Object><Key>k</Key><VersionId>{one}</VersionId>\
         </Object><Object><Key>odd\u{1}&#xD;</Key></Object></Delete>"
    );
    let answer = ask(&s.endpoint(), Method::POST, "/bucket?delete")
        .header("content-type", "application/xml")
        .by(s.main())
        .body(body)
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.elements("DeleteMarker").len(), 2, "{}", answer.text());
    assert_eq!(answer.element("VersionId"), one);
    assert!(answer.text().contains("odd&#x1;&#xD;"), "{}", answer.text());
    let markers = listed(&s, "&encoding-type=url").await;
    assert_eq!(markers.len(), 2);
    assert!(markers.iter().all(|line| line.ends_with("*!")));
}

#[tokio::test]
async fn conditions_are_about_the_current_version() {
    let s = versioned().await;
    let put_if = async |name: &'static str, value: &str| {
        let asked = ask(&s.endpoint(), Method::PUT, "/bucket/k").header(name, value);
        asked.by(s.main()).body("new").send().await.status.as_u16()
    };
    let first = put(&s, "/bucket/k", "first").await;
    let old = first.header("etag").to_owned();
    assert_eq!(put_if("if-none-match", "*").await, 412);
    put(&s, "/bucket/k", "second").await;
    assert_eq!(put_if("if-match", &old).await, 412);
    delete(&s, "/bucket/k").await;
    assert_eq!(put_if("if-match", &old).await, 404);
    assert_eq!(put_if("if-none-match", "*").await, 200);
}

#[tokio::test]
async fn a_version_has_tags_an_acl_and_copies_of_its_own() {
    let s = versioned().await;
    let one = id(&put(&s, "/bucket/k", "one").await);
    put(&s, "/bucket/k", "two").await;
    let tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>";
    let tagged = put(&s, &format!("/bucket/k?tagging&versionId={one}"), tags).await;
    assert_eq!(id(&tagged), one);
    assert_eq!(get(&s, "/bucket/k?tagging").await.elements("Tag").len(), 0);
    let of_one = get(&s, &format!("/bucket/k?tagging&versionId={one}")).await;
    assert_eq!((of_one.element("Value").as_str(), id(&of_one)), ("1", one.clone()));

    let acl = format!("/bucket/k?acl&versionId={one}");
    let public = ask(&s.endpoint(), Method::PUT, &acl).header("x-amz-acl", "public-read");
    assert_eq!(public.by(s.main()).send().await.status, 200);
    assert_eq!(anyone(&s, "/bucket/k").await.status, 403);
    assert_eq!(anyone(&s, &format!("/bucket/k?versionId={one}")).await.text(), "one");

    let source = format!("/bucket/k?versionId={one}");
    let restore = ask(&s.endpoint(), Method::PUT, "/bucket/k").header("x-amz-copy-source", source);
    let restored = restore.by(s.main()).send().await;
    assert_eq!(restored.header("x-amz-copy-source-version-id"), one);
    assert_eq!(get(&s, "/bucket/k").await.text(), "one");
}

#[tokio::test]
async fn all_of_it_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let s = Sandbox::start(Config::folder(folder.path())).await.unwrap();
    let s = with_bucket(s).await;
    put(&s, "/bucket/k", "x".repeat(40_000)).await;
    put(&s, "/bucket?versioning", ENABLED).await;
    for n in 0..4 {
        put(&s, "/bucket/k", n.to_string().repeat(if n % 2 == 0 { 30_000 } else { 3 })).await;
    }
    delete(&s, "/bucket/k").await;
    put(&s, "/bucket/other", "o").await;
    let before = listed(&s, "").await;
    s.stop().await;

    let s = Sandbox::start(Config::folder(folder.path())).await.unwrap();
    assert_eq!(listed(&s, "").await, before);
    for line in &before {
        let (key, id) = line.split_once(' ').unwrap();
        if !id.ends_with('!') {
            let got = get(&s, &format!("/bucket/{key}?versionId={}", id.trim_matches('*'))).await;
            assert_eq!(got.status, 200);
            assert_eq!(got.body.len().to_string(), got.header("content-length"));
        }
    }
    put(&s, "/bucket/k", "new").await;
    assert_eq!(listed(&s, "&prefix=k").await.len(), 7);
    for line in listed(&s, "").await {
        let (key, id) = line.split_once(' ').unwrap();
        delete(&s, &format!("/bucket/{key}?versionId={}", id.trim_matches(['*', '!']))).await;
    }
    assert_eq!(delete(&s, "/bucket").await.status, 204);
    s.stop().await;
    let left = walk(&folder.path().join("blobs"));
    assert_eq!(left, 0, "no body is left");
}

fn walk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries.map(|path| if path.is_dir() { walk(&path) } else { 1 }).sum()
}
