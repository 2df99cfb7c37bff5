//! Lies about what was uploaded.

use dipper_s3::S3;
use dipper_sandbox::{Fault, Mix, When};
use dipper_state::JobState;

use super::table::{Peers, Told, UNKNOWN};
use crate::rig::{Place, Rig};
use crate::support::{connection, noise};
use crate::wire::Wire;

const MIB: usize = 1 << 20;
pub const SIZES: [(&str, usize); 2] =
    [("8 MiB, one request", 8 * MIB), ("20 MiB, three parts", 20 * MIB)];
const OPAQUE: &str = "\"opaque\"";

type Script = fn() -> Vec<(When, Fault)>;

fn on(method: &'static str, contains: &str) -> When {
    When { method: Some(method), contains: Some(contains.to_owned()), ..When::default() }
}

fn puts() -> When {
    on("PUT", "/bucket/k")
}

/// Every request that ends an upload: the PUT of a small one, Complete of a large one.
fn ends(fault: &Fault) -> Vec<(When, Fault)> {
    let single = When { contains: Some("/bucket/k?x-id=PutObject".into()), ..puts() };
    vec![(single, fault.clone()), (on("POST", "uploadId"), fault.clone())]
}

fn once(faults: Vec<(When, Fault)>) -> Vec<(When, Fault)> {
    let one = |(when, fault)| (When { times: Some(1), ..when }, fault);
    faults.into_iter().map(one).collect()
}

const LIES: &[(&str, Peers, Script)] = &[
    ("acknowledged with a wrong ETag", ["SILENT", "error", "SILENT", "error"], || {
        vec![(puts(), Fault::ETag("\"00112233445566778899aabbccddeeff\""))]
    }),
    ("acknowledged without an ETag", UNKNOWN, || vec![(puts(), Fault::NoETag)]),
    ("acknowledged without an ETag or a checksum", UNKNOWN, || {
        vec![(When::default(), Fault::NoETag), (When::default(), Fault::NoChecksum)]
    }),
    ("acknowledged with a wrong checksum", UNKNOWN, || {
        vec![(When::default(), Fault::WrongChecksum)]
    }),
    ("acknowledged with an opaque ETag, and no checksum", UNKNOWN, || {
        let object = When { contains: Some("/bucket/k".into()), ..When::default() };
        vec![(puts(), Fault::ETag(OPAQUE)), (object, Fault::NoChecksum)]
    }),
    ("the same, and HEAD tells of a shorter object", UNKNOWN, || {
        let object = When { contains: Some("/bucket/k".into()), ..When::default() };
        vec![
            (puts(), Fault::ETag(OPAQUE)),
            (object, Fault::NoChecksum),
            (on("HEAD", "/bucket/k"), Fault::Header("content-length", "4000".into())),
        ]
    }),
    ("acknowledged, and nothing is done", UNKNOWN, || ends(&Fault::Pretend { etag: OPAQUE })),
    ("200, then an error in the body, once", UNKNOWN, || {
        once(ends(&Fault::ErrorIn200 { code: "InternalError" }))
    }),
    ("200, then an error in the body, every time", UNKNOWN, || {
        ends(&Fault::ErrorIn200 { code: "InternalError" })
    }),
    ("done, but the answer is 500, once", UNKNOWN, || once(ends(&Fault::Lost { status: 500 }))),
    ("done, but the answer never comes, once", UNKNOWN, || once(ends(&Fault::LostAnswer))),
    ("done, but the answer never comes, every time", UNKNOWN, || ends(&Fault::LostAnswer)),
    ("begun, but the answer to that never comes, once", UNKNOWN, || {
        let single = When { contains: Some("x-id=PutObject".into()), ..puts() };
        once(vec![(on("POST", "uploads"), Fault::LostAnswer), (single, Fault::LostAnswer)])
    }),
    ("a portal's page with 200 for every write", UNKNOWN, || {
        let page = Fault::Portal { status: 200 };
        vec![(on("PUT", "/bucket/k"), page.clone()), (on("POST", "/bucket/k"), page)]
    }),
    ("a portal's page in the place of the last answer", UNKNOWN, || {
        ends(&Fault::Portal { status: 200 })
    }),
    ("the connection closes in the middle of the request, once", UNKNOWN, || {
        vec![(When { times: Some(1), ..puts() }, Fault::ResetRequest { after: 2_000_000 })]
    }),
    ("the connection closes in the middle of the request, every time", UNKNOWN, || {
        vec![(puts(), Fault::ResetRequest { after: 2_000_000 })]
    }),
];

