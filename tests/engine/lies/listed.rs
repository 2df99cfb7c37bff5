//! Lies about what there is.

use dipper_s3::{ListRequest, S3};
use dipper_sandbox::{Fault, Paging, When};
use dipper_state::JobState;

use super::table::{Peers, Told, UNKNOWN};
use crate::rig::Place;
use crate::scripted::{Scripted, say};
use crate::support::{bucket, connection, tree};

/// No honest listing of these few keys has so many.
const PAGES: usize = 50;

pub async fn told() -> Vec<Told> {
    let row = |lie: &str, peers: Peers, cell: String| Told {
        lie: lie.to_owned(),
        peers,
        cells: vec![cell],
    };
    let mut rows = Vec::new();
    let endless = ["error after 2 requests", "endless", "endless", "endless"];
    for (lie, peers, fault) in [
        ("a listing whose token never changes", endless, Paging::SameToken),
        ("a listing whose tokens go back and forth", UNKNOWN, Paging::Alternating),
        ("a page that is not the last one, and has no token", UNKNOWN, Paging::NoToken),
        ("the first key comes last", UNKNOWN, Paging::OutOfOrder),
    ] {
        rows.push(row(lie, peers, paged(fault).await));
    }
    for (lie, inside) in [
        ("a size of 2^63", "<Contents><Key>a</Key><Size>9223372036854775808</Size></Contents>"),
        ("a negative size", "<Contents><Key>a</Key><Size>-1</Size></Contents>"),
        ("a size that is no number", "<Contents><Key>a</Key><Size>NaN</Size></Contents>"),
        (
            "a date in the year 99999",
            "<Contents><Key>a</Key><Size>1</Size><LastModified>99999-01-01T00:00:00Z</LastModified></Contents>",
        ),
        ("an empty key", "<Contents><Key></Key><Size>1</Size></Contents>"),
        ("an entity of its own", "<Contents><Key>&evil;</Key><Size>1</Size></Contents>"),
    ] {
        rows.push(row(lie, UNKNOWN, scripted(inside.to_owned()).await));
    }
    let long = format!("<Contents><Key>{}</Key><Size>1</Size></Contents>", "k".repeat(1 << 20));
    rows.push(row("a key of 1 MiB", UNKNOWN, scripted(long).await));
    let deep = format!("{}{}", "<a>".repeat(1_000_000), "</a>".repeat(1_000_000));
    rows.push(row("a document of depth 1,000,000", UNKNOWN, scripted(deep).await));
    let peers =
        ["skipped, warned", "3 of 12 silently not copied", "wrote outside", "wrote outside"];
    rows.push(row("the keys `../evil1.txt` and `a/../../evil2.txt`", peers, climbing().await));
    rows
}

async fn paged(fault: Paging) -> String {
    let place = Place::new().await;
    for name in ["a", "b", "c"] {
        place.put(name, b"x").await;
    }
    let when = When { method: Some("GET"), contains: Some("list-type".into()), ..When::default() };
    place.sandbox.faults().add(when, Fault::Paging(fault));
    ended(&place.s3, "bucket").await
}

async fn scripted(inside: String) -> String {
    let body = format!(
        "<ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated><KeyCount>1</KeyCount>\
         {inside}</ListBucketResult>"
    );
    let server = Scripted::new(move |_| say(200, "application/xml", body.clone())).await;
    let keys = Some(("AKIA", "secret"));
    let s3 = S3::connect(connection(&server.endpoint(), "custom", keys)).await;
    ended(&s3, "bucket").await
}

async fn ended(s3: &S3, name: &str) -> String {
    let mut listing = s3.list(&bucket(name), ListRequest::default());
    let (mut pages, mut keys) = (0, Vec::new());
    loop {
        match listing.next().await {
            Ok(Some(page)) => keys.extend(page.objects.into_iter().map(|o| o.key)),
            Ok(None) => {
                let sorted = keys.is_sorted();
                return match keys.len() {
                    0 => "nothing listed".to_owned(),
                    n if sorted => format!("listed: {n}"),
                    n => format!("listed: {n}, as they came"),
                };
            }
            Err(error) => return format!("refused: {:?}", error.class),
        }
        pages += 1;
        if pages > PAGES {
            return "SILENT: endless".to_owned();
        }
    }
}

async fn climbing() -> String {
    let place = Place::new().await;
    let keys = ["../evil1.txt", "a/../../evil2.txt"];
    for key in keys {
        place.put(key, key.as_bytes()).await;
    }
    let before = tree(place.folder.path());
    let chosen = place.dst().join("chosen");
    let rig = place.rig();
    let job = rig.download(&place.bucket, &keys.map(|key| (key, key.len() as u64)), &chosen).await;
    let outside = |files: Vec<(std::path::PathBuf, Vec<u8>)>| {
        let home =
            |path: &std::path::Path| path.starts_with("home") || path.starts_with("dst/chosen");
        files.into_iter().filter(|(path, _)| !home(path)).collect::<Vec<_>>()
    };
    let inside = tree(&chosen);
    let whole = keys.iter().all(|key| inside.iter().any(|(_, bytes)| bytes == key.as_bytes()));
    if outside(before) != outside(tree(place.folder.path())) {
        return "SILENT: outside".to_owned();
    }
    match job.state {
        JobState::Completed if whole && inside.len() == 2 => {
            "both inside, as `%2E%2E/…`".to_owned()
        }
        _ => format!("refused: {} of 2", job.files_failed),
    }
}