pub async fn told() -> Vec<Told> {
    let mut rows = Vec::new();
    for (name, peers, script) in LIES {
        let mut cells = Vec::new();
        for (_, size) in SIZES {
            cells.push(one(script(), size).await);
        }
        rows.push(Told { lie: (*name).to_owned(), peers: *peers, cells });
    }
    for (name, run) in [
        ("25 % of the requests are answered with 503 SlowDown", 0),
        ("one bit flips on the way, once", 1),
        ("one bit flips on the way, every time", 2),
    ] {
        let mut cells = Vec::new();
        for (_, size) in SIZES {
            cells.push(match run {
                0 => busy(size).await,
                1 => spoiled(size, 1).await,
                _ => spoiled(size, u32::MAX).await,
            });
        }
        rows.push(Told { lie: name.to_owned(), peers: UNKNOWN, cells });
    }
    rows
}

async fn verdict(rig: &Rig, job: &dipper_state::JobRow, place: &Place, bytes: &[u8]) -> String {
    place.sandbox.faults().clear();
    let objects = place.objects().await;
    let whole = matches!(objects.as_slice(), [(name, there)] if name == "k" && there == bytes);
    if job.state == JobState::Completed {
        let by = rig.items(job.id)[0].verified.clone().unwrap_or_default();
        let open = if place.open_uploads().await > 0 { "LEFT AN UPLOAD, " } else { "" };
        return if whole { format!("{open}whole: {by}") } else { format!("SILENT: {by}") };
    }
    let code = rig.code(job);
    rig.engine.clear_finished().await.unwrap();
    let open = if place.open_uploads().await > 0 { "LEFT AN UPLOAD, " } else { "" };
    let half = if whole || objects.is_empty() { "" } else { "LEFT HALF AN OBJECT, " };
    format!("{open}{half}refused: {code}")
}

async fn one(faults: Vec<(When, Fault)>, size: usize) -> String {
    let place = Place::new().await;
    let bytes = noise(64, size);
    let path = place.file("k", &bytes);
    for (when, fault) in faults {
        place.sandbox.faults().add(when, fault);
    }
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&path, "k")]).await;
    assert!(place.sandbox.faults().hits() > 0, "the lie was never told");
    verdict(&rig, &job, &place, &bytes).await
}

async fn busy(size: usize) -> String {
    let place = Place::new().await;
    let bytes = noise(65, size);
    let path = place.file("k", &bytes);
    let slow_down = vec![Fault::Status { status: 503, code: "SlowDown" }];
    place.sandbox.faults().mix(Mix::new(7, 250, slow_down));
    let rig = place.rig();
    let job = rig.upload(&place.bucket, &[(&path, "k")]).await;
    verdict(&rig, &job, &place, &bytes).await
}

async fn spoiled(size: usize, times: u32) -> String {
    let place = Place::new().await;
    let bytes = noise(66, size);
    let path = place.file("k", &bytes);
    let wire = Wire::to(place.sandbox.address()).await;
    let mut left = times;
    wire.spoil(move |piece| {
        // Longer than any headers: the middle is body.
        if piece.len() > 32_000 && left > 0 {
            left -= 1;
            piece[20_000] ^= 0x10;
        }
    });
    let main = place.main();
    let keys = (main.access_key.as_str(), main.secret_key.expose().as_str());
    let s3 = S3::connect(connection(&wire.endpoint(), "sandbox", Some(keys))).await;
    let rig = Rig::open(&place.home(), s3);
    let job = rig.upload(&place.bucket, &[(&path, "k")]).await;
    verdict(&rig, &job, &place, &bytes).await
}
